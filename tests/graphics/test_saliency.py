"""What stands out in a picture is in the crop, and in its middle where there is room."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFilter

from headergen.graphics.saliency import focus_for
from tests.graphics.pictures import PICTURES

Spot = tuple[float, float]


def meadow(width: int = 900, height: int = 600) -> Image.Image:
    """A sky and a ground with a soft change of light between them."""
    picture = Image.new("RGB", (width, height), (150, 190, 230))
    picture.paste((70, 120, 60), (0, height * 2 // 3, width, height))
    return picture.filter(ImageFilter.GaussianBlur(height / 20))


def with_subject(picture: Image.Image, spot: Spot, radius: float = 0.08) -> Image.Image:
    x, y, reach = spot[0] * picture.width, spot[1] * picture.height, radius * min(picture.size)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=(200, 60, 40))
    draw.ellipse((x - reach / 2, y - reach / 2, x, y), fill=(250, 220, 190))
    return picture


@pytest.mark.parametrize("x", [0.15, 0.35, 0.5, 0.8])
@pytest.mark.parametrize("shape", [(300, 600), (600, 600)], ids=["strip", "square"])
def test_a_subject_is_in_an_upright_crop(x: float, shape: tuple[int, int]) -> None:
    found, _ = focus_for(with_subject(meadow(), (x, 0.6)), *shape)
    half = shape[0] / shape[1] * 600 / 900 / 2
    assert min(max(found, half), 1 - half) == pytest.approx(min(max(x, half), 1 - half), abs=0.05)


@pytest.mark.parametrize("y", [0.1, 0.4, 0.9])
def test_a_subject_is_in_a_wide_crop(y: float) -> None:
    _, found = focus_for(with_subject(meadow(600, 900), (0.5, y)), 600, 300)
    half = 1 / 6
    assert min(max(found, half), 1 - half) == pytest.approx(min(max(y, half), 1 - half), abs=0.05)


def test_a_band_across_every_crop_is_no_subject() -> None:
    """A bright sunset along the horizon must not outweigh the dark tower beside it."""
    sea = Image.new("RGB", (900, 450), (60, 40, 100))
    sea.paste((255, 150, 60), (0, 180, 900, 270))
    sea = sea.filter(ImageFilter.GaussianBlur(30))
    ImageDraw.Draw(sea).rectangle((690, 120, 730, 330), fill=(150, 140, 170))
    assert focus_for(sea, 200, 450)[0] == pytest.approx(710 / 900, abs=0.06)


@pytest.mark.parametrize("size", [(900, 300), (300, 900), (500, 500), (2, 1), (1, 1), (5000, 1)])
def test_a_flat_picture_is_cropped_evenly(size: tuple[int, int]) -> None:
    assert focus_for(Image.new("RGB", size, (90, 120, 30)), 100, 100) == (0.5, 0.5)


def test_what_is_transparent_is_not_interesting() -> None:
    picture = Image.effect_noise((600, 200), 80).convert("RGB").convert("RGBA")
    picture.putalpha(0)
    picture.paste((200, 60, 40, 255), (480, 60, 560, 140))
    assert focus_for(picture, 200, 200)[0] > 0.8


def test_two_subjects_are_not_answered_by_the_emptiness_between_them() -> None:
    picture = with_subject(with_subject(meadow(), (0.15, 0.6), 0.12), (0.85, 0.6), 0.08)
    assert focus_for(picture, 200, 600)[0] == pytest.approx(0.15, abs=0.05)


def test_an_upright_picture_is_looked_at_as_its_mirror_is() -> None:
    picture = with_subject(meadow(), (0.3, 0.6))
    turned = picture.transpose(Image.Transpose.TRANSPOSE)
    assert focus_for(turned, 600, 300) == focus_for(picture, 300, 600)[::-1]


@pytest.mark.parametrize("shape", [(600, 200), (1280, 670)])
def test_a_face_is_kept_rather_than_the_clothes_below_it(shape: tuple[int, int]) -> None:
    person = PICTURES["photograph of a person"]()
    _, y = focus_for(person, *shape)
    kept = person.width * shape[1] / shape[0] / person.height
    top = min(max(y - kept / 2, 0), 1 - kept)
    assert top < 0.26 and top + kept > 0.5, "eyes at 0.4, chin at 0.49 of the height"
