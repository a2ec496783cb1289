"""What a picture's first bytes tell, read without Pillow: format, size, and headergen's digest."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from headergen.vocabulary import DIGEST_PATTERN

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
DIGEST_KEYWORD = "headergen:digest"

# As XMP has it.
DIGEST_IN_XMP = f'{DIGEST_KEYWORD}="({DIGEST_PATTERN})"'

# A PNG's digest has a chunk of its own, and in XMP it comes first: no need to read further.
METADATA_LIMIT_BYTES = 64 * 1024

# headergen's digest is in one of the first; a file may consist of millions of empty ones.
MOST_CHUNKS = 1000

SUFFIX_FORMATS = {
    ".png": "png",
    ".webp": "webp",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".gif": "gif",
    ".avif": "avif",
}


@dataclass(frozen=True)
class Picture:
    """Format (`png`, `webp`, `jpeg`, `gif`, `avif` or `unknown`), size in px, and bytes on disk.

    A width or height of 0 means that the file is too broken to tell. `digest` is that of the
    request which headergen made the picture for, `None` in anybody else's picture.
    """

    format: str
    width: int
    height: int
    size_bytes: int
    digest: str | None = None


def probe(path: Path) -> Picture:
    """Read what the first bytes of the picture at `path` tell.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with path.open("rb") as file:
        size_bytes = file.seek(0, 2)
        file.seek(0)
        head = file.read(32)
        kind = format_of(head)
        if kind == "png":
            width, height, digest = *_png_size(head), _png_digest(file)
        elif kind == "webp":
            width, height, digest = *_webp_size(head), _webp_digest(file)
        else:
            width, height, digest = *_other_size(path, kind), None
    return Picture(kind, width, height, size_bytes, digest)


def format_of(head: bytes) -> str:
    """Tell a picture's format by its first 12 bytes, as `Picture.format` names it."""
    if head.startswith(PNG_SIGNATURE):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in (b"avif", b"avis"):
        return "avif"
    return "unknown"


def _png_size(head: bytes) -> tuple[int, int]:
    if len(head) < 24 or head[12:16] != b"IHDR":
        return 0, 0
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _png_digest(file: BinaryIO) -> str | None:
    """Look through the text chunks before the pixels, where `graphics.canvas` puts the digest."""
    keyword = DIGEST_KEYWORD.encode() + b"\0"
    for name, data in _png_chunks(file):
        if name == b"tEXt" and data.startswith(keyword):
            return data[len(keyword) :].decode("latin-1")
    return None


def _heads(file: BinaryIO) -> Iterator[bytes]:
    """Yield the 8 bytes at which the file stands, as long as it is put before the next chunk."""
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        yield head


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    file.seek(len(PNG_SIGNATURE))
    for head in _heads(file):
        length, name = struct.unpack(">I4s", head)
        if name in (b"IDAT", b"IEND"):
            return
        if length <= METADATA_LIMIT_BYTES:
            yield name, file.read(length)
        else:
            file.seek(length, 1)
        file.seek(4, 1)


def _webp_size(head: bytes) -> tuple[int, int]:
    """Read the canvas size from any of the three kinds of first chunk (WebP container spec)."""
    if len(head) < 30:
        return 0, 0
    kind = head[12:16]
    if kind == b"VP8X":
        return (
            int.from_bytes(head[24:27], "little") + 1,
            int.from_bytes(head[27:30], "little") + 1,
        )
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return 0, 0


def _webp_digest(file: BinaryIO) -> str | None:
    file.seek(12)
    for head in _heads(file):
        name, length = struct.unpack("<4sI", head)
        if name == b"XMP ":
            start = file.read(min(length, METADATA_LIMIT_BYTES))
            found = re.search(DIGEST_IN_XMP.encode(), start)
            return found[1].decode() if found else None
        file.seek(length + length % 2, 1)
    return None


def _other_size(path: Path, kind: str) -> tuple[int, int]:
    if kind == "unknown":
        return 0, 0
    import imagesize

    try:
        width, height = imagesize.get(path)
    except (ValueError, struct.error):
        return 0, 0
    return max(width, 0), max(height, 0)
