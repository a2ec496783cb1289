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
# for progressive ones: all of their coefficients are (2 bytes a pixel and channel).
MAX_JPEG_PIXELS = 4 * MAX_PIXELS

# Some programs leave out the end of a GIF, or boxes of an AVIF, and browsers show both.
_CERTAIN = ("png", "webp", "jpeg")

# Where a JPEG's first frame or scan begins, if it is not progressive (SOF0, SOF1, SOS).
_SCANS = (0xC0, 0xC1, 0xDA)
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
    if found.width * found.height > MAX_PIXELS and _is_progressive(path):
        raise too_large_progressive(name)
    if damage := damage_of(path):
        raise damaged(name, damage)


def _is_progressive(path: Path) -> bool:
    """Check the first frame header of a JPEG: SOF2 is progressive (ITU-T T.81, table B.1)."""
    with path.open("rb") as file:
        file.seek(2)
        while len(head := file.read(4)) == 4 and head[0] == 0xFF and head[1] not in _SCANS:
            if head[1] == 0xC2:
                return True
            file.seek(max(int.from_bytes(head[2:], "big") - 2, 0), os.SEEK_CUR)
    return False


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
    """Return the error for a progressive JPEG that only a baseline one may be as large as."""
    return SourceError(
        f"{name} is a progressive JPEG of more than {MAX_PIXELS:,} pixels",
        remedy="save it as a baseline JPEG, or scale it down",
    )


def damaged(name: str, reason: object) -> SourceError:
    """Return the error for a picture whose bytes are not all there, or make no sense."""
    return SourceError(f"{name} is damaged or cut short: {reason}", remedy=SAVE_AGAIN)
