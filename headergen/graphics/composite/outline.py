"""Outlines of panels and cards: convex polygons, turned, inset, and drawn without jagged edges."""

import itertools
import math
from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw

Point = tuple[float, float]
# Corners in px, clockwise as seen on the screen from the top left.
Outline = tuple[Point, ...]
# Left, top, right, bottom in px; right and bottom exclusive.
Box = tuple[float, float, float, float]

# Drawn so many times larger and averaged: 16 levels between in and out.
_SUPERSAMPLING = 4
# Rows at a time: a mask of 8192x8192 px would else need 1 GB.
_BAND = 256


def of_box(box: Box) -> Outline:
    """Return the corners of an upright box."""
    left, top, right, bottom = box
    return (left, top), (right, top), (right, bottom), (left, bottom)


def turned(outline: Sequence[Point], middle: Point, degrees: float) -> Outline:
    """Turn an outline clockwise about `middle`."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return tuple(
        (
            middle[0] + (x - middle[0]) * cosine - (y - middle[1]) * sine,
            middle[1] + (x - middle[0]) * sine + (y - middle[1]) * cosine,
        )
        for x, y in outline
    )


def bounds(outline: Sequence[Point]) -> tuple[int, int, int, int]:
    """Find the whole pixels that an outline touches, as a box."""
    across, down = zip(*outline, strict=True)
    return (
        math.floor(min(across)),
        math.floor(min(down)),
        math.ceil(max(across)),
        math.ceil(max(down)),
    )


def mask(outline: Outline, radius: float = 0) -> tuple[Image.Image, tuple[int, int]]:
    """Draw an outline's inside (L, 255) with corners rounded by `radius` px.

    Returns the mask of the outline's bounds, and where its top left is.
    """
    left, top, right, bottom = bounds(outline)
    inside = Image.new("L", (right - left, bottom - top))
    for band in range(top, bottom, _BAND):
        rows = min(_BAND, bottom - band)
        inside.paste(_band(outline, radius, (left, band), (right - left, rows)), (0, band - top))
    return inside, (left, top)


def _band(
    outline: Outline, radius: float, at: tuple[int, int], size: tuple[int, int]
) -> Image.Image:
    """Draw the part of a mask whose top left is `at`."""
    scale = _SUPERSAMPLING
    large = Image.new("L", (size[0] * scale, size[1] * scale))
    moved = tuple(((x - at[0]) * scale, (y - at[1]) * scale) for x, y in outline)
    _draw_rounded(ImageDraw.Draw(large), moved, min(radius, _inradius(outline)) * scale)
    return large.reduce(scale)


def _draw_rounded(draw: ImageDraw.ImageDraw, outline: Outline, radius: float) -> None:
    """Draw what a disc of `radius` covers as it rolls inside the outline."""
    inner = inset(outline, radius)
    swept = [
        (x + radius * nx, y + radius * ny)
        for (x, y), normals in zip(inner, _normals_at_corners(outline), strict=True)
        for nx, ny in normals
    ]
    # Pillow draws the pixels that a polygon's edge touches; centres are what counts.
    draw.polygon([(x - 0.5, y - 0.5) for x, y in swept], fill=255)
    for x, y in inner if radius >= 1 else ():
        box = (x - radius - 0.5, y - radius - 0.5, x + radius - 0.5, y + radius - 0.5)
        draw.ellipse(box, fill=255)


def inset(outline: Outline, by: float) -> Outline:
    """Move every edge inwards by `by` px."""
    corners = []
    for (x, y), ((ax, ay), (bx, by_)) in zip(outline, _normals_at_corners(outline), strict=True):
        # Where the two moved edges meet lies on the normals' bisector.
        reach = by / (1 + ax * bx + ay * by_)
        corners.append((x - reach * (ax + bx), y - reach * (ay + by_)))
    return tuple(corners)


def _normals_at_corners(outline: Outline) -> Iterator[tuple[Point, Point]]:
    """Yield for each corner the outward unit normals of the edges that end and begin there."""
    edges = (
        (bx - ax, by - ay) for (ax, ay), (bx, by) in itertools.pairwise((*outline, outline[0]))
    )
    normals = [(dy / math.hypot(dx, dy), -dx / math.hypot(dx, dy)) for dx, dy in edges]
    return itertools.pairwise((normals[-1], *normals))


def _inradius(outline: Outline) -> float:
    """Bound the corner radius by half of the shorter extent."""
    left, top, right, bottom = bounds(outline)
    return min(right - left, bottom - top) / 2
