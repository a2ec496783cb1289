"""How well one colour stands out from another: WCAG 2.2's relative luminance and contrast ratio."""

from collections.abc import Sequence

from PIL import Image, ImageStat

# Red, green, blue: ITU-R BT.709, whose primaries sRGB shares.
_LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)


def contrast(one: float, other: float) -> float:
    """Measure the contrast ratio, 1 to 21, of two relative luminances in [0, 1]."""
    darker, lighter = sorted((one, other))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Sequence[int]) -> float:
    """Measure the relative luminance, in [0, 1], of an sRGB colour of three levels up to 255."""
    weighted = zip(_LUMINANCE_WEIGHTS, colour, strict=True)
    return sum(weight * linear(level / 255) for weight, level in weighted)


def mean_colour(picture: Image.Image, where: Image.Image | None = None) -> tuple[int, int, int]:
    """Measure the mean colour of an RGB picture, or of that part that a mask (L) marks."""
    red, green, blue = (round(level) for level in ImageStat.Stat(picture, where).mean)
    return red, green, blue


def luminance_map(picture: Image.Image) -> Image.Image:
    """Measure the relative luminance (L, 0 to 255, linear light) of an RGB picture's pixels."""
    decoded = picture.point([round(255 * linear(level / 255)) for level in range(256)] * 3)
    return decoded.convert("L", (*_LUMINANCE_WEIGHTS, 0))


def linear(level: float) -> float:
    """Decode an sRGB level in [0, 1] to linear light: IEC 61966-2-1."""
    return level / 12.92 if level <= 0.04045 else float(((level + 0.055) / 1.055) ** 2.4)
