"""What an author wrote that is almost a request for a header: told with its line and the mend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headergen.article.frontmatter.block import Block
from headergen.article.frontmatter.document import Document
from headergen.article.request import AUTHOR_KEYS, asks_for_a_picture
from headergen.errors import HeadergenError, NearMissError, SkippedError

# At a glance, in an article's bytes: `Header:`, `headers:`, `header.prompt:` and `header：`.
MAY_BE = re.compile(
    rb"^[\"']?(?:[Hh]eaders?|HEADER)(?:\.[a-z_.]+)?[\"']?[ \t]*(?::|\xef\xbc\x9a|=)"
    rb"|^\[+(?:Header|headers)",
    re.MULTILINE,
)

_KEYS = "|".join([*AUTHOR_KEYS, "digest", "image"])
_FULL_WIDTH_HEADER = re.compile(r"^[ \t\u3000]*(?P<key>header)[ \t\u3000]*：", re.MULTILINE)
_FULL_WIDTH_KEY = re.compile(
    rf"^[ \t\u3000]+(?:-[ \t])?(?P<key>{_KEYS})[ \t\u3000]*：", re.MULTILINE
)
_WIDE_BLANK = re.compile(rf"^[ \t]*\u3000[ \t\u3000]*(?P<key>{_KEYS})[ \t]*[:：]", re.MULTILINE)
_BARE_COLOUR = re.compile(
    r"^[^#\n]*?(?P<key>colours|background)[\"']?[ \t]*:[ \t]*"
    r"(?:\[(?:[^\[\]\n]{0,200}[ ,])?)?#[0-9a-fA-F]{3,8}\b",
    re.MULTILINE,
)
_MARKER = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)

# The `header` mapping, as far as lines are indented below it.
_MAPPING = re.compile(
    r"^[\"']?header[\"']?[ \t]*:[^\n]*(?:\n(?:[ \t\u3000][^\n]*)?(?=\n|$))*", re.M
)

# Keys that themes for Jekyll have in a `header` mapping of their own: Minimal Mistakes and Feeling
# Responsive.
_OF_THEMES = frozenset(
    (
        *("overlay_image", "overlay_color", "overlay_filter", "teaser", "og_image", "caption"),
        *("video", "image_description", "actions", "cta_url", "cta_label", "gallery"),
        *("show_overlay_excerpt", "image_fullwidth", "background-color", "caption_url", "pattern"),
    )
)


def refuse_in_text(block: Block) -> None:
    """Refuse what makes a parser fail, or read another thing than the author meant.

    Raises:
        NearMissError: There is such a thing; says where, and what to write.
        ArticleError: It is a conflict marker or a colour without quotes.
    """
    if marker := _MARKER.search(block.text):
        raise block.error("has a conflict marker", marker.start(), None, "resolve the conflict")
    if block.language == "yaml":
        if found := _FULL_WIDTH_HEADER.search(block.text):
            raise _full_width(block, found)
        if mapping := _MAPPING.search(block.text):
            _refuse_in_mapping(block, *mapping.span())


def _refuse_in_mapping(block: Block, start: int, end: int) -> None:
    if found := _FULL_WIDTH_KEY.search(block.text, start, end):
        raise _full_width(block, found)
    if found := _WIDE_BLANK.search(block.text, start, end):
        message = "is indented by an ideographic space (U+3000)"
        remedy = "indent it by two plain blanks"
        raise _error(block, message, found.start("key"), f"header.{found['key']}", remedy)
    refuse_bare_colours(block, start, end)


def _full_width(block: Block, found: re.Match[str]) -> HeadergenError:
    message = f"`{found['key']}：` has a full-width colon"
    remedy = f"write `{found['key']}:` with a plain colon, and a blank after it"
    return _error(block, message, found.start("key"), None, remedy)


def _error(block: Block, message: str, index: int, key: str | None, remedy: str) -> HeadergenError:
    return replace(block, fault=NearMissError).error(message, index, key, remedy)


def refuse_bare_colours(block: Block, start: int = 0, end: int | None = None) -> None:
    """Refuse a colour without quotes, which begins a comment: `colours: [#1a2b3c]`.

    Raises:
        HeadergenError: There is one between the characters `start` and `end`.
    """
    if found := _BARE_COLOUR.search(block.text, start, len(block.text) if end is None else end):
        message = "a colour without quotes is a comment"
        remedy = "put it in quotes: '#1a2b3c'"
        raise block.error(message, found.start("key"), found["key"], remedy)


def refuse_in_values(document: Document) -> None:
    """Refuse keys that are almost `header`, and values that are not what the author meant.

    Raises:
        NearMissError: There is one; says where, and what to write.
        ArticleError: As `refuse_in_text`.
    """
    header = document.values.get("header")
    card = header.get("card") if isinstance(header, dict) else None
    has_no_colours = isinstance(card, dict) and card.get("colours", "") is None
    is_unread = "header" in document.values and (header is None or isinstance(header, str))
    if is_unread or any(str(key).startswith("header：") for key in document.values):
        refuse_in_text(document.block)
    if has_no_colours:
        refuse_bare_colours(document.block)
    for key, value in document.values.items():
        if isinstance(key, str) and key != "header":
            _refuse_key(document, key, value)


def _refuse_key(document: Document, key: str, value: object) -> None:
    first, _, rest = key.partition(".")
    if not first.lower().startswith("header"):
        return
    index = document.index_of((key,)) or 0
    if key.lower() in ("header", "headers") and isinstance(value, dict):
        if asks_for_a_picture(value):
            message = f"unknown key {key!r}; did you mean 'header'?"
            raise _error(document.block, message, index, key, "write `header:`")
    elif first.lower() == "header" and rest.partition(".")[0] in AUTHOR_KEYS:
        remedy = f"write `header:`, and `{rest}:` indented below it"
        raise _error(document.block, "a dot does not nest keys", index, key, remedy)


def is_of_theme(header: Mapping[Any, object]) -> bool:
    """Check whether a `header` mapping belongs to the site's theme, and asks for nothing here."""
    ours = {"prompt", "sources", "card", "digest"}
    return not ours & header.keys() and bool(_OF_THEMES & header.keys())


def skip_empty(document: Document) -> None:
    """Tell of a `header:` with nothing behind or below it; `header: null` is meant so.

    Raises:
        SkippedError: It is empty.
    """
    if document.written(("header",)) == "" and document.values.get("header") is None:
        remedy = "write `prompt:`, `sources:` or `card:` below it, or remove it"
        index = document.index_of(("header",)) or 0
        error = document.block.error("is empty", index, "header", remedy)
        raise SkippedError.of(error, f"their `header:` is empty: {remedy}")
