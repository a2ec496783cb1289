"""What a card shows beside its text: pills around tags, grounds of code, a rule, a logo."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from headergen.graphics.canvas import rounded_mask
from headergen.graphics.card.layout import Box, safe_frame
from headergen.graphics.card.legibility import BLACK, MIN_CONTRAST, WHITE, worst_contrast
from headergen.graphics.card.palette import Colour, shade
from headergen.graphics.contrast import contrast, luminance, luminance_map, mean_colour

# In px of the reference size.
_PILL_LINE = 2.0
# WCAG 2.2, success criterion 1.4.11: below it a logo or a rule would not be seen.
_MIN_CONTRAST = 3.0
# Of the shorter side.
_CORNER_SHARE = 0.22
_PLATE_MARGIN = 0.13
# Lightness of a light and a dark plate, and how vivid they may be (OKLCH).
_PLATES, _PLATE_CHROMA = (0.97, 0.2), 0.04
# Of a logo's area.
_WORTH_A_PLATE = 0.3
_OVERSAMPLING = 3
# The ground of code: opacities of its tint, and its corners as a share of its height.
_TOWARDS_INK, _AWAY_FROM_INK, _CODE_CORNER = 0.1, 0.3, 0.16
_MIDDLE_GRAY = (128, 128, 128)

_Pixels = tuple[int, int, int, int]


def pills(boxes: Sequence[Box], width: int, height: int) -> Image.Image:
    """Draw the outlines around tags as coverage (L) of `width` x `height` px."""
    coverage = Image.new("L", (width, height))
    line = max(round(_PILL_LINE * safe_frame(width, height).unit * _OVERSAMPLING), 1)
    for box in boxes:
        x, y, x_end, y_end = math.floor(box[0]), math.floor(box[1]), *map(math.ceil, box[2:])
        size = ((x_end - x + 1) * _OVERSAMPLING, (y_end - y + 1) * _OVERSAMPLING)
        drawn = Image.new("L", size)
        left, right = (box[0] - x) * _OVERSAMPLING, (box[2] - x) * _OVERSAMPLING
        top, bottom = (box[1] - y) * _OVERSAMPLING, (box[3] - y) * _OVERSAMPLING
        ImageDraw.Draw(drawn).rounded_rectangle(
            (left, top, right, bottom), (bottom - top) / 2, outline=255, width=line
        )
        coverage.paste(drawn.reduce(_OVERSAMPLING), (x, y))
    return coverage


def lay_code_grounds(
    image: Image.Image, boxes: Sequence[Box], behind: Image.Image, ink: Colour
) -> None:
    """Tint the ground of code: towards the ink, or away from it if the text needs the contrast.

    `behind` (L) marks what is behind the text.
    """
    if not boxes:
        return
    towards = _tinted(image, boxes, ink, _TOWARDS_INK)
    if worst_contrast(towards, behind, ink) < MIN_CONTRAST:
        away = WHITE if luminance(ink) < luminance(_MIDDLE_GRAY) else BLACK
        towards = _tinted(image, boxes, away, _AWAY_FROM_INK)
    image.paste(towards)


def _tinted(
    image: Image.Image, boxes: Sequence[Box], colour: Colour, opacity: float
) -> Image.Image:
    shape = Image.new("L", (image.width * _OVERSAMPLING, image.height * _OVERSAMPLING))
    for box in boxes:
        edges = [edge * _OVERSAMPLING for edge in box]
        radius = (edges[3] - edges[1]) * _CODE_CORNER
        ImageDraw.Draw(shape).rounded_rectangle(edges, radius, fill=round(255 * opacity))
    tinted = image.copy()
    tinted.paste(colour, (0, 0), shape.reduce(_OVERSAMPLING))
    return tinted


def draw_rule(image: Image.Image, box: Box, colour: Colour, ink: Colour) -> None:
    """Draw a bar of `colour`, or of `ink` where that would not be seen."""
    edges = _pixels(box)
    image.paste(colour if _stands_out(colour, image.crop(edges)) else ink, edges)


def stamp(image: Image.Image, logo: Image.Image, box: Box) -> None:
    """Put a logo (RGB or RGBA) into `box`.

    A transparent one is a shape and stays as it is, on a plate where most of it would not be seen
    on the picture; any other gets rounded corners.
    """
    edges = _pixels(box)
    picture = logo.resize(_size(edges), Image.Resampling.LANCZOS)
    corners = rounded_mask(picture.size, min(picture.size) * _CORNER_SHARE)
    if picture.mode == "RGB":
        image.paste(picture, edges[:2], corners)
        return
    plate = _plate(picture, mean_colour(image.crop(edges)))
    if plate is not None:
        image.paste(plate, edges[:2], corners)
        inset = round(_PLATE_MARGIN * min(picture.size))
        edges = (edges[0] + inset, edges[1] + inset, edges[2] - inset, edges[3] - inset)
        picture = logo.resize(_size(edges), Image.Resampling.LANCZOS)
    image.paste(picture.convert("RGB"), edges[:2], picture.getchannel("A"))


def _plate(logo: Image.Image, ground: Colour) -> Colour | None:
    """Choose the plate that much more of a logo stands out from than from the ground, if any."""
    opaque = logo.getchannel("A").point([255 * (alpha > 127) for alpha in range(256)])
    levels = luminance_map(logo.convert("RGB")).histogram(opaque)
    # Of the ground's hue, so that it is part of the card.
    plates = [shade(ground, lightness, _PLATE_CHROMA) for lightness in _PLATES]
    best = max(plates, key=lambda plate: _seen(levels, plate))
    gain = _seen(levels, best) - _seen(levels, ground)
    return best if gain > _WORTH_A_PLATE else None


def _seen(levels: Sequence[int], ground: Colour) -> float:
    """Measure the share of a logo, in [0, 1], that stands out; `levels` counts its luminances."""
    behind = luminance(ground)
    seen = [n for level, n in enumerate(levels) if contrast(level / 255, behind) >= _MIN_CONTRAST]
    return sum(seen) / max(sum(levels), 1)


def _stands_out(colour: Colour, ground: Image.Image) -> bool:
    return contrast(luminance(colour), luminance(mean_colour(ground))) >= _MIN_CONTRAST


def _pixels(box: Box) -> _Pixels:
    left, top, right, bottom = (round(edge) for edge in box)
    return left, top, right, bottom


def _size(edges: _Pixels) -> tuple[int, int]:
    return max(edges[2] - edges[0], 1), max(edges[3] - edges[1], 1)
