"""docs/sites/astro.md, built by the real Astro: a content collection of Markdown and MDX."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sites import built
from tests.sites.built import TITLES, article
from tests.sites.conftest import node_modules

pytestmark = [pytest.mark.slow, pytest.mark.sites]

CONFIG = """\
import { defineConfig } from "astro/config";
import mdx from "@astrojs/mdx";
export default defineConfig({ site: "https://site.example/", integrations: [mdx()] });
"""
PAGE = """\
---
import { getCollection, render } from "astro:content";
export async function getStaticPaths() {
  const posts = await getCollection("blog");
  return posts.map((post) => ({ params: { slug: post.id }, props: { post } }));
}
const { post } = Astro.props;
const { Content } = await render(post);
---
<html><head><title>{post.data.title}</title>
HEAD
</head><body><Content /></body></html>
"""


def test_a_content_collection_shows_every_header(tmp_path: Path, tools: Path) -> None:
    modules = node_modules(tools, "astro")
    files = {
        "package.json": '{"private": true, "type": "module"}',
        "astro.config.mjs": CONFIG,
        "src/content.config.ts": built.snippet("astro", "ts", "defineCollection"),
        "src/pages/[...slug].astro": PAGE.replace(
            "HEAD", built.snippet("astro", "astro", "og:image")
        ),
        ".gitignore": "dist/\n.astro/\nnode_modules\n",
    }
    work = built.start(tmp_path, files)
    (work.root / "node_modules").symlink_to(modules)
    names = {name: "mdx" if index % 2 else "md" for index, name in enumerate(TITLES)}
    articles = {
        f"src/content/blog/{name}.{suffix}": article(TITLES[name]) for name, suffix in names.items()
    }
    articles["src/content/blog/folder/index.mdx"] = article("A folder")
    config = built.publish(work, articles)
    assert config == built.recipe("astro")
    built.build(work, "astro", "build", tools=modules / ".bin")
    output = work.root / "dist"
    for name in (*TITLES, "folder"):
        page = output / name / "index.html"
        built.assert_header(built.og_image(page), page, output)
