"""docs/sites/eleventy.md, built by the real Eleventy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sites import built
from tests.sites.built import TITLES, article
from tests.sites.conftest import node_modules

pytestmark = [pytest.mark.slow, pytest.mark.sites]

LAYOUT = "<html><head><title>{{ title }}</title>\nHEAD</head><body>{{ content }}</body></html>\n"
CONFIG = "export default function (eleventyConfig) {\n  COPY\n}\n"


@pytest.mark.parametrize(
    ("config", "folder"),
    [
        pytest.param(built.snippet("eleventy", "js", "Passthrough"), "public/img", id="public"),
        pytest.param(
            CONFIG.replace("COPY", 'eleventyConfig.addPassthroughCopy("assets");'),
            "assets",
            id="another folder",
        ),
    ],
)
def test_a_layout_shows_every_header(config: str, folder: str, tmp_path: Path, tools: Path) -> None:
    modules = node_modules(tools, "eleventy")
    head = built.snippet("eleventy", "html", "og:image")
    files = {
        "package.json": '{"private": true, "type": "module"}',
        "eleventy.config.js": config,
        "_includes/post.html": LAYOUT.replace("HEAD", head),
        "_data/site.json": '{"url": "https://site.example"}',
        "posts/posts.json": '{"layout": "post.html"}',
        ".gitignore": "_site/\nnode_modules\n",
    }
    work = built.start(tmp_path, files)
    (work.root / "node_modules").symlink_to(modules)
    built.publish(work, {f"posts/{name}.md": article(text) for name, text in TITLES.items()})
    assert (work.root / folder / "headers" / "tea.webp").is_file()
    built.build(work, "eleventy", tools=modules / ".bin")
    output = work.root / "_site"
    for name in TITLES:
        page = output / "posts" / name / "index.html"
        built.assert_header(built.og_image(page), page, output)
