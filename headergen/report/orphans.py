"""Pictures that headergen made and that no article needs any more."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from headergen.article import article as articles
from headergen.errors import HeadergenError
from headergen.picture.first_bytes import probe
from headergen.repository import discovery

_SUFFIXES = (".png", ".webp")  # the formats in which headergen saves headers


def find(root: Path, named: Collection[Path], names: Iterable[str]) -> list[Path]:
    """List the pictures below `root` that have headergen's digest inside and that nobody names.

    `named` are the pictures (absolute) that articles name as headers, cuts and sources. One whose
    file name is anywhere in the articles `names` counts as named: a text may show it.
    """
    known = {os.path.realpath(path) for path in named}
    found = [
        name
        for name in discovery.files_below(os.fspath(root), _SUFFIXES)
        if os.path.realpath(name) not in known and _is_headergens(Path(name))
    ]
    mentioned = set(_mentioned({os.path.basename(name) for name in found}, names) if found else ())
    return [Path(name) for name in found if os.path.basename(name) not in mentioned]


def _is_headergens(path: Path) -> bool:
    with suppress(OSError):
        return probe(path).digest is not None
    return False


def _mentioned(pictures: Collection[str], names: Iterable[str]) -> Iterator[str]:
    """Yield those of the file names `pictures` that are in the text of any article."""
    spellings = {
        picture: (os.fsencode(picture), quote(picture, errors="surrogateescape").encode())
        for picture in pictures
    }
    for name in names:
        with suppress(OSError, HeadergenError):
            data = articles.bytes_of(name)
            for picture, spelt in spellings.items():
                if any(each in data for each in spelt):
                    yield picture
