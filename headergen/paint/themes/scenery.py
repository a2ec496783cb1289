"""Themes that show something: a night with hills, a sheet of paper, a picture in two inks."""

from __future__ import annotations

import math
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from headergen.paint.canvas import cover
from headergen.paint.palette import mix
from headergen.paint.themes.scene import Chance, Scene, tint


def night(scene: Scene) -> Image.Image:
    """Paint a night sky: stars, a moon with its halo, and hills below."""
    palette, chance = scene.palette, scene.chance()
    zenith, horizon = palette.field(0.2, 0.6), palette.ground(0.4, 0.9)
    glow = palette.spot(0.66, 0.8)

    def colour_at(x: float, y: float) -> tuple[int, int, int]:
        sky = mix(zenith, horizon, min(y * 1.05, 1) ** 1.6)
        dusk = math.exp(-(((y - 1.0) / 0.3) ** 2)) * (0.2 + 0.3 * x)
        return mix(sky, glow, dusk)

    image = scene.field(colour_at)
    stars = scene.shape(lambda canvas, unit: _stars(canvas, unit, chance))
    tint(image, (255, 255, 255), scene.clear(stars))
    moon = scene.shape(_moon)
    halo = moon.filter(ImageFilter.GaussianBlur(46 * scene.unit))
    tint(image, palette.spot(0.9, 0.3), halo, 0.4)
    tint(image, palette.spot(0.95, 0.2), moon)
    for index, lightness in enumerate((0.29, 0.21, 0.13)):
        hills = scene.shape(_hills(chance, 0.83 + 0.065 * index))
        tint(image, palette.ground(lightness, 0.55), hills)
    return image


def _stars(canvas: ImageDraw.ImageDraw, unit: float, chance: Chance) -> None:
    width, height = canvas.im.size
    for _ in range(150):
        x, y = chance.uniform(0, width), height * 0.8 * chance.uniform(0, 1) ** 1.3
        radius = unit * chance.pick([0.7, 0.8, 0.9, 1.1, 1.6])
        box = [x - radius, y - radius, x + radius, y + radius]
        canvas.ellipse(box, fill=70 + chance.below(160))


def _moon(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    canvas.ellipse([1122 * unit, 62 * unit, 1206 * unit, 146 * unit], fill=255)
    canvas.ellipse([1098 * unit, 50 * unit, 1182 * unit, 134 * unit], fill=0)


def _hills(chance: Chance, level: float) -> Callable[[ImageDraw.ImageDraw, float], None]:
    waves = [(chance.uniform(0.6, 2.6), chance.uniform(0, 6.28), 0.035 / n) for n in range(1, 4)]

    def draw(canvas: ImageDraw.ImageDraw, _: float) -> None:
        width, height = canvas.im.size
        ridge = [
            (
                x,
                height * (level + sum(a * math.sin(f * 6.28 * x / width + p) for f, p, a in waves)),
            )
            for x in range(0, width + 1, max(width // 160, 1))
        ]
        canvas.polygon([(0, height), *ridge, (width, height)], fill=255)

    return draw


def paper(scene: Scene) -> Image.Image:
    """Lay a sheet of warm paper with its fibres, ruled twice above and below."""
    chance = scene.chance()
    sheet = scene.palette.chosen[0] if scene.palette.chosen else (247, 242, 232)
    image = scene.flat(sheet)
    tint(image, mix(sheet, (120, 96, 60), 0.35), _clouds(scene, chance), 0.16)
    fibres = scene.shape(lambda canvas, unit: _fibres(canvas, unit, chance))
    tint(image, mix(sheet, (120, 96, 60), 0.5), fibres, 0.28)
    rules = scene.shape(_rules)
    tint(image, scene.palette.mark(0.42, 0.9), rules, 0.9)
    return image


def _clouds(scene: Scene, chance: Chance) -> Image.Image:
    """Make patches of uneven thickness, as when light falls through paper."""
    columns, rows = 96, 50
    small = Image.frombytes(
        "L", (columns, rows), bytes(chance.below(256) for _ in range(columns * rows))
    )
    patches = small.resize(scene.size, Image.Resampling.BICUBIC)
    return patches.filter(ImageFilter.GaussianBlur(16 * scene.unit))


def _fibres(canvas: ImageDraw.ImageDraw, unit: float, chance: Chance) -> None:
    width, height = canvas.im.size
    for _ in range(170):
        x, y = chance.uniform(0, width), chance.uniform(0, height)
        angle, length = chance.uniform(0, 6.28), chance.uniform(8, 42) * unit
        bend = chance.uniform(-0.9, 0.9)
        points = []
        for _ in range(8):
            points.append((x, y))
            x, y = x + math.cos(angle) * length / 8, y + math.sin(angle) * length / 8
            angle += bend / 8
        canvas.line(points, fill=60 + chance.below(140), width=round(1.1 * unit))


def _rules(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    width, height = canvas.im.size
    inset = 40 * unit
    for offset, weight in ((0, 3.0), (9, 1.0)):
        box = [inset + offset * unit] * 2 + [
            width - inset - offset * unit,
            height - inset - offset * unit,
        ]
        canvas.rectangle(box, outline=255, width=round(weight * unit))


def duotone(scene: Scene) -> Image.Image:
    """Print the picture in two inks: shadows in the deep one, lights in the other."""
    palette = scene.palette
    gray = ImageOps.autocontrast(picture(scene).convert("L"), cutoff=1)
    dark, light = palette.field(0.22, 0.9), palette.mark(0.92, 0.6)
    return ImageOps.colorize(gray, dark, light, mid=mix(dark, palette.ground(0.6, 1.1), 0.75))


def picture(scene: Scene) -> Image.Image:
    """Show the scene's picture as it is, on white where it is transparent."""
    if scene.picture is None:
        raise ValueError("this theme shows a picture, and the scene has none")
    picture = Image.new("RGBA", scene.picture.size, (255, 255, 255, 255))
    picture.alpha_composite(scene.picture.convert("RGBA"))
    return cover(picture.convert("RGB"), *scene.size)
