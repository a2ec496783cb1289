"""Frames put on the canvas: turned, with clean edges, and with the shadows of cards."""

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter

from headergen.graphics.composite import outline, panel
from headergen.graphics.composite.stage import Frame, Source, Stage

# Blur and drop in px at 1280x670, and darkness in [0, 1]: of the shadow that each card casts on
# what it touches, and of the one that all cast on the ground, once, or a fan would lie in the dark.
_CONTACT_SHADOW = (12, 5, 0.45)
_GROUND_SHADOW = (38, 24, 0.5)
# A shadow is soft: nobody sees that it is drawn at a quarter of the size.
_SHADOW_REDUCTION = 4
# Width in px at 1280x670 and strength in [0, 1] of the light along a card's edge.
_RIM_WIDTH, _RIM_LIGHT = 1.5, 0.28
# Px that a picture reaches beyond its outline, so that its edges are those of the mask.
_BLEED = 2
# Of its frame: what a logo that stands on the ground fills, so that neighbours keep off it.
_BARE_ROOM = 0.9


def put(
    canvas: Image.Image,
    source: Source,
    frame: Frame,
    stage: Stage,
    *,
    corners: float,
    lifted: bool,
) -> None:
    """Put a source on the canvas (RGB) as its frame says, `corners` rounded by so many px.

    What is `lifted` casts a shadow and has a light edge, so that dark cards part from each other.
    """
    if frame.bare:
        room = frame.size[0] * _BARE_ROOM, frame.size[1] * _BARE_ROOM
        panel.stand(source, canvas, frame.middle, room)
    elif lifted:
        _cast_shadow(canvas, [frame], stage, corners, _CONTACT_SHADOW)
        _paste(canvas, source, frame, corners, on_card=True)
        _light_rim(canvas, frame.outline, stage.px(_RIM_WIDTH), corners)
    elif frame.is_plain and not corners:
        left, top, _, _ = frame.box
        canvas.paste(panel.fill(source, *frame.size, frame.seen), (round(left), round(top)))
    else:
        _paste(canvas, source, frame, corners)


def _paste(
    canvas: Image.Image, source: Source, frame: Frame, corners: float, *, on_card: bool = False
) -> None:
    mask, (left, top) = outline.mask(frame.outline, corners)
    picture = _turned(source, frame, on_card)
    x, y = frame.middle
    behind = Image.new("RGB", mask.size)
    behind.paste(
        picture, (round(x - picture.width / 2) - left, round(y - picture.height / 2) - top)
    )
    canvas.paste(behind, (left, top), mask)


def _turned(source: Source, frame: Frame, on_card: bool) -> Image.Image:
    """Fill a frame's box and a little more, and turn it."""
    width, height = (side + 2 * _BLEED for side in frame.size)
    seen = frame.seen_upright if source.is_screen else frame.seen
    filled = panel.fill(source, width, height, seen, on_card=on_card)
    return filled.rotate(-frame.angle, Image.Resampling.BICUBIC, expand=True)


def shade_ground(
    canvas: Image.Image, frames: Sequence[Frame], stage: Stage, corners: float
) -> None:
    """Darken the ground below cards, with corners rounded by so many px, as one light would."""
    _cast_shadow(canvas, frames, stage, corners, _GROUND_SHADOW)


def _cast_shadow(
    canvas: Image.Image,
    frames: Sequence[Frame],
    stage: Stage,
    corners: float,
    shadow: tuple[float, float, float],
) -> None:
    blur, drop, darkness = shadow
    shade = Image.new("L", [-(-side // _SHADOW_REDUCTION) for side in canvas.size])
    for frame in frames:
        lowered = [(x, y + stage.px(drop)) for x, y in frame.outline]
        small = tuple((x / _SHADOW_REDUCTION, y / _SHADOW_REDUCTION) for x, y in lowered)
        mask, at = outline.mask(small, corners / _SHADOW_REDUCTION)
        shade.paste(255, at, mask)
    soft = shade.filter(ImageFilter.GaussianBlur(stage.px(blur) / _SHADOW_REDUCTION))
    dark = soft.point([round(level * darkness) for level in range(256)])
    large = dark.resize([side * _SHADOW_REDUCTION for side in dark.size])
    canvas.paste((0, 0, 0), (0, 0), large.crop((0, 0, *canvas.size)))


def _light_rim(canvas: Image.Image, shape: outline.Outline, width: float, corners: float) -> None:
    mask, at = outline.mask(shape, corners)
    inner, inner_at = outline.mask(outline.inset(shape, width), max(corners - width, 0))
    inside = Image.new("L", mask.size)
    inside.paste(inner, (inner_at[0] - at[0], inner_at[1] - at[1]))
    rim = ImageChops.subtract(mask, inside)
    canvas.paste((255, 255, 255), at, rim.point([round(_RIM_LIGHT * n) for n in range(256)]))
