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
from headergen.article.frontmatter.block import MAX_BYTES, Block, find
from headergen.article.frontmatter.document import Document, dotted, lines_of, read_document
from headergen.article.heading import heading
from headergen.article.keys import REQUEST, Keys, parts_of, path_of, value_at
from headergen.article.keys import Path as KeyPath
from headergen.article.request import Request, asks_for_a_picture, read_header
from headergen.errors import ArticleError, HeadergenError, NearMissError, SkippedError
from headergen.fields import Location
from headergen.wording import shown

_DEFAULT = Keys()

Placeable = TypeVar("Placeable", bound=HeadergenError)

# What a request for a header begins with, in a frontmatter that no parser can read.
_REQUEST_KEY = rb"^[ \t]*[\[{]?[\"']?%s[\"']?[ \t]*(?:[]:=.]|\xef\xbc\x9a)"
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
    where in `data` the text starts. With `has_own_image` the image key has something that is no
    picture's path, such as `false`, which headergen leaves alone. `values` is the whole frontmatter
    as it was loaded, None where it is no mapping of keys to values.
    """

    path: Path
    data: bytes
    keys: Keys = _DEFAULT
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

    @property
    def image_key(self) -> str:
        """The dotted key that names the picture."""
        return self.keys.image

    def line_of(self, key: str | None) -> int:
        """Return the line of a dotted key, that of `header` where it is not written."""
        return self.lines.get(key or "", self.line)

    @property
    def moved_key(self) -> str | None:
        """The key in the request where headergen named the picture before the config said another.

        None where it is not written, or has no digest beside it.
        """
        key = self.keys.of_request("image")
        is_moved = self.digest is not None and key != self.keys.image
        return key if is_moved and self.text_at(key) is not None else None

    @property
    def asks(self) -> bool:
        """Whether the author wrote anything below `header:`, or the config's key in its place."""
        return self.request is not None or (self.values or {}).get(self.keys.request) is not None

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
        """Return the text under a dotted key such as `cover.alt`, None where there is none.

        Of a list it is the first item, and of a mapping what is called `src` or `url`.
        """
        value = value_at(self.values, path_of(key, self.values))
        return value if isinstance(value, str) else None

    def value_at(self, key: str) -> object:
        """Return the value at a dotted key, or in its way; None where there is nothing."""
        value: Any = self.values
        for name in path_of(key, self.values):
            if not isinstance(value, list if isinstance(name, int) else dict):
                return value
            value = value_at(value, (name,))
        return None if value == [] else value

    @property
    def title(self) -> str | None:
        """The author's title, else what the file's name tells; None: that tells nothing."""
        return self.own_title or title_of_name(self.path.stem)

    @cached_property
    def own_title(self) -> str | None:
        """The frontmatter's title, else the text of the first heading; None: there is neither."""
        return self.facts.title or heading(self.data[self.body :])


def read(name: str, keys: Keys = _DEFAULT, *, every: bool = False) -> Article | None:
    """Read the article in the file `name`, None where `parse` returns it.

    Most files have no header, so this makes no `Path` and no file object for them.

    Raises:
        OSError: the file cannot be read.
        ArticleError: as `parse`.
    """
    data = bytes_of(name)
    wanted = every or _may_have_header(data, keys)
    return parse(Path(name), data, keys, every=every) if wanted else None


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


def _may_have_header(data: bytes, keys: Keys) -> bool:
    """Tell at a glance whether a parser is needed; a text may speak of headers as it likes."""
    fence = data.find(b"\n---\n") if data.startswith(b"---") else -1
    end = fence if fence >= 0 else len(data)
    names = (b"header", b"Header", b"HEADER", *near_misses.spellings(keys.request))
    return any(data.find(name, 0, end) >= 0 for name in names) or data.startswith(_UTF16_MARKS)


def parse(path: Path, data: bytes, keys: Keys = _DEFAULT, *, every: bool = False) -> Article | None:
    """Read an article, None where it has no frontmatter or no `header` key (or a null one).

    Args:
        path: Named in errors; it is not opened.
        data: The file's bytes.
        keys: The key of the request, and the one under which the site looks for the picture.
        every: Return one without a request as well; None is then left for an article that says
            `header: false`.

    Raises:
        ArticleError: The frontmatter cannot be read, or what it says under `header` or
            the picture's key is not admissible; the error names path, line and key.
        SkippedError: It cannot be read, and asks for nothing.
    """
    if not every and not _may_have_header(data, keys):
        return None
    try:
        return _parsed(path, data, keys, every)
    except (SkippedError, NearMissError):
        raise
    except ArticleError as error:
        head = _first_block(data)
        request = _REQUEST_KEY % re.escape(keys.request.encode())
        if not every or re.search(request, head, re.MULTILINE):
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


def _parsed(path: Path, data: bytes, keys: Keys, every: bool) -> Article | None:
    _refuse_utf16(path, data)
    block = find(path, data, keys.request, every=every)
    if block is None:
        if every:
            return Article(path, data, keys)
        _refuse_near_miss(path, data, keys)
        return None
    document = _document(block)
    article = Article(path, data, keys, body=_body(block))
    if document is None:
        return article if every else None
    if document.values.get(keys.request) is False:
        return None
    near_misses.refuse_in_values(document)
    header = _header_of(document, every)
    if keys.request not in document.values:
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


def _refuse_near_miss(path: Path, data: bytes, keys: Keys) -> None:
    """Refuse what is almost a request, in an article that has none."""
    if not near_misses.may_be(_first_block(data), keys.request):
        return
    try:
        block = find(path, data, keys.request, every=True)
        document = None if block is None else _document(block)
    except NearMissError:
        raise
    except ArticleError:
        return
    if document is not None:
        near_misses.refuse_in_values(document)


def _told_by(document: Document, article: Article, header: Mapping[Any, object] | None) -> Article:
    """Return the article with what its frontmatter, and the `header` mapping in it, say."""
    keys = path_of(article.image_key, document.values)
    article = replace(article, facts=read_facts(document), values=document.values)
    if header is not None:
        article = _with_header(article, document, header)
    article = replace(
        article, lines={**article.lines, **_line_of_image(document, article.image_key)}
    )
    try:
        return replace(article, image=_image(document, keys))
    except HeadergenError:
        if header is None:
            return replace(article, has_own_image=True)
        raise


def frontmatter(article: Article) -> bytes | None:
    """Return the article's first bytes, which hold its frontmatter whatever comes after them.

    All of its bytes where the header depends on a title in the text. None where the line that
    closes the frontmatter is the last one and has no end: more text could undo it.
    """
    depends = article.request is None or article.request.article_title is not None
    if depends and article.facts.title is None:
        return article.data
    block = find(article.path, article.data, article.keys.request, every=True)
    closing = len(article.data) - len(block.tail) if block else 0
    end = article.data.find(b"\n", closing) + 1
    return article.data[:end] or None


def _refuse_utf16(path: Path, data: bytes) -> None:
    if data.startswith(_UTF16_MARKS):
        raise ArticleError("is UTF-16", path=str(path), line=1, remedy="save it as UTF-8")


def _with_header(article: Article, document: Document, values: Mapping[Any, object]) -> Article:
    key = article.keys.request
    lines = dict(lines_of(document, (key,), values))
    where = Location(str(article.path), lines, ArticleError, key)
    header = read_header(values, where, article.keys.in_request, article.title)
    return replace(
        article,
        request=header.request,
        digest=header.digest,
        alt=header.alt,
        line=lines[key],
        lines=lines,
    )


def _body(block: Block) -> int:
    """Return where the text after the closing fence starts."""
    return len(block.data) - len(block.tail.partition(b"\n")[2])


def _header_of(document: Document, every: bool) -> Mapping[Any, object] | None:
    """Return the `header` mapping, None where it is null.

    Raises:
        ArticleError: It is no mapping.
        SkippedError: It is empty, unless `every`; or the theme's.
    """
    block, key = document.block, document.block.request
    index = document.index_of((key,))
    values = document.values.get(key)
    if values is None:
        _refuse_misindented(document)
        if not every:
            near_misses.skip_empty(document)
        return None
    if index is None:
        raise block.error(f"`{key}` comes through a merge (<<)", 0, key, "write it out")
    near_misses.skip_theirs(block, values, index)
    if not isinstance(values, dict):
        message = f"expected a mapping with prompt, sources or card, not {shown(values)}"
        raise block.error(message, index, key, _mend(values, key))
    return values


def _mend(value: object, key: str) -> str:
    """Return what to write in place of a request that is no mapping."""
    if value is True:
        remedy = f"write `{key}: {{card: true}}` for a title card"
    elif isinstance(value, list):
        remedy = f"write `{key}: {{sources: […]}}` to compose pictures"
    else:
        remedy = f"write `{key}: {{prompt: …}}` for a picture that is painted"
    return remedy if key != REQUEST else f"{remedy}; {near_misses.IF_THEIRS}"


def _refuse_misindented(document: Document) -> None:
    """Tell an empty `header:` from one whose keys stand beside it instead of below it."""
    for key in ("prompt", "sources", "card"):
        if key in document.values:
            index = document.index_of((key,)) or 0
            request = f"`{document.block.request}:`"
            remedy = f"indent it, so that it is part of {request}"
            raise document.block.error(f"is beside {request}, not below it", index, key, remedy)


def _refuse_slipped_below(document: Document) -> None:
    """Tell a `header:` that one blank too many put below an empty key from another tool's."""
    request = document.block.request
    for key, value in document.values.items():
        header = value.get(request) if isinstance(value, dict) and len(value) == 1 else None
        if isinstance(key, str) and isinstance(header, dict) and asks_for_a_picture(header):
            message = f"`{request}:` stands below {shown(key)}"
            index = document.index_of((key, request)) or 0
            remedy = "start it at the beginning of its line"
            raise document.block.error(message, index, request, remedy)


def _line_of_image(document: Document, key: str) -> dict[str, int]:
    index = document.index_of(parts_of(key))
    return {} if index is None else {key: document.block.line(index)}


def _image(document: Document, keys: KeyPath) -> str | None:
    """Return the text at the image's place, None where it is missing, null or empty."""
    value: object = document.values
    for depth, key in enumerate(keys):
        if value is None:
            return None
        if not isinstance(value, list if isinstance(key, int) else dict):
            raise _image_error(document, keys[:depth], f"expected a mapping, not {shown(value)}")
        value = value_at(value, (key,))
    if value in (None, []):
        return None
    if not isinstance(value, str) or "\0" in value:
        raise _image_error(document, keys, f"expected a path as text, not {shown(value)}")
    return value or None


def _image_error(document: Document, keys: KeyPath, message: str) -> HeadergenError:
    index = document.index_of(keys)
    return document.block.error(message, index or 0, dotted(keys))
