"""Beside pictures that stand on a ground, a title has the left half to itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from PIL import Image, ImageChops

from headergen.graphics.composite import compose, leaves_room
from headergen.graphics.composite.stage import Stage
from headergen.vocabulary import MAX_FANNED, Look
from tests.graphics.pictures import PICTURES

SIZE = (640, 335)
GROUND = (0x33, 0x66, 0x99)
LOOK = Look(background="#336699")


def pictures(*names: str) -> list[Image.Image]:
    return [PICTURES[name]() for name in names]


@pytest.mark.parametrize(
    ("layout", "names"),
    [
        pytest.param("shelf", ["portrait cover"], id="a single portrait"),
        pytest.param("shelf", ["square icon", "lake", "white wordmark"], id="a shelf"),
        pytest.param("fan", ["lake"], id="a single card"),
        pytest.param("fan", list(PICTURES)[:MAX_FANNED], id="a fan of all cards there may be"),
    ],
)
def test_the_left_half_shows_nothing_but_ground(layout: str, names: Sequence[str]) -> None:
    sources = pictures(*names)
    assert leaves_room(sources, Stage(*SIZE, LOOK), layout)
    header = compose(sources, *SIZE, layout, look=LOOK, beside_title=True)
    text = header.crop((0, 0, round(0.4 * SIZE[0]), SIZE[1]))
    assert text.getcolors() == [(text.width * text.height, GROUND)]
    # Nor does what link cards cut off at the right show any picture; a shadow may fall there.
    edge = header.crop((round(0.97 * SIZE[0]), 0, *SIZE))
    lit = ImageChops.subtract(edge, Image.new("RGB", edge.size, GROUND))
    assert lit.getbbox() is None
    shown = header.crop((SIZE[0] // 2, 0, *SIZE)).getcolors(1 << 20)
    assert shown and len(shown) > 100


def test_a_logo_stands_in_the_right_half() -> None:
    (logo,) = pictures("transparent emblem")
    assert leaves_room([logo], Stage(*SIZE, Look()))
    header = compose([logo], *SIZE, beside_title=True)
    text = header.crop((0, 0, SIZE[0] // 2, SIZE[1]))
    assert len(text.getcolors() or []) == 1
    assert header.getpixel((round(0.7025 * SIZE[0]), SIZE[1] // 2)) == (240, 160, 50)


@pytest.mark.parametrize(
    ("layout", "names", "size"),
    [
        pytest.param("cover", ["lake"], SIZE, id="a photograph fills the header"),
        pytest.param("split", ["lake", "landscape"], SIZE, id="panels fill the header"),
        pytest.param("fan", ["lake", "landscape"], (400, 400), id="half a square is narrow"),
        pytest.param("shelf", ["lake"], (335, 640), id="half an upright header is narrower"),
    ],
)
def test_a_title_lies_over_what_leaves_no_room(
    layout: str, names: Sequence[str], size: tuple[int, int]
) -> None:
    assert not leaves_room(pictures(*names), Stage(*size, Look()), layout)
