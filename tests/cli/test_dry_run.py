"""`--dry-run` of `run` and `hook`: what would be made and why, and nothing written."""

from __future__ import annotations

import pytest
from PIL import Image

from headergen.cli.main import main
from tests.support.repository import Repository

CONFIG = "header: {width: 64, height: 34}\nimage: {device: 'cuda:9'}\n"


@pytest.fixture
def site(repo: Repository) -> Repository:
    """A site with an article of each kind, and none of them made."""
    repo.write("headergen.yaml", CONFIG)
    repo.write_sources("one.png", "two.png")
    repo.write("a.md", "---\ntitle: A\nheader: {card: {theme: night}}\n---\n")
    repo.write("b.md", "---\nheader: {sources: [one.png, two.png]}\n---\n")
    repo.write("c.md", "---\nheader: {prompt: a}\n---\n")
    return repo


def state_of(repo: Repository) -> dict[str, tuple[bytes, int]]:
    files = (path for path in repo.root.rglob("*") if path.is_file())
    return {str(each): (each.read_bytes(), each.stat().st_mtime_ns) for each in files}


def test_a_run_tells_what_it_would_make_and_why(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state_of(site)
    assert main(["run", "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        "a.md:3: would draw note_images/a.png, a title card in the theme night: no header yet\n"
        "b.md:2: would compose note_images/b.png of 2 pictures: no header yet\n"
        "c.md:2: would paint note_images/c.png with z-image-turbo: no header yet\n"
        "this machine does not look as if it could paint: see `headergen doctor`\n"
        "nothing was written: 3 articles would be\n"
    )
    assert state_of(site) == before


def test_it_tells_of_changed_requests_lost_cuts_and_earlier_runs(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "a.md", "b.md"]) == 0
    site.write("headergen.yaml", CONFIG + "also: [{key: og, width: 32, height: 16}]\n")
    text = (site.root / "a.md").read_text()
    site.write("a.md", text.replace("night", "paper"))
    capsys.readouterr()
    assert main(["run", "--dry-run", "a.md", "b.md"]) == 0
    out = capsys.readouterr().out
    assert (
        "a.md:3: would draw note_images/a.png and 1 cut, a title card in the theme paper: "
        "the request changed since note_images/a.png was made\n"
    ) in out
    assert "b.md:2: would bring what belongs to note_images/b.png up to date: og: no " in out
    site.write("a.md", "---\ntitle: A\nheader: {card: {theme: night}}\n---\n")
    assert main(["run", "--dry-run", "a.md"]) == 0
    assert "would name note_images/a.png, which an earlier run made" in capsys.readouterr().out
    assert main(["run", "--dry-run", "--again", "b.md"]) == 0
    assert "would compose note_images/b.png and 1 cut of 2 pictures: --again" in (
        capsys.readouterr().out
    )


def test_it_tells_what_a_run_would_refuse(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write("note_images/a.png", b"")
    Image.new("RGB", (64, 34)).save(site.root / "note_images/a.png")
    assert main(["run", "--dry-run", "a.md", "b.md"]) == 2
    captured = capsys.readouterr()
    assert "headergen did not make it" in captured.err
    assert "would draw" not in captured.out
    assert "would compose" in captured.out


def test_nothing_to_do_is_said_as_ever(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "a.md"]) == 0
    capsys.readouterr()
    assert main(["run", "--dry-run", "a.md"]) == 0
    assert capsys.readouterr().out.startswith("nothing to do: 1 of 1 articles have a header")


def test_a_hook_tells_what_it_would_make_and_what_the_commit_lacks(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    (site.root / "c.md").unlink()
    assert main(["run", "b.md"]) == 0
    site.git("add", "a.md", "b.md", "headergen.yaml")
    capsys.readouterr()
    before = state_of(site)
    assert main(["hook", "--dry-run"]) == 1
    captured = capsys.readouterr()
    assert "a.md:3: would draw note_images/a.png" in captured.out
    assert "note_images/b.png is not staged" in captured.err
    assert "one.png is not staged" in captured.err
    assert state_of(site) == before
    assert main(["run"]) == 0
    site.git("add", ".")
    before = state_of(site)
    assert main(["hook", "--dry-run"]) == 0
    assert state_of(site) == before
