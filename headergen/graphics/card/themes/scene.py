"""What every theme starts from, and the brushes that they share."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image, ImageChops, ImageDraw

from headergen.graphics.card.layout import REFERENCE
from headergen.graphics.card.palette import Colour, Palette

T = TypeVar("T")

# Shapes are drawn this much larger, and averaged.
_OVERSAMPLING = 3
# Soft fields are computed at a picture this long, and enlarged.
_FIELD_LENGTH = 96


class Chance:
    """Numbers that look random and are the same for the same seed, whatever Python draws them."""

    def __init__(self, seed: str) -> None:
        # Of the methods of Random, only this one's sequence is promised to stay.
        self._next = random.Random(seed).random

    def uniform(self, low: float, high: float) -> float:
        """Draw a number between `low` and `high`."""
        return low + (high - low) * self._next()

    def below(self, end: int) -> int:
        """Draw a whole number from 0 to `end`, exclusive."""
        return int(self._next() * end)

    def pick(self, choices: Sequence[T]) -> T:
        """Draw one of `choices`."""
        return choices[self.below(len(choices))]

    def shuffled(self, things: Iterable[T]) -> list[T]:
        """Return `things` in another order."""
        return sorted(things, key=lambda _: self._next())


@dataclass(frozen=True)
class Scene:
    """One card's ground to paint: its size in px, its colours, and chance that repeats itself.

    `text` (L) marks where text will stand, and softly what is around it.
    """

    width: int
    height: int
    palette: Palette
    seed: str
    text: Image.Image
    picture: Image.Image | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.width, self.height

    @property
    def unit(self) -> float:
        """How many px of this card a px of the reference size is."""
        return min(self.width / REFERENCE[0], self.height / REFERENCE[1])

    def chance(self) -> Chance:
        """Return a source of chance that gives the same numbers for the same card."""
        return Chance(self.seed)

    def flat(self, colour: Colour) -> Image.Image:
        """Return a picture of one colour."""
        return Image.new("RGB", self.size, colour)

    def field(self, colour_at: Callable[[float, float], Colour]) -> Image.Image:
        """Paint a soft field: the colour at each x and y in [0, 1], of which few are asked for."""
        scale = _FIELD_LENGTH / max(self.size)
        columns, rows = (max(round(length * scale), 2) for length in self.size)
        small = Image.new("RGB", (columns, rows))
        small.putdata(
            [
                colour_at(x / (columns - 1), y / (rows - 1))
                for y in range(rows)
                for x in range(columns)
            ]
        )
        return small.resize(self.size, Image.Resampling.BICUBIC)

    def shape(self, draw: Callable[[ImageDraw.ImageDraw, float], None]) -> Image.Image:
        """Draw a mask (L, smooth edges); `draw` gets a canvas, and its px for each of the unit."""
        scaled = (self.width * _OVERSAMPLING, self.height * _OVERSAMPLING)
        mask = Image.new("L", scaled)
        draw(ImageDraw.Draw(mask), self.unit * _OVERSAMPLING)
        return mask.reduce(_OVERSAMPLING)

    def clear(self, mask: Image.Image, share: float = 1.0) -> Image.Image:
        """Take `share` in [0, 1] of an ornament's mask (L) away where the text stands."""
        kept = self.text.point([round(255 - level * share) for level in range(256)])
        return ImageChops.multiply(mask, kept)


def square(x: float, y: float, reach: float, unit: float = 1) -> list[float]:
    """Return the box around a point, `reach` to each side, in px; `unit` is that of the lengths."""
    return [(x - reach) * unit, (y - reach) * unit, (x + reach) * unit, (y + reach) * unit]


def tint(image: Image.Image, colour: Colour, mask: Image.Image, opacity: float = 1.0) -> None:
    """Paint `colour` onto a picture where `mask` (L) says, at `opacity` in [0, 1]."""
    if opacity < 1:
        mask = mask.point([round(level * opacity) for level in range(256)])
    image.paste(colour, (0, 0), mask)
