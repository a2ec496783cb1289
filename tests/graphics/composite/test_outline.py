"""Outlines are drawn to a fraction of a pixel, turned, and with round corners."""

from __future__ import annotations

import math

import pytest
from PIL import Image

from headergen.graphics.composite import outline

Box = tuple[float, float, float, float]


def area(mask: Image.Image) -> float:
    return sum(level * count for level, count in enumerate(mask.histogram())) / 255


@pytest.mark.parametrize("degrees", [0, 3, -17, 45])
@pytest.mark.parametrize("radius", [0, 1, 12, 20.5])
def test_a_mask_has_the_area_of_its_outline(degrees: float, radius: float) -> None:
    box = outline.turned(outline.of_box((20, 30, 120, 90)), (70, 60), degrees)
    mask, _ = outline.mask(box, radius)
    assert area(mask) == pytest.approx(100 * 60 - (4 - math.pi) * radius**2, rel=0.006)


@pytest.mark.parametrize("edge", [0.25, 0.5, 0.75])
def test_a_pixel_that_is_covered_in_part_is_gray_in_part(edge: float) -> None:
    mask, at = outline.mask(outline.of_box((3, 3, 9 + edge, 9)))
    assert at == (3, 3)
    assert mask.getpixel((6, 2)) == pytest.approx(255 * edge, abs=2)
    assert mask.getpixel((5, 2)) == 255


def test_a_turned_box_stands_where_its_outline_is() -> None:
    corners = outline.turned(outline.of_box((0, 0, 100, 40)), (50, 20), 90)
    assert [(round(x), round(y)) for x, y in corners] == [(70, -30), (70, 70), (30, 70), (30, -30)]
    assert outline.bounds((*corners[:2], (29.5, 70.2), (29.5, -30))) == (29, -30, 70, 71)


def test_a_high_mask_is_drawn_as_a_low_one() -> None:
    """It is made in bands, whose seams must not be seen."""
    corners = outline.turned(outline.of_box((0, 0, 300, 900)), (150, 450), 7)
    whole, _ = outline.mask(corners, 30)
    turned, _ = outline.mask(tuple((y, x) for x, y in reversed(corners)), 30)
    across = turned.transpose(Image.Transpose.TRANSPOSE)
    assert across.size == whole.size
    differing = sum(
        abs(one - other) > 70 for one, other in zip(whole.tobytes(), across.tobytes(), strict=True)
    )
    assert differing == 0


def test_corners_are_never_rounder_than_the_outline_is_wide() -> None:
    mask, _ = outline.mask(outline.of_box((0, 0, 100, 20)), 500)
    assert mask.getpixel((50, 10)) == 255
    assert area(mask) == pytest.approx(80 * 20 + math.pi * 100, rel=0.02)


def test_an_inset_outline_is_so_much_smaller_all_around() -> None:
    inner = outline.inset(outline.of_box((10, 10, 50, 40)), 4)
    assert [(round(x, 6), round(y, 6)) for x, y in inner] == [
        (14, 14),
        (46, 14),
        (46, 36),
        (14, 36),
    ]
