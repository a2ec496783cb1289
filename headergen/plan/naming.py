"""What the placeholders of the config's `output` stand for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from headergen.article.article import Article
from headergen.article.keys import value_at
from headergen.repository import paths

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_DATE = re.compile(r"(?<!\d)(\d{4})[-/._]?(\d{1,2})[-/._]?(\d{1,2})(?!\d)")

# `index.ja.md`, `post.zh-cn.md`, `content/pt-BR/`: two letters, and where it is spoken.
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?")
_IN_NAME = re.compile(rf"(.+)\.({_LANGUAGE.pattern})")
_LANGUAGE_KEYS = (("lang",), ("language",), ("locale",))

# Names of a page whose folder is what a reader sees, as in Hugo's bundles and in Docusaurus.
_OF_FOLDER = ("index", "_index")


def filled_in(template: str, article: Article, root: Path, suffix: str) -> str:
    """Return a path by the template `output`, in which the format is filled in.

    The name of a cut gets its `suffix`.

    Raises:
        ArticleError: The article has no date, and the template needs one.
    """
    names = _PLACEHOLDER.findall(template)
    holder = next((each for each in reversed(names) if each in ("stem", "slug")), None)
    values: dict[str, Callable[[], str]] = {
        "stem": lambda: article.path.stem,
        "slug": lambda: slug_of(article, root, with_language="lang" not in names),
        "dir": lambda: folder_of(article, root),
        "date": lambda: date_of(article, root),
        "lang": lambda: language_of(article, root),
    }
    found = {each: values[each]() for each in dict.fromkeys(names) if each in values}
    if holder:
        found[holder] += suffix
    filled = template
    for name, value in found.items():
        filled = _put(filled, name, value)
    if suffix and not holder:
        stem, dot, ending = filled.rpartition(".")
        filled = f"{stem}{suffix}{dot}{ending}"
    return re.sub(r"/{2,}", "/", filled)


def _put(template: str, name: str, value: str) -> str:
    """Fill in one placeholder; an empty value takes a separator beside it along."""
    if value:
        return template.replace(f"{{{name}}}", value)
    return re.sub(rf"^\{{{name}\}}[-._/]?|[-._/]?\{{{name}\}}", "", template)


def folder_of(article: Article, root: Path) -> str:
    """Return the article's folder relative to `root`, with `/` between folders; empty: the root."""
    name = Path(os.path.relpath(paths.folder_of(article.path), root)).as_posix()
    return "" if name == "." else name


def slug_of(article: Article, root: Path, *, with_language: bool = True) -> str:
    """Return the frontmatter's `slug`, else the name of the file, or of its folder for an index.

    The language in the name of a file is kept if asked for: each translation has its own picture.
    """
    written = (article.values or {}).get("slug")
    stem, language = _split(article.path.stem)
    ending = f".{language}" if language and with_language else ""
    if isinstance(written, str | int) and not isinstance(written, bool):
        parts = [part for part in str(written).split("/") if part.strip(". ")]
        if parts:
            return "/".join(parts) + ending
    if stem.lower() in _OF_FOLDER:
        stem = folder_of(article, root).rpartition("/")[2] or stem
    return stem + ending


def language_of(article: Article, root: Path) -> str:
    """Return the article's language: as its frontmatter, its name or a folder tells; else empty."""
    for key in _LANGUAGE_KEYS:
        written = value_at(article.values, key)
        if isinstance(written, str) and re.fullmatch(r"[A-Za-z]{2,3}(?:[-_]\w+)*", written):
            return written
    folders = folder_of(article, root).split("/")
    return _split(article.path.stem)[1] or next(filter(_LANGUAGE.fullmatch, folders), "")


def _split(stem: str) -> tuple[str, str]:
    """Return a file's name without its language, and the language: `index.ja` has `ja`."""
    found = _IN_NAME.fullmatch(stem)
    return (found[1], found[2]) if found else (stem, "")


def date_of(article: Article, root: Path) -> str:
    """Return the article's day as `2026-08-30`: as its frontmatter tells, else its file or folder.

    Raises:
        ArticleError: Neither tells a date.
    """
    folder = folder_of(article, root).rpartition("/")[2]
    for text in (article.facts.date, article.path.stem, folder):
        for day in _days(text or ""):
            return day
    message = "the article has no date, and `output` in the config names pictures after it"
    raise article.error(None, message, "write `date:`, or change `output` in the config")


def _days(text: str) -> Iterator[str]:
    for found in _DATE.finditer(text):
        year, month, day = map(int, found.groups())
        if 1 <= month <= 12 and 1 <= day <= 31:
            yield f"{year:04}-{month:02}-{day:02}"
