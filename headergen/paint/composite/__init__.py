"""Several pictures as one header: where the panels stand, and what fills them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from PIL import Image

from headergen.errors import UsageError
from headergen.frontmatter.mapping import AUTO_FOCUS, MAX_SOURCES, Focus
from headergen.frontmatter.request import LAYOUTS
from headergen.paint.composite import panel

Box = tuple[int, int, int, int]

# Up to here strips side by side are still wide enough to show what is in them.
_MAX_AUTO_SPLIT = 4

# The page's own white: panels read as separate pictures that lie on the article.
GUTTER_COLOUR = (255, 255, 255)
# Of the shorter side: 8 px at 1280x670, which stays 2 px wide in a link card of 300 px.
_GUTTER_SHARE = 0.012
# Width to height that a grid's panels come close to, 4:3, the shape of most photographs.
_PANEL_RATIO = 4 / 3


def compose(
    sources: Sequence[Image.Image],
    width: int,
    height: int,
    layout: str = "auto",
    focus: Sequence[Focus] = (AUTO_FOCUS,),
) -> Image.Image:
    """Lay out sources (RGB or RGBA) as one RGB picture of exactly `width` x `height` px.

    `focus` is one for all sources or one for each, in their order: the point that a source is
    cropped around, or "auto" to find it.

    Raises:
        UsageError: as `panel_boxes` says, or the foci are neither one nor as many as the sources.
    """
    boxes = panel_boxes(len(sources), width, height, layout)
    header = Image.new("RGB", (width, height), GUTTER_COLOUR)
    foci = _one_each(focus, len(sources))
    for source, at, (left, top, right, bottom) in zip(sources, foci, boxes, strict=True):
        header.paste(panel.fill(source, right - left, bottom - top, at), (left, top))
    return header


def _one_each(focus: Sequence[Focus], count: int) -> Sequence[Focus]:
    if len(focus) not in (1, count):
        raise UsageError(f"{len(focus)} points of focus for {count} sources: give one, or one each")
    return focus if len(focus) == count else [focus[0]] * count


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
