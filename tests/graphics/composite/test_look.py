"""The look of composites is that of the golden thumbnails, so that no change of it is an accident.

After a change that is meant, look at the new ones before they are committed:

    uv run python -m tests.graphics.composite.test_look
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import pytest
from PIL import Image

from headergen.graphics.composite import compose
from headergen.vocabulary import Look
from tests.graphics.look import SIZE, differences, looks_like
from tests.graphics.pictures import PICTURES
from tests.support.paths import DATA

GOLDEN = DATA / "composites"

LOOKS: Mapping[str, tuple[str, Sequence[int], Look]] = {
    "cover": ("cover", [2], Look()),
    "cover-logo": ("cover", [5], Look()),
    "split": ("split", [0, 6, 2], Look()),
    "split-slanted": ("split", [1, 2, 3], Look(slant=9, gutter=12)),
    "grid": ("grid", range(12), Look()),
    "grid-rounded": ("grid", [0, 2, 4, 7], Look(corners=24, gutter=16, background="blur")),
    "hero": ("hero", [2, 7, 4], Look()),
    "fan": ("fan", [1, 2, 8, 4, 6], Look()),
    "fan-single": ("fan", [7], Look()),
    "shelf": ("shelf", [1, 3, 8, 5], Look()),
    "shelf-single": ("shelf", [8], Look(background="#d8cfc0")),
    "shelf-logos": ("shelf", [5, 9, 11], Look()),
}


@cache
def picture(index: int) -> Image.Image:
    return list(PICTURES.values())[index]()


def thumbnail(name: str) -> Image.Image:
    layout, indices, look = LOOKS[name]
    header = compose([picture(index) for index in indices], 640, 335, layout, look=look)
    return header.resize(SIZE, Image.Resampling.BOX)


def golden(name: str) -> Image.Image:
    with Image.open(GOLDEN / f"{name}.png") as image:
        return image.convert("RGB")


@pytest.mark.parametrize("name", LOOKS)
def test_looks_as_the_golden_thumbnail(name: str) -> None:
    assert looks_like(thumbnail(name), golden(name)), differences(thumbnail(name), golden(name))


def test_every_golden_thumbnail_is_looked_at() -> None:
    assert {path.stem for path in GOLDEN.glob("*.png")} == set(LOOKS)


@pytest.mark.parametrize(
    ("name", "look"),
    [
        pytest.param("split", Look(gutter=14), id="a wider gutter"),
        pytest.param("split", Look(slant=3), id="a slight slant"),
        pytest.param("grid", Look(background="#000000"), id="black gutters"),
        pytest.param("shelf", Look(background="blur"), id="another ground"),
        pytest.param("fan", Look(corners=60), id="rounder corners"),
    ],
)
def test_a_change_of_look_is_seen(name: str, look: Look) -> None:
    layout, indices, _ = LOOKS[name]
    header = compose([picture(index) for index in indices], 640, 335, layout, look=look)
    assert not looks_like(header.resize(SIZE, Image.Resampling.BOX), golden(name))


def test_another_hue_of_the_same_lightness_is_seen() -> None:
    light, blue, red = golden("fan").convert("YCbCr").split()
    shifted = Image.merge("YCbCr", (light, blue.point([min(n + 4, 255) for n in range(256)]), red))
    assert not looks_like(shifted.convert("RGB"), golden("fan"))


def test_another_rounding_is_no_change_of_look() -> None:
    layout, indices, look = LOOKS["hero"]
    header = compose([picture(index) for index in indices], 640, 335, layout, look=look)
    assert looks_like(header.resize(SIZE, Image.Resampling.HAMMING), golden("hero"))


if __name__ == "__main__":
    for each in LOOKS:
        thumbnail(each).save(GOLDEN / f"{each}.png", optimize=True)
