"""Every source can be seen in the header, whatever its shape, on every layout."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from headergen.errors import UsageError
from headergen.graphics.composite import compose, is_one_picture
from headergen.graphics.composite.layouts import TABLE
from headergen.graphics.composite.stage import Source, Stage
from headergen.vocabulary import AUTO_FOCUS, LAYOUTS, MAX_FANNED, MAX_SOURCES, Focus, Look

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
WHITE = (255, 255, 255)
SHAPES = [(600, 400), (400, 600), (500, 500), (900, 240)]

Colour = tuple[int, int, int]


# -- all layouts ------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["split", "grid", "hero"])
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_each_source_fills_its_own_panel(count: int, layout: str) -> None:
    colours = [(20 * index, 250 - 20 * index, 99) for index in range(count)]
    shapes = itertools.cycle([(600, 400), (500, 750), (700, 700), (1500, 400)])
    pictures = [
        Image.new("RGB", shape, colour) for shape, colour in zip(shapes, colours, strict=False)
    ]
    stage = Stage(1280, 670, Look())
    expected = Image.new("RGB", (1280, 670), WHITE)
    for frame in TABLE[layout].arrange([Source(picture) for picture in pictures], stage, 1):
        left, top, right, bottom = (round(edge) for edge in frame.box)
        expected.paste(colours[frame.source], (left, top, right, bottom))
    header = compose(pictures, 1280, 670, layout)
    assert (header.mode, header.size) == ("RGB", (1280, 670))
    assert ImageChops.difference(header, expected).getbbox() is None


def shows(header: Image.Image, colour: Colour, tolerance: int = 12) -> int:
    """Count the pixels of a colour."""
    difference = ImageChops.difference(header, Image.new("RGB", header.size, colour))
    near = difference.point([255 * (level <= tolerance) for level in range(256)] * 3)
    return ImageChops.darker(ImageChops.darker(*near.split()[:2]), near.split()[2]).histogram()[255]


@pytest.mark.parametrize(
    ("count", "layout"),
    [
        (count, layout)
        for count in (1, 2, 3, 4, 7, MAX_SOURCES)
        for layout in ("auto", "split", "grid", "hero", "fan", "shelf")
        if layout != "fan" or count <= MAX_FANNED
    ],
)
def test_every_source_can_be_seen(count: int, layout: str) -> None:
    colours = [(255 * (n % 2), 120 * (n // 2 % 3), 85 * (n // 6)) for n in range(count)]
    shapes = itertools.cycle([(600, 400), (500, 750), (700, 700), (1500, 400), (60, 60)])
    pictures = [
        Image.new("RGB", shape, colour) for shape, colour in zip(shapes, colours, strict=False)
    ]
    header = compose(pictures, 640, 335, layout)
    for colour in colours:
        assert shows(header, colour) > 640 * 335 * 0.006


@pytest.mark.parametrize("size", [(1280, 670), (768, 402), (670, 1280), (1000, 420), (31, 17)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_has_exactly_the_size_asked_for(size: tuple[int, int], layout: str) -> None:
    assert compose([Image.new("RGB", (64, 48))], *size, layout).size == size


@pytest.mark.parametrize("layout", ["auto", "hero", "fan", "shelf"])
def test_the_same_sources_give_the_same_pixels(layout: str) -> None:
    pictures = [
        Image.effect_mandelbrot(size, (-2, -1.2, 1, 1.2), 40).convert("RGB") for size in SHAPES
    ]
    once = compose(pictures, 640, 335, layout)
    assert once.tobytes() == compose(pictures, 640, 335, layout).tobytes()


@pytest.mark.parametrize(
    ("count", "width", "height", "layout", "message"),
    [
        pytest.param(0, 1280, 670, "auto", "takes 1 to 12 sources, not 0", id="no source"),
        pytest.param(13, 1280, 670, "grid", "takes 1 to 12 sources, not 13", id="too many"),
        pytest.param(2, 1280, 670, "mosaic", "choose from auto, cover, split", id="unknown layout"),
        pytest.param(2, 1280, 670, "cover", "'cover' shows one source, not 2", id="cover of two"),
        pytest.param(8, 640, 335, "fan", "'fan' shows at most 7 sources, not 8", id="fan of eight"),
        pytest.param(12, 3, 3, "split", "3x3 px has no room for 12", id="a split too small"),
        pytest.param(12, 3, 3, "hero", "3x3 px has no room for 12", id="a hero too small"),
        pytest.param(7, 3, 3, "fan", "has no room", id="a fan too small"),
        pytest.param(12, 3, 3, "shelf", "has no room", id="a shelf too small"),
    ],
)
def test_refuses(count: int, width: int, height: int, layout: str, message: str) -> None:
    pictures = [Image.new("RGB", (64, 48))] * count
    with pytest.raises(UsageError, match=message):
        compose(pictures, width, height, layout)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_tiny_source_is_never_the_hero(place: int) -> None:
    pictures = [Image.new("RGB", (900, 600), RED), Image.new("RGB", (900, 600), BLUE)]
    pictures.insert(place, Image.new("RGB", (40, 40), GREEN))
    header = compose(pictures, 640, 335, "hero")
    assert header.getpixel((150, 160)) == RED
    assert 0 < shows(header, GREEN) < 640 * 335 * 0.2


# -- the focus --------------------------------------------------------------------------------


# A card's corners are round, so that the very corner of a picture is not seen.
INSIDE = st.floats(0.06, 0.94)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    at=st.tuples(INSIDE, INSIDE),
    shape=st.sampled_from([(1200, 600), (600, 1200), (800, 800), (2000, 500)]),
    layout=st.sampled_from(["cover", "split", "grid", "hero", "fan", "shelf"]),
    beside=st.integers(0, 3),
)
def test_the_focus_of_a_source_is_never_cropped_away(
    at: tuple[float, float], shape: tuple[int, int], layout: str, beside: int
) -> None:
    picture = Image.new("RGB", shape, (40, 40, 40))
    x, y = at[0] * shape[0], at[1] * shape[1]
    ImageDraw.Draw(picture).ellipse((x - 40, y - 40, x + 40, y + 40), fill=(255, 0, 255))
    others = 0 if layout == "cover" else beside
    gray = Image.new("RGB", (640, 480), (90, 90, 90))
    auto: Focus = AUTO_FOCUS
    foci = [at, *[auto] * others]
    header = compose([picture] + [gray] * others, 320, 168, layout, foci)
    assert shows(header, (255, 0, 255), tolerance=80) > 2


def test_a_focus_for_each_source_is_its_own() -> None:
    halves = Image.new("RGB", (900, 600), RED)
    halves.paste(BLUE, (450, 0, 900, 600))
    header = compose([halves, halves], 1280, 670, "split", [(0.1, 0.5), (0.9, 0.5)])
    assert header.getpixel((300, 335)) == RED
    assert header.getpixel((980, 335)) == BLUE


def test_what_is_interesting_in_a_covered_card_lies_in_what_is_seen_of_it() -> None:
    wide = Image.new("RGB", (1600, 600), (70, 90, 110))
    ImageDraw.Draw(wide).ellipse((740, 240, 860, 360), fill=(255, 0, 255))
    header = compose([wide] * 7, 1280, 670, "fan")
    alone = compose([wide], 1280, 670, "fan")
    # Cards of seven are smaller than a single one.
    visible = shows(header, (255, 0, 255), 40) / 7
    assert visible > shows(alone, (255, 0, 255), 40) * 0.7**2


# -- looks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["split", "grid", "hero", "fan", "shelf"])
def test_the_background_can_be_any_colour(layout: str) -> None:
    pictures = [Image.new("RGB", (600, 400), (10, 10, 10))] * 4
    plain = compose(pictures, 1280, 670, layout, look=Look(background="#f4f1ea"))
    assert shows(plain, (0xF4, 0xF1, 0xEA), 0) > 1000


def test_a_blurred_background_is_darker_and_smoother_than_its_sources() -> None:
    noise = Image.effect_noise((640, 480), 90).convert("RGB")
    header = compose([noise], 1280, 670, "fan")
    strip = header.crop((0, 0, 60, 670)).convert("L")
    assert strip.getextrema()[1] < 110  # type: ignore[operator]
    steps = [abs(a - b) for a, b in itertools.pairwise(strip.crop((30, 0, 31, 670)).tobytes())]
    assert max(steps) <= 2


def test_a_background_of_colours_follows_the_sources() -> None:
    header = compose(
        [Image.new("RGB", (400, 600), RED), Image.new("RGB", (400, 600), BLUE)], 1280, 670, "shelf"
    )
    left, right = header.getpixel((5, 5)), header.getpixel((1275, 5))
    assert isinstance(left, tuple) and isinstance(right, tuple)
    assert left[0] > 2 * left[2] and right[2] > 2 * right[0]


def test_round_corners_show_the_background() -> None:
    pictures = [Image.new("RGB", (600, 400), RED)] * 2
    header = compose(pictures, 1280, 670, "split", look=Look(gutter=10, corners=40))
    assert header.getpixel((12, 12)) == WHITE
    assert header.getpixel((12, 335)) == RED
    edge = {header.getpixel((x, 22)) for x in range(10, 40)}
    assert len(edge) > 3, "the corner's edge is soft"


def test_slanted_seams_are_soft_and_part_the_panels() -> None:
    pictures = [Image.new("RGB", (600, 600), RED), Image.new("RGB", (600, 600), BLUE)]
    header = compose(pictures, 1280, 670, "split", look=Look(slant=10))
    assert header.getpixel((660, 40)) == RED and header.getpixel((600, 630)) == BLUE
    column = [header.getpixel((620, y)) for y in range(670)]
    between = {pixel for pixel in column if pixel not in (RED, BLUE, WHITE)}
    assert WHITE in column and between


def test_cards_cast_shadows_and_panels_do_not() -> None:
    pictures = [Image.new("RGB", (600, 600), (200, 200, 200))]
    look = Look(background="#808080")
    lit = compose(pictures, 1280, 670, "shelf", look=look)
    below = lit.getpixel((640, 600))
    assert isinstance(below, tuple) and below[0] < 0x70
    panels = compose(pictures * 2, 1280, 670, "split", look=look)
    assert {panels.getpixel((640, y)) for y in range(670)} == {(0x80, 0x80, 0x80)}


# -- odd shapes -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (10_000, 1), (1, 10_000), (16, 900), (4000, 120)])
@pytest.mark.parametrize("layout", ["auto", "cover", "split", "fan", "shelf"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_any_shape_makes_a_header(size: tuple[int, int], layout: str, mode: str) -> None:
    picture = Image.new(mode, size, (200, 40, 90, 255)[: len(mode)])
    if mode == "RGBA":
        picture.putpixel((0, 0), (0, 0, 0, 1) if size[0] * size[1] > 1 else (9, 9, 9, 200))
    count = 1 if layout == "cover" else 2
    assert compose([picture] * count, 320, 168, layout).size == (320, 168)


def test_a_tiny_icon_is_not_blown_up_and_lies_on_its_own_blur() -> None:
    icon = Image.new("RGB", (40, 40), RED)
    header = compose([icon], 1280, 670, "cover")
    assert shows(header, RED, 2) == pytest.approx(160 * 160, rel=0.03)
    corner = header.getpixel((3, 3))
    assert isinstance(corner, tuple) and corner[0] < 200 and corner[1] == 0


def test_a_phones_screen_is_shown_whole() -> None:
    screen = Image.new("RGB", (540, 1170), (240, 240, 240))
    screen.paste(RED, (0, 0, 540, 60))
    screen.paste(BLUE, (0, 1110, 540, 1170))
    header = compose([screen, *[Image.new("RGB", (800, 450), GREEN)] * 3], 1280, 670, "grid")
    assert shows(header, RED) > 500 and shows(header, BLUE) > 500


def test_opaque_source_is_cropped_about_what_is_in_it() -> None:
    source = Image.new("RGB", (300, 100), RED)
    source.paste(GREEN, (200, 0, 300, 100))
    header = compose([source], 200, 200, "cover", [(0.9, 0.5)])
    # Lanczos looks a few pixels beyond the crop.
    assert header.crop((10, 0, 190, 200)).getcolors() == [(180 * 200, GREEN)]


@pytest.mark.slow
def test_many_cards_do_not_darken_the_ground_more_than_one() -> None:
    gray = Image.new("RGB", (600, 600), (200, 200, 200))
    look = Look(background="#808080")
    few, many = (compose([gray] * n, 1280, 670, "fan", look=look).convert("L") for n in (3, 7))
    darkest = [picture.crop((400, 600, 880, 670)).getextrema()[0] for picture in (few, many)]
    assert darkest[1] == pytest.approx(darkest[0], abs=25)


def test_a_dark_card_parts_from_a_dark_ground_by_a_rim_of_light() -> None:
    black = Image.new("RGB", (600, 600), (0, 0, 0))
    header = compose([black], 1280, 670, "shelf", look=Look(background="#000000"))
    _, lightest = header.convert("L").crop((0, 335, 640, 336)).getextrema()
    assert isinstance(lightest, int) and 30 < lightest < 110


@pytest.mark.parametrize(
    ("size", "layout", "look", "expected"),
    [
        pytest.param((320, 168), "auto", Look(), True, id="one that covers the canvas"),
        pytest.param((320, 168), "split", Look(slant=20), True, id="the only one of a split"),
        pytest.param((320, 168), "auto", Look(corners=40), False, id="round corners"),
        pytest.param((320, 168), "shelf", Look(), False, id="on a shelf by the author's wish"),
        pytest.param((100, 400), "auto", Look(), False, id="a portrait"),
        pytest.param((40, 21), "cover", Look(), False, id="an icon on its blur"),
    ],
)
def test_whether_one_picture_is_all_that_is_seen(
    size: tuple[int, int], layout: str, look: Look, expected: bool
) -> None:
    picture = Image.new("RGB", size)
    assert is_one_picture([picture], Stage(320, 168, look), layout) is expected
    assert not is_one_picture([picture, picture], Stage(320, 168, look))


def test_a_strip_alone_is_shown_whole_and_without_bands() -> None:
    strip = Image.new("RGB", (1800, 300), RED)
    header = compose([strip], 1280, 670, look=Look(background="#000000"))
    (frame,) = TABLE["shelf"].arrange([Source(strip)], Stage(1280, 670, Look()), 0)
    left, top, right, bottom = (round(edge) for edge in frame.box)
    assert (right - left) / (bottom - top) == pytest.approx(6, rel=0.02)
    inside = header.crop((left + 20, top + 8, right - 20, bottom - 8))
    assert inside.getcolors() == [(inside.width * inside.height, RED)]
