"""TOML frontmatter: read through a handler for python-frontmatter, changed by splicing lines."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from frontmatter.default_handlers import BaseHandler

from headergen.article.frontmatter import toml_read
from headergen.article.frontmatter.block import Block, NewValues
from headergen.article.frontmatter.document import dotted
from headergen.article.frontmatter.toml_read import Entry, Path, scan
from headergen.article.keys import value_at
from headergen.errors import HeadergenError


class TomlHandler(BaseHandler):
    """Reads TOML with the standard library.

    python-frontmatter's own TOMLHandler needs the `toml` package, which is abandoned.
    """

    FM_BOUNDARY = re.compile(r"^\+{3,}\s*$", re.MULTILINE)
    START_DELIMITER = END_DELIMITER = "+++"

    def load(self, fm: str, **kwargs: object) -> dict[str, Any]:
        """Parse TOML text and return a dict."""
        return tomllib.loads(fm)


@dataclass(frozen=True)
class TomlDocument:
    """A block with its values as loaded, and the places of its tables, keys and list items."""

    block: Block
    values: dict[Any, Any]
    entries: tuple[Entry, ...]

    def index_of(self, path: tuple[str | int, ...]) -> int | None:
        """Return where the key, table or list item at `path` starts, None where it is not."""
        starts = (entry.start for entry in self.entries if entry.path[: len(path)] == path)
        return next(starts, None)

    def written(self, path: tuple[str | int, ...]) -> str | None:
        """Return the scalar at `path` as the author wrote it, None where it is not written."""
        found = next((entry for entry in self.entries if entry.path == path), None)
        return self.block.text[found.value_start : found.value_end] if found else None

    def with_value(
        self,
        path: Path,
        value: str | int | list[str],
        followers: Iterable[str | int],
        expected: Mapping[str, Any],
    ) -> Block:
        """Return the block with `value` at `path`, which then means what is `expected`.

        Raises:
            ArticleError: The change cannot be made safely; the message says why.
        """
        literal = _literal(value)
        for changed in self._changes(path, literal, followers):
            if _means(changed, expected):
                return changed
        index = self.index_of(path) or self.index_of(path[:1]) or 0
        raise self._refusal("the value cannot be written here", index, path)

    def _changes(self, path: Path, text: str, followers: Iterable[str | int]) -> Iterator[Block]:
        """Yield the blocks that may hold the change, the best-looking first.

        Whether a place admits the key is left to the parser: TOML has many rules for it.
        """
        value = self._entry(path)
        if value is not None:
            yield self._with_value(value, path, text)
            return
        siblings = (self._entry((*path[:-1], name)) for name in followers)
        sibling = next(filter(None, siblings), None)
        if sibling is not None:
            yield self._before(sibling, path, text)
        for depth in reversed(range(len(path))):
            yield from self._below(path[:depth], path, text)
        if len(path) > 1:
            yield self._with_table(path, text)

    def _entry(self, path: Path) -> Entry | None:
        return next((e for e in self.entries if e.path == path and not e.is_table), None)

    def _with_value(self, entry: Entry, path: Path, text: str) -> Block:
        if "\n" in self.block.text[entry.value_start : entry.value_end]:
            raise self._refusal("the value spans several lines", entry.start, path)
        return self.block.splice(entry.value_start, entry.value_end, text)

    def _before(self, sibling: Entry, path: Path, text: str) -> Block:
        pair = _pair(path[len(sibling.table) :], text)
        if sibling.in_braces:
            return self.block.splice(sibling.start, sibling.start, f"{pair}, ")
        return self._insert_line(self.block.line_start(sibling.start), sibling.start, pair)

    def _below(self, parent: Path, path: Path, text: str) -> Iterator[Block]:
        """Yield blocks with the key in the table `parent`, in each form that a table can have."""
        braces = self._entry(parent)
        if braces is not None:
            yield self._in_braces(braces, _pair(path[len(parent) :], text))
        header = next((e for e in self.entries if e.path == parent and e.is_table), None)
        if header is not None or not parent:
            yield self._after(parent, header, path, text)
        dotted = [e for e in self.entries if e.is_line and e.path[: len(parent)] == parent]
        if parent and dotted:
            yield self._after(dotted[-1].table, dotted[-1], path, text)

    def _in_braces(self, braces: Entry, pair: str) -> Block:
        inner = [e for e in self.entries if e.in_braces and e.table == braces.path]
        if inner:
            end = inner[-1].value_end
            return self.block.splice(end, end, f", {pair}")
        return self.block.splice(braces.value_start + 1, braces.value_start + 1, pair)

    def _after(self, table: Path, last: Entry | None, path: Path, text: str) -> Block:
        """Return the block with a new line after `last`, or after the table's last line."""
        lines = [e for e in self.entries if e.is_line and e.table == table]
        if last is None or last.is_table:
            last = lines[-1] if lines else last
        index = self.block.next_line(last.value_end) if last else 0
        return self._insert_line(index, last.start if last else 0, _pair(path[len(table) :], text))

    def _with_table(self, path: Path, text: str) -> Block:
        end = len(self.block.text)
        newline = self.block.newline(end)
        lines = [
            "",
            f"[{'.'.join(_key(str(key)) for key in path[:-1])}]",
            _pair(path[-1:], text),
            "",
        ]
        return self.block.splice(end, end, newline.join(lines))

    def _insert_line(self, index: int, neighbour: int, pair: str) -> Block:
        line = self.block.indent(neighbour) + pair + self.block.newline(index)
        return self.block.splice(index, index, line)

    def _refusal(self, reason: str, index: int, path: Path) -> HeadergenError:
        return self.block.left_alone(reason, index, dotted(path))


def read(block: Block) -> TomlDocument:
    """Return the document of a TOML block.

    Raises:
        ArticleError: The text is not TOML, or exceeds a bound.
    """
    values = toml_read.values_of(block, TomlHandler().load)
    return TomlDocument(block, values, tuple(scan(block)))


def with_values(block: Block, values: Mapping[Any, Any], changes: NewValues) -> Block:
    """Return the block, whose `values` are given, with the `changes`.

    A value in place is replaced; a missing key comes after the last one of its table, or before the
    first of those that follow it in `changes` and are written. The new text is read after each
    change and compared.

    Raises:
        ArticleError: A change cannot be made safely; the message says why.
    """
    expected = _comparable(block.text)
    paths = list(changes)
    for number, path in enumerate(paths):
        if value_at(values, path) == changes[path]:
            continue
        expected = _put(expected, path, changes[path])
        followers = (after[-1] for after in paths[number + 1 :] if after[:-1] == path[:-1])
        document = TomlDocument(block, dict(values), tuple(scan(block)))
        block = document.with_value(path, changes[path], followers, expected)
    return block


def without(block: Block, path: Path) -> Block:
    """Return the block without the key at `path`, whose value is on one line.

    Raises:
        ArticleError: It cannot be removed safely; the message says why.
    """
    entries = scan(block)
    entry = next(each for each in entries if each.path == path and not each.is_table)
    if "\n" in block.text[entry.value_start : entry.value_end]:
        raise block.left_alone("the value spans several lines", entry.start, dotted(path))
    start, end = block.line_start(entry.start), block.next_line(entry.value_end)
    if entry.in_braces:
        beside = [each for each in entries if each.in_braces and each.table == entry.table]
        index = beside.index(entry)
        start, end = entry.start, entry.value_end
        if index + 1 < len(beside):
            end = beside[index + 1].start
        elif index:
            start = beside[index - 1].value_end
    expected = _comparable(block.text)
    del value_at(expected, path[:-1])[path[-1]]
    changed = block.splice(start, end, "")
    if not _means(changed, expected):
        reason = "the key cannot be removed here"
        raise block.left_alone(reason, entry.start, dotted(path))
    return changed


def _comparable(text: str) -> dict[str, Any]:
    """Return the values with floats as they are written, because NaN is unequal to itself."""
    return tomllib.loads(text, parse_float=str)


def _put(values: dict[str, Any], path: Path, value: str | int | list[str]) -> dict[str, Any]:
    """Return the values with `value` at `path`, written into the very dict that was given."""
    table: Any = values
    for key in path[:-1]:
        table = table[key] if isinstance(key, int) else table.setdefault(key, {})
    table[path[-1]] = value
    return values


def _means(block: Block, expected: Mapping[str, Any]) -> bool:
    try:
        return _comparable(block.text) == expected
    except ValueError:
        return False


def _literal(value: str | int | list[str]) -> str:
    """Return a value as one line of TOML."""
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    return str(value) if isinstance(value, int) else _quoted(value)


def _pair(keys: Path, text: str) -> str:
    return f"{'.'.join(_key(str(key)) for key in keys)} = {text}"


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)


def _quoted(text: str) -> str:
    """Return `text` as a basic string on one line.

    JSON escapes all that TOML wants escaped but DEL; the separators are escaped because editors
    break lines at them.
    """
    line = json.dumps(text, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", line)
