"""Frontmatter in one language or the other, as the rooms above see it."""

from __future__ import annotations

from typing import Any, Protocol

from headergen.article.frontmatter.block import Block


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

    def with_value(
        self, path: tuple[str, ...], value: str | int, before: str | None = None
    ) -> Block:
        """Return the block with `value` at `path`, before the sibling `before` if it is new."""


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
