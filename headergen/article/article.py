"""Articles: what their frontmatter asks for, and what else it tells: title, tags and date.

`edit` writes into them. Reading costs next to nothing for an article
without a `header` key: the parsers are imported by the first article that has one.
"""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from headergen.article import near_misses
from headergen.article.facts import Facts, read_facts, title_of_name
from headergen.article.frontmatter.block import MAX_BYTES, Block, find, value_at
from headergen.article.frontmatter.document import Document, lines_of, read_document
from headergen.article.heading import heading
from headergen.article.request import Request, asks_for_a_picture, read_header
from headergen.errors import ArticleError, HeadergenError, NearMissError, SkippedError
from headergen.fields import Location
from headergen.wording import shown

Placeable = TypeVar("Placeable", bound=HeadergenError)

# What a request for a header begins with, in a frontmatter that no parser can read.
_HEADER_KEY = re.compile(
    rb"^[ \t]*[\[{]?[\"']?header[\"']?[ \t]*(?:[]:=.]|\xef\xbc\x9a)", re.MULTILINE
)
_CLOSING = re.compile(rb"^(?:-{3,}|\+{3,}|\})[ \t\r]*$", re.MULTILINE)
_TEMPLATE = re.compile(rb"\{\{|\{%|<%")

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ONE_READ_BYTES = 64 * 1024  # beyond 128 KiB the allocator asks the kernel each time
# A pipe that nobody writes to would never open otherwise.
_READ_WITHOUT_WAITING = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
)


@dataclass(frozen=True)
class Article:
    """An article whose frontmatter has a `header` mapping, or that may get one by default.

    `request` is None where the frontmatter asks for nothing: a hand-made picture, an empty
    mapping, or none at all. `image` is None where its value is missing, null or empty. `line` is
    that of the `header` key, and `lines` has those of the keys below it (`header.sources`), of the
    items of their lists (`header.sources[0]`) and of `image_key`, which is dotted as well. Lines
    are 1-based and counted in the file. `facts` are what else the frontmatter tells, and `body` is
    where in `data` the text starts. With `has_own_image` the image key has no text but a list, a
    mapping or `false`, which headergen leaves alone. `values` is the whole frontmatter as it was
    loaded, None where it is no mapping of keys to values.
    """

    path: Path
    data: bytes
    image_key: str
    body: int = 0
    request: Request | None = None
    image: str | None = None
    digest: str | None = None
    alt: str | None = None
    line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    has_own_image: bool = False
    values: Mapping[Any, Any] | None = field(default=None, compare=False, repr=False)

    def line_of(self, key: str | None) -> int:
        """Return the line of a dotted key, that of `header` where it is not written."""
        return self.lines.get(key or "", self.line)

    @property
    def asks(self) -> bool:
        """Whether the author wrote anything below `header:`."""
        return self.request is not None or (self.values or {}).get("header") is not None

    @property
    def image_line(self) -> int:
        """The line of the image's key, else that of `header`."""
        return self.line_of(self.image_key)

    def placed(self, error: Placeable, key: str | None = None) -> Placeable:
        """Return an error with the place that its raiser could not know: the article, and `key`."""
        return error.at(path=str(self.path), line=self.line_of(key), key=key)

    def error(self, key: str | None, message: str, remedy: str | None = None) -> ArticleError:
        """Return an error that points at a dotted key, or at the article's header."""
        return self.placed(ArticleError(message, remedy=remedy), key)

    def unasked(self, error: HeadergenError, reason: str) -> HeadergenError:
        """Return the error, or why the article gets no header if it asks for nothing itself."""
        if self.asks:
            return error
        return SkippedError.of(error if error.line else self.placed(error), reason)

    def text_at(self, key: str) -> str | None:
        """Return the text under a dotted key such as `cover.alt`, None where there is none."""
        value = value_at(self.values, key.split("."))
        return value if isinstance(value, str) else None

    def value_at(self, key: str) -> object:
        """Return whatever stands under a dotted key, or in its way; None where nothing does."""
        value: object = self.values
        for name in key.split("."):
            if not isinstance(value, dict):
                return value
            value = value.get(name)
        return value

    @property
    def title(self) -> str | None:
        """The author's title, else what the file's name tells; None: that tells nothing."""
        return self.own_title or title_of_name(self.path.stem)

    @cached_property
    def own_title(self) -> str | None:
        """The frontmatter's title, else the text of the first heading; None: there is neither."""
        return self.facts.title or heading(self.data[self.body :])


def read(name: str, image_key: str = "header.image", *, every: bool = False) -> Article | None:
    """Read the article in the file `name`, None where `parse` returns it.

    Most files have no header, so this makes no `Path` and no file object for them.

    Raises:
        OSError: the file cannot be read.
        ArticleError: as `parse`.
    """
    data = bytes_of(name)
    wanted = every or _may_have_header(data)
    return parse(Path(name), data, image_key, every=every) if wanted else None


def bytes_of(name: str) -> bytes:
    """Read an article's file; most fit in one call, and `open` makes six.

    Raises:
        OSError: it cannot be read.
        ArticleError: it is no regular file, and may have no end.
    """
    handle = os.open(name, _READ_WITHOUT_WAITING)
    try:
        data = os.read(handle, _ONE_READ_BYTES)
        if len(data) == _ONE_READ_BYTES:
            _require_regular(handle, name)
            with open(handle, "rb", closefd=False) as rest:
                data += rest.read()
        return data
    finally:
        os.close(handle)


def _require_regular(handle: int, name: str) -> None:
    """Refuse a link to a device such as /dev/zero, which never ends."""
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise ArticleError("is no regular file", path=name, line=1, remedy="remove it")


def _may_have_header(data: bytes) -> bool:
    """Tell at a glance whether a parser is needed; a text may speak of headers as it likes."""
    fence = data.find(b"\n---\n") if data.startswith(b"---") else -1
    end = fence if fence >= 0 else len(data)
    names = (b"header", b"Header", b"HEADER")
    return any(data.find(name, 0, end) >= 0 for name in names) or data.startswith(_UTF16_MARKS)


def parse(
    path: Path, data: bytes, image_key: str = "header.image", *, every: bool = False
) -> Article | None:
    """Read an article, None where it has no frontmatter or no `header` key (or a null one).

    Args:
        path: Named in errors; it is not opened.
        data: The file's bytes.
        image_key: Dotted path of the key under which the site looks for the picture.
        every: Return one without a `header` key as well; None is then left for an article that
            says `header: false`.

    Raises:
        ArticleError: The frontmatter cannot be read, or what it says under `header` or
            `image_key` is not admissible; the error names path, line and key.
        SkippedError: It cannot be read, and asks for nothing.
    """
    if not every and not _may_have_header(data):
        return None
    try:
        return _parsed(path, data, image_key, every)
    except (SkippedError, NearMissError):
        raise
    except ArticleError as error:
        head = _first_block(data)
        if not every or _HEADER_KEY.search(head):
            raise
        raise SkippedError.of(error, _reason(head)) from error


def _first_block(data: bytes) -> bytes:
    """Return an article's first bytes, as far as a line that may close the frontmatter."""
    closing = _CLOSING.search(data, 3, MAX_BYTES)
    return data[: closing.start() if closing else MAX_BYTES]


def _reason(head: bytes) -> str:
    """Return why the frontmatter of articles that begin with `head` is not read."""
    if _TEMPLATE.search(head):
        return "their frontmatter is a template"
    return "their frontmatter is JSON" if head.lstrip()[:1] == b"{" else SkippedError.reason


def _parsed(path: Path, data: bytes, image_key: str, every: bool) -> Article | None:
    _refuse_utf16(path, data)
    block = find(path, data, every=every)
    if block is None:
        if every:
            return Article(path, data, image_key)
        _refuse_near_miss(path, data)
        return None
    document = _document(block)
    article = Article(path, data, image_key, body=_body(block))
    if document is None:
        return article if every else None
    if document.values.get("header") is False:
        return None
    near_misses.refuse_in_values(document)
    header = _header_of(document, every)
    if "header" not in document.values:
        _refuse_slipped_below(document)
    if header is None and not every:
        return None
    return _told_by(document, article, header)


def _document(block: Block) -> Document | None:
    """Read a block; what is almost a request is refused as such where no parser reads it.

    Raises:
        ArticleError: It cannot be read.
    """
    try:
        document = read_document(block)
    except ArticleError:
        near_misses.refuse_in_text(block)
        raise
    if document is None:
        near_misses.refuse_in_text(block)
    return document


def _refuse_near_miss(path: Path, data: bytes) -> None:
    """Refuse what is almost a request, in an article that has no `header`."""
    if not near_misses.MAY_BE.search(_first_block(data)):
        return
    try:
        block = find(path, data, every=True)
        document = None if block is None else _document(block)
    except NearMissError:
        raise
    except ArticleError:
        return
    if document is not None:
        near_misses.refuse_in_values(document)


def _told_by(document: Document, article: Article, header: Mapping[Any, object] | None) -> Article:
    """Return the article with what its frontmatter, and the `header` mapping in it, say."""
    keys = tuple(article.image_key.split("."))
    article = replace(article, facts=read_facts(document), values=document.values)
    if header is not None:
        article = _with_header(article, document, header, keys)
    article = replace(article, lines={**article.lines, **_line_of_image(document, keys)})
    if header is None and not _is_path(document, keys):
        return replace(article, has_own_image=True)
    return replace(article, image=_image(document, keys))


def _is_path(document: Document, keys: tuple[str, ...]) -> bool:
    """Check whether there is a text under the image key, or nothing."""
    value: object = document.values
    for key in keys:
        if value is None:
            return True
        if not isinstance(value, dict):
            return False
        value = value.get(key)
    return value is None or (isinstance(value, str) and "\0" not in value)


def frontmatter(article: Article) -> bytes | None:
    """Return the article's first bytes, which hold its frontmatter whatever comes after them.

    All of its bytes where the header depends on a title in the text. None where the line that
    closes the frontmatter is the last one and has no end: more text could undo it.
    """
    depends = article.request is None or article.request.article_title is not None
    if depends and article.facts.title is None:
        return article.data
    block = find(article.path, article.data, every=True)
    closing = len(article.data) - len(block.tail) if block else 0
    end = article.data.find(b"\n", closing) + 1
    return article.data[:end] or None


def _refuse_utf16(path: Path, data: bytes) -> None:
    if data.startswith(_UTF16_MARKS):
        raise ArticleError("is UTF-16", path=str(path), line=1, remedy="save it as UTF-8")


def _with_header(
    article: Article, document: Document, values: Mapping[Any, object], keys: tuple[str, ...]
) -> Article:
    lines = dict(lines_of(document, ("header",), values))
    where = Location(str(article.path), lines, ArticleError, "header")
    image_name = keys[1] if keys[0] == "header" else None
    header = read_header(values, where, image_name, article.title)
    return replace(
        article,
        request=header.request,
        digest=header.digest,
        alt=header.alt,
        line=lines["header"],
        lines=lines,
    )


def _body(block: Block) -> int:
    """Return where the text after the closing fence starts."""
    return len(block.data) - len(block.tail.partition(b"\n")[2])


def _header_of(document: Document, every: bool) -> Mapping[Any, object] | None:
    """Return the `header` mapping, None where it is null or, unless `every`, the theme's.

    Raises:
        ArticleError: It is no mapping.
        SkippedError: It is empty, unless `every`; or the theme's, with `every`.
    """
    block = document.block
    index = document.index_of(("header",))
    values = document.values.get("header")
    if values is None:
        _refuse_misindented(document)
        if not every:
            near_misses.skip_empty(document)
        return None
    if index is None:
        raise block.error("`header` comes through a merge (<<)", 0, "header", "write it out")
    if not isinstance(values, dict):
        message = f"expected a mapping with prompt, sources or card, not {shown(values)}"
        raise block.error(message, index, "header", _mend(values))
    if not near_misses.is_of_theme(values):
        return values
    if every:
        error = block.error("is the theme's", index, "header", "write `header: false`")
        raise SkippedError.of(error, "their `header:` is the theme's")
    return None


def _mend(value: object) -> str:
    """Return what to write in place of a `header` that is no mapping."""
    if value is True or value == "card":
        return "write `header: {card: true}` for a title card"
    if str(value).lower() in ("none", "nil", "nothing", "off"):
        return "write `header: false` for no header at all"
    if isinstance(value, list):
        return "write `header: {sources: […]}` to compose pictures"
    return "write `header: {prompt: …}` for a picture that is painted"


def _refuse_misindented(document: Document) -> None:
    """Tell an empty `header:` from one whose keys stand beside it instead of below it."""
    for key in ("prompt", "sources", "card"):
        if key in document.values:
            index = document.index_of((key,)) or 0
            remedy = "indent it, so that it is part of `header:`"
            raise document.block.error("is beside `header:`, not below it", index, key, remedy)


def _refuse_slipped_below(document: Document) -> None:
    """Tell a `header:` that one blank too many put below an empty key from another tool's."""
    for key, value in document.values.items():
        header = value.get("header") if isinstance(value, dict) and len(value) == 1 else None
        if isinstance(key, str) and isinstance(header, dict) and asks_for_a_picture(header):
            message = f"`header:` stands below {shown(key)}"
            index = document.index_of((key, "header")) or 0
            remedy = "start it at the beginning of its line"
            raise document.block.error(message, index, "header", remedy)


def _line_of_image(document: Document, keys: tuple[str, ...]) -> dict[str, int]:
    index = document.index_of(keys)
    return {} if index is None else {".".join(keys): document.block.line(index)}


def _image(document: Document, keys: tuple[str, ...]) -> str | None:
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


def _image_error(document: Document, keys: tuple[str, ...], message: str) -> HeadergenError:
    index = document.index_of(keys)
    return document.block.error(message, index or 0, ".".join(keys))
