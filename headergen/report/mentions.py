"""Pictures that a text may show: an article's body, a page, a template, a theme's settings."""

from __future__ import annotations

import html
import mmap
import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

_SUFFIX = re.compile(rb"\.(?:png|webp)", re.IGNORECASE)
# Before it begins the name's own folder: no path in a repository is longer (PATH_MAX is 4096).
_LONGEST_PATH_BYTES = 1024
_PATH = re.compile(r"""[^\s\0"'`()<>\[\]{}=,|]*\Z""")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
# `repost.png` and `og-post.png` are other files than `post.png`; a line break in JSON is `\n`.
_BOUNDARY = re.compile(r"(?:\A|[^a-z0-9_.-]|\\[nrt])\Z")


def mentioned(pictures: Collection[Path], texts: Iterable[Path], root: Path) -> set[Path]:
    """Return those of `pictures` that a file of `texts` may show; all paths are absolute.

    A path that leads to a file, from the text's own folder or from `root`, means that file alone.
    Any other text that ends in the name of a picture means each picture with that name.

    Raises:
        OSError: a file cannot be read, and may show any of them.
    """
    names: dict[str, list[Path]] = {}
    for picture in pictures:
        names.setdefault(_plain(picture.name), []).append(picture)
    found: set[Path] = set()
    for text in texts:
        for place in set(_places(text)):
            plain = _plain(place)
            for name in filter(plain.endswith, names):
                if _BOUNDARY.search(plain[: -len(name)]):
                    found.update(_meant(place, name, names[name], (text.parent, root)))
    return found


def _places(text: Path) -> Iterator[str]:
    """Yield what stands before each end of a picture's name in a file, that end included."""
    if text.stat().st_size == 0:
        return  # what is empty cannot be mapped
    with text.open("rb") as file, _mapped(file) as data:
        for each in _SUFFIX.finditer(data):
            before = data[max(each.end() - _LONGEST_PATH_BYTES, 0) : each.end()]
            line = os.fsdecode(before.splitlines()[-1])
            yield from {line, _unescaped(line)}


def _unescaped(line: str) -> str:
    """Return a text without the escapes of JSON, HTML and URLs."""
    plain = _ESCAPES.sub(lambda found: _decoded(found[0]), line)
    return unquote(html.unescape(plain), errors="surrogateescape")


def _decoded(escapes: str) -> str:
    return bytes.fromhex(escapes[2:].replace("\\u", "")).decode("utf-16-be", "replace")


def _mapped(file: BinaryIO) -> mmap.mmap:
    """Map a file into memory, however large it is."""
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _plain(text: str) -> str:
    """Fold what some file systems take for one name: case, and composed against decomposed."""
    return unicodedata.normalize("NFC", text).casefold()


def _meant(
    place: str, name: str, same: Collection[Path], folders: Iterable[Path]
) -> Collection[Path]:
    """Return those of the pictures with one name that a path at the end of `place` leads to."""
    path = _PATH.search(place)
    if path is None or not _plain(path[0]).endswith(name):
        return same  # the name has blanks, and nobody knows where the path begins
    ends = {os.path.realpath(folder / path[0].lstrip("/")) for folder in folders}
    files = {end for end in ends if os.path.isfile(end)}
    return [each for each in same if os.path.realpath(each) in files] if files else same
