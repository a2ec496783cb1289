"""Each title of tests/data/titles.txt breaks where a good editor marked it, large enough."""

from __future__ import annotations

import random
from functools import cache

import pytest

from headergen.graphics.card.content import Card
from headergen.graphics.card.layout import arrange, safe_frame
from headergen.graphics.card.themes import THEMES
from headergen.graphics.typography.fit import HYPHEN, Setting
from headergen.graphics.typography.glyphs import normalise, row
from tests.support.paths import DATA

MARKED = [
    line
    for line in (DATA / "titles.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
# Where one of these is broken elsewhere, the marks ask for more than there is room for: a name of
# three words is wider than the box at the least size; and two places before a bracket and after a
# particle are left unmarked here and marked in other titles.
NOT_MARKED = {"Site Reliability", "ツール比較", "向上プロジェクトの"}
# The least size in px of a title of up to 50 em on a bare card.
LEAST = {"gradient": 64, "paper": 64, "shapes": 52, "editorial": 52, "duotone": 52}


@cache
def setting(title: str, theme: str) -> Setting:
    manner = THEMES[theme].manner
    return arrange(Card(title), manner, safe_frame(1280, 670, manner.room)).texts[0].setting


def badly_broken(marked: str, lines: list[str]) -> list[str]:
    """Return the lines that end elsewhere than at a mark; blanks and added hyphens don't count."""
    # The ticks of code are not drawn.
    parts = ["".join(part.replace("`", "").split()) for part in marked.split("|")]
    text = "".join(parts)
    ends = {len("".join(parts[: index + 1])) for index in range(len(parts))}
    bad, at = [], 0
    for line in lines:
        shown = "".join(line.split())
        at += len(shown) if text.startswith(shown, at) else len(shown.removesuffix(HYPHEN))
        bad += [] if at in ends else [line]
    return bad


@pytest.mark.parametrize("theme", LEAST)
@pytest.mark.parametrize("marked", MARKED)
def test_a_title_breaks_only_where_an_editor_would(marked: str, theme: str) -> None:
    lines = [line.text for line in setting(marked.replace("|", ""), theme).lines]
    allowed = set() if theme == "gradient" else NOT_MARKED
    assert set(badly_broken(marked, lines)) <= allowed, " / ".join(lines)


@pytest.mark.parametrize("theme", LEAST)
@pytest.mark.parametrize("marked", MARKED)
def test_a_title_can_be_read_in_a_list(marked: str, theme: str) -> None:
    assert setting(marked.replace("|", ""), theme).size >= LEAST[theme]


def made_up(chance: random.Random, theme: str) -> str:
    """Put parts of titles together to one of almost 50 em."""
    parts = [part for marked in MARKED for part in marked.split("|")]
    parts += ["インターナショナル", "ーーーーーー", "A" * 30, "1234567890123456789", "、。", "「「"]
    manner, title = THEMES[theme].manner, "猫"
    while True:
        longer = title + chance.choice(parts)
        text = normalise(longer)
        if row(text, manner.family, manner.tracking).width(0, len(text)) > 50:
            return title
        title = longer


@pytest.mark.slow
@pytest.mark.parametrize("theme", LEAST)
def test_no_title_of_up_to_50_em_is_set_small(theme: str) -> None:
    chance = random.Random(theme)
    titles = [made_up(chance, theme) for _ in range(60)]
    assert [each for each in titles if setting(each, theme).size < LEAST[theme]] == []


def test_the_marks_are_counted_right() -> None:
    assert badly_broken("夏の|海", ["夏の", "海"]) == []
    assert badly_broken("夏の|海", ["夏", "の海"]) == ["夏"]
    assert badly_broken("Winter |Games - |1", ["Winter", "Games -", "1"]) == []
    assert badly_broken("Donau|dampf", ["Donau-", "dampf"]) == []
