"""What an article tells of itself besides its header: title, tags and date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# A title further down is that of a section.
_SEARCHED_BYTES = 64 * 1024

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_HEADING = re.compile(r"\s{0,3}#[ \t]+(?P<text>.*?)(?:[ \t]+#+)?[ \t]*\r?")
# `**bold**`, `*slanted*`, `code` and [text](link) show as their text alone.
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(\S(?:.*?\S)?)\1")


@dataclass(frozen=True)
class Facts:
    """Title, tags and date (as written, `2026-08-30` where it is a date) of an article."""

    title: str | None = None
    tags: tuple[str, ...] = ()
    date: str | None = None


def read_facts(values: Mapping[Any, Any]) -> Facts:
    """Take title, tags and date from frontmatter; what is of another type is passed over."""
    tags = values.get("tags")
    if isinstance(tags, str):
        tags = tags.split(",")
    return Facts(
        title=_text(values.get("title")),
        tags=tuple(filter(None, map(_text, tags))) if isinstance(tags, list) else (),
        date=(_text(values.get("date")) or "")[:10] or None,
    )


def heading(body: bytes) -> str | None:
    """Return the text of the first `# heading`, without Markdown's marks and outside of code."""
    fence = ""
    for line in body[:_SEARCHED_BYTES].decode("utf-8-sig", "replace").split("\n"):
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        elif not fence and (found := _HEADING.fullmatch(line)) and found["text"]:
            return _shown(found["text"])
    return None


def _shown(text: str) -> str | None:
    text = _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", text))
    return text.strip() or None


def _text(value: object) -> str | None:
    """Return a scalar as text; a lone surrogate is no character that anything can draw."""
    if value is None or isinstance(value, list | dict | bool):
        return None
    text = str(value).strip()
    return None if not text or _LONE_SURROGATE.search(text) else text
