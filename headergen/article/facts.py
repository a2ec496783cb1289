"""What an article tells of itself besides its header: title, tags and date, as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from headergen.article.frontmatter.document import Document
from headergen.article.keys import value_at

# Where sites keep an article's tags; the first of these that has any counts.
_TAG_KEYS = (("tags",), ("topics",), ("categories",), ("taxonomies", "tags"), ("keywords",))

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DATE = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2})(?:[Tt ]|$)")

# No card and no prompt has room for more.
_MOST_TAGS = 50

# `2026-08-30-`, `20260830_` and the like, before the rest of a file's name.
_DATE_IN_NAME = re.compile(r"(?:\d{4}[-_.]?\d{2}[-_.]?\d{2}(?:[-_ T]\d{4,6})?[-_. ]+)+(?=.)")

# Names that tell nothing: `index`, and the days, weeks and months of a diary.
_NO_NAME = re.compile(
    r"_?index(\..*)?|\d{4}[-_.]?(\d{2}|W\d{2})([-_.]?\d{2})?([-_ T]?\d{4,6})?|[\W_]*", re.IGNORECASE
)


@dataclass(frozen=True)
class Facts:
    """Title, tags and date (as written, `2026-08-30` where it is a date) of an article."""

    title: str | None = None
    tags: tuple[str, ...] = ()
    date: str | None = None


def read_facts(document: Document) -> Facts:
    """Take title, tags and date from frontmatter; what is of another type is passed over."""
    date = _text(document, ("date",))
    day = _DATE.match(date or "")
    return Facts(
        title=_text(document, ("title",)),
        tags=next(filter(None, (_first(_tags(document, key)) for key in _TAG_KEYS)), ()),
        date=day[1] if day else date,
    )


def title_of_name(stem: str) -> str | None:
    """Return the title that a file's name tells, without date and separators: `winter games`.

    None for `index`, and where nothing but a date is left.
    """
    name = _DATE_IN_NAME.sub("", stem, count=1) if _DATE_IN_NAME.match(stem) else stem
    if _NO_NAME.fullmatch(name):
        return None
    return readable(" ".join(re.split(r"[-_\s]+", name)))


def readable(text: str) -> str | None:
    """Return a text without blanks around it; None if it is empty or nothing can draw it."""
    text = text.strip()
    return None if not text or _LONE_SURROGATE.search(text) else text


def _text(document: Document, path: tuple[str | int, ...]) -> str | None:
    """Return a scalar as the author wrote it: `10:30`, `3.10`, `007` and `No` are texts."""
    value = value_at(document.values, path)
    if value is None or isinstance(value, list | dict):
        return None
    return readable(value if isinstance(value, str) else document.written(path) or str(value))


def _first(tags: Iterator[str]) -> tuple[str, ...]:
    return tuple(islice(tags, _MOST_TAGS))


def _tags(document: Document, path: tuple[str, ...]) -> Iterator[str]:
    value = value_at(document.values, path)
    if isinstance(value, list):
        yield from filter(None, (_text(document, (*path, at)) for at in range(len(value))))
    else:
        yield from filter(None, map(readable, (_text(document, path) or "").split(",")))
