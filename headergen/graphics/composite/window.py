"""A screen, a chart or a diagram, shown whole: a window that casts a shadow on its ground."""

from PIL import Image, ImageChops, ImageFilter, ImageStat

from headergen.graphics.composite import ground, outline
from headergen.graphics.composite.stage import Source

# Of the shorter side of what is seen of a panel: the least space around a window.
_MARGIN = 0.07
# Letters enlarged further are blurred.
_MAX_ENLARGEMENT = 2.0
# Of the window's shorter side: the rounding of its corners; in px at most.
_CORNERS, _MOST_CORNERS = 0.03, 14
# In px of a panel of 670 px: the shadow's blur and drop; its darkness, and that of the rim.
_BLUR, _DROP, _DARKNESS, _RIM = 16, 8, 0.4, 0.22
# A panel of nearly the window's own shape is filled by it: shares of the shape.
_SAME_SHAPE = 0.02


def fill(
    source: Source,
    flat: Image.Image,
    width: int,
    height: int,
    seen: tuple[float, float],
    *,
    on_card: bool,
) -> Image.Image:
    """Show a screen (`flat`, its picture in RGB) whole on an RGB panel of `width` x `height` px.

    It is in the middle of what is `seen` of the panel, in shares of its width. A panel of its own
    shape has no ground, and one `on_card` goes on in the colour of the screen's edges: a card has a
    shadow of its own.
    """
    if abs(source.ratio * height / width - 1) < _SAME_SHAPE and seen == (0, 1):
        return flat.resize((width, height), Image.Resampling.LANCZOS)
    start, end = (width * share for share in seen)
    margin = 0 if on_card else _MARGIN * min(end - start, height)
    scale = min(
        max(end - start - 2 * margin, 1) / flat.width,
        max(height - 2 * margin, 1) / flat.height,
        _MAX_ENLARGEMENT,
    )
    size = max(round(flat.width * scale), 1), max(round(flat.height * scale), 1)
    left, top = round((start + end - size[0]) / 2), round((height - size[1]) / 2)
    if on_card:
        panel = Image.new("RGB", (width, height), _edge_colour(flat))
        panel.paste(flat.resize(size, Image.Resampling.LANCZOS), (left, top))
        return panel
    panel = ground.of_colours([source], width, height)
    shape = outline.of_box((left, top, left + size[0], top + size[1]))
    corners = min(_CORNERS * min(size), _MOST_CORNERS)
    _shade(panel, shape, corners, height / 670)
    mask, at = outline.mask(shape, corners)
    panel.paste(flat.resize(size, Image.Resampling.LANCZOS), at, mask)
    _rim(panel, shape, corners)
    return panel


def _edge_colour(flat: Image.Image) -> tuple[int, int, int]:
    """Return the median colour of the pixels along a picture's edges."""
    edges = Image.new("L", flat.size, 255)
    edges.paste(0, (1, 1, max(flat.width - 1, 1), max(flat.height - 1, 1)))
    red, green, blue = ImageStat.Stat(flat, edges).median
    return red, green, blue


def _shade(panel: Image.Image, shape: outline.Outline, corners: float, unit: float) -> None:
    shade = Image.new("L", panel.size)
    mask, (left, top) = outline.mask(shape, corners)
    shade.paste(round(255 * _DARKNESS), (left, top + round(_DROP * unit)), mask)
    panel.paste((0, 0, 0), (0, 0), shade.filter(ImageFilter.GaussianBlur(_BLUR * unit)))


def _rim(panel: Image.Image, shape: outline.Outline, corners: float) -> None:
    """Draw a thin dark line along the window's edge, so that a white one ends somewhere."""
    mask, at = outline.mask(shape, corners)
    inner, inner_at = outline.mask(outline.inset(shape, 1), max(corners - 1, 0))
    inside = Image.new("L", mask.size)
    inside.paste(inner, (inner_at[0] - at[0], inner_at[1] - at[1]))
    rim = ImageChops.subtract(mask, inside)
    panel.paste((0, 0, 0), at, rim.point([round(_RIM * level) for level in range(256)]))
