"""What a title shows of its Markdown and entities, and which of it is code."""

from __future__ import annotations

import pytest

from headergen.graphics.typography.markup import read_inline


@pytest.mark.parametrize(
    ("written", "shown", "code"),
    [
        pytest.param("`git rebase -i` の話", "git rebase -i の話", "git rebase -i", id="code"),
        pytest.param("`` a`b `` と", "a`b と", "a`b", id="code with a tick"),
        pytest.param("`**a** &amp;`", "**a** &amp;", "**a** &amp;", id="nothing counts in code"),
        pytest.param("これは**大事**です", "これは大事です", "", id="strong"),
        pytest.param("*a* and **b `c`**", "a and b c", "c", id="code in strong"),
        pytest.param("~~旧~~新", "旧新", "", id="struck out"),
        pytest.param("_two words_ and __日本__", "two words and 日本", "", id="underscores"),
        pytest.param("[設計](https://a.example) の話", "設計 の話", "", id="a link"),
        pytest.param("<https://a.example/b>", "https://a.example/b", "", id="an address"),
        pytest.param("R&amp;D &lt;3 &#39;26 &#x732b;", "R&D <3 '26 猫", "", id="entities"),
        pytest.param(r"\*a\* and C:\note", r"*a* and C:\note", "", id="escapes"),
    ],
)
def test_marks_are_taken_out(written: str, shown: str, code: str) -> None:
    marked = read_inline(written)
    assert marked.text == shown
    assert "".join(marked.text[index] for index in sorted(marked.code)) == code


@pytest.mark.parametrize(
    "title",
    [
        "2*3*4の話",
        "C* と D*",
        "*args と **kwargs",
        "Pythonの__init__とは",
        "__init__ and __main__",
        "snake_case_name",
        "AT&T & R&D; &unknown;",
        "a ` b",
        "配列[0] (初級)",
        "5 * 3 * 2",
        "~/.bashrc と ~/.zshrc",
        "<T> と List<String>",
        "**",
    ],
)
def test_what_is_no_markdown_stays(title: str) -> None:
    assert read_inline(title).text == title
    assert not read_inline(title).code


def test_code_is_found_again_when_characters_are_composed_before_it() -> None:
    marked = read_inline("か\u3099  `x`")
    assert marked.text == "が x"
    assert marked.code == {2}
