"""Contrast as WCAG measures it."""

from __future__ import annotations

import pytest
from PIL import Image

from headergen.graphics.card.legibility import legible_ink, surroundings, worst_contrast
from headergen.graphics.contrast import contrast, luminance, luminance_map


# The ratios that WebAIM's contrast checker gives, cut to hundredths.
@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        pytest.param((0, 0, 0), (255, 255, 255), 21.0, id="black on white"),
        pytest.param((119, 119, 119), (255, 255, 255), 4.47, id="gray that just fails on white"),
        pytest.param((118, 118, 118), (255, 255, 255), 4.54, id="gray that just passes on white"),
        pytest.param((255, 0, 0), (255, 255, 255), 3.99, id="red on white"),
        pytest.param((10, 200, 30), (10, 200, 30), 1.0, id="a colour on itself"),
    ],
)
def test_contrast_is(one: tuple[int, ...], other: tuple[int, ...], ratio: float) -> None:
    assert contrast(luminance(one), luminance(other)) == pytest.approx(ratio, abs=0.01)
    assert contrast(luminance(other), luminance(one)) == pytest.approx(ratio, abs=0.01)


def test_the_map_holds_the_luminance_of_each_pixel() -> None:
    picture = Image.new("RGB", (2, 1), (118, 118, 118))
    picture.putpixel((1, 0), (0, 255, 0))
    levels = list(luminance_map(picture).tobytes())
    assert levels == pytest.approx([255 * 0.181, 255 * 0.7152], abs=1)


def test_what_surrounds_a_letter_reaches_two_pixels_each_way() -> None:
    text = Image.new("L", (11, 11))
    text.putpixel((5, 5), 1)
    assert surroundings(text).getbbox() == (3, 3, 8, 8)
    assert surroundings(text).getcolors() == [(96, 0), (25, 255)]


@pytest.mark.parametrize(
    ("ground", "ink"),
    [
        pytest.param([(255, 255, 255), (200, 210, 220)], (20, 20, 20), id="dark on light"),
        pytest.param([(255, 255, 0), (0, 0, 90)], None, id="nothing on both light and dark"),
        pytest.param([(0, 0, 0), (60, 0, 60)], (255, 255, 255), id="white where the ink fails"),
    ],
)
def test_the_ink_is_one_that_stands_out_from_every_pixel(
    ground: list[tuple[int, int, int]], ink: tuple[int, int, int] | None
) -> None:
    picture = Image.new("RGB", (20, 20), ground[0])
    picture.putpixel((9, 9), ground[1])
    behind = Image.new("L", picture.size, 255)
    assert legible_ink(picture, behind, [(20, 20, 20)]) == ink


def test_what_does_not_lie_behind_the_text_is_not_looked_at() -> None:
    picture = Image.new("RGB", (20, 20), "white")
    picture.putpixel((9, 9), (0, 0, 0))
    behind = Image.new("L", picture.size, 255)
    assert worst_contrast(picture, behind, (0, 0, 0)) == pytest.approx(1, abs=0.1)
    behind.putpixel((9, 9), 0)
    assert worst_contrast(picture, behind, (0, 0, 0)) == pytest.approx(21, abs=0.1)
