"""`headergen init`: what it finds, asks, writes and leaves alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest
import yaml

from headergen.cli.commands import init
from headergen.cli.main import main
from headergen.settings import config as configs
from tests.commits import hooked
from tests.support.repository import Repository

POST = "---\ntitle: A post\n---\nText.\n"


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Answers to give; the questions are put in their place."""
    answers: list[str] = []
    asked: list[str] = []

    def reply(question: str) -> str:
        asked.append(question)
        return answers.pop(0)

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", reply)
    yield answers
    assert not answers, "each answer is asked for"
    assert len(asked) <= 3


def test_it_writes_what_suits_the_site_and_names_the_next_command(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("hugo.toml", 'baseURL = "https://a.example/"\n')
    repo.write("content/posts/tea.md", POST)
    repo.write("README.md", "# A site\n")
    assert main(["init", "--yes"]) == 0
    out = capsys.readouterr().out
    assert "site: Hugo (hugo.toml)\n" in out
    assert "hook: git (.git/hooks/pre-commit)\n" in out
    assert out.endswith(
        "    write `header: {card: true}` into the frontmatter of content/posts/tea.md\n"
        "    headergen run content/posts/tea.md\n"
    )
    assert configs.load(repo.root).output == "/static/images/headers/{slug}.{format}"
    schema = json.loads((repo.root / "headergen.schema.json").read_text())
    assert "image_key" in schema["properties"]
    repo.write("content/posts/tea.md", POST.replace("---\nText", "header: {card: true}\n---\nText"))
    assert main(["run", "content/posts/tea.md"]) == 0
    assert (repo.root / "static/images/headers/tea.webp").is_file()


def test_the_hook_that_it_writes_runs_headergen(repo: Repository) -> None:
    work = Repository(repo.root, hooked.environment(repo.root.parent / "env"))
    work.headergen("init", "--yes")
    work.write("post.md", POST.replace("title", "header: {card: true}\ntitle"))
    work.git("add", ".")
    assert "to complete the commit: git add" in work.git("commit", "-m", "post", code=1)
    for name in ("pre-commit", "pre-merge-commit"):
        assert (repo.root / ".git/hooks" / name).stat().st_mode & 0o111


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["pre-commit", "prek"])
def test_the_hook_that_it_adds_to_a_framework_runs_headergen(
    framework: str, repo: Repository
) -> None:
    work = Repository(repo.root, hooked.environment(repo.root.parent / "env"))
    work.write(".pre-commit-config.yaml", "repos: []\n")
    work.headergen("init", "--yes")
    assert "headergen" not in (repo.root / ".pre-commit-config.yaml").read_text()
    (repo.root / "headergen.yaml").unlink()
    work.write(".pre-commit-config.yaml", "repos:\n- repo: meta\n  hooks: [{id: identity}]\n")
    work.headergen("init", "--yes")
    hooked.install(work, framework)
    work.write("post.md", POST.replace("title", "header: {card: true}\ntitle"))
    work.git("add", ".")
    assert "to complete the commit: git add" in work.git("commit", "-m", "post", code=1)


def test_it_asks_three_questions_at_most(
    repo: Repository, answer: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("hugo.toml", "")
    repo.write(".obsidian/app.json", "{}")
    answer += ["2", "yes", "https://git.example/headergen"]
    assert main(["init"]) == 0
    config = yaml.safe_load((repo.root / "headergen.yaml").read_text())
    assert (config["image_key"], config["default"]) == ("cover", {"card": True})
    job = yaml.safe_load((repo.root / init.WORKFLOW).read_text())
    (check,) = (step["run"] for step in job["jobs"]["headers"]["steps"] if "run" in step)
    assert "git+https://git.example/headergen headergen check" in check
    assert capsys.readouterr().out.endswith("next:\n    headergen run\n")


def test_an_empty_answer_is_the_usual_one(repo: Repository, answer: list[str]) -> None:
    answer += ["", ""]
    assert main(["init"]) == 0
    config = yaml.safe_load((repo.root / "headergen.yaml").read_text())
    assert "default" not in config
    assert not (repo.root / init.WORKFLOW).exists()


@pytest.mark.parametrize("name", ["headergen.yaml", "headergen.yml"])
def test_a_config_is_not_overwritten(
    name: str, repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = repo.write(name, "image_key: mine\n")
    assert main(["init", "--yes"]) == 2
    assert f"{name} exists already" in capsys.readouterr().err
    assert mine.read_text() == "image_key: mine\n"
    assert not (repo.root / ".git/hooks/pre-commit").exists()


def test_a_config_in_pyproject_counts_as_well(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("pyproject.toml", "[tool.headergen]\nimage_key = 'mine'\n")
    assert main(["init", "--yes"]) == 2
    assert "pyproject.toml exists already" in capsys.readouterr().err
    repo.write("pyproject.toml", "[project]\nname = 'a'\n")
    assert main(["init", "--yes"]) == 0


def test_files_of_the_authors_are_left_alone_and_told(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = repo.write(".git/hooks/pre-commit", "#!/bin/sh\nmake\n")
    job = repo.write(init.WORKFLOW, "name: mine\n")
    schema = repo.write("headergen.schema.json", "{}")
    assert main(["init", "--yes", "--ci", "https://git.example/h"]) == 0
    out = capsys.readouterr().out
    assert ".git/hooks/pre-commit is left as it is; add to it:\n    headergen hook || exit 1" in out
    assert f"{init.WORKFLOW} is left as it is" in out
    assert (hook.read_text(), job.read_text()) == ("#!/bin/sh\nmake\n", "name: mine\n")
    assert schema.read_text() == "{}"


def test_without_a_terminal_it_asks_for_yes_and_writes_nothing(
    repo: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert main(["init"]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert not (repo.root / "headergen.yaml").exists()


def test_a_number_of_no_site_is_refused(
    repo: Repository, answer: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("hugo.toml", "")
    repo.write(".obsidian/app.json", "{}")
    answer += ["3"]
    assert main(["init"]) == 2
    assert "expected a number from 1 to 2" in capsys.readouterr().err


def test_a_site_can_be_named(repo: Repository) -> None:
    assert main(["init", "--yes", "--site", "zenn", "--cards"]) == 0
    config = configs.load(repo.root)
    assert (config.format, config.default is not None) == ("png", True)


def test_the_example_is_an_article_without_a_picture(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("_config.yml", "theme: minimal-mistakes-jekyll\n")
    repo.write("_posts/plain.md", POST)
    repo.write("_posts/pictured.md", "---\nheader: {teaser: /a.jpg}\n---\n")
    assert main(["init", "--yes"]) == 0
    out = capsys.readouterr().out
    assert "pictures: named under header.teaser in 1 article\n" in out
    assert "write `headergen: {card: true}` into the frontmatter of _posts/plain.md\n" in out


def test_outside_of_git_it_writes_no_hook(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path_factory.mktemp("plain")
    monkeypatch.chdir(folder)
    assert main(["init", "--yes"]) == 0
    assert "hook: none" in capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} == {"headergen.yaml", "headergen.schema.json"}
