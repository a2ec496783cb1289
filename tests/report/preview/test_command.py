"""`headergen preview` at the command line: where the page goes, and what it leaves alone."""

from __future__ import annotations

import shutil
import webbrowser
from pathlib import Path

import pytest

from headergen.cli.main import main
from tests.report.preview import site
from tests.report.preview.test_page import data_of
from tests.support.repository import Repository

PAGE = ".headergen/preview.html"


@pytest.fixture(autouse=True)
def articles_of_each_state(repo: Repository) -> None:
    """Fill the repository."""
    site.fill(repo)


def test_says_where_the_page_is_which_shows_every_article(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["preview"]) == 0
    assert capsys.readouterr().out.startswith(f"{PAGE} (7 articles, ")
    told = data_of((repo.root / PAGE).read_text("utf-8"))
    assert told["site"] == "repo"
    assert [each["path"] for each in told["articles"]] == sorted(
        path.name for path in repo.root.glob("*.md")
    )
    thumbnails = {each["path"]: each["thumbnail"] for each in told["articles"]}
    assert thumbnails["fresh.md"].startswith("data:image/webp;base64,UklGR")
    assert thumbnails["hand-made.md"].startswith("data:image/webp;base64,UklGR")
    assert thumbnails["missing.md"] is None


def test_nothing_that_it_writes_can_be_committed_by_accident(repo: Repository) -> None:
    repo.git("add", ".")
    before = repo.git("status", "--short")
    assert main(["preview"]) == 0
    repo.git("add", ".")
    assert repo.git("status", "--short") == before


def test_a_part_of_the_site_and_another_place(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["preview", "fresh.md", "--output", "out/look.html"]) == 0
    assert capsys.readouterr().out.startswith("out/look.html (1 article, ")
    assert not (repo.root / PAGE).exists()
    assert main(["preview", "stale.md", "--output", "out/look.html"]) == 0
    told = data_of((repo.root / "out/look.html").read_text("utf-8"))
    assert [each["path"] for each in told["articles"]] == ["stale.md"]


@pytest.mark.parametrize(
    ("output", "told"),
    [
        pytest.param("fresh.md", "must end in .html", id="an article"),
        pytest.param("index.html", "headergen did not make it", id="a page of the site's own"),
    ],
)
def test_no_other_file_is_overwritten(
    repo: Repository, capsys: pytest.CaptureFixture[str], output: str, told: str
) -> None:
    repo.write("index.html", "<h1>Mine</h1>")
    before = (repo.root / output).read_bytes()
    assert main(["preview", "--output", output]) == 2
    assert told in capsys.readouterr().err
    assert (repo.root / output).read_bytes() == before


def test_a_link_in_the_folders_place_leads_nowhere_outside(
    repo: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    shutil.rmtree(repo.root / ".headergen")
    (repo.root / ".headergen").symlink_to(tmp_path / "elsewhere")
    assert main(["preview"]) == 2
    assert "leaves the repository" in capsys.readouterr().err
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_picture_that_cannot_be_read_is_left_out_and_told(repo: Repository) -> None:
    (repo.root / "hand-made/photo.jpg").write_bytes(b"\xff\xd8\xff broken")
    assert main(["preview", "hand-made.md"]) == 0
    (told,) = data_of((repo.root / PAGE).read_text("utf-8"))["articles"]
    assert told["thumbnail"] is None
    assert told["state"] == "hand-made"


def test_open_shows_the_page_in_a_browser(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)  # which returns nothing: no browser
    assert main(["preview", "fresh.md", "--open"]) == 0
    assert opened == [(repo.root / PAGE).as_uri()]
    assert "open the page by hand" in capsys.readouterr().err
