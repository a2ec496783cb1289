"""docs/sites/vitepress.md, built by the real VitePress."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sites import built
from tests.sites.built import TITLES, article
from tests.sites.conftest import node_modules

pytestmark = [pytest.mark.slow, pytest.mark.sites]


def test_transform_page_data_shows_every_header(tmp_path: Path, tools: Path) -> None:
    modules = node_modules(tools, "vitepress")
    files = {
        "package.json": '{"private": true, "type": "module"}',
        "docs/.vitepress/config.ts": built.snippet("vitepress", "ts", "transformPageData"),
        "docs/index.md": "# Site\n",
        ".gitignore": "dist/\ncache/\nnode_modules\n",
    }
    work = built.start(tmp_path, files)
    (work.root / "node_modules").symlink_to(modules)
    built.publish(work, {f"docs/{name}.md": article(text) for name, text in TITLES.items()})
    built.build(work, "vitepress", "build", "docs", tools=modules / ".bin")
    output = work.root / "docs" / ".vitepress" / "dist"
    for name in TITLES:
        page = output / f"{name}.html"
        built.assert_header(built.og_image(page), page, output)
