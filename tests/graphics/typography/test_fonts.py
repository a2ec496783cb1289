"""The bundled fonts are what the tables beside them say."""

from __future__ import annotations

import itertools

import pytest

from headergen.graphics.typography import fonts
from headergen.graphics.typography.glyphs import is_japanese, normalise, row

NAMES = sorted({fonts.MONO, *fonts.HEAVY, *fonts.QUIET, *fonts.SERIF})
# A code point of no character: every font draws its box for it.
NONE = "\U000ffffd"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_font_covers_is_drawn_as_a_box(name: str) -> None:
    face, font = fonts.face(name, 20), fonts.font(name)
    box = bytes(face.getmask(NONE))
    assert any(box) and not font.covers(NONE)
    ranges = zip(font.starts, font.ends, strict=True)
    covered = itertools.chain.from_iterable(range(first, last + 1) for first, last in ranges)
    assert [hex(code) for code in covered if bytes(face.getmask(chr(code))) == box] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_glyph_is_as_wide_as_the_table_says(name: str) -> None:
    font = fonts.font(name)
    face = fonts.face(name, font.units_per_em)
    plain = [chr(code) for code in font.starts if chr(code) not in font.trims]
    widths = {each: face.getlength(each) * font.scale / font.units_per_em for each in plain}
    # A few Greek letters take their width from the letter below their accent.
    assert {each: font.spacing(each)[1] for each in plain} == pytest.approx(widths, abs=0.02)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("いろはにほへとちりぬるを、。「」ー・！？", id="kana and punctuation"),
        pytest.param("渡邉髙﨑濵神①㈱㍻℡〒※→★♪", id="names and symbols"),
        pytest.param("ｱｲｳ゛ＡＢＣ１２３～", id="half and full width"),
        pytest.param("Ünïcødé ŁŐŘŞ Việt “‘’” — … €", id="Latin with accents"),
        pytest.param("Ωμέγα Привет", id="Greek and Cyrillic"),
    ],
)
@pytest.mark.parametrize("family", [fonts.HEAVY, fonts.QUIET, fonts.SERIF])
def test_each_family_draws(family: tuple[str, ...], text: str) -> None:
    used = {glyph.font.name for glyph in row(text, family).glyphs}
    assert used <= set(family)


@pytest.mark.parametrize("family", [fonts.HEAVY, fonts.QUIET, fonts.SERIF])
@pytest.mark.parametrize(
    "text", ["Zurich and Łódź 2026", "Łódź – “Zurich”", "Łódźの街、Zurichの街"]
)
def test_all_western_words_of_a_text_have_one_voice(family: tuple[str, ...], text: str) -> None:
    used = {
        glyph.font.name
        for glyph in row(text, family).glyphs
        if not is_japanese(glyph.character) and glyph.character not in " 、"
    }
    assert used == {family[1]}


def test_the_first_font_speaks_where_it_has_every_letter() -> None:
    assert {glyph.font.name for glyph in row("Zürich 2026", fonts.SERIF).glyphs} == {fonts.SERIF[0]}


def test_code_is_set_in_a_mono_font_and_stands_a_little_apart() -> None:
    plain, code = row("aの値", fonts.HEAVY), row("aの値", fonts.HEAVY, code={0})
    assert [glyph.font.name for glyph in code.glyphs] == [fonts.MONO, *[fonts.HEAVY[0]] * 2]
    assert [glyph.is_code for glyph in code.glyphs] == [True, False, False]
    assert code.glyphs[1].x - code.glyphs[0].advance > plain.glyphs[1].x - plain.glyphs[0].advance


@pytest.mark.parametrize("kanji", ["\ufa19", "\ufa11", "\ufa12"])
def test_a_kanji_of_names_keeps_its_form(kanji: str) -> None:
    assert normalise(f"{kanji}か\u3099") == f"{kanji}が"


def test_a_compatibility_kanji_that_no_font_has_is_drawn_as_the_common_one() -> None:
    assert normalise("\uf900") == "豈"


@pytest.mark.parametrize(
    ("name", "character", "shift", "advance"),
    [
        pytest.param(
            "noto-sans-jp-800", "「", -0.5, 0.5, id="an opening bracket loses its left half"
        ),
        pytest.param("noto-sans-jp-800", "、", 0.0, 0.5, id="a comma loses its right half"),
        pytest.param("noto-serif-jp-700", "漢", 0.0, 1.0, id="a kanji keeps its square"),
    ],
)
def test_spacing_is_trimmed(name: str, character: str, shift: float, advance: float) -> None:
    assert fonts.font(name).spacing(character) == pytest.approx((shift, advance), abs=0.1)


@pytest.mark.parametrize("family", [fonts.HEAVY, fonts.QUIET, fonts.SERIF])
def test_latin_pairs_are_kerned(family: tuple[str, ...]) -> None:
    alone = sum(row(letter, family).width(0, 1) for letter in "AV")
    assert row("AV", family).width(0, 2) < alone - 0.02


def test_japanese_and_latin_stand_a_little_apart() -> None:
    def gap(pair: str) -> float:
        alone = sum(row(each, fonts.HEAVY).width(0, 1) for each in pair)
        return row(pair, fonts.HEAVY).width(0, 2) - alone

    assert gap("版P") == gap("P版") == gap("版5") == pytest.approx(0.08)
    assert gap("版版") == gap("版、") == gap("版(") == 0


def test_tracking_stands_between_glyphs_only() -> None:
    loose, close = (row("漢字版", fonts.HEAVY, tracking).width(0, 3) for tracking in (0.1, 0))
    assert loose - close == pytest.approx(0.2)
