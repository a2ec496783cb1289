"""Room for a title: pictures that stand on a ground move into the right half of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headergen.graphics.composite.layouts import Layout
from headergen.graphics.composite.panel import is_covered
from headergen.graphics.composite.source import Source
from headergen.graphics.composite.stage import Frame, Stage

# Of the canvas' width: where the pictures stand then. With their margins they stay within what
# note.com's link cards keep.
_AREA = (0.46, 0.945)
# From this shape (width to height) on half a canvas is wide enough for a title.
_WIDE = 1.5


def is_free(layout: Layout, sources: Sequence[Source], stage: Stage) -> bool:
    """Tell whether the sources stand on a ground, and that is wide enough for a title beside."""
    stands = layout.lifted or (
        layout.most == 1 and not is_covered(sources[0], stage.width, stage.height)
    )
    return stands and stage.width >= _WIDE * stage.height


def arrange(
    layout: Layout, sources: Sequence[Source], stage: Stage, ground: float
) -> tuple[Frame, ...]:
    """Arrange sources that stand on a ground, of luminance `ground`, in the right half of it."""
    if not layout.lifted:
        return tuple(replace(frame, seen=_AREA) for frame in layout.arrange(sources, stage, ground))
    left, right = (round(stage.width * share) for share in _AREA)
    half = Stage(right - left, stage.height, stage.look)
    return tuple(_moved(frame, left) for frame in layout.arrange(sources, half, ground))


def _moved(frame: Frame, by: float) -> Frame:
    left, top, right, bottom = frame.box
    cut = tuple((x + by, y) for x, y in frame.cut) if frame.cut else None
    return replace(frame, box=(left + by, top, right + by, bottom), cut=cut)
