"""Themes that show something: a night with hills, a sheet of paper, a picture in two inks."""

import math
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter, ImageOps, ImageStat

from headergen.graphics import faces
from headergen.graphics.canvas import cover, point_in_cover
from headergen.graphics.card.layout import is_wide
from headergen.graphics.card.palette import mix
from headergen.graphics.card.themes.scene import Chance, Scene, square, tint
from headergen.graphics.faces import Face
from headergen.graphics.saliency import focus_for, head_of
from headergen.vocabulary import Point

# Of a duotone: the mean level that a dark picture is brightened towards and a pale one darkened,
# in [0, 1], and the exponents that may do so.
_MEAN_LEVEL, _GAMMAS = 0.45, (0.45, 1.5)
# How much its picture is enlarged, so that its subject can be moved, where in the width that
# belongs, and what of the width its mirror image may take; from where to where the deep ink runs
# out below the text, and how much it covers.
_ENLARGED, _SUBJECT, _MIRRORED = 1.1, 0.76, 0.3
_TEXT_FULL, _TEXT_ENDS, _COVERED = 0.3, 0.8, 0.9


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
        canvas.ellipse(square(x, y, radius), fill=70 + chance.below(160))


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
    """Print the picture in two inks: shadows in the deep one, lights in the other.

    What is interesting in it lies beside the text, below which the deep ink runs out.
    """
    palette = scene.palette
    gray = _levelled(_subject_aside(scene).convert("L"))
    dark, light = palette.field(0.22, 0.9), palette.mark(0.92, 0.6)
    image = ImageOps.colorize(gray, dark, light, mid=mix(dark, palette.ground(0.6, 1.1), 0.75))
    tint(image, dark, _below_text(scene.size))
    return image


def _levelled(gray: Image.Image) -> Image.Image:
    """Stretch a picture's levels, and brighten one that is mostly dark."""
    stretched = ImageOps.autocontrast(gray, cutoff=1)
    (mean,) = ImageStat.Stat(stretched).mean
    gamma = math.log(_MEAN_LEVEL) / math.log(min(max(mean / 255, 0.05), 0.95))
    bounded = min(max(gamma, _GAMMAS[0]), _GAMMAS[1])
    return stretched.point([round(255 * (level / 255) ** bounded) for level in range(256)])


def _subject_aside(scene: Scene) -> Image.Image:
    """Move the picture so that its subject comes beside the text.

    Where it then does not reach the left edge it goes on as its mirror image, below the deep ink.
    """
    if not is_wide(*scene.size):
        return picture(scene)
    width, height = scene.size
    whole = _flat(scene)
    found = faces.find(whole)
    focus = _middle(head_of(found[0])) if found else focus_for(whole, height, height, ())
    scaled = (round(width * _ENLARGED), round(height * _ENLARGED))
    large = cover(whole, *scaled, focus)
    x, y = point_in_cover(whole, focus, *scaled)
    left = max(round(x * scaled[0] - _SUBJECT * width), -round(_MIRRORED * width))
    left = min(left, scaled[0] - width)
    top = min(max(round(y * scaled[1] - height / 2), 0), scaled[1] - height)
    moved = Image.new("RGB", scene.size)
    moved.paste(ImageOps.mirror(large), (-left - scaled[0], -top))
    moved.paste(large, (-left, -top))
    return moved


def _middle(head: Face) -> Point:
    return (head.left + head.right) / 2, (head.top + head.bottom) / 2


def _below_text(size: tuple[int, int]) -> Image.Image:
    """Shape a mask (L), almost full at the left or the foot, that ends beside or above the text."""
    reach = _TEXT_ENDS - _TEXT_FULL
    shares = (min(max((_TEXT_ENDS - x / 255) / reach, 0.0), 1.0) for x in range(256))
    eased = bytes(round(255 * _COVERED * share * share * (3 - 2 * share)) for share in shares)
    ramp = Image.frombytes("L", (256, 1), eased)
    upright = ramp if is_wide(*size) else ramp.transpose(Image.Transpose.ROTATE_90)
    return upright.resize(size, Image.Resampling.BICUBIC)


def picture(scene: Scene) -> Image.Image:
    """Show the scene's picture as it is, on white where it is transparent."""
    return cover(_flat(scene), *scene.size)


def _flat(scene: Scene) -> Image.Image:
    if scene.picture is None:
        raise ValueError("this theme shows a picture, and the scene has none")
    picture = Image.new("RGBA", scene.picture.size, (255, 255, 255, 255))
    picture.alpha_composite(scene.picture.convert("RGBA"))
    return picture.convert("RGB")
