"""Frontmatter in one language or the other, as the rooms above see it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

from headergen.article.frontmatter.block import Block, NewValues


class Document(Protocol):
    """Frontmatter in one language, as `yaml_read` and `toml_edit` read it."""

    @property
    def block(self) -> Block:
        """Where it stands, and its text."""

    @property
    def values(self) -> dict[Any, Any]:
        """The mapping, as loaded."""

    def index_of(self, path: tuple[str | int, ...]) -> int | None:
        """Return where the key (or list item) at `path` starts, None where it is not written."""

    def written(self, path: tuple[str | int, ...]) -> str | None:
        """Return the scalar at `path` as the author wrote it, None where it is not written."""


def read_document(block: Block) -> Document | None:
    """Read a block, None where it holds no mapping.

    Raises:
        ArticleError: It cannot be read; says where and why.
    """
    if block.language == "toml":
        from headergen.article.frontmatter import toml_edit

        return toml_edit.read(block)
    from headergen.article.frontmatter import yaml_read

    return yaml_read.read(block)


def with_values(block: Block, values: Mapping[Any, Any], changes: NewValues) -> Block:
    """Return a block, which was loaded as `values`, with the `changes`, all else untouched.

    A new key comes before the first of those that follow it in `changes` and are written.

    Raises:
        ArticleError: The changes cannot be made safely; the message says why.
    """
    if block.language == "toml":
        from headergen.article.frontmatter import toml_edit

        return toml_edit.with_values(block, values, changes)
    from headergen.article.frontmatter import yaml_edit

    return yaml_edit.with_values(block, values, changes)


def without(block: Block, path: tuple[str, ...]) -> Block:
    """Return a block without the key at `path`, all else untouched; it is not the only one there.

    Raises:
        ArticleError: The key cannot be removed safely; the message says why.
    """
    if block.language == "toml":
        from headergen.article.frontmatter import toml_edit

        return toml_edit.without(block, path)
    from headergen.article.frontmatter import yaml_edit

    return yaml_edit.without(block, path)


def lines_of(
    document: Document,
    path: tuple[str | int, ...],
    value: object,
    *,
    depth: int = 2,
    most: int = 20,
) -> Iterator[tuple[str, int]]:
    """Yield the dotted keys and 1-based lines of `value`, at `path`, and what is written below it.

    An item of a list is named as in `header.sources[0]`. At most `depth` levels are looked at, and
    `most` keys or items of each.

    Raises:
        HeadergenError: A key is there twice.
    """
    index = document.index_of(path)
    if index is None:
        return
    yield dotted(path), document.block.line(index)
    inner: dict[Any, object] = {}
    if depth and isinstance(value, dict):
        inner = {name: each for name, each in islice(value.items(), most) if isinstance(name, str)}
    elif depth and isinstance(value, list):
        inner = dict(enumerate(value[:most]))
    for name, each in inner.items():
        yield from lines_of(document, (*path, name), each, depth=depth - 1, most=most)


def dotted(path: Iterable[str | int]) -> str:
    """Return a path as it is written in messages, such as `header.sources[0]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")
