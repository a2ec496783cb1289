"""The first heading of a text, as a renderer shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from headergen.article.facts import readable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# A title further down is that of a section. Hostile text costs the parser the square of its length.
_SEARCHED_BYTES = 16 * 1024

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Nobody's title is longer.
_LONGEST = 1000

# `# Title`, or a line of `=` below one: without either, no parser is needed.
_MAY_BE_HEADING = re.compile(rb"^ {0,3}(?:#[ \t\r\n]|=+[ \t]*\r?$)", re.MULTILINE)

# `{#id .class}` of Pandoc, Hugo and kramdown, `{-}` of Pandoc.
_ATTRIBUTES = re.compile(r"\s*\{(?::?\s*[#.][^{}]*|-|:?\s*[\w-]+=[^{}]*)\}\s*$")

# What stays of links that the parser does not know: `[text][1]` without its `[1]: …`, `[^1]`, and
# Obsidian's `[[page|text]]`.
_WIKILINK = re.compile(r"!?\[\[(?:[^\[\]|]*\|)?([^\[\]|]+)\]\]")
_FOOTNOTE = re.compile(r"\[\^[^\[\]]+\]")
_REFERENCE = re.compile(r"!?\[([^\[\]]+)\]\[[^\[\]]*\]")


def heading(body: bytes) -> str | None:
    """Return the text of the first heading of the first level, None where there is none.

    It is what CommonMark takes for a heading, `# Title` or underlined with `=`, and not in a quote
    or a list.
    """
    data = body[:_SEARCHED_BYTES].removeprefix(_BYTE_ORDER_MARK)
    if not _MAY_BE_HEADING.search(data):
        return None
    environment: dict[str, object] = {}
    tokens = _parser().parse(data.decode("utf-8", "replace"), environment)
    texts = (_shown(token, environment) for token in _headings(tokens))
    return next(filter(None, texts), None)


@cache
def _parser() -> MarkdownIt:
    """Return a parser of blocks alone; `_shown` parses what is inside of the heading."""
    from markdown_it import MarkdownIt  # for the few articles whose title is in the text

    return MarkdownIt("commonmark").enable("strikethrough").disable("inline")


def _headings(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the content of each heading of the first level that is in no other block."""
    is_title = False
    for token in tokens:
        if is_title:
            yield token
        is_title = token.type == "heading_open" and token.tag == "h1" and token.level == 0


def _shown(token: Token, environment: dict[str, object]) -> str | None:
    """Return what a renderer shows of a heading's content."""
    parser = _parser()
    inner: list[Token] = []
    parser.inline.parse(token.content[:_LONGEST], parser, environment, inner)
    text = "".join(map(_text_of, inner))
    ends_in_code = bool(inner) and inner[-1].type == "code_inline"
    return readable(text if ends_in_code else _ATTRIBUTES.sub("", text))


def _text_of(token: Token) -> str:
    if token.type == "text":
        text = _FOOTNOTE.sub("", _WIKILINK.sub(r"\1", token.content))
        return _REFERENCE.sub(r"\1", text)
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "image":
        return "".join(map(_text_of, token.children or ()))
    return token.content if token.type in ("code_inline", "text_special") else ""
