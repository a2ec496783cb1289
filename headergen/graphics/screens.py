"""Which pictures are screenshots, charts, diagrams or text: to be shown whole, never cropped."""

from PIL import Image, ImageChops, ImageFilter, ImageStat

# Longer side in px at which a picture is looked at: letters stay sharp, lines stay lines.
_PROBE_SIDE = 480
# Levels: what differs less around a pixel is flat, what differs more is a sharp edge, and so is a
# step from one row to the next.
_FLAT, _SHARP, _STEP = 4, 40, 16
# Colours are told apart by their four upper bits; so many make up a screen's grounds.
_GROUNDS = 3
# An edge that goes on straight for so many px to each side is that of a window, a table or an axis.
_RUN = 9
# Shares of all pixels, and of the edges' for lines. Measured on 25 screens and diagrams of
# published manuals and 34 photographs and illustrations: all of the former and three of the latter
# have these; of the three, two are a silhouette and a list of logos.
_LEAST_GROUND, _LEAST_FLAT, _LEAST_SHARP = 0.8, 0.56, 0.02
# Either has lines or much text.
_LEAST_LINES, _MUCH_TEXT = 0.04, 0.15


def is_screen(picture: Image.Image) -> bool:
    """Check whether a picture (RGB, RGBA) is a screenshot, a chart, a diagram or a text.

    These have few colours, flat grounds, sharp edges, and lines along the axes or many letters.
    """
    probe = _probe(picture)
    gray = probe.convert("L")
    pixels = gray.width * gray.height
    spread = ImageChops.subtract(
        gray.filter(ImageFilter.MaxFilter(3)), gray.filter(ImageFilter.MinFilter(3))
    ).histogram()
    sharp = sum(spread[_SHARP:]) / pixels
    if sum(spread[:_FLAT]) / pixels < _LEAST_FLAT or sharp < _LEAST_SHARP:
        return False
    if _share_of_grounds(probe) < _LEAST_GROUND:
        return False
    return sharp >= _MUCH_TEXT or _share_of_lines(gray) >= _LEAST_LINES


def _probe(picture: Image.Image) -> Image.Image:
    scale = min(_PROBE_SIDE / max(picture.size), 1)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    probe = picture.resize(size, Image.Resampling.BOX)
    if probe.mode == "RGB":
        return probe
    white = Image.new("RGB", size, "white")
    white.paste(probe, (0, 0), probe)
    return white


def _share_of_grounds(probe: Image.Image) -> float:
    coarse = probe.point([level & 0xF0 for level in range(256)] * 3)
    counts = sorted((count for count, _ in coarse.getcolors(probe.width * probe.height) or ()))
    return sum(counts[-_GROUNDS:]) / (probe.width * probe.height)


def _share_of_lines(gray: Image.Image) -> float:
    """Measure which share of the steps between rows, and between columns, is in straight runs."""
    both = (gray, gray.transpose(Image.Transpose.TRANSPOSE))
    (steps, runs), (more_steps, more_runs) = map(_steps_and_runs, both)
    return (runs + more_runs) / max(steps + more_steps, 1)


def _steps_and_runs(gray: Image.Image) -> tuple[float, float]:
    width, height = gray.size
    if height < 2:
        return 0, 0
    upper, lower = gray.crop((0, 0, width, height - 1)), gray.crop((0, 1, width, height))
    steps = ImageChops.difference(upper, lower).point([255 * (n >= _STEP) for n in range(256)])
    runs = steps.filter(ImageFilter.BoxBlur((_RUN, 0))).point(
        [255 * (n >= 254) for n in range(256)]
    )
    return ImageStat.Stat(steps).sum[0], ImageStat.Stat(runs).sum[0]
