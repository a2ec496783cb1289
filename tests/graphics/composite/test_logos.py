"""What is transparent lies on a ground that it stands out from; a logo is shown whole."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from headergen.graphics.composite import compose
from headergen.vocabulary import Look

RED, BLUE = (255, 0, 0), (0, 0, 255)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)

Box = tuple[int, int, int, int]
Colour = tuple[int, int, int]


def disc(*colours: Colour, size: int = 400) -> Image.Image:
    """A pie of equal slices on a transparent ground, a fifth of its width clear all around."""
    picture = Image.new("RGBA", (size, size))
    draw, turn = ImageDraw.Draw(picture), 360 / len(colours)
    box = (size // 5, size // 5, size - size // 5, size - size // 5)
    for index, colour in enumerate(colours):
        draw.pieslice(box, index * turn, (index + 1) * turn, fill=(*colour, 255))
    return picture


def luminance(pixel: object) -> float:
    assert isinstance(pixel, tuple)
    linear = [(level / 255) ** 2.2 for level in pixel]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def contrast(one: object, other: object) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    "colours",
    [
        pytest.param([WHITE], id="white"),
        pytest.param([BLACK], id="black"),
        pytest.param([WHITE, BLACK], id="white and black"),
        pytest.param([(128, 128, 128)], id="middle gray"),
        pytest.param([(255, 215, 0)], id="yellow"),
        pytest.param([(30, 80, 220)], id="blue"),
        pytest.param([(120, 10, 20)], id="dark red"),
        pytest.param([(250, 250, 235), (255, 240, 200)], id="two pale ones"),
    ],
)
def test_logo_stands_out_from_its_backdrop(colours: list[Colour]) -> None:
    header = compose([disc(*colours)], 1280, 670)
    for colour in colours:
        assert colour in {pixel for _, pixel in header.getcolors(1 << 20) or ()}
        assert contrast(colour, header.getpixel((0, 0))) >= 2.9


@pytest.mark.parametrize(
    ("colour", "channel"),
    [
        pytest.param((200, 20, 20), 0, id="red"),
        pytest.param((20, 120, 40), 1, id="green"),
        pytest.param((20, 40, 200), 2, id="blue"),
    ],
)
def test_backdrop_takes_the_logos_hue(colour: Colour, channel: int) -> None:
    corner = compose([disc(colour)], 1280, 670).getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert corner[channel] == max(corner)
    assert 5 < max(corner) - min(corner) < 12, "a tint, not a colour of its own"


@pytest.mark.parametrize("colour", [WHITE, BLACK, (253, 255, 254), (3, 0, 2)])
def test_backdrop_of_a_gray_logo_is_gray(colour: Colour) -> None:
    corner = compose([disc(colour)], 1280, 670).getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert max(corner) - min(corner) <= 1


def test_inner_parts_of_a_logo_do_not_choose_the_backdrop() -> None:
    logo = disc(BLACK)
    ImageDraw.Draw(logo).ellipse((100, 100, 300, 300), fill=(*WHITE, 255))
    assert luminance(compose([logo], 1280, 670).getpixel((0, 0))) > 0.8


def test_small_slice_of_a_logo_does_not_choose_the_backdrop() -> None:
    logo = disc(*[BLACK] * 39, WHITE)
    assert luminance(compose([logo], 1280, 670).getpixel((0, 0))) > 0.8


def test_faint_haze_does_not_move_a_logo() -> None:
    logo = disc(BLACK)
    logo.paste((*BLACK, 16), (0, 0, 400, 80))
    assert seen(compose([logo], 1280, 670)) == seen(compose([disc(BLACK)], 1280, 670))


@pytest.mark.parametrize("size", [(6000, 1), (1, 6000)])
def test_logo_of_one_row_or_column_is_shown(size: tuple[int, int]) -> None:
    logo = Image.new("RGBA", size)
    logo.paste((*BLACK, 255), (0, 0, max(size[0] * 3 // 4, 1), max(size[1] * 3 // 4, 1)))
    header = compose([logo], 1280, 670)
    assert header.getpixel((0, 0)) != header.getpixel((640, 335))


def test_hairline_chooses_its_backdrop_too() -> None:
    logo = Image.new("RGBA", (3000, 3000))
    ImageDraw.Draw(logo).line((100, 1501, 2900, 1501), fill=(*WHITE, 255))
    assert luminance(compose([logo], 1280, 670).getpixel((0, 0))) < 0.1


def seen(header: Image.Image) -> Box:
    """Where a black logo stands; the bound is half way to its light backdrop."""
    backdrop = Image.new("RGB", header.size, header.getpixel((0, 0)))
    difference = ImageChops.difference(header, backdrop).convert("L")
    box = difference.point([0] * 120 + [255] * 136).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize(
    ("bar", "width", "height"),
    [
        pytest.param((10, 250, 390, 280), 1280, 670, id="wordmark below the middle"),
        pytest.param((300, 20, 330, 390), 1280, 670, id="upright mark at the right"),
        pytest.param((10, 10, 390, 200), 310, 670, id="wide mark in a strip"),
    ],
)
def test_logo_is_shown_whole_in_the_middle(bar: Box, width: int, height: int) -> None:
    logo = Image.new("RGBA", (400, 400))
    logo.paste((*BLACK, 255), bar)
    left, top, right, bottom = seen(compose([logo], width, height))
    assert left + right == pytest.approx(width, abs=2)
    assert top + bottom == pytest.approx(height, abs=2)
    ratio = (bar[2] - bar[0]) / (bar[3] - bar[1])
    assert (right - left) / (bottom - top) == pytest.approx(ratio, rel=0.03)
    assert left >= 0.12 * width and top >= 0.16 * height


def test_lone_logo_stands_in_what_listings_and_link_cards_show() -> None:
    for size in ((1600, 200), (400, 400)):
        logo = Image.new("RGBA", (size[0] + 800, size[1] + 800))
        logo.paste((*BLACK, 255), (400, 400, size[0] + 400, size[1] + 400))
        left, top, right, bottom = seen(compose([logo], 1280, 670))
        assert left >= 148 and right <= 1280 - 148
        assert top >= (670 - 454) // 2 and bottom <= 670 - (670 - 454) // 2


def test_small_icon_is_not_blown_up() -> None:
    left, top, right, bottom = seen(compose([disc(BLACK, size=40)], 1280, 670))
    # The disc is 25 px wide; four times is as far as it goes.
    assert (right - left, bottom - top) == pytest.approx((100, 100), abs=4)


def test_rounded_corners_do_not_make_a_logo() -> None:
    screenshot = Image.new("RGBA", (640, 335))
    ImageDraw.Draw(screenshot).rounded_rectangle((0, 0, 639, 334), 80, fill=(*RED, 255))
    header = compose([screenshot], 1280, 670)
    assert [header.getpixel(at) for at in ((640, 0), (0, 335), (640, 669))] == [RED] * 3
    assert header.getpixel((0, 0)) != BLACK, "a transparent pixel's hidden colour must not show"


def test_half_transparent_photograph_still_covers() -> None:
    header = compose([Image.new("RGBA", (640, 640), (*BLACK, 128))], 1280, 670)
    assert len(header.getcolors() or ()) == 1
    assert header.getpixel((0, 0)) not in (BLACK, WHITE)


def test_soft_shadow_is_not_cut_off() -> None:
    shadow = Image.new("L", (400, 400))
    shadow.paste(120, (120, 120, 280, 280))
    alpha = shadow.filter(ImageFilter.GaussianBlur(16))
    alpha.paste(255, (120, 120, 280, 280))
    window = Image.new("RGBA", (400, 400), (*BLACK, 0))
    window.putalpha(alpha)
    row = compose([window], 1280, 670).convert("L").crop((0, 335, 640, 336)).tobytes()
    steps = [abs(one - other) for one, other in itertools.pairwise(row)]
    outermost = [step for step in steps if step][:8]
    assert max(outermost) <= 3


def test_logos_and_photographs_share_a_header() -> None:
    header = compose([Image.new("RGB", (900, 900), BLUE), disc(WHITE)], 1280, 670)
    assert header.getpixel((318, 335)) == BLUE
    assert header.getpixel((962, 335)) == WHITE
    assert contrast(header.getpixel((650, 5)), WHITE) > 10


@pytest.mark.parametrize("background", ["auto", "#ffffff", "#000000", "#808080"])
@pytest.mark.parametrize("colours", [[WHITE], [BLACK], [WHITE, BLACK], [(255, 215, 0)]])
def test_logos_on_a_shelf_stand_out_on_the_ground_or_on_a_tile(
    colours: list[Colour], background: str
) -> None:
    header = compose([disc(*colours)], 1280, 670, "shelf", look=Look(background=background))
    row = [header.getpixel((x, 300)) for x in range(640, 0, -1)]
    edge = next(x for x in range(640) if row[x] != row[0])
    assert row[0] in colours and edge > 100
    assert contrast(row[0], row[edge + 12]) >= 2.9
