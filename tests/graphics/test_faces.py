import itertools
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from headergen.graphics import faces
from headergen.graphics.composite import compose
from headergen.graphics.faces import Face
from headergen.graphics.saliency import focus_for, head_of

# A portrait of Eileen Collins, by NASA, in the public domain.
ASTRONAUT = Path(__file__).parents[1] / "data" / "faces" / "astronaut.webp"
# From brow to chin, as read off the picture.
FACE = (0.36, 0.14, 0.53, 0.35)
ARTICLES = Path(__file__).parents[2] / "articles" / "assets"


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    return Image.open(ASTRONAUT).convert("RGB")


def gradient(width: int, height: int) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def middle(face: Face) -> tuple[float, float]:
    return (face.left + face.right) / 2, (face.top + face.bottom) / 2


def test_a_face_is_found_and_nothing_else(astronaut: Image.Image) -> None:
    (face,) = faces.find(astronaut)

    x, y = middle(face)
    assert FACE[0] < x < FACE[2]
    assert FACE[1] < y < FACE[3]
    assert 0.12 < face.right - face.left < 0.3


@pytest.mark.parametrize("turn", ["L", "large", "mirrored"])
def test_a_face_is_found_in_other_forms_of_the_picture(astronaut: Image.Image, turn: str) -> None:
    forms = {
        "L": astronaut.convert("L"),
        "large": astronaut.resize((1500, 1500)),
        "mirrored": astronaut.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    }

    assert len(faces.find(forms[turn])) == 1


@pytest.mark.parametrize("name", ["canopy-post.avif", "lamplight-tram.webp", "snowline-radio.jpg"])
def test_no_face_is_seen_where_none_is(name: str) -> None:
    assert faces.find(Image.open(ARTICLES / name)) == ()


@pytest.mark.parametrize("size", [(1, 1), (19, 4000), (640, 3)])
def test_pictures_too_small_for_a_face_have_none(size: tuple[int, int]) -> None:
    assert faces.find(Image.new("RGB", size)) == ()


def busy(size: tuple[int, int]) -> Image.Image:
    """A ground whose right and lower parts are more interesting than any face."""
    ground = Image.new("RGB", size, (120, 130, 140))
    draw = ImageDraw.Draw(ground)
    width, height = size
    for x, y in itertools.product(range(0, width, 26), range(0, height, 26)):
        if x > width * 0.7 or y > height * 0.7:
            draw.rectangle((x, y, x + 13, y + 13), fill=(250, 40, (x + y) % 250))
    return ground


def kept(focus: float, share: float) -> tuple[float, float]:
    start = min(max(focus - share / 2, 0), 1 - share)
    return start, start + share


@pytest.mark.parametrize("at", [0, 0.2, 0.6, 1], ids="at {} of the width".format)
def test_a_crop_keeps_a_head_wherever_it_is(astronaut: Image.Image, at: float) -> None:
    picture = busy((1200, 320))
    place = round(at * (1200 - 320))
    picture.paste(astronaut, (place, 0))

    x, _ = focus_for(picture, 320, 320)

    low, high = kept(x, 320 / 1200)
    assert low <= (place + FACE[0] * 320) / 1200
    assert (place + FACE[2] * 320) / 1200 <= high


def test_a_crop_of_a_portrait_keeps_hair_and_chin(astronaut: Image.Image) -> None:
    picture = busy((320, 640))
    picture.paste(astronaut, (0, 60))
    (face,) = faces.find(picture)

    _, y = focus_for(picture, 1280, 670)

    low, high = kept(y, 320 * 670 / 1280 / 640)
    head = head_of(face)
    assert low <= head.top
    assert head.bottom <= high


def test_where_a_head_has_no_room_its_eyes_are_at_the_upper_third(astronaut: Image.Image) -> None:
    close = astronaut.crop((90, 10, 200, 200))
    (face,) = faces.find(close)
    shape = (1280, 300)

    _, y = focus_for(close, *shape)

    share = close.width * shape[1] / shape[0] / close.height
    eyes = face.top + 0.38 * (face.bottom - face.top)
    low, _ = kept(y, share)
    assert (eyes - low) / share == pytest.approx(0.38, abs=0.01)


def test_of_two_faces_that_do_not_fit_none_is_cut() -> None:
    small, large = Face(0.05, 0.3, 0.15, 0.5), Face(0.6, 0.2, 0.8, 0.6)

    x, _ = focus_for(gradient(900, 300), 360, 300, (large, small))

    low, high = kept(x, 0.4)
    assert 0.15 <= low <= 0.55
    assert high >= 0.849


@pytest.mark.parametrize("layout", ["cover", "split", "grid", "hero", "fan"])
def test_each_layout_shows_the_face(astronaut: Image.Image, layout: str) -> None:
    tall = busy((320, 560))
    tall.paste(astronaut.crop((60, 10, 260, 210)).resize((320, 320)), (0, 240))
    others = [gradient(600, 400)] * (0 if layout == "cover" else 2)

    assert faces.find(compose([tall, *others], 1280, 670, layout))
