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

# Some programs leave out the end of a GIF, or boxes of an AVIF, and browsers show both.
_CERTAIN = ("png", "webp", "jpeg")

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
    if found.width * found.height > MAX_PIXELS:
        raise too_large(name)
    if damage := damage_of(path):
        raise damaged(name, damage)


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


def too_large(name: str) -> SourceError:
    """Return the error for a picture of more than `MAX_PIXELS`."""
    return SourceError(f"{name} has more than {MAX_PIXELS:,} pixels", remedy="scale it down")


def damaged(name: str, reason: object) -> SourceError:
    """Return the error for a picture whose bytes are not all there, or make no sense."""
    return SourceError(f"{name} is damaged or cut short: {reason}", remedy=SAVE_AGAIN)
