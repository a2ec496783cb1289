"""How often an article's frontmatter is parsed: by a loader that counts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from headergen.article.frontmatter import toml_edit, yaml_loader
from headergen.cli.main import main
from tests.support.repository import Repository

CONFIG = "alt_key: cover.alt\nalso: [{key: og_image, width: 1200, height: 630}]\n"


@dataclass
class Counts:
    """The texts of frontmatter that were loaded as values, and those that were composed to edit."""

    read: list[str] = field(default_factory=list)
    composed: list[str] = field(default_factory=list)

    def of(self, title: str) -> tuple[int, int]:
        """Return how often the frontmatter of the article with a title was read, and composed."""
        return tuple(sum(title in text for text in each) for each in (self.read, self.composed))  # type: ignore[return-value]


def counting(loader: type[Any], texts: list[str]) -> type[Any]:
    """Return the loader, such that it adds each text that it is given to `texts`."""

    def begin(self: Any, text: str) -> None:
        texts.append(text)
        loader.__init__(self, text)

    return type("Counting", (loader,), {"__init__": begin})


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    found = Counts()
    loaders = yaml_loader.KEEPING_LOADER, yaml_loader.LOADER
    monkeypatch.setattr(yaml_loader, "KEEPING_LOADER", counting(loaders[0], found.read))
    monkeypatch.setattr(yaml_loader, "LOADER", counting(loaders[1], found.composed))
    return found


@pytest.fixture
def site(repo: Repository) -> Repository:
    """Three articles whose headers are not made yet, and one that asks for none."""
    repo.write_sources("a.png")
    repo.write("headergen.yaml", CONFIG)
    repo.write("card.md", "---\ntitle: Card\nheader: {card: true, alt: a}\n---\nBody.\n")
    repo.write("flat.md", "---\ntitle: Flat\nheader:\n  sources: [a.png]\n---\nBody.\n")
    repo.write("deep.md", "---\ntitle: Deep\ncover: {}\nheader:\n  card: true\n  alt: b\n---\n")
    repo.write("none.md", "---\ntitle: None\n---\nBody.\n")
    repo.git("add", ".")
    return repo


ARTICLES = ("Card", "Flat", "Deep")


HOOK = ["hook", "card.md", "flat.md", "deep.md"]


@pytest.mark.parametrize(
    ("command", "code", "times"),
    [
        pytest.param(["run"], 0, 2, id="run: before its header is written, and after"),
        pytest.param(HOOK, 1, 7, id="hook: thrice as it is staged, before and after, and compared"),
    ],
)
def test_how_often_an_article_is_read_whose_header_is_written(
    site: Repository, counts: Counts, command: list[str], code: int, times: int
) -> None:
    assert main(command) == code
    assert "digest" in (site.root / "deep.md").read_text()
    assert [counts.of(title) for title in ARTICLES] == [(times, 2)] * 3


@pytest.mark.parametrize(
    ("command", "times"),
    [
        pytest.param(["run"], 1, id="run"),
        pytest.param(
            HOOK, 3, id="hook: whether a change concerns it, and alone, and with what it names"
        ),
    ],
)
def test_how_often_an_article_is_read_whose_header_is_there(
    site: Repository, counts: Counts, command: list[str], times: int
) -> None:
    main(["run"])
    site.git("add", ".")
    counts.read.clear()
    counts.composed.clear()
    assert main(command) == 0
    assert [counts.of(title) for title in ARTICLES] == [(times, 0)] * 3


@pytest.mark.slow
def test_pictures_that_are_replaced_cost_no_further_look_at_their_articles(
    site: Repository, counts: Counts
) -> None:
    main(["run"])
    Image.radial_gradient("L").convert("RGB").save(site.root / "a.png")
    for name in ("card", "deep"):
        path = site.root / f"{name}.md"
        path.write_text(path.read_text().replace("title: ", "title: New "))
    counts.read.clear()
    counts.composed.clear()
    assert main(["run"]) == 0
    assert [counts.of(title) for title in ARTICLES] == [(2, 2)] * 3


@pytest.mark.parametrize(
    ("command", "code", "none"), [("preview", 0, (1, 0)), ("check", 1, (0, 0))]
)
def test_the_page_and_the_check_try_to_write_back_only_what_is_missing(
    site: Repository, counts: Counts, command: str, code: int, none: tuple[int, int]
) -> None:
    main(["run", "flat.md"])
    site.git("add", ".")
    counts.read.clear()
    counts.composed.clear()
    assert main([command]) == code
    missing, there = (2, 2), (1, 0)
    found = [counts.of(title) for title in (*ARTICLES, "None")]
    assert found == [missing, there, missing, none]


def test_toml_is_read_as_often_and_tried_once_for_each_key(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    tried: list[str] = []
    load, loads = toml_edit.TomlHandler.load, tomllib.loads

    def counted(self: toml_edit.TomlHandler, text: str, **options: object) -> dict[str, Any]:
        read.append(text)
        return load(self, text, **options)

    def tries(text: str, **options: Any) -> dict[str, Any]:
        tried.append(text)
        return loads(text, **options)

    monkeypatch.setattr(toml_edit.TomlHandler, "load", counted)
    monkeypatch.setattr(tomllib, "loads", tries)
    article = repo.write("a.md", "+++\ntitle = 'Toml'\n[header]\ncard = true\n+++\nBody.\n")
    assert main(["run"]) == 0
    assert "digest" in Path(article).read_text()
    whole = [text for text in tried if "title" in text]
    assert len(read) == 2
    assert len(whole) - len(read) == 1 + len(("image", "digest"))
