"""Colours: conversions as published, and palettes that stay."""

from __future__ import annotations

import pytest

from headergen.graphics.card.palette import Colour, choose, derive, mix, oklch, parse


# Of CSS Color 4's own examples and tests: sRGB's corners in OKLCH.
@pytest.mark.parametrize(
    ("lightness", "chroma", "degrees", "colour"),
    [
        pytest.param(0.62796, 0.25768, 29.234, (255, 0, 0), id="red"),
        pytest.param(0.86644, 0.29483, 142.495, (0, 255, 0), id="green"),
        pytest.param(0.45201, 0.31321, 264.052, (0, 0, 255), id="blue"),
        pytest.param(1.0, 0.0, 0.0, (255, 255, 255), id="white"),
        pytest.param(0.0, 0.0, 0.0, (0, 0, 0), id="black"),
    ],
)
def test_oklch_is(lightness: float, chroma: float, degrees: float, colour: Colour) -> None:
    assert oklch(lightness, chroma, degrees) == pytest.approx(colour, abs=1)


def test_a_chroma_beyond_srgb_is_lowered_and_the_hue_kept() -> None:
    red, green, blue = oklch(0.9, 0.4, 264)
    assert blue > green >= red > 100
    assert oklch(0.9, 0.5, 264) == pytest.approx((red, green, blue), abs=2)


def test_mixing_goes_from_one_to_the_other() -> None:
    one, other = (255, 200, 0), (20, 30, 200)
    assert mix(one, other, 0) == one
    assert mix(one, other, 1) == other
    assert mix((0, 0, 0), (255, 255, 255), 0.5) == pytest.approx((99, 99, 99), abs=1)


def test_a_text_always_gets_the_same_colours() -> None:
    assert derive("夏の終わり") == derive("夏の終わり")
    # What articles were published with must not change with a version of headergen.
    assert derive("夏の終わり").ground(0.5) == (144, 61, 140)


def test_one_colour_gets_an_accent_from_across_the_circle() -> None:
    palette = choose(("#1f6feb",))
    assert palette.field(0.1) == (0x1F, 0x6F, 0xEB)
    red, _, blue = palette.mark(0.7)
    assert red > blue


def test_colours_are_read_in_either_case() -> None:
    assert parse("#aBcDeF") == (0xAB, 0xCD, 0xEF)
