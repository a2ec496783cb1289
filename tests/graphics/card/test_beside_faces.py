from pathlib import Path

import pytest
from PIL import Image, ImageOps

from headergen.graphics import faces
from headergen.graphics.card.content import Card
from headergen.graphics.card.drawing import layers, title_layers

ASTRONAUT = Path(__file__).parents[2] / "data" / "faces" / "astronaut.webp"
SIZE = (1280, 670)
TITLES = [
    "海",
    "宇宙飛行士アイリーン・コリンズの38日間",
    "Thirty-Eight Days in Space, and What Came After",
]


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    return Image.open(ASTRONAUT).convert("RGB")


def covered(header: Image.Image, text: Image.Image) -> int:
    """Count the faces of a header that have letters on them."""
    found = faces.find(header)
    assert found
    width, height = header.size
    boxes = (
        (face.left * width, face.top * height, face.right * width, face.bottom * height)
        for face in found
    )
    return sum(text.crop(box).getbbox() is not None for box in boxes)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("place", ["at the foot", "at the left", "at the right"])
def test_a_title_over_a_picture_covers_no_face(
    portrait: Image.Image, title: str, place: str
) -> None:
    header = Image.new("RGB", SIZE, (200, 190, 170))
    at = {"at the foot": (430, 200), "at the left": (100, 120), "at the right": (740, 120)}[place]
    header.paste(portrait.crop((60, 10, 260, 210)).resize((460, 460)), at)

    laid = title_layers(header, Card(title, author="青井みなと"))

    assert covered(header, laid.text) == 0


def test_a_title_that_covers_no_face_stays_at_the_foot(portrait: Image.Image) -> None:
    header = Image.new("RGB", SIZE, (200, 190, 170))
    header.paste(portrait.crop((60, 10, 260, 210)).resize((400, 400)), (440, 0))

    laid = title_layers(header, Card("海"))

    _, top, _, _ = laid.text.getbbox() or (0, 0, 0, 0)
    assert top > SIZE[1] / 2


def test_at_the_head_all_texts_are_there(portrait: Image.Image) -> None:
    header = Image.new("RGB", SIZE, (200, 190, 170))
    header.paste(portrait.crop((60, 10, 260, 210)).resize((440, 440)), (150, 230))
    header.paste(portrait.crop((60, 10, 260, 210)).resize((440, 440)), (700, 230))

    laid = title_layers(header, Card("海", author="青井みなと"))

    _, _, _, bottom = laid.text.getbbox() or (0, 0, 0, 0)
    assert bottom < 400
    assert covered(header, laid.text) == 0


@pytest.mark.parametrize("mirrored", [False, True], ids=["as it is", "mirrored"])
def test_the_face_of_a_duotone_is_beside_its_title(
    portrait: Image.Image, mirrored: bool, tmp_path: Path
) -> None:
    close = portrait.crop((0, 0, 320, 230))
    (ImageOps.mirror(close) if mirrored else close).save(tmp_path / "face.png")
    card = Card(TITLES[1], theme="duotone", picture=tmp_path / "face.png")

    drawn = layers(card, *SIZE)

    assert covered(drawn.ground, drawn.text) == 0
