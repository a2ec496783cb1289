"""The layout of overlapping cards, held like a hand of cards."""

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import geometric_mean

from headergen.graphics.composite.stage import Frame, Source, Stage

# Px at 1280x670: cards keep off the canvas' edges, where listings and link cards crop.
_MARGINS = (70, 52)
# Cards are alike: between these shapes (width to height), the more upright the more there are.
_NARROWEST, _WIDEST, _NARROWING = 0.7, 1.3, 0.07
# Degrees: from the first card to the last at most, from one card to the next at most, and how a
# single card leans.
_SPREAD, _STEP, _SINGLE = 26.0, 6.0, -3.0
# How far the next card's middle is, in card widths, so that the cards are about as high as this
# share of the room.
_ADVANCES = (0.2, 0.66)
_HEIGHT = 0.8


def fan(sources: Sequence[Source], stage: Stage) -> tuple[Frame, ...]:
    """Spread the sources from left to right, the middle one on top."""
    count = len(sources)
    ratio = _ratio(sources)
    advance = _advance(ratio, count, stage)
    step = min(_STEP, _SPREAD / max(count - 1, 1))
    # Of the two middle cards of an even number the first lies on top.
    top = (count - 1) // 2
    cards = [
        replace(_card(index, index - (count - 1) / 2, ratio, advance, step), seen=seen)
        for index, seen in enumerate(_seen(index - top, advance) for index in range(count))
    ]
    if count == 1:
        cards = [replace(cards[0], angle=_SINGLE)]
    cards.sort(key=lambda card: (abs(card.source - top), card.source), reverse=True)
    return _fitted(cards, stage)


def _ratio(sources: Sequence[Source]) -> float:
    widest = max(_WIDEST - _NARROWING * (len(sources) - 1), _NARROWEST)
    return min(max(geometric_mean(source.ratio for source in sources), _NARROWEST), widest)


def _advance(ratio: float, count: int, stage: Stage) -> float:
    width, height = stage.room(*_MARGINS)
    spread = width / (height * _HEIGHT) / ratio
    low, high = _ADVANCES
    return min(max((spread - 1) / max(count - 1, 1), low), high)


def _card(index: int, place: float, ratio: float, advance: float, step: float) -> Frame:
    """Put a card of height 1 on an arc: `place` cards to the right of its top."""
    # All cards turn about a common point far below, at a distance that sets them `advance` apart.
    radius, angle = ratio * advance / math.radians(step), math.radians(place * step)
    x, y = radius * math.sin(angle), radius * (1 - math.cos(angle))
    return Frame(index, (x - ratio / 2, y - 0.5, x + ratio / 2, y + 0.5), angle=place * step)


def _seen(offset: int, advance: float) -> tuple[float, float]:
    """Say from where to where, in shares of its width, a card shows beside the one above it.

    `offset` is how many cards it is to the right of the one on top.
    """
    if offset == 0:
        return 0, 1
    return (0, advance) if offset < 0 else (1 - advance, 1)


def _fitted(cards: Sequence[Frame], stage: Stage) -> tuple[Frame, ...]:
    """Scale cards so that together they fill the room, and put them in its middle."""
    across, down = zip(*(corner for card in cards for corner in card.outline), strict=True)
    width, height = max(across) - min(across), max(down) - min(down)
    room = stage.room(*_MARGINS)
    scale = max(min(room[0] / width, room[1] / height), 0)
    x = stage.width / 2 - scale * (min(across) + width / 2)
    y = stage.height / 2 - scale * (min(down) + height / 2)
    return tuple(_moved(card, scale, x, y) for card in cards)


def _moved(card: Frame, scale: float, x: float, y: float) -> Frame:
    left, top, right, bottom = (edge * scale for edge in card.box)
    return replace(card, box=(left + x, top + y, right + x, bottom + y))
