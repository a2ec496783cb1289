"""PyYAML's loaders as headergen uses them, and its complaints as an author understands them."""

import re
from typing import Any

import yaml

from headergen.article.frontmatter.block import MEND, Block
from headergen.errors import HeadergenError


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


# PyYAML's words, what they mean to an author, and what to do.
_MEANINGS = {
    "mapping values are not allowed": ("a text with a colon must stand in quotes", MEND),
    "cannot start any token": (
        "a tab, or a sign such as @ or %, stands where YAML admits none",
        "indent by blanks, and put such a text in quotes",
    ),
    "<document start>": ("text follows a line of `...`", "close the frontmatter by --- instead"),
}

# PyYAML's constructors leave most of what they don't expect to Python: `2024-99-99` is a
# ValueError, `!!bool x` a KeyError, `!!timestamp x` an AttributeError.
CONSTRUCTOR_ERRORS = (ValueError, LookupError, AttributeError, TypeError, RecursionError)


def yaml_error(block: Block, error: yaml.YAMLError) -> HeadergenError:
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
    indented = re.compile(rf"[ \t]+{block.request}[ \t]*:")
    if indented.match(block.text, block.line_start(place)):
        remedy = "start it at the beginning of its line"
        return block.error(f"`{block.request}:` is indented", place, block.request, remedy)
    known = (row for words, row in _MEANINGS.items() if words in problem)
    meaning, remedy = next(known, (problem, MEND))
    return block.error(f"{block.name} is not valid YAML: {meaning}", place, remedy=remedy)


def _place(block: Block, error: yaml.YAMLError) -> int:
    """Return where a mistake shows, or what was opened there and is open at the end."""
    shows = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    if shows is None or (opened is not None and shows.index >= len(block.text.rstrip())):
        shows = opened
    return shows.index if shows is not None else 0
