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
from headergen.plan import naming
from headergen.repository import paths
from headergen.settings import public
from headergen.settings.config import Config

_URL = re.compile(r"(https?|data):|([a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)

# What a site's generator replaces: `{{ site.url }}/a.png`, `{% link %}`, `<%= %>`, Pelican's
# `{static}/a.png`, Obsidian's `[[a.png]]`, and bundlers' aliases such as `@site/a.png`.
_PLACEHOLDER = re.compile(r"\{[{%]|<%|\$\{|^\{[a-z]+\}|^!?\[\[|^[~@][\w-]*/")


_RENAME = "rename the article, change its `slug`, or change `output` in the config"


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

    What begins with a URL of the config's `public` is in that folder. Any other path that starts
    with `/` starts at the repository's root, and the rest at the article. None for another URL, and
    for a text that only the site understands because of a placeholder in it.

    Raises:
        PathError: The path leaves the repository or is malformed.
    """
    name = text.removeprefix(config.image_prefix)
    if not name or not any(_readings(name, config)):
        return None
    if _PLACEHOLDER.search(name) and not _exists(name, article, root):
        return None
    return _found(name, article, config, root)


def _exists(name: str, article: Article, root: Path) -> bool:
    with suppress(PathError):
        return _inside(name, article, root).is_file()
    return False


def _readings(name: str, config: Config) -> list[str]:
    """Return the paths that a text may mean, from the root (`/…`) or the article, likeliest first.

    None for a URL of which the config's `public` knows no folder.
    """
    served = list(public.files_of(name, config.public)) if config.public else []
    if _URL.match(name):
        return served
    return [*served, name] if name.startswith("/") else [name, *served]


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

    None where only the site knows what it means, such as a path that starts with `/` and is not
    found.
    """
    text = article.text_at(key) or ""
    try:
        found = file_of(text, article, config, root)
    except PathError:
        return None
    is_of_site = text.removeprefix(config.image_prefix).startswith("/")
    return None if found and is_of_site and not found.is_file() else found


def output_for(
    article: Article, config: Config, root: Path, *, suffix: str = "", format: str | None = None
) -> Output:
    """Return where the article's header goes, or its cut whose name ends in `suffix`.

    Raises:
        ArticleError: No file can be named so.
    """
    template = config.output.replace("{format}", format or config.format)
    name = naming.filled_in(template, article, root, suffix)
    if not name.isprintable() and any("\ud800" <= each <= "\udfff" for each in name):
        message = "its picture cannot be named after it: its name is no UTF-8"
        raise article.error(None, message, _RENAME)
    try:
        file = _inside(name, article, root)
        return Output(config.image_prefix + (_url_of(file, config, root) or name), file)
    except PathError as error:
        message = f"its picture cannot be named after it: {error.message}"
        raise article.error(None, message, _RENAME) from error


def _url_of(file: Path, config: Config, root: Path) -> str | None:
    if not config.public:
        return None
    return public.url_of(file.relative_to(root).as_posix(), config.public)


def source_of(name: str, article: Article, key: str, config: Config, root: Path) -> Path:
    """Resolve a picture that the request names under `key` (dotted) as a source to its file.

    Raises:
        PathError: The path leaves the repository or is malformed.
        SourceError: The file is missing or no regular file.
    """
    try:
        path = _found(name, article, config, root)
        paths.require_picture_file(path, name)
    except (PathError, SourceError) as error:
        raise article.placed(error, article.keys.of_request(key)) from error
    return path


def pictures_named(article: Article, config: Config, root: Path) -> Iterator[Path]:
    """Yield the files of the header and the cuts that the article names, existing or not.

    URLs and paths that leave the repository are left out. A path that may mean several files comes
    as each of them.
    """
    for text in (article.image, *(article.text_at(each.key) for each in config.also)):
        name = (text or "").removeprefix(config.image_prefix)
        yield from _candidates(name, article, config, root)


def sources_named(article: Article, config: Config, root: Path) -> Iterator[Path]:
    """Yield the files of the sources, and of the pictures on a card, as `pictures_named` does."""
    request = article.request
    card = request.card if request else None
    names = [*(request.sources if request else ()), *((card.logo, card.picture) if card else ())]
    for name in filter(None, names):
        yield from _candidates(name, article, config, root)


def _folder_of(article: Article) -> str:
    """Return the folder of the article's file, absolute and resolved."""
    path = article.path
    return paths.folder_of(path.resolve() if path.is_symlink() else path)


def _found(name: str, article: Article, config: Config, root: Path) -> Path:
    """Resolve a path as it is written, or as whichever of its other readings exists.

    If none exists, that is a path in a folder of `public`, or else the path as it is written.

    Raises:
        PathError: The path leaves the repository or is malformed.
    """
    readings = _readings(name, config) or [name]
    meant = readings[0] if name.startswith("/") else readings[-1]
    path = _inside(meant, article, root)
    if readings == [name] and ("%" not in name or os.path.lexists(path)):
        return path
    return next((each for each in _candidates(name, article, config, root) if each.is_file()), path)


def _candidates(name: str, article: Article, config: Config, root: Path) -> Iterator[Path]:
    """Yield the files that a path may mean: as it is written, and decoded as a URL is."""
    readings = _readings(name, config) if name else []
    for each in dict.fromkeys([*readings, *map(unquote, readings)]):
        with suppress(PathError):
            yield _inside(each, article, root)


def _inside(name: str, article: Article, root: Path) -> Path:
    return paths.inside(paths.folder_of(article.path), name, root)
