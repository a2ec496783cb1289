from __future__ import annotations

from pathlib import Path

import pytest

from headergen.errors import ConfigError
from headergen.settings import config as configs
from headergen.settings import public
from headergen.settings.public import Served

HUGO = (Served("static", "/"), Served("assets/media", "/media/"))
BELOW_BLOG = (Served("static", "/blog/"),)
BASELESS = (Served("static", ""),)
ROOT = (Served("", "/"),)
CDN = (Served("public", "https://cdn.example.com/"), Served("public/x", "/"))


@pytest.mark.parametrize(
    ("served", "name", "url"),
    [
        pytest.param(HUGO, "static/images/a.png", "/images/a.png", id="Hugo's static"),
        pytest.param(HUGO, "assets/media/a.png", "/media/a.png", id="the second folder"),
        pytest.param(HUGO, "statics/a.png", None, id="a name that begins alike"),
        pytest.param(HUGO, "content/posts/a.png", None, id="outside of all"),
        pytest.param(BELOW_BLOG, "static/a.png", "/blog/a.png", id="a base path"),
        pytest.param(BASELESS, "static/img/a.png", "img/a.png", id="no leading slash"),
        pytest.param(ROOT, "assets/a.png", "/assets/a.png", id="the root itself"),
        pytest.param(CDN, "public/a.png", "https://cdn.example.com/a.png", id="another host"),
        pytest.param(CDN, "public/x/a.png", "/a.png", id="the closest folder counts"),
        pytest.param(HUGO, "static/夕焼け.png", "/夕焼け.png", id="letters stay as they are"),
        pytest.param(HUGO, "static/a b#1?.png", "/a%20b%231%3F.png", id="what ends a URL"),
    ],
)
def test_a_file_has_the_url_below_which_its_folder_is_served(
    served: tuple[Served, ...], name: str, url: str | None
) -> None:
    assert public.url_of(name, served) == url


@pytest.mark.parametrize(
    ("served", "text", "files"),
    [
        pytest.param(HUGO, "/images/a.png", ["/static/images/a.png"], id="Hugo's static"),
        pytest.param(
            HUGO, "/media/a.png", ["/assets/media/a.png", "/static/media/a.png"], id="closest first"
        ),
        pytest.param(HUGO, "images/a.png", [], id="relative to the article"),
        pytest.param(BELOW_BLOG, "/blog/a.png", ["/static/a.png"], id="a base path"),
        pytest.param(BELOW_BLOG, "/a.png", [], id="outside of the base path"),
        pytest.param(BASELESS, "img/a.png", ["/static/img/a.png"], id="no leading slash"),
        pytest.param(BASELESS, "/img/a.png", [], id="a slash where the site writes none"),
        pytest.param(BASELESS, "../a.png", [], id="up from the article"),
        pytest.param(CDN, "https://cdn.example.com/a.png", ["/public/a.png"], id="another host"),
        pytest.param(CDN, "https://example.com/a.png", [], id="a host that nobody knows"),
    ],
)
def test_a_url_leads_to_files(served: tuple[Served, ...], text: str, files: list[str]) -> None:
    assert list(public.files_of(text, served)) == files


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("{static: /}", (Served("static", "/"),), id="a folder"),
        pytest.param("{./static/: /blog}", (Served("static", "/blog/"),), id="as it is typed"),
        pytest.param("{/public: ''}", (Served("public", ""),), id="no URL"),
        pytest.param("{.: /}", (Served("", "/"),), id="the root"),
        pytest.param(
            "{a: https://x.org}", (Served("a", "https://x.org/"),), id="a host without a slash"
        ),
    ],
)
def test_public_is_read(tmp_path: Path, written: str, read: tuple[Served, ...]) -> None:
    (tmp_path / "headergen.yaml").write_text(f"public: {written}\n")
    assert configs.load(tmp_path).public == read


@pytest.mark.parametrize(
    ("written", "message"),
    [
        pytest.param("{../static: /}", "expected a folder of the repository", id="outside"),
        pytest.param(
            "{a/../../b: /}", "expected a folder of the repository", id="outside by a way"
        ),
        pytest.param("{static: images}", "public.static: expected a URL path", id="no URL path"),
        pytest.param("{static: 1}", "public.static: expected a URL path", id="a number"),
        pytest.param("{static: /, ./static: /a}", "names the folder 'static' twice", id="twice"),
        pytest.param("static", "expected folders and their URLs", id="a text"),
    ],
)
def test_a_mistake_in_public_is_told(tmp_path: Path, written: str, message: str) -> None:
    (tmp_path / "headergen.yaml").write_text(f"\npublic: {written}\n")
    with pytest.raises(ConfigError) as caught:
        configs.load(tmp_path)
    assert message in str(caught.value)
    assert caught.value.line == 2
