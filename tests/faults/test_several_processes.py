"""Runs that meet, holders that die, and frameworks and terminals that go away."""

from __future__ import annotations

import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.site import CONFIG, PROMPT, litter, read
from tests.support import repository
from tests.support.headers import header_of
from tests.support.paths import CHECKOUT
from tests.support.repository import Repository

PAINTED = header_of("sea")


@dataclass(frozen=True)
class Bench:
    """A repository with one article to paint, and the gate behind which the painters work."""

    repo: Repository
    gate: Path

    @property
    def started(self) -> bool:
        """Whether a painter has been asked for its first picture."""
        return self.gate.with_name(f"{self.gate.name}.started").exists()

    @property
    def is_written(self) -> bool:
        """Whether the article names its header."""
        return b"image: " in (self.repo.root / "sea.md").read_bytes()

    def open_gate(self) -> None:
        """Let the painters paint."""
        self.gate.touch()

    def prompts(self) -> list[str]:
        """Return what has been painted."""
        return self.gate.read_text().splitlines()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path / "home")}
    made = Repository(repository.create(tmp_path / "repo").root, environ)
    made.write("headergen.yaml", CONFIG)
    made.write("sea.md", PROMPT)
    made.git("add", ".")
    return Bench(made, tmp_path / "gate")


def command(bench: Bench, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.faults.slow_painter", str(bench.gate), *arguments]


@contextmanager
def running(bench: Bench, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command at the repository's root; it is gone after the block."""
    process = subprocess.Popen(
        command,
        cwd=bench.repo.root,
        env=os.environ | dict(bench.repo.environ) | {"PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, at most ten seconds."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def said(process: subprocess.Popen[bytes]) -> str:
    """Wait for the next line of a process."""
    assert process.stdout
    return process.stdout.readline().decode()


def rest(process: subprocess.Popen[bytes]) -> str:
    return process.communicate(timeout=120)[0].decode()


def test_a_second_run_waits_says_for_whom_and_paints_nothing_twice(bench: Bench) -> None:
    with running(bench, *command(bench, "run")) as first:
        until(lambda: bench.started)
        with running(bench, *command(bench, "hook", "sea.md")) as second:
            holder = f"process {first.pid} in {bench.repo.root}"
            assert said(second) == f"waiting for the GPU: {holder} paints\n"
            bench.open_gate()
            assert "painted by z-image-turbo" in rest(first)
            assert f"sea.md: {PAINTED} (made by an earlier run)" in rest(second)
    assert (first.returncode, second.returncode) == (0, 1)
    assert bench.prompts() == ["the sea"]


@pytest.mark.slow
def test_a_run_in_another_worktree_waits_too(bench: Bench, tmp_path: Path) -> None:
    bench.repo.git("commit", "--quiet", "-m", "x")
    bench.repo.git("worktree", "add", "--quiet", str(tmp_path / "other"))
    other = Bench(Repository(tmp_path / "other", bench.repo.environ), bench.gate)
    with running(bench, *command(bench, "run")) as first:
        until(lambda: bench.started)
        with running(other, *command(other, "run")) as second:
            assert "waiting for the GPU" in said(second)
            bench.open_gate()
            assert "painted by z-image-turbo" in rest(second)
            rest(first)
    assert bench.is_written
    assert other.is_written


def test_a_holder_that_is_killed_frees_the_gpu(bench: Bench) -> None:
    with running(bench, *command(bench, "run")) as first:
        until(lambda: bench.started)
        with running(bench, *command(bench, "run")) as second:
            assert "waiting for the GPU" in said(second)
            first.kill()
            bench.open_gate()
            assert "painted by z-image-turbo" in rest(second)
    assert bench.is_written


def test_ctrl_c_ends_a_run_that_waits(bench: Bench) -> None:
    with running(bench, *command(bench, "run")) as first:
        until(lambda: bench.started)
        with running(bench, *command(bench, "run")) as second:
            said(second)
            second.send_signal(signal.SIGINT)
            told = rest(second)
            assert second.returncode == 130
            assert told.startswith("interrupted: ")
        bench.open_gate()
        rest(first)
    assert first.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["pre_commit", "prek"])
def test_a_framework_that_is_killed_leaves_its_hook_to_finish(bench: Bench, framework: str) -> None:
    entry = shlex.join(command(bench, "hook"))
    bench.repo.write(
        ".pre-commit-config.yaml",
        "repos:\n- repo: local\n  hooks:\n  - {id: headergen, name: headergen, "
        f"entry: {entry}, language: system, types: [markdown]}}\n",
    )
    bench.repo.git("add", ".")
    with running(bench, sys.executable, "-m", framework, "run", "--all-files") as killed:
        until(lambda: bench.started)
    assert killed.returncode == -signal.SIGKILL
    bench.open_gate()
    until(lambda: bench.is_written)
    assert litter(read(bench.repo.root)) == []
    assert bench.repo.headergen("run").startswith("nothing to do")


@pytest.mark.slow
def test_a_terminal_that_closes_ends_the_run_without_litter(bench: Bench) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(bench.repo.root)
        environ = os.environ | dict(bench.repo.environ) | {"PYTHONPATH": str(CHECKOUT)}
        os.execve(sys.executable, command(bench, "run"), environ)
    until(lambda: bench.started)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert status != 0
    assert read(bench.repo.root)["sea.md"] == PROMPT.encode()
    assert litter(read(bench.repo.root)) == []
    bench.open_gate()
    bench.repo.run(*command(bench, "run"))
    assert bench.is_written
