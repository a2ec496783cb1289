"""Where a picture is interesting: the point to crop it around when its author named none."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter

from headergen.frontmatter.mapping import Point

# Longer side in px at which a picture is looked at: subjects stay, dithering and noise go.
_PROBE_SIDE = 64
# Blurs in px of the probe: what is one thing, and what is around it.
_NEAR, _AROUND = 1.0, 12.0
# Hues set a subject off more surely than light, which falls on everything.
_CHANNEL_WEIGHTS = (1, 2, 2)
# How much less counts what lies in a corner; photographers put their subject inside.
_CORNER_LOSS = 0.5


def focus_for(picture: Image.Image, width: int, height: int) -> Point:
    """Find the point around which a `width` by `height` crop holds the most of interest.

    `picture` is RGB or RGBA. Interesting is what has contours, and colours that differ from what
    is around it and from what else lies along the axis that is cropped: a sunset runs through
    every crop, the lighthouse before it does not. What would be in the crop's middle counts most.
    """
    along_x = picture.width * height >= picture.height * width
    upright = picture if along_x else picture.transpose(Image.Transpose.TRANSPOSE)
    shape = width / height if along_x else height / width
    profile = _profile(upright)
    kept = min(shape * upright.height / upright.width, 1) * len(profile)
    middle = _best_middle(profile, kept) / len(profile)
    return (middle, 0.5) if along_x else (0.5, middle)


def _profile(picture: Image.Image) -> list[float]:
    """Measure how interesting each column of a picture's probe is."""
    interest = _interest(_probe(picture))
    width = len(interest[0])
    return [sum(row[column] for row in interest) for column in range(width)]


def _probe(picture: Image.Image) -> Image.Image:
    """Shrink a picture, and give what is transparent the mean of what can be seen."""
    scale = _PROBE_SIDE / max(picture.size)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    probe = picture.resize(size, Image.Resampling.BOX)
    if probe.mode == "RGB":
        return probe
    ground = probe.resize((1, 1), Image.Resampling.BOX).convert("RGB").resize(size)
    ground.paste(probe, (0, 0), probe)
    return ground


def _interest(probe: Image.Image) -> list[list[float]]:
    """Rate each pixel of a probe, in rows; squared, so that one subject outweighs many specks."""
    # Pillow blurs no YCbCr, but three bands under another name.
    colours = Image.merge("RGB", probe.convert("YCbCr").split())
    near = colours.filter(ImageFilter.GaussianBlur(_NEAR))
    around = colours.filter(ImageFilter.GaussianBlur(_AROUND))
    beside = colours.resize((1, probe.height), Image.Resampling.BOX).resize(probe.size)
    maps = (
        _weights(ImageChops.difference(near, around)),
        _weights(ImageChops.difference(near, beside)),
        _contours(probe.convert("L")),
    )
    width, height = probe.size
    rates = [0.7 * one + 0.7 * other + contour for one, other, contour in zip(*maps, strict=True)]
    return [
        [
            (rates[y * width + x] * _inside((x + 0.5) / width, (y + 0.5) / height)) ** 2
            for x in range(width)
        ]
        for y in range(height)
    ]


def _weights(difference: Image.Image) -> list[int]:
    red, green, blue = (band.tobytes() for band in difference.split())
    one, two, three = _CHANNEL_WEIGHTS
    return [one * a + two * b + three * c for a, b, c in zip(red, green, blue, strict=True)]


def _contours(gray: Image.Image) -> list[int]:
    """Measure local contrast by the morphological gradient, which needs no pixel outside."""
    highest, lowest = ImageFilter.MaxFilter(3), ImageFilter.MinFilter(3)
    edges = ImageChops.subtract(gray.filter(highest), gray.filter(lowest))
    return list(edges.filter(ImageFilter.GaussianBlur(_NEAR)).tobytes())


def _inside(x: float, y: float) -> float:
    return 1 - 2 * _CORNER_LOSS * ((x - 0.5) ** 2 + (y - 0.5) ** 2)


def _best_middle(profile: Sequence[float], kept: float) -> float:
    """Slide a window of `kept` columns along, and find the middle at which it weighs most."""
    length, half = len(profile), kept / 2
    middles = [half + (length - kept) * step / (2 * length) for step in range(2 * length + 1)]
    # Of equals the one nearest to the middle: a picture without interest is cropped evenly.
    return max(
        middles, key=lambda middle: (_held(profile, middle, half), -abs(middle - length / 2))
    )


def _held(profile: Sequence[float], middle: float, half: float) -> float:
    """Weigh what a window holds; its ends count nothing, so that no subject is cut by an edge."""
    first, last = max(int(middle - half), 0), min(int(middle + half) + 1, len(profile))
    places = ((column + 0.5 - middle) / half for column in range(first, last))
    weights = (max(1 - place * place, 0) for place in places)
    # Rounded: a float's last digits differ where the values are the same.
    return round(sum(w * v for w, v in zip(weights, profile[first:last], strict=True)), 3)
