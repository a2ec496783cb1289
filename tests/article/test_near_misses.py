"""What is almost a request is told, with its line and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from headergen.article.article import parse
from headergen.errors import ArticleError, SkippedError

PLAIN = "with a plain colon"
NEAR = {
    "full-width colon": ("header：\n  prompt: x\n", 2, "`header：` has a full-width colon", PLAIN),
    "and a value": ("title: a\nheader：{card: true}\n", 3, "full-width colon", PLAIN),
    "below the header": ("header:\n  prompt：夕焼け\n", 3, "`prompt：` has a full-width", PLAIN),
    "on the second key": ("header:\n  prompt: a\n  seed：1\n", 4, "`seed：` has", PLAIN),
    "ideographic space": ("header:\n　prompt: x\n", 3, "an ideographic space", "plain blanks"),
    "and a blank": (
        "header:\n  prompt: x\n 　seed: 1\n",
        4,
        "an ideographic space",
        "plain blanks",
    ),
    "tab": ("header:\n\tprompt: x\n", 3, "a tab", "indent by blanks"),
    "capital": ("Header:\n  prompt: x\n", 2, "did you mean 'header'?", "write `header:`"),
    "capitals": ("HEADER: {card: true}\n", 2, "did you mean 'header'?", "write `header:`"),
    "plural": ("title: a\nheaders:\n  sources: [a]\n", 3, "did you mean 'header'?", "write"),
    "dot": ("header.prompt: x\n", 2, "a dot does not nest", "`prompt:` indented below it"),
    "dots": ("header.card.theme: night\n", 2, "a dot does not nest", "`card.theme:` indented"),
    "a dot beside it": ("header: {prompt: x}\nheader.seed: 1\n", 3, "a dot does not nest", "seed"),
    "theme as title": ("header:\n  card: night\n", 3, "the name of a theme", "{theme: night}"),
    "bare colours": ("header:\n  card:\n    colours: [#1a2b3c]\n", 4, "is a comment", "quotes"),
    "one bare colour": ("header: {card: {colours: #fff}}\n", 2, "is a comment", "quotes"),
    "a second one": ("header:\n  card: {colours: ['#000000', #1a2b3c]}\n", 3, "comment", "quotes"),
    "bare colour on a line": ("header:\n  card:\n    colours: #1a2b3c\n", 4, "comment", "quotes"),
    "conflict": ("header:\n<<<<<<< HEAD\n  seed: 1\n=======\n", 3, "conflict marker", "resolve"),
    "true": ("header: true\n", 2, "expected a mapping", "`header: {card: true}`"),
    "true, and a theme's": ("header: true\n", 2, "expected a mapping", "request_key: headergen"),
    "a typo alone": ("header:\n  promt: x\n", 3, "did you mean 'prompt'?", ""),
    "a typo of two letters": ("header: {titel: x}\n", 2, "did you mean 'title'?", ""),
    "a theme's key beside ours": ("header: {prompt: x, foo: y}\n", 2, "unknown key 'foo'", ""),
    "a list": ("header: [a.png]\n", 2, "expected a mapping", "`header: {sources: […]}`"),
    "No as a title": (
        "header: {card: {title: No}}\n",
        2,
        "not False",
        "put it in quotes: YAML reads",
    ),
    "off as a prompt": ("header:\n  prompt: off\n", 3, "not False", "put it in quotes: YAML reads"),
}


@pytest.mark.parametrize(("text", "line", "message", "remedy"), NEAR.values(), ids=NEAR)
@pytest.mark.parametrize("every", [False, True])
def test_a_near_miss_is_told(text: str, line: int, message: str, remedy: str, every: bool) -> None:
    data = f"---\n{text}---\n# T\n".encode()
    with pytest.raises(ArticleError) as caught:
        parse(Path("a.md"), data, every=every)
    assert not isinstance(caught.value, SkippedError)
    assert caught.value.line == line
    assert message in str(caught.value)
    assert remedy in (caught.value.remedy or "")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Header: My site\n", id="a text of another tool's"),
        pytest.param("headers:\n  X-Frame-Options: DENY\n", id="a mapping of another tool's"),
        pytest.param("headers: {\n", id="YAML that nobody can read"),
        pytest.param("header.html: x\n", id="a key with a dot"),
        pytest.param("background: #fff\nheader: ~\n", id="a colour of the site's"),
        pytest.param("header: no\n", id="Feeling Responsive"),
        pytest.param("note: 'header：'\n", id="a colon in a text"),
    ],
)
def test_what_other_tools_read_is_no_near_miss(text: str) -> None:
    assert parse(Path("a.md"), f"---\n{text}---\n# T\n".encode()) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("header:\n  prompt: |\n    　夕焼け\n    seed：1 と\n", id="a text's own"),
        pytest.param("header:\n  prompt: '海：夕焼け'\n", id="a full-width colon in a text"),
        pytest.param("header:\n  card: Night\n", id="a title that is like a theme"),
        pytest.param("header: {card: {colours: ['#1a2b3c']}}\n", id="colours in quotes"),
        pytest.param("header: {prompt: x} # colours: [#fff]\n", id="a comment"),
    ],
)
def test_a_request_that_is_right_is_read(text: str) -> None:
    article = parse(Path("a.md"), f"---\n{text}---\n# T\n".encode())
    assert article is not None
    assert article.request


def test_toml_has_near_misses_too() -> None:
    for text in ("[Header]\nprompt = 'x'\n", "headers = {card = true}\n"):
        with pytest.raises(ArticleError, match="did you mean 'header'"):
            parse(Path("a.md"), f"+++\n{text}+++\n".encode())


@pytest.mark.parametrize("text", ["header:\n", "title: a\nheader: # nothing yet\n"])
def test_an_empty_header_is_told_of_and_gets_the_default(text: str) -> None:
    data = f"---\n{text}---\n# T\n".encode()
    with pytest.raises(SkippedError) as caught:
        parse(Path("a.md"), data)
    assert caught.value.line == data[: data.index(b"header")].count(b"\n") + 1
    assert "`prompt:`, `sources:` or `card:`" in (caught.value.remedy or "")
    assert parse(Path("a.md"), data, every=True)


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("header:\n  overlay_image: /a.jpg\n", "is the theme's", id="Minimal Mistakes"),
        pytest.param("header: {teaser: a.png}\n", "is the theme's", id="its teaser"),
        pytest.param("header: {image: /a.jpg, caption: x}\n", "is the theme's", id="its picture"),
        pytest.param("header:\n  foo: x\n", "is the theme's", id="unknown keys alone"),
        pytest.param("header:\n  1: x\n", "is the theme's", id="a number as a key"),
        pytest.param("header: The sea\n", "is a text", id="a text"),
        pytest.param("header: big.png\n", "is a text", id="a path"),
    ],
)
def test_a_header_of_the_themes_is_skipped(text: str, what: str, every: bool) -> None:
    with pytest.raises(SkippedError) as caught:
        parse(Path("a.md"), f"---\n{text}---\n# T\n".encode(), every=every)
    assert caught.value.reason.startswith(f"their `header:` {what}")
    assert "set `request_key: headergen` in the config" in caught.value.reason
    assert caught.value.line == 2
