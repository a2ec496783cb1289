"""Panels tile the header evenly, and every source can be seen in its own."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from headergen.errors import UsageError
from headergen.frontmatter.mapping import MAX_SOURCES
from headergen.frontmatter.request import LAYOUTS
from headergen.paint.composite import GUTTER_COLOUR, compose, panel_boxes

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)

Box = tuple[int, int, int, int]
Colour = tuple[int, int, int]


# -- geometry ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "width", "height", "layout", "boxes"),
    [
        pytest.param(1, 1280, 670, "auto", [(0, 0, 1280, 670)], id="one source fills the header"),
        pytest.param(
            2, 1280, 670, "auto", [(0, 0, 636, 670), (644, 0, 1280, 670)], id="two side by side"
        ),
        pytest.param(
            2, 670, 1280, "split", [(0, 0, 670, 636), (0, 644, 670, 1280)], id="upright: stacked"
        ),
        pytest.param(
            3,
            1280,
            670,
            "auto",
            [(0, 0, 421, 670), (429, 0, 850, 670), (858, 0, 1280, 670)],
            id="three: the odd pixel goes to the last",
        ),
        pytest.param(
            5,
            1280,
            670,
            "auto",
            [
                (0, 0, 636, 331),
                (644, 0, 1280, 331),
                (0, 339, 421, 670),
                (429, 339, 850, 670),
                (858, 339, 1280, 670),
            ],
            id="five: the first two are larger",
        ),
        pytest.param(
            2, 256, 134, "auto", [(0, 0, 127, 134), (129, 0, 256, 134)], id="gutter scales"
        ),
    ],
)
def test_boxes(count: int, width: int, height: int, layout: str, boxes: list[Box]) -> None:
    assert list(panel_boxes(count, width, height, layout)) == boxes


def row_counts(boxes: tuple[Box, ...]) -> list[int]:
    return [len(list(row)) for _, row in itertools.groupby(boxes, key=lambda box: box[1])]


@pytest.mark.parametrize(
    ("count", "layout", "rows"),
    [
        (1, "auto", [1]),
        (2, "auto", [2]),
        (3, "auto", [3]),
        (4, "auto", [4]),
        (5, "auto", [2, 3]),
        (6, "auto", [3, 3]),
        (7, "auto", [3, 4]),
        (8, "auto", [4, 4]),
        (9, "auto", [3, 3, 3]),
        (10, "auto", [3, 4, 3]),
        (11, "auto", [4, 3, 4]),
        (12, "auto", [4, 4, 4]),
        (1, "cover", [1]),
        (1, "grid", [1]),
        (2, "grid", [2]),
        (4, "grid", [2, 2]),
        (6, "split", [6]),
    ],
)
def test_rows_at_1280x670(count: int, layout: str, rows: list[int]) -> None:
    assert row_counts(panel_boxes(count, 1280, 670, layout)) == rows


@pytest.mark.parametrize(
    ("width", "height", "rows"),
    [
        pytest.param(670, 1280, [1, 2, 1, 2], id="upright"),
        pytest.param(300, 3000, [1] * 6, id="tower"),
        pytest.param(3000, 300, [6], id="banner"),
    ],
)
def test_grid_follows_the_canvas_shape(width: int, height: int, rows: list[int]) -> None:
    assert row_counts(panel_boxes(6, width, height, "grid")) == rows


@pytest.mark.parametrize("layout", ["auto", "split", "grid"])
@pytest.mark.parametrize(
    ("width", "height"), [(1280, 670), (1200, 630), (768, 402), (401, 997), (60, 60), (12, 12)]
)
@pytest.mark.parametrize("count", range(1, MAX_SOURCES + 1))
def test_boxes_tile_the_canvas(count: int, width: int, height: int, layout: str) -> None:
    boxes = panel_boxes(count, width, height, layout)
    gutter = round(min(width, height) * 0.012)
    rows = [list(row) for _, row in itertools.groupby(boxes, key=lambda box: box[1])]
    assert len(boxes) == count
    assert (rows[0][0][1], rows[-1][0][3]) == (0, height)
    for upper, lower in itertools.pairwise(rows):
        assert lower[0][1] - upper[0][3] == gutter
    for row in rows:
        assert (row[0][0], row[-1][2]) == (0, width)
        assert {(top, bottom) for _, top, _, bottom in row} == {(row[0][1], row[0][3])}
        assert all(right[0] - left[2] == gutter for left, right in itertools.pairwise(row))
    for sizes in ([box[2] - box[0] for box in row] for row in rows):
        assert max(sizes) - min(sizes) <= 1 <= min(sizes)
    heights = [row[0][3] - row[0][1] for row in rows]
    assert max(heights) - min(heights) <= 1 <= min(heights)


@pytest.mark.parametrize(
    ("count", "width", "height", "layout", "message"),
    [
        pytest.param(0, 1280, 670, "auto", "takes 1 to 12 sources, not 0", id="no source"),
        pytest.param(13, 1280, 670, "auto", "takes 1 to 12 sources, not 13", id="too many"),
        pytest.param(2, 1280, 670, "mosaic", "choose from auto, cover, split, grid", id="layout"),
        pytest.param(2, 1280, 670, "cover", "'cover' shows one source, not 2", id="cover of two"),
        pytest.param(12, 11, 11, "split", "11x11 px has no room for 12", id="too narrow"),
        pytest.param(12, 100, 5, "split", "", id="low but wide enough"),
        pytest.param(3, 9, 2, "grid", "", id="tiny but wide enough"),
        pytest.param(12, 7, 11, "split", "has no room", id="too low"),
    ],
)
def test_refuses(count: int, width: int, height: int, layout: str, message: str) -> None:
    if not message:
        assert len(panel_boxes(count, width, height, layout)) == count
        return
    with pytest.raises(UsageError, match=message):
        panel_boxes(count, width, height, layout)


# -- pictures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("count", range(1, MAX_SOURCES + 1))
def test_each_source_fills_its_own_panel(count: int) -> None:
    colours = [(20 * index, 250 - 20 * index, 99) for index in range(count)]
    shapes = itertools.cycle([(300, 200), (90, 160), (50, 50), (1, 1), (1000, 1)])
    sources = [
        Image.new("RGB", shape, colour) for shape, colour in zip(shapes, colours, strict=False)
    ]
    header = compose(sources, 1280, 670)
    expected = Image.new("RGB", (1280, 670), GUTTER_COLOUR)
    for box, colour in zip(panel_boxes(count, 1280, 670), colours, strict=True):
        expected.paste(colour, box)
    assert (header.mode, header.size) == ("RGB", (1280, 670))
    assert ImageChops.difference(header, expected).getbbox() is None


@pytest.mark.parametrize("size", [(1280, 670), (768, 402), (1200, 630), (1000, 420), (31, 17)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_has_exactly_the_size_asked_for(size: tuple[int, int], layout: str) -> None:
    assert compose([Image.new("RGB", (64, 48))], *size, layout).size == size


def test_opaque_source_is_cropped_about_its_middle() -> None:
    source = Image.new("RGB", (300, 100), RED)
    source.paste(GREEN, (100, 0, 200, 100))
    header = compose([source], 200, 200)
    # Lanczos looks a few pixels beyond the crop.
    assert header.crop((10, 0, 190, 200)).getcolors() == [(180 * 200, GREEN)]


# -- transparent sources ----------------------------------------------------------------------


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
    assert min(left, top) >= 0.21 * min(width, height)


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
    header = compose([Image.new("RGBA", (64, 64), (*BLACK, 128))], 1280, 670)
    assert len(header.getcolors() or ()) == 1
    assert header.getpixel((0, 0)) not in (BLACK, GUTTER_COLOUR)


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
    header = compose([Image.new("RGB", (90, 90), BLUE), disc(WHITE)], 1280, 670)
    assert header.getpixel((318, 335)) == BLUE
    assert header.getpixel((962, 335)) == WHITE
    assert contrast(header.getpixel((650, 5)), WHITE) > 10
