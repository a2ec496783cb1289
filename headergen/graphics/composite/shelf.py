"""The layout of covers, icons and logos at equal height."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headergen.graphics.composite.ground import backdrop, hidden_tenths, outline_levels
from headergen.graphics.composite.panel import is_tiny
from headergen.graphics.composite.stage import Frame, Source, Stage
from headergen.graphics.composite.tiles import columns
from headergen.graphics.contrast import luminance
from headergen.vocabulary import LISTING_HEIGHT

# Px at 1280x670: the items' height at most, which note.com's listings just show, and what they keep
# off the edges.
_HEIGHT = LISTING_HEIGHT + 6
_MARGINS = (84, 56)
# Between items, in gutters.
_GAP = 4
# So many items stand in one row, where the canvas is wider than high: two rows of two are no shelf.
_ONE_ROW = 4
# There, wide items are cropped further the more there are: whole, they would be a thin strip.
_WIDEST_IN_ONE_ROW = {3: 1.6, 4: 4 / 3}
# Shapes (width to height); whatever is narrower or wider is cropped. A wordmark of the full height
# would outweigh everything.
_NARROWEST, _WIDEST, _WIDEST_LOGO = 0.45, 1.9, 1.5
# A screen is never cropped: a wider one has a band above and below.
_WIDEST_SCREEN = 2.4
# One that stands alone has all the width: a strip needs no cropping.
_WIDEST_ALONE = 6.0
# Of ten: a logo that loses more of its outline on the ground gets a tile of its own.
_DROWNED = 2


@dataclass(frozen=True)
class _Item:
    source: int
    ratio: float
    bare: bool


def shelf(sources: Sequence[Source], stage: Stage, ground: float) -> tuple[Frame, ...]:
    """Stand up to four sources in one row, and more in the rows that make them largest.

    On a square or upright canvas the size decides for all. A logo that stands out from the ground,
    of relative luminance `ground`, needs no tile.
    """
    is_one_row = len(sources) <= _ONE_ROW and stage.width > stage.height
    widest = _WIDEST if len(sources) > 1 else _WIDEST_ALONE
    if is_one_row:
        widest = _WIDEST_IN_ONE_ROW.get(len(sources), widest)
    items = [_item(index, source, stage, ground, widest) for index, source in enumerate(sources)]
    gap = stage.px(stage.look.gutter * _GAP)
    most = 1 if is_one_row else len(items)
    arrangements = [list(_rows(items, count)) for count in range(1, most + 1)]
    rows = max(arrangements, key=lambda rows: _height(rows, gap, stage))
    height = _height(rows, gap, stage)
    top = (stage.height - height * len(rows) - gap * (len(rows) - 1)) / 2
    return tuple(
        frame
        for place, row in enumerate(rows)
        for frame in _row(row, top + place * (height + gap), height, gap, stage.width)
    )


def _item(index: int, source: Source, stage: Stage, ground: float, widest: float) -> _Item:
    height = stage.px(_HEIGHT)
    if _stands_out(source, ground):
        return _Item(index, min(max(source.ratio, _NARROWEST), _WIDEST_LOGO), bare=True)
    if source.is_logo or is_tiny(source, height * source.ratio, height):
        return _Item(index, 1.0, bare=False)
    if source.is_screen:
        widest = max(widest, _WIDEST_SCREEN)
    return _Item(index, min(max(source.ratio, _NARROWEST), widest), bare=False)


def _stands_out(source: Source, ground: float) -> bool:
    """Tell whether a logo is as clear on the ground as on a tile of its own."""
    if not source.is_logo:
        return False
    levels = outline_levels(source)
    on_tile = hidden_tenths(levels, luminance(backdrop(source)))
    return hidden_tenths(levels, ground) <= max(_DROWNED, on_tile)


def _rows(items: Sequence[_Item], count: int) -> Iterator[Sequence[_Item]]:
    start = 0
    for length in columns(len(items), count):
        yield items[start : start + length]
        start += length


def _height(rows: Sequence[Sequence[_Item]], gap: float, stage: Stage) -> float:
    """Find the height at which all rows fit the canvas."""
    width, height = stage.room(*_MARGINS)
    return min(
        stage.px(_HEIGHT),
        (height - gap * (len(rows) - 1)) / len(rows),
        *((width - gap * (len(row) - 1)) / sum(item.ratio for item in row) for row in rows),
    )


def _row(
    row: Sequence[_Item], top: float, height: float, gap: float, canvas_width: int
) -> Iterator[Frame]:
    """Stand the items of one row in the canvas' middle."""
    left = (canvas_width - sum(item.ratio for item in row) * height - gap * (len(row) - 1)) / 2
    for item in row:
        right = left + item.ratio * height
        yield Frame(item.source, (left, top, right, top + height), bare=item.bare)
        left = right + gap
