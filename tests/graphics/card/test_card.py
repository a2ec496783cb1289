"""Title cards: what can be read, where it stands, and how it looks."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from headergen.errors import GlyphError, SourceError, UsageError
from headergen.graphics.card.content import Card
from headergen.graphics.card.drawing import Layers, draw, lay_title, layers, title_layers
from headergen.graphics.card.layout import Manner, arrange, safe_frame
from headergen.graphics.card.palette import Colour
from headergen.graphics.card.themes import THEMES as ROWS
from headergen.graphics.contrast import contrast, luminance, luminance_map
from headergen.vocabulary import THEMES, THEMES_FOR_ALL

# Half the size that is published: four times as fast, and nothing depends on it.
SIZE = (640, 335)
# What note.com's listings and link cards show of 1280x670, here of half of that.
SEEN = (74, 54, 640 - 74, 335 - 54)

FULL = Card(
    "雨の夜にひとりで遊びたい、推しインディーゲーム4選",
    subtitle="路面電車と、灯りのともる小さな店",
    author="青井みなと",
    date="2026.06.20",
    tags=("インディーゲーム", "ゲームレビュー", "ひとりで遊ぶ夜"),
)
CARDS = {
    "a title with all there is": FULL,
    "one character": Card("猫"),
    "English": Card("In Praise of the Walk Back: Why I Play Slow Games"),
    "emoji": Card("家族で遊べるゲーム🎮5選👨‍👩‍👧‍👦🇯🇵"),
    "code": Card("`useEffect` を使わない `const x = 1` の話"),
    "200 characters": Card("潮を直す人の、静かな一年について考えたことを書く。" * 8, author="A"),
    "yellow on white": replace(FULL, colours=("#ffee00", "#ffffff")),
    "mid gray": replace(FULL, colours=("#777777",)),
    "black on black": replace(FULL, colours=("#000000", "#000000")),
}


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with all shades from black to white, and hard edges."""
    path = tmp_path_factory.mktemp("picture") / "a.png"
    image = Image.linear_gradient("L").resize((640, 360)).convert("RGB")
    canvas = ImageDraw.Draw(image)
    canvas.ellipse((240, 60, 480, 300), fill=(250, 240, 200))
    canvas.rectangle((60, 200, 200, 340), fill=(20, 30, 40))
    image.save(path)
    return path


def least_contrast(card: Layers) -> float:
    """Measure, pixel by pixel, the contrast of the ink with what lies behind the text."""
    found = Image.composite(card.ground, Image.new("RGB", card.ground.size, card.ink), card.behind)
    colours = found.getcolors(found.width * found.height)
    assert colours
    others = [colour for _, colour in colours if colour != card.ink]
    return min(contrast(luminance(card.ink), luminance(colour)) for colour in others)  # type: ignore[arg-type]


def test_every_theme_has_its_row() -> None:
    assert tuple(ROWS) == THEMES, (
        "headergen/vocabulary.py and headergen/graphics/card/themes/__init__.py name other themes, "
        "or in another order"
    )


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("theme", THEMES)
def test_all_text_can_be_read_and_is_seen_in_every_crop(
    theme: str, name: str, picture: Path
) -> None:
    card = layers(replace(CARDS[name], theme=theme, picture=picture), *SIZE)
    assert least_contrast(card) >= 4.5
    left, top, right, bottom = card.text.getbbox() or (0, 0, 0, 0)
    assert left >= SEEN[0] and top >= SEEN[1] and right <= SEEN[2] and bottom <= SEEN[3]
    assert right - left > 40


@pytest.mark.parametrize("theme", THEMES)
def test_a_card_is_its_ground_with_ink_where_letters_are(theme: str, picture: Path) -> None:
    card = replace(FULL, theme=theme, picture=picture)
    parts, drawn = layers(card, *SIZE), draw(card, *SIZE)
    assert drawn.mode == "RGB" and drawn.size == SIZE
    ink = Image.new("RGB", SIZE, parts.ink)
    solid = parts.text.point([0] * 255 + [255])
    assert Image.composite(drawn, ink, solid).tobytes() == ink.tobytes()
    around = parts.behind.point([255] + [0] * 255)
    assert (
        Image.composite(drawn, ink, around).tobytes()
        == Image.composite(parts.ground, ink, around).tobytes()
    )


@pytest.mark.parametrize("size", [(1280, 670), (1200, 630), (800, 800), (300, 157), (1080, 1920)])
@pytest.mark.parametrize("theme", ["gradient", "shapes", "paper"])
def test_any_size_holds_all_of_the_text(size: tuple[int, int], theme: str) -> None:
    card = layers(replace(FULL, theme=theme), *size)
    assert card.flatten().size == size
    left, top, right, bottom = card.text.getbbox() or (0, 0, 0, 0)
    assert left >= size[0] * 148 / 1280 and right <= size[0] * (1 - 148 / 1280)
    assert top >= size[1] * 108 / 670 and bottom <= size[1] * (1 - 108 / 670)
    assert least_contrast(card) >= 4.5


PICTURES = {
    "white": Image.new("RGB", SIZE, "white"),
    "black": Image.new("RGB", SIZE, "black"),
    "gray": Image.new("RGB", SIZE, (120, 120, 120)),
    "all shades": Image.linear_gradient("L").resize(SIZE).convert("RGB"),
    "a chessboard": Image.frombytes("L", SIZE, b"\0\xff" * (SIZE[0] * SIZE[1] // 2)).convert("RGB"),
}


@pytest.mark.parametrize("card", [FULL, CARDS["one character"], CARDS["English"]])
@pytest.mark.parametrize("ground", PICTURES)
def test_a_title_over_any_picture_can_be_read(ground: str, card: Card) -> None:
    over = title_layers(PICTURES[ground], card)
    assert least_contrast(over) >= 4.5
    left, top, right, bottom = over.text.getbbox() or (0, 0, 0, 0)
    assert left >= SEEN[0] and top >= SEEN[1] and right <= SEEN[2] and bottom <= SEEN[3]
    assert over.flatten().tobytes() == lay_title(PICTURES[ground], card).tobytes()


def test_a_picture_keeps_what_its_title_does_not_need() -> None:
    ground = PICTURES["all shades"]
    over = lay_title(ground, Card("海"))
    upper = (0, 0, 640, 60)
    assert over.crop(upper).tobytes() == ground.crop(upper).tobytes()
    quiet = title_layers(PICTURES["black"], FULL)
    assert quiet.ground.tobytes() == PICTURES["black"].tobytes(), "no scrim where none is needed"


@pytest.mark.parametrize(
    "title",
    ["猫", FULL.title, "In Praise of the Walk Back: Why I Play Slow Games and Never Travel Fast"],
)
def test_a_title_over_a_picture_leaves_its_upper_part_alone(title: str) -> None:
    over = title_layers(PICTURES["gray"], Card(title, author="青井みなと"))
    _, top, _, _ = over.text.getbbox() or (0, 0, 0, 0)
    assert top > 0.4 * SIZE[1]
    upper = (0, 0, SIZE[0], SIZE[1] // 6)
    assert over.ground.crop(upper).tobytes() == PICTURES["gray"].crop(upper).tobytes()


@pytest.mark.parametrize("colour", [(150, 170, 220), (220, 170, 150)])
def test_a_picture_below_a_title_keeps_its_own_hue(colour: Colour) -> None:
    for title in ("猫", "犬", "鳥", "魚"):
        over = title_layers(Image.new("RGB", SIZE, colour), Card(title, colours=("#2f9e44",)))
        red, green, blue = over.ground.getpixel((8, SIZE[1] - 8))  # type: ignore[misc]
        assert (red < green < blue) == (colour[0] < colour[2])
        assert (red > green > blue) == (colour[0] > colour[2])


@pytest.mark.parametrize("card", [FULL, CARDS["one character"], CARDS["English"]])
@pytest.mark.parametrize("ground", PICTURES)
def test_a_title_beside_pictures_keeps_to_its_half(ground: str, card: Card) -> None:
    beside = title_layers(PICTURES[ground], card, beside=True)
    assert least_contrast(beside) >= 4.5
    left, top, right, bottom = beside.text.getbbox() or (0, 0, 0, 0)
    assert left >= SEEN[0] and top >= SEEN[1] and bottom <= SEEN[3]
    assert right <= SIZE[0] / 2


@pytest.mark.parametrize("size", [(1280, 670), (1200, 1200), (600, 1200), (300, 200), (900, 700)])
@pytest.mark.parametrize("theme", ["shapes", "editorial"])
def test_forms_stand_beside_the_text_at_any_size(theme: str, size: tuple[int, int]) -> None:
    card = layers(replace(FULL, theme=theme), *size)
    paper = card.ground.getpixel((size[0] // 5, size[1] // 2))
    behind = Image.composite(card.ground, Image.new("RGB", size, paper), card.behind)
    assert behind.getcolors() == [(size[0] * size[1], paper)]
    assert len(card.ground.getcolors(1 << 20) or []) > 2, "the forms are there"


@pytest.mark.parametrize(
    "colours",
    [(), ("#1a2b3c", "#ffcc00"), ("#fdf6e3", "#cc3366"), ("#ffcc00", "#1a2b3c"), ("#101010",)],
)
@pytest.mark.parametrize(
    "theme", ["gradient", "mesh", "shapes", "halftone", "editorial", "minimal"]
)
def test_dark_and_light_grounds_need_no_scrim(
    theme: str, colours: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Image.Image:
        raise AssertionError("a scrim was laid")

    monkeypatch.setattr("headergen.graphics.card.drawing.veiled", refuse)
    assert least_contrast(layers(replace(FULL, theme=theme, colours=colours), *SIZE)) >= 4.5


def test_a_duotone_of_a_dark_picture_shows_its_subject_beside_the_text(tmp_path: Path) -> None:
    night = Image.new("RGB", (1280, 670), (9, 10, 18))
    canvas = ImageDraw.Draw(night)
    canvas.rectangle((0, 500, 1280, 670), fill=(16, 20, 30))
    canvas.ellipse((580, 250, 700, 370), fill=(50, 48, 40))
    night.save(tmp_path / "night.png")
    card = layers(replace(FULL, theme="duotone", picture=tmp_path / "night.png"), *SIZE)
    light = luminance_map(card.ground)
    lights = light.point([255 * (level > 180) for level in range(256)]).getbbox()
    assert lights is not None
    assert lights[0] > 0.6 * SIZE[0] and lights[2] < 0.95 * SIZE[0]


@pytest.mark.parametrize("theme", ["gradient", "minimal", "night", "mesh"])
def test_code_has_a_quiet_ground_of_its_own(theme: str) -> None:
    code, plain = (layers(Card(title, theme=theme), *SIZE) for title in ("`f(x)` だ", "f(x) だ"))
    left, top, _, bottom = code.text.getbbox() or (0, 0, 0, 0)
    beside, outside = (left - 2, (top + bottom) // 2), (left - 30, (top + bottom) // 2)
    tinted, plain_ground = (
        contrast(*(luminance(each.ground.getpixel(at)) for at in (beside, outside)))  # type: ignore[arg-type]
        for each in (code, plain)
    )
    assert plain_ground < 1.05 < tinted < 2


@pytest.mark.parametrize("title", ["**猫** &amp; [犬](https://a.example)", r"猫 \& 犬"])
def test_marks_of_markdown_are_not_drawn(title: str) -> None:
    card = Card(title, theme="minimal", colours=("#ffffff", "#000000"))
    plain = Card("猫 & 犬", theme="minimal", colours=("#ffffff", "#000000"))
    assert draw(card, *SIZE).tobytes() == draw(plain, *SIZE).tobytes()


def test_a_subtitle_stands_off_its_title() -> None:
    title, subtitle = arrange(
        Card(CARDS["English"].title, subtitle="Why"), ROWS["editorial"].manner, safe_frame(*SIZE)
    ).texts
    assert subtitle.top - title.bottom > subtitle.setting.size


def test_a_logos_plate_is_of_the_grounds_hue(tmp_path: Path) -> None:
    logo = Image.new("RGBA", (200, 200))
    ImageDraw.Draw(logo).ellipse((10, 10, 190, 190), fill="black")
    logo.save(tmp_path / "logo.png")
    card = Card("猫", theme="night", colours=("#102a5c",), logo=tmp_path / "logo.png")
    red, _, blue = layers(card, 1280, 670).ground.getpixel((166, 506))  # type: ignore[misc]
    assert blue > red > 200


SCRIPT = """
import hashlib, sys
from headergen.graphics.card.content import Card
from headergen.graphics.card.drawing import draw
from headergen.vocabulary import THEMES, THEMES_FOR_ALL
for theme in THEMES_FOR_ALL:
    card = Card("雨の夜に🎮4選", theme=theme, tags=("日記",), author="青井")
    print(theme, hashlib.sha256(draw(card, 640, 335).tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_the_same_card_gives_the_same_pixels_in_every_process() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    hashes = [line.split()[1] for line in runs[0].decode().splitlines()]
    assert len(set(hashes)) == len(THEMES_FOR_ALL)


def test_colours_follow_from_the_title() -> None:
    titles = [f"第{number}回" for number in range(12)]
    corners = {draw(Card(title, theme="minimal"), *SIZE).getpixel((2, 2)) for title in titles}
    assert len(corners) > 6


def test_the_authors_colours_are_taken_as_they_are() -> None:
    card = Card("猫", theme="minimal", colours=("#1f6feb", "#d1242f"))
    image = draw(card, *SIZE)
    assert image.getpixel((2, 2)) == (0x1F, 0x6F, 0xEB)
    assert (0xD1, 0x24, 0x2F) in {colour for _, colour in image.getcolors(1 << 20) or ()}


@pytest.mark.parametrize(
    ("card", "error", "named"),
    [
        pytest.param(
            Card("猫", theme="plaid"), UsageError, "'plaid'; choose from gradient, ", id="theme"
        ),
        pytest.param(Card("猫", theme="duotone"), UsageError, "shows a picture", id="no picture"),
        pytest.param(Card(" \n"), UsageError, "needs a title", id="blank title"),
        pytest.param(Card("猫", colours=("red",)), UsageError, "'red'", id="colour's name"),
        pytest.param(Card("猫", colours=("#12345g",)), UsageError, "'#12345g'", id="no hex digit"),
        pytest.param(Card("猫", colours=("#000000",) * 3), UsageError, "not 3", id="three colours"),
        pytest.param(Card("ก"), GlyphError, "U+0E01", id="title that no font draws"),
        pytest.param(Card("猫", author="ก"), GlyphError, "U+0E01", id="author that no font draws"),
        pytest.param(Card("猫", logo=Path("no.png")), SourceError, "no.png", id="missing logo"),
    ],
)
def test_what_cannot_be_drawn_is_an_error(card: Card, error: type[Exception], named: str) -> None:
    with pytest.raises(error) as raised:
        draw(card, *SIZE)
    assert named in str(raised.value)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("card", "length"), [(Card(""), 250), (FULL, 120)])
def test_a_long_title_is_shown_whole(theme: str, card: Card, length: int) -> None:
    manner = ROWS[theme].manner
    title = ("潮を直す人の、静かな一年について考えたことを書く。" * 10)[:length]
    arranged = arrange(replace(card, title=title), manner, safe_frame(1280, 670, manner.room))
    shown = ["".join(line.text for line in text.setting.lines) for text in arranged.texts]
    assert title in shown


@pytest.mark.parametrize("size", [(1, 1), (2, 2)])
def test_a_size_without_room_is_an_error(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="no room for '猫と暮らす'"):
        draw(Card("猫と暮らす"), *size)


def test_tags_that_find_no_room_are_left_out() -> None:
    few = Card("猫", tags=("いちばん長い名前のタグ" * 2,) * 2)
    many = replace(few, tags=few.tags * 5)
    assert draw(few, *SIZE).tobytes() == draw(many, *SIZE).tobytes()
    assert draw(few, *SIZE).tobytes() != draw(Card("猫"), *SIZE).tobytes()


def test_blank_parts_take_no_room() -> None:
    blank = Card("猫", subtitle=" ", author="\u200b", date="", tags=(" ",))
    assert draw(blank, *SIZE).tobytes() == draw(Card("猫"), *SIZE).tobytes()


@pytest.mark.parametrize("colour", ["white", "black", "red"])
@pytest.mark.parametrize("theme", ["minimal", "night"])
def test_a_logo_is_seen_on_every_ground(tmp_path: Path, colour: str, theme: str) -> None:
    logo = Image.new("RGBA", (200, 200))
    ImageDraw.Draw(logo).ellipse((10, 10, 190, 190), fill=colour)
    logo.save(tmp_path / "logo.png")
    plain = Card("猫", theme=theme, author="青井")
    signed = layers(replace(plain, logo=tmp_path / "logo.png"), 1280, 670)
    seen = signed.ground.getpixel((183, 523))
    assert seen == logo.getpixel((100, 100))[:3]  # type: ignore[index]
    edge = signed.ground.getpixel((166, 506))
    assert contrast(luminance(seen), luminance(edge)) >= 3  # type: ignore[arg-type]


def test_what_a_card_shows_is_known_without_pillow() -> None:
    heavy = "{'PIL', 'budoux'}.isdisjoint(sys.modules)"
    code = f"import sys, headergen.graphics.card.content; sys.exit(not {heavy})"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("size", [(500, 700), (600, 600)], ids=["a book cover", "a square"])
def test_the_authors_name_can_be_read_on_an_upright_card(size: tuple[int, int]) -> None:
    card = Card("A short book", author="Jane")
    arrangement = arrange(card, Manner(), safe_frame(*size))
    assert arrangement.texts[-1].setting.size >= 15
