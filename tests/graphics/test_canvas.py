"""Headers are cut to their size around what matters."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from headergen.graphics.canvas import cover, from_rgb
from tests.graphics.raw import BLUE, GREEN, RED, near, rows


def test_from_rgb_reads_rows_from_the_top() -> None:
    picture = from_rgb(bytes((*RED, *GREEN, *BLUE, *RED, *RED, *BLUE)), 3, 2)
    assert (picture.mode, picture.size) == ("RGB", (3, 2))
    assert rows(picture) == [RED, GREEN, BLUE, RED, RED, BLUE]


@pytest.mark.parametrize("size", [5, 7])
def test_from_rgb_refuses_another_number_of_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="no RGB picture of 2x1 px"):
        from_rgb(bytes(size), 2, 1)


@pytest.mark.parametrize(
    ("source", "box"),
    [
        pytest.param((1280, 670), (0, 0, 1280, 670), id="fits already"),
        pytest.param((1280, 672), (0, 1, 1280, 671), id="Z-Image loses a row at top and bottom"),
        pytest.param((1400, 670), (60, 0, 1340, 670), id="too wide"),
        pytest.param((1280, 673), (0, 2, 1280, 672), id="odd surplus stays on whole rows"),
    ],
)
def test_cover_crops_without_resampling(
    source: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    noise = Image.effect_noise(source, 90).convert("RGB")
    assert cover(noise, 1280, 670).tobytes() == noise.crop(box).tobytes()


@pytest.mark.parametrize(
    "source",
    [(1, 1), (10_000, 1), (1, 10_000), (1344, 704), (999, 333), (333, 999), (1281, 670), (29, 33)],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
@pytest.mark.parametrize("target", [(1280, 670), (768, 402), (636, 670), (1, 1)])
@pytest.mark.parametrize("focus", [(0.5, 0.5), (0, 0), (1, 1), (0.3, 0.9)])
def test_cover_is_exact_and_leaves_no_edge(
    source: tuple[int, int], target: tuple[int, int], focus: tuple[float, float]
) -> None:
    covered = cover(Image.new("RGB", source, (10, 200, 30)), *target, focus)
    assert covered.size == target
    assert covered.getcolors() == [(target[0] * target[1], (10, 200, 30))]


@pytest.mark.parametrize(
    ("focus", "middle"),
    [
        pytest.param((0, 0.5), RED, id="left end"),
        pytest.param((0.5, 0.5), GREEN, id="middle"),
        pytest.param((1, 0.5), BLUE, id="right end"),
    ],
)
@pytest.mark.parametrize("side", [20, 40, 400], ids=["reduced", "as it is", "enlarged"])
@pytest.mark.parametrize("upright", [False, True], ids=["wide", "upright"])
def test_cover_keeps_what_the_focus_names(
    upright: bool, side: int, focus: tuple[float, float], middle: tuple[int, int, int]
) -> None:
    thirds = Image.new("RGB", (120, 40), GREEN)
    thirds.paste(RED, (0, 0, 40, 40))
    thirds.paste(BLUE, (80, 0, 120, 40))
    if upright:
        thirds, focus = thirds.transpose(Image.Transpose.TRANSPOSE), focus[::-1]
    assert near(cover(thirds, side, side, focus).getpixel((side // 2, side // 2)), middle)


SIDES = st.integers(20, 200)
SHARES = st.floats(0, 1)


@given(source=st.tuples(SIDES, SIDES), target=st.tuples(SIDES, SIDES), at=st.tuples(SHARES, SHARES))
@example(source=(200, 100), target=(100, 100), at=(1.0, 0.0))
@example(source=(100, 200), target=(100, 100), at=(0.3, 0.4))
def test_the_focus_is_in_what_stays_and_central_as_the_edges_admit(
    source: tuple[int, int], target: tuple[int, int], at: tuple[float, float]
) -> None:
    scale = max(target[0] / source[0], target[1] / source[1])
    for axis in (0, 1):
        length, kept, focus = source[axis], target[axis] / scale, at[axis] * source[axis]
        middle = middle_of(cover(ruler(source, axis), *target, at))
        assert abs(focus - middle) <= kept / 2 + 1
        nearest = min(max(focus, kept / 2), length - kept / 2)
        assert middle == pytest.approx(nearest, abs=1)


def ruler(size: tuple[int, int], axis: int) -> Image.Image:
    """Make a picture whose every pixel says where it is along an axis."""
    scale = Image.new("F", (size[axis], 1))
    scale.putdata([place + 0.5 for place in range(size[axis])])
    if axis == 0:
        return scale.resize(size)
    return scale.transpose(Image.Transpose.ROTATE_270).resize(size)


def middle_of(rule: Image.Image) -> float:
    middle = rule.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(middle, float)
    return middle


def test_cover_keeps_the_aspect_ratio() -> None:
    square = Image.new("L", (400, 300))
    square.paste(255, (150, 100, 250, 200))
    covered = cover(square, 200, 100)
    assert covered.point([0] * 128 + [255] * 128).getbbox() == (75, 25, 125, 75)


def test_cover_does_not_bleed_hidden_colour_into_edges() -> None:
    logo = Image.new("RGBA", (40, 40), (*GREEN, 0))
    logo.paste((*RED, 255), (10, 10, 30, 30))
    for pixel in rows(cover(logo, 25, 25)):
        assert isinstance(pixel, tuple)
        assert pixel[3] == 0 or near(pixel[:3], RED)
