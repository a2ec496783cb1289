"""What a picture's first and last bytes show of damage, without Pillow, and the errors for it.

A file that is empty or was cut off is found. Damaged pixels show only when Pillow decodes them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from headergen.errors import SourceError
from headergen.picture import foreign
from headergen.picture.first_bytes import format_of, probe
from headergen.picture.wholeness import is_whole
from headergen.vocabulary import READABLE, SAVE_AGAIN

# A decoded picture takes 4 bytes a pixel and up to three copies while it is turned and converted:
# 600 MB at this bound. The largest phone cameras make 50 megapixels; Pillow itself refuses 179.
MAX_PIXELS = 50_000_000
# A JPEG is decoded at half its size or less without ever being in memory whole, so that one of 200
# megapixels, which is what phones of 2023 and later make at most, takes as much. That does not hold
# for those of several scans, such as progressive ones: all of their coefficients are in memory
# (2 bytes a pixel and channel).
MAX_JPEG_PIXELS = 4 * MAX_PIXELS

# Some programs leave out the end of a GIF, or boxes of an AVIF, and browsers show both.
_CERTAIN = ("png", "webp", "jpeg")

# Each scan of a JPEG goes once over all of its pixels. Encoders write some ten; ten of the largest
# picture take seconds.
_MOST_SCANNED_PIXELS = 12 * MAX_PIXELS
_MOST_SEGMENTS = 10_000
_BLOCK_BYTES = 1024 * 1024
# IEND, the last chunk, is the same in every file (PNG, 11.2.5): no need to walk the others.
_END_OF_PNG = b"\0\0\0\0IEND\xaeB`\x82"


def damage_of(path: Path) -> str | None:
    """Return what is wrong with the picture at `path`, such as "is empty (0 bytes)".

    None: nothing is, as far as headergen can be sure. That is so for each GIF and AVIF.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(32)
        if not head:
            return "is empty (0 bytes)"
        if format_of(head) not in _CERTAIN or _ends_as_png(file) or is_whole(file):
            return None
    return "is cut off: its end is missing"


def _ends_as_png(file: BinaryIO) -> bool:
    file.seek(max(file.seek(0, os.SEEK_END) - len(_END_OF_PNG), 0))
    return file.read() == _END_OF_PNG


def require_sound(path: Path, name: str) -> None:
    """Make sure that a source may be a picture, as far as that shows without Pillow.

    `name` is how the error calls it.

    Raises:
        SourceError: it is in no format that headergen reads, too large, empty or cut off.
        OSError: it cannot be read.
    """
    found = probe(path)
    if found.format == "unknown" or (found.format in ("png", "webp") and not found.width):
        raise unreadable(name, path)
    most = MAX_JPEG_PIXELS if found.format == "jpeg" else MAX_PIXELS
    if found.width * found.height > most:
        raise too_large(name, most)
    if found.format == "jpeg":
        require_few_scans(path, name, found.width * found.height)
    if damage := damage_of(path):
        raise damaged(name, damage)


def require_few_scans(path: Path, name: str, pixels: int) -> None:
    """Make sure that a JPEG of so many `pixels` is decoded in little memory and time.

    `name` is how the error calls it.

    Raises:
        SourceError: it has several scans, and too many pixels or scans for them.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if _has_one_scan(file):
            return
        if pixels > MAX_PIXELS:
            raise too_large_progressive(name)
        most = max(_MOST_SCANNED_PIXELS // max(pixels, 1), 1)
        if pixels and _count(file, b"\xff\xda", most + 1) > most:
            raise SourceError(
                f"{name} is a JPEG of more than {most} scans, which takes long to decode",
                remedy="save it as a baseline JPEG",
            )


def _has_one_scan(file: BinaryIO) -> bool:
    """Check whether a JPEG is sequential, with all of its components in the first scan.

    Frame and scan headers: ITU-T T.81, B.2.2, B.2.3 and table B.1. Where the segments are not as
    they should be, decoders go on by rules of their own: False.
    """
    file.seek(2)
    components = 0
    for _ in range(_MOST_SEGMENTS):
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            return False
        data = file.read(max(int.from_bytes(head[2:], "big") - 2, 0))
        if head[1] == 0xDA:
            return bool(data) and data[0] == components
        if head[1] in (0xC0, 0xC1) and len(data) > 5 and not components:
            components = data[5]
        elif 0xC0 <= head[1] <= 0xCF and head[1] not in (0xC4, 0xC8, 0xCC):
            return False  # progressive, arithmetic, or a second frame
        elif head[1] < 0xC0:
            return False
    return False


def _count(file: BinaryIO, mark: bytes, enough: int) -> int:
    """Count two bytes side by side in a file, as far as `enough`."""
    file.seek(0)
    found, last = 0, b""
    while found < enough and (block := file.read(_BLOCK_BYTES)):
        found += (last + block).count(mark)
        last = block[-1:]
    return found


def unreadable(name: str, path: Path) -> SourceError:
    """Return the error for the file at `path`, which is no picture; it names the format if known.

    Raises:
        OSError: it cannot be read.
    """
    if found := foreign.name_of(path):
        return SourceError(
            f"{name} is {found}, which headergen does not read", remedy=f"save it as {READABLE}"
        )
    return SourceError(
        f"{name} is not a picture that headergen reads, or its beginning is damaged",
        remedy=f"save it as {READABLE} (a git LFS pointer needs `git lfs pull`)",
    )


def too_large(name: str, most: int = MAX_PIXELS) -> SourceError:
    """Return the error for a picture of more than `most` pixels."""
    return SourceError(f"{name} has more than {most:,} pixels", remedy="scale it down")


def too_large_progressive(name: str) -> SourceError:
    """Return the error for a JPEG of several scans that only one of one scan may be as large as."""
    return SourceError(
        f"{name} is a progressive JPEG of more than {MAX_PIXELS:,} pixels",
        remedy="save it as a baseline JPEG, or scale it down",
    )


def damaged(name: str, reason: object) -> SourceError:
    """Return the error for a picture whose bytes are not all there, or make no sense."""
    return SourceError(f"{name} is damaged or cut short: {reason}", remedy=SAVE_AGAIN)
