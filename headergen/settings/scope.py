"""Which files are articles, by their names, and which of them get a header by default."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from headergen.repository import discovery
from headergen.settings import styles

if TYPE_CHECKING:
    from headergen.settings.config import Config
    from headergen.settings.styles import Default

# Pages of a repository that nobody publishes as articles, in whatever case; `README.ja.md` and
# `LICENSE-MIT.md` are among them.
_NO_ARTICLES = re.compile(
    r"(?:readme|changelog|contributing|licen[sc]e)(?![a-z])"
    r"|(?:code_of_conduct|security|support|claude|agents|gemini|summary|history|todo|404"
    r"|pull_request_template|issue_template)(?:\.|$)"
    r"|[_.]"
)

# Folders of templates, of other people's files and of what a site's generator writes.
_FOLDERS = frozenset(
    (
        "archetypes",
        "_layouts",
        "_includes",
        "_site",
        "vendor",
        "node_modules",
        "examplesite",
        "scaffolds",
    )
)
# The same, but for those below a folder of texts: `content/en/templates/` is about templates.
_FOLDERS_OUTSIDE_TEXTS = frozenset(("layouts", "templates", "_templates", "themes"))
_TEXTS = frozenset(("content", "docs", "posts", "articles", "blog", "_posts", "_drafts"))


def is_article(name: str, config: Config) -> bool:
    """Check whether the file `name`, relative to the root, is an article that headergen may edit.

    It is none in a hidden folder, among other people's packages, and where the config excludes it.
    """
    return discovery.may_be_article(name) and not is_excluded(name, config)


def is_excluded(name: str, config: Config) -> bool:
    """Check whether the config's `exclude` matches the file `name`, relative to the root."""
    return bool(config.exclude) and styles.matches(name, config.exclude)


def default_for(path: PurePath, config: Config) -> Default | None:
    """Return what the article at `path`, relative to the root, gets if it asks for nothing.

    A style that names a file, such as `/README.md`, asks for it.
    """
    style = styles.style_of(path, config.styles)
    default = config.default if style is None or style.default is None else style.default
    if not default:
        return None
    is_named = style and style.default and any(_names(each, path) for each in style.paths)
    return default if is_named or not _is_no_article(path, config) else None


def _names(pattern: str, path: PurePath) -> bool:
    return pattern.rpartition("/")[2] == path.name


def _is_no_article(path: PurePath, config: Config) -> bool:
    """Check by name and place whether a Markdown file is no article that a site publishes."""
    folders = [part.lower() for part in path.parts[:-1]]
    if _NO_ARTICLES.match(path.name.lower()) or not _FOLDERS.isdisjoint(folders):
        return True
    first_text = next((at for at, each in enumerate(folders) if each in _TEXTS), len(folders))
    built = {"public"} if config.has_built_site else set()
    return not (_FOLDERS_OUTSIDE_TEXTS | built).isdisjoint(folders[:first_text])
