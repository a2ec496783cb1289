"""The colour behind a transparent source: its own hue, and one that it stands out from."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter, ImageStat

from headergen.paint.contrast import contrast, luminance, luminance_map

# Lightness of the backdrops that a transparent source may be laid on, in order of preference.
# The last is for a logo with both a white and a black part: it stands out from each by 4:1.
_BACKDROP_LIGHTNESS = (0.95, 0.13, 0.46)
# Enough of the logo's own hue to belong to it, too little to compete with it.
_MAX_BACKDROP_SATURATION = 0.35
# WCAG 2.2, success criterion 1.4.11: graphics stand out from what is beside them by 3:1.
_MIN_CONTRAST = 3.0
# Side in px at which a logo is looked at to choose its backdrop.
_PROBE_SIDE = 128


def backdrop(source: Image.Image, shape: Image.Image) -> tuple[int, int, int]:
    """Choose the colour behind a source (RGBA): its own hue, light unless that hides its outline.

    `shape` (L, 0 or 255) marks what can be seen of the source.
    """
    colours = _probe(source).convert("RGB")
    # However little of a block is covered: a hairline in a large picture has an outline too.
    seen = _probe(shape).point([0] + [255] * 255)
    outline = ImageChops.subtract(seen, seen.filter(ImageFilter.MinFilter(3)))
    levels = luminance_map(colours).histogram(outline)
    hue, chroma = _hue_and_chroma(ImageStat.Stat(colours, seen).mean)
    tints = [_tint(hue, chroma, lightness) for lightness in _BACKDROP_LIGHTNESS]
    return min(tints, key=lambda tint: _hidden_tenths(levels, tint))


def _probe(picture: Image.Image) -> Image.Image:
    scale = min(_PROBE_SIDE / max(picture.size), 1)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    return picture.resize(size, Image.Resampling.BOX)


def _hue_and_chroma(colour: Sequence[float]) -> tuple[float, float]:
    # Chroma and not saturation, which calls an almost white or black picture colourful.
    red, green, blue = (level / 255 for level in colour)
    hue, _, _ = colorsys.rgb_to_hls(red, green, blue)
    return hue, max(red, green, blue) - min(red, green, blue)


def _tint(hue: float, chroma: float, lightness: float) -> tuple[int, int, int]:
    saturation = min(chroma, _MAX_BACKDROP_SATURATION)
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _hidden_tenths(levels: Sequence[int], backdrop: tuple[int, int, int]) -> int:
    """Count the tenths of an outline (histogram of its luminance) that a backdrop swallows."""
    behind = luminance(backdrop)
    hidden = [n for level, n in enumerate(levels) if contrast(level / 255, behind) < _MIN_CONTRAST]
    # Whole tenths: a few pixels of a fringe are no reason to leave the preferred backdrop.
    return round(10 * sum(hidden) / max(sum(levels), 1))
