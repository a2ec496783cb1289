"""TOML text as values, and where its tables, keys and values stand.

tomllib tells nothing about places. The scanner finds them in a text that tomllib has accepted, so
it knows no error: strings, brackets and comments are all that it tells apart.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headergen.article.frontmatter.block import MAX_DEPTH, MEND, Block
from headergen.errors import HeadergenError

# tomllib takes time in the square of a dotted key's length: 64 KiB of `a.a.a` are a minute.
_DEEP_KEY = re.compile(
    rf"""(?:\.[ \t]*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*){{{MAX_DEPTH}}}"""
)
_ERROR_LINE = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")

# What Python refuses to convert (sys.int_info.default_max_str_digits).
_MANY_DIGITS = re.compile(r"(?<![0-9_])[0-9_]{4300}")


def values_of(block: Block, load: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return the values of a TOML block; `load` is tomllib's `loads`, or calls it.

    Raises:
        HeadergenError: The text is not TOML, or exceeds a bound; made by `block`.
    """
    deep = _DEEP_KEY.search(block.text)
    if deep is not None:
        raise block.too_deep(deep.start(), "a key")
    try:
        return load(block.text)
    except RecursionError as error:
        raise block.too_deep(0) from error
    except ValueError as error:
        raise _error(block, str(error)) from error


def _error(block: Block, problem: str) -> HeadergenError:
    """Return tomllib's complaint with the line of the file that it is about."""
    message = f"{block.name} is not valid TOML: {_ERROR_LINE.sub('', problem)}"
    place = _ERROR_LINE.search(problem)
    if place is None:  # Python's own complaint about a number of too many digits
        digits = _MANY_DIGITS.search(block.text)
        return block.error(message, digits.start() if digits else 0, remedy=MEND)
    if place[1] is None:
        return block.error(message, len(block.text) - 1, remedy=MEND)
    lines_before = block.text.split("\n")[: int(place[1]) - 1]
    return block.error(message, sum(len(line) + 1 for line in lines_before), remedy=MEND)


Path = tuple[str | int, ...]

_STRING = (
    r'"""(?:\\[\s\S]|[^\\])*?"""(?:"{0,2})'
    r"|'''[\s\S]*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY_PART = re.compile(rf"[ \t]*({_STRING}|[A-Za-z0-9_-]+)[ \t]*")
_SCALAR = re.compile(rf"{_STRING}|[^\s,\]}}#](?:[^\n,\]}}#]*[^\s,\]}}#])?")


@dataclass(frozen=True)
class Entry:
    """A table's header, a key with its value, or an item of a list.

    `path` is the whole path from the root, `table` the part of it that the text above (or the
    braces around) has already said. `start` is where the key starts, or the header's bracket;
    a table's `value_start` and `value_end` are both the end of its header.
    """

    path: Path
    table: Path
    start: int
    value_start: int
    value_end: int
    is_table: bool = False
    in_braces: bool = False
    in_list: bool = False

    @property
    def is_line(self) -> bool:
        """Tell whether this is a key on a line of its own."""
        return not (self.is_table or self.in_braces or self.in_list)


def scan(block: Block) -> list[Entry]:
    """Return the entries of a block that tomllib has accepted, in the order of its text.

    An item of a list has its number as the last part of its path. Tables below a list of tables
    (`[[a]]`, then `[a.b]`) are given without that number.

    Raises:
        ArticleError: A value nests deeper than `MAX_DEPTH`.
    """
    scanner = _Scanner(block)
    scanner.scan()
    return sorted(scanner.entries, key=lambda entry: entry.start)


class _Scanner:
    """Walks over the text once; its state is the entries found so far."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._text = block.text
        self._tables: Counter[Path] = Counter()
        self.entries: list[Entry] = []

    def scan(self) -> None:
        table: Path = ()
        index = self._blank(0)
        while index < len(self._text):
            if self._text[index] == "[":
                table, index = self._header(index)
            else:
                index = self._pair(index, table)
            index = self._blank(index)

    def _blank(self, index: int) -> int:
        match = _BLANK.match(self._text, index)
        return match.end() if match else index

    def _header(self, start: int) -> tuple[Path, int]:
        is_list = self._text.startswith("[[", start)
        path, end = self._key(start + 1 + is_list)
        end += 1 + is_list
        if is_list:
            self._tables[path] += 1
            path = (*path, self._tables[path] - 1)
        self.entries.append(Entry(path, path, start, end, end, is_table=True))
        return path, end

    def _key(self, index: int) -> tuple[Path, int]:
        parts: list[str] = []
        while match := _KEY_PART.match(self._text, index):
            parts.append(_decoded(match[1]))
            index = match.end()
            if self._text[index] != ".":
                break
            index += 1
        return tuple(parts), index

    def _pair(self, start: int, table: Path, in_braces: bool = False) -> int:
        key, equals = self._key(start)
        path = (*table, *key)
        value_start = self._blank(equals + 1)
        value_end = self._value(value_start, path)
        self.entries.append(Entry(path, table, start, value_start, value_end, in_braces=in_braces))
        return value_end

    def _value(self, start: int, path: Path) -> int:
        """Return where the value at `start` ends; record what is inside of it."""
        if len(path) > MAX_DEPTH:
            raise self._block.too_deep(start)
        if self._text[start] == "[":
            return self._items(start, path)
        if self._text[start] == "{":
            return self._braces(start, path)
        match = _SCALAR.match(self._text, start)
        return match.end() if match else start

    def _items(self, start: int, path: Path) -> int:
        def item(number: int, index: int) -> int:
            end = self._value(index, (*path, number))
            self.entries.append(Entry((*path, number), path, index, index, end, in_list=True))
            return end

        return self._members(start, "]", item)

    def _braces(self, start: int, path: Path) -> int:
        return self._members(start, "}", lambda _, index: self._pair(index, path, in_braces=True))

    def _members(self, start: int, closing: str, member: Callable[[int, int], int]) -> int:
        """Call `member` with number and start of each member; return where the brackets end."""
        number = 0
        index = self._blank(start + 1)
        while self._text[index] != closing:
            index = self._blank(member(number, index))
            if self._text[index] == ",":
                index = self._blank(index + 1)
            number += 1
        return index + 1


def _decoded(part: str) -> str:
    if part[0] not in "\"'":
        return part
    return str(tomllib.loads(f"key = {part}")["key"])
