"""docs/sites/jekyll.md and minimal-mistakes.md, built by the real Jekyll, as Debian has it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.sites import built
from tests.sites.built import TITLES, article

pytestmark = [pytest.mark.slow, pytest.mark.sites]

LAYOUT = "<html><head>HEAD</head><body>{{ content }}</body></html>\n"
# Minimal Mistakes 4 looks for pictures so (_includes/seo.html, archive-single.html).
MINIMAL_MISTAKES = """\
{% assign seo_image = page.header.og_image | default: page.header.overlay_image | \
default: page.header.teaser | absolute_url %}
<meta property="og:image" content="{{ seo_image }}">
"""
TEASER = '<img class="teaser" src="{{ page.header.teaser | relative_url }}">'


@pytest.fixture
def jekyll() -> Path:
    found = shutil.which("jekyll")
    if found is None:
        pytest.skip("Jekyll is not installed")
    return Path(found).parent


def posts(key: str = "header") -> dict[str, str]:
    return {
        f"_posts/2026-11-0{index}-{name}.md": article(TITLES[name], "layout: post\n", key)
        for index, name in enumerate(["tea", "deploy", "c-and-rust"], 1)
    }


def pages(output: Path) -> list[Path]:
    return sorted(output.glob("2026/11/*/*.html"))


def test_the_seo_tag_shows_every_header(tmp_path: Path, jekyll: Path) -> None:
    settings = built.snippet("jekyll", "yaml", "plugins:")
    files = {
        "_config.yml": f"title: Site\nbaseurl: /blog\n{settings}",
        "_layouts/post.html": LAYOUT.replace("HEAD", "{% seo %}"),
        ".gitignore": "_site/\n.jekyll-cache/\n",
    }
    work = built.start(tmp_path, files)
    assert built.publish(work, posts()) == built.recipe("jekyll")
    built.build(work, "jekyll", "build", tools=jekyll)
    output = work.root / "_site"
    assert len(pages(output)) == 3
    for page in pages(output):
        built.assert_header(built.og_image(page), page, output, f"{built.BASE}blog/")


def test_minimal_mistakes_keeps_its_header_and_shows_its_teaser(
    tmp_path: Path, jekyll: Path
) -> None:
    files = {
        "_config.yml": "url: https://site.example\nremote_theme: mmistakes/minimal-mistakes\n",
        "_layouts/post.html": LAYOUT.replace("HEAD", MINIMAL_MISTAKES + TEASER),
        "_posts/2026-10-01-old.md": "---\nlayout: post\nheader:\n  teaser: /assets/old.jpg\n---\n",
        ".gitignore": "_site/\n.jekyll-cache/\n",
    }
    work = built.start(tmp_path, files)
    own = article("Own", "layout: post\nheader:\n  overlay_color: '#333'\n", "headergen")
    articles = {**posts("headergen"), "_posts/2026-11-09-own.md": own}
    assert built.publish(work, articles) == built.recipe("minimal-mistakes")
    assert "overlay_color: '#333'" in (work.root / "_posts/2026-11-09-own.md").read_text()
    built.build(work, "jekyll", "build", tools=jekyll)
    output = work.root / "_site"
    assert len(pages(output)) == 4
    for page in pages(output):
        built.assert_header(built.og_image(page), page, output)
        (teaser,) = re.findall(r'class="teaser" src="([^"]+)"', page.read_text())
        built.assert_header(teaser, page, output)
