"""A forked worker looks like a real one to its parent, also in the way that it ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from headergen import errors
from headergen.diffusion import client
from headergen.diffusion.attempts import Pixels, paint
from tests.diffusion.test_attempts import ENDLESS, PICTURE, PYTHON, Recorder, load_of
from tests.support.forked import WarmProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tried on Linux only")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell this test's forks from those of tests in other processes: theirs is another folder."""
    monkeypatch.chdir(tmp_path)


def forks(warm_process: WarmProcess) -> list[psutil.Process]:
    """List what the warm process's supervisors run for this test."""
    found = []
    for each in psutil.process_iter():
        with suppress(psutil.Error):
            is_fork = warm_process.address in each.cmdline() and not each.children()
            if is_fork and each.cwd() == os.getcwd():
                found.append(each)
    return found


def end_by(warm_process: WarmProcess, number: int) -> Callable[[], None]:
    def end() -> None:
        for fork in forks(warm_process):
            fork.send_signal(number)

    return end


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        pytest.param(signal.SIGKILL, errors.SystemMemoryError, "exit status 137", id="killed"),
        pytest.param(signal.SIGSEGV, errors.WorkerDiedError, "SIGSEGV", id="crashed"),
    ],
)
def test_a_death_is_the_stand_ins_own(
    warm_process: WarmProcess,
    tiny_zimage: Path,
    number: int,
    kind: type[errors.PaintError],
    words: str,
) -> None:
    with pytest.raises(kind, match=words):
        list(paint(PYTHON, load_of(tiny_zimage), [ENDLESS], Recorder(end_by(warm_process, number))))


@pytest.mark.slow
def test_it_ends_with_the_stand_in(warm_process: WarmProcess, tiny_zimage: Path) -> None:
    with closing(paint(PYTHON, load_of(tiny_zimage), [PICTURE, ENDLESS], Recorder())) as results:
        assert isinstance(next(results)[1], Pixels)
        (fork,) = forks(warm_process)
        assert os.getsid(fork.pid) == fork.pid
    psutil.wait_procs([fork], timeout=5)
    assert forks(warm_process) == []


def test_it_ends_with_its_orders(warm_process: WarmProcess) -> None:
    with client.Worker(PYTHON, "tiny", 30.0) as worker:
        worker.send("survey", device="cpu")
        assert worker.receive("surveyed")["event"] == "surveyed"
    assert forks(warm_process) == []
