"""All articles of a site: where they are, and which of them name a picture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from headergen import article as articles
from headergen import plan
from headergen.article import ARTICLE_SUFFIXES
from headergen.config import Config
from headergen.errors import HeadergenError


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
