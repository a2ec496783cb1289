"""Where an article's pictures are: the text in the article, and the file on disk.

All that is known of it is here, for headers, cuts and sources alike.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from headergen.article.article import Article
from headergen.errors import ArticleError, PathError, SourceError
from headergen.repository import paths
from headergen.settings.config import Config

_URL = re.compile(r"(https?|data):|([a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)

# What a site's generator replaces: `{{ site.url }}/a.png`, `{% link %}`, `<%= %>`, Pelican's
# `{static}/a.png`, Obsidian's `[[a.png]]`, and bundlers' aliases such as `@site/a.png`.
_PLACEHOLDER = re.compile(r"\{[{%]|<%|\$\{|^\{[a-z]+\}|^!?\[\[|^[~@][\w-]*/")


_RENAME = "rename the article, or change `output` in the config"


class Output(NamedTuple):
    """Where a picture goes: the text that the article gets for it, and the file (absolute)."""

    text: str
    file: Path


def require_in_place(article: Article | None, root: Path) -> None:
    """Make sure that the article's file is in the repository at `root`: a link may lead elsewhere.

    Raises:
        ArticleError: it is not.
    """
    if article and not Path(_folder_of(article)).is_relative_to(root):
        message = f"lies outside {root}: run headergen there"
        raise ArticleError(message, path=str(article.path))


def file_of(text: str, article: Article, config: Config, root: Path) -> Path | None:
    """Resolve what an article says of a picture to a file, existing or not.

    A path that starts with `/` starts at the repository's root, any other at the article. None for
    a URL, and for a text that only the site understands because of a placeholder in it.

    Raises:
        PathError: The path leaves the repository or is malformed.
    """
    name = text.removeprefix(config.image_prefix)
    if not name or _URL.match(name):
        return None
    if _PLACEHOLDER.search(name) and not _exists(name, article, root):
        return None
    return _found(name, article, root)


def _exists(name: str, article: Article, root: Path) -> bool:
    with suppress(PathError):
        return _inside(name, article, root).is_file()
    return False


def header_of(article: Article, config: Config, root: Path) -> Path | None:
    """Resolve the article's `image` to a file as `file_of` does; None where it has none.

    Raises:
        PathError: As `file_of`; it points at the image's key.
    """
    try:
        return file_of(article.image or "", article, config, root)
    except PathError as error:
        raise article.placed(error, article.image_key) from error


def cut_of(article: Article, key: str, config: Config, root: Path) -> Path | None:
    """Resolve what the article says under a cut's key to a file, existing or not.

    None where only the site knows what it means, such as a path that starts with `/`.
    """
    text = article.text_at(key) or ""
    if text.removeprefix(config.image_prefix).startswith("/"):
        return None
    try:
        return file_of(text, article, config, root)
    except PathError:
        return None


def output_for(
    article: Article, config: Config, root: Path, *, suffix: str = "", format: str | None = None
) -> Output:
    """Return where the article's header goes, or its cut whose name ends in `suffix`.

    Raises:
        ArticleError: No file can be named so.
    """
    stem = article.path.stem + suffix
    if not stem.isprintable() and any("\ud800" <= each <= "\udfff" for each in stem):
        message = "its picture cannot be named after it: its name is no UTF-8"
        raise article.error(None, message, _RENAME)
    name = config.output.format(stem=stem, format=format or config.format)
    try:
        return Output(config.image_prefix + name, _inside(name, article, root))
    except PathError as error:
        message = f"its picture cannot be named after it: {error.message}"
        raise article.error(None, message, _RENAME) from error


def source_of(name: str, article: Article, key: str, root: Path) -> Path:
    """Resolve a picture that the article names under `key` (dotted) as a source to its file.

    Raises:
        PathError: The path leaves the repository or is malformed.
        SourceError: The file is missing or no regular file.
    """
    try:
        path = _found(name, article, root)
        paths.require_picture_file(path, name)
    except (PathError, SourceError) as error:
        raise article.placed(error, key) from error
    return path


def pictures_named(article: Article, config: Config, root: Path) -> Iterator[Path]:
    """Yield the files of the header and the cuts that the article names, existing or not.

    URLs and paths that leave the repository are left out. A path with `%` comes decoded, too.
    """
    for text in (article.image, *(article.text_at(each.key) for each in config.also)):
        name = (text or "").removeprefix(config.image_prefix)
        if name and not _URL.match(name):
            yield from _candidates(name, article, root)


def sources_named(article: Article, root: Path) -> Iterator[Path]:
    """Yield the files of the sources, and of the pictures on a card, as `pictures_named` does."""
    request = article.request
    card = request.card if request else None
    names = [*(request.sources if request else ()), *((card.logo, card.picture) if card else ())]
    for name in filter(None, names):
        yield from _candidates(name, article, root)


def _folder_of(article: Article) -> str:
    """Return the folder of the article's file, absolute and resolved."""
    path = article.path
    return paths.folder_of(path.resolve() if path.is_symlink() else path)


def _found(name: str, article: Article, root: Path) -> Path:
    """Resolve a path as it is written, or decoded if only that file exists: `my%20picture.png`.

    Raises:
        PathError: The path leaves the repository or is malformed.
    """
    path = _inside(name, article, root)
    if "%" in name and not os.path.lexists(path):
        return next((each for each in _candidates(name, article, root) if each.is_file()), path)
    return path


def _candidates(name: str, article: Article, root: Path) -> Iterator[Path]:
    """Yield the files that a path may mean: as it is written, and decoded as a URL is."""
    for each in dict.fromkeys((name, unquote(name))):
        with suppress(PathError):
            yield _inside(each, article, root)


def _inside(name: str, article: Article, root: Path) -> Path:
    return paths.inside(paths.folder_of(article.path), name, root)
