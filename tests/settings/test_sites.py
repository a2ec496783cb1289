"""What `headergen init` finds in a repository, and the config that it proposes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from headergen import vocabulary
from headergen.settings import config as configs
from headergen.settings import sites
from headergen.settings.sites import SITES, Found
from headergen.settings.sites.written import Written, read
from tests.support.paths import CHECKOUT
from tests.support.repository import Repository

PAGES = CHECKOUT / "docs" / "sites"


def test_every_name_has_its_row() -> None:
    assert tuple(SITES) == vocabulary.SITES


@pytest.mark.parametrize("name", SITES)
def test_a_recipe_is_the_text_of_its_page(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page, re.M | re.S)
    assert SITES[name].recipe.replace("@site/", "") == blocks[0]


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("folder", ["", "website"])
def test_a_recipe_is_a_config_that_headergen_reads(
    name: str, folder: str, repo: Repository
) -> None:
    found = Found(SITES[name], folder, "")
    text = sites.config_for(found, repo.root, written=Written(), cards=True)
    repo.write("headergen.yaml", text)
    config = configs.load(Path())
    assert (config.fallback, config.default is not None) == ("card", True)
    assert text.startswith("# yaml-language-server: $schema=headergen.schema.json\n")
    assert "@" not in text and text.count("\n") <= 12


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"hugo.toml": ""}, [("hugo", "")]),
        ({"config/_default/hugo.yaml": ""}, [("hugo", "")]),
        ({"config.toml": 'baseURL = "https://a.example/"\n'}, [("hugo", "")]),
        ({"config.yaml": "image: {model: sdxl-turbo}\n"}, []),
        ({"_config.yml": "remote_theme: a/b\n"}, [("jekyll", "")]),
        ({"_config.yml": "theme: minimal-mistakes-jekyll\n"}, [("minimal-mistakes", "")]),
        (
            {"_config.yml": "markdown: kramdown\n", "Gemfile": 'gem "minimal-mistakes-jekyll"'},
            [("minimal-mistakes", "")],
        ),
        ({"_config.yml": "title: a Hexo site\n", "source/_posts/a.md": ""}, []),
        ({"astro.config.mjs": ""}, [("astro", "")]),
        ({"package.json": '{"dependencies": {"zenn-cli": "1"}}'}, [("zenn", "")]),
        ({"package.json": "{}"}, []),
        ({"website/docusaurus.config.ts": ""}, [("docusaurus", "website")]),
        ({"docs/.vitepress/config.mts": ""}, [("vitepress", "docs")]),
        ({"eleventy.config.js": ""}, [("eleventy", "")]),
        ({"zensical.toml": ""}, [("mkdocs", "")]),
        ({"_quarto.yml": ""}, [("quarto", "")]),
        ({".obsidian/app.json": "{}"}, [("obsidian", "")]),
        ({".obsidian/app.json": "{}", "hugo.toml": ""}, [("hugo", ""), ("obsidian", "")]),
        ({"hugo.toml": "", "themes/a/exampleSite/hugo.toml": ""}, [("hugo", "")]),
        ({"node_modules/a/astro.config.mjs": ""}, []),
        ({"a/b/c/hugo.toml": ""}, []),
    ],
)
def test_sites_are_found_by_their_files(
    files: dict[str, str], wanted: list[tuple[str, str]], repo: Repository
) -> None:
    for name, text in files.items():
        repo.write(name, text)
    assert [(each.site.name, each.folder) for each in sites.find(repo.root)] == wanted


@pytest.mark.parametrize(
    ("frontmatter", "wanted"),
    [
        ("cover: {image: /images/a.png}", Written("cover.image", 1)),
        ("images: [a.webp]", Written("images", 1)),
        ("hero_image: {src: a.jpg, alt: A}", Written("hero_image", 1)),
        ("cover: {image: a.png, relative: true}", Written("cover.image", 1, is_in_bundle=True)),
        ("image: https://a.example/a.jpeg", Written("image", 1)),
        ("image: false", Written()),
        ("header: {teaser: /a.jpg}", Written("header.teaser", 1, header_is_foreign=True)),
        ("header: My own", Written(header_is_foreign=True)),
        ("header: {card: true, image: a.png, digest: 01234567}", Written()),
        ("header: {prompt: a cat}\nimage: a.png", Written("image", 1)),
        ("image: [broken", Written()),
    ],
)
def test_articles_tell_where_they_name_pictures(
    frontmatter: str, wanted: Written, repo: Repository
) -> None:
    repo.write("a.md", f"---\ntitle: A\n{frontmatter}\n---\n")
    repo.write("b.md", "No frontmatter.\n")
    assert read(["a.md", "b.md", "no.md"]) == wanted


def test_the_key_of_most_articles_is_taken() -> None:
    data = CHECKOUT / "articles"
    assert read(map(str, data.rglob("*.md"))) == Written()


@pytest.mark.parametrize(
    ("name", "files", "wanted"),
    [
        pytest.param(
            "hugo",
            {"hugo.toml": 'baseURL = "https://me.example/blog/"\n'},
            {"public": {"static": ""}},
            id="a base path",
        ),
        pytest.param(
            "hugo",
            {"hugo.toml": 'baseURL = "https://me.example/"\n'},
            {"public": {"static": "/"}},
            id="no base path",
        ),
        pytest.param(
            "hugo",
            {"hugo.toml": 'theme = "PaperMod"\n'},
            {"image_key": "cover.image"},
            id="a theme by name",
        ),
        pytest.param(
            "hugo",
            {"hugo.toml": "", "go.mod": "require github.com/theNewDynamic/gohugo-theme-ananke v2"},
            {"image_key": "featured_image"},
            id="a theme as a module",
        ),
        pytest.param(
            "mkdocs",
            {"mkdocs.yml": "docs_dir: pages\n"},
            {"output": "/pages/images/headers/{slug}.{format}", "public": {"pages": ""}},
            id="a folder of pages",
        ),
        pytest.param(
            "eleventy",
            {"eleventy.config.js": 'c.addPassthroughCopy("src/img")'},
            {"output": "/src/img/headers/{slug}.{format}", "public": {"src/img": "/img"}},
            id="a folder that is copied",
        ),
        pytest.param(
            "eleventy",
            {"eleventy.config.js": 'c.addPassthroughCopy({"./public/": "/"})'},
            {"output": "/public/img/headers/{slug}.{format}", "public": {"public": "/"}},
            id="a folder that is copied to the root",
        ),
    ],
)
def test_a_recipe_follows_the_sites_own_settings(
    name: str, files: dict[str, str], wanted: dict[str, object], repo: Repository
) -> None:
    for file, text in files.items():
        repo.write(file, text)
    (found,) = sites.find(repo.root)
    assert found.site.name == name
    text = sites.config_for(found, repo.root, written=Written(), cards=False)
    assert yaml.safe_load(text).items() >= wanted.items()


def test_what_articles_have_counts_more_than_the_recipe(repo: Repository) -> None:
    found = Found(SITES["jekyll"], "", "")
    written = Written("header.og_image", 3, header_is_foreign=True)
    config = yaml.safe_load(sites.config_for(found, repo.root, written=written, cards=False))
    assert config["image_key"] == "header.og_image"
    assert config["request_key"] == "headergen"
