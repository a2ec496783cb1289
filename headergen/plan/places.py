"""Where an article's pictures are: the text in the article, and the file on disk.

All that is known of it is here, for headers, cuts and sources alike.
"""

import re
from pathlib import Path
from typing import NamedTuple

from headergen.article.article import Article
from headergen.errors import PathError, SourceError
from headergen.repository import paths
from headergen.settings.config import Config

_URL = re.compile(r"(https?|data):|//", re.IGNORECASE)


class Output(NamedTuple):
    """Where a picture goes: the text that the article gets for it, and the file (absolute)."""

    text: str
    file: Path


def file_of(text: str, article: Article, config: Config, root: Path) -> Path | None:
    """Resolve what an article says of a picture to a file, existing or not; None for a URL.

    A path that starts with `/` starts at the repository's root, any other at the article.

    Raises:
        PathError: The path leaves the repository or is malformed.
    """
    name = text.removeprefix(config.image_prefix)
    if not name or _URL.match(name):
        return None
    return _inside(name, article, root)


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
    name = config.output.format(stem=stem, format=format or config.format)
    try:
        return Output(config.image_prefix + name, _inside(name, article, root))
    except PathError as error:
        message = f"its picture cannot be named after it: {error.message}"
        remedy = "rename the article, or change `output` in the config"
        raise article.error(None, message, remedy) from error


def source_of(name: str, article: Article, key: str, root: Path) -> Path:
    """Resolve a picture that the article names under `key` (dotted) as a source to its file.

    Raises:
        PathError: The path leaves the repository or is malformed.
        SourceError: The file is missing or no regular file.
    """
    try:
        path = _inside(name, article, root)
        paths.require_picture_file(path, name)
    except (PathError, SourceError) as error:
        raise article.placed(error, key) from error
    return path


def _inside(name: str, article: Article, root: Path) -> Path:
    return paths.inside(paths.folder_of(article.path), name, root)
