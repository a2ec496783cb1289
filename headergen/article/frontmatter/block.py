"""A frontmatter block: where it stands in an article's bytes, and how an error points into it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from headergen.article.frontmatter.forms import requests_header, unknown_form
from headergen.article.keys import REQUEST
from headergen.article.keys import Path as KeyPath
from headergen.errors import ArticleError, HeadergenError, SkippedError
from headergen.wording import brief

# A site's frontmatter is a few hundred bytes; 64 KiB bounds what any parser is given.
MAX_BYTES = 64 * 1024

_PLAINLY = (
    "write the keys plainly: one key a line (ended by LF or CRLF), each value on one line, "
    "no anchors, aliases or tags"
)

# What to do about text that is not YAML or TOML.
MEND = "correct the line, or put the value in quotes"

# Deeper than any site's frontmatter, shallower than what a parser in C can crash on.
MAX_DEPTH = 50


# Characters of a text, from the first number to the second, and what replaces them.
Splice = tuple[int, int, str]

# Values for keys, each given by its path from the root; a list is one with a single item.
NewValues = Mapping[KeyPath, str | int | list[str]]


@dataclass(frozen=True)
class Block:
    """The text between an article's fences, and the bytes around it.

    `text` is what a parser reads; `head` ends with the opening fence's line, `tail` starts with
    the closing fence; `first_line` is the 1-based line of the file on which `text` starts. Errors
    are of the class `fault` and call the text `name`: a config is read as a block as well. A header
    is asked for under the key `request`.
    """

    path: Path
    language: str
    head: bytes
    text: str
    tail: bytes
    first_line: int
    fault: type[HeadergenError] = ArticleError
    name: str = "the frontmatter"
    request: str = REQUEST

    @property
    def data(self) -> bytes:
        """Return the whole article."""
        return self.head + self.text.encode() + self.tail

    def line(self, index: int) -> int:
        """Return the file's 1-based line that holds character `index` of `text`."""
        return self.first_line + self.text.count("\n", 0, index)

    def error(
        self, message: str, index: int, key: str | None = None, remedy: str | None = None
    ) -> HeadergenError:
        """Return an error that points at character `index` of `text`."""
        line = self.line(index)
        return self.fault(brief(message), path=str(self.path), line=line, key=key, remedy=remedy)

    def too_deep(self, index: int, what: str | None = None) -> HeadergenError:
        """Return the error for `what`, or the text, that nests deeper than `MAX_DEPTH`."""
        message = f"{what or self.name} nests deeper than {MAX_DEPTH} levels"
        return self.error(message, index, remedy="no site needs such depth: flatten it")

    def left_alone(self, reason: str, index: int, key: str) -> HeadergenError:
        """Return the error for a change that cannot be made without risk."""
        return self.error(f"{reason}; the article was left alone", index, key, _PLAINLY)

    def splice(self, start: int, end: int, text: str) -> Block:
        """Return the block with the characters from `start` to `end` replaced by `text`."""
        return replace(self, text=self.text[:start] + text + self.text[end:])

    def spliced(self, splices: Iterable[Splice]) -> Block:
        """Return the block with all `splices`; what several insert at one place keeps its order."""
        text, end = "", 0
        for splice in sorted(splices, key=lambda splice: splice[0]):
            text += self.text[end : splice[0]] + splice[2]
            end = splice[1]
        return replace(self, text=text + self.text[end:])

    def next_line(self, index: int) -> int:
        """Return where the line after the one that holds character `index` starts."""
        return self.text.find("\n", index) + 1 or len(self.text)

    def line_start(self, index: int) -> int:
        """Return where the line that holds character `index` starts."""
        return self.text.rfind("\n", 0, index) + 1

    def indent(self, index: int) -> str:
        """Return the blanks that start the line that holds character `index`."""
        line = self.text[self.line_start(index) : self.next_line(index)]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def newline(self, index: int) -> str:
        """Return the line ending in use just before character `index`, else just after it."""
        end = self.text.rfind("\n", 0, index)
        end = self.text.find("\n", index) if end < 0 else end
        return "\r\n" if self.text[max(end - 1, 0) : end] == "\r" else "\n"


@dataclass(frozen=True)
class _Fence:
    """How one language's block ends, and what may stand before and after a key in it."""

    language: str
    closing: re.Pattern[bytes]
    around_key: tuple[bytes, bytes]

    def request(self, key: str) -> re.Pattern[bytes]:
        """Return what a request looks like under `key`."""
        return _compiled(re.escape(key.encode()).join(self.around_key))


@lru_cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern)


# The boundaries are FM_BOUNDARY of python-frontmatter's handlers (frontmatter/default_handlers.py).
# The patterns of the key need not be exact: they only keep a parser from articles without one.
_FENCES = {
    b"-": _Fence(
        "yaml",
        re.compile(rb"^-{3,}[ \t\r\f\v]*$", re.MULTILINE),
        (rb"(?<![\w-])", rb"[\"']?\s*:"),
    ),
    b"+": _Fence(
        "toml",
        re.compile(rb"^\+{3,}[ \t\r\f\v]*$", re.MULTILINE),
        (rb"(?<![\w-])", rb"[\"']?\s*[].=]"),
    ),
    b"{": _Fence(
        "json",
        re.compile(rb"^\}[ \t\r\f\v]*$", re.MULTILINE),
        (rb"\"", rb"\"\s*:"),
    ),
}
_OPENING = re.compile(
    # Possessive, or ten million blank lines take a gigabyte to go back through.
    rb"(?:\xef\xbb\xbf)?(?:[ \t\r\f\v]*+\n)*+(-{3,}|\+{3,}|\{)[ \t\r\f\v]*\n",
)
_LONE_RETURN = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r]*(-{3,}|\+{3,})[ \t]*\r(?!\n)")
_ANY_KEY = re.compile(rb"(?<![\w.-])[\w.-]++[\"']?\s*[:=]")
_LOOKS_LIKE_FRONTMATTER = re.compile(rb"[ \t\r]*$|[ \t]|[#\[\]{}-]|[^:=]*[:=]")


def find(path: Path, data: bytes, request: str = REQUEST, *, every: bool = False) -> Block | None:
    """Return the frontmatter block of an article, if it seems to have the key `request`.

    With `every` it is returned whether it holds one or not. A fence is three or more `-` (YAML)
    or `+` (TOML) on a line of their own; a UTF-8 byte order mark and blank lines may come first.

    Raises:
        ArticleError: The block is JSON, is larger than `MAX_BYTES`, or is not UTF-8; or it has a
            request and is never closed, or has a form of `forms`.
        SkippedError: It has such a form, and no request.
    """
    opening = _OPENING.match(data)
    if opening is None:
        _refuse_lone_returns(path, data, request, every)
        _refuse_unknown_form(path, data, request, every)
        return None
    fence = _FENCES[opening[1][:1]]
    start = opening.end()
    first_line = data.count(b"\n", 0, start) + 1
    closing = fence.closing.search(data, start)
    if closing is None:
        key = _ANY_KEY if every else fence.request(request)
        rest = data[start : start + MAX_BYTES]
        _refuse_unclosed(path, fence, key, rest, opening[1], first_line - 1)
        return None
    header = fence.request(request).search(data, start, closing.start())
    if header is None and not every:
        return None
    place = header.start() if header else start
    _refuse_unreadable(path, fence, request, closing.start() - start, data.count(b"\n", 0, place))
    text = _decoded(path, data[start : closing.start()], first_line)
    head, tail = data[:start], data[closing.start() :]
    return Block(path, fence.language, head, text, tail, first_line, request=request)


def _refuse_lone_returns(path: Path, data: bytes, request: str, every: bool) -> None:
    """Refuse lines that end as on classic Mac OS: to the patterns above they are all one line."""
    opening = _LONE_RETURN.match(data)
    if opening is None:
        return
    closing = data.find(b"\r" + opening[1], opening.end())
    end = closing if closing >= 0 else len(data)
    key = _ANY_KEY if every else _FENCES[opening[1][:1]].request(request)
    if key.search(data, opening.end(), end):
        remedy = "save the article with LF or CRLF line ends"
        raise _error(path, 1, "its lines end in a carriage return (CR) alone", remedy)


def _refuse_unknown_form(path: Path, data: bytes, request: str, every: bool) -> None:
    """Refuse front matter that headergen cannot edit, if it requests a header or `every` is set."""
    is_request = requests_header(data, request)
    form = unknown_form(data) if every or is_request else None
    if form is None:
        return
    if form == "conflict markers":
        error = _error(path, 1, "begins with a conflict marker", "resolve the conflict")
        reason = "they have conflict markers"
    else:
        message = f"the front matter has a form that headergen does not edit: {form}"
        error = _error(path, 1, message, "write it between lines of --- (YAML) or +++ (TOML)")
        reason = "their front matter has a form that headergen does not edit"
    raise error if is_request else SkippedError.of(error, reason)


def _refuse_unclosed(
    path: Path, fence: _Fence, key: re.Pattern[bytes], text: bytes, mark: bytes, line: int
) -> None:
    """Tell an author who forgot the closing fence from one whose text starts with a rule."""
    if fence.language == "json":
        return
    for text_line in text.split(b"\n"):
        if key.match(text_line.lstrip(b"[\"'")):
            remedy = f"put {mark.decode()} on a line of its own after it"
            raise _error(path, line, "the frontmatter that starts here is never closed", remedy)
        if not _LOOKS_LIKE_FRONTMATTER.match(text_line):
            return


def _refuse_unreadable(
    path: Path, fence: _Fence, request: str, size: int, lines_before: int
) -> None:
    if fence.language == "json":
        problem = "JSON frontmatter cannot be edited"
        remedy = "write it as YAML (---) or TOML (+++)"
    elif size > MAX_BYTES:
        problem = f"the frontmatter has {size} bytes; at most {MAX_BYTES} are read"
        remedy = "move long texts below it"
    else:
        return
    raise _error(path, lines_before + 1, problem, remedy, request)


def _decoded(path: Path, text: bytes, first_line: int) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        line = first_line + text.count(b"\n", 0, error.start)
        message = f"the frontmatter is not UTF-8: byte 0x{text[error.start]:02x}"
        raise _error(path, line, message, "save the article as UTF-8") from error


def _error(
    path: Path, line: int, message: str, remedy: str, key: str | None = None
) -> ArticleError:
    return ArticleError(message, path=str(path), line=line, key=key, remedy=remedy)
