"""Quiet themes: soft colours that melt into each other; or type and one form, and much room."""

import math

from PIL import Image, ImageDraw, ImageFilter

from headergen.graphics.card.layout import is_wide
from headergen.graphics.card.palette import Colour, Palette, mix
from headergen.graphics.card.themes.scene import Scene, square, tint
from headergen.graphics.contrast import contrast, luminance

# Of a mesh: a ground of a lower relative luminance, in [0, 1], is deep; its mark stands out from it
# by no more than this contrast ratio (WCAG 2.2).
_DEEP, _MOST_CONTRAST = 0.25, 3.0


def gradient(scene: Scene) -> Image.Image:
    """Paint a deep slanted gradient with a bloom of light, and fine rings around it."""
    palette = scene.palette
    deep = palette.field(0.36, 1.1)
    # An accent of the author's own may be far from the ground: behind the text it would be mud.
    has_accent = len(palette.chosen) > 1
    glow = palette.mark(0.76, 1.0)
    bright = mix(deep, glow, 0.25) if has_accent else palette.ground(0.54, 1.3, turn=32)

    def colour_at(x: float, y: float) -> tuple[int, int, int]:
        along = _ease(0.72 * x + 0.28 * (1 - y))
        bloom = math.exp(-(((x - 1.06) / 0.19) ** 2 + ((y + 0.1) / 0.42) ** 2))
        return mix(mix(deep, bright, along), glow, 0.85 * bloom)

    image = scene.field(colour_at)
    tint(image, (255, 255, 255), scene.clear(scene.shape(_rings)), 0.18)
    return image


def _rings(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    for radius in range(150, 760, 76):
        canvas.ellipse(square(1306, 14, radius, unit), outline=255, width=round(1.6 * unit))


def mesh(scene: Scene) -> Image.Image:
    """Melt patches of both hues into each other: pale ones, or deep ones on a deep ground."""
    chance, palette = scene.chance(), scene.palette
    shades = _shades(palette)
    places = [(0.02, 0.05), (0.98, 0.9), (0.5, 0.45), (0.9, 0.08), (0.1, 0.95), (0.62, 1.0)]
    patches = [
        (x + chance.uniform(-0.1, 0.1), y + chance.uniform(-0.1, 0.1), shade)
        for (x, y), shade in zip(chance.shuffled(places), shades, strict=True)
    ]

    def colour_at(x: float, y: float) -> tuple[int, int, int]:
        weights = [math.exp(-((x - px) ** 2 + (y - py) ** 2) / 0.09) for px, py, _ in patches]
        total = sum(weights)
        red, green, blue = (
            round(sum(w * patch[2][i] for w, patch in zip(weights, patches, strict=True)) / total)
            for i in range(3)
        )
        return red, green, blue

    return scene.field(colour_at).filter(ImageFilter.GaussianBlur(6 * scene.unit))


def _shades(palette: Palette) -> list[Colour]:
    field, mark = palette.field(0.86, 0.7), palette.mark(0.88, 0.75)
    # A mark that is far from the ground would leave no ink to be read on both.
    if contrast(luminance(field), luminance(mark)) > _MOST_CONTRAST:
        mark = mix(field, mark, 0.3)
    if luminance(field) < _DEEP:
        turned = [(0.25, 0.9), (0.3, 0.6), (0.4, 0.8), (0.2, 0.8)]
    else:
        turned = [(0.93, 0.35), (0.9, 0.55), (0.82, 0.75), (0.95, 0.25)]
    shades = (palette.spot if index % 2 else palette.ground for index in range(4))
    return [field, mark, *(shade(*how) for shade, how in zip(shades, turned, strict=True))]


def _ease(share: float) -> float:
    bounded = min(max(share, 0.0), 1.0)
    return bounded * bounded * (3 - 2 * bounded)


def editorial(scene: Scene) -> Image.Image:
    """Let a large pale sun rise beside the text of a magazine's page, or above it."""
    palette = scene.palette
    image = scene.flat(palette.ground(0.965, 0.12))
    tint(image, palette.mark(0.85, 0.65), scene.shape(_sun))
    tint(image, palette.field(0.42, 0.9), scene.shape(_margin))
    return image


def _sun(canvas: ImageDraw.ImageDraw, _: float) -> None:
    width, height = canvas.im.size
    if is_wide(width, height):
        radius = 0.46 * height
        x, y = 0.645 * width + radius, 0.56 * height
    else:
        radius = 0.17 * height
        x, y = 0.78 * width, 0.0
    canvas.ellipse(square(x, y, radius), fill=255)


def _margin(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    _, height = canvas.im.size
    canvas.rectangle([64 * unit, 0, 67 * unit, height], fill=255)


def minimal(scene: Scene) -> Image.Image:
    """Leave white, with one bar of colour at the edge."""
    palette = scene.palette
    image = scene.flat((252, 252, 251))
    tint(image, palette.field(0.52, 1.1), scene.shape(_bar))
    return image


def _bar(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    _, height = canvas.im.size
    canvas.rectangle([0, 0, 44 * unit, height], fill=255)
