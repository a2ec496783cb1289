"""Whether a picture looks as its golden thumbnail does, as eyes would judge."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageStat

# Of a golden thumbnail, in px.
SIZE = (160, 84)

# Blur in px of a thumbnail: what a different rounding of Pillow's moves is averaged away.
_BLUR = 1.2
# Levels of 255: of the mean over the thumbnail, and of its worst 16x12 block. Measured with
# composites: Pillow 12.0 and 13.0 differ by 0.01 and 0; another filter for the last scaling moves
# 0.2 to 0.9 and 1 to 3; of the changes of look that the tests make, rounder corners move 0.7 and
# 7, all others 2.7 and 12 at least.
_MEAN_TOLERANCE, _BLOCK_TOLERANCE = 1.5, 4.5


def differences(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """Measure how differently two thumbnails look: in the mean, and where it is worst.

    Of lightness and the two colour axes (YCbCr) it is the one that differs most.
    """
    blurred = [each.filter(ImageFilter.GaussianBlur(_BLUR)) for each in (one, other)]
    difference = ImageChops.difference(*(each.convert("YCbCr") for each in blurred))
    blocks = difference.resize((10, 7), Image.Resampling.BOX)
    return max(ImageStat.Stat(difference).mean), float(max(blocks.tobytes()))


def looks_like(one: Image.Image, other: Image.Image) -> bool:
    """Tell whether two thumbnails show the same to the eye."""
    mean, block = differences(one, other)
    return mean <= _MEAN_TOLERANCE and block <= _BLOCK_TOLERANCE
