"""Titles, tags and dates are what the author typed, in YAML and in TOML."""

from __future__ import annotations

from pathlib import Path

import pytest

from headergen.article.article import parse
from headergen.article.facts import Facts
from headergen.errors import SkippedError


def facts(text: str) -> Facts:
    article = parse(Path("a.md"), text.encode(), every=True)
    assert article is not None
    return article.facts


@pytest.mark.parametrize(
    "word",
    ["10:30", "3.10", "007", "No", "off", "0x1F", "1_000", "1e3", "2026-08-30", ".inf", "+1"],
)
def test_yaml_does_not_change_a_word(word: str) -> None:
    text = f"---\ntitle: {word}\ntags: [{word}, '{word}']\ndate: {word}\n---\n"
    assert facts(text) == Facts(word, (word, word), word)


@pytest.mark.parametrize("word", ["10:30:00", "3.10", "0x1F", "true", "2026-08-30", "1_000", "inf"])
def test_toml_does_not_change_a_word(word: str) -> None:
    text = f"+++\ntitle = {word}\ntags = [{word}, '{word}']\n+++\n"
    assert facts(text) == Facts(word, (word, word))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("title: ~\n", Facts(), id="null"),
        pytest.param("title:\n", Facts(), id="nothing"),
        pytest.param("title: [a]\n", Facts(), id="a list"),
        pytest.param("a: &a 1.10\ntitle: *a\n", Facts("1.10"), id="repeated"),
        pytest.param("a: &a {title: 1.5}\n<<: *a\n", Facts("1.5"), id="merged in"),
        pytest.param("a: &a {title: 007}\n<<: *a\n", Facts("007"), id="merged in as written"),
        pytest.param(
            "a: &a {title: No}\nb: &b {title: off, tags: [3.10]}\n<<: [*a, *b]\n",
            Facts("No", ("3.10",)),
            id="merged in from two",
        ),
        pytest.param("a: &a {title: 007}\ntitle: 1.0\n<<: *a\n", Facts("1.0"), id="not merged"),
        pytest.param(
            "title: !x 007\ntags: !y [a, !z b]\nparams: !e {a: !r Sys.Date()}\n",
            Facts("007", ("a", "b")),
            id="tags of other programs",
        ),
        pytest.param("title: 1.10\ntitle: 2.20\n", Facts("2.20"), id="the last of two"),
        pytest.param("title: >-\n  a\n  b\n", Facts("a b"), id="folded"),
        pytest.param("topics: [a]\n", Facts(tags=("a",)), id="topics"),
        pytest.param("categories: a\n", Facts(tags=("a",)), id="categories"),
        pytest.param("taxonomies:\n  tags: [a, 3.10]\n", Facts(tags=("a", "3.10")), id="Zola"),
        pytest.param("keywords: a, b\n", Facts(tags=("a", "b")), id="keywords"),
        pytest.param(
            "tags: []\ncategories: [b]\n", Facts(tags=("b",)), id="the first that has any"
        ),
        pytest.param("tags: [{a: b}, c]\n", Facts(tags=("c",)), id="no text"),
        pytest.param("date: 2026-08-30 23:00:00 -0800\n", Facts(date="2026-08-30"), id="a time"),
        pytest.param("date: 2026/8/30\n", Facts(date="2026/8/30"), id="slashes"),
        pytest.param("date: August 30, 2026\n", Facts(date="August 30, 2026"), id="words"),
    ],
)
def test_what_an_article_tells(text: str, expected: Facts) -> None:
    assert facts(f"---\n{text}---\n") == expected


@pytest.mark.parametrize("tag", ["!!python/name:os.system", "!!python/object/apply:os.getcwd"])
def test_no_tag_of_pythons_is_followed(tag: str) -> None:
    with pytest.raises(SkippedError, match="could not determine a constructor"):
        facts(f"---\ntitle: {tag} []\n---\n")
