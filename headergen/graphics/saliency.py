"""Where a picture is interesting: the point to crop it around when its author named none."""

from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageFilter

from headergen.graphics import faces
from headergen.graphics.faces import Face
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

# A crop that keeps this share of a picture is the same with faces or without.
_NEARLY_ALL = 0.97
# What faces weigh, in all that else is interesting: together, and by where a crop leaves one. It is
# better outside than cut.
_FACES_WEIGHT = 6.0
_WITH_HAIR, _BARE, _CUT = 1.0, 0.7, -0.5
# How far hair, ears and chin are from a face's box, in shares of its width and height: to the left,
# above, to the right, below.
_MARGINS = (0.25, 0.35, 0.25, 0.15)
# Where the eyes are in a face's box, and in a crop that has no room for the whole head: in shares
# of the height.
_EYES = 0.38

# From where to where along the axis that is cropped, in shares of the picture.
_Span = tuple[float, float]


def focus_for(
    picture: Image.Image, width: int, height: int, found: Sequence[Face] | None = None
) -> Point:
    """Find the point around which a `width` by `height` crop holds the most of interest.

    `picture` is RGB or RGBA. Interesting are faces, before everything else; then what has contours,
    and colours that differ from what is around it and from what else lies along the axis that is
    cropped: a sunset runs through every crop, the lighthouse before it does not. What would be in
    the crop's middle counts most.

    `found` are the picture's faces; None: they are looked for.
    """
    along_x = picture.width * height >= picture.height * width
    upright = picture if along_x else picture.transpose(Image.Transpose.TRANSPOSE)
    shape = width / height if along_x else height / width
    kept = min(shape * upright.height / upright.width, 1)
    if found is None:
        found = faces.find(picture) if is_cropped(picture, width, height) else ()
    middle = _middle_of_head(found, kept, along_x)
    if middle is None:
        profile = _profile(upright)
        bonus = _bonus(found, along_x, kept, sum(profile))
        middle = _best_middle(profile, kept * len(profile), bonus) / len(profile)
    return (middle, 0.5) if along_x else (0.5, middle)


def is_cropped(picture: Image.Image, width: int, height: int) -> bool:
    """Check whether a `width` by `height` crop leaves out what could be a part of a face."""
    fit = picture.width * height / (picture.height * width)
    return min(fit, 1 / fit) < _NEARLY_ALL


def head_of(face: Face) -> Face:
    """Return a face's box with hair, ears and chin."""
    across, down = face.right - face.left, face.bottom - face.top
    left, top, right, bottom = _MARGINS
    return Face(
        face.left - left * across,
        face.top - top * down,
        face.right + right * across,
        face.bottom + bottom * down,
    )


def _span(face: Face, along_x: bool) -> _Span:
    return (face.left, face.right) if along_x else (face.top, face.bottom)


def _inside_picture(span: _Span) -> _Span:
    return max(span[0], 0), min(span[1], 1)


def _middle_of_head(found: Sequence[Face], kept: float, along_x: bool) -> float | None:
    """Return the middle of a crop that has no room for the largest head; None if it has."""
    if not found:
        return None
    head = _inside_picture(_span(head_of(found[0]), along_x))
    if head[1] - head[0] <= kept:
        return None
    start, end = _span(found[0], along_x)
    middle = (start + end) / 2 if along_x else start + _EYES * (end - start) + kept * (0.5 - _EYES)
    return min(max(middle, kept / 2), 1 - kept / 2)


def _bonus(
    found: Sequence[Face], along_x: bool, kept: float, interest: float
) -> Callable[[float], float]:
    """Return what a crop gains, by its middle, from the faces in it."""
    spans = [
        (face, (face.right - face.left) * (face.bottom - face.top), _span(head_of(face), along_x))
        for face in found
    ]
    total = sum(area for _, area, _ in spans)

    def gain(middle: float) -> float:
        crop = (middle - kept / 2, middle + kept / 2)
        gains = (
            area * _share(crop, _inside_picture(head), _span(face, along_x))
            for face, area, head in spans
        )
        return _FACES_WEIGHT * interest * sum(gains) / total

    return gain if found else lambda _: 0.0


def _share(crop: _Span, head: _Span, face: _Span) -> float:
    """Rate how a crop leaves a face: with its hair, bare, cut or outside."""
    # A crop's edges are rounded to pixels.
    low, high = crop[0] - 0.001, crop[1] + 0.001
    if low <= head[0] and head[1] <= high:
        return _WITH_HAIR
    if low <= face[0] and face[1] <= high:
        return _BARE
    return 0 if face[1] <= low or high <= face[0] else _CUT


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


def _best_middle(profile: Sequence[float], kept: float, bonus: Callable[[float], float]) -> float:
    """Slide a window of `kept` columns along, and find the middle at which it weighs most.

    `bonus` is what it gains by its middle, in shares of the length.
    """
    length, half = len(profile), kept / 2
    middles = [half + (length - kept) * step / (2 * length) for step in range(2 * length + 1)]
    # Of equals the one nearest to the middle: a picture without interest is cropped evenly.
    return max(
        middles,
        key=lambda middle: (
            _held(profile, middle, half) + bonus(middle / length),
            -abs(middle - length / 2),
        ),
    )


def _held(profile: Sequence[float], middle: float, half: float) -> float:
    """Weigh what a window holds; its ends count nothing, so that no subject is cut by an edge."""
    first, last = max(int(middle - half), 0), min(int(middle + half) + 1, len(profile))
    places = ((column + 0.5 - middle) / half for column in range(first, last))
    weights = (max(1 - place * place, 0) for place in places)
    # Rounded: a float's last digits differ where the values are the same.
    return round(sum(w * v for w, v in zip(weights, profile[first:last], strict=True)), 3)
