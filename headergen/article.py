"""Articles: what their frontmatter asks for, and how the finished picture is written into it.

Bytes in, bytes out: nothing here touches the disk. Reading costs next to nothing for an article
without a `header` key: the parsers are imported by the first article that has one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from headergen.errors import ArticleError
from headergen.frontmatter.block import Block, find
from headergen.frontmatter.request import MAX_SOURCES, HeaderMapping, Request, read_request, shown

__all__ = ["ARTICLE_SUFFIXES", "Article", "Request", "frontmatter", "parse", "read", "with_image"]

ARTICLE_SUFFIXES = (".md", ".markdown", ".mdx", ".qmd")

_DIGEST = re.compile(r"[0-9a-f]{8}")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MAX_KEYS = 20
_ONE_READ_BYTES = 64 * 1024  # beyond 128 KiB the allocator asks the kernel each time


@dataclass(frozen=True)
class Article:
    """An article whose frontmatter has a `header` mapping.

    `request` is None where the mapping asks for nothing: a hand-made picture, or an empty
    mapping. `image` is None where its value is missing, null or empty. `line` is that of the
    `header` key; `image_line` that of the image's key, else the same. Lines are 1-based and
    counted in the file. `image_key` is dotted, such as `header.image`, `heroImage`.
    """

    path: Path
    data: bytes
    request: Request | None
    image: str | None
    digest: str | None
    alt: str | None
    line: int
    image_line: int
    image_key: str


class _Document(Protocol):
    """Frontmatter in one language, as `yaml_edit` and `toml_edit` read it."""

    @property
    def block(self) -> Block: ...

    @property
    def values(self) -> dict[Any, Any]: ...

    def index_of(self, path: tuple[str | int, ...]) -> int | None: ...

    def with_text(self, path: tuple[str, ...], text: str, before: str | None = None) -> Block: ...


def read(name: str, image_key: str = "header.image") -> Article | None:
    """Read the article in the file `name`, None where `parse` returns it.

    Most files have no header, so this makes no `Path` and no file object for them.

    Raises:
        OSError: the file cannot be read.
        ArticleError: as `parse`.
    """
    data = _bytes_of(name)
    return parse(Path(name), data, image_key) if _may_have_header(data) else None


def _bytes_of(name: str) -> bytes:
    """Read a file; most articles fit in one call, and `open` makes six."""
    handle = os.open(name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        data = os.read(handle, _ONE_READ_BYTES)
        if len(data) == _ONE_READ_BYTES:
            with open(handle, "rb", closefd=False) as rest:
                data += rest.read()
        return data
    finally:
        os.close(handle)


def _may_have_header(data: bytes) -> bool:
    """Tell at a glance whether a parser is needed; a text may speak of headers as it likes."""
    fence = data.find(b"\n---\n") if data.startswith(b"---") else -1
    end = fence if fence >= 0 else len(data)
    return data.find(b"header", 0, end) >= 0 or data.startswith(_UTF16_MARKS)


def parse(path: Path, data: bytes, image_key: str = "header.image") -> Article | None:
    """Read an article, None where it has no frontmatter or no `header` key (or a null one).

    Args:
        path: Named in errors; it is not opened.
        data: The file's bytes.
        image_key: Dotted path of the key under which the site looks for the picture.

    Raises:
        ArticleError: The frontmatter cannot be read, or what it says under `header` or
            `image_key` is not admissible; the error names path, line and key.
    """
    if not _may_have_header(data):
        return None
    _refuse_utf16(path, data)
    block = find(path, data)
    document = None if block is None else _read(block)
    if document is None or "header" not in document.values:
        return None
    header = _header_mapping(document, tuple(image_key.split(".")))
    return None if header is None else _article(document, header, data, image_key)


def with_image(article: Article, image: str, digest: str) -> bytes:
    """Return the article's bytes with `image` and `digest` set and all other bytes untouched.

    At most the lines of these two keys change or appear. The result is read again and must be
    the old frontmatter plus the two keys; writing the same values twice changes nothing.

    Args:
        article: An article as `parse` returned it.
        image: The value for the key `article.image_key`.
        digest: 8 hex digits, the value for `header.digest`.

    Raises:
        ArticleError: The change cannot be made without risk; the error names path and line.
    """
    keys = tuple(article.image_key.split("."))
    before = "digest" if keys[:-1] == ("header",) else None
    block = _with_text(article, find(article.path, article.data), keys, image, before)
    block = _with_text(article, block, ("header", "digest"), digest)
    _verify(article, block, image, digest)
    return block.data


def frontmatter(article: Article) -> bytes | None:
    """Return the article's first bytes, which hold its frontmatter whatever comes after them.

    None where the line that closes it is the last one and has no end: more text could undo it.
    """
    block = find(article.path, article.data)
    closing = len(article.data) - len(block.tail) if block else 0
    end = article.data.find(b"\n", closing) + 1
    return article.data[:end] or None


def _refuse_utf16(path: Path, data: bytes) -> None:
    if data.startswith(_UTF16_MARKS):
        raise ArticleError("is UTF-16; save it as UTF-8", path=str(path), line=1)


def _read(block: Block) -> _Document | None:
    if block.language == "toml":
        from headergen.frontmatter import toml_edit

        return toml_edit.read(block)
    from headergen.frontmatter import yaml_edit

    return yaml_edit.read(block)


def _with_text(
    article: Article,
    block: Block | None,
    path: tuple[str, ...],
    text: str,
    before: str | None = None,
) -> Block:
    document = None if block is None else _read(block)
    if document is None:
        raise _left_alone(article, "its frontmatter has no `header` mapping")
    return document.with_text(path, text, before)


def _verify(article: Article, block: Block, image: str, digest: str) -> None:
    """Raise unless the new bytes split and read as the old article with image and digest."""
    try:
        new = parse(article.path, block.data, article.image_key)
    except ArticleError as error:
        raise _left_alone(article, error.message) from error
    expected = (article.request, article.alt, image, digest)
    if (
        new is None
        or (new.request, new.alt, new.image, new.digest) != expected
        or find(article.path, block.data) != block
    ):
        raise _left_alone(article, "image and digest would not read back as they were written")


def _left_alone(article: Article, reason: str) -> ArticleError:
    return ArticleError(
        f"{reason}; the article was left alone",
        path=str(article.path),
        line=article.image_line,
        key=article.image_key,
    )


def _article(document: _Document, header: HeaderMapping, data: bytes, image_key: str) -> Article:
    keys = tuple(image_key.split("."))
    request = read_request(header)
    image_index = document.index_of(keys)
    return Article(
        path=header.path,
        data=data,
        request=request,
        image=_image(document, keys),
        digest=_digest(header),
        alt=header.text("alt", may_be_empty=True),
        line=header.line,
        image_line=header.line if image_index is None else document.block.line(image_index),
        image_key=image_key,
    )


def _header_mapping(document: _Document, image_keys: tuple[str, ...]) -> HeaderMapping | None:
    """Return the `header` mapping, None where it is null."""
    block = document.block
    index = document.index_of(("header",))
    values = document.values["header"]
    if values is None:
        _refuse_misindented(document)
        return None
    if index is None:
        raise block.error("`header` comes through a merge (<<); write it out", 0, "header")
    if not isinstance(values, dict):
        raise block.error(
            f"expected a mapping with prompt or sources, not {shown(values)}", index, "header"
        )
    generated_keys = (*(image_keys[1:2] if image_keys[0] == "header" else ()), "digest")
    lines = _lines(document, values)
    return HeaderMapping(block.path, block.line(index), values, lines, generated_keys)


def _refuse_misindented(document: _Document) -> None:
    """Tell an empty `header:` from one whose keys stand beside it instead of below it."""
    for key in ("prompt", "sources"):
        if key in document.values:
            index = document.index_of((key,)) or 0
            raise document.block.error("indent it, so that it is part of `header:`", index, key)


def _lines(document: _Document, header: Mapping[Any, object]) -> dict[str, int]:
    """Return the line of each key under `header`, and of each item of a list (`sources[0]`)."""
    # More keys than there are known ones hold an unknown one, which is all that will be told.
    keys = [key for key in islice(header, _MAX_KEYS) if isinstance(key, str)]
    paths: dict[str, tuple[str | int, ...]] = {key: (key,) for key in keys}
    for key in ("sources", "focus"):
        items = header.get(key)
        if isinstance(items, list):
            numbers = range(min(len(items), MAX_SOURCES))
            paths.update({f"{key}[{i}]": (key, i) for i in numbers})
    indices = {name: document.index_of(("header", *path)) for name, path in paths.items()}
    return {
        name: document.block.line(index) for name, index in indices.items() if index is not None
    }


def _image(document: _Document, keys: tuple[str, ...]) -> str | None:
    """Return the value under the image key, None where it is missing, null or empty."""
    value: object = document.values
    for depth, key in enumerate(keys):
        if value is None:
            return None
        if not isinstance(value, dict):
            raise _image_error(document, keys[:depth], f"expected a mapping, not {shown(value)}")
        value = value.get(key)
    if value is not None and (not isinstance(value, str) or "\0" in value):
        raise _image_error(document, keys, f"expected a path as text, not {shown(value)}")
    return value or None


def _image_error(document: _Document, keys: tuple[str, ...], message: str) -> ArticleError:
    index = document.index_of(keys)
    return document.block.error(message, index or 0, ".".join(keys))


def _digest(header: HeaderMapping) -> str | None:
    """Return the digest, None where it is missing or null."""
    value = header.values.get("digest")
    if value is None:
        return None
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise header.error(
            "digest",
            f"expected 8 hex digits in quotes, not {shown(value)}; "
            f"headergen writes this key: remove the line to have the picture made anew",
        )
    return value
