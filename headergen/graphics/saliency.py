"""Where a picture is interesting: the point to crop it around when its author named none."""

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter

from headergen.vocabulary import Point

# Longer side in px at which a picture is looked at: subjects stay, dithering and noise go.
_PROBE_SIDE = 64
# Blurs in px of the probe: what is one thing, what lies around it, and how far its contours make
# a place rich in detail.
_NEAR, _AROUND, _DETAIL = 1.0, 12.0, 2.0
# What a colour that stands out counts where there is no detail: a flat jacket, less than the face.
_FLAT = 0.3
# Hues set a subject off more surely than light, which falls on everything.
_CHANNEL_WEIGHTS = (0.7, 1.4, 1.4)
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
    width, height = probe.size
    rates = _rates(_distinctness(probe), _contours(probe.convert("L")))
    return [
        [
            (rates[y * width + x] * _inside((x + 0.5) / width, (y + 0.5) / height)) ** 2
            for x in range(width)
        ]
        for y in range(height)
    ]


def _rates(distinct: Sequence[float], contours: Image.Image) -> list[float]:
    """Combine colours that stand out, where there is detail, with contours of whatever colour."""
    edges = contours.filter(ImageFilter.GaussianBlur(_NEAR)).tobytes()
    detail = contours.filter(ImageFilter.GaussianBlur(_DETAIL)).tobytes()
    richest = max(*detail, 1)
    return [
        colour * (_FLAT + (1 - _FLAT) * rich / richest) + edge
        for colour, rich, edge in zip(distinct, detail, edges, strict=True)
    ]


def _distinctness(probe: Image.Image) -> list[float]:
    """Measure how each pixel's colour differs from what is around it and what is on its row."""
    # Pillow blurs no YCbCr, but three bands under another name.
    colours = Image.merge("RGB", probe.convert("YCbCr").split())
    near = colours.filter(ImageFilter.GaussianBlur(_NEAR))
    around = colours.filter(ImageFilter.GaussianBlur(_AROUND))
    beside = colours.resize((1, probe.height), Image.Resampling.BOX).resize(probe.size)
    return _sum(ImageChops.difference(near, around), ImageChops.difference(near, beside))


def _sum(*differences: Image.Image) -> list[float]:
    """Add up, pixel by pixel, how far colours lie from each other."""
    total = [0.0] * (differences[0].width * differences[0].height)
    for difference in differences:
        for band, weight in zip(difference.split(), _CHANNEL_WEIGHTS, strict=True):
            total = [
                so_far + weight * level for so_far, level in zip(total, band.tobytes(), strict=True)
            ]
    return total


def _contours(gray: Image.Image) -> Image.Image:
    """Measure local contrast by the morphological gradient, which needs no pixel outside."""
    highest, lowest = ImageFilter.MaxFilter(3), ImageFilter.MinFilter(3)
    return ImageChops.subtract(gray.filter(highest), gray.filter(lowest))


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
