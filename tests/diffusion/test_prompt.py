from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headergen.diffusion import prompt
from headergen.diffusion.prompt import Fragment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a cat, at sea", [("a cat, at sea", 1.0)], id="plain text"),
        pytest.param("(cat)", [("cat", 1.1)], id="round brackets"),
        pytest.param("((cat))", [("cat", 1.21)], id="twice"),
        pytest.param("[cat]", [("cat", 0.909)], id="square brackets"),
        pytest.param("a (cat:1.4) b", [("a ", 1.0), ("cat", 1.4), (" b", 1.0)], id="a number"),
        pytest.param(
            "(worst quality, low quality:1.4), nsfw",
            [("worst quality, low quality", 1.4), (", nsfw", 1.0)],
            id="a number for a list",
        ),
        pytest.param("(a (b:1.5):2)", [("a ", 2.0), ("b", 3.0)], id="nested numbers multiply"),
        pytest.param("(a [b])", [("a ", 1.1), ("b", 1.0)], id="brackets of both kinds"),
        pytest.param(r"a \(film\) \[x\] \\", [(r"a (film) [x] " + "\\", 1.0)], id="escapes"),
        pytest.param("(a", [("a", 1.1)], id="closed by the end"),
        pytest.param("a) b]", [("a) b]", 1.0)], id="closed and never opened"),
        pytest.param("at 12:30, 1:1.5) x", [("at 12:30, 1:1.5) x", 1.0)], id="colons"),
        pytest.param("(a:0)", [("a", 0.0)], id="weight nothing"),
        pytest.param("（猫）「海」", [("（猫）「海」", 1.0)], id="full width brackets are words"),
        pytest.param("BREAKFAST", [("BREAKFAST", 1.0)], id="a word that begins like BREAK"),
        pytest.param("a <lora:x:0.8>b", [("a b", 1.0)], id="a LoRA is no word"),
        pytest.param("", [("", 1.0)], id="nothing"),
    ],
)
def test_parse(text: str, expected: list[tuple[str, float]]) -> None:
    (chunk,) = prompt.parse(text)

    assert [each.text for each in chunk] == [each for each, _ in expected]
    assert [each.weight for each in chunk] == pytest.approx([w for _, w in expected], abs=5e-4)


def test_break_begins_a_chunk() -> None:
    assert prompt.parse("(a) BREAK b") == [
        [Fragment("a", 1.1), Fragment(" ", 1.0)],
        [Fragment(" b", 1.0)],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("((a cat:1.2)), [sea]", "a cat, sea", id="weights are read away"),
        pytest.param(r"a \(film\)", "a (film)", id="escapes stay as brackets"),
        pytest.param("a BREAK b", "a b", id="chunks are joined"),
        pytest.param("夕焼けの海辺、逆光", "夕焼けの海辺、逆光", id="plain text stays"),
    ],
)
def test_plain_text(text: str, expected: str) -> None:
    assert prompt.plain_text(text) == expected


@given(st.text(alphabet="ab()[]:\\1.4 BREAK,", max_size=40))
def test_any_text_is_a_prompt_and_plain_text_has_no_weights(text: str) -> None:
    escaped = "".join(f"\\{each}" if each in "()[]\\" else each for each in text)

    assert all(each.text is not None for chunk in prompt.parse(text) for each in chunk)
    assert not prompt.has_weights(escaped)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("(a:1.4)", None, False, False), "read as 'a'", id="no weights known"),
        pytest.param(("(a:1.4)", None, True, True), None, id="weights known"),
        pytest.param(("a", "b", True, True), None, id="a negative prompt that is in use"),
        pytest.param(("a", "b", False, False), "negative prompt has no effect", id="not guided"),
        pytest.param(("a", "", False, False), None, id="an empty negative prompt"),
        pytest.param(("a <lora:x:1>", None, True, True), "<lora:x:1> is left out", id="a LoRA"),
        pytest.param(
            ("[cat:dog:0.5]", None, True, True), "between steps: '[cat:dog:0.5]'", id="a:b"
        ),
        pytest.param(("[cat|dog]", None, True, True), "do not alternate", id="words in turn"),
        pytest.param(("{cat|dog}", None, True, True), "no variant is chosen", id="a choice"),
        pytest.param(("a cat AND a dog", None, True, True), "prompts are not combined", id="AND"),
        pytest.param(
            ("embedding:easy.pt", None, True, True), "no textual inversion", id="an embedding"
        ),
        pytest.param(("a __colour__ cat", None, True, True), "no wildcard", id="a wildcard"),
        pytest.param(("（猫：1.3）", None, True, True), "ASCII brackets", id="full width"),
        pytest.param(("[cat], (dog:1.2), a_b", None, True, True), None, id="what is understood"),
        pytest.param(("SAND AND", None, True, True), "combined: 'AND'", id="a whole word"),
    ],
)
def test_notes(arguments: tuple[str, str | None, bool, bool], words: str | None) -> None:
    text, negative, weights, guided = arguments
    found = prompt.notes(text, negative, weights=weights, guided=guided)

    assert len(found) == (words is not None)
    assert words is None or words in found[0]
