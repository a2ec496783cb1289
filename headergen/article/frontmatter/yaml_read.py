"""YAML frontmatter as PyYAML reads it in one pass: the values, and the nodes with their places.

The parser in C crashes on 50,000 nested lists, and the constructor copies what `<<` merges. A text
that could nest deeply or repeat itself is therefore looked at first, event by event (`yaml_tree`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from headergen.article.frontmatter.block import MAX_DEPTH, Block
from headergen.article.frontmatter.mapping import shown
from headergen.errors import ArticleError

if TYPE_CHECKING:
    from headergen.article.frontmatter.yaml_tree import Node


class _AsWritten(yaml.constructor.SafeConstructor):
    """Constructs what `<<` merges in, and remembers the nodes as they were before that."""

    written: dict[yaml.MappingNode, list[tuple[yaml.Node, yaml.Node]]]

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Replace the key `<<` by what it stands for, in the very node."""
        self.written.setdefault(node, [*node.value])
        super().flatten_mapping(node)


def keeping(loader: type[Any]) -> type[Any]:
    """Return the loader, such that the nodes which it constructs from stay as written."""
    return type("Loader", (_AsWritten, loader), {})


LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KEEPING_LOADER = keeping(LOADER)

_INDENTED_HEADER = re.compile(r"[ \t]+header[ \t]*:")

_MEND = "correct the line, or put the value in quotes"

# PyYAML's words, what they mean to an author, and what to do.
_MEANINGS = {
    "mapping values are not allowed": ("a text with a colon must stand in quotes", _MEND),
    "cannot start any token": (
        "a tab, or a sign such as @ or %, stands where YAML admits none",
        "indent by blanks, and put such a text in quotes",
    ),
    "<document start>": ("text follows a line of `...`", "close the frontmatter by --- instead"),
}

# Each level of nesting takes one of these characters, at the least.
_OPENERS = "[{-?:"

# PyYAML's constructors leave most of what they don't expect to Python: `2024-99-99` is a
# ValueError, `!!bool x` a KeyError, `!!timestamp x` an AttributeError.
_CONSTRUCTOR_ERRORS = (ValueError, LookupError, AttributeError, TypeError, RecursionError)


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

    def with_value(
        self, path: tuple[str, ...], value: str | int, before: str | None = None
    ) -> Block:
        """Return the block with `value` at `path`; see `yaml_edit.with_value`."""
        # Not needed where there is nothing to write.
        from headergen.article.frontmatter import yaml_edit

        self.index_of(path)
        return yaml_edit.with_value(self.block, self.values, path, value, before)

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
        raise yaml_error(block, error) from error
    except _CONSTRUCTOR_ERRORS as error:
        raise _unreadable(block, error) from error
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):  # `!!set` is none
        return None
    return YamlDocument(block, node, values)


def yaml_error(block: Block, error: yaml.YAMLError) -> ArticleError:
    """Return PyYAML's complaint with the line of the file that it is about."""
    if isinstance(error, yaml.reader.ReaderError):
        character = chr(error.character)
        return block.error(
            f"YAML admits no character U+{ord(character):04X}",
            block.text.find(character),
            remedy="remove that character",
        )
    problem = str(getattr(error, "problem", None) or getattr(error, "context", None) or error)
    place = _place(block, error)
    if problem == "exceeded maximum nesting depth":  # newer PyYAML has a limit of its own
        return block.too_deep(place)
    if _INDENTED_HEADER.match(block.text, block.line_start(place)):
        remedy = "start it at the beginning of its line"
        return block.error("`header:` is indented", place, "header", remedy)
    known = (row for words, row in _MEANINGS.items() if words in problem)
    meaning, remedy = next(known, (problem, _MEND))
    return block.error(f"the frontmatter is not valid YAML: {meaning}", place, remedy=remedy)


def _place(block: Block, error: yaml.YAMLError) -> int:
    """Return where a mistake shows, or what was opened there and is open at the end."""
    shows = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    if shows is None or (opened is not None and shows.index >= len(block.text.rstrip())):
        shows = opened
    return shows.index if shows is not None else 0


def _is_harmless(text: str) -> bool:
    """Tell a text that holds no alias and is too short of brackets and dashes to nest deeply."""
    return "*" not in text and sum(map(text.count, _OPENERS)) <= MAX_DEPTH


def _look_closely(block: Block) -> Node | None:
    from headergen.article.frontmatter import yaml_tree

    return yaml_tree.compose(block)


def _load(text: str) -> tuple[yaml.Node | None, Any]:
    """Return the root node as written, and the value if the node is a mapping."""
    loader = KEEPING_LOADER(text)
    loader.written = {}
    try:
        node = loader.get_single_node()
        values = loader.construct_document(node) if isinstance(node, yaml.MappingNode) else None
    finally:
        loader.dispose()
    for mapping, pairs in loader.written.items():
        mapping.value = pairs
    return node, values


def _unreadable(block: Block, error: Exception) -> ArticleError:
    """Return the error that names the first scalar that cannot be constructed on its own."""
    root = _look_closely(block)
    for node in root.walk() if root else ():
        written = block.text[node.start : node.end]
        if node.kind == "scalar" and not _is_constructible(written):
            message = f"cannot read the value {shown(written)}: {error}"
            return block.error(message, node.start, remedy="put it in quotes")
    message = f"cannot read the frontmatter: {error}"
    return block.error(message, root.start if root else 0, remedy="write the values plainly")


def _is_constructible(scalar: str) -> bool:
    try:
        yaml.load(scalar, Loader=LOADER)
    except yaml.YAMLError:
        return True  # it needs its surroundings, so it says nothing about this scalar
    except _CONSTRUCTOR_ERRORS:
        return False
    return True
