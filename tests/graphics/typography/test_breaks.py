"""Where a line may end, and which of the places is better."""

from __future__ import annotations

import itertools

import pytest

from headergen.graphics.typography.breaks import (
    INSIDE_COMPOUND,
    INSIDE_PHRASE,
    hyphenated,
    opportunities,
)


@pytest.mark.parametrize(
    "marked",
    [
        pytest.param("夏の|終わりの|海を、|ゲームは|なぜ|忘れないのか", id="between phrases"),
        pytest.param(
            "2026年版|おすすめノートPC10選", id="not within a number, nor before its counter"
        ),
        pytest.param(
            "第1回：|はじめての|Next.js 15 |App Router", id="not between 第 and its number"
        ),
        pytest.param("１２３話の|ＡＢＣ入門", id="nor within full-width ones"),
        pytest.param("月10,000.5円と|-3.2%と|50〜60点", id="nor at a point, comma or sign"),
        pytest.param("今日は|（たぶん）|雨です！？|きっと", id="around brackets, after marks"),
        pytest.param("えっ……|そう", id="after a pair of dots"),
        pytest.param("「推し」と|「萌え」", id="before an opening bracket"),
        pytest.param("a |(b) |c", id="around English brackets"),
        pytest.param("10\u00a0000 |yen", id="not at a space that holds together"),
        pytest.param("それは\u3000|夢", id="after a wide blank"),
        pytest.param("一行\n|二行", id="at a line break of the text's own"),
    ],
)
def test_a_line_may_end_at(marked: str) -> None:
    text = marked.replace("|", "")
    ends = [index for index, cost in sorted(opportunities(text).items()) if cost < INSIDE_COMPOUND]
    borders = [0, *ends, len(text)]
    parts = [text[start:stop] for start, stop in itertools.pairwise(borders)]
    assert parts == marked.split("|")


@pytest.mark.parametrize(
    "marked",
    [
        pytest.param("コンテナ|オーケストレーション|プラットフォーム|入門|ガイド", id="katakana"),
        pytest.param("ハイドレーション|エクササイズ", id="katakana that no list has"),
        pytest.param("令和八年度|税制|改正|大綱|解説", id="kanji by pairs, with an affix"),
        pytest.param("東京都|公共|交通|機関|協議会|設立", id="kanji of places and bodies"),
        pytest.param("BigQuery|エクスポート|設定|ガイド", id="between scripts"),
        pytest.param("get|Server|Side|Props|After|Hydration", id="an identifier"),
        pytest.param("read_|csv_|from_|somewhere", id="an identifier with underscores"),
        pytest.param("https://example.org/|docs/|start", id="an address after its slashes"),
        pytest.param("Straßen|verkehrs|zulassungs|ordnung", id="German"),
        pytest.param("Schiff|fahrts|kasse", id="three like consonants"),
        pytest.param("Microservices", id="no word of less than 14 letters"),
    ],
)
def test_a_long_compound_may_break_at(marked: str) -> None:
    text = marked.replace("|", "")
    ends = [index for index, cost in sorted(opportunities(text).items()) if cost < 0.9]
    borders = [0, *ends, len(text)]
    assert [text[start:stop] for start, stop in itertools.pairwise(borders)] == marked.split("|")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("運動プラン", "プ|ラ", id="inside a katakana word"),
        pytest.param("食べられたもの", "べ|ら", id="inside an inflected word"),
        pytest.param("教えてもらった", "もら|っ", id="inside a helping verb"),
        pytest.param("Proで撮る", "o|で", id="before a particle"),
        pytest.param("10 選ぶ", "0 |選", id="between a number and its counter, across a blank"),
        pytest.param("ルール - 話", "ル |-", id="before a dash between blanks"),
        pytest.param("A × B", " |×", id="before an operator"),
        pytest.param("インターンシップ制度", "ー|ン", id="before ン"),
        pytest.param("Pixel 10 Proで", " |P", id="before the rest of a model's name"),
    ],
)
def test_no_line_ends(text: str, parts: str) -> None:
    left, right = parts.split("|")
    index = text.index(left + right) + len(left)
    assert opportunities(text).get(index, INSIDE_PHRASE) >= INSIDE_PHRASE


def test_an_english_word_breaks_between_syllables() -> None:
    word = "internationalization"
    found = {f"{word[:index]}-{word[index:]}" for index in hyphenated(word)}
    assert {"interna-tionalization", "internationali-zation"} <= found
    assert all(4 <= each.index("-") <= len(word) - 4 for each in found)


def test_a_hyphen_shows_that_a_western_word_goes_on_and_nothing_else() -> None:
    word = "Straßenverkehrsordnung"
    assert {word[:index] for index in hyphenated(word)} >= {"Straßen", "Straßenverkehrs"}
    assert not hyphenated("getServerSidePropsAfterHydration コンテナオーケストレーション 2026年版")
    assert not hyphenated("https://example.org/internationalization/misunderstandings")


@pytest.mark.parametrize(
    ("text", "better", "worse"),
    [
        pytest.param(
            "海を、夏の空", "海を、", "海を、夏の", id="after a comma than after a particle"
        ),
        pytest.param(
            "データ分析入門の話", "データ分析入門の", "データ分", id="not inside a compound"
        ),
        pytest.param("生産性をした話", "生産性を", "生産性", id="at a phrase than inside it"),
        pytest.param("Save it from fire", "Save it from ", "Save it ", id="not after a short word"),
        pytest.param("Next.js App 15 to", "Next.js ", "Next.js App ", id="not before a number"),
        pytest.param("Part one: the sea", "Part one: ", "Part ", id="after a colon"),
        pytest.param("One, two: a sea", "One, two: ", "One, ", id="after a colon than a comma"),
        pytest.param("夏、海：空の話", "夏、海：", "夏、", id="after a wide colon than a comma"),
        pytest.param("One, two | a sea", "One, two | ", "One, ", id="after a bar than a comma"),
    ],
)
def test_a_line_ends_better(text: str, better: str, worse: str) -> None:
    costs = opportunities(text)
    assert costs[len(better)] < costs[len(worse)]
