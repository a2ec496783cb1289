"""Colours that belong together: chosen by the author, or derived from a text."""

import hashlib
import math
import re
from dataclasses import dataclass
from functools import lru_cache

from headergen.graphics.contrast import linear
from headergen.vocabulary import COLOUR_PATTERN

Colour = tuple[int, int, int]

# Hues in degrees of OKLCH, in pairs that designers use together: the ground's, and the accent's.
_PAIRS = (
    (264, 75),  # indigo, amber
    (240, 45),  # blue, coral
    (205, 60),  # azure, apricot
    (185, 25),  # teal, red
    (160, 90),  # green, yellow
    (145, 40),  # forest, terracotta
    (25, 85),  # red, gold
    (225, 345),  # sky, pink
    (5, 300),  # rose, violet
    (335, 70),  # magenta, apricot
    (300, 350),  # violet, pink
    (280, 190),  # iris, turquoise
)
# Two articles with the same pair still differ a little.
_JITTER = 8.0
# As vivid as a pair may be before sRGB's own bounds.
_MAIN_CHROMA, _ACCENT_CHROMA = 0.15, 0.16


@dataclass(frozen=True)
class Hue:
    """A hue in degrees, and the chroma that shades of it have at most (OKLCH)."""

    degrees: float
    chroma: float


@dataclass(frozen=True)
class Palette:
    """The two hues of a card, and the author's own colours where there are any."""

    main: Hue
    accent: Hue
    chosen: tuple[Colour, ...] = ()

    def ground(self, lightness: float, vividness: float = 1.0, turn: float = 0.0) -> Colour:
        """Return a shade of the main hue, or of the one `turn` degrees on.

        `lightness` is in [0, 1]; `vividness` is a factor of the hue's chroma, 1 as a rule.
        """
        return oklch(lightness, self.main.chroma * vividness, self.main.degrees + turn)

    def spot(self, lightness: float, vividness: float = 1.0) -> Colour:
        """Return a shade of the accent's hue, as `ground` does of the main one."""
        return oklch(lightness, self.accent.chroma * vividness, self.accent.degrees)

    def field(self, lightness: float, vividness: float = 1.0) -> Colour:
        """Return the author's first colour as it is, or else a shade of the main hue."""
        return self.chosen[0] if self.chosen else self.ground(lightness, vividness)

    def mark(self, lightness: float, vividness: float = 1.0) -> Colour:
        """Return the author's second colour as it is, or else a shade of the accent's hue."""
        return self.chosen[1] if len(self.chosen) > 1 else self.spot(lightness, vividness)


def derive(text: str) -> Palette:
    """Choose two hues by `text`: the same ones each time and everywhere."""
    digest = hashlib.sha256(text.encode()).digest()
    main, accent = _PAIRS[digest[0] % len(_PAIRS)]
    shift = (digest[1] / 255 * 2 - 1) * _JITTER
    return Palette(Hue(main + shift, _MAIN_CHROMA), Hue(accent + shift, _ACCENT_CHROMA))


def choose(colours: tuple[str, ...]) -> Palette:
    """Make a palette of one or two `#rrggbb`; one alone gets an accent from across the circle.

    Raises:
        ValueError: one is not written like that, or there are more.
    """
    if not 1 <= len(colours) <= 2:
        raise ValueError(f"a card takes one or two colours, not {len(colours)}")
    chosen = tuple(parse(colour) for colour in colours)
    main, *rest = (_hue(colour) for colour in chosen)
    accent = rest[0] if rest else Hue((main.degrees + 150) % 360, max(main.chroma, 0.1))
    return Palette(main, accent, chosen)


def parse(colour: str) -> Colour:
    """Read `#rrggbb`.

    Raises:
        ValueError: it is written in another way.
    """
    if not re.fullmatch(COLOUR_PATTERN, colour):
        raise ValueError(f"{colour!r} is no colour of the form '#1f6feb'")
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def shade(colour: Colour, lightness: float, most_chroma: float) -> Colour:
    """Return a colour's hue at a lightness in [0, 1], less vivid than it where need be (OKLCH)."""
    hue = _hue(colour)
    return oklch(lightness, min(hue.chroma, most_chroma), hue.degrees)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Blend two colours in OKLab; `share` in [0, 1] is the second one's."""
    # Written out: fields of colour call this ten thousand times for a card.
    lightness, a, b = _oklab(one)
    other_lightness, other_a, other_b = _oklab(other)
    return _srgb(
        lightness + (other_lightness - lightness) * share,
        a + (other_a - a) * share,
        b + (other_b - b) * share,
    )


def oklch(lightness: float, chroma: float, degrees: float) -> Colour:
    """Convert OKLCH to sRGB; a chroma that sRGB lacks at this lightness is lowered until it fits.

    Source: Björn Ottosson, "A perceptual color space for image processing".
    """
    angle = math.radians(degrees)
    a, b = math.cos(angle), math.sin(angle)
    if _is_in_gamut(lightness, chroma * a, chroma * b):
        return _srgb(lightness, chroma * a, chroma * b)
    inside, outside = 0.0, chroma
    for _ in range(12):
        middle = (inside + outside) / 2
        if _is_in_gamut(lightness, middle * a, middle * b):
            inside = middle
        else:
            outside = middle
    return _srgb(lightness, inside * a, inside * b)


def _hue(colour: Colour) -> Hue:
    _, a, b = _oklab(colour)
    return Hue(math.degrees(math.atan2(b, a)) % 360, math.hypot(a, b))


@lru_cache(maxsize=4096)
def _oklab(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = (linear(level / 255) for level in colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _linear_rgb(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _is_in_gamut(lightness: float, a: float, b: float) -> bool:
    return all(-1e-4 <= level <= 1 + 1e-4 for level in _linear_rgb(lightness, a, b))


def _srgb(lightness: float, a: float, b: float) -> Colour:
    red, green, blue = _linear_rgb(lightness, a, b)
    return _encoded(red), _encoded(green), _encoded(blue)


def _encoded(level: float) -> int:
    """Encode linear light in [0, 1] as an sRGB level up to 255: IEC 61966-2-1."""
    bounded = 0.0 if level < 0.0 else 1.0 if level > 1.0 else level
    encoded = bounded * 12.92 if bounded <= 0.0031308 else 1.055 * bounded ** (1 / 2.4) - 0.055
    return round(255 * encoded)
