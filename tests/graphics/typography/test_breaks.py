"""Where a line may end, and which of the places is better."""

from __future__ import annotations

import itertools

import pytest

from headergen.graphics.typography.breaks import INSIDE_PHRASE, opportunities


@pytest.mark.parametrize(
    "marked",
    [
        pytest.param("夏の|終わりの|海を、|ゲームは|なぜ|忘れないのか", id="between phrases"),
        pytest.param(
            "2026年版|おすすめノートPC10選", id="not within a number, nor before its counter"
        ),
        pytest.param(
            "第1回：|はじめての|Next.js |15 |App |Router", id="not between 第 and its number"
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
    ends = [index for index, cost in sorted(opportunities(text).items()) if cost < INSIDE_PHRASE]
    borders = [0, *ends, len(text)]
    parts = [text[start:stop] for start, stop in itertools.pairwise(borders)]
    assert parts == marked.split("|")


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
