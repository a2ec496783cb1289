"""Pictures of many shapes, drawn here: what authors compose their headers of.

The same pixels on every run; the gallery in docs/ and the golden pictures are made of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]

# Drawn so many times larger and averaged.
_SUPERSAMPLING = 2


def _canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (width * _SUPERSAMPLING, height * _SUPERSAMPLING))
    return picture, ImageDraw.Draw(picture)


def _gradient(size: tuple[int, int], *colours: Colour) -> Image.Image:
    column = Image.new("RGB", (1, len(colours)))
    column.putdata(colours)
    return column.resize(size, Image.Resampling.BICUBIC)


def _finished(picture: Image.Image) -> Image.Image:
    return picture.reduce(_SUPERSAMPLING)


def _glow(picture: Image.Image, at: tuple[float, float], radius: float, colour: Colour) -> None:
    light = Image.new("L", picture.size)
    x, y = at
    ImageDraw.Draw(light).ellipse((x - radius, y - radius, x + radius, y + radius), fill=150)
    picture.paste(
        colour,
        (0, 0),
        light.reduce(8).filter(ImageFilter.GaussianBlur(radius / 14)).resize(picture.size),
    )


def _ridge(width: int, base: float, height: float, phase: float) -> list[tuple[float, float]]:
    """Draw a mountain line of three waves."""
    return [
        (
            x,
            base
            - height
            * (
                0.55 * abs(math.sin(x / width * 5 + phase))
                + 0.3 * abs(math.sin(x / width * 13 + 2 * phase))
                + 0.15 * abs(math.sin(x / width * 31 + 3 * phase))
            ),
        )
        for x in range(0, width + 8, 8)
    ]


def mountains(
    width: int, height: int, sky: tuple[Colour, Colour, Colour], sun: float
) -> Image.Image:
    """A sun, at a share of the width, over four ridges in the mist."""
    picture, _ = _canvas(width, height)
    w, h = picture.size
    picture.paste(_gradient((w, h), *sky))
    radius = min(w, h) * 0.1
    _glow(picture, (w * sun, h * 0.36), radius * 2.2, (255, 240, 205))
    draw = ImageDraw.Draw(picture)
    draw.ellipse(
        (w * sun - radius, h * 0.36 - radius, w * sun + radius, h * 0.36 + radius),
        fill=(255, 246, 222),
    )
    far, near = sky[2], tuple(level // 5 for level in sky[0])
    for layer in range(4):
        share = (layer + 1) / 4
        colour = tuple(round(a + (b - a) * share) for a, b in zip(far, near, strict=True))
        line = _ridge(w, h * (0.62 + 0.12 * layer), h * (0.3 - 0.05 * layer), 1.3 + 1.7 * layer)
        draw.polygon([(0, h), *line, (w, h)], fill=colour)
    return _finished(picture)


def lake(width: int, height: int, sky: tuple[Colour, Colour, Colour], boat: float) -> Image.Image:
    """A sailing boat, at a share of the width, on still water."""
    picture, _ = _canvas(width, height)
    w, h = picture.size
    horizon = round(h * 0.58)
    air = _gradient((w, horizon), *sky)
    picture.paste(air)
    water = air.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((w, h - horizon))
    picture.paste(water.point([round(level * 0.72) for level in range(256)] * 3), (0, horizon))
    draw = ImageDraw.Draw(picture)
    draw.polygon(
        [(0, horizon), *_ridge(w, horizon, h * 0.09, 0.7), (w, horizon)],
        fill=tuple(level // 2 for level in sky[0]),
    )
    x, y, unit = w * boat, h * 0.7, h * 0.05
    draw.polygon(
        [(x, y - 5.4 * unit), (x, y - unit), (x + 2.7 * unit, y - unit)], fill=(250, 246, 238)
    )
    draw.polygon(
        [(x - 0.3 * unit, y - 4.6 * unit), (x - 0.3 * unit, y - unit), (x - 1.9 * unit, y - unit)],
        fill=(226, 84, 62),
    )
    draw.polygon(
        [
            (x - 2.4 * unit, y - 0.7 * unit),
            (x + 2.8 * unit, y - 0.7 * unit),
            (x + 1.9 * unit, y + 0.4 * unit),
            (x - 1.6 * unit, y + 0.4 * unit),
        ],
        fill=(52, 38, 44),
    )
    return _finished(picture)


def person(
    width: int, height: int, ground: tuple[Colour, Colour, Colour], at: float
) -> Image.Image:
    """A person, at a share of the width, before lights out of focus."""
    picture, _ = _canvas(width, height)
    w, h = picture.size
    picture.paste(_gradient((w, h), *ground))
    for index in range(14):
        x, y = w * (index * 0.618 % 1), h * (0.1 + 0.5 * (index * 0.382 % 1))
        _glow(picture, (x, y), min(w, h) * (0.03 + 0.02 * (index % 3)), ground[2])
    draw = ImageDraw.Draw(picture)
    x, top, unit = w * at, h * 0.24, min(w, h) * 0.11
    draw.ellipse(
        (x - 2.6 * unit, top + 3.2 * unit, x + 2.6 * unit, top + 12 * unit), fill=(44, 62, 92)
    )
    draw.rectangle(
        (x - 0.5 * unit, top + 2 * unit, x + 0.5 * unit, top + 3.9 * unit), fill=(206, 150, 120)
    )
    draw.ellipse(
        (x - 1.45 * unit, top - 0.9 * unit, x + 1.45 * unit, top + 2.7 * unit), fill=(62, 38, 30)
    )
    draw.ellipse(
        (x - 1.05 * unit, top - 0.1 * unit, x + 1.05 * unit, top + 2.7 * unit), fill=(232, 180, 148)
    )
    draw.pieslice(
        (x - 1.2 * unit, top - 0.6 * unit, x + 1.2 * unit, top + 1.6 * unit),
        180,
        360,
        fill=(62, 38, 30),
    )
    for side in (-0.42, 0.42):
        draw.ellipse(
            (
                x + side * unit - 0.12 * unit,
                top + 1.1 * unit,
                x + side * unit + 0.12 * unit,
                top + 1.36 * unit,
            ),
            fill=(52, 34, 30),
        )
    draw.arc(
        (x - 0.5 * unit, top + 1.3 * unit, x + 0.5 * unit, top + 2.15 * unit),
        20,
        160,
        fill=(150, 70, 62),
        width=max(round(unit / 9), 1),
    )
    return _finished(picture)


def book(width: int, height: int, paper: Colour, ink: Colour, accent: Colour) -> Image.Image:
    """A book's cover: a disc, its rays, and lines where the title is."""
    picture, draw = _canvas(width, height)
    w, h = picture.size
    draw.rectangle((0, 0, w, h), fill=paper)
    middle = w / 2, h * 0.42
    for turn in range(24):
        angle = turn * math.tau / 24
        draw.line(
            (*middle, middle[0] + math.cos(angle) * w, middle[1] + math.sin(angle) * w),
            fill=tuple(
                round(0.82 * one + 0.18 * other) for one, other in zip(paper, ink, strict=True)
            ),
            width=round(w * 0.018),
        )
    radius = w * 0.3
    draw.ellipse(
        (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius),
        fill=accent,
    )
    draw.ellipse(
        (
            middle[0] - radius * 0.45,
            middle[1] - radius * 0.75,
            middle[0] + radius * 0.85,
            middle[1] + radius * 0.55,
        ),
        fill=paper,
    )
    draw.rectangle((w * 0.14, h * 0.77, w * 0.86, h * 0.825), fill=ink)
    draw.rectangle((w * 0.26, h * 0.855, w * 0.74, h * 0.88), fill=ink)
    draw.rectangle((w * 0.05, h * 0.035, w * 0.95, h * 0.965), outline=ink, width=round(w * 0.008))
    return _finished(picture)


def icon(side: int, light: Colour, dark: Colour, ink: Colour = (255, 255, 255)) -> Image.Image:
    """An app's icon: a bolt on a gradient, opaque to its corners."""
    picture, _ = _canvas(side, side)
    w = picture.width
    picture.paste(_gradient((w, w), light, dark))
    bolt = [(0.56, 0.14), (0.26, 0.56), (0.46, 0.56), (0.4, 0.86), (0.74, 0.42), (0.53, 0.42)]
    ImageDraw.Draw(picture).polygon([(x * w, y * w) for x, y in bolt], fill=ink)
    return _finished(picture)


def phone(width: int, height: int) -> Image.Image:
    """A phone's screen: a list with round pictures."""
    picture, draw = _canvas(width, height)
    w, h = picture.size
    draw.rectangle((0, 0, w, h), fill=(248, 248, 250))
    draw.rectangle((0, 0, w, h * 0.09), fill=(66, 92, 214))
    draw.rectangle((w * 0.08, h * 0.045, w * 0.5, h * 0.065), fill=(255, 255, 255))
    for row in range(8):
        y, hue = h * (0.13 + 0.107 * row), (row * 53) % 160
        draw.ellipse(
            (w * 0.08, y, w * 0.08 + h * 0.065, y + h * 0.065), fill=(90 + hue, 120, 230 - hue)
        )
        draw.rectangle(
            (w * 0.3, y + h * 0.008, w * (0.6 + 0.05 * (row % 4)), y + h * 0.026), fill=(40, 44, 60)
        )
        draw.rectangle(
            (w * 0.3, y + h * 0.04, w * (0.8 - 0.06 * (row % 3)), y + h * 0.052),
            fill=(178, 182, 196),
        )
    return _finished(picture)


def emblem(side: int, colour: Colour, core: Colour) -> Image.Image:
    """A transparent logo: a ring with a star in it."""
    large = Image.new("RGBA", (side * _SUPERSAMPLING, side * _SUPERSAMPLING))
    draw, w = ImageDraw.Draw(large), side * _SUPERSAMPLING
    draw.ellipse(
        (w * 0.08, w * 0.08, w * 0.92, w * 0.92), outline=(*colour, 255), width=round(w * 0.09)
    )
    points = [
        (
            w * (0.5 + reach * math.sin(turn * math.pi / 5)),
            w * (0.5 - reach * math.cos(turn * math.pi / 5)),
        )
        for turn, reach in enumerate([0.29, 0.125] * 5)
    ]
    draw.polygon(points, fill=(*core, 255))
    return large.reduce(_SUPERSAMPLING)


def wordmark(width: int, height: int, colour: Colour) -> Image.Image:
    """A transparent logo: letters of bars and rings in a row."""
    large = Image.new("RGBA", (width * _SUPERSAMPLING, height * _SUPERSAMPLING))
    draw, (w, h) = ImageDraw.Draw(large), large.size
    for index in range(6):
        left, thick = w * (0.03 + 0.163 * index), round(h * 0.16)
        box = (left, h * 0.14, left + w * 0.125, h * 0.86)
        if index % 3 == 1:
            draw.ellipse(box, outline=(*colour, 255), width=thick)
        else:
            draw.rectangle((box[0], box[1], box[0] + thick, box[3]), fill=(*colour, 255))
            draw.rectangle((box[0], box[3] - thick, box[2], box[3]), fill=(*colour, 255))
            if index % 3 == 2:
                draw.rectangle((box[0], box[1], box[2], box[1] + thick), fill=(*colour, 255))
    return large.reduce(_SUPERSAMPLING)


DAWN: tuple[Colour, Colour, Colour] = ((52, 74, 140), (224, 138, 140), (255, 214, 170))
DAY: tuple[Colour, Colour, Colour] = ((70, 138, 196), (150, 200, 226), (226, 240, 240))
DUSK: tuple[Colour, Colour, Colour] = ((38, 28, 78), (170, 62, 110), (255, 166, 104))
FOREST: tuple[Colour, Colour, Colour] = ((22, 60, 58), (64, 122, 92), (214, 226, 160))

# In the order in which the gallery takes them: shapes alternate.
PICTURES: Mapping[str, Callable[[], Image.Image]] = {
    "landscape": lambda: mountains(1280, 720, DAWN, 0.7),
    "portrait cover": lambda: book(640, 960, (244, 236, 216), (36, 50, 78), (214, 78, 54)),
    "photograph of a person": lambda: person(
        1200, 800, ((30, 26, 50), (96, 58, 80), (250, 176, 110)), 0.3
    ),
    "square icon": lambda: icon(512, (120, 96, 240), (220, 70, 160)),
    "panorama": lambda: lake(2000, 500, DUSK, 0.22),
    "transparent emblem": lambda: emblem(600, (24, 108, 120), (240, 160, 50)),
    "upright photograph": lambda: mountains(800, 1100, FOREST, 0.4),
    "lake": lambda: lake(1200, 800, DAY, 0.68),
    "another cover": lambda: book(600, 900, (28, 48, 60), (238, 226, 200), (240, 176, 64)),
    "white wordmark": lambda: wordmark(900, 260, (255, 255, 255)),
    "phone screenshot": lambda: phone(540, 1170),
    "tiny icon": lambda: icon(48, (64, 190, 150), (20, 110, 130)),
}
