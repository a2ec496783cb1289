"""`auto` takes the layout that suits the number and the shapes of the sources."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PIL import Image, ImageDraw

from headergen.graphics.composite.layouts import TABLE, suited
from headergen.graphics.composite.stage import Source, Stage
from headergen.vocabulary import LAYOUTS, Look


def opaque(width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height))


def emblem() -> Image.Image:
    picture = Image.new("RGBA", (600, 600))
    ImageDraw.Draw(picture).ellipse((50, 50, 550, 550), fill=(200, 30, 30, 255))
    return picture


PHOTOGRAPH, WIDE, BOOK = opaque(1200, 800), opaque(1280, 720), opaque(800, 1100)
BANNER, SQUARE, PHONE = opaque(2400, 400), opaque(1080, 1080), opaque(540, 1170)
ICON, TINY, LOGO = opaque(512, 512), opaque(48, 48), emblem()


@pytest.mark.parametrize(
    ("pictures", "layout"),
    [
        pytest.param([PHOTOGRAPH], "cover", id="a photograph covers"),
        pytest.param([SQUARE], "cover", id="a square covers"),
        pytest.param([LOGO], "cover", id="a logo stands alone on its colour"),
        pytest.param([BOOK], "shelf", id="a book's cover is shown whole"),
        pytest.param([PHONE], "shelf", id="a phone's screen is shown whole"),
        pytest.param([BANNER], "shelf", id="a banner is shown whole"),
        pytest.param([TINY], "shelf", id="a tiny icon is not blown up"),
        pytest.param([WIDE] * 2, "split", id="two wide ones"),
        pytest.param([BOOK] * 2, "split", id="two covers"),
        pytest.param([BANNER] * 2, "split", id="two banners, stacked"),
        pytest.param([WIDE] * 3, "hero", id="three wide ones"),
        pytest.param([BOOK] * 3, "split", id="three covers"),
        pytest.param([WIDE, BOOK, PHOTOGRAPH], "hero", id="three of all shapes"),
        pytest.param([WIDE] * 4, "grid", id="four wide ones"),
        pytest.param([BOOK] * 4, "split", id="four covers"),
        pytest.param([WIDE] * 5, "grid", id="five wide ones"),
        pytest.param([BOOK] * 5, "hero", id="five covers"),
        pytest.param([WIDE] * 9, "grid", id="nine wide ones"),
        pytest.param([BOOK] * 12, "grid", id="twelve covers"),
        pytest.param([LOGO, ICON, TINY], "shelf", id="logos and icons"),
        pytest.param([LOGO, WIDE], "split", id="a logo beside a picture"),
        pytest.param([PHONE, BANNER], "fan", id="extremes that no panel suits"),
        pytest.param([PHONE, BANNER] * 4, "shelf", id="extremes that are too many for a fan"),
        pytest.param([PHONE] * 2, "split", id="two phones' screens"),
    ],
)
def test_suited(pictures: Sequence[Image.Image], layout: str) -> None:
    stage = Stage(1280, 670, Look())
    assert suited([Source(picture) for picture in pictures], stage) == layout


@pytest.mark.parametrize("count", range(1, 13))
def test_two_shapes_in_turn_find_a_layout_that_takes_them(count: int) -> None:
    sources = [Source((WIDE, BOOK)[index % 2]) for index in range(count)]
    layout = suited(sources, Stage(1280, 670, Look()))
    assert count <= TABLE[layout].most


def test_the_names_are_those_that_an_author_may_write() -> None:
    assert set(LAYOUTS) == {"auto", *TABLE}
