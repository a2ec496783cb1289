"""Where the picture of an article goes, and which file a text in an article means."""

from __future__ import annotations

from pathlib import Path

import pytest

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.errors import ArticleError
from headergen.plan import places
from headergen.settings.config import Config
from headergen.settings.public import Served

HUGO = (Served("static", "/"),)


def read(root: Path, name: str, frontmatter: str = "title: x\n") -> Article:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\n{frontmatter}header: {{prompt: a}}\n---\n", encoding="utf-8")
    found = articles.read(str(path))
    assert found
    return found


@pytest.mark.parametrize(
    ("output", "name", "frontmatter", "text", "file"),
    [
        pytest.param(
            "/static/images/{slug}.{format}", "content/posts/winter.md", "",
            "/images/winter.png", "static/images/winter.png", id="the name of the file",
        ),
        pytest.param(
            "/static/images/{slug}.{format}", "content/posts/winter/index.md", "",
            "/images/winter.png", "static/images/winter.png", id="the folder of a bundle",
        ),
        pytest.param(
            "/static/images/{slug}.{format}", "content/posts/_index.md", "",
            "/images/posts.png", "static/images/posts.png", id="the folder of a section",
        ),
        pytest.param(
            "/static/images/{slug}.{format}", "index.md", "",
            "/images/index.png", "static/images/index.png", id="an index at the root",
        ),
        pytest.param(
            "/static/images/{slug}.{format}", "content/posts/a/index.md", "slug: winter-games\n",
            "/images/winter-games.png", "static/images/winter-games.png", id="its own slug",
        ),
        pytest.param(
            "/static/images/{slug}.{format}", "a.md", "slug: 2026\n",
            "/images/2026.png", "static/images/2026.png", id="a slug that is a number",
        ),
        pytest.param(
            "/static/images/{slug}.{format}", "a.md", "slug: /guides/start/\n",
            "/images/guides/start.png", "static/images/guides/start.png", id="a slug with slashes",
        ),
        pytest.param(
            "/static/images/{slug}.{format}", "a.md", "slug: ../../etc\n",
            "/images/etc.png", "static/images/etc.png", id="a slug that would lead up",
        ),
        pytest.param(
            "/static/images/{slug}.{format}", "a.md", "slug: /\n",
            "/images/a.png", "static/images/a.png", id="a slug for the home page",
        ),
        pytest.param(
            "/static/{dir}/{stem}.{format}", "content/posts/a/index.md", "",
            "/content/posts/a/index.png", "static/content/posts/a/index.png", id="a folder",
        ),
        pytest.param(
            "/static/{dir}/{stem}.{format}", "a.md", "", "/a.png", "static/a.png",
            id="the root is no folder",
        ),
        pytest.param(
            "/static/{date}-{slug}.{format}", "a.md", "date: 2026-08-30T10:00:00+09:00\n",
            "/2026-08-30-a.png", "static/2026-08-30-a.png", id="a date with a time",
        ),
        pytest.param(
            "/static/{date}.{slug}.{format}", "a.md", "date: 2026/8/3\n",
            "/2026-08-03.a.png", "static/2026-08-03.a.png", id="a date with slashes",
        ),
        pytest.param(
            "/static/{date}/{stem}.{format}", "_posts/2026-08-30-a.md", "",
            "/2026-08-30/2026-08-30-a.png", "static/2026-08-30/2026-08-30-a.png",
            id="a date in the name",
        ),
        pytest.param(
            "/static/{date}-{slug}.{format}", "p/2026-08-30-a/index.md", "",
            "/2026-08-30-2026-08-30-a.png", "static/2026-08-30-2026-08-30-a.png",
            id="a date in the folder's name",
        ),
        pytest.param(
            "/static/{lang}/{slug}.{format}", "content/a/index.ja.md", "",
            "/ja/a.png", "static/ja/a.png", id="a language in the name",
        ),
        pytest.param(
            "/static/{slug}.{lang}.{format}", "content/a/index.md", "",
            "/a.png", "static/a.png", id="no language, and no separator for it",
        ),
        pytest.param(
            "/static/{slug}.{lang}.{format}", "content/pt-BR/a.md", "",
            "/a.pt-BR.png", "static/a.pt-BR.png", id="a language as a folder",
        ),
        pytest.param(
            "/static/{slug}.{lang}.{format}", "a.md", "lang: zh-Hant\n",
            "/a.zh-Hant.png", "static/a.zh-Hant.png", id="a language in the frontmatter",
        ),
        pytest.param(
            "/static/{slug}.{format}", "content/a/index.zh-cn.md", "",
            "/a.zh-cn.png", "static/a.zh-cn.png", id="translations have pictures of their own",
        ),
        pytest.param(
            "cover.{format}", "content/a/index.md", "", "cover.png", "content/a/cover.png",
            id="beside a bundle's text",
        ),
        pytest.param(
            "../../static/{stem}.{format}", "content/posts/a.md", "", "/a.png", "static/a.png",
            id="by a relative way into a public folder",
        ),
        pytest.param(
            "/images/{stem}.{format}", "articles/a.md", "", "/images/a.png", "images/a.png",
            id="at the root, in no public folder",
        ),
        pytest.param(
            "/static/{slug}.{format}", "a.md", "slug: 'a b'\n", "/a%20b.png", "static/a b.png",
            id="a blank in a URL",
        ),
    ],
)  # fmt: skip
def test_a_header_goes_where_output_says(
    tmp_path: Path, output: str, name: str, frontmatter: str, text: str, file: str
) -> None:
    article = read(tmp_path, name, frontmatter)
    found = places.output_for(article, Config(output=output, public=HUGO), tmp_path)
    assert found == (text, tmp_path / file)


@pytest.mark.parametrize(
    ("output", "file"),
    [
        pytest.param("/img/{dir}/{slug}.{format}", "img/posts/a-og.png", id="after the slug"),
        pytest.param("/img/{slug}/{stem}-big.png", "img/a/a-og-big.png", id="after the last name"),
        pytest.param("cover.{format}", "posts/cover-og.png", id="after a name that is fixed"),
    ],
)
def test_the_name_of_a_cut_has_its_key(tmp_path: Path, output: str, file: str) -> None:
    article = read(tmp_path, "posts/a.md")
    found = places.output_for(article, Config(output=output), tmp_path, suffix="-og")
    assert found.file == tmp_path / file


def test_an_article_without_a_date_is_told(tmp_path: Path) -> None:
    article = read(tmp_path, "a.md", "date: soon\n")
    with pytest.raises(ArticleError, match="has no date") as caught:
        places.output_for(article, Config(output="/{date}-{stem}.png"), tmp_path)
    assert caught.value.remedy == "write `date:`, or change `output` in the config"


@pytest.mark.parametrize(
    ("files", "text", "found"),
    [
        pytest.param(["static/images/x.png"], "/images/x.png", "static/images/x.png", id="public"),
        pytest.param(["images/x.png"], "/images/x.png", "images/x.png", id="the root"),
        pytest.param(
            ["images/x.png", "static/images/x.png"], "/images/x.png", "static/images/x.png",
            id="what the site serves comes first",
        ),
        pytest.param([], "/images/x.png", "static/images/x.png", id="none of them exists"),
        pytest.param(["static/a b.png"], "/a%20b.png", "static/a b.png", id="decoded"),
        pytest.param(["posts/x.png"], "x.png", "posts/x.png", id="beside the article"),
        pytest.param(["posts/../x.png"], "../x.png", "x.png", id="up from the article"),
    ],
)  # fmt: skip
def test_a_text_means_the_file_that_exists(
    tmp_path: Path, files: list[str], text: str, found: str
) -> None:
    article = read(tmp_path, "posts/a.md")
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert places.file_of(text, article, Config(public=HUGO), tmp_path) == tmp_path / found


def test_a_path_without_a_slash_is_looked_for_beside_the_article_first(tmp_path: Path) -> None:
    article = read(tmp_path, "posts/a.md")
    config = Config(public=(Served("static", ""),))
    (tmp_path / "static").mkdir()
    (tmp_path / "static/x.png").touch()
    assert places.file_of("x.png", article, config, tmp_path) == tmp_path / "static/x.png"
    (tmp_path / "posts/x.png").touch()
    assert places.file_of("x.png", article, config, tmp_path) == tmp_path / "posts/x.png"


@pytest.mark.parametrize("text", ["https://example.com/a.png", "//example.com/a.png"])
def test_a_url_that_public_does_not_know_is_no_file(tmp_path: Path, text: str) -> None:
    assert places.file_of(text, read(tmp_path, "a.md"), Config(public=HUGO), tmp_path) is None


def test_a_url_with_a_host_is_a_file_of_the_folder_that_it_serves(tmp_path: Path) -> None:
    config = Config(public=(Served("static", "https://example.com/"),))
    found = places.file_of("https://example.com/a.png", read(tmp_path, "a.md"), config, tmp_path)
    assert found == tmp_path / "static/a.png"
