"""What lies behind pictures.

Behind panels and cards: a plain colour, the sources blurred, or their colours. Behind a transparent
source: its own hue, in a shade that it stands out from.
"""

import colorsys
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from PIL import Image, ImageChops, ImageColor, ImageFilter, ImageStat

from headergen.graphics.canvas import cover
from headergen.graphics.composite.stage import Source
from headergen.graphics.contrast import contrast, luminance, luminance_map

Colour = tuple[int, int, int]

# Lightness of the backdrops that a transparent source may be laid on, in order of preference.
# The last is for a logo with both a white and a black part: it stands out from each by 4:1.
_BACKDROP_LIGHTNESS = (0.95, 0.13, 0.46)
# Enough of the logo's own hue to belong to it, too little to compete with it.
_TINT_SATURATION = 0.35
# WCAG 2.2, success criterion 1.4.11: graphics stand out from what is beside them by 3:1.
_MIN_CONTRAST = 3.0
# Side in px at which a logo is looked at to choose its backdrop.
_LOGO_PROBE_SIDE = 128


def backdrop(source: Source) -> Colour:
    """Choose the colour behind a source: its own hue, light unless that would hide its outline."""
    levels = outline_levels(source)
    hue, chroma = hue_and_chroma(ImageStat.Stat(*_seen(source)).mean)
    tints = [tint(hue, chroma, lightness, _TINT_SATURATION) for lightness in _BACKDROP_LIGHTNESS]
    return min(tints, key=lambda colour: hidden_tenths(levels, luminance(colour)))


def outline_levels(source: Source) -> list[int]:
    """Count the levels, 0 to 255, of relative luminance along the outline of what can be seen."""
    colours, seen = _seen(source)
    outline = ImageChops.subtract(seen, seen.filter(ImageFilter.MinFilter(3)))
    return luminance_map(colours).histogram(outline)


def hidden_tenths(levels: Sequence[int], behind: float) -> int:
    """Count the tenths of an outline that a ground of relative luminance `behind` swallows."""
    hidden = [n for level, n in enumerate(levels) if contrast(level / 255, behind) < _MIN_CONTRAST]
    # Whole tenths: a few pixels of a fringe are no reason to leave the preferred backdrop.
    return round(10 * sum(hidden) / max(sum(levels), 1))


def _seen(source: Source) -> tuple[Image.Image, Image.Image]:
    """Shrink a source to its colours (RGB), and a mask (L) of what can be seen."""
    shape = source.shape or Image.new("L", source.picture.size, 255)
    # However little of a block is covered: a hairline in a large picture has an outline too.
    return _probe(source.picture).convert("RGB"), _probe(shape).point([0] + [255] * 255)


def _probe(picture: Image.Image) -> Image.Image:
    scale = min(_LOGO_PROBE_SIDE / max(picture.size), 1)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    return picture.resize(size, Image.Resampling.BOX)


def hue_and_chroma(colour: Sequence[float]) -> tuple[float, float]:
    """Measure hue and chroma, each in [0, 1], of levels up to 255.

    Chroma and not saturation, which calls an almost white or black picture colourful.
    """
    red, green, blue = (level / 255 for level in colour)
    hue, _, _ = colorsys.rgb_to_hls(red, green, blue)
    return hue, max(red, green, blue) - min(red, green, blue)


def tint(hue: float, chroma: float, lightness: float, most: float) -> Colour:
    """Make a colour of a hue: as saturated as `chroma`, but by `most` at most."""
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, min(chroma, most))
    return round(red * 255), round(green * 255), round(blue * 255)


# Measured: blurred at 1/16 of the size a ground takes 12 ms in place of 51, and looks the same.
_REDUCTION = 16
# Of the shorter side: wide enough that nothing of a source can be made out.
_BLUR = 0.14
# What stands before a blur has to stand out from it.
_DIMMED = 0.6

# Side in px at which a source's leading colour is looked for, and into how many hues.
_PROBE_SIDE = 24
_HUES = 12
# Lightness above and below on a ground of the sources' colours, in order of preference: rich
# enough that bright covers glow on it; where logos would drown, light; then dark.
_TONES = ((0.36, 0.2), (0.95, 0.86), (0.17, 0.09))
_VIVIDNESS, _MAX_SATURATION = 1.4, 0.42
# More colours beside each other are a rainbow.
_MAX_COLOURS = 3


def lay(background: str, sources: Sequence[Source], width: int, height: int) -> Image.Image:
    """Make the ground (RGB) that `background` names: "blur", "colours", or a colour `#rrggbb`."""
    if background.startswith("#"):
        return Image.new("RGB", (width, height), ImageColor.getrgb(background))
    return _GROUNDS[background](sources, width, height)


def mean_luminance(canvas: Image.Image) -> float:
    """Measure the relative luminance in [0, 1] of an RGB picture's mean colour."""
    red, green, blue = ImageStat.Stat(canvas.resize((1, 1), Image.Resampling.BOX)).mean
    return luminance((round(red), round(green), round(blue)))


def blurred(sources: Sequence[Source], width: int, height: int) -> Image.Image:
    """Blur the sources, side by side in their order, and dim them."""
    small = max(width // _REDUCTION, _MAX_COLOURS), max(height // _REDUCTION, 2)
    mosaic = Image.new("RGB", small)
    few = _spread(sources, _MAX_COLOURS)
    for index, source in enumerate(few):
        left, right = (small[0] * place // len(few) for place in (index, index + 1))
        picture = source.picture.reduce(max(min(source.picture.size) // 128, 1))
        strip = Image.new("RGB", (right - left, small[1]), leading_colour(source))
        covered = cover(picture, *strip.size)
        strip.paste(covered, (0, 0), covered if covered.mode == "RGBA" else None)
        mosaic.paste(strip, (left, 0))
    soft = mosaic.filter(ImageFilter.GaussianBlur(_BLUR * min(small)))
    dimmed = soft.point([round(level * _DIMMED) for level in range(256)] * 3)
    return dimmed.resize((width, height), Image.Resampling.BICUBIC)


def _spread(sources: Sequence[Source], most: int) -> Sequence[Source]:
    """Take `most` sources from first to last, evenly."""
    if len(sources) <= most:
        return sources
    return [sources[round(place * (len(sources) - 1) / (most - 1))] for place in range(most)]


def of_colours(sources: Sequence[Source], width: int, height: int) -> Image.Image:
    """Run the sources' leading colours into each other, in a tone that their logos stand out from.

    The colours follow the sources from left to right; a soft light falls from above.
    """
    hues = [leading_colour(source) for source in _spread(sources, _MAX_COLOURS)]
    above, below = min(_TONES, key=lambda tone: _drowned(sources, hues, sum(tone) / 2))
    mesh = Image.new("RGB", (len(hues), 2))
    mesh.putdata([_toned(hue, above) for hue in hues] + [_toned(hue, below) for hue in hues])
    return mesh.resize((width, height), Image.Resampling.BICUBIC)


def _drowned(sources: Sequence[Source], hues: Sequence[Colour], lightness: float) -> int:
    """Count the tenths of logos' outlines that a ground of some lightness swallows."""
    logos = [outline_levels(source) for source in sources if source.is_logo]
    grounds = [luminance(_toned(hue, lightness)) for hue in hues]
    return sum(hidden_tenths(levels, fmean(grounds)) for levels in logos)


def _toned(colour: Colour, lightness: float) -> Colour:
    hue, chroma = hue_and_chroma(colour)
    return tint(hue, chroma * _VIVIDNESS, lightness, _MAX_SATURATION)


def leading_colour(source: Source) -> Colour:
    """Find the colour that a picture is remembered by: the mean of its most vivid hue."""
    probe = source.picture.resize((_PROBE_SIDE, _PROBE_SIDE), Image.Resampling.BOX)
    levels = probe.convert("RGBA").tobytes()
    votes = [[0.0, 0.0, 0.0, 0.0] for _ in range(_HUES)]
    for red, green, blue, alpha in zip(*(levels[band::4] for band in range(4)), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
        # Gray has no hue of its own; it counts where there is nothing else.
        weight = (alpha + 1) * (saturation * value + 0.02)
        vote = votes[int(hue * _HUES) % _HUES]
        for place, amount in enumerate((weight, weight * red, weight * green, weight * blue)):
            vote[place] += amount
    weight, red, green, blue = max(votes)
    return round(red / weight), round(green / weight), round(blue / weight)


_GROUNDS: Mapping[str, Callable[[Sequence[Source], int, int], Image.Image]] = {
    "blur": blurred,
    "colours": of_colours,
}
