"""The look of cards is that of the golden thumbnails, so that no change of it is an accident.

After a change that is meant, look at the new ones before they are committed:

    uv run python -m tests.graphics.card.test_look
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from headergen.graphics.card.content import Card
from headergen.graphics.card.drawing import draw, lay_title
from headergen.vocabulary import THEMES
from tests.graphics.look import SIZE, differences, looks_like
from tests.graphics.pictures import PICTURES
from tests.support.paths import DATA

GOLDEN = DATA / "cards"
DRAW = "run: uv run python -m tests.graphics.card.test_look"
OVER_PICTURE = "over-picture"
NAMES = (*THEMES, OVER_PICTURE)

CARD = Card(
    "雨の夜にひとりで遊びたい、推しインディーゲーム4選",
    subtitle="路面電車と、灯りのともる小さな店",
    author="青井みなと",
    date="2026.06.20",
    tags=("インディーゲーム", "ゲームレビュー", "ひとりで遊ぶ夜"),
)


def thumbnail(name: str, card: Card = CARD) -> Image.Image:
    picture = next(iter(PICTURES.values()))().convert("RGB")
    if name == OVER_PICTURE:
        return _small(lay_title(picture.resize((1280, 670)), card))
    with tempfile.TemporaryDirectory() as folder:
        picture.save(f"{folder}/a.png")
        return _small(draw(replace(card, theme=name, picture=Path(folder, "a.png")), 1280, 670))


def _small(card: Image.Image) -> Image.Image:
    return card.resize(SIZE, Image.Resampling.BOX)


def golden(name: str) -> Image.Image:
    with Image.open(GOLDEN / f"{name}.png") as image:
        return image.convert("RGB")


@pytest.mark.parametrize("name", NAMES)
def test_looks_as_the_golden_thumbnail(name: str) -> None:
    assert (GOLDEN / f"{name}.png").exists(), DRAW
    assert looks_like(thumbnail(name), golden(name)), differences(thumbnail(name), golden(name))


def test_every_golden_thumbnail_is_looked_at() -> None:
    assert {path.stem for path in GOLDEN.glob("*.png")} == set(NAMES), DRAW


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda card: replace(card, title=card.title[:-2]), id="a shorter title"),
        pytest.param(lambda card: replace(card, subtitle=None), id="no subtitle"),
        pytest.param(lambda card: replace(card, tags=card.tags[1:]), id="a tag less"),
        pytest.param(lambda card: replace(card, colours=("#334455",)), id="another colour"),
    ],
)
@pytest.mark.parametrize("name", ["waves", "paper", "duotone"])
def test_a_change_of_look_is_seen(name: str, change: Callable[[Card], Card]) -> None:
    assert not looks_like(thumbnail(name, change(CARD)), golden(name))


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in NAMES:
        thumbnail(each).save(GOLDEN / f"{each}.png", optimize=True)
