"""All articles of a site: where they are, and which of them name a picture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from headergen.errors import UsageError
from headergen.vocabulary import ARTICLE_SUFFIXES

_OF_OTHERS = ("node_modules", "__pycache__")


def articles_at(paths: Iterable[Path]) -> list[str]:
    """Name the articles that `paths` are, or that lie below those that are folders, each once.

    Raises:
        UsageError: a path does not exist, or is a file and no article.
    """
    return list(dict.fromkeys(name for path in paths for name in _articles_at(path)))


def _articles_at(path: Path) -> Iterable[str]:
    if path.is_dir():
        return articles_below(os.path.normpath(path))
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    if path.suffix.lower() not in ARTICLE_SUFFIXES:
        raise UsageError(f"{path} is no article; articles end in {', '.join(ARTICLE_SUFFIXES)}")
    return followed([os.fspath(path)])


def followed(names: Iterable[str]) -> list[str]:
    """Name each article once, and by its file: paths in it are relative to that, not to a link."""
    return list(dict.fromkeys(_target(name) if os.path.islink(name) else name for name in names))


def _target(link: str) -> str:
    return os.path.relpath(os.path.realpath(link))


def articles_below(folder: str) -> Iterator[str]:
    """Walk `folder` in a stable order, past hidden folders and other people's packages.

    Yields names and no `Path`s: a site has thousands of articles, and few of them are touched.
    """
    folders, names = _listed(folder)
    yield from sorted(names)
    for name in sorted(folders):
        yield from articles_below(name)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    """List the folders to walk, and the articles; the system's listing tells links and all."""
    folders, names = [], []
    here = "" if folder == os.curdir else os.path.join(folder, "")
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = here + entry.name
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _OF_OTHERS:
                    folders.append(name)
            elif name.lower().endswith(ARTICLE_SUFFIXES):
                if not entry.is_symlink():
                    names.append(name)
                elif not os.path.isdir(name):
                    names.append(_target(name))
    return folders, names
