"""Panels tile the canvas evenly, and stand where they show the most of their sources."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from PIL import Image

from headergen.graphics.composite.layouts import TABLE
from headergen.graphics.composite.stage import Frame, Source, Stage
from headergen.vocabulary import MAX_SOURCES, Look

Size = tuple[int, int]
Box = tuple[float, float, float, float]

PHOTOGRAPH, COVER, BANNER = (400, 300), (300, 450), (900, 200)


def frames(layout: str, shapes: Sequence[Size], canvas: Size, look: Look) -> Sequence[Frame]:
    sources = [Source(Image.new("RGB", shape)) for shape in shapes]
    return TABLE[layout].arrange(sources, Stage(*canvas, look), 1)


def boxes(
    layout: str, shapes: Sequence[Size], canvas: Size = (1280, 670), look: Look | None = None
) -> list[Box]:
    return [frame.box for frame in frames(layout, shapes, canvas, look or Look())]


@pytest.mark.parametrize(
    ("layout", "shapes", "canvas", "expected"),
    [
        pytest.param("cover", [COVER], (1280, 670), [(0, 0, 1280, 670)], id="one fills the canvas"),
        pytest.param(
            "split",
            [PHOTOGRAPH] * 2,
            (1280, 670),
            [(0, 0, 636, 670), (644, 0, 1280, 670)],
            id="two side by side",
        ),
        pytest.param(
            "split",
            [PHOTOGRAPH] * 2,
            (670, 1280),
            [(0, 0, 670, 636), (0, 644, 670, 1280)],
            id="two stacked on an upright canvas",
        ),
        pytest.param(
            "split",
            [BANNER] * 2,
            (1280, 670),
            [(0, 0, 1280, 331), (0, 339, 1280, 670)],
            id="two banners stacked",
        ),
        pytest.param(
            "split",
            [COVER] * 3,
            (1280, 670),
            [(0, 0, 421, 670), (429, 0, 850, 670), (858, 0, 1280, 670)],
            id="the odd pixel goes to the last",
        ),
        pytest.param(
            "split",
            [PHOTOGRAPH] * 2,
            (256, 134),
            [(0, 0, 127, 134), (129, 0, 256, 134)],
            id="the gutter scales",
        ),
        pytest.param(
            "grid",
            [PHOTOGRAPH] * 5,
            (1280, 670),
            [
                (0, 0, 636, 331),
                (644, 0, 1280, 331),
                (0, 339, 421, 670),
                (429, 339, 850, 670),
                (858, 339, 1280, 670),
            ],
            id="of five the first two are larger",
        ),
        pytest.param(
            "hero",
            [PHOTOGRAPH] * 3,
            (1280, 670),
            [(0, 0, 840, 670), (848, 0, 1280, 331), (848, 339, 1280, 670)],
            id="a hero and two beside it",
        ),
        pytest.param(
            "hero",
            [BANNER, COVER, COVER, COVER, COVER, COVER],
            (1280, 670),
            [
                (0, 0, 1280, 437),
                (0, 445, 249, 670),
                (257, 445, 507, 670),
                (515, 445, 764, 670),
                (772, 445, 1022, 670),
                (1030, 445, 1280, 670),
            ],
            id="a wide hero and five below it",
        ),
        pytest.param("hero", [COVER], (1280, 670), [(0, 0, 1280, 670)], id="a hero alone"),
        pytest.param(
            "hero",
            [PHOTOGRAPH] * 2,
            (1280, 670),
            [(0, 0, 789, 670), (797, 0, 1280, 670)],
            id="a hero of two, 0.62 to 0.38",
        ),
        pytest.param(
            "hero",
            [BANNER] * 2,
            (1280, 670),
            [(0, 0, 1280, 410), (0, 418, 1280, 670)],
            id="a hero of two banners, stacked",
        ),
    ],
)
def test_boxes(layout: str, shapes: list[Size], canvas: Size, expected: list[Box]) -> None:
    assert boxes(layout, shapes, canvas) == expected


def row_counts(found: Sequence[Box]) -> list[int]:
    return [len(list(row)) for _, row in itertools.groupby(found, key=lambda box: box[1])]


@pytest.mark.parametrize(
    ("shape", "count", "rows"),
    [
        (PHOTOGRAPH, 1, [1]),
        (PHOTOGRAPH, 2, [2]),
        (PHOTOGRAPH, 3, [3]),
        (PHOTOGRAPH, 4, [2, 2]),
        (PHOTOGRAPH, 6, [3, 3]),
        (PHOTOGRAPH, 7, [3, 4]),
        (PHOTOGRAPH, 8, [4, 4]),
        (PHOTOGRAPH, 9, [3, 3, 3]),
        (PHOTOGRAPH, 10, [3, 4, 3]),
        (PHOTOGRAPH, 11, [4, 3, 4]),
        (PHOTOGRAPH, 12, [4, 4, 4]),
        (COVER, 3, [3]),
        (COVER, 4, [2, 2]),
        (COVER, 5, [2, 3]),
        (COVER, 12, [6, 6]),
        (BANNER, 4, [1, 1, 1, 1]),
        (BANNER, 12, [2] * 6),
    ],
)
def test_rows_of_a_grid_suit_the_shapes(shape: Size, count: int, rows: list[int]) -> None:
    assert row_counts(boxes("grid", [shape] * count)) == rows


@pytest.mark.parametrize("layout", ["split", "grid", "hero"])
@pytest.mark.parametrize("canvas", [(1280, 670), (401, 997), (120, 120)])
@pytest.mark.parametrize("count", range(1, MAX_SOURCES + 1))
@pytest.mark.parametrize("gutter", [0, 8, 20])
def test_panels_and_gutters_cover_the_canvas(
    count: int, canvas: Size, layout: str, gutter: float
) -> None:
    shapes = [(PHOTOGRAPH, COVER, BANNER)[index % 3] for index in range(count)]
    look = Look(gutter=gutter)
    found = boxes(layout, shapes, canvas, look)
    covered = Image.new("L", canvas)
    for left, top, right, bottom in found:
        box = (round(left), round(top), round(right), round(bottom))
        assert covered.crop(box).getbbox() is None, "panels don't overlap"
        covered.paste(255, box)
    assert covered.getbbox() == (0, 0, *canvas)
    share = covered.histogram()[255] / (canvas[0] * canvas[1])
    width = Stage(*canvas, look).gutter
    # Every gutter is one strip at most as long as the canvas, and parts two panels.
    seams = (count - 1) * width * max(canvas) / (canvas[0] * canvas[1])
    assert share >= 1 - seams - 1e-9 if width else share == 1


def test_round_corners_bring_a_margin() -> None:
    found = boxes("split", [COVER] * 3, look=Look(gutter=10, corners=16))
    assert found[0][:2] == (10, 10)
    assert found[-1][2:] == (1270, 660)


# -- slanted seams ----------------------------------------------------------------------------


def cuts(
    shapes: Sequence[Size], slant: float, gutter: float = 8
) -> list[list[tuple[float, float]]]:
    found = frames("split", shapes, (1280, 670), Look(slant=slant, gutter=gutter))
    return [[(round(x, 1), round(y, 1)) for x, y in frame.outline] for frame in found]


def test_seams_lean_and_outer_edges_do_not() -> None:
    first, middle, last = cuts([COVER] * 3, slant=10)
    lean = 670 * 0.1763 / 2
    assert first[0] == (0, 0) and first[3] == (0, 670)
    assert last[1] == (1280, 0) and last[2] == (1280, 670)
    assert [x for x, _ in first[1:3]] == pytest.approx([421 + lean, 421 - lean], abs=0.1)
    leaning = [429 + lean, 850 + lean, 850 - lean, 429 - lean]
    assert [x for x, _ in middle] == pytest.approx(leaning, abs=0.1)


def test_a_slant_to_the_left_mirrors_one_to_the_right() -> None:
    right, left = cuts([COVER] * 3, slant=10), cuts([COVER] * 3, slant=-10)
    assert right[1][0][0] > right[1][3][0]
    assert left[1][0][0] < left[1][3][0]


def test_seams_of_stacked_panels_lean_too() -> None:
    upper, lower = cuts([BANNER] * 2, slant=5)
    assert upper[0] == (0, 0) and upper[1] == (1280, 0)
    assert upper[2][1] != upper[3][1]
    assert lower[2] == (1280, 670) and lower[3] == (0, 670)


def test_no_panel_becomes_a_triangle() -> None:
    for outline in cuts([COVER] * 12, slant=30):
        (a, _), (b, _), (c, _), (d, _) = outline
        assert b - a > 20 and c - d > 20


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("shape", [PHOTOGRAPH, COVER, BANNER])
def test_a_shelf_of_up_to_four_is_one_row(count: int, shape: Size) -> None:
    placed = boxes("shelf", [shape] * count)
    assert len({top for _, top, _, _ in placed}) == 1
    _, top, _, bottom = placed[0]
    assert bottom - top > 0.27 * 670


def test_a_shelf_of_many_or_on_an_upright_canvas_has_rows() -> None:
    assert len({top for _, top, _, _ in boxes("shelf", [BANNER] * 5)}) > 1
    assert len({top for _, top, _, _ in boxes("shelf", [BANNER] * 4, (670, 1280))}) > 1
