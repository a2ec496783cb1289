"""What stands beside a card's text: pills around tags, a rule, a logo."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageStat

from headergen.paint.contrast import contrast, luminance
from headergen.paint.layout import Box, safe_frame
from headergen.paint.legibility import BLACK, WHITE
from headergen.paint.palette import Colour

# In px of the reference size.
_PILL_LINE = 2.0
# WCAG 2.2, success criterion 1.4.11: below it a logo or a rule would not be seen.
_MIN_CONTRAST = 3.0
# Of the shorter side.
_CORNER_SHARE = 0.22
_OVERSAMPLING = 3

_Pixels = tuple[int, int, int, int]


def pills(boxes: Sequence[Box], width: int, height: int) -> Image.Image:
    """Draw the outlines around tags as coverage (L) of `width` x `height` px."""
    drawn = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING))
    canvas = ImageDraw.Draw(drawn)
    line = max(round(_PILL_LINE * safe_frame(width, height).unit * _OVERSAMPLING), 1)
    for box in boxes:
        left, top, right, bottom = (edge * _OVERSAMPLING for edge in box)
        edges = (left, top, right, bottom)
        canvas.rounded_rectangle(edges, (bottom - top) / 2, outline=255, width=line)
    return drawn.reduce(_OVERSAMPLING)


def draw_rule(image: Image.Image, box: Box, colour: Colour, ink: Colour) -> None:
    """Draw a bar of `colour`, or of `ink` where that would not be seen."""
    edges = _pixels(box)
    image.paste(colour if _stands_out(colour, image.crop(edges)) else ink, edges)


def stamp(image: Image.Image, logo: Image.Image, box: Box) -> None:
    """Put a logo (RGB or RGBA) into `box`.

    A transparent one is a shape and stays as it is, on a plate where it would not be seen on the
    picture; any other gets rounded corners.
    """
    left, top, right, bottom = edges = _pixels(box)
    size = (max(right - left, 1), max(bottom - top, 1))
    picture = logo.resize(size, Image.Resampling.LANCZOS)
    if picture.mode == "RGB":
        image.paste(picture, (left, top), _rounded(size))
        return
    colours, alpha = picture.convert("RGB"), picture.getchannel("A")
    own = _mean(colours, alpha)
    if not _stands_out(own, image.crop(edges)):
        _lay_plate(image, edges, own)
    image.paste(colours, (left, top), alpha)


def _lay_plate(image: Image.Image, edges: _Pixels, logo: Colour) -> None:
    margin = (edges[3] - edges[1]) // 6
    left, top, right, bottom = edges
    size = (right - left + 2 * margin, bottom - top + 2 * margin)
    plate = max((WHITE, BLACK), key=lambda each: contrast(luminance(each), luminance(logo)))
    image.paste(plate, (left - margin, top - margin), _rounded(size))


def _stands_out(colour: Colour, ground: Image.Image) -> bool:
    return contrast(luminance(colour), luminance(_mean(ground))) >= _MIN_CONTRAST


def _mean(image: Image.Image, mask: Image.Image | None = None) -> Colour:
    red, green, blue = (round(level) for level in ImageStat.Stat(image, mask).mean)
    return red, green, blue


def _rounded(size: tuple[int, int]) -> Image.Image:
    """Mask (L) a box of `size` px with rounded corners."""
    mask = Image.new("L", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
    box = (0, 0, mask.width - 1, mask.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, min(mask.size) * _CORNER_SHARE, fill=255)
    return mask.reduce(_OVERSAMPLING)


def _pixels(box: Box) -> _Pixels:
    left, top, right, bottom = (round(edge) for edge in box)
    return left, top, right, bottom
