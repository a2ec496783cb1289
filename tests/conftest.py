"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from headergen.diffusion.families import MODELS
from headergen.diffusion.families.family import Model
from tests.support import checkpoints, forked, repository
from tests.support.forked import WarmProcess
from tests.support.repository import Repository

# Two tests that compute at a time, each with as many threads as there are cores, wait for each
# other. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Keep compiled modules, whatever the environment says: without them, to import torch takes half a
# minute in each process that does, and a call of headergen half as long again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    """Start the process that workers are forked from, before pytest starts processes of its own."""
    if end := forked.begin():
        config.add_cleanup(end)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let Ctrl-C reach the programs that tests start: a shell's background jobs ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests that paint from waiting for each other and the developer's own runs.

    Nor does one find the prompts that another has encoded.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


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
def warm_process() -> WarmProcess:
    """A process that has torch and diffusers imported, to fork from."""
    return WarmProcess()


@pytest.fixture(autouse=True)
def forked_workers(
    request: pytest.FixtureRequest, warm_process: WarmProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fork the workers that a test starts in this process, unless it is marked `isolated`."""
    if request.node.get_closest_marker("isolated") is None:
        warm_process.use(monkeypatch)


Checkpoints = Callable[..., Path]


@pytest.fixture(scope="session")
def built(warm_process: WarmProcess) -> Checkpoints:
    """Build a checkpoint by a function of `checkpoints`, once for all of pytest's processes.

    Return its folder; do not write into it.
    """

    def build(name: str, function: Callable[..., None], *arguments: str) -> Path:
        folder = warm_process.folder / name
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                order = function.__name__, *arguments, str(folder)
                warm_process.call(checkpoints.__name__, *order)
        return folder

    return build


@pytest.fixture(scope="session")
def twin(built: Checkpoints) -> Callable[[Model], Path]:
    """Return the folder of a model's tiny twin; do not write into it."""
    return lambda row: built(row.name, checkpoints.build, row.name)


@pytest.fixture(scope="session")
def tiny_zimage(twin: Callable[[Model], Path]) -> Path:
    """Return the folder of a tiny Z-Image checkpoint, built once per run; do not write into it."""
    return twin(MODELS["z-image-turbo"])


@pytest.fixture(scope="session")
def tiny_sdxl(twin: Callable[[Model], Path]) -> Path:
    """Return the folder of a tiny SDXL-Turbo, with both variants; do not write into it."""
    return twin(MODELS["sdxl-turbo"])


@pytest.fixture(scope="session")
def large_zimage(built: Checkpoints) -> Path:
    """Return the folder of a Z-Image checkpoint wide enough to be quantised; do not write there."""
    return built("large_zimage", checkpoints.build_large, "z-image-turbo")


@pytest.fixture(scope="session")
def large_sdxl(built: Checkpoints) -> Path:
    """Return the folder of an Animagine wide enough to be quantised; do not write there."""
    return built("large_sdxl", checkpoints.build_large, "animagine-xl-3.1")
