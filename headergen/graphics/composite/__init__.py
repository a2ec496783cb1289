"""Several pictures as one header: what stands where, on which ground."""

from collections.abc import Sequence
from functools import partial

from PIL import Image

from headergen.errors import UsageError
from headergen.graphics.composite import ground, layouts, mount, panel
from headergen.graphics.composite.stage import Frame, Source, Stage
from headergen.vocabulary import AUTO_FOCUS, Focus, Look

DEFAULT_LOOK = Look()


def compose(
    pictures: Sequence[Image.Image],
    width: int,
    height: int,
    layout: str = "auto",
    focus: Sequence[Focus] = (AUTO_FOCUS,),
    look: Look = DEFAULT_LOOK,
    *,
    beside_title: bool = False,
) -> Image.Image:
    """Lay out pictures (RGB or RGBA) as one RGB picture of exactly `width` x `height` px.

    `focus` is one for all pictures or one for each, in their order: the point that a picture is
    cropped around, or "auto" to find it. `beside_title` leaves the left half free where
    `leaves_room` says that this can be. The same arguments give the same pixels.

    Raises:
        UsageError: `layout` is unknown or does not take so many pictures, the canvas is too small
            for them, or the foci are neither one nor as many as they.
    """
    foci = _one_each(focus, len(pictures))
    sources = [Source(picture, at) for picture, at in zip(pictures, foci, strict=True)]
    stage = Stage(width, height, look)
    row = layouts.choose(layout, sources, stage)
    background = row.background if look.background == "auto" else look.background
    canvas = ground.lay(background, sources, width, height)
    arrange = partial(layouts.arrange_aside, row) if beside_title else row.arrange
    frames = arrange(sources, stage, ground.mean_luminance(canvas))
    _require_room(frames, stage)
    corners = stage.px(_corners(row, look))
    if row.lifted:
        cards = [frame for frame in frames if not frame.bare]
        mount.shade_ground(canvas, cards, stage, corners)
    for frame in frames:
        mount.put(canvas, sources[frame.source], frame, stage, corners=corners, lifted=row.lifted)
    return canvas


def is_one_picture(pictures: Sequence[Image.Image], stage: Stage, layout: str = "auto") -> bool:
    """Tell whether `compose` covers the canvas with one picture: nothing is laid out on it.

    Raises:
        UsageError: as `compose`.
    """
    if len(pictures) > 1:
        return False
    source = Source(pictures[0])
    row = layouts.choose(layout, [source], stage)
    is_plain = not row.lifted and not _corners(row, stage.look)
    return is_plain and panel.is_covered(source, stage.width, stage.height)


def leaves_room(pictures: Sequence[Image.Image], stage: Stage, layout: str = "auto") -> bool:
    """Tell whether a title has room beside pictures, which stand on a ground then.

    Raises:
        UsageError: `layout` is unknown or does not take so many pictures.
    """
    sources = [Source(picture) for picture in pictures]
    return layouts.leaves_room(layouts.choose(layout, sources, stage), sources, stage)


def _corners(layout: layouts.Layout, look: Look) -> float:
    return layout.corners if look.corners is None else look.corners


def _one_each(focus: Sequence[Focus], count: int) -> Sequence[Focus]:
    if len(focus) not in (1, count):
        raise UsageError(f"{len(focus)} points of focus for {count} sources: give one, or one each")
    return focus if len(focus) == count else [focus[0]] * count


def _require_room(frames: Sequence[Frame], stage: Stage) -> None:
    for left, top, right, bottom in (frame.box for frame in frames):
        if right - left < 1 or bottom - top < 1:
            size = f"{stage.width}x{stage.height}"
            raise UsageError(f"a picture of {size} px has no room for {len(frames)} sources")
