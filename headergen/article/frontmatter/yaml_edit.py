"""YAML frontmatter, changed by splicing at the nodes' marks."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from headergen.article.frontmatter import yaml_loader
from headergen.article.frontmatter.block import Block, NewValues, Splice
from headergen.article.frontmatter.document import dotted
from headergen.article.frontmatter.yaml_tree import Node, compose
from headergen.article.keys import Path
from headergen.errors import ArticleError, HeadergenError

# What a mapping is to say: a text, a number or a list for a key, or what the mapping below it is to
# say. With the key 0 it is a list, and what its first item is to say.
_Wanted = Mapping[Any, Any]

# The first line of a block scalar to which the blank lines after it belong, such as `|+`.
_KEPT_WHOLE = re.compile(r"[^\n]*[|>]\d?\+")


def with_values(block: Block, values: Mapping[Any, Any], changes: NewValues) -> Block:
    """Return the block, whose `values` are given, with the `changes`.

    A value in place is replaced, or of a text of several lines the end of the last; a missing key
    comes after the last one of its mapping, or before the first of those that follow it in
    `changes` and are written. The new text is read again and compared.

    Raises:
        ArticleError: The changes cannot be made safely; the message says why.
    """
    wanted = _nested(changes)
    if _says(values, wanted):
        return block
    root = compose(block) or Node("mapping")
    edit = _Edit(block, root)
    expected = edit.mapping(root, values, wanted, ())
    changed = block.spliced(edit.splices)
    if not _means(changed, expected):
        raise edit.refusal("the value cannot be written here", *edit.changed[0])
    return changed


def without(block: Block, path: tuple[str, ...]) -> Block:
    """Return the block without the key at `path`, whose value is on one line.

    Raises:
        ArticleError: It cannot be removed safely; the message says why.
    """
    root = compose(block) or Node("mapping")
    trail = [root]
    for key in path:
        found = [pair for pair in trail[-1].pairs if _names(pair[0], key)]
        if len(found) != 1:
            raise block.left_alone("the key is not written here", trail[-1].start, dotted(path))
        trail.append(found[0][1])
    *_, mapping, value = trail
    if LINE_BREAK.search(block.text, value.start, value.end):
        raise block.left_alone("the value spans several lines", value.start, dotted(path))
    changed = block.spliced([_removal(block, mapping, value)])
    if not _means(changed, _without(root, trail[1:])):
        raise block.left_alone("the key cannot be removed here", value.start, dotted(path))
    return changed


def _removal(block: Block, mapping: Node, value: Node) -> Splice:
    """Return what takes a key and its value out of a mapping."""
    values = [each for _, each in mapping.pairs]
    index = next(index for index, each in enumerate(values) if each is value)
    name = mapping.pairs[index][0]
    if not mapping.flow:
        return block.line_start(name.start), block.next_line(value.end), ""
    if index + 1 < len(values):
        return name.start, mapping.pairs[index + 1][0].start, ""
    return values[index - 1].end if index else name.start, value.end, ""


def _without(node: Node, trail: list[Node]) -> Node:
    """Return the tree without the last node of `trail`, which leads down to it, and its key."""
    pairs = [
        (name, _without(value, trail[1:]) if value is trail[0] else value)
        for name, value in node.pairs
        if value is not trail[0] or len(trail) > 1
    ]
    return replace(node, children=tuple(child for pair in pairs for child in pair))


def _nested(changes: NewValues) -> _Wanted:
    """Return the changes as mappings below mappings, one for each key of a path but the last."""
    wanted: dict[Any, Any] = {}
    for path, value in changes.items():
        inner = wanted
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = value
    return wanted


def _says(value: object, wanted: object) -> bool:
    """Return whether a loaded value is what is wanted, or a mapping that has all of it."""
    if not isinstance(wanted, Mapping):
        return value == wanted
    if 0 in wanted:
        return isinstance(value, list) and bool(value) and _says(value[0], wanted[0])
    return isinstance(value, dict) and all(_says(value.get(key), wanted[key]) for key in wanted)


def _first(path: Path, wanted: Any) -> Path:
    """Return the path of the first value that is wanted at `path` or below it."""
    while isinstance(wanted, Mapping):
        key = next(iter(wanted))
        path, wanted = (*path, key), wanted[key]
    return path


@dataclass
class _Edit:
    """The splices that change a block, whose tree is `root`; more come with each mapping.

    `changed` are the places and the paths of the keys that are written.
    """

    block: Block
    root: Node
    splices: list[Splice] = field(default_factory=list)
    changed: list[tuple[int, Path]] = field(default_factory=list)

    def mapping(self, node: Node, values: Mapping[Any, Any], wanted: _Wanted, path: Path) -> Node:
        """Return the tree of the mapping at `path` as it is to be, and add what makes it so.

        Raises:
            ArticleError: The mapping cannot be changed without risk.
        """
        pairs, last, names = node.pairs, {}, list(wanted)
        for number, key in enumerate(names):
            value, here = wanted[key], (*path, key)
            if _says(values.get(key), value):
                continue
            index = self._index(pairs, key, here)
            if index is not None:
                name, old = pairs[index]
                pairs[index] = name, self._changed(node, name, old, values.get(key), value, here)
                continue
            if isinstance(value, Mapping) and values.get(key) is not None:
                reason = "its parent comes through a merge"
                raise self.refusal(reason, node.start, _first(here, value))
            self.changed.append((node.start, _first(here, value)))
            after = (name for name in names[number + 1 :] if not isinstance(wanted[name], Mapping))
            written = (self._index(pairs, name, (*path, name)) for name in after)
            index = next((each for each in written if each is not None), None)
            if index is None:
                last[key] = value
            else:
                self._insert_before(node, pairs[index][0], {key: value})
            pairs.insert(len(pairs) if index is None else index, _pair(key, value))
        if last:
            self._append(node, last)
        return replace(node, children=tuple(child for pair in pairs for child in pair))

    def refusal(self, reason: str, index: int, path: Path) -> HeadergenError:
        """Return the error for a value that cannot be written without risk."""
        return self.block.left_alone(reason, index, dotted(path))

    def _index(self, pairs: list[tuple[Node, Node]], key: str, path: Path) -> int | None:
        found = [index for index, (name, _) in enumerate(pairs) if _names(name, key)]
        if len(found) > 1:
            place = pairs[found[1]][0].start
            raise self.block.error(
                f"duplicate key {key!r}", place, dotted(path), "keep one of them"
            )
        return found[0] if found else None

    def _changed(
        self, mapping: Node, name: Node, old: Node, value: Any, wanted: Any, path: Path
    ) -> Node:
        """Return the tree of a value that is written, as it is to be."""
        if isinstance(wanted, Mapping) and value is not None:
            is_list = 0 in wanted
            self._require_editable(old, _first(path, wanted), "sequence" if is_list else "mapping")
            change = self._sequence if is_list else self.mapping
            return change(old, value, wanted, path)
        path = _first(path, wanted)
        self.changed.append((name.start, path))
        if isinstance(value, str) and isinstance(wanted, str):
            splice = _other_end(self.block, old, value, wanted)
            if splice is not None:
                self.splices.append(splice)
                return replace(old, value=wanted)
        self._require_replaceable(old, path)
        self._replace(mapping, name, old, wanted)
        return _tree(wanted, old.style)

    def _sequence(self, node: Node, values: list[Any], wanted: _Wanted, path: Path) -> Node:
        """Return the tree of a list whose first item is to be another."""
        first, *others = node.children
        changed = self._changed(node, first, first, values[0], wanted[0], (*path, 0))
        return replace(node, children=(changed, *others))

    def _require_replaceable(self, node: Node, path: Path) -> None:
        if node.anchor is not None or node.tag is not None:
            what = f"anchor &{node.anchor}" if node.anchor is not None else f"tag {node.tag}"
            raise self.refusal(f"the value carries the {what}", node.start, path)
        if node.kind in ("sequence", "mapping") and node.children:
            raise self.refusal(f"the value is a {node.kind}", node.start, path)
        if LINE_BREAK.search(self.block.text, node.start, node.end):
            raise self.refusal("the value spans several lines", node.start, path)

    def _require_editable(self, node: Node, path: Path, kind: str) -> None:
        if node.kind == "alias":
            raise self.refusal(f"it is reached through the alias *{node.value}", node.start, path)
        if node.kind != kind:
            raise self.refusal(f"its parent is not a {kind}", node.start, path)
        if node.anchor is not None and node.anchor in _aliases(self.root):
            reason = f"its parent is repeated elsewhere as *{node.anchor}"
            raise self.refusal(reason, node.start, path)

    def _replace(self, mapping: Node, name: Node, old: Node, wanted: Any) -> None:
        """Fill or replace a value; a null one can become a mapping."""
        text, is_empty = self.block.text, old.start == old.end
        if isinstance(wanted, Mapping) and is_empty and not mapping.flow:
            indent = self.block.indent(name.start) + "  "
            self._insert_lines(self.block.next_line(name.end), indent, wanted)
        elif is_empty:
            colon = text.find(":", name.end, old.start) + 1
            after = colon or name.end
            value = _written(wanted, old.style)
            self.splices.append((after, after, f" {value}" if colon else f": {value}"))
        else:
            self.splices.append((old.start, old.end, _written(wanted, old.style)))

    def _insert_before(self, mapping: Node, sibling: Node, wanted: _Wanted) -> None:
        if mapping.flow:
            self.splices.append((sibling.start, sibling.start, f"{_flow(wanted)}, "))
        else:
            indent = self.block.indent(mapping.children[0].start)
            self._insert_lines(self.block.line_start(sibling.start), indent, wanted)

    def _append(self, mapping: Node, wanted: _Wanted) -> None:
        if mapping.flow and mapping.children:
            end = mapping.children[-1].end
            self.splices.append((end, end, f", {_flow(wanted)}"))
        elif mapping.flow:
            self.splices.append((mapping.inner, mapping.inner, _flow(wanted)))
        else:
            indent = self.block.indent(mapping.children[0].start)
            self._insert_lines(self._end_of_lines(_last_leaf(mapping)), indent, wanted)

    def _end_of_lines(self, leaf: Node) -> int:
        """Return where the line after a value starts, without the blank lines that follow it."""
        if leaf.style in ("|", ">") and _KEPT_WHOLE.match(self.block.text, leaf.start):
            return leaf.end
        return self.block.next_line(len(self.block.text[: leaf.end].rstrip(" \t\r\n")))

    def _insert_lines(self, index: int, indent: str, wanted: _Wanted) -> None:
        newline = self.block.newline(index)
        lines = "".join(line + newline for line in _lines(indent, wanted))
        self.splices.append((index, index, lines))


def _names(node: Node, key: str) -> bool:
    name = node.resolved
    return name.kind == "scalar" and name.value == key


def _aliases(root: Node) -> set[str]:
    return {node.value for node in root.walk() if node.kind == "alias"}


# --- the expected tree -----------------------------------------------------------------------


def _means(block: Block, expected: Node) -> bool:
    try:
        return compose(block) == expected
    except ArticleError:
        return False


def _leaf(yaml_text: str) -> Node:
    """Return the node that a one-line scalar becomes."""
    events = yaml.parse(yaml_text, Loader=yaml_loader.LOADER)
    event = next(each for each in events if isinstance(each, yaml.ScalarEvent))
    return Node("scalar", value=event.value, implicit=event.implicit)


def _pair(key: str, wanted: Any) -> tuple[Node, Node]:
    return _leaf(quoted(key)), _tree(wanted)


def _tree(wanted: Any, style: str | None = None) -> Node:
    """Return the node of what is wanted; `style` is the quotes of the text that was there."""
    if isinstance(wanted, list):
        return Node("sequence", children=tuple(map(_tree, wanted)))
    if not isinstance(wanted, Mapping):
        return _leaf(_scalar(wanted, style))
    pairs = (_pair(key, value) for key, value in wanted.items())
    return Node("mapping", children=tuple(child for pair in pairs for child in pair))


# --- the changed text ------------------------------------------------------------------------


def _scalar(value: str | int, style: str | None) -> str:
    """Return a value as one line of YAML; `style` is the quotes that a text shall have."""
    return str(value) if isinstance(value, int) else quoted(value, style)


def _written(wanted: Any, style: str | None = None) -> str:
    """Return what is wanted as one line of YAML."""
    if isinstance(wanted, list):
        return f"[{', '.join(map(_written, wanted))}]"
    return f"{{{_flow(wanted)}}}" if isinstance(wanted, Mapping) else _scalar(wanted, style)


def _flow(wanted: _Wanted) -> str:
    """Return `a: x, b: {c: y}`, which braces may enclose."""
    return ", ".join(f"{quoted(key)}: {_written(value)}" for key, value in wanted.items())


def _lines(indent: str, wanted: _Wanted) -> Iterator[str]:
    for key, value in wanted.items():
        if isinstance(value, Mapping):
            yield f"{indent}{quoted(key)}:"
            yield from _lines(f"{indent}  ", value)
        else:
            yield f"{indent}{quoted(key)}: {_written(value)}"


def _other_end(block: Block, node: Node, old: str, value: str) -> Splice | None:
    """Return what changes the end of a text of several lines; None: it is none, or more differs."""
    if not LINE_BREAK.search(block.text, node.start, node.end):
        return None
    same = _common_length(old.rstrip(), value.rstrip())
    removed, added = old.rstrip()[same:], value.rstrip()[same:]
    closing = 1 if node.style in ("'", '"') else 0
    end = len(block.text[: node.end - closing].rstrip())
    start = end - len(removed)
    if not same or block.text[start:end] != removed or LINE_BREAK.search(added):
        return None
    return start, end, added


def _common_length(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _last_leaf(node: Node) -> Node:
    while node.children and not node.flow:
        node = node.children[-1]
    return node


# What YAML 1.1 takes for the end of a line (5.4 Line Break Characters).
LINE_BREAK = re.compile("[\r\n\x85\u2028\u2029]")

# Numbers of YAML's core schema (YAML 1.2.2, 10.3.2). PyYAML follows 1.1 and would leave `1e234567`
# bare, which js-yaml and go-yaml read as infinity.
_NUMBER = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0[box][0-9a-fA-F]+")


def quoted(text: str, style: str | None = None) -> str:
    """Return `text` as one line of YAML that every reader takes for a string.

    It is safe in flow and in block context.

    Args:
        text: Any string that YAML can hold.
        style: The quotes to use, `'` or `"`; None for as few as are needed.
    """
    if style is None and _NUMBER.fullmatch(text):
        style = "'"
    line = yaml.safe_dump(
        [text],
        default_style=style,
        default_flow_style=True,
        allow_unicode=True,
        width=sys.maxsize,
    ).strip("\n")[1:-1]
    return quoted(text, '"') if style != '"' and LINE_BREAK.search(line) else line
