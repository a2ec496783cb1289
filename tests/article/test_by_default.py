"""Articles that have no `header` yet and may get one by default: read, titled, written to."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from headergen.article.article import Article, parse
from headergen.article.edit import with_image
from headergen.article.keys import Keys
from headergen.errors import ArticleError, SkippedError
from tests.support.paths import DATA

PAIRS = sorted((DATA / "by_default").glob("*/*.expected.md"))
IMAGE = "note_images/003.png"  # of the expected files
DIGEST = "3fa9c1d2"


def read(data: bytes, image_key: str = "header.image") -> Article | None:
    return parse(Path("a.md"), data, Keys(image=image_key), every=True)


def text(data: str) -> Article:
    article = read(data.encode())
    assert article is not None
    return article


@pytest.mark.parametrize("expected", PAIRS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_two_keys_are_written_and_not_a_second_time(expected: Path) -> None:
    data = expected.with_name(expected.name.replace(".expected", "")).read_bytes()
    article = read(data, expected.parent.name)
    assert article is not None
    assert with_image(article, IMAGE, DIGEST) == expected.read_bytes()
    after = read(expected.read_bytes(), expected.parent.name)
    assert after is not None
    assert (after.image, after.digest, after.title) == (IMAGE, DIGEST, article.title)
    assert with_image(after, IMAGE, DIGEST) == expected.read_bytes()


@pytest.mark.parametrize("expected", PAIRS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_is_read_where_none_gets_one_by_default(expected: Path) -> None:
    data = expected.with_name(expected.name.replace(".expected", "")).read_bytes()
    with suppress(SkippedError):  # an empty `header:` is told of
        assert parse(Path("a.md"), data, Keys(image=expected.parent.name)) is None


@pytest.mark.parametrize(
    ("data", "title"),
    [
        pytest.param("---\ntitle: 夏の海\n---\n# Other\n", "夏の海", id="the frontmatter's first"),
        pytest.param("---\ntitle: 2026\n---\n", "2026", id="a number is text"),
        pytest.param("---\ntitle: ''\n---\n# Text\n", "Text", id="an empty one counts as none"),
        pytest.param("---\ntags: [a]\n---\n\n# Text\n", "Text", id="else the first heading"),
        pytest.param('+++\ntitle = "T"\n+++\n', "T", id="TOML"),
        pytest.param("# 推しゲーム10選\n", "推しゲーム10選", id="no frontmatter at all"),
        pytest.param("# A **bold** `x` [link](http://a) #\r\n", "A bold x link", id="no marks"),
        pytest.param("Hello\n\n## Two\n\n# One\n", "One", id="only one number sign"),
        pytest.param("```sh\n# comment\n```\n# Real\n", "Real", id="code is no heading"),
        pytest.param("#hashtag\n", "winter games", id="a hashtag is none"),
        pytest.param("Just text.\n", "winter games", id="else the file's name"),
    ],
)
def test_the_title_is(data: str, title: str | None) -> None:
    article = parse(Path("2026-08-30-winter_games.md"), data.encode(), every=True)
    assert article is not None
    assert article.title == title


@pytest.mark.parametrize(
    ("data", "tags", "date"),
    [
        pytest.param("---\ntags: [a, 2026]\ndate: 2026-08-30\n---\n", ("a", "2026"), "2026-08-30"),
        pytest.param("---\ntags: a, b\n---\n", ("a", "b"), None),
        pytest.param("---\ndate: 2026-08-30T10:00:00Z\n---\n", (), "2026-08-30"),
        pytest.param("---\ntags: {a: b}\ndate: [1]\n---\n", (), None),
    ],
)
def test_tags_and_date_are_taken_as_they_come(
    data: str, tags: tuple[str, ...], date: str | None
) -> None:
    assert (text(data).facts.tags, text(data).facts.date) == (tags, date)


@pytest.mark.parametrize("data", ["---\nheader: false\n---\n", "+++\nheader = false\n+++\n"])
def test_an_article_may_decline(data: str) -> None:
    assert read(data.encode()) is None
    assert parse(Path("a.md"), data.encode()) is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param("---\ntitle: A\n\nText\n", r"a\.md:1: .*never closed", id="never closed"),
        pytest.param("{\n}\n", r"a\.md:2: header: JSON", id="JSON"),
        pytest.param("---\n- a\n---\n", r"not a mapping", id="a list"),
    ],
)
def test_what_cannot_be_written_to_is_an_error(data: str, message: str) -> None:
    with pytest.raises(ArticleError, match=message):
        with_image(text(data), IMAGE, DIGEST)
