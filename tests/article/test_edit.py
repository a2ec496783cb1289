"""Prompt and seed, written at the author's word: which bytes change, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.article.edit import Changes, with_image, with_request
from headergen.article.keys import Keys
from headergen.errors import ArticleError
from tests.support.paths import DATA

FOLDER = DATA / "changes"
PAIRS = sorted(FOLDER.glob("*/*.expected.md"))
CHANGES: Changes = {"prompt": "夜の海、満月", "seed": 42}


def read(data: bytes, image_key: str = "header.image") -> Article:
    found = articles.parse(Path("a.md"), data, Keys(image=image_key))
    assert found is not None
    return found


@pytest.mark.parametrize("expected", PAIRS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_writes_exactly_the_expected_bytes_and_reads_them_back(expected: Path) -> None:
    before = expected.with_name(expected.name.replace(".expected", "")).read_bytes()
    article = read(before, expected.parent.name)
    written = with_request(article, CHANGES).data
    assert written == expected.read_bytes()
    after = read(written, expected.parent.name)
    assert after.request is not None
    assert (after.request.prompt, after.request.seed) == ("夜の海、満月", 42)
    assert (after.image, after.digest) == (article.image, article.digest)
    assert with_request(after, CHANGES).data == written


def test_every_golden_file_has_its_partner() -> None:
    befores = [path.with_name(path.name.replace(".expected", "")) for path in PAIRS]
    assert {*PAIRS, *befores} == set(FOLDER.glob("*/*"))
    assert len(PAIRS) >= 12


def test_a_header_is_written_with_the_request_that_it_was_made_for() -> None:
    article = read(b"---\nheader:\n  prompt: the sea\n---\n")
    written = with_image(article, "a.png", "3fa9c1d2", {"seed": 2**64 - 1})
    assert written == (
        b"---\nheader:\n  prompt: the sea\n  seed: 18446744073709551615\n"
        b"  image: a.png\n  digest: 3fa9c1d2\n---\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "|\n    the sea,\n    wide\n", "|\n    the sea,\n    wide, low\n", id="literal"
        ),
        pytest.param(
            "|-\n    the sea,\n    wide\n", "|-\n    the sea,\n    wide, low\n", id="stripped"
        ),
        pytest.param(
            "|+\n    sea\n    wide\n\n", "|+\n    sea\n    wide, low\n\n", id="kept blank"
        ),
        pytest.param(
            ">\n    the sea,\n    wide\n", ">\n    the sea,\n    wide, low\n", id="folded"
        ),
        pytest.param("the sea,\n    wide\n", "the sea,\n    wide, low\n", id="plain"),
        pytest.param(
            "'the sea,\n    wide'  # x\n", "'the sea,\n    wide, low'  # x\n", id="quoted"
        ),
        pytest.param('"sea,\n    wide"\n', '"sea,\n    wide, low"\n', id="in double quotes"),
    ],
)
def test_words_go_behind_a_text_of_several_lines_and_away_again(before: str, after: str) -> None:
    pattern = "---\nheader:\n  prompt: {}  seed: 3\n---\n"
    article = read(pattern.format(before).encode())
    assert article.request is not None
    assert article.request.prompt is not None
    prompt = article.request.prompt
    longer = f"{prompt.rstrip()}, low{prompt[len(prompt.rstrip()) :]}"
    written = with_request(article, {"prompt": longer}).data
    assert written == pattern.format(after).encode()
    assert with_request(read(written), {"prompt": prompt}).data == article.data


@pytest.mark.parametrize(
    ("frontmatter", "reason"),
    [
        pytest.param("header:\n  prompt: |\n    the\n    sea\n", "several lines", id="all of it"),
        pytest.param("header:\n  prompt: &p the sea\nalso: *p\n", "anchor &p", id="an anchor"),
        pytest.param("a: &h {prompt: x}\nheader: *h\n", "alias", id="an alias"),
    ],
)
def test_what_cannot_be_changed_without_risk_is_refused(frontmatter: str, reason: str) -> None:
    article = read(f"---\n{frontmatter}---\n".encode())
    with pytest.raises(ArticleError, match=reason):
        with_request(article, CHANGES)
