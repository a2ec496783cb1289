"""Where the faces of a picture are, so that no crop cuts them and no title covers them.

The detector is a cascade of boosted trees (P. Viola, M. Jones: "Rapid object detection using a
boosted cascade of simple features", 2001). It runs with Pillow and the standard library. The
cascade is OpenCV's, by Rainer Lienhart; docs/build_cascade.py makes its file. It finds faces that
look at the camera. It finds no profiles, and no faces in drawings.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

_CASCADE = Path(__file__).parent / "cascade" / "frontalface.json"

# Side in px of the window that the cascade judges. Its limits are relative to the contrast of the
# part from 1 to 19 px.
_WINDOW, _INNER_AREA = 20, 18 * 18
# The area in px at which a picture is searched, and the longer side at most: 212x141 for 3:2, where
# the smallest faces found have a seventh of the height.
_PROBE_AREA, _PROBE_SIDE = 30_000, 500
# From one size of window to the next (a factor), and from one place to the next (px).
_GROWTH, _STEP = 1.2, 2
# A window with a smaller standard deviation (levels) is sky or wall.
_LEAST_VARIANCE = (10 * _INNER_AREA) ** 2
# What the first stages ask for instead of their own limits. Most windows end there, so this makes
# the search four times as fast. Each is halfway from the cascade's limit to the median of 146
# windows that passed all stages, on twelve photographs. Two of three such windows still pass, and a
# face is seen in many.
_FIRST_LIMITS = (1.38, 4.58, 6.89, 9.5, 9.57, 13.38, 15.45, 19.39)
# So many windows agree on a face; three once did on leaves. They are this near to each other, in
# shares of their side, and this much alike in size (a factor).
_VOTES, _NEAR, _ALIKE = 4, 0.35, 1.7
# Px from one row of a table of sums to the next, for all sizes of pictures: so the places of the
# cascade's corners are constants.
_STRIDE = 512

# From left, top, right, bottom in px.
_Box = tuple[float, float, float, float]
_Corners = tuple[int, int, int, int]
# The limit, the next node below it and from it on (0 and less are leaves), the corners of the outer
# rectangle, and those of one or two inner ones with their weights.
_Node = tuple[float, int, int, _Corners, _Corners, float, _Corners | None, float]
# The values of the leaves, and the nodes.
_Tree = tuple[Sequence[float], Sequence[_Node]]
_Stage = tuple[float, Sequence[_Tree]]


@dataclass(frozen=True)
class Face:
    """The box of a face, from brows to chin, in shares of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float


def find(picture: Image.Image) -> tuple[Face, ...]:
    """Find the faces in a picture (RGB, L), the largest first; in 0.2 to 0.3 s."""
    probe = picture.convert("L")
    scale = math.sqrt(_PROBE_AREA / (probe.width * probe.height))
    scale = min(scale, _PROBE_SIDE / max(probe.size))
    size = (max(round(probe.width * scale), 1), max(round(probe.height * scale), 1))
    probe = probe.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    groups = _grouped(sorted(_windows(probe), key=_side, reverse=True))
    boxes = sorted((_mean(group) for group in groups if len(group) >= _VOTES), key=_side)
    width, height = probe.size
    return tuple(
        Face(left / width, top / height, right / width, bottom / height)
        for left, top, right, bottom in reversed(boxes)
    )


def _windows(probe: Image.Image) -> Iterator[_Box]:
    """Yield each window, in px of the probe, in which all stages see a face."""
    growth = 1.0
    while min(probe.size) / growth >= _WINDOW:
        size = (round(probe.width / growth), round(probe.height / growth))
        for x, y in _places(probe.resize(size, Image.Resampling.BILINEAR)):
            yield tuple(edge * growth for edge in (x, y, x + _WINDOW, y + _WINDOW))  # type: ignore[misc]
        growth *= _GROWTH


def _places(gray: Image.Image) -> Iterator[tuple[int, int]]:
    """Yield the top left of windows of a picture (L) in which all stages see a face.

    First, the quick stages look at a part of the places. Around what they find, all stages look at
    each place.
    """
    levels = gray.tobytes()
    sums = _sums(levels, *gray.size)
    squares = _sums([level * level for level in levels], *gray.size)
    across, down = (side - _WINDOW + 1 for side in gray.size)
    found = (
        (x, y)
        for y in range(0, down, _STEP)
        for x in range(0, across, _STEP)
        if _is_face(sums, squares, y * _STRIDE + x, _quick_stages())
    )
    near = {(x + i, y + j) for x, y in found for i in (-1, 0, 1) for j in (-1, 0, 1)}
    for x, y in sorted(near):
        is_inside = 0 <= x < across and 0 <= y < down
        if is_inside and _is_face(sums, squares, y * _STRIDE + x, _stages()):
            yield x, y


def _sums(levels: Sequence[int], width: int, height: int) -> list[int]:
    """Add up, for each corner between pixels, all levels above it and to its left."""
    row = [0] * (width + 1)
    table, rest = [0] * _STRIDE, [0] * (_STRIDE - width - 1)
    for start in range(0, width * height, width):
        line = itertools.accumulate(levels[start : start + width], initial=0)
        row = [above + more for above, more in zip(row, line, strict=True)]
        table += row
        table += rest
    return table


def _is_face(
    sums: Sequence[int], squares: Sequence[int], at: int, stages: Sequence[_Stage]
) -> bool:
    """Check whether all stages pass the window whose corner is `at` in the tables of sums."""
    a, b, c, d = _corners_of_inner
    total = sums[at + a] - sums[at + b] - sums[at + c] + sums[at + d]
    square = squares[at + a] - squares[at + b] - squares[at + c] + squares[at + d]
    variance = _INNER_AREA * square - total * total
    return variance >= _LEAST_VARIANCE and _passes(sums, at, math.sqrt(variance), stages)


def _passes(sums: Sequence[int], at: int, spread: float, stages: Sequence[_Stage]) -> bool:
    # The inner loop of everything here: unpacked, and with no calls.
    for limit, trees in stages:
        vote = 0.0
        for leaves, nodes in trees:
            index = 0
            while True:
                least, low, high, (a, b, c, d), (e, f, g, h), weight, more, extra = nodes[index]
                value = weight * (sums[at + e] - sums[at + f] - sums[at + g] + sums[at + h])
                value -= sums[at + a] - sums[at + b] - sums[at + c] + sums[at + d]
                if more:
                    a, b, c, d = more
                    value += extra * (sums[at + a] - sums[at + b] - sums[at + c] + sums[at + d])
                index = low if value < least * spread else high
                if index <= 0:
                    break
            vote += leaves[-index]
        if vote < limit:
            return False
    return True


@cache
def _stages() -> Sequence[_Stage]:
    """Read the cascade: for each stage the least sum of its trees' votes, and the trees."""
    return [
        (limit, [(leaves, [_node(*node) for node in nodes]) for leaves, *nodes in trees])
        for limit, trees in json.loads(_CASCADE.read_bytes())
    ]


@cache
def _quick_stages() -> Sequence[_Stage]:
    limits = itertools.chain(_FIRST_LIMITS, (limit for limit, _ in _stages()[len(_FIRST_LIMITS) :]))
    return [(limit, trees) for limit, (_, trees) in zip(limits, _stages(), strict=True)]


def _node(limit: float, low: int, high: int, rectangles: Sequence[Sequence[int]]) -> _Node:
    (_, *outer), (weight, *inner), *others = rectangles
    extra, more = (others[0][0], _corners(*others[0][1:])) if others else (0, None)
    return limit, low, high, _corners(*outer), _corners(*inner), weight, more, extra


def _corners(left: int, top: int, width: int, height: int) -> _Corners:
    """Return where the corners of a rectangle are in a table of sums, from its window's corner."""
    above, below = top * _STRIDE + left, (top + height) * _STRIDE + left
    return above, above + width, below, below + width


_corners_of_inner = _corners(1, 1, 18, 18)


def _grouped(windows: Sequence[_Box]) -> list[list[_Box]]:
    """Put windows together that see the same face."""
    groups: list[list[_Box]] = []
    for window in windows:
        group = next((group for group in groups if _is_same(_mean(group), window)), None)
        if group is None:
            groups.append([window])
        else:
            group.append(window)
    return groups


def _is_same(one: _Box, other: _Box) -> bool:
    near = _NEAR * _side(one)
    apart = (abs(one[i] + one[i + 2] - other[i] - other[i + 2]) / 2 for i in (0, 1))
    return all(each < near for each in apart) and 1 / _ALIKE < _side(other) / _side(one) < _ALIKE


def _mean(group: Sequence[_Box]) -> _Box:
    left, top, right, bottom = (sum(edges) / len(group) for edges in zip(*group, strict=True))
    return left, top, right, bottom


def _side(box: _Box) -> float:
    return box[2] - box[0]
