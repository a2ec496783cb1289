"""Where titles break, and how large they stand."""

from __future__ import annotations

import itertools
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headergen.errors import GlyphError
from headergen.graphics.typography import fonts
from headergen.graphics.typography.breaks import opportunities
from headergen.graphics.typography.fit import ELLIPSIS, Setting, Style, fit
from headergen.graphics.typography.glyphs import is_western, normalise, row

TITLE = Style(fonts.HEAVY, largest=100, smallest=30, max_lines=9, tracking=0.01)
BOX = (984, 380)


def lines(text: str, style: Style = TITLE) -> list[str]:
    return [line.text for line in fit(text, style, *BOX).lines]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param(
            "雨の夜にひとりで遊びたい、推しインディーゲーム4選",
            ["雨の夜にひとりで遊びたい、", "推しインディーゲーム4選"],
            id="a comma is the best place",
        ),
        pytest.param(
            "夏の終わりの海を、ゲームはなぜ忘れないのか",
            ["夏の終わりの海を、", "ゲームはなぜ", "忘れないのか"],
            id="phrases stay whole",
        ),
        pytest.param(
            "2026年版おすすめノートPC10選",
            ["2026年版", "おすすめノートPC10選"],
            id="a number keeps its counter, against the model's own mind",
        ),
        pytest.param(
            "『Tidewright』レビュー：潮を直す人の、静かな一年",
            ["『Tidewright』レビュー：", "潮を直す人の、静かな一年"],
            id="a colon parts a series from its episode",
        ),
        pytest.param(
            "Python 3.13で始めるデータ分析入門",
            ["Python 3.13で", "始めるデータ分析入門"],
            id="a compound that the model tears apart stays whole",
        ),
        pytest.param(
            "月10万円を稼ぐためのnote運営術【完全保存版】",
            ["月10万円を稼ぐための", "note運営術", "【完全保存版】"],
            id="a bracket begins its own line",
        ),
        pytest.param(
            "今日は天気です。明日は（たぶん）雨です！？",
            ["今日は天気です。明日は", "（たぶん）雨です！？"],
            id="no closing mark begins a line",
        ),
        pytest.param(
            "Six Pixel Soundtracks I Would Save From a Fire",
            ["Six Pixel Soundtracks", "I Would Save", "From a Fire"],
            id="no English line ends in a short word",
        ),
        pytest.param(
            "第1回：はじめてのNext.js 15 App Router",
            ["第1回：はじめての", "Next.js 15 App Router"],
            id="a name of several words stays whole, with its version",
        ),
        pytest.param(
            "スーパーマリオブラザーズワンダー",
            ["スーパーマリオ", "ブラザーズワンダー"],
            id="a long compound breaks where one of its words ends",
        ),
        pytest.param(
            "一行目\n二行目はもう少し長い",
            ["一行目", "二行目はもう少し長い"],
            id="the author's line break is kept and no other added",
        ),
        pytest.param("猫", ["猫"], id="one character"),
        pytest.param("  推し \n\n 活 ", ["推し", "活"], id="blanks around lines don't count"),
    ],
)
def test_a_title_breaks_as_a_reader_would(title: str, expected: list[str]) -> None:
    assert lines(title) == expected


MARKS = "、。「」（）！？…・ー々 \u3000"
WORDS = (
    "夏の",
    "終わり",
    "っ",
    "を",
    "ョ",
    "ゲーム",
    "2026",
    "年版",
    "Next.js",
    "A",
    "3.5%",
    "¥100",
)
PIECES = st.sampled_from([*MARKS, *WORDS, "きゃりーぱみゅぱみゅ"])


def _is_breakable(text: str) -> bool:
    """Tell whether no single part of a text that may not be broken is wider than the box."""
    whole = row(normalise(text), TITLE.family)
    borders = [0, *sorted(opportunities(whole.text)), len(whole.text)]
    widest = max(whole.width(*pair) for pair in itertools.pairwise(borders))
    return bool(whole.text) and widest * TITLE.smallest <= BOX[0]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=30).map("".join).filter(_is_breakable))
def test_no_line_breaks_kinsoku_or_tears_a_word(text: str) -> None:
    setting = fit(text, TITLE, *BOX)
    shown = [line.text for line in setting.lines]
    for before, after in itertools.pairwise(shown):
        assert after[0] not in "、。」）！？ー・…々っャュョ%"
        assert before[-1] not in "「（¥"
        # Only long identifiers break, at their joints.
        torn = re.search(r"[!-~]*$", before)[0] + re.search(r"^[!-~]*", after)[0]  # type: ignore[index]
        is_torn = is_western(before[-1]) and is_western(after[0]) and before + after in text
        assert not is_torn or len(torn) >= 14


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=60).map("".join), st.integers(200, 1000))
def test_a_text_stays_in_its_box(text: str, width: int) -> None:
    if not normalise(text):
        return
    setting = fit(text, TITLE, width, 300)
    assert setting.width <= width and setting.height <= 300
    assert TITLE.smallest <= setting.size <= TITLE.largest
    assert len(setting.lines) <= TITLE.max_lines


def _text(setting: Setting) -> str:
    return "".join(line.text for line in setting.lines)


def test_two_hundred_characters_are_shown_whole() -> None:
    title = "潮を直す人の、静かな一年について考えたことを書く。" * 8
    assert _text(fit(title, TITLE, *BOX)) == title


@pytest.mark.slow
def test_what_does_not_fit_ends_in_an_ellipsis_after_a_phrase() -> None:
    title = "潮を直す人の、静かな一年について考えたことを書く。" * 11
    width, height = BOX
    setting = fit(title, TITLE, width, height // 2)
    shown = _text(setting)
    assert shown.endswith(ELLIPSIS) and title.startswith(shown[:-1])
    assert len(shown) > 100
    assert shown[:-1].endswith(("人の", "静かな", "一年に", "ついて", "考えたことを", "書く"))


def test_a_word_wider_than_the_box_is_torn_where_nothing_else_helps() -> None:
    assert "".join(lines("a" * 150)) == "a" * 150
    assert len(lines("a" * 150)) > 1


@pytest.mark.slow
def test_no_line_holds_a_single_character() -> None:
    chance = random.Random(1)
    for _ in range(200):
        title = "".join(chance.choices([*WORDS, "夢", "話", "、", "インディー"], k=9))
        assert min(map(len, lines(title))) > 1, title


def test_a_blank_text_is_refused() -> None:
    with pytest.raises(ValueError, match="blank"):
        fit(" \n\u200b", TITLE, *BOX)


@pytest.mark.parametrize(
    ("title", "named"),
    [
        pytest.param("สวัสดี", "'ส' (U+0E2A)", id="Thai"),
        pytest.param("한국어", "'한' (U+D55C)", id="Korean"),
        pytest.param("x\u0007", "'\\x07' (U+0007)", id="a control character"),
        pytest.param("x\u0303", "'̃' (U+0303)", id="a mark that composes with nothing"),
        pytest.param("\U000f0000\U000fffff", "U+FFFFF", id="beyond the emoji's own code points"),
        pytest.param(
            "👩\u200d🍌", "(U+1F469 U+200D U+1F34C)", id="a joined emoji that there is not"
        ),
    ],
)
def test_what_no_font_draws_is_named(title: str, named: str) -> None:
    with pytest.raises(GlyphError) as error:
        fit(title, TITLE, *BOX)
    assert named in str(error.value)
    assert error.value.remedy


@pytest.mark.parametrize(
    ("written", "glyphs"),
    [
        pytest.param("か\u3099", 1, id="a decomposed kana of macOS"),
        pytest.param("葛\U000e0100", 1, id="a kanji with a variant's selector"),
        pytest.param("👨‍👩‍👧‍👦", 1, id="a family"),
        pytest.param("❤️", 1, id="a heart in colour"),
        pytest.param("👍🏽", 1, id="a skin tone"),
        pytest.param("🏳️‍🌈", 1, id="a joined flag"),
        pytest.param("🇯🇵🇫🇷", 2, id="two flags"),
        pytest.param("1️⃣", 1, id="a keycap"),
        pytest.param("🏽", 1, id="a skin tone alone"),
        pytest.param("a \t b", 3, id="blanks"),
        pytest.param("a\r\nb", 3, id="a line break of Windows"),
        pytest.param("イ\u200bン", 2, id="a zero width space"),
    ],
)
def test_each_thing_seen_is_one_glyph(written: str, glyphs: int) -> None:
    text = normalise(written)
    assert len(row(text, fonts.HEAVY).glyphs) == glyphs
