"""That text can be read: contrast measured on the very pixels behind it, and made sure of."""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image, ImageFilter

from headergen.graphics.card.palette import Colour
from headergen.graphics.contrast import contrast, luminance, luminance_map

# WCAG 2.2, success criterion 1.4.3, for text of any size.
MIN_CONTRAST = 4.5
# What surrounds a letter is what it stands out from: pixels up to here from it, each way.
_AROUND = 2
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def surroundings(text: Image.Image) -> Image.Image:
    """Mark (L, 0 or 255) what lies behind a text (L, its coverage) and just around it."""
    drawn = text.point([0] + [255] * 255)
    # The mean of a window is above 0 where any pixel of it is: several times as fast as the most.
    return drawn.filter(ImageFilter.BoxBlur(_AROUND)).point([0] + [255] * 255)


def worst_contrast(ground: Image.Image, behind: Image.Image, ink: Colour) -> float:
    """Measure the contrast of `ink` with the pixel behind it that it stands out from least.

    A bound from below: luminance is rounded to 255 steps, here always to the ink's side.
    """
    levels = [level for level, n in enumerate(luminance_map(ground).histogram(behind)) if n]
    own = luminance(ink)
    nearest = min(levels, key=lambda level: contrast(level / 255, own), default=0)
    rounded = nearest + (0.5 if nearest / 255 < own else -0.5)
    return contrast(max(rounded, 0) / 255, own)


def legible_ink(ground: Image.Image, behind: Image.Image, inks: Iterable[Colour]) -> Colour | None:
    """Choose the first of `inks`, or else white or black, that stands out enough; None if none."""
    for ink in (*inks, WHITE, BLACK):
        if worst_contrast(ground, behind, ink) >= MIN_CONTRAST:
            return ink
    return None
