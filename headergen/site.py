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


def articles_below(folder: Path) -> Iterator[Path]:
    """Walk `folder` in a stable order, past hidden folders and other people's packages."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in ("node_modules", "__pycache__")
        )
        for name in sorted(names):
            if name.lower().endswith(ARTICLE_SUFFIXES):
                yield Path(here, name)


def naming(picture: Path, config: Config, root: Path) -> Iterator[Path]:
    """Yield the articles below `root` whose frontmatter names `picture` (absolute) as the header.

    An article that can't be read names nothing.
    """
    for path in articles_below(root):
        try:
            found = articles.parse(path, path.read_bytes(), config.image_key)
            if found and plan.picture_of(found, config, root) == picture:
                yield path
        except (HeadergenError, OSError):
            continue
