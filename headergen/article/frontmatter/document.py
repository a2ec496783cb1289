"""Frontmatter in one language or the other, as the rooms above see it."""

from __future__ import annotations

from collections.abc import Mapping
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
