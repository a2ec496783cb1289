"""Write a finished header, or an author's word, into an article's frontmatter.

Bytes in, bytes out: nothing here touches the disk.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headergen.article import article as articles
from headergen.article.frontmatter.block import Block, NewValues, find
from headergen.article.frontmatter.document import with_values, without
from headergen.article.keys import Path, change_of
from headergen.article.request import Request
from headergen.errors import ArticleError

# Values for keys of the author's, which a command writes at the author's word.
Changes = Mapping[str, str | int]
_NO_CHANGES: Changes = {}
_NO_OTHERS: Mapping[str, str] = {}

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def with_image(
    article: articles.Article,
    image: str,
    digest: str,
    changes: Changes = _NO_CHANGES,
    others: Mapping[str, str] = _NO_OTHERS,
) -> bytes:
    """Return the article's bytes with `image` and `digest` set and all other bytes untouched.

    At most the lines of these two keys, and of `others`, change or appear. A key of a list has its
    first item, and one of a mapping with `src` or `url` that one, written. The result is read
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
    new = {
        **_requested(article, changes),
        **dict([change_of(article.image_key, image, article.values)]),
        (article.keys.request, "digest"): digest,
        **dict(change_of(key, text, article.values) for key, text in others.items()),
    }
    return _edited(article, new, changes, image, digest, others).data


def with_request(article: articles.Article, changes: Changes) -> articles.Article:
    """Return the article as it is with `changes` of its prompt and seed, all others untouched.

    Raises:
        ArticleError: As `with_image`.
    """
    image, digest = article.image, article.digest
    kept = {article.image_key: image, article.keys.of_request("digest"): digest}
    written = (change_of(key, text, article.values) for key, text in kept.items() if text)
    # The keys that headergen writes come after the author's.
    new = {**_requested(article, changes), **dict(written)}
    return _edited(article, new, changes, image, digest)


def _requested(article: articles.Article, changes: Changes) -> dict[Path, str | int]:
    return {(article.keys.request, key): value for key, value in changes.items()}


def _edited(
    article: articles.Article,
    new: NewValues,
    changes: Changes,
    image: str | None,
    digest: str | None,
    others: Mapping[str, str] = _NO_OTHERS,
) -> articles.Article:
    """Return the article with `new`, which splits and reads as the old one with what was written.

    Raises:
        ArticleError: It does not, or cannot be made.
    """
    block = with_values(*_editable(article), new)
    if article.moved_key:
        block = without(block, (article.keys.request, "image"))
    try:
        found = articles.parse(article.path, block.data, article.keys)
    except ArticleError as error:
        raise _left_alone(article, error.message) from error
    expected = (_changed(article.request, changes), article.alt, article.title, image, digest)
    if (
        found is None
        or (found.request, found.alt, found.title, found.image, found.digest) != expected
        or any(found.text_at(key) != text for key, text in others.items())
        or find(article.path, block.data, article.keys.request) != block
    ):
        raise _left_alone(article, "what was written would not read back so")
    return found


def _editable(article: articles.Article) -> tuple[Block, Mapping[Any, Any]]:
    """Return the article's frontmatter and its values; a request to write in where it is empty."""
    request = article.keys.request
    block = find(article.path, article.data, request, every=True)
    if block is None:
        return _new_block(article), {request: None}
    if article.values is not None:
        return block, article.values
    if not _is_of_comments(block.text):
        raise _left_alone(article, "its frontmatter is not a mapping of keys to values")
    end = len(block.text)
    return block.splice(end, end, f"{request}:{block.newline(end)}"), {request: None}


def _new_block(article: articles.Article) -> Block:
    mark = _BYTE_ORDER_MARK if article.data.startswith(_BYTE_ORDER_MARK) else b""
    body = article.data[len(mark) :]
    newline = b"\r\n" if body.partition(b"\n")[0].endswith(b"\r") else b"\n"
    head, tail = mark + b"---" + newline, b"---" + newline + newline + body
    request = article.keys.request
    text = f"{request}:{newline.decode()}"
    return Block(article.path, "yaml", head, text, tail, 2, request=request)


def _is_of_comments(text: str) -> bool:
    return all(line.lstrip()[:1] in ("", "#") for line in text.split("\n"))


def _changed(request: Request | None, changes: Changes) -> Request | None:
    """Return what an article asks for with `changes`, which may be all that it asks for."""
    if request is None:
        return Request(**changes) if changes else None  # type: ignore[arg-type]
    return replace(request, **changes)  # type: ignore[arg-type]


def _left_alone(article: articles.Article, reason: str) -> ArticleError:
    return article.error(article.image_key, f"{reason}; the article was left alone")
