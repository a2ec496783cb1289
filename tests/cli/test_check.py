"""What `headergen check` says: severities, counts, formats, and a baseline of what is known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from PIL import Image

from headergen.cli.main import main
from tests.support.repository import Repository

SMALL = "header: {width: 64, height: 34}\n"
OWN = "---\nheader: {image: own.png}\n---\n"
CARD = "---\ntitle: A\nheader: {card: true}\n---\n"


@pytest.fixture
def site(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A site with a picture of the author's own that has another size."""
    monkeypatch.delenv("CI", raising=False)
    repo.write("headergen.yaml", SMALL)
    repo.write("own.md", OWN)
    Image.new("RGB", (60, 60), "teal").save(repo.root / "own.png")
    repo.git("add", ".")
    return repo


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["check", *arguments])
    return code, capsys.readouterr().out


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(check(capsys, "--format", "json", *arguments)[1])
    return found


@pytest.mark.parametrize(
    ("picture", "size", "config", "code"),
    [
        pytest.param("own.png", (60, 60), "", "wrong-size", id="another size"),
        pytest.param("own.webp", (128, 64), "", "wrong-format", id="another format"),
        pytest.param("own.png", (128, 64), "  max_kb: 10\n", "too-large", id="more bytes"),
    ],
)
def test_a_picture_of_the_authors_is_warned_of_unless_the_config_is_strict(
    repo: Repository,
    capsys: pytest.CaptureFixture[str],
    picture: str,
    size: tuple[int, int],
    config: str,
    code: str,
) -> None:
    Image.new("RGB", size).save(repo.root / picture, format="PNG", compress_level=0)
    repo.write("headergen.yaml", f"header:\n  width: 128\n  height: 64\n{config}")
    repo.write("a.md", OWN.replace("own.png", picture))
    repo.git("add", ".")
    (found,) = findings(capsys)
    assert (found["code"], found["severity"]) == (code, "warning")
    assert main(["check"]) == 0
    with (repo.root / "headergen.yaml").open("a") as file_of_config:
        file_of_config.write("strict: true\n")
    (found,) = findings(capsys)
    assert (found["code"], found["severity"]) == (code, "error")
    assert main(["check"]) == 1


def test_a_header_of_headergens_with_another_size_is_an_error(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", SMALL)
    repo.write("a.md", CARD)
    assert main(["run"]) == 0
    repo.git("add", ".")
    repo.write("headergen.yaml", "header: {width: 80, height: 40}\n")
    (found,) = findings(capsys)
    assert (found["code"], found["severity"]) == ("wrong-size", "error")


def test_the_last_line_counts(site: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    site.write("a.md", "---\nheader: {prompt: a}\n---\n")
    code, out = check(capsys)
    assert code == 1
    assert out == (
        "a.md:2: error: missing: no header yet\n"
        "  run `headergen run`\n"
        "own.md:2: warning: wrong-size: own.png is 60×60 px, not 64×34\n"
        "2 articles checked: 1 error, 1 warning\n"
    )


def test_what_is_made_and_not_staged_is_said_once_with_the_line_that_adds_it(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        site.write(f"{name}.md", CARD)
    assert main(["run", "a.md", "b.md"]) == 0
    code, out = check(capsys, "a.md", "b.md")
    added = "git add -- a.md note_images/a.png b.md note_images/b.png"
    assert code == 1
    assert out == (
        "error: not-in-index: 4 files are not staged as on disk (a.md:3, b.md:3)\n"
        "2 articles checked: 2 errors\n"
        f"to complete the commit: {added}\n"
    )
    site.run("sh", "-c", added)
    assert check(capsys, "a.md", "b.md") == (0, "2 articles checked: all is well\n")


def test_what_git_add_does_not_mend_is_not_in_that_line(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write(".gitignore", "note_images\n")
    site.write("a.md", CARD)
    assert main(["run", "a.md"]) == 0
    out = check(capsys, "a.md")[1]
    assert "not-in-index: note_images/a.png is ignored by git\n" in out
    assert "to complete the commit" not in out


def test_github_shows_each_finding_beside_its_line(
    site: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("sub/100%, b:c.md", "---\nheader: {prompt: a}\n---\n")
    site.write("sub/d.md", "---yaml\ntitle: x\n---\n")
    with (site.root / "headergen.yaml").open("a") as config:
        config.write("default: {card: true}\n")
    monkeypatch.chdir(site.root / "sub")
    code, out = check(capsys, "--format", "github", "..")
    lines = out.splitlines()
    assert code == 1
    size = "own.png is 60×60 px, not 64×34"
    assert f"::warning file=own.md,line=2,title=headergen%3A wrong-size::{size}" in lines
    assert (
        "::error file=sub/100%25%2C b%3Ac.md,line=2,title=headergen%3A missing"
        "::no header yet: run `headergen run`"
    ) in lines
    assert lines[-1] == "3 articles checked: 1 error, 1 warning, 1 note"
    assert any(line.startswith("::notice file=sub/d.md,line=1,") for line in lines)


def test_a_baseline_is_written_once_and_what_is_new_is_reported(
    site: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("a.md", "---\nheader: {prompt: a}\n---\n")
    code, out = check(capsys, "--baseline", "known.json")
    assert (code, out) == (0, "2 articles checked: 2 known from the baseline\n")
    monkeypatch.setenv("CI", "true")
    site.write("a.md", "---\n# a line above\nheader: {prompt: a}\n---\n")
    assert check(capsys, "--baseline", "known.json")[0] == 0
    site.write("b.md", "---\nheader: {prompt: a}\n---\n")
    assert [each["path"] for each in findings(capsys, "--baseline", "known.json")] == ["b.md"]
    (site.root / "b.md").unlink()
    (site.root / "a.md").unlink()
    out = check(capsys, "--baseline", "known.json")[1]
    assert "1 known from the baseline, 1 of the baseline found no more" in out


def test_a_baseline_has_paths_from_the_root(
    site: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("sub/a.md", "---\nheader: {prompt: a}\n---\n")
    assert main(["check", "--baseline", "known.json"]) == 0
    monkeypatch.chdir(site.root / "sub")
    assert check(capsys, "--baseline", "../known.json")[0] == 0
    site.git("add", ".")
    site.git("commit", "--quiet", "-m", "x")
    assert check(capsys, "--commit", "HEAD", "--baseline", "../known.json")[0] == 0


def test_a_baseline_is_the_same_whenever_it_is_written(site: Repository) -> None:
    site.write("a.md", "---\nheader: {prompt: a}\n---\n")
    texts = []
    for name in ("one.json", "two.json"):
        assert main(["check", "--baseline", name]) == 0
        texts.append((site.root / name).read_text())
    assert texts[0] == texts[1]
    assert json.loads(texts[0])[0] == {
        "path": "a.md", "code": "missing", "message": "no header yet"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "the baseline known.json does not exist", id="none in CI"),
        pytest.param("{", "is no baseline of headergen's", id="no JSON"),
        pytest.param('[{"path": "a"}]', "is no baseline of headergen's", id="other JSON"),
        pytest.param("3", "is no baseline of headergen's", id="a number"),
    ],
)
def test_a_baseline_that_cannot_be_used_is_told(
    site: Repository,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
    message: str,
) -> None:
    monkeypatch.setenv("CI", "1")
    if content is not None:
        site.write("known.json", content)
    assert main(["check", "--baseline", "known.json"]) == 2
    assert message in capsys.readouterr().err
    assert (site.root / "known.json").exists() == (content is not None)


def test_the_help_tells_what_the_exit_codes_mean(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("run", "hook", "check"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert "exit codes: 0: " in capsys.readouterr().out
