"""A finished picture in another shape: cropped around what matters, or whole on a soft ground."""

from __future__ import annotations

from PIL import Image, ImageFilter

from headergen.graphics.canvas import cover
from headergen.vocabulary import HEADER_HEIGHT, HEADER_WIDTH, LINK_CARD_WIDTH, LISTING_HEIGHT

# Of a header's width and height, what note.com's link cards and listings keep: what is laid out
# keeps its words and subjects inside.
_SAFE_WIDTH, _SAFE_HEIGHT = LINK_CARD_WIDTH / HEADER_WIDTH, LISTING_HEIGHT / HEADER_HEIGHT

# A ground is blurred at this part of its size: as soft as in full, in a fraction of the time.
_GROUND_SCALE = 16
_GROUND_BLUR = 2.0


def crop_is_safe(picture: Image.Image, width: int, height: int) -> bool:
    """Tell whether a `width` by `height` crop around the middle keeps what is laid out in it."""
    scale = max(width / picture.width, height / picture.height)
    kept_width, kept_height = width / scale / picture.width, height / scale / picture.height
    return kept_width >= _SAFE_WIDTH and kept_height >= _SAFE_HEIGHT


def whole(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Show a picture whole in the middle of `width` x `height` px, on a blur of itself."""
    small = (max(width // _GROUND_SCALE, 1), max(height // _GROUND_SCALE, 1))
    blur = cover(picture, *small).filter(ImageFilter.GaussianBlur(_GROUND_BLUR))
    framed = blur.resize((width, height), Image.Resampling.BICUBIC)
    scale = min(width / picture.width, height / picture.height)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    shown = picture.resize(size, Image.Resampling.LANCZOS)
    framed.paste(shown, ((width - size[0]) // 2, (height - size[1]) // 2))
    return framed
