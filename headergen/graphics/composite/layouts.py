"""The layouts by name, which one suits a set of sources, and which leave room for a title."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from headergen.errors import UsageError
from headergen.graphics.composite import tiles
from headergen.graphics.composite.fan import fan
from headergen.graphics.composite.panel import is_covered, is_tiny
from headergen.graphics.composite.shelf import shelf
from headergen.graphics.composite.stage import Frame, Source, Stage
from headergen.vocabulary import LAYOUTS, MAX_FANNED, MAX_SOURCES

Arrangement = Callable[[Sequence[Source], Stage], tuple[Frame, ...]]

# The page's own white: panels read as separate pictures that lie on the article.
_WHITE = "#ffffff"

# Tiled layouts that "auto" chooses from, for which numbers of sources, in order of preference.
# Strips beyond four are too narrow to show what is in them, panels beside a hero beyond five too
# small.
_AUTO_TILES: Mapping[str, range] = {
    "split": range(2, 5),
    "grid": range(4, MAX_SOURCES + 1),
    "hero": range(3, 7),
}
# The mean share of the sources that panels show: from here on all is well, and below it another
# layout that shows more is better.
_WELL_SHOWN = 0.6
# Where the best panels show less than this, the sources lie whole on a ground.
_ENOUGH_SHOWN = 0.45
# What is too small for this panel is an icon, and so is a square up to the side in px that app
# stores ask for (Google Play's specification: 512 x 512).
_SMALLEST_PANEL = (200, 200)
_ICON_SIDE = 512
# Of the canvas' width: where pictures stand beside a title. With their margins they stay within
# what note.com's link cards keep.
_AREA = (0.46, 0.945)
# Panels have no margins of their own: they begin where a title's room ends.
_PANELS_AREA = (0.53, 0.945)
# From this shape (width to height) on half a canvas is wide enough for a title.
_WIDE = 1.5


@dataclass(frozen=True)
class Layout:
    """How sources are arranged, and how that looks where the config says nothing.

    `arrange` takes the sources, the stage and the ground's relative luminance; its frames come
    lowest first. `background` is as `ground.lay` takes it, `corners` in px at 1280x670. `lifted`
    frames cast shadows. It takes `most` sources at most.
    """

    arrange: Callable[[Sequence[Source], Stage, float], tuple[Frame, ...]]
    background: str
    corners: float
    lifted: bool
    most: int = MAX_SOURCES


def _on_any_ground(
    arrange: Arrangement,
) -> Callable[[Sequence[Source], Stage, float], tuple[Frame, ...]]:
    return lambda sources, stage, _: arrange(sources, stage)


def _tiled(arrange: Arrangement, most: int = MAX_SOURCES) -> Layout:
    return Layout(_on_any_ground(arrange), _WHITE, corners=0, lifted=False, most=most)


TABLE: Mapping[str, Layout] = {
    "cover": _tiled(tiles.cover, most=1),
    "split": _tiled(tiles.split),
    "grid": _tiled(tiles.grid),
    "hero": _tiled(tiles.hero),
    "fan": Layout(_on_any_ground(fan), "blur", corners=18, lifted=True, most=MAX_FANNED),
    "shelf": Layout(shelf, "colours", corners=12, lifted=True),
}


def choose(name: str, sources: Sequence[Source], stage: Stage) -> Layout:
    """Return the layout called `name`, "auto" being the one that suits the sources.

    Raises:
        UsageError: there is no such layout, or it does not take so many sources.
    """
    if name not in LAYOUTS:
        raise UsageError(f"unknown layout {name!r}; choose from {', '.join(LAYOUTS)}")
    if not 1 <= len(sources) <= MAX_SOURCES:
        raise UsageError(f"a composite takes 1 to {MAX_SOURCES} sources, not {len(sources)}")
    layout = TABLE[suited(sources, stage) if name == "auto" else name]
    if len(sources) > layout.most:
        raise UsageError(
            f"layout {name!r} shows {_at_most(layout.most)}, not {len(sources)}",
            remedy="choose another layout, or auto",
        )
    return layout


def _at_most(count: int) -> str:
    return "one source" if count == 1 else f"at most {count} sources"


def suited(sources: Sequence[Source], stage: Stage) -> str:
    """Name the layout that suits the number and the shapes of the sources."""
    if len(sources) == 1:
        return "cover" if _covers(sources[0], stage) else "shelf"
    if all(source.is_logo or _is_icon(source) for source in sources):
        return "shelf"
    shown = {
        name: _shown(name, sources, stage)
        for name, counts in _AUTO_TILES.items()
        if len(sources) in counts
    }
    best = max(shown, key=lambda name: shown[name])
    name = next((name for name, share in shown.items() if share >= _WELL_SHOWN), best)
    if shown[name] >= _ENOUGH_SHOWN:
        return name
    # Cards of a fan have all one shape, which words would have to be cut to.
    is_upright = all(source.ratio <= 1 or source.is_screen for source in sources)
    return "shelf" if is_upright or len(sources) > MAX_FANNED else "fan"


def _covers(source: Source, stage: Stage) -> bool:
    size = stage.width, stage.height
    return source.is_logo or (source.shown(*size) >= _ENOUGH_SHOWN and not is_tiny(source, *size))


def _is_icon(source: Source) -> bool:
    width, height = source.picture.size
    return width == height <= _ICON_SIDE or is_tiny(source, *_SMALLEST_PANEL)


def _shown(name: str, sources: Sequence[Source], stage: Stage) -> float:
    frames = TABLE[name].arrange(sources, stage, 1)
    boxes = {frame.source: frame.box for frame in frames}
    return tiles.shown(sources, [boxes[index] for index in range(len(sources))])


def leaves_room(layout: Layout, sources: Sequence[Source], stage: Stage) -> bool:
    """Tell whether a title goes beside the sources, and the canvas is wide enough for that.

    It does where they stand on a ground, and where words in them would mix with its own.
    """
    stands = (
        layout.lifted
        or any(source.is_screen for source in sources)
        or (layout.most == 1 and not is_covered(sources[0], stage.width, stage.height))
    )
    return stands and stage.width >= _WIDE * stage.height


def arrange_aside(
    layout: Layout, sources: Sequence[Source], stage: Stage, ground: float
) -> tuple[Frame, ...]:
    """Arrange sources in the right half of a ground of luminance `ground`."""
    if layout.most == 1:
        return tuple(replace(frame, seen=_AREA) for frame in layout.arrange(sources, stage, ground))
    area = _AREA if layout.lifted else _PANELS_AREA
    left, right = (round(stage.width * share) for share in area)
    half = Stage(right - left, stage.height, stage.look)
    return tuple(_moved(frame, left) for frame in layout.arrange(sources, half, ground))


def _moved(frame: Frame, by: float) -> Frame:
    left, top, right, bottom = frame.box
    cut = tuple((x + by, y) for x, y in frame.cut) if frame.cut else None
    return replace(frame, box=(left + by, top, right + by, bottom), cut=cut)
