"""Write a finished header, or an author's word, into an article's frontmatter.

Bytes in, bytes out: nothing here touches the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.article.frontmatter.block import Block, find
from headergen.article.frontmatter.document import read_document
from headergen.article.request import Request
from headergen.errors import ArticleError

# Values for keys of the author's, which a command writes at the author's word.
Changes = Mapping[str, str | int]
_NO_CHANGES: Changes = MappingProxyType({})
_NO_OTHERS: Mapping[str, str] = MappingProxyType({})

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def with_image(
    article: Article,
    image: str,
    digest: str,
    changes: Changes = _NO_CHANGES,
    others: Mapping[str, str] = _NO_OTHERS,
) -> bytes:
    """Return the article's bytes with `image` and `digest` set and all other bytes untouched.

    At most the lines of these two keys, and of `others`, change or appear. The result is read
    again and must be the old frontmatter plus these keys; writing the same values twice changes
    nothing.

    Args:
        article: An article as `parse` returned it.
        image: The value for the key `article.image_key`.
        digest: 8 hex digits, the value for `header.digest`.
        changes: Values for `prompt` and `seed` that are written as well.
        others: Texts for further keys, dotted paths outside of `header`.

    Raises:
        ArticleError: The change cannot be made without risk; the error names path and line.
    """
    keys = tuple(article.image_key.split("."))
    before = "digest" if keys[:-1] == ("header",) else None
    block = _with_changes(article, _editable(article), changes)
    block = _with_value(article, block, keys, image, before)
    block = _with_value(article, block, ("header", "digest"), digest)
    for key, text in others.items():
        block = _with_value(article, block, tuple(key.split(".")), text)
    _verify(article, block, changes, image, digest, others)
    return block.data


def with_request(article: Article, changes: Changes) -> bytes:
    """Return the article's bytes with `changes` of its prompt and seed, all others untouched.

    Raises:
        ArticleError: As `with_image`.
    """
    block = _with_changes(article, _editable(article), changes)
    _verify(article, block, changes, article.image, article.digest)
    return block.data


def _with_changes(article: Article, block: Block, changes: Changes) -> Block:
    """Write an author's keys; a new one comes before those that headergen writes."""
    keys = article.image_key.split(".")
    in_header = keys[0] == "header" and article.image is not None
    for key, value in changes.items():
        block = _with_value(
            article, block, ("header", key), value, keys[1] if in_header else "digest"
        )
    return block


def _editable(article: Article) -> Block:
    """Return the article's frontmatter, or a new one; an empty one gets a `header` to write in."""
    block = find(article.path, article.data, every=True)
    if block is None:
        return _new_block(article)
    if (
        block.language == "yaml"
        and read_document(block) is None
        and not _is_of_comments(block.text)
    ):
        raise _left_alone(article, "its frontmatter is not a mapping of keys to values")
    if block.language == "yaml" and read_document(block) is None:
        end = len(block.text)
        return block.splice(end, end, f"header:{block.newline(end)}")
    return block


def _new_block(article: Article) -> Block:
    mark = _BYTE_ORDER_MARK if article.data.startswith(_BYTE_ORDER_MARK) else b""
    text = article.data[len(mark) :]
    newline = b"\r\n" if text.partition(b"\n")[0].endswith(b"\r") else b"\n"
    head, tail = mark + b"---" + newline, b"---" + newline + newline + text
    return Block(article.path, "yaml", head, f"header:{newline.decode()}", tail, 2)


def _is_of_comments(text: str) -> bool:
    return all(line.lstrip()[:1] in ("", "#") for line in text.split("\n"))


def _with_value(
    article: Article,
    block: Block,
    path: tuple[str, ...],
    value: str | int,
    before: str | None = None,
) -> Block:
    document = read_document(block)
    if document is None:
        raise _left_alone(article, "its frontmatter has no `header` mapping")
    return document.with_value(path, value, before)


def _verify(
    article: Article,
    block: Block,
    changes: Changes,
    image: str | None,
    digest: str | None,
    others: Mapping[str, str] = _NO_OTHERS,
) -> None:
    """Raise unless the new bytes split and read as the old article with what was written."""
    try:
        new = articles.parse(article.path, block.data, article.image_key)
    except ArticleError as error:
        raise _left_alone(article, error.message) from error
    expected = (_changed(article.request, changes), article.alt, article.title, image, digest)
    if (
        new is None
        or (new.request, new.alt, new.title, new.image, new.digest) != expected
        or any(new.text_at(key) != text for key, text in others.items())
        or find(article.path, block.data) != block
    ):
        raise _left_alone(article, "what was written would not read back so")


def _changed(request: Request | None, changes: Changes) -> Request | None:
    """Return what an article asks for with `changes`, which may be all that it asks for."""
    if request is None:
        return Request(**changes) if changes else None  # type: ignore[arg-type]
    return replace(request, **changes)  # type: ignore[arg-type]


def _left_alone(article: Article, reason: str) -> ArticleError:
    return article.error(article.image_key, f"{reason}; the article was left alone")
