"""That text can be read: contrast measured on the very pixels behind it, or made by a scrim."""

from collections.abc import Callable, Iterable, Mapping

from PIL import Image, ImageFilter, ImageOps

from headergen.graphics.card.layout import safe_frame
from headergen.graphics.card.palette import Colour
from headergen.graphics.contrast import contrast, luminance, luminance_map

# WCAG 2.2, success criterion 1.4.3, for text of any size.
MIN_CONTRAST = 4.5
# What surrounds a letter is what it stands out from: pixels up to here from it, each way.
_AROUND = 2
WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def surroundings(text: Image.Image) -> Image.Image:
    """Mark (L, 0 or 255) what lies behind a text (L, its coverage) and just around it."""
    left, top, right, bottom = text.getbbox() or (0, 0, 1, 1)
    reach = _AROUND + 1
    box = (
        max(left - reach, 0),
        max(top - reach, 0),
        min(right + reach, text.width),
        min(bottom + reach, text.height),
    )
    drawn = text.crop(box).point([0] + [255] * 255)
    # The mean of a window is above 0 where any pixel of it is: several times as fast as the most.
    around = drawn.filter(ImageFilter.BoxBlur(_AROUND)).point([0] + [255] * 255)
    marked = Image.new("L", text.size)
    marked.paste(around, box[:2])
    return marked


def worst_contrast(ground: Image.Image, behind: Image.Image, ink: Colour) -> float:
    """Measure the contrast of `ink` with the pixel behind it that it stands out from least.

    A bound from below: luminance is rounded to 255 steps, here always to the ink's side.
    """
    levels = [level for level, n in enumerate(luminance_map(ground).histogram(behind)) if n]
    own = luminance(ink)
    nearest = min(levels, key=lambda level: contrast(level / 255, own), default=0)
    rounded = nearest + (0.5 if nearest / 255 < own else -0.5)
    return contrast(max(rounded, 0) / 255, own)


def legible_ink(ground: Image.Image, behind: Image.Image, inks: Iterable[Colour]) -> Colour | None:
    """Choose the first of `inks`, or else white or black, that stands out enough; None if none."""
    for ink in (*inks, WHITE, BLACK):
        if worst_contrast(ground, behind, ink) >= MIN_CONTRAST:
            return ink
    return None


# In px of the reference size: how far a scrim reaches beyond the text, how softly it ends, and
# how much what is right behind the text is blurred.
_REACH, _SOFTNESS, _BLUR = 110, 48, 4
# How far above the text one that rises from the foot begins.
_RISE = 150
_HALO = 26
_STEPS = 32


def halo(text: Image.Image) -> Image.Image:
    """Mark (L) where a text (L, its coverage) stands: all lines as one form that ends softly."""
    # At a quarter of its size: the form is soft anyway.
    small = text.resize((text.width // 4 or 1, text.height // 4 or 1), Image.Resampling.BOX)
    radius = _HALO * safe_frame(*text.size).unit / 4
    spread = small.point([0] + [255] * 255).filter(ImageFilter.GaussianBlur(radius))
    return spread.point([min(3 * level, 255) for level in range(256)]).resize(text.size)


def calmed(ground: Image.Image, text: Image.Image) -> Image.Image:
    """Blur what is right behind a text: details as fine as the strokes of its letters."""
    blur = ImageFilter.GaussianBlur(_BLUR * safe_frame(*ground.size).unit)
    return Image.composite(ground.filter(blur), ground, halo(text))


def veiled(
    ground: Image.Image, behind: Image.Image, colour: Colour, ink: Colour, stand: str
) -> Image.Image:
    """Lay a scrim of `colour` over a picture, as thin as lets `ink` be read on it.

    Args:
        ground: RGB.
        behind: L; where `ink` must stand out.
        colour: the scrim's, which the ink stands out from.
        ink: the text's colour.
        stand: the scrim comes from the picture's "foot" or "head"; it else surrounds the text.
    """
    shape = _SHAPES.get(stand, _surrounding)(behind)
    for step in range(1, _STEPS):
        covered = _laid(ground, colour, shape, step / _STEPS)
        if worst_contrast(covered, behind, ink) >= MIN_CONTRAST:
            return covered
    # What the shape's soft edge leaves bare is covered by hand.
    return _laid(_laid(ground, colour, shape, 1.0), colour, behind, 1.0)


def _laid(ground: Image.Image, colour: Colour, shape: Image.Image, opacity: float) -> Image.Image:
    strength = shape.point([round(level * opacity) for level in range(256)])
    covered = ground.copy()
    covered.paste(colour, (0, 0), strength)
    return covered


def _rising(behind: Image.Image) -> Image.Image:
    """Shape a scrim (L) that is full from the text down, and softly ends above it."""
    _, top, _, _ = _box(behind)
    reach = max(round(_RISE * safe_frame(*behind.size).unit), 1)
    ramp = Image.linear_gradient("L").point([_eased(level / 255) for level in range(256)])
    shape = Image.new("L", behind.size)
    shape.paste(ramp.resize((behind.width, reach)), (0, top - reach))
    shape.paste(255, (0, top, *behind.size))
    return shape


def _hanging(behind: Image.Image) -> Image.Image:
    """Shape a scrim (L) that is full down to the text's end, and softly ends below it."""
    return ImageOps.flip(_rising(ImageOps.flip(behind)))


def _surrounding(behind: Image.Image) -> Image.Image:
    """Shape a scrim (L) that is full around the text, and softly ends on all sides."""
    unit = safe_frame(*behind.size).unit
    left, top, right, bottom = _box(behind)
    reach = round(_REACH * unit)
    shape = Image.new("L", behind.size)
    shape.paste(255, (left - reach, top - reach, right + reach, bottom + reach))
    return shape.filter(ImageFilter.GaussianBlur(_SOFTNESS * unit))


_SHAPES: Mapping[str, Callable[[Image.Image], Image.Image]] = {"foot": _rising, "head": _hanging}


def _box(behind: Image.Image) -> tuple[int, int, int, int]:
    return behind.getbbox() or (0, 0, *behind.size)


def _eased(share: float) -> int:
    return round(255 * share * share * (3 - 2 * share))
