"""Contrast as WCAG measures it."""

from __future__ import annotations

import pytest
from PIL import Image

from headergen.paint.contrast import contrast, luminance, luminance_map


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
