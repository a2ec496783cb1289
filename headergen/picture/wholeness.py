"""Whether a picture's file is whole, by its structure alone: lengths and end marks, no Pillow.

A file that was cut off, by a full disk or a broken transfer, fails; damaged pixels do not show.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from typing import BinaryIO

from headergen.picture.first_bytes import PNG_SIGNATURE, format_of

# A 4K photograph as PNG has some hundred chunks; a file may consist of millions of empty ones.
_MOST_CHUNKS = 100_000
_BLOCK_BYTES = 1024 * 1024


def is_whole(file: BinaryIO) -> bool:
    """Check whether the picture in `file`, in any of the formats that headergen knows, is whole."""
    file.seek(0)
    check = _CHECKS.get(format_of(file.read(32)))
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    return check is not None and check(file, size_bytes)


def _png(file: BinaryIO, size_bytes: int) -> bool:
    """Walk the chunks: length, name, data, checksum; IEND is the last (PNG, 5.3 and 5.6)."""
    file.seek(len(PNG_SIGNATURE))
    has_pixels = False
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return False
        length, name = struct.unpack(">I4s", head)
        if file.seek(length + 4, os.SEEK_CUR) > size_bytes:
            return False
        if name == b"IEND":
            return has_pixels
        has_pixels = has_pixels or (name == b"IDAT" and length > 0)
    return False


def _webp(file: BinaryIO, size_bytes: int) -> bool:
    """Compare the length in the RIFF header, and walk the chunks (WebP container)."""
    end = 8 + int.from_bytes(file.read(8)[4:], "little")
    file.seek(12)
    has_pixels = False
    for _ in range(_MOST_CHUNKS):
        if file.tell() >= end:
            return has_pixels and end <= size_bytes
        head = file.read(8)
        if len(head) < 8:
            return False
        length = int.from_bytes(head[4:], "little")
        has_pixels = has_pixels or head[:4] in (b"VP8 ", b"VP8L", b"ANMF")
        if file.seek(length + length % 2, os.SEEK_CUR) > end + 1:
            return False
    return False


def _jpeg(file: BinaryIO, _size_bytes: int) -> bool:
    """Walk the segments to the pixels, then look for the mark that ends them (T.81, B.1 and B.2).

    Previews in the metadata have an end mark too; cameras write more behind the picture's own.
    """
    file.seek(2)
    for _ in range(_MOST_CHUNKS):
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            return False
        file.seek(max(int.from_bytes(head[2:], "big") - 2, 0), os.SEEK_CUR)
        if head[1] == 0xDA:
            return _holds(file, b"\xff\xd9")
    return False


def _holds(file: BinaryIO, mark: bytes) -> bool:
    """Check whether two bytes stand side by side in the rest of the file."""
    last = b""
    while block := file.read(_BLOCK_BYTES):
        if mark in last + block:
            return True
        last = block[-1:]
    return False


def _gif(file: BinaryIO, size_bytes: int) -> bool:
    """Look for the trailer at the end (GIF89a, 27); some programs write zeros behind it."""
    file.seek(max(size_bytes - 64, 0))
    return file.read().rstrip(b"\0").endswith(b";")


def _avif(file: BinaryIO, size_bytes: int) -> bool:
    """Walk the boxes, which fill the file (ISO/IEC 14496-12, 4.2)."""
    names: set[bytes] = set()
    for _ in range(_MOST_CHUNKS):
        start = file.tell()
        if start == size_bytes:
            return {b"meta", b"mdat"} <= names
        head = file.read(8)
        if len(head) < 8:
            return False
        length = int.from_bytes(head[:4], "big")
        names.add(head[4:])
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        if length == 0:  # to the end of the file
            return {b"meta", b"mdat"} <= names
        if length < 8 or start + length > size_bytes:
            return False
        file.seek(start + length)
    return False


_CHECKS: Mapping[str, Callable[[BinaryIO, int], bool]] = {
    "png": _png,
    "webp": _webp,
    "jpeg": _jpeg,
    "gif": _gif,
    "avif": _avif,
}
