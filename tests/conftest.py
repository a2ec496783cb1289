"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from headergen.diffusion.worker import tiny
from tests.support import repository
from tests.support.repository import Repository


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let Ctrl-C reach the programs that tests start: a shell's background jobs ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests that paint from waiting for the developer's own runs, and these for them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository, and the current folder in it; models and hub are out of reach."""
    made = repository.create(tmp_path / "repo")
    monkeypatch.chdir(made.root)
    monkeypatch.delenv("PRE_COMMIT", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HEADERGEN_MODELS", str(tmp_path / "models"))
    return made


@pytest.fixture(scope="session")
def tiny_zimage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a tiny Z-Image checkpoint, built once per run; do not write into it."""
    return tiny.build_zimage(tmp_path_factory.mktemp("tiny") / "zimage")


@pytest.fixture(scope="session")
def tiny_sdxl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a tiny SDXL checkpoint, built once per run; do not write into it."""
    return tiny.build_sdxl(tmp_path_factory.mktemp("tiny") / "sdxl")


@pytest.fixture(scope="session")
def large_zimage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a Z-Image checkpoint wide enough to be quantised; do not write into it."""
    return tiny.build_zimage(tmp_path_factory.mktemp("large") / "zimage", width=256)
