"""What an author writes under `header.card`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from headergen.fields import (
    Location,
    choice,
    either,
    flag,
    off,
    record,
    row,
    rows_of,
    several,
    text,
)
from headergen.vocabulary import COLOUR_PATTERN, PICTURE_THEME, THEMES

# How many tags find room on a card.
_MAX_TAGS = 6

COLOURS = several(text("a colour such as '#1a2b3c'", COLOUR_PATTERN), "colours", most=2)


@dataclass(frozen=True)
class CardRequest:
    """A title card as the author asked for it; None (or empty) where nothing was written.

    `date` and `tags` are the author's own, or True for the article's. False is for none at all,
    also where the config has one for every card. `logo` and `picture` are paths relative to the
    article.
    """

    title: str | None = row(text(), "the title, in place of the article's own")
    subtitle: str | None = row(text(), "a smaller line below the title")
    theme: str | None = row(choice(THEMES), "the drawn background", usual="the config's")
    colours: tuple[str, ...] = row(COLOURS, "ground and accent", default=(), usual="the config's")
    author: str | Literal[False] | None = row(
        either(off(), text()), "the author's name; `false` for none", usual="the config's"
    )
    date: bool | str | None = row(
        either(flag(), text("a date", dates=True)),
        "`true` for the article's date, or another date or text",
        usual="the config's",
    )
    tags: bool | tuple[str, ...] | None = row(
        either(flag(), several(text("a tag"), "tags", most=_MAX_TAGS)),
        "`true` for the article's tags, or a list of others",
        usual="the config's",
    )
    logo: str | Literal[False] | None = row(
        either(off(), text("a path")),
        "a picture, relative to the article; `false` for none",
        usual="the config's",
    )
    picture: str | None = row(text("a path"), f"the picture that the theme `{PICTURE_THEME}` shows")

    def written(self) -> dict[str, Any]:
        """Return the keys that were written, with their values."""
        values = {name: getattr(self, name) for name in CARD_KEYS}
        return {name: value for name, value in values.items() if value not in (None, ())}


CARD_KEYS = tuple(rows_of(CardRequest))


def _check(card: CardRequest, where: Location) -> None:
    shows_one = card.theme == PICTURE_THEME
    if shows_one and card.picture is None:
        message = f"{card.theme!r} shows a picture: name one in `picture`"
        raise where.at("theme").error(message)
    if not shows_one and card.picture is not None:
        message = f"has no effect without `theme: {PICTURE_THEME}`; remove it"
        raise where.at("picture").error(message)


def _card(value: bool | str | CardRequest) -> CardRequest | None:
    if isinstance(value, str):
        return CardRequest(title=value)
    return (CardRequest() if value else None) if isinstance(value, bool) else value


CARD = either(
    flag(),
    text(),
    record(CardRequest, check=_check),
    words="true, a title or a mapping",
    then=_card,
)
