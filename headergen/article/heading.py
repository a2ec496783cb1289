"""The first heading of a text, as a renderer shows it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from headergen.article.facts import readable

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# What the parser knows of the whole text: the links by their names.
_Environment = dict[str, dict[str, object]]

# A title further down is that of a section. Hostile text costs the parser the square of its length.
_SEARCHED_BYTES = 16 * 1024

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Nobody's title is longer.
_LONGEST = 1000

# `# Title`, a line of `=` below one, or `<h1>`: without any, no parser is needed.
_MAY_BE_HEADING = re.compile(rb"^ {0,3}(?:#[ \t\r\n]|=+[ \t]*\r?$)|<[hH]1[\s>]", re.MULTILINE)
_HTML_HEADING = re.compile(r"<h1[\s>]", re.IGNORECASE)

# Comments of MDX, Obsidian, Liquid and Nunjucks. CommonMark does not know them.
_COMMENT = re.compile(
    r"(?:^|(?<=[ \t]))\{/\*.{0,2000}?\*/\}"
    r"|^%%[ \t]*$.{0,2000}?^%%[ \t]*$"
    r"|\{%-?[ \t]*comment[ \t]*-?%\}.{0,2000}?\{%-?[ \t]*endcomment[ \t]*-?%\}"
    r"|\{#\s.{0,2000}?\s#\}",
    re.DOTALL | re.MULTILINE,
)

# `{#id .class}` of Pandoc, Hugo and kramdown, `{-}` of Pandoc.
_ATTRIBUTES = re.compile(r"\s*\{(?::?\s*[#.][^{}]*|-|:?\s*[\w-]+=[^{}]*)\}\s*$")

# What stays of links that the parser does not know: `[text][1]` without its `[1]: …`, `[^1]`,
# Obsidian's `[[page|text]]`, and Pandoc's `[text]{.class}`.
_WIKILINK = re.compile(r"!?\[\[(?:[^\[\]|]*\|)?([^\[\]|]+)\]\]")
_FOOTNOTE = re.compile(r"\[\^[^\[\]]+\]")
_REFERENCE = re.compile(r"!?\[([^\[\]]+)\](?:\[[^\[\]]*\]|\{(?:[.#]|[\w-]+=)[^{}]*\})")

# HTML as far as headings need it: what is not shown (readings of ruby are beside the text), tags,
# and the texts of pictures.
_HEADING = re.compile(r"<h1(?:\s[^<>]*)?>(.*?)(?:</h1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|rt|rp)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z](?:\"[^\"]*\"|'[^']*'|[^<>\"'])*>")
_ALT = re.compile(r"<img\b[^<>]*?\balt=(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)

# What HTML shows as one blank.
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")


def heading(body: bytes) -> str | None:
    """Return the text of the first heading of the first level, None where there is none.

    It is what CommonMark takes for a heading, `# Title` or underlined with `=`, and not in a quote
    or a list; or an `<h1>` in HTML.
    """
    data = body[:_SEARCHED_BYTES].removeprefix(_BYTE_ORDER_MARK)
    if not _MAY_BE_HEADING.search(data):
        return None
    environment: _Environment = {}
    text = _COMMENT.sub("", data.decode("utf-8", "replace"))
    tokens = _parser().parse(text, environment)
    for label in [each for each in environment.get("references", ()) if each.startswith("^")]:
        del environment["references"][label]  # a footnote is no link
    titles = (_text_of(each) for each in _headings(tokens, environment))
    return next(filter(None, titles), None)


@cache
def _parser() -> MarkdownIt:
    """Return a parser of blocks alone; `_inside` parses what is inside of a block."""
    from markdown_it import MarkdownIt  # for the few articles whose title is in the text

    return MarkdownIt("commonmark").enable("strikethrough").disable("inline")


def _headings(tokens: Sequence[Token], environment: _Environment) -> Iterator[str]:
    """Yield the HTML inside of each heading of the first level that is in no other block."""
    has_html = any(_HTML_HEADING.search(each.content) for each in tokens)
    page = "".join(_page(tokens, environment, has_html=has_html))
    yield from (found[1] for found in _HEADING.finditer(_HIDDEN.sub("", page)))


def _page(tokens: Sequence[Token], environment: _Environment, *, has_html: bool) -> Iterator[str]:
    """Yield a text as HTML, without its lists and quotes; headings alone unless it `has_html`."""
    is_title = False
    for token in tokens:
        if token.type == "inline" and is_title:
            yield f"<h1>{_inside(token, environment)}</h1>"
        elif token.type == "inline" and token.level == 1 and has_html:
            yield _inside(token, environment)
        elif token.type == "html_block" and token.level == 0:
            yield token.content
        is_title = token.type == "heading_open" and token.tag == "h1" and token.level == 0


def _inside(token: Token, environment: _Environment) -> str:
    """Return the HTML inside of a block, without attributes such as `{#id}` at its end."""
    parser = _parser()
    inner: list[Token] = []
    parser.inline.parse(token.content[:_LONGEST], parser, environment, inner)
    page = "".join(map(_html_of, inner))
    ends_in_code = bool(inner) and inner[-1].type == "code_inline"
    return page if ends_in_code else _ATTRIBUTES.sub("", page)


def _html_of(token: Token) -> str:
    if token.type == "html_inline":
        return token.content
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "image":
        alt = "".join(map(_html_of, token.children or ()))
        return f'<img alt="{alt}">'
    if token.type == "text":
        text = _FOOTNOTE.sub("", _WIKILINK.sub(r"\1", token.content))
        return html.escape(_REFERENCE.sub(r"\1", text))
    return html.escape(token.content) if token.type in ("code_inline", "text_special") else ""


def _text_of(page: str) -> str | None:
    """Return what a browser shows of HTML; the texts of its pictures if there is nothing else."""
    page = page[:_LONGEST]
    text = _TAG.sub("", _BREAK.sub(" ", page))
    if not text.strip():
        text = " ".join(found[1] or found[2] or "" for found in _ALT.finditer(page))
    return readable(_BLANKS.sub(" ", html.unescape(text)))
