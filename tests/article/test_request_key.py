"""The request under a key of the config's choice, for sites whose theme owns `header`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headergen.article.article import Article, parse
from headergen.article.edit import with_image
from headergen.article.keys import Keys
from headergen.cli.main import main
from headergen.errors import ArticleError, SkippedError
from tests.support.repository import Repository

KEYS = Keys("headergen", "headergen.image")
THEMES = "header:\n  overlay_image: /assets/sea.jpg\n  caption: The sea\n"


def read(text: str, *, every: bool = False) -> Article | None:
    return parse(Path("a.md"), text.encode(), KEYS, every=every)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            f"---\ntitle: x\n{THEMES}headergen:\n  prompt: a\n---\n",
            f"---\ntitle: x\n{THEMES}headergen:\n  prompt: a\n  image: h/a.png\n"
            "  digest: 3fa9c1d2\n---\n",
            id="beside the theme's header",
        ),
        pytest.param(
            f"---\ntitle: x\n{THEMES}---\n",
            f"---\ntitle: x\n{THEMES}headergen:\n  image: h/a.png\n  digest: 3fa9c1d2\n---\n",
            id="by default",
        ),
        pytest.param(
            "text\n",
            "---\nheadergen:\n  image: h/a.png\n  digest: 3fa9c1d2\n---\n\ntext\n",
            id="without frontmatter",
        ),
        pytest.param(
            '+++\n[headergen]\nprompt = "a"\n+++\n',
            '+++\n[headergen]\nprompt = "a"\nimage = "h/a.png"\ndigest = "3fa9c1d2"\n+++\n',
            id="TOML",
        ),
        pytest.param(
            "---\n# nothing yet\n---\n",
            "---\n# nothing yet\nheadergen:\n  image: h/a.png\n  digest: 3fa9c1d2\n---\n",
            id="comments alone",
        ),
    ],
)
def test_the_lines_go_below_the_key_and_the_themes_header_stays(before: str, after: str) -> None:
    article = read(before, every=True)
    assert article
    assert with_image(article, "h/a.png", "3fa9c1d2").decode() == after


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("headergen:\n  promt: a\n", 3, "headergen.promt: unknown key", id="a typo"),
        pytest.param("Headergen:\n  prompt: a\n", 2, "did you mean 'headergen'?", id="capitals"),
        pytest.param("header:\n  prompt: a\n", 2, "did you mean 'headergen'?", id="the usual key"),
        pytest.param(
            "header: {image: a.png, digest: 3fa9c1d2}\n",
            2,
            "did you mean 'headergen'?",
            id="what was written under the usual key",
        ),
        pytest.param("headergen.prompt: a\n", 2, "a dot does not nest keys", id="a dot"),
        pytest.param("headergen：\n  prompt: a\n", 2, "full-width colon", id="a full-width colon"),
        pytest.param("title: x\n headergen:\n  prompt: a\n", 3, "is indented", id="indented"),
        pytest.param("headergen:\nprompt: a\n", 3, "beside `headergen:`", id="keys beside it"),
        pytest.param("headergen: true\n", 2, "expected a mapping", id="no mapping"),
    ],
)
def test_a_mistake_is_told_with_the_key(text: str, line: int, message: str) -> None:
    with pytest.raises(ArticleError) as caught:
        read(f"---\n{text}---\n")
    assert message in str(caught.value)
    assert caught.value.line == line


def test_an_empty_request_is_told_once_with_its_key() -> None:
    with pytest.raises(SkippedError) as caught:
        read("---\nheadergen:\n---\n")
    assert caught.value.reason.startswith("their `headergen:` is empty")


def test_an_article_may_say_no_to_the_default() -> None:
    assert read("---\nheadergen: false\n---\n", every=True) is None
    assert read("---\nheader: false\n---\n", every=True)


def test_a_site_with_a_theme_that_owns_header(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write(
        "headergen.yaml",
        "request_key: headergen\nheader: {width: 64, height: 34}\nimage_key: header.teaser\n"
        "output: /assets/images/{slug}.{format}\npublic: {assets: /assets}\n"
        "default: {card: true}\n",
    )
    repo.write("_posts/2026-08-30-a.md", f"---\ntitle: A\n{THEMES}---\n")
    repo.write("_posts/2026-08-31-b.md", "---\ntitle: B\nheadergen: {card: Other}\n---\n")
    assert main(["run"]) == 0
    assert (
        (repo.root / "_posts/2026-08-30-a.md")
        .read_text()
        .startswith(
            f"---\ntitle: A\n{THEMES}  teaser: /assets/images/2026-08-30-a.png\n"
            "headergen:\n  digest: "
        )
    )
    repo.git("add", ".")
    assert main(["check"]) == 0
    assert main(["hook"]) == 0
    repo.git("commit", "--quiet", "-m", "all")
    assert main(["check", "--commit", "HEAD"]) == 0
    capsys.readouterr()
    assert main(["schema", "header"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert list(schema["properties"]) == ["headergen"]
    assert "teaser" not in str(schema)
