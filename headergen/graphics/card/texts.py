"""Whether the texts of a title card can be drawn at all: known without Pillow."""

from __future__ import annotations

from headergen.errors import UsageError
from headergen.graphics.card.content import Card
from headergen.graphics.typography import fonts
from headergen.graphics.typography.glyphs import normalise, row
from headergen.graphics.typography.markup import read_inline


def require_title(card: Card) -> None:
    """Make sure that the title shows something.

    Raises:
        UsageError: it is blank.
        GlyphError: emoji are joined that the font has no common glyph for.
    """
    if not read_inline(card.title).text:
        raise UsageError(
            "a title card needs a title, and this one is blank", remedy="write a title"
        )


def require_drawable(card: Card) -> None:
    """Make sure that the fonts have all characters of a card; each family has the same.

    Raises:
        UsageError: the title is blank.
        GlyphError: no bundled font draws a character.
    """
    require_title(card)
    row(read_inline(card.title).text, fonts.HEAVY)
    for text in (*card.tags, card.author, card.date, card.subtitle):
        row(normalise(text or ""), fonts.HEAVY)
