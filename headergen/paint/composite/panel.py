"""One source in one panel: cropped around what is interesting in it, or a logo shown whole."""

from __future__ import annotations

from PIL import Image, ImageStat

from headergen.frontmatter.mapping import AUTO_FOCUS, Focus
from headergen.paint.canvas import cover
from headergen.paint.composite.backdrop import backdrop
from headergen.paint.saliency import focus_for

Box = tuple[int, int, int, int]

# From this alpha on a pixel counts as part of the shape; below it lie soft shadows and fringes.
_SHAPE_ALPHA = 32
# A disc fills 0.79 of its square and is a logo; a screenshot with rounded corners fills 0.98.
_LOGO_BELOW = 0.9
# Clear space around a logo, of the panel's shorter side: alone on 1280x670 it then stands in what
# note.com's listings (the middle 454 rows) and link cards (148 px less at each side) show.
_CLEAR_SPACE = 0.222
# An icon enlarged further is a blur.
_MAX_ENLARGEMENT = 4.0


def fill(source: Image.Image, width: int, height: int, focus: Focus = AUTO_FOCUS) -> Image.Image:
    """Make an RGB panel of `width` x `height` px of one source (RGB or RGBA).

    The source covers the panel, cropped around its focus. One with transparent parts lies on a
    backdrop of its own hue that it stands out from; one that is mostly a shape (a logo) is shown
    whole, with clear space around it.
    """
    if source.mode == "RGB":
        return _cover(source, width, height, focus)
    shape = _shape(source)
    panel = Image.new("RGB", (width, height), backdrop(source, shape))
    if _filled(shape) < _LOGO_BELOW:
        _stand(source, shape.getbbox() or (0, 0, *source.size), panel)
    else:
        picture = _cover(source, width, height, focus)
        panel.paste(picture, (0, 0), picture)
    return panel


def _cover(source: Image.Image, width: int, height: int, focus: Focus) -> Image.Image:
    point = focus_for(source, width, height) if focus == AUTO_FOCUS else focus
    return cover(source, width, height, point)


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
