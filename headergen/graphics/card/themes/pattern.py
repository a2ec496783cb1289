"""Themes of repeated forms: waves, tiles, dots."""

import math

from PIL import Image, ImageChops, ImageDraw

from headergen.graphics.card.layout import is_wide
from headergen.graphics.card.themes.scene import Chance, Scene, square, tint

# Of a card's width or height: what tiles take at most, beside or below what the text has.
_PATTERN_WIDTH, _PATTERN_HEIGHT = 0.33, 0.17

# Of a wave: the discs that make its rings, in shares of its radius, and how they are inked.
_RINGS = ((1.0, 255), (0.93, 0), (0.74, 255), (0.67, 0), (0.48, 255), (0.41, 0))


def waves(scene: Scene) -> Image.Image:
    """Lay seigaiha, the pattern of a calm sea, tone on tone, and let it fade behind the text."""
    palette = scene.palette
    ground = palette.field(0.34, 0.75)
    image = scene.flat(ground)
    pattern = scene.shape(_seigaiha)
    tint(image, palette.ground(0.52, 0.9), scene.clear(pattern, 0.8), 0.6)
    return image


def _seigaiha(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    radius = 74.0
    rows = int(canvas.im.size[1] / unit / (radius / 2)) + 3
    columns = int(canvas.im.size[0] / unit / (2 * radius)) + 3
    for row in range(rows):
        y = row * radius / 2
        for column in range(-1, columns):
            x = column * 2 * radius + (row % 2) * radius
            for share, ink in _RINGS:
                reach = radius * share
                canvas.ellipse(square(x, y, reach, unit), fill=ink)


def shapes(scene: Scene) -> Image.Image:
    """Set tiles of circles, quarters and stripes beside or below the text, on a light ground."""
    palette, chance = scene.palette, scene.chance()
    image = scene.flat(palette.ground(0.965, 0.1))
    inks = [
        palette.field(0.45, 1.0),
        palette.mark(0.78, 1.0),
        palette.ground(0.84, 0.5),
        palette.spot(0.6, 1.0),
        palette.ground(0.28, 0.7),
    ]
    side, places = _beside(scene) if is_wide(*scene.size) else _below(scene)
    for x, y in places:
        ground, ink = chance.shuffled(inks)[:2]
        image.paste(_tile(chance, round(side) + 1, ground, ink), (round(x), round(y)))
    return image


def _beside(scene: Scene) -> tuple[float, list[tuple[float, float]]]:
    """Set five rows of tiles at the right, as many in each as leave the text alone."""
    side = scene.height / 5
    columns = min(int(_PATTERN_WIDTH * scene.width / side), 3)
    left = scene.width - columns * side
    return side, [
        (left + column * side, row * side) for row in range(5) for column in range(columns)
    ]


def _below(scene: Scene) -> tuple[float, list[tuple[float, float]]]:
    """Set one row of tiles along the foot, where no text stands."""
    columns = math.ceil(scene.width / (_PATTERN_HEIGHT * scene.height))
    side = scene.width / columns
    return side, [(column * side, scene.height - side) for column in range(columns)]


def _tile(
    chance: Chance, side: int, ground: tuple[int, int, int], ink: tuple[int, int, int]
) -> Image.Image:
    scale = 3
    mask = Image.new("L", (side * scale, side * scale))
    canvas, full = ImageDraw.Draw(mask), side * scale
    form = chance.pick(["quarter", "circle", "half", "ring", "leaf", "stripes", "dots"])
    if form == "quarter":
        canvas.ellipse([0, 0, 2 * full, 2 * full], fill=255)
    elif form == "circle":
        canvas.ellipse([full * 0.14, full * 0.14, full * 0.86, full * 0.86], fill=255)
    elif form == "half":
        canvas.ellipse([0, full * 0.5, full, full * 1.5], fill=255)
    elif form == "ring":
        canvas.ellipse([0, 0, 2 * full, 2 * full], fill=255)
        canvas.ellipse([full * 0.45, full * 0.45, full * 1.55, full * 1.55], fill=0)
    elif form == "leaf":
        canvas.ellipse([0, 0, 2 * full, 2 * full], fill=255)
        other = Image.new("L", mask.size)
        ImageDraw.Draw(other).ellipse([-full, -full, full, full], fill=255)
        mask = ImageChops.multiply(mask, other)
    elif form == "stripes":
        for index in range(0, 6, 2):
            canvas.rectangle([0, full * index / 6, full, full * (index + 1) / 6 - 1], fill=255)
    else:
        for x in range(4):
            for y in range(4):
                at = [full * (x + 0.27) / 4, full * (y + 0.27) / 4]
                canvas.ellipse([*at, at[0] + full * 0.115, at[1] + full * 0.115], fill=255)
    turned = mask.rotate(90 * chance.below(4)).reduce(scale)
    tile = Image.new("RGB", (side, side), ground)
    tile.paste(ink, (0, 0), turned)
    return tile


def halftone(scene: Scene) -> Image.Image:
    """Print dots that grow towards a corner, as in a comic, and leave the text clear."""
    palette = scene.palette
    image = scene.flat(palette.field(0.9, 0.6))
    # Twice: around thin strokes the text's form is not full.
    dots = scene.clear(scene.clear(scene.shape(_dots)))
    tint(image, palette.mark(0.78, 1.0), dots)
    return image


def _dots(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    step = 26.0
    width, height = (length / unit for length in canvas.im.size)
    rows, columns = int(height / step * 1.42) + 2, int(width / step) + 2
    for row in range(rows):
        y = row * step * 0.7071
        for column in range(columns):
            x = column * step * 1.4142 + (row % 2) * step * 0.7071
            share = (x / width - 0.5) * 1.3 + (y / height - 0.5) * 0.9
            reach = min(max(share, 0.0), 1.0) * step * 0.62
            if reach > 1:
                canvas.ellipse(square(x, y, reach, unit), fill=255)
