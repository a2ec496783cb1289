"""Several pictures as one header: where the panels stand, and what fills them."""

from __future__ import annotations

import colorsys
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from PIL import Image, ImageChops, ImageFilter, ImageStat

from headergen.errors import UsageError
from headergen.frontmatter.request import LAYOUTS, MAX_SOURCES
from headergen.paint.canvas import cover
from headergen.paint.contrast import contrast, luminance, luminance_map

Box = tuple[int, int, int, int]

# Up to here strips side by side are still wide enough to show what is in them.
_MAX_AUTO_SPLIT = 4

# The page's own white: panels read as separate pictures that lie on the article.
GUTTER_COLOUR = (255, 255, 255)
# Of the shorter side: 8 px at 1280x670, which stays 2 px wide in a link card of 300 px.
_GUTTER_SHARE = 0.012
# Width to height that a grid's panels come close to, 4:3, the shape of most photographs.
_PANEL_RATIO = 4 / 3

# From this alpha on a pixel counts as part of the shape; below it lie soft shadows and fringes.
_SHAPE_ALPHA = 32
# A disc fills 0.79 of its square and is a logo; a screenshot with rounded corners fills 0.98.
_LOGO_BELOW = 0.9
# Clear space around a logo, of the panel's shorter side: alone on 1280x670 it then stands in what
# note.com's listings (the middle 454 rows) and link cards (148 px less at each side) show.
_CLEAR_SPACE = 0.222
# An icon enlarged further is a blur.
_MAX_ENLARGEMENT = 4.0

# Lightness of the backdrops that a transparent source may be laid on, in order of preference.
# The last is for a logo with both a white and a black part: it stands out from each by 4:1.
_BACKDROP_LIGHTNESS = (0.95, 0.13, 0.46)
# Enough of the logo's own hue to belong to it, too little to compete with it.
_MAX_BACKDROP_SATURATION = 0.35
# WCAG 2.2, success criterion 1.4.11: graphics stand out from what is beside them by 3:1.
_MIN_CONTRAST = 3.0
# Side in px at which a logo is looked at to choose its backdrop.
_PROBE_SIDE = 128


def compose(
    sources: Sequence[Image.Image], width: int, height: int, layout: str = "auto"
) -> Image.Image:
    """Lay out sources (RGB or RGBA) as one RGB picture of exactly `width` x `height` px.

    Each panel is covered by its source, aspect ratio kept. A source with transparent parts lies
    on a backdrop of its own hue that it stands out from; one that is mostly a shape (a logo)
    is shown whole, with clear space around it.

    Raises:
        UsageError: as `panel_boxes` says.
    """
    boxes = panel_boxes(len(sources), width, height, layout)
    header = Image.new("RGB", (width, height), GUTTER_COLOUR)
    for source, (left, top, right, bottom) in zip(sources, boxes, strict=True):
        header.paste(_panel(source, right - left, bottom - top), (left, top))
    return header


def panel_boxes(count: int, width: int, height: int, layout: str = "auto") -> tuple[Box, ...]:
    """Divide `width` x `height` px into `count` panels, in reading order.

    Boxes are (left, top, right, bottom) in px, right and bottom exclusive. They reach the
    canvas' edges and are parted by one even gutter. "split" is one row (one column on an upright
    canvas), "grid" is rows that each fill the width, also where their counts differ (7 is 3 + 4).
    "auto" is "cover" for one source, "split" for up to four, "grid" beyond.

    Raises:
        UsageError: `layout` is unknown or does not take `count` sources, or the canvas is too
            small to give each panel a pixel.
    """
    resolved = _resolve(layout, count)
    gutter = round(min(width, height) * _GUTTER_SHARE)
    rows = _ROW_COUNTS[resolved](count, width, height)
    if width < _least_length(max(rows), gutter) or height < _least_length(len(rows), gutter):
        raise UsageError(f"a picture of {width}x{height} px has no room for {count} sources")
    return tuple(
        (left, top, right, bottom)
        for (top, bottom), columns in zip(_spans(height, len(rows), gutter), rows, strict=True)
        for left, right in _spans(width, columns, gutter)
    )


def _resolve(layout: str, count: int) -> str:
    if layout not in LAYOUTS:
        raise UsageError(f"unknown layout {layout!r}; choose from {', '.join(LAYOUTS)}")
    if not 1 <= count <= MAX_SOURCES:
        raise UsageError(f"a composite takes 1 to {MAX_SOURCES} sources, not {count}")
    if layout == "cover" and count > 1:
        raise UsageError(
            f"layout 'cover' shows one source, not {count}",
            remedy="choose split, grid or auto",
        )
    if layout != "auto":
        return layout
    return "split" if count <= _MAX_AUTO_SPLIT else "grid"


def _split_rows(count: int, width: int, height: int) -> tuple[int, ...]:
    return (count,) if width >= height else (1,) * count


def _grid_rows(count: int, width: int, height: int) -> tuple[int, ...]:
    """Choose how many panels each row holds, so that their mean shape is near 4:3."""
    rows = min(max(round(math.sqrt(count * _PANEL_RATIO * height / width)), 1), count)
    # Odd ones out go where the rows stay symmetrical (10 is 3 + 4 + 3), or, of two rows, to the
    # lower: the sources that the author named first get the larger panels.
    ends = [(count * row + (rows - 1) // 2) // rows for row in range(rows + 1)]
    return tuple(end - start for start, end in itertools.pairwise(ends))


_ROW_COUNTS: Mapping[str, Callable[[int, int, int], tuple[int, ...]]] = MappingProxyType(
    {"cover": _split_rows, "split": _split_rows, "grid": _grid_rows}
)


def _spans(length: int, count: int, gutter: int) -> list[tuple[int, int]]:
    """Cut `length` px into `count` spans, `gutter` px apart, that differ by 1 px at most."""
    free = length - gutter * (count - 1)
    return [
        (free * index // count + gutter * index, free * (index + 1) // count + gutter * index)
        for index in range(count)
    ]


def _least_length(count: int, gutter: int) -> int:
    return count + gutter * (count - 1)


def _panel(source: Image.Image, width: int, height: int) -> Image.Image:
    if source.mode == "RGB":
        return cover(source, width, height)
    shape = _shape(source)
    panel = Image.new("RGB", (width, height), _backdrop(source, shape))
    if _filled(shape) < _LOGO_BELOW:
        _stand(source, shape.getbbox() or (0, 0, *source.size), panel)
    else:
        picture = cover(source, width, height)
        panel.paste(picture, (0, 0), picture)
    return panel


def _shape(source: Image.Image) -> Image.Image:
    """Mark (L, 0 or 255) what can be seen of a source."""
    return source.getchannel("A").point([255 * (alpha >= _SHAPE_ALPHA) for alpha in range(256)])


def _filled(shape: Image.Image) -> float:
    """Measure the share of a source in [0, 1] that its shape fills."""
    return ImageStat.Stat(shape).mean[0] / 255


def _stand(source: Image.Image, shape_box: Box, panel: Image.Image) -> None:
    """Paste a source so that its shape stands in the panel's middle, with clear space around."""
    left, top, right, bottom = shape_box
    clear = 2 * _CLEAR_SPACE * min(panel.size)
    fits = ((panel.width - clear) / (right - left), (panel.height - clear) / (bottom - top))
    scale = min(*fits, _MAX_ENLARGEMENT)
    x, picture_left, picture_right = _align(panel.width, source.width, (left + right) / 2, scale)
    y, picture_top, picture_bottom = _align(panel.height, source.height, (top + bottom) / 2, scale)
    picture = source.resize(
        (
            max(round((picture_right - picture_left) * scale), 1),
            max(round((picture_bottom - picture_top) * scale), 1),
        ),
        Image.Resampling.LANCZOS,
        box=(picture_left, picture_top, picture_right, picture_bottom),
    )
    panel.paste(picture, (x, y), picture)


def _align(
    panel_length: int, source_length: int, middle: float, scale: float
) -> tuple[int, float, float]:
    """Put a source's `middle` on the panel's, along one axis.

    Returns where in the panel the source begins, and from where to where it shows: all of what
    lies around the shape (a soft shadow) that the panel has room for.
    """
    reach = panel_length / 2 / scale
    start, end = max(middle - reach, 0), min(middle + reach, source_length)
    return round(panel_length / 2 - (middle - start) * scale), start, end


def _backdrop(source: Image.Image, shape: Image.Image) -> tuple[int, int, int]:
    """Choose the colour behind a source: its own hue, light unless that would hide its outline."""
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
