"""docs/sites/mkdocs.md, built by the real MkDocs, with two themes, and by Zensical."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sites import built
from tests.sites.built import TITLES, article

pytestmark = [pytest.mark.slow, pytest.mark.sites]


@pytest.mark.parametrize(
    ("tool", "theme", "base"),
    [
        pytest.param("mkdocs", "mkdocs", built.BASE, id="MkDocs"),
        pytest.param("mkdocs", "material", f"{built.BASE}docs/", id="Material, a base path"),
        pytest.param("zensical", "material", built.BASE, id="Zensical"),
    ],
)
def test_the_template_shows_every_header(
    tool: str, theme: str, base: str, tmp_path: Path, python_tools: Path
) -> None:
    settings = built.snippet("mkdocs", "yaml", "custom_dir")
    settings = settings.replace("https://site.example/", base).replace("material", theme)
    files = {
        "mkdocs.yml": f"site_name: Site\n{settings}",
        "overrides/main.html": built.snippet("mkdocs", "html", "og:image"),
        "docs/index.md": "# Site\n",
        ".gitignore": "site/\n.cache/\n",
    }
    work = built.start(tmp_path, files)
    articles = {f"docs/{name}.md": article(text) for name, text in TITLES.items()}
    articles["docs/deep/er/page.md"] = article("Deeper")
    config = built.publish(work, articles)
    assert config == built.recipe("mkdocs")
    built.build(work, tool, "build", tools=python_tools)
    output = work.root / "site"
    for name in (*TITLES, "deep/er/page"):
        page = output / name / "index.html"
        built.assert_header(built.og_image(page), page, output, base)


def test_another_folder_of_pages_is_taken_from_its_config(
    tmp_path: Path, python_tools: Path
) -> None:
    settings = built.snippet("mkdocs", "yaml", "custom_dir").replace("material", "mkdocs")
    files = {
        "mkdocs.yml": f"site_name: Site\ndocs_dir: pages\n{settings}",
        "overrides/main.html": built.snippet("mkdocs", "html", "og:image"),
        "pages/index.md": "# Site\n",
        ".gitignore": "site/\n",
    }
    work = built.start(tmp_path, files)
    built.publish(work, {"pages/tea.md": article("Tea")})
    assert (work.root / "pages/images/headers/tea.webp").is_file()
    built.build(work, "mkdocs", "build", tools=python_tools)
    page = work.root / "site/tea/index.html"
    built.assert_header(built.og_image(page), page, work.root / "site")
