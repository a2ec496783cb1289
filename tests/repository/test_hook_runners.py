"""Where `headergen init` writes the hook, and what it leaves to the author."""

from __future__ import annotations

import pytest
import yaml

from headergen.repository import hook_runners
from tests.support.paths import CHECKOUT
from tests.support.repository import Repository

OTHER = "repos:\n{0}- repo: https://a.example/b\n{0}  rev: v1\n{0}  hooks: [{{id: c}}]  # mine\n"


@pytest.mark.parametrize("indent", ["", "  ", "    "])
def test_a_hook_is_added_to_pre_commits_config_and_nothing_else_changes(
    indent: str, repo: Repository
) -> None:
    before = OTHER.format(indent)
    repo.write(".pre-commit-config.yaml", before)
    hook = hook_runners.find(repo.root)
    assert hook.runner == "pre-commit" and hook.text and hook.then == "pre-commit install"
    assert hook.text.startswith(before)
    repos = yaml.safe_load(hook.text)["repos"]
    assert [each["repo"] for each in repos] == ["https://a.example/b", "local"]
    assert repos[1]["hooks"][0]["entry"] == "headergen hook"


@pytest.mark.parametrize(
    ("name", "text", "runner"),
    [
        pytest.param(
            ".pre-commit-config.yaml",
            OTHER.format("") + "default_stages: [pre-commit]\n",
            "pre-commit",
            id="keys behind the list",
        ),
        pytest.param(
            ".pre-commit-config.yaml",
            "repos: [{repo: local, hooks: []}]\n",
            "pre-commit",
            id="flow",
        ),
        pytest.param(".pre-commit-config.yaml", "repos: [\n", "pre-commit", id="broken"),
        pytest.param(
            "lefthook.yml", "pre-commit:\n  jobs: [{run: make}]\n", "lefthook", id="has jobs"
        ),
        pytest.param("lefthook.toml", "[pre-commit]\n", "lefthook", id="TOML"),
        pytest.param("prek.toml", "repos = []\n", "prek", id="a list that can't be continued"),
        pytest.param(".husky/pre-commit", "npm test\nexec make\n", "husky", id="ends in exec"),
        pytest.param(".git/hooks/pre-commit", "#!/bin/sh\nmake\n", "git", id="a hook by hand"),
    ],
)
def test_what_cannot_be_added_to_without_risk_is_left_to_the_author(
    name: str, text: str, runner: str, repo: Repository
) -> None:
    repo.write(name, text)
    hook = hook_runners.find(repo.root)
    assert (hook.runner, hook.text) == (runner, None)
    assert hook.by_hand and "headergen hook" in hook.by_hand


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("lefthook.yml", "pre-push:\n  jobs: [{run: make}]\n", hook_runners.LEFTHOOK),
        ("lefthook.yml", "", hook_runners.LEFTHOOK),
        ("prek.toml", '[[repos]]\nrepo = "builtin"\nhooks = []\n', hook_runners.PREK),
        (".husky/pre-commit", "npx lint-staged\n", hook_runners.COMMAND),
        (".husky/commit-msg", "npx commitlint\n", hook_runners.COMMAND),
    ],
)
def test_what_can_be_added_to_is(name: str, text: str, wanted: str, repo: Repository) -> None:
    repo.write(name, text)
    hook = hook_runners.find(repo.root)
    assert hook.text and hook.text.endswith(wanted)
    assert hook.text.startswith(text if hook.file.name == name.rpartition("/")[2] else "")


@pytest.mark.parametrize(
    "name", [".pre-commit-config.yaml", "lefthook.yml", "prek.toml", ".husky/pre-commit"]
)
def test_a_hook_that_is_there_is_not_added_again(name: str, repo: Repository) -> None:
    repo.write(name, "# runs headergen\n")
    hook = hook_runners.find(repo.root)
    assert (hook.text, hook.by_hand) == (None, None)


def test_without_a_runner_it_is_gits_own_hook_where_git_looks_for_it(repo: Repository) -> None:
    assert hook_runners.find(repo.root).file == repo.root / ".git" / "hooks" / "pre-commit"
    repo.git("config", "core.hooksPath", "elsewhere")
    assert hook_runners.find(repo.root).file == repo.root / "elsewhere" / "pre-commit"


def test_the_script_does_what_the_one_of_the_checkout_does() -> None:
    def lines(text: str) -> list[str]:
        return [line for line in text.splitlines() if line[:1] not in ("#", "")]

    checkout = (CHECKOUT / "hooks" / "pre-commit").read_text()
    wanted = [line for line in lines(checkout) if not line.startswith(("set ", "unset "))]
    assert lines(hook_runners.SCRIPT) == wanted
