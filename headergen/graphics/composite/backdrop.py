"""The colour behind a transparent source: its own hue, and one that it stands out from."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter, ImageStat

from headergen.graphics.composite.source import Source
from headergen.graphics.contrast import contrast, luminance, luminance_map

Colour = tuple[int, int, int]

# Lightness of the backdrops that a transparent source may be laid on, in order of preference.
# The last is for a logo with both a white and a black part: it stands out from each by 4:1.
_BACKDROP_LIGHTNESS = (0.95, 0.13, 0.46)
# Enough of the logo's own hue to belong to it, too little to compete with it.
_MAX_SATURATION = 0.35
# WCAG 2.2, success criterion 1.4.11: graphics stand out from what is beside them by 3:1.
_MIN_CONTRAST = 3.0
# Side in px at which a logo is looked at to choose its backdrop.
_PROBE_SIDE = 128


def backdrop(source: Source) -> Colour:
    """Choose the colour behind a source: its own hue, light unless that would hide its outline."""
    levels = outline_levels(source)
    hue, chroma = hue_and_chroma(ImageStat.Stat(*_seen(source)).mean)
    tints = [tint(hue, chroma, lightness, _MAX_SATURATION) for lightness in _BACKDROP_LIGHTNESS]
    return min(tints, key=lambda colour: hidden_tenths(levels, luminance(colour)))


def outline_levels(source: Source) -> list[int]:
    """Count the levels, 0 to 255, of relative luminance along the outline of what can be seen."""
    colours, seen = _seen(source)
    outline = ImageChops.subtract(seen, seen.filter(ImageFilter.MinFilter(3)))
    return luminance_map(colours).histogram(outline)


def hidden_tenths(levels: Sequence[int], behind: float) -> int:
    """Count the tenths of an outline that a ground of relative luminance `behind` swallows."""
    hidden = [n for level, n in enumerate(levels) if contrast(level / 255, behind) < _MIN_CONTRAST]
    # Whole tenths: a few pixels of a fringe are no reason to leave the preferred backdrop.
    return round(10 * sum(hidden) / max(sum(levels), 1))


def _seen(source: Source) -> tuple[Image.Image, Image.Image]:
    """Shrink a source to its colours (RGB), and a mask (L) of what can be seen."""
    shape = source.shape or Image.new("L", source.picture.size, 255)
    # However little of a block is covered: a hairline in a large picture has an outline too.
    return _probe(source.picture).convert("RGB"), _probe(shape).point([0] + [255] * 255)


def _probe(picture: Image.Image) -> Image.Image:
    scale = min(_PROBE_SIDE / max(picture.size), 1)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    return picture.resize(size, Image.Resampling.BOX)


def hue_and_chroma(colour: Sequence[float]) -> tuple[float, float]:
    """Measure hue and chroma, each in [0, 1], of levels up to 255.

    Chroma and not saturation, which calls an almost white or black picture colourful.
    """
    red, green, blue = (level / 255 for level in colour)
    hue, _, _ = colorsys.rgb_to_hls(red, green, blue)
    return hue, max(red, green, blue) - min(red, green, blue)


def tint(hue: float, chroma: float, lightness: float, most: float) -> Colour:
    """Make a colour of a hue: as saturated as `chroma`, but by `most` at most."""
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, min(chroma, most))
    return round(red * 255), round(green * 255), round(blue * 255)
