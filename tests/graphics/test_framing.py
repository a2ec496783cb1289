from __future__ import annotations

import pytest
from PIL import Image

from headergen.graphics import canvas


@pytest.mark.parametrize(
    ("size", "safe"),
    [
        pytest.param((1280, 670), True, id="the same shape"),
        pytest.param((1200, 630), True, id="a link card"),
        pytest.param((600, 315), True, id="a small one"),
        pytest.param((984, 670), True, id="all that a link card keeps"),
        pytest.param((970, 670), False, id="less than a link card keeps"),
        pytest.param((1280, 450), False, id="less than a listing keeps"),
        pytest.param((800, 800), False, id="a square"),
    ],
)
def test_a_crop_is_safe_as_far_as_note_crops(size: tuple[int, int], safe: bool) -> None:
    assert canvas.crop_is_safe(Image.new("RGB", (1280, 670)), *size) == safe


@pytest.mark.parametrize("size", [(90, 90), (200, 40), (40, 200)], ids=["square", "wide", "tall"])
def test_a_picture_is_shown_whole_on_a_ground_of_its_own_colours(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", (120, 60), "teal")
    for corner in ((0, 0), (112, 0), (0, 52), (112, 52)):
        picture.paste("orange", (*corner, corner[0] + 8, corner[1] + 8))
    framed = canvas.whole(picture, *size)
    assert framed.size == size
    scale = min(size[0] / 120, size[1] / 60)
    left, top = (size[0] - 120 * scale) / 2, (size[1] - 60 * scale) / 2
    for x, y in ((3, 3), (117, 3), (3, 57), (117, 57)):
        red, _, blue = framed.getpixel((int(left + x * scale), int(top + y * scale)))  # type: ignore[misc]
        assert red > 200 > 60 > blue
    colours = {colour for _, colour in framed.getcolors(10_000) or []}
    assert (255, 255, 255) not in colours
    assert (0, 0, 0) not in colours
