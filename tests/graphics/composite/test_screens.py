import itertools

import pytest
from PIL import Image, ImageChops, ImageDraw

from headergen.graphics.card.content import Card
from headergen.graphics.card.drawing import title_layers
from headergen.graphics.composite import compose, is_one_picture, leaves_room
from headergen.graphics.composite.stage import Source, Stage
from headergen.graphics.screens import is_screen
from headergen.vocabulary import Look

MARKS = ((255, 0, 80), (0, 200, 60), (30, 60, 255), (255, 160, 0))
TEXT = "The quick brown fox jumps over the lazy dog, and nobody knows why."


def editor(width: int = 1440, height: int = 900, paper: str = "#ffffff") -> Image.Image:
    """A window with a title bar, a list, and lines of text; a mark in each corner."""
    screen = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(screen)
    ink = "#202028" if paper == "#ffffff" else "#d0d0d8"
    draw.rectangle((0, 0, width, 44), fill="#808890")
    draw.line((width // 4, 44, width // 4, height), fill=ink, width=3)
    for line, y in enumerate(range(80, height - 40, 42)):
        draw.line((20, y + 30, width // 4 - 20, y + 30), fill=ink, width=2)
        draw.text((width // 4 + 30, y), TEXT[line % 9 :], fill=ink, font_size=26)
    side = 40
    corners = itertools.product((0, width - side), (0, height - side))
    for (x, y), colour in zip(corners, MARKS, strict=True):
        draw.rectangle((x, y, x + side, y + side), fill=colour)
    return screen


def chart() -> Image.Image:
    picture = Image.new("RGB", (900, 600), "#fbfbfb")
    draw = ImageDraw.Draw(picture)
    draw.line((80, 40, 80, 540, 860, 540), fill="#333333", width=3)
    for index, high in enumerate((120, 300, 210, 400, 260, 350)):
        left = 120 + index * 120
        draw.rectangle((left, 540 - high, left + 70, 540), fill="#4c78a8")
        draw.text((left, 550), f"Q{index + 1}", fill="#333333", font_size=24)
    return picture


SCREENS = {
    "an editor": editor(),
    "a dark editor": editor(paper="#16161c"),
    "a phone": editor(640, 1386),
    "a chart": chart(),
}


@pytest.mark.parametrize("name", SCREENS)
def test_screens_and_charts_are_known(name: str) -> None:
    assert is_screen(SCREENS[name])


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(Image.effect_noise((400, 300), 60).convert("RGB"), id="noise"),
        pytest.param(Image.linear_gradient("L").convert("RGB"), id="a gradient"),
        pytest.param(Image.new("RGB", (500, 400), "#336699"), id="one colour"),
        pytest.param(Image.new("RGB", (1, 1)), id="one pixel"),
    ],
)
def test_other_pictures_are_no_screens(picture: Image.Image) -> None:
    assert not is_screen(picture)


def shows(header: Image.Image, colour: tuple[int, int, int]) -> bool:
    """Check whether something in a header has a mark's colour."""
    far = ImageChops.difference(header, Image.new("RGB", header.size, colour)).split()
    most = ImageChops.lighter(ImageChops.lighter(far[0], far[1]), far[2])
    nearest, _ = most.getextrema()
    return nearest <= 60  # type: ignore[operator]


def shows_marks(header: Image.Image) -> bool:
    """Check whether the marks of all four corners are in a header."""
    return all(shows(header, colour) for colour in MARKS)


@pytest.mark.parametrize("size", [(1280, 670), (1000, 1000), (630, 1200)], ids=str)
@pytest.mark.parametrize("layout", ["auto", "cover", "split", "grid", "hero", "fan", "shelf"])
@pytest.mark.parametrize("name", ["an editor", "a phone"])
def test_a_screen_is_shown_to_its_corners(name: str, layout: str, size: tuple[int, int]) -> None:
    assert shows_marks(compose([SCREENS[name]], *size, layout))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_slanted_seam_cuts_no_screen(place: int) -> None:
    sources = [Image.linear_gradient("L").convert("RGB")] * 2
    sources.insert(place, SCREENS["a phone"])

    assert shows_marks(compose(sources, 1280, 670, "split", look=Look(slant=15, gutter=8)))


@pytest.mark.parametrize("layout", ["auto", "split", "grid", "hero", "shelf"])
def test_a_screen_beside_pictures_is_shown_to_its_corners(layout: str) -> None:
    sources = [SCREENS["an editor"], Image.linear_gradient("L").convert("RGB"), chart()]

    assert shows_marks(compose(sources, 1280, 670, layout))


@pytest.mark.parametrize(
    ("layout", "others"),
    [
        ("cover", 0),
        *itertools.product(["auto", "split", "grid", "hero", "fan", "shelf"], [0, 1]),
    ],
)
def test_a_title_goes_beside_a_screen(layout: str, others: int) -> None:
    sources = [SCREENS["an editor"]] + [Image.linear_gradient("L").convert("RGB")] * others

    assert leaves_room(sources, Stage(1280, 670, Look()), layout)
    header = compose(sources, 1280, 670, layout, beside_title=True)
    assert shows_marks(header) or layout == "fan"
    text = title_layers(header, Card("Reading the preview page, line by line"), beside=True).text
    _, _, end, _ = text.getbbox() or (0, 0, 0, 0)
    assert not any(shows(header.crop((0, 0, end, 670)), colour) for colour in MARKS)


def test_a_header_of_a_screen_is_not_cut_as_a_picture() -> None:
    assert not is_one_picture([SCREENS["an editor"]], Stage(1280, 670, Look()))


def test_a_white_screen_ends_somewhere_on_white() -> None:
    header = compose([editor()], 1280, 670, "cover")

    rows = [header.getpixel((640, y)) for y in range(670)]
    assert len(set(rows)) > 20


def test_a_logo_is_no_screen() -> None:
    logo = Image.new("RGBA", (400, 400))
    ImageDraw.Draw(logo).rectangle((100, 150, 300, 250), fill="black")

    assert not Source(logo).is_screen
