"""docs/sites/docusaurus.md, built by the real Docusaurus: docs and blog, Markdown and MDX."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sites import built
from tests.sites.built import TITLES, article
from tests.sites.conftest import node_modules

pytestmark = [pytest.mark.slow, pytest.mark.sites]

CONFIG = """\
export default {
  title: "Site",
  url: "https://site.example",
  baseUrl: "/base/",
  presets: [["classic", { docs: { routeBasePath: "docs" }, blog: {} }]],
};
"""


def test_docs_and_blog_show_every_header(tmp_path: Path, tools: Path) -> None:
    modules = node_modules(tools, "docusaurus")
    files = {
        "website/package.json": '{"private": true}',
        "website/docusaurus.config.js": CONFIG,
        "website/docs/intro.md": "# Intro\n",
        ".gitignore": "build/\n.docusaurus/\nnode_modules\n",
    }
    work = built.start(tmp_path, files)
    (work.root / "website" / "node_modules").symlink_to(modules)
    names = {name: "mdx" if index % 2 else "md" for index, name in enumerate(list(TITLES)[:4])}
    articles = {
        f"website/docs/{name}.{suffix}": article(TITLES[name]) for name, suffix in names.items()
    }
    articles["website/blog/2026-11-26-sea/index.md"] = article("The sea", "slug: the-sea\n")
    config = built.publish(work, articles)
    assert config["output"] == "/website/static/img/headers/{slug}.{format}"
    built.build(work, "docusaurus", "build", "website", "--no-minify", tools=modules / ".bin")
    output = work.root / "website" / "build"
    for page in (*(f"docs/{name}" for name in names), "blog/the-sea"):
        file = output / page / "index.html"
        built.assert_header(built.og_image(file), file, output, f"{built.BASE}base/")
