"""What an author wrote that is almost a request for a header: told with its line and the mend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headergen.article.frontmatter.block import Block
from headergen.article.frontmatter.document import Document
from headergen.article.keys import REQUEST
from headergen.article.request import AUTHOR_KEYS, CARD_KEYS, asks_for_a_picture
from headergen.errors import HeadergenError, NearMissError, SkippedError
from headergen.vocabulary import THEMES

# At a glance, in an article's bytes: `Header:`, `headers:`, `header_image:`, `header.prompt:` and
# `header：`.
_MAY_BE = (
    rb"^[\"']?(?:%s)s?(?:\.[a-z_.]+)?[\"']?[ \t]*(?::|\xef\xbc\x9a|=)"
    rb"|^[\"']?(?:%s)[\w-]+[\"']?[ \t]*[:=][ \t]*(?:\{|\r?$)"
    rb"|^\[+(?:%s)[\w-]*(?:[\].]|$)"
)

# What to do on a site whose theme owns `header`.
_ASK_BELOW = "set `request_key: headergen` in the config"
IF_THEIRS = f"or, if it is your theme's, {_ASK_BELOW}"

_KEYS = "|".join(dict.fromkeys([*AUTHOR_KEYS, *CARD_KEYS, "digest", "image"]))
_FULL_WIDTH_REQUEST = r"^[ \t\u3000]*(?P<key>{})[ \t\u3000]*："
_FULL_WIDTH_KEY = re.compile(
    rf"^[ \t\u3000]+(?:-[ \t])?(?P<key>{_KEYS})[ \t\u3000]*："
    rf"|^[^\n\"'#]*[{{,，｛][ \t\u3000]*(?P<inner>{_KEYS})[ \t\u3000]*：",
    re.MULTILINE,
)
_WIDE_BLANK = re.compile(rf"^[ \t]*\u3000[ \t\u3000]*(?P<key>{_KEYS})[ \t]*[:：]", re.MULTILINE)
_WIDE_BLANK_BEHIND = rf"^[ \t]*[\"']?(?P<key>{{}}|{_KEYS})[\"']?[ \t]*:[ \t]*\u3000"
_NO_BLANK_BEHIND = re.compile(rf"^[ \t]+(?P<key>{_KEYS}):(?=[^\s:/])", re.MULTILINE)
_FULL_WIDTH_SIGN = re.compile(
    r"^[^#\n\"']*?:[ \t]*(?:[\[{][^\n\"'#]{0,200}?)?(?P<sign>[｛｝［］，])", re.MULTILINE
)
_PLAIN_SIGNS = dict(zip("｛｝［］，", "{}[],", strict=True))
_BARE_COLOUR = re.compile(
    r"^[^#\n]*?(?P<key>colours|background)[\"']?[ \t]*:[ \t]*"
    r"(?:\[(?:[^\[\]\n]{0,200}[ ,])?)?#[0-9a-fA-F]{3,8}\b",
    re.MULTILINE,
)
_MARKER = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)

# The request, as far as lines are indented below it.
_MAPPING = r"^[\"']?{}[\"']?[ \t]*:[^\n]*(?:\n(?:[ \t\u3000][^\n]*)?(?=\n|$))*"

# Keys that themes for Jekyll have in a `header` mapping of their own: Minimal Mistakes and Feeling
# Responsive.
_OF_THEMES = frozenset(
    (
        *("overlay_image", "overlay_color", "overlay_filter", "teaser", "og_image", "caption"),
        *("video", "image_description", "actions", "cta_url", "cta_label", "gallery"),
        *("show_overlay_excerpt", "image_fullwidth", "background-color", "caption_url", "pattern"),
    )
)


def spellings(request: str) -> tuple[bytes, ...]:
    """Return how authors spell the key of a request: as it is, capitalised, and in capitals."""
    return tuple(each.encode() for each in (request, request.capitalize(), request.upper()))


def may_be(text: bytes, request: str) -> bool:
    """Check at a glance whether frontmatter may have what is almost the key of a request."""
    names = b"|".join(map(re.escape, {*spellings(REQUEST), *spellings(request)}))
    return bool(re.search(_MAY_BE % (names, names, names), text, re.MULTILINE))


def refuse_in_text(block: Block) -> None:
    """Refuse what makes a parser fail, or read another thing than the author meant.

    Raises:
        NearMissError: There is such a thing; says where, and what to write.
        ArticleError: It is a conflict marker or a colour without quotes.
    """
    refuse_conflict(block)
    if block.language == "yaml":
        if found := re.search(_FULL_WIDTH_REQUEST.format(block.request), block.text, re.M):
            raise _full_width(block, found)
        if mapping := re.search(_MAPPING.format(block.request), block.text, re.M):
            _refuse_in_mapping(block, *mapping.span())


def refuse_conflict(block: Block) -> None:
    """Refuse what git left of a merge.

    Raises:
        HeadergenError: There is a conflict marker.
    """
    if marker := _MARKER.search(block.text):
        raise block.error("has a conflict marker", marker.start(), None, "resolve the conflict")


def _refuse_in_mapping(block: Block, start: int, end: int) -> None:
    if found := _FULL_WIDTH_KEY.search(block.text, start, end):
        raise _full_width(block, found)
    if found := _WIDE_BLANK.search(block.text, start, end):
        message = "is indented by an ideographic space (U+3000)"
        remedy = "indent it by two plain blanks"
        raise _error(block, message, found.start("key"), f"{block.request}.{found['key']}", remedy)
    wide = re.compile(_WIDE_BLANK_BEHIND.format(block.request), re.MULTILINE)
    if found := wide.search(block.text, start, end):
        message = f"`{found['key']}:` has an ideographic space (U+3000) behind its colon"
        raise _error(block, message, found.start("key"), None, "write a plain blank there")
    if found := _NO_BLANK_BEHIND.search(block.text, start, end):
        raise _without_blank(block, found["key"], found.start("key"))
    refuse_bare_colours(block, start, end)
    if found := _FULL_WIDTH_SIGN.search(block.text, start, end):
        sign = found["sign"]
        remedy = f"write `{_PLAIN_SIGNS[sign]}`"
        raise _error(block, f"`{sign}` is a full-width sign", found.start("sign"), None, remedy)


def _full_width(block: Block, found: re.Match[str]) -> HeadergenError:
    group = "key" if found["key"] else "inner"
    return _with_full_width_colon(block, found[group], found.start(group))


def _with_full_width_colon(block: Block, key: str, index: int) -> HeadergenError:
    remedy = f"write `{key}:` with a plain colon, and a blank after it"
    return _error(block, f"`{key}：` has a full-width colon", index, None, remedy)


def _without_blank(block: Block, key: str, index: int) -> HeadergenError:
    message = f"`{key}:` has no blank behind its colon"
    return _error(block, message, index, None, "write a blank there")


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
    """Refuse keys that are almost the request's, and values that are not what the author meant.

    Raises:
        NearMissError: There is one; says where, and what to write.
        ArticleError: As `refuse_in_text`.
    """
    request = document.block.request
    header = document.values.get(request)
    card = header.get("card") if isinstance(header, dict) else None
    has_no_colours = isinstance(card, dict) and card.get("colours", "") is None
    is_unread = request in document.values and (header is None or isinstance(header, str))
    if is_unread or any(str(key).startswith(f"{request}：") for key in document.values):
        refuse_in_text(document.block)
    if has_no_colours:
        refuse_bare_colours(document.block)
    for path, mapping in (((request,), header), ((request, "card"), card)):
        for key in mapping if isinstance(mapping, dict) else ():
            before, colon, _ = str(key).partition("：")
            if colon:
                index = document.index_of((*path, key)) or 0
                raise _with_full_width_colon(document.block, before, index)
    for key, value in document.values.items():
        if isinstance(key, str) and key != request:
            _refuse_key(document, key, value)


def _refuse_key(document: Document, key: str, value: object) -> None:
    request = document.block.request
    first, _, rest = key.partition(".")
    if not first.lower().startswith((REQUEST, request.lower())):
        return
    index = document.index_of((key,)) or 0
    if key.startswith(f"{request}:"):
        raise _without_blank(document.block, request, index)
    if not rest and isinstance(value, dict):
        if asks_for_a_picture(value):
            message = f"unknown key {key!r}; did you mean {request!r}?"
            raise _error(document.block, message, index, key, f"write `{request}:`")
    elif first.lower() == request.lower() and rest.partition(".")[0] in AUTHOR_KEYS:
        remedy = f"write `{request}:`, and `{rest}:` indented below it"
        raise _error(document.block, "a dot does not nest keys", index, key, remedy)


def skip_theirs(block: Block, header: object, index: int) -> None:
    """Skip an article whose `header` is plainly the theme's: a text, or keys of the theme's alone.

    Raises:
        SkippedError: It is; says how to ask for a picture on such a site.
    """
    if block.request != REQUEST:
        return
    what = ""
    if isinstance(header, str) and header not in THEMES:
        what = "is a text, so it is left to your theme"
    elif isinstance(header, dict) and _is_of_theme(header):
        what = "is the theme's"
    if what:
        remedy = f"{_ASK_BELOW} to ask below `headergen:`"
        error = block.error(what, index, REQUEST, remedy)
        raise SkippedError.of(error, f"their `{REQUEST}:` {what}: {remedy}")


def _is_of_theme(header: Mapping[Any, object]) -> bool:
    ours = {"prompt", "sources", "card", "digest"}
    if not header or ours & header.keys():
        return False
    return bool(_OF_THEMES & header.keys()) or all(map(_is_foreign, header))


def _is_foreign(name: object) -> bool:
    """Check whether a key is no key of a request, nor one with a typo."""
    import difflib

    return not difflib.get_close_matches(str(name), [*AUTHOR_KEYS, "image"], n=1, cutoff=0.8)


def skip_empty(document: Document) -> None:
    """Tell of a request with nothing behind or below it; `header: null` is meant so.

    Raises:
        SkippedError: It is empty.
    """
    request = document.block.request
    if document.written((request,)) == "" and document.values.get(request) is None:
        remedy = "write `prompt:`, `sources:` or `card:` below it"
        index = document.index_of((request,)) or 0
        error = document.block.error("is empty", index, request, remedy)
        raise SkippedError.of(error, f"their `{request}:` is empty: {remedy}")
