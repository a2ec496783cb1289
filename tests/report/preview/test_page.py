"""The page's text: what it tells of each article, and that no article can run code in it."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from headergen.article.article import Article
from headergen.plan import candidates
from headergen.plan import state as states
from headergen.plan.candidates import Candidate
from headergen.report.preview import entries, page
from headergen.report.preview.entries import STATES, Entry
from headergen.settings import config as configs
from headergen.settings.config import Config
from tests.report.preview import site
from tests.support.headers import header_of
from tests.support.repository import Repository


@pytest.fixture(autouse=True)
def articles_of_each_state(repo: Repository) -> None:
    """Fill the repository."""
    site.fill(repo)


def read(repo: Repository, *names: str) -> dict[str, Entry]:
    config = configs.load(Path())
    return {entry.path: entry for entry in entries.read(names, config, repo.root, in_git=False)}


def data_of(html: str) -> dict[str, Any]:
    (block,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', html, re.S)
    found: dict[str, Any] = json.loads(block)
    return found


def rendered(*found: Entry) -> str:
    return page.render(found, configs.Config(), "a site", {})


@pytest.mark.parametrize("state", STATES)
def test_an_article_is_in_the_state_that_it_is_named_for(repo: Repository, state: str) -> None:
    assert read(repo, f"{state}.md")[f"{state}.md"].state == state


def test_tells_of_a_painted_header_what_it_takes_to_paint_it(repo: Repository) -> None:
    entry = read(repo, "fresh.md")["fresh.md"]
    (told,) = data_of(rendered(entry))["articles"]
    assert told["title"] == "A lighthouse at dusk"
    assert told["prompt"] == "a lighthouse on a cliff"
    assert (told["model"], told["seed"]) == ("z-image-turbo", "7")
    assert told["pixels"] == "640 × 335 px"
    assert told["size"] == (repo.root / header_of("fresh")).stat().st_size
    assert (told["image"], told["command"]) == (header_of("fresh"), None)


def test_tells_of_what_is_not_made_the_command_that_makes_it(repo: Repository) -> None:
    repo.write("a b's.md", "---\nheader: {prompt: x}\n---\n")
    (told,) = data_of(rendered(read(repo, "a b's.md")["a b's.md"]))["articles"]
    assert told["command"] == """headergen run 'a b'"'"'s.md'"""
    assert (told["thumbnail"], told["size"], told["title"]) == (None, None, "a b's")


def test_a_picture_that_may_not_be_read_does_not_stop_the_page(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(entries, "probe", denied)
    (told,) = data_of(rendered(read(repo, "hand-made.md")["hand-made.md"]))["articles"]
    assert (told["state"], told["size"], told["pixels"]) == ("hand-made", None, None)


def test_a_title_card_and_a_default_are_told_as_they_were_asked_for(repo: Repository) -> None:
    repo.write("headergen.yaml", "default: {prompt: 'flat, {title}'}\n")
    repo.write("card.md", "---\ntitle: T\nheader: {card: {theme: paper, author: A}}\n---\n")
    repo.write("plain.md", "# Two\n")
    found = read(repo, "card.md", "plain.md")
    card, plain = data_of(rendered(*found.values()))["articles"]
    assert (card["card"], card["model"], card["state"]) == (
        "theme: paper\nauthor: A",
        None,
        "missing",
    )
    assert (plain["prompt"], plain["state"]) == ("flat, Two", "missing")
    assert plain["seed"] is not None


def test_a_seed_is_the_one_that_the_painter_would_take(repo: Repository) -> None:
    repo.write("a.md", "---\nheader: {prompt: x}\n---\n")
    entry = read(repo, "a.md")["a.md"]
    assert entry.seed is not None
    assert f"{entry.seed:08x}" == read_digest(entry)


def read_digest(entry: Entry) -> str:
    assert entry.article and entry.article.request
    return states.digest_of(entry.article.request, ())


def test_what_check_finds_is_told_but_not_the_state_twice(repo: Repository) -> None:
    found = read(repo, "hand-made.md", "missing.md", "broken.md")
    assert found["missing.md"].notes == ()
    assert "unknown key 'promt'" in found["broken.md"].notes[0]
    assert found["broken.md"].title == "Mistaken"
    repo.write("a.md", "---\ntitle: Titled\nheader: {sources: [gone.png]}\n---\n")
    entry = read(repo, "a.md")["a.md"]
    assert (entry.state, entry.title) == ("broken", "Titled")
    assert "'gone.png' does not exist" in entry.notes[0]
    repo.write("headergen.yaml", "header: {width: 100, height: 50}\n")
    assert "640×335 px, not 100×50" in read(repo, "hand-made.md")["hand-made.md"].notes[0]


def test_what_is_lacking_beside_a_fresh_header_is_told(repo: Repository) -> None:
    cut = "{key: cover.square, width: 64, height: 64}"
    repo.write(
        "headergen.yaml",
        f"header: {{width: 640, height: 335}}\nalso: [{cut}]\nalt_key: cover.alt\n",
    )
    fresh = (repo.root / "fresh.md").read_text()
    repo.write("fresh.md", fresh.replace("header:\n", "header:\n  alt: A tower\n"))
    entry = read(repo, "fresh.md")["fresh.md"]
    assert entry.state == "fresh"
    assert [note.partition(":")[0] for note in entry.notes] == [
        "cover.alt is not what header.alt says",
        "cover.square",
    ]


def test_an_article_whose_record_and_request_have_parted_does_not_stop_the_page(
    repo: Repository,
) -> None:
    image = "image: hand-made/photo.jpg"
    repo.write("missing.md", f"---\nheader: {{sources: [gone.png], {image}}}\n---\n")
    found = read(repo, "missing.md", "fresh.md")
    assert (found["missing.md"].state, found["missing.md"].candidates) == ("hand-made", {})
    assert found["fresh.md"].state == "fresh"


def test_whatever_fails_at_an_article_the_others_are_told(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(article: Article, config: Config, root: Path) -> list[Candidate]:
        if article.path.name == "hand-made.md":
            raise PermissionError(13, "Permission denied", "candidates.json")
        return []

    monkeypatch.setattr(candidates, "shown", shown)
    found = read(repo, "hand-made.md", "fresh.md")
    assert (found["hand-made.md"].state, found["fresh.md"].state) == ("broken", "fresh")
    assert "Permission denied" in found["hand-made.md"].notes[0]


def test_an_article_that_wants_no_header_is_named_by_its_heading(repo: Repository) -> None:
    repo.write("never.md", "---\nheader: false\n---\n# Never\n")
    entry = read(repo, "never.md")["never.md"]
    assert (entry.state, entry.title) == ("no-header", "Never")


def test_nothing_from_an_article_leaves_the_data_block(repo: Repository) -> None:
    entry = Entry(path=site.HOSTILE, title=site.HOSTILE, state="broken", notes=(site.HOSTILE,))
    html = rendered(entry)
    assert html.count("<script") == 2
    assert html.count("</script>") == 2
    assert "onerror" not in html.replace(json.dumps(site.HOSTILE)[1:-1], "").partition("<script")[0]
    (told,) = data_of(html)["articles"]
    shown = site.HOSTILE.replace("\u2028", "\\u2028")  # it would steer the page's text
    assert (told["title"], told["path"], told["notes"]) == (shown, shown, [shown])


def test_a_name_that_is_no_text_does_not_stop_the_page() -> None:
    entry = Entry(path="a\udcff.md", title="a\udcff", state="no-header")
    assert data_of(rendered(entry))["articles"][0]["path"] == "a?.md"


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_policy_allows_the_pages_own_code_and_no_other(tag: str) -> None:
    html = rendered()
    (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)
    digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_page_asks_nothing_of_anybody() -> None:
    html = rendered()
    assert not re.findall(r"https?:|//[a-z]|@import|url\(|fetch\(|XMLHttp", html)


def test_the_same_site_gives_the_same_page(repo: Repository) -> None:
    found = read(repo, "fresh.md", "missing.md").values()
    assert rendered(*found) == rendered(*found)
