"""Layouts of panels that tile the canvas: cover, split, grid, hero."""

import itertools
import math
from collections.abc import Iterator, Sequence
from statistics import harmonic_mean

from headergen.graphics.composite import outline
from headergen.graphics.composite.panel import is_tiny
from headergen.graphics.composite.stage import Frame, Source, Stage

Box = tuple[int, int, int, int]

# Width to height that a grid's panels come close to, 4:3, the shape of most photographs.
_PANEL_RATIO = 4 / 3
# From so many sources on a single row is no grid but a split.
_SQUARE = 4
# What an arrangement loses by rows of different counts: its seams don't meet.
_UNEVEN = 0.8
# Shares of the canvas' width, and of its height, that the large panel of a hero may take.
_HERO_WIDTHS = (0.66, 0.6, 0.5)
_HERO_HEIGHTS = (0.66,)
# Of two sources the large one has the golden section's share: 0.62 to 0.38.
_HERO_OF_TWO = 0.62
# A seam leans by no more of a panel's width than this, or panels would become triangles.
_STEEPEST = 0.6


def cover(sources: Sequence[Source], stage: Stage) -> tuple[Frame, ...]:
    """Fill the canvas with one source."""
    return _frames([(0, 0, stage.width, stage.height)])


def split(sources: Sequence[Source], stage: Stage) -> tuple[Frame, ...]:
    """Stand the sources side by side, or stack them where that shows more of them."""
    count, area = len(sources), _area(stage)
    row = _rows(area, (count,), stage.gutter)
    column = _rows(area, (1,) * count, stage.gutter)
    upright = stage.height > stage.width
    boxes = max((column, row) if upright else (row, column), key=lambda each: shown(sources, each))
    return _frames(boxes) if not stage.look.slant else _slanted(boxes, stage)


def grid(sources: Sequence[Source], stage: Stage) -> tuple[Frame, ...]:
    """Lay the sources in rows of even panels, four or more in two rows at least."""
    count = len(sources)
    rows = range(1 if count < _SQUARE else 2, count + 1)
    return _frames(_grid(sources, _area(stage), stage.gutter, rows))


def hero(sources: Sequence[Source], stage: Stage) -> tuple[Frame, ...]:
    """Give one source most of the canvas, and the others a strip beside or below it.

    It is the first one that is large enough: a tiny picture would be a blur, or stand lost on one.
    """
    area, order = _area(stage), _hero_first(sources, stage)
    lead, *others = (sources[index] for index in order)
    if not others:
        return _frames([area])
    candidates = (
        [large, *_grid(others, strip, stage.gutter, range(1, len(others) + 1))]
        for large, strip in _hero_areas(area, stage.gutter, is_pair=len(others) == 1)
    )
    boxes = max(candidates, key=lambda boxes: shown([lead, *others], boxes))
    return tuple(Frame(index, box) for index, box in sorted(zip(order, boxes, strict=True)))


def _hero_first(sources: Sequence[Source], stage: Stage) -> list[int]:
    """Return the indices of the sources in their order, but the one for the large panel first."""
    width, height = stage.width * max(_HERO_WIDTHS), stage.height * max(_HERO_HEIGHTS)
    order = list(range(len(sources)))
    large = (index for index in order if not is_tiny(sources[index], width, height))
    lead = next(large, 0)
    return [lead, *(index for index in order if index != lead)]


def shown(sources: Sequence[Source], boxes: Sequence[outline.Box]) -> float:
    """Measure the mean share in (0, 1] that panels show of their sources."""
    shares = [
        source.shown(right - left, bottom - top) if right > left and bottom > top else 0
        for source, (left, top, right, bottom) in zip(sources, boxes, strict=True)
    ]
    # Harmonic: one source that is cropped to a sliver is not made good by others. In whole
    # percents: what nobody sees is no reason to leave the preferred arrangement.
    return round(harmonic_mean(shares), 2)


def _frames(boxes: Sequence[Box]) -> tuple[Frame, ...]:
    return tuple(Frame(index, box) for index, box in enumerate(boxes))


def _area(stage: Stage) -> Box:
    """Find where panels may stand: everywhere, or within a margin where their corners are round."""
    margin = stage.gutter if stage.look.corners else 0
    return margin, margin, stage.width - margin, stage.height - margin


def _grid(sources: Sequence[Source], area: Box, gutter: int, allowed: Sequence[int]) -> list[Box]:
    """Choose, of the `allowed` counts of rows, what shows most of the sources; rather even ones."""
    count = len(sources)
    preferred = _row_count(count, area[2] - area[0], area[3] - area[1])
    by_preference = sorted(allowed, key=lambda rows: abs(rows - preferred))
    arrangements = [(rows, _rows(area, columns(count, rows), gutter)) for rows in by_preference]
    _, boxes = max(
        arrangements,
        key=lambda each: shown(sources, each[1]) * (1 if count % each[0] == 0 else _UNEVEN),
    )
    return boxes


def _row_count(count: int, width: int, height: int) -> int:
    return min(max(round(math.sqrt(count * _PANEL_RATIO * height / width)), 1), count)


def columns(count: int, rows: int) -> tuple[int, ...]:
    """Say how many panels each row holds."""
    # Odd ones out go where the rows stay symmetrical (10 is 3 + 4 + 3), or, of two rows, to the
    # lower: the sources that the author named first get the larger panels.
    ends = [(count * row + (rows - 1) // 2) // rows for row in range(rows + 1)]
    return tuple(end - start for start, end in itertools.pairwise(ends))


def _rows(area: Box, columns: Sequence[int], gutter: int) -> list[Box]:
    """Cut an area into rows, and each row into its panels."""
    left, top, right, bottom = area
    return [
        (x, y, x_end, y_end)
        for (y, y_end), count in zip(
            _spans(top, bottom, len(columns), gutter), columns, strict=True
        )
        for x, x_end in _spans(left, right, count, gutter)
    ]


def _spans(start: int, end: int, count: int, gutter: int) -> list[tuple[int, int]]:
    """Cut a length into `count` spans, `gutter` px apart, that differ by 1 px at most."""
    free = end - start - gutter * (count - 1)
    return [
        (
            start + free * index // count + gutter * index,
            start + free * (index + 1) // count + gutter * index,
        )
        for index in range(count)
    ]


def _hero_areas(area: Box, gutter: int, *, is_pair: bool) -> Iterator[tuple[Box, Box]]:
    """Part the area into a large panel and a strip, at its right or below."""
    left, top, right, bottom = area
    for share in (_HERO_OF_TWO,) if is_pair else _HERO_WIDTHS:
        x = left + round((right - left - gutter) * share)
        yield (left, top, x, bottom), (x + gutter, top, right, bottom)
    for share in (_HERO_OF_TWO,) if is_pair else _HERO_HEIGHTS:
        y = top + round((bottom - top - gutter) * share)
        yield (left, top, right, y), (left, y + gutter, right, bottom)


def _slanted(boxes: Sequence[Box], stage: Stage) -> tuple[Frame, ...]:
    """Lean the seams of a row or a column of panels; the outer edges stay upright."""
    stacked = len(boxes) > 1 and boxes[0][0] == boxes[1][0]
    if not stacked:
        return _leaning(boxes, stage.look.slant)
    frames = _leaning([_mirrored(box) for box in boxes], stage.look.slant)
    return tuple(
        Frame(frame.source, _mirrored(frame.box), cut=_clockwise(frame.outline)) for frame in frames
    )


def _clockwise(leaning: outline.Outline) -> outline.Outline:
    """Swap the axes of an outline, and keep its corners in clockwise order from the top left."""
    first, *others = ((y, x) for x, y in leaning)
    return first, *reversed(others)


def _mirrored(box: outline.Box) -> Box:
    """Swap the axes of a box."""
    left, top, right, bottom = box
    return round(top), round(left), round(bottom), round(right)


def _leaning(boxes: Sequence[Box], degrees: float) -> tuple[Frame, ...]:
    height = boxes[0][3] - boxes[0][1]
    most = _STEEPEST * min(right - left for left, _, right, _ in boxes)
    lean = min(max(math.tan(math.radians(degrees)) * height, -most), most) / 2
    return tuple(
        _leaning_frame(index, box, lean * (index > 0), lean * (index < len(boxes) - 1))
        for index, box in enumerate(boxes)
    )


def _leaning_frame(index: int, box: Box, left_lean: float, right_lean: float) -> Frame:
    """Lean a panel's sides about their middles: right at the top, left at the bottom."""
    left, top, right, bottom = box
    cut = (
        (left + left_lean, top),
        (right + right_lean, top),
        (right - right_lean, bottom),
        (left - left_lean, bottom),
    )
    return Frame(index, outline.bounds(cut), cut=cut)
