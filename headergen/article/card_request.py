"""What an author writes under `header.card`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from headergen.article.frontmatter.mapping import HeaderMapping
from headergen.vocabulary import PICTURE_THEME, THEMES

CARD_KEYS = (
    "title",
    "subtitle",
    "theme",
    "colours",
    "author",
    "date",
    "tags",
    "logo",
    "picture",
)
_MAX_COLOURS = 2
_MAX_TAGS = 6


@dataclass(frozen=True)
class CardRequest:
    """A title card as the author asked for it; None (or empty) where nothing was written.

    `date` and `tags` are the author's own, or True for the article's. False is for none at all,
    also where the config has one for every card. `logo` and `picture` are paths relative to the
    article.
    """

    title: str | None = None
    subtitle: str | None = None
    theme: str | None = None
    colours: tuple[str, ...] = ()
    author: str | Literal[False] | None = None
    date: bool | str | None = None
    tags: bool | tuple[str, ...] | None = None
    logo: str | Literal[False] | None = None
    picture: str | None = None

    def written(self) -> dict[str, Any]:
        """Return the keys that were written, with their values."""
        return {
            key: getattr(self, key) for key in CARD_KEYS if getattr(self, key) not in (None, ())
        }


def read_card(header: HeaderMapping) -> CardRequest | None:
    """Return the title card that `header` asks for, None where it asks for none.

    Raises:
        ArticleError: A key is unknown or its value is not admissible.
    """
    if header.values.get("card") in (None, False):
        return None
    if header.values["card"] is True:
        return CardRequest()
    if isinstance(header.values["card"], str):
        return CardRequest(title=header.text("card"))
    card = header.inner("card")
    card.refuse_unknown_keys(CARD_KEYS)
    return CardRequest(
        title=card.text("title"),
        subtitle=card.text("subtitle"),
        theme=_theme(card),
        colours=_colours(card),
        author=_text_or_none_at_all(card, "author"),
        date=_date(card),
        tags=_tags(card),
        logo=_text_or_none_at_all(card, "logo"),
        picture=card.text("picture"),
    )


def _text_or_none_at_all(card: HeaderMapping, key: str) -> str | Literal[False] | None:
    return False if card.values.get(key) is False else card.text(key)


def _date(card: HeaderMapping) -> bool | str | None:
    """Take a date without quotes, which YAML and TOML make a date of, as it was written."""
    value = card.values.get("date")
    return value.isoformat()[:10] if isinstance(value, date) else card.flag_or_text("date")


def _theme(card: HeaderMapping) -> str | None:
    theme = card.text("theme")
    if theme not in (None, *THEMES):
        raise card.error("theme", f"unknown theme {theme!r}; choose from {', '.join(THEMES)}")
    shows_one = theme == PICTURE_THEME
    if shows_one and card.values.get("picture") is None:
        raise card.error("theme", f"{theme!r} shows a picture: name one in `picture`")
    if not shows_one and card.values.get("picture") is not None:
        raise card.error("picture", f"has no effect without `theme: {PICTURE_THEME}`; remove it")
    return theme


def _colours(card: HeaderMapping) -> tuple[str, ...]:
    import re

    colours = card.texts("colours", "colours", most=_MAX_COLOURS)
    for colour in colours:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            raise card.error("colours", f"expected colours such as '#1a2b3c', not {colour!r}")
    return colours


def _tags(card: HeaderMapping) -> bool | tuple[str, ...] | None:
    tags = card.values.get("tags")
    if tags is None or isinstance(tags, bool):
        return tags
    return card.texts("tags", "tags", most=_MAX_TAGS)
