"""All articles of a site: where they are, and which of them name a picture."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from headergen import article as articles
from headergen import plan
from headergen.article import ARTICLE_SUFFIXES
from headergen.config import Config
from headergen.errors import HeadergenError, UsageError


def articles_at(paths: Iterable[Path]) -> list[str]:
    """Name the articles that `paths` are, or that lie below those that are folders, each once.

    Raises:
        UsageError: a path does not exist, or is a file and no article.
    """
    return followed(name for path in paths for name in _articles_at(path))


def _articles_at(path: Path) -> Iterable[str]:
    if path.is_dir():
        return articles_below(os.fspath(path))
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    if path.suffix.lower() not in ARTICLE_SUFFIXES:
        raise UsageError(f"{path} is no article; articles end in {', '.join(ARTICLE_SUFFIXES)}")
    return [os.fspath(path)]


def followed(names: Iterable[str]) -> list[str]:
    """Name each article once, and by its file: paths in it are relative to that, not to a link."""
    return list(
        dict.fromkeys(
            os.path.relpath(os.path.realpath(name)) if os.path.islink(name) else name
            for name in names
        )
    )


def articles_below(folder: str) -> Iterator[str]:
    """Walk `folder` in a stable order, past hidden folders and other people's packages.

    Yields names and no `Path`s: a site has thousands of articles, and few of them are touched.
    """
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in ("node_modules", "__pycache__")
        )
        for name in sorted(names):
            if name.lower().endswith(ARTICLE_SUFFIXES):
                yield os.path.normpath(os.path.join(here, name))


def naming(picture: Path, config: Config, root: Path) -> Iterator[Path]:
    """Yield the articles below `root` whose frontmatter names `picture` (absolute) as the header.

    An article that can't be read names nothing.
    """
    for name in articles_below(os.fspath(root)):
        try:
            found = articles.read(name, config.image_key)
            if found and plan.picture_of(found, config, root) == picture:
                yield found.path
        except (HeadergenError, OSError):
            continue
