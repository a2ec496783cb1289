"""Which files are articles, and which of them get a header by default."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from headergen.article.request import CardRequest
from headergen.errors import ConfigError
from headergen.settings import config as configs
from headergen.settings import scope
from headergen.settings.config import Config
from headergen.settings.styles import Default, Style

CARD = Default(card=CardRequest())
CONFIG = Config(default=CARD)


def has_default(name: str, config: Config = CONFIG) -> bool:
    return scope.default_for(PurePath(name), config) is not None


def config_of(folder: Path, text: str) -> Config:
    (folder / "headergen.yaml").write_text(text, encoding="utf-8")
    return configs.load(folder)


@pytest.mark.parametrize(
    "name",
    [
        *("README.md", "docs/Readme.md", "README.ja.md", "readme_en.md", "CHANGELOG.md"),
        *("CONTRIBUTING.md", "LICENSE.md", "LICENSE-MIT.md", "licence.md", "CODE_OF_CONDUCT.md"),
        *("CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", "GEMINI.md", "SUMMARY.md", "HISTORY.md"),
        *("TODO.md", "404.md", "404.fr.md", "_footer.md", "docs/_sidebar.md", "posts/_index.md"),
        *("archetypes/default.md", "layouts/a.md", "_layouts/a.md", "docs/_includes/a.md"),
        *("templates/post.md", "Templates/daily.md", "themes/t/exampleSite/content/a.md"),
        *(".draft.md", "._a.md", "docs/PULL_REQUEST_TEMPLATE.md", "scaffolds/post.md"),
        *("docs/exampleSite/content/a.md", "vendor/lib/a.md", "node_modules/x/a.md", "_site/a.md"),
    ],
)
def test_what_nobody_publishes_gets_no_header_by_default(name: str) -> None:
    assert not has_default(name)


@pytest.mark.parametrize(
    "name",
    [
        *("articles/a.md", "index.md", "_posts/2026-08-30-a.md", "_drafts/a.md", "notes/a.qmd"),
        *("readmeless.md", "licensing.md", "history-of-tea.md", "agents-at-work.md", "4040.md"),
        *("content/en/templates/intro.md", "docs/themes/dark.md", "public/a.md", "layout/a.md"),
    ],
)
def test_an_article_gets_one(name: str) -> None:
    assert has_default(name)


def test_the_folder_public_has_no_articles_where_a_site_is_built_in_it(tmp_path: Path) -> None:
    assert not config_of(tmp_path, "default: {card: true}\n").has_built_site
    (tmp_path / "public").mkdir()
    (tmp_path / "public/index.html").write_text("")
    built = config_of(tmp_path, "default: {card: true}\n")
    assert not has_default("public/a.md", built)
    assert has_default("content/public/a.md", built)


def test_a_style_that_names_a_page_asks_for_it() -> None:
    style = Style(paths=("/README.md", "posts/_index.md"), default=CARD)
    config = Config(styles=(style,))
    assert has_default("README.md", config)
    assert has_default("posts/_index.md", config)
    assert not has_default("README.md", replace(config, styles=(replace(style, paths=("*.md",)),)))


def test_a_style_has_its_own_default() -> None:
    style = Style(paths=("games/**",), default=Default(prompt="a game"))
    config = replace(CONFIG, styles=(style,))
    assert scope.default_for(PurePath("games/a.md"), config) == style.default
    assert scope.default_for(PurePath("b.md"), config) == CARD
    config = replace(CONFIG, styles=(replace(style, default=None),))
    assert scope.default_for(PurePath("games/a.md"), config) == CARD


def test_a_style_may_decline_the_default(tmp_path: Path) -> None:
    text = "default: {card: true}\nstyles: [{paths: notes/**, default: false}]\n"
    config = config_of(tmp_path, text)
    assert not has_default("notes/a.md", config)
    assert has_default("a.md", config)


def test_the_config_excludes_files(tmp_path: Path) -> None:
    config = config_of(tmp_path, "exclude: [drafts/, '*.tmp.md']\n")
    assert not scope.is_article("drafts/a.md", config)
    assert not scope.is_article("posts/b.tmp.md", config)
    assert scope.is_article("posts/b.md", config)
    assert not scope.is_article("posts/b.txt", config)
    assert not scope.is_article(".github/b.md", config)
    assert config_of(tmp_path, "exclude: drafts\n").exclude == ("drafts",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("exclude: 1\n", "exclude: expected a path", id="a number"),
        pytest.param("excludes: [a]\n", "did you mean 'exclude'", id="a typo"),
        pytest.param("default: false\n", "default: expected", id="no default at all"),
    ],
)
def test_what_the_config_cannot_say(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config_of(tmp_path, text)
    assert message in str(caught.value)
