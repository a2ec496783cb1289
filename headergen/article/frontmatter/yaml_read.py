"""YAML frontmatter as PyYAML reads it in one pass: the values, and the nodes with their places.

The parser in C crashes on 50,000 nested lists, and the constructor copies what `<<` merges. A text
that could nest deeply or repeat itself is therefore looked at first, event by event (`yaml_tree`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from headergen.article.frontmatter import yaml_loader
from headergen.article.frontmatter.block import MAX_DEPTH, Block
from headergen.errors import HeadergenError
from headergen.wording import shown

if TYPE_CHECKING:
    from headergen.article.frontmatter.yaml_tree import Node


# Each level of nesting takes one of these characters, at the least.
_OPENERS = "[{-?:"

_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class YamlDocument:
    """A block whose root is a mapping: the values as loaded, and the nodes as written."""

    block: Block
    node: yaml.MappingNode
    values: dict[Any, Any]

    def index_of(self, path: tuple[str | int, ...]) -> int | None:
        """Return where the key (or list item) at `path` starts, None where it is not written.

        An alias is where what it repeats is written; what `<<` merges in is not written.

        Raises:
            ArticleError: A key on the path is there twice.
        """
        node: yaml.Node = self.node
        index = None
        for depth, key in enumerate(path, start=1):
            if isinstance(key, int):
                node = node.value[key]
                index = node.start_mark.index
            else:
                pair = self._pair(node, key, path[:depth])
                if pair is None:
                    return None
                index, node = pair[0].start_mark.index, pair[1]
        return index

    def written(self, path: tuple[str | int, ...]) -> str | None:
        """Return the scalar at `path` as the author wrote it, without quotes; None: there is none.

        What `<<` merges in is as it is written elsewhere.
        """
        node: yaml.Node | None = self.node
        for key in path:
            if isinstance(key, int):
                node = node.value[key] if isinstance(node, yaml.SequenceNode) else None
            else:
                node = _value_of(node, key)
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def _pair(
        self, node: yaml.Node, key: str, path: tuple[str | int, ...]
    ) -> tuple[yaml.Node, yaml.Node] | None:
        if not isinstance(node, yaml.MappingNode):
            return None
        # A key that is a list or a mapping has a list as its value, which equals no text.
        pairs = [pair for pair in node.value if pair[0].value == key]
        if len(pairs) > 1:
            dotted = ".".join(map(str, path))
            index = pairs[1][0].start_mark.index
            raise self.block.error(f"duplicate key {key!r}", index, dotted, "keep one of them")
        return pairs[0] if pairs else None


def _value_of(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Return what a mapping has under `key`, also where `<<` merges it in; None: nothing.

    As PyYAML has it: of two equal keys, the last one counts; of two that are merged, the first.
    """
    pairs: list[tuple[yaml.Node, yaml.Node]]
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    for name, value in reversed(pairs):
        if name.value == key:
            return value
    merged = (value for name, value in pairs if name.tag == _MERGE)
    for each in merged:
        others = each.value if isinstance(each, yaml.SequenceNode) else [each]
        found = next(filter(None, (_value_of(other, key) for other in others)), None)
        if found is not None:
            return found
    return None


def read(block: Block) -> YamlDocument | None:
    """Return the document of a YAML block, None where its root is not a mapping.

    Raises:
        ArticleError: The text is not YAML, holds a second document, exceeds a bound of
            `yaml_tree.compose`, or has a value that cannot be constructed.
    """
    if not _is_harmless(block.text):
        _look_closely(block)
    try:
        node, values = _load(block.text)
    except yaml.YAMLError as error:
        _look_closely(block)  # it may know better what is wrong
        raise yaml_loader.yaml_error(block, error) from error
    except yaml_loader.CONSTRUCTOR_ERRORS as error:
        raise _unreadable(block, error) from error
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):  # `!!set` is none
        return None
    return YamlDocument(block, node, values)


def _is_harmless(text: str) -> bool:
    """Tell a text that holds no alias and is too short of brackets and dashes to nest deeply."""
    return "*" not in text and sum(map(text.count, _OPENERS)) <= MAX_DEPTH


def _look_closely(block: Block) -> Node | None:
    from headergen.article.frontmatter import yaml_tree

    return yaml_tree.compose(block)


def _load(text: str) -> tuple[yaml.Node | None, Any]:
    """Return the root node as written, and the value if the node is a mapping."""
    loader = yaml_loader.KEEPING_LOADER(text)
    loader.written = {}
    try:
        node = loader.get_single_node()
        values = loader.construct_document(node) if isinstance(node, yaml.MappingNode) else None
    finally:
        loader.dispose()
    for mapping, pairs in loader.written.items():
        mapping.value = pairs
    return node, values


def _unreadable(block: Block, error: Exception) -> HeadergenError:
    """Return the error that names the first scalar that cannot be constructed on its own."""
    root = _look_closely(block)
    for node in root.walk() if root else ():
        written = block.text[node.start : node.end]
        if node.kind == "scalar" and not _is_constructible(written):
            message = f"cannot read the value {shown(written)}: {error}"
            return block.error(message, node.start, remedy="put it in quotes")
    message = f"cannot read {block.name}: {error}"
    return block.error(message, root.start if root else 0, remedy="write the values plainly")


def _is_constructible(scalar: str) -> bool:
    try:
        yaml.load(scalar, Loader=yaml_loader.LOADER)
    except yaml.YAMLError:
        return True  # it needs its surroundings, so it says nothing about this scalar
    except yaml_loader.CONSTRUCTOR_ERRORS:
        return False
    return True
