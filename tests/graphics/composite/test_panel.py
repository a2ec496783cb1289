"""What fills a panel, and what of it can be seen beside the card above."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from headergen.graphics.composite.ground import leading_colour
from headergen.graphics.composite.panel import fill
from headergen.graphics.composite.stage import Source
from headergen.vocabulary import Point

WHITE, RED, GRAY = (255, 255, 255), (255, 0, 0), (90, 90, 90)


def marked(at: Point) -> Source:
    picture = Image.new("RGB", (400, 600), GRAY)
    x, y = at[0] * 400, at[1] * 600
    ImageDraw.Draw(picture).ellipse((x - 15, y - 15, x + 15, y + 15), fill=RED)
    return Source(picture, at)


@pytest.mark.parametrize("x", [0.05, 0.5, 0.95])
@pytest.mark.parametrize(("low", "high"), [(0, 0.3), (0, 0.66), (0.34, 1), (0.8, 1)])
def test_the_focus_comes_to_where_a_card_is_seen(x: float, low: float, high: float) -> None:
    panel = fill(marked((x, 0.5)), 300, 450, (low, high))
    seen = panel.crop((round(low * 300), 0, round(high * 300), 450))
    assert RED in {colour for _, colour in seen.getcolors(1 << 18) or ()}


def test_a_card_that_is_seen_whole_is_not_cropped_for_it() -> None:
    panel = fill(marked((0.95, 0.5)), 400, 600)
    assert panel.tobytes() == marked((0.95, 0.5)).picture.tobytes()


@pytest.mark.parametrize(("low", "high"), [(0, 0.4), (0.6, 1)])
def test_no_hole_shows_where_the_card_above_is_turned_away(low: float, high: float) -> None:
    for x in (0.05, 0.95):
        source = Source(Image.new("RGB", (400, 600), WHITE), (x, 0.5))
        panel = fill(source, 300, 450, (low, high))
        beneath = (0, 0, round((high + 0.1) * 300), 450) if low == 0 else (150, 0, 300, 450)
        assert panel.crop(beneath).getextrema() == ((255, 255),) * 3


def test_a_card_of_which_a_sliver_is_seen_has_no_hole_beneath() -> None:
    source = Source(Image.new("RGB", (400, 600), WHITE), (0.95, 0.5))
    for seen in ((0, 0.12), (0.88, 1)):
        assert fill(source, 300, 450, seen).getextrema() == ((255, 255),) * 3


def test_the_leading_colour_is_that_of_what_can_be_seen() -> None:
    logo = Image.new("RGBA", (240, 240), (0, 200, 0, 0))
    logo.paste((*WHITE, 255), (80, 80, 160, 160))
    assert min(leading_colour(Source(logo))) > 220
    logo.paste((*RED, 255), (80, 80, 160, 160))
    red, green, blue = leading_colour(Source(logo))
    assert red > 220 and max(green, blue) < 30


def test_a_small_vivid_part_leads_before_much_gray() -> None:
    picture = Image.new("RGB", (240, 240), GRAY)
    picture.paste((20, 60, 220), (0, 0, 80, 80))
    red, _, blue = leading_colour(Source(picture))
    assert blue > 2 * red
