"""Folders that a site serves: the file of a URL, and the URL of a file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from headergen import fields
from headergen.fields import Location

# What would end a path in a URL, or is read otherwise in one. All other characters are kept as
# they are: sites show `/images/夕焼け.png` more often than its escapes.
_ESCAPED = re.compile(r"[\x00-\x20\x7f\"#%<>?\\^`{|}]")


@dataclass(frozen=True)
class Served:
    """A folder, relative to the root, and the URL below which a site serves its files.

    `folder` is empty for the root itself. `url` ends with `/`, or is empty: some themes put the
    site's base before a path without a leading slash.
    """

    folder: str
    url: str

    def url_of(self, name: str) -> str | None:
        """Return the URL of the file `name` (relative to the root); None: it is outside."""
        prefix = f"{self.folder}/" if self.folder else ""
        if not name.startswith(prefix):
            return None
        rest = name.removeprefix(prefix)
        return self.url + _ESCAPED.sub(lambda found: quote(found[0]), rest)

    def file_of(self, text: str) -> str | None:
        """Return the path that `text` leads to, from the root (`/static/a.png`); None: to none."""
        rest = text.removeprefix(self.url)
        is_anchored = rest.startswith(("/", ".")) or "://" in rest
        if not text.startswith(self.url) or not rest or is_anchored:
            return None
        return posixpath.join("/", self.folder, rest)


def url_of(name: str, public: tuple[Served, ...]) -> str | None:
    """Return the URL of the file `name` (relative to the root); None: no site serves it."""
    urls = (each.url_of(name) for each in sorted(public, key=lambda one: -len(one.folder)))
    return next((url for url in urls if url is not None), None)


def files_of(text: str, public: tuple[Served, ...]) -> Iterator[str]:
    """Yield the paths from the root that a URL in an article may lead to, the closest URL first."""
    for each in sorted(public, key=lambda one: -len(one.url)):
        if (file := each.file_of(text)) is not None:
            yield file


_FOLDER = fields.text(
    "a folder of the repository, such as static",
    r"(?!~|[A-Za-z]:|(?:.*/)?\.\.(?:/|$))[^\\\x00-\x1f]+",
)
_URL = fields.text(
    "a URL path such as / or /blog/, or nothing", r"(?:(?:https?:/)?/[^\s?#]*)?", may_be_empty=True
)


def _make(values: dict[str, str], where: Location) -> tuple[Served, ...]:
    found = tuple(
        Served(posixpath.normpath(folder).strip("/").removeprefix("."), _ended(url))
        for folder, url in values.items()
    )
    for index, each in enumerate(found):
        if each.folder in [other.folder for other in found[:index]]:
            raise where.error(f"names the folder {each.folder or '.'!r} twice")
    return found


def _ended(url: str) -> str:
    return url.rstrip("/") + "/" if url else ""


PUBLIC = fields.mapping(_FOLDER, _URL, "folders and their URLs, such as {static: /}", _make)
