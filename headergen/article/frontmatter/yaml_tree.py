"""YAML text as a tree that remembers where each node stands.

The tree is built from the parser's events and not by PyYAML's composer: aliases stay leaves, so
that a tree is never larger than its text, and depth and aliases are bounded before anything is
constructed. Two texts whose trees are equal mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from headergen.article.frontmatter import yaml_loader
from headergen.article.frontmatter.block import MAX_BYTES, MAX_DEPTH, Block
from headergen.errors import HeadergenError

# Base 60, as in 1:30:00, is computed in the square of its length: 64 KiB take more than a second.
_MAX_SIXTIES = 100
_BASE_60 = re.compile(r"[-+\d_.:]+")

_NO_ALIAS = "write out what it repeats"

# A text without aliases has fewer nodes than bytes, so only what aliases repeat can exceed it.
MAX_NODES = MAX_BYTES


@dataclass(frozen=True)
class Node:
    """A scalar, sequence, mapping or alias; two nodes are equal where they mean the same.

    `start` and `end` are character indices into the block's text; a block collection's `end`
    is that of whatever follows it. `inner` is where the inside of a flow collection starts.
    `value` is a scalar's text or an alias's anchor; `children` of a mapping alternate between
    key and value. `size` counts the nodes after every alias is expanded.
    """

    kind: Literal["scalar", "sequence", "mapping", "alias"]
    value: str = ""
    children: tuple[Node, ...] = ()
    tag: str | None = None
    anchor: str | None = None
    implicit: object = True
    style: str | None = field(default=None, compare=False)
    flow: bool = field(default=False, compare=False)
    start: int = field(default=0, compare=False)
    inner: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    size: int = field(default=1, compare=False)
    target: Node | None = field(default=None, compare=False, repr=False)

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """Return a mapping's keys, each with its value; none for any other node."""
        if self.kind != "mapping":
            return []
        return list(zip(self.children[::2], self.children[1::2], strict=True))

    @property
    def resolved(self) -> Node:
        """Return what an alias stands for, any other node itself."""
        return self.target or self

    def walk(self) -> Iterator[Node]:
        """Yield the node and everything below it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()


def compose(block: Block) -> Node | None:
    """Return the tree of a block's text, None where it is empty.

    Raises:
        ArticleError: The text is not YAML, holds a second document, nests deeper than
            `MAX_DEPTH`, or expands to more than `MAX_NODES` nodes.
    """
    try:
        return _Composer(block).compose()
    except yaml.YAMLError as error:
        raise yaml_loader.yaml_error(block, error) from error


class _Composer:
    """Builds one tree; its state is the parser's position and the anchors seen so far."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._events: Iterator[Any] = yaml.parse(block.text, Loader=yaml_loader.LOADER)
        self._anchors: dict[str, Node | None] = {}

    def compose(self) -> Node | None:
        root = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    remedy = "close the frontmatter before it by a line of ---"
                    raise self._error("a second YAML document starts here", event, remedy)
                root = self._node(next(self._events), depth=0)
        return root

    def _node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._block.too_deep(event.start_mark.index)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._scalar(event) if isinstance(event, yaml.ScalarEvent) else None
        node = node or self._collection(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        target = self._anchors.get(event.anchor)
        if target is None:
            known = event.anchor in self._anchors
            problem = "stands inside of what it repeats" if known else "repeats an unknown anchor"
            raise self._error(f"the alias *{event.anchor} {problem}", event, _NO_ALIAS)
        return Node(
            "alias",
            value=event.anchor,
            start=event.start_mark.index,
            end=event.end_mark.index,
            size=target.size,
            target=target,
        )

    def _scalar(self, event: Any) -> Node:
        if event.value.count(":") > _MAX_SIXTIES and _may_be_number(event):
            message = f"a number has more than {_MAX_SIXTIES} parts between colons"
            raise self._error(message, event, "put it in quotes")
        return Node(
            "scalar",
            value=event.value,
            tag=event.tag,
            anchor=event.anchor,
            implicit=event.implicit,
            style=event.style or None,
            start=event.start_mark.index,
            end=event.end_mark.index,
        )

    def _collection(self, event: Any, depth: int) -> Node:
        children = []
        size = 1
        closing: type[Any] = yaml.CollectionEndEvent
        while not isinstance(inner := next(self._events), closing):
            children.append(self._node(inner, depth + 1))
            size += children[-1].size
            if size > MAX_NODES:
                message = f"aliases repeat more than {MAX_NODES} nodes"
                raise self._error(message, inner, _NO_ALIAS)
        return Node(
            "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence",
            children=tuple(children),
            tag=event.tag,
            anchor=event.anchor,
            implicit=event.implicit,
            flow=bool(event.flow_style),
            start=event.start_mark.index,
            inner=event.end_mark.index,
            end=inner.end_mark.index,
            size=size,
        )

    def _error(self, message: str, event: Any, remedy: str) -> HeadergenError:
        return self._block.error(message, event.start_mark.index, remedy=remedy)


def _may_be_number(event: Any) -> bool:
    if event.tag is not None:
        return bool(event.tag.endswith((":int", ":float")))
    return bool(event.implicit[0] and _BASE_60.fullmatch(event.value))
