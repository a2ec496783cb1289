"""What version 0.1.0 made is kept by this one: tests/data/repository_0_1_0/make.py made it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from headergen.cli.main import main
from headergen.picture import first_bytes
from tests.support.paths import DATA
from tests.support.repository import Repository

MADE = DATA / "repository_0_1_0"
SETTLED = MADE / "settled"
HEADERS = sorted(path.relative_to(SETTLED) for path in SETTLED.rglob("note_images/*"))
PROMPTS = {
    "sea": "夕焼けの海辺",
    "titled": "hills",
    "toml": "a lighthouse",
    "default": "a quiet default",
}


@pytest.fixture
def settled(repo: Repository) -> Repository:
    """A commit of articles that have their headers, and candidates for one of them."""
    return committed(repo, "settled")


def committed(repo: Repository, name: str) -> Repository:
    shutil.copytree(MADE / name, repo.root, dirs_exist_ok=True)
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "made by 0.1.0")
    return repo


def tree(root: Path) -> dict[str, bytes]:
    files = [path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "posts/sea.md"], ["hook", "--", "posts/fan.md", "posts/toml.md"]]
)
def test_nothing_is_made_again(settled: Repository, arguments: list[str]) -> None:
    before = tree(settled.root)
    assert main(arguments) == 0
    assert tree(settled.root) == before == tree(SETTLED)
    assert settled.git("status", "--porcelain") == ""


def test_only_the_stand_in_is_reported(
    settled: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--json"]) == 1
    found = [(each["path"], each["code"]) for each in json.loads(capsys.readouterr().out)]
    assert found == [("posts/stand-in.md", "stand-in")]
    assert main(["check", "--allow-stand-ins"]) == 0


def test_every_picture_reports_how_it_was_made(
    settled: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len(HEADERS) == 30
    for path in HEADERS:
        assert main(["show", str(path), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        if path.stem in PROMPTS:
            assert told["settings"]["prompt"] == PROMPTS[path.stem]


def test_the_page_shows_every_article(settled: Repository) -> None:
    assert main(["preview"]) == 0
    page = (settled.root / ".headergen" / "preview.html").read_text(encoding="utf-8")
    assert all(path.name in page for path in SETTLED.rglob("*.md"))


@pytest.mark.parametrize("number", [1, 2])
def test_a_candidate_becomes_the_header(settled: Repository, number: int) -> None:
    record = settled.root / ".headergen" / "candidates" / "posts" / "sea.md" / "candidates.json"
    wanted = json.loads(record.read_bytes())["candidates"][number - 1]
    assert main(["pick", "posts/sea.md", str(number)]) == 0
    header = settled.root / "posts" / "note_images" / "sea.webp"
    assert first_bytes.probe(header).digest == wanted["digest"]
    assert f"seed: {wanted['seed']}\n" in (settled.root / "posts" / "sea.md").read_text("utf-8")
    settled.git("add", ".")
    assert main(["check", "--allow-stand-ins"]) == 0


def test_a_picture_that_was_painted_and_not_finished_is_used(repo: Repository) -> None:
    committed(repo, "unfinished")
    assert main(["run"]) == 0
    assert first_bytes.probe(repo.root / "note_images" / "a.png").digest
    assert not list((repo.root / ".headergen").rglob("*.png"))
