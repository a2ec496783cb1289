"""Letters as a mask: where a set text covers a picture, and how much."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw

from headergen.graphics.typography.fit import Setting
from headergen.graphics.typography.fonts import face

# Glyphs are drawn larger and averaged: FreeType fits stems to whole pixels, which at half a pixel
# is not seen.
_OVERSAMPLING = 2
# A kanji's square reaches from here above the baseline to the rest of the em below it.
_ASCENT = 0.88

ALIGNMENTS = {"left": 0.0, "center": 0.5, "right": 1.0}


@dataclass(frozen=True)
class Placed:
    """A set text at its place in a picture; `left` and `top` in px, `align` within `width`."""

    setting: Setting
    left: float
    top: float
    width: float
    align: str = "left"

    @property
    def bottom(self) -> float:
        """Where the squares of the last line's kanji end, in px."""
        return self.top + self.setting.height


def mask(placed: Placed, width: int, height: int) -> Image.Image:
    """Draw a text as coverage (L, 0 to 255) on a picture of `width` x `height` px."""
    size = (width * _OVERSAMPLING, height * _OVERSAMPLING)
    drawn = Image.new("L", size)
    canvas = ImageDraw.Draw(drawn)
    em = placed.setting.size * _OVERSAMPLING
    for index, line in enumerate(placed.setting.lines):
        free = placed.width * _OVERSAMPLING - line.width * em
        left = placed.left * _OVERSAMPLING + free * ALIGNMENTS[placed.align]
        baseline = (placed.top + index * placed.setting.leading) * _OVERSAMPLING + _ASCENT * em
        for glyph in line.glyphs:
            at = (left + (glyph.x + glyph.shift) * em, baseline + glyph.font.drop * em)
            font = face(glyph.font.name, round(em * glyph.font.scale))
            canvas.text(at, glyph.character, fill=255, font=font, anchor="ls")
    return drawn.reduce(_OVERSAMPLING)
