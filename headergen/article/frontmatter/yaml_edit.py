"""YAML frontmatter, changed by splicing at the nodes' marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

from headergen.article.frontmatter import yaml_loader
from headergen.article.frontmatter.block import Block
from headergen.article.frontmatter.yaml_scalar import LINE_BREAK, quoted
from headergen.article.frontmatter.yaml_tree import Node, compose
from headergen.errors import ArticleError, HeadergenError


def with_value(
    block: Block,
    values: dict[Any, Any],
    path: tuple[str, ...],
    value: str | int,
    before: str | None,
) -> Block:
    """Return the block, whose `values` are given, with `value` at `path`.

    A value in place is replaced, or of a text of several lines the end of the last; a missing key
    comes after the last one of its mapping, or before its sibling `before` where that is written.
    At most one line of the old text changes, and the new text is read again and compared.

    Raises:
        ArticleError: The change cannot be made safely; the message says why.
    """
    if _value_at(values, path) == value:
        return block
    root = compose(block) or Node("mapping")
    if (changed := _with_other_end(block, root, values, path, value)) is not None:
        return changed
    spot = _Written(block, root, values).spot(path, before)
    expected = _put(root, path, _leaf(_scalar(value, spot.style)), spot.sibling)
    for changed in _changes(block, spot, value):
        if _means(changed, expected):
            return changed
    raise block.left_alone("the value cannot be written here", spot.index, ".".join(path))


@dataclass(frozen=True)
class _Written:
    """A block whose root is a mapping, its tree, and the values that it was loaded as."""

    block: Block
    root: Node
    values: dict[Any, Any]

    def spot(self, path: tuple[str, ...], before: str | None) -> _Spot:
        """Find where the value at `path` goes; the keys on the path are there once at most.

        Raises:
            ArticleError: There is a value which cannot be replaced without risk.
        """
        node = self.root
        for depth, key in enumerate(path, start=1):
            pair = _pair(node, key)
            if pair is None:
                if depth < len(path) and _value_at(self.values, path[:depth]) is not None:
                    raise self._refusal("its parent comes through a merge", node.start, path)
                sibling = before and _pair(node, before)
                return _Spot(node, None, path[depth - 1 :], sibling[0] if sibling else None)
            if depth == len(path) or _value_at(self.values, path[:depth]) is None:
                self._require_replaceable(pair[1], path)
                return _Spot(node, pair, path[depth:], None)
            self._require_editable(pair[1], path)
            node = pair[1]
        raise AssertionError("a path has at least one key")

    def _require_replaceable(self, node: Node, path: tuple[str, ...]) -> None:
        if node.anchor is not None or node.tag is not None:
            what = f"anchor &{node.anchor}" if node.anchor is not None else f"tag {node.tag}"
            raise self._refusal(f"the value carries the {what}", node.start, path)
        if node.kind in ("sequence", "mapping"):
            raise self._refusal(f"the value is a {node.kind}", node.start, path)
        if LINE_BREAK.search(self.block.text, node.start, node.end):
            raise self._refusal("the value spans several lines", node.start, path)

    def _require_editable(self, node: Node, path: tuple[str, ...]) -> None:
        if node.kind == "alias":
            raise self._refusal(f"it is reached through the alias *{node.value}", node.start, path)
        if node.kind != "mapping":
            raise self._refusal("its parent is not a mapping", node.start, path)
        if node.anchor is not None and node.anchor in _aliases(self.root):
            reason = f"its parent is repeated elsewhere as *{node.anchor}"
            raise self._refusal(reason, node.start, path)

    def _refusal(self, reason: str, index: int, path: tuple[str, ...]) -> HeadergenError:
        return self.block.left_alone(reason, index, ".".join(path))


@dataclass(frozen=True)
class _Spot:
    """Where a value goes: the innermost mapping that is written, and what it lacks.

    `pair` is the key whose value is replaced (None: a key is inserted, before `sibling` if that
    is given); `missing` are the keys that must be created for it.
    """

    mapping: Node
    pair: tuple[Node, Node] | None
    missing: tuple[str, ...]
    sibling: Node | None

    @property
    def index(self) -> int:
        return self.pair[0].start if self.pair else self.mapping.start

    @property
    def style(self) -> str | None:
        """Return the quotes that the author chose for the value, if there is one."""
        return self.pair[1].style if self.pair else None


def _value_at(values: Any, path: tuple[str, ...]) -> Any:
    """Return the loaded value at `path`, None where a key is missing."""
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _pair(node: Node, key: str) -> tuple[Node, Node] | None:
    return next((pair for pair in node.pairs if _names(pair[0], key)), None)


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


def _put(node: Node, path: tuple[str, ...], leaf: Node, sibling: Node | None) -> Node:
    """Return the tree with `leaf` at `path`; missing keys come last, or before `sibling`."""
    if not path:
        return leaf
    if node.kind != "mapping":
        node = Node("mapping")
    key, rest = path[0], path[1:]
    pairs = node.pairs
    for i, (name, value) in enumerate(pairs):
        if _names(name, key):
            pairs[i] = (name, _put(value, rest, leaf, sibling))
            break
    else:
        new = (_leaf(quoted(key)), _put(Node("mapping"), rest, leaf, sibling))
        place = [name is sibling for name, _ in pairs].index(True) if sibling else len(pairs)
        pairs.insert(place, new)
    return replace(node, children=tuple(child for pair in pairs for child in pair))


# --- the changed text ------------------------------------------------------------------------


def _changes(block: Block, spot: _Spot, value: str | int) -> Iterator[Block]:
    """Yield the blocks that may hold the change, the best-looking first."""
    scalar = _scalar(value, spot.style)
    if spot.pair is not None:
        yield from _in_place(block, spot, *spot.pair, scalar)
    elif spot.mapping.flow:
        yield _with_flow_entry(block, spot, _flow(spot.missing, scalar))
    else:
        yield from _with_lines(block, spot, scalar)


def _scalar(value: str | int, style: str | None) -> str:
    """Return a value as one line of YAML; `style` is the quotes that a text shall have."""
    return str(value) if isinstance(value, int) else quoted(value, style)


def _in_place(block: Block, spot: _Spot, key: Node, value: Node, scalar: str) -> Iterator[Block]:
    """Fill or replace a value; under a null parent the missing keys are created."""
    empty = value.start == value.end
    if spot.missing and empty and not spot.mapping.flow:
        indent = block.indent(key.start) + "  "
        yield _insert_lines(block, block.next_line(key.end), indent, spot.missing, scalar)
        return
    if spot.missing:
        scalar = "{" + _flow(spot.missing, scalar) + "}"
    if not empty:
        yield block.splice(value.start, value.end, scalar)
        return
    colon = block.text.find(":", key.end, value.start) + 1
    after = colon or key.end
    yield block.splice(after, after, f" {scalar}" if colon else f": {scalar}")


def _with_other_end(
    block: Block, root: Node, values: dict[Any, Any], path: tuple[str, ...], value: str | int
) -> Block | None:
    """Change the end of a text of several lines; None: there is none, or it begins otherwise."""
    old, node = _value_at(values, path), _node_at(root, path)
    if node is None or not isinstance(old, str) or not isinstance(value, str):
        return None
    if not LINE_BREAK.search(block.text, node.start, node.end):
        return None
    same = _common_length(old.rstrip(), value.rstrip())
    removed, added = old.rstrip()[same:], value.rstrip()[same:]
    closing = 1 if node.style in ("'", '"') else 0
    end = len(block.text[: node.end - closing].rstrip())
    start = end - len(removed)
    if not same or block.text[start:end] != removed or LINE_BREAK.search(added):
        return None
    changed = block.splice(start, end, added)
    return changed if _means(changed, _put(root, path, replace(node, value=value), None)) else None


def _common_length(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _node_at(root: Node, path: tuple[str, ...]) -> Node | None:
    """Return the node that is written at `path`, and not through an alias."""
    node: Node | None = root
    for key in path:
        pair = _pair(node, key) if node else None
        node = pair[1] if pair else None
    return node


def _with_flow_entry(block: Block, spot: _Spot, entry: str) -> Block:
    if spot.sibling is not None:
        return block.splice(spot.sibling.start, spot.sibling.start, f"{entry}, ")
    if not spot.mapping.children:
        return block.splice(spot.mapping.inner, spot.mapping.inner, entry)
    end = spot.mapping.children[-1].end
    return block.splice(end, end, f", {entry}")


def _with_lines(block: Block, spot: _Spot, scalar: str) -> Iterator[Block]:
    indent = block.indent(spot.mapping.children[0].start)
    if spot.sibling is not None:
        start = block.line_start(spot.sibling.start)
        yield _insert_lines(block, start, indent, spot.missing, scalar)
        return
    end = _last_leaf(spot.mapping).end
    written = len(block.text[:end].rstrip(" \t\r\n"))
    yield _insert_lines(block, block.next_line(written), indent, spot.missing, scalar)
    if end == block.line_start(end):
        # The blank lines after a block scalar belong to it when it is kept whole (`|+`).
        yield _insert_lines(block, end, indent, spot.missing, scalar)


def _insert_lines(
    block: Block, index: int, indent: str, keys: tuple[str, ...], scalar: str
) -> Block:
    newline = block.newline(index)
    lines = [f"{indent}{'  ' * i}{quoted(key)}:" for i, key in enumerate(keys)]
    return block.splice(index, index, f"{newline.join(lines)} {scalar}{newline}")


def _last_leaf(node: Node) -> Node:
    while node.children and not node.flow:
        node = node.children[-1]
    return node


def _flow(keys: tuple[str, ...], scalar: str) -> str:
    """Return `a: {b: scalar}` for the keys a and b."""
    text = scalar
    for key in reversed(keys[1:]):
        text = f"{{{quoted(key)}: {text}}}"
    return f"{quoted(keys[0])}: {text}"
