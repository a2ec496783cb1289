"""The workflows and hooks of this repository, as far as they can be tried on one machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from headergen.cli.main import main
from tests.support.paths import CHECKOUT

WORKFLOWS = sorted((CHECKOUT / ".github" / "workflows").iterdir())


def run(*command: str | Path) -> None:
    """Run a program of the checkout's Python and require that it succeeds."""
    done = subprocess.run(
        [sys.executable, *command], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_workflows_fit_their_schema() -> None:
    run("-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_is_pinned_to_a_version(path: Path) -> None:
    used = re.findall(r"uses: (\S+)", path.read_text("utf-8"))
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+", each)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_each_script_that_a_workflow_runs_exists(path: Path) -> None:
    named = re.findall(r"[\w./-]+\.(?:py|sh)\b", path.read_text("utf-8"))
    assert [name for name in named if not (CHECKOUT / name).is_file()] == []


@pytest.mark.slow
def test_the_smoke_test_passes_here() -> None:
    run(".ci/smoke.py")


def test_the_hooks_of_this_repository_are_valid() -> None:
    run("-m", "pre_commit", "validate-config", ".pre-commit-config.yaml")


def test_the_hook_on_the_published_samples_has_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text("utf-8"))
    (hook,) = (hook for hook in config["repos"][0]["hooks"] if hook["id"] == "headergen")
    samples = [path.relative_to(CHECKOUT).as_posix() for path in CHECKOUT.glob("articles/**/*.md")]
    looked_at = [name for name in samples if re.search(hook["files"], name)]
    monkeypatch.chdir(CHECKOUT)
    assert looked_at
    assert main(["check", *looked_at]) == 0, capsys.readouterr().out
