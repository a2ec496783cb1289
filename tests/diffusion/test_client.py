"""The seam between parent and worker, with a fake worker; test_painter shows the real one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headergen import errors
from headergen.diffusion import client
from headergen.diffusion.client import Worker
from headergen.diffusion.worker import events
from tests.support.executable import executable

PYTHON = Path(sys.executable)
TOKEN = "hf_" + "Q" * 34


def ask(interpreter: Path) -> dict[str, Any]:
    with Worker(interpreter, "tiny-zimage", timeout_s=30.0) as worker:
        worker.send("survey", device="cpu")
        return worker.receive("surveyed")


@pytest.fixture
def fake_worker(tmp_path: Path) -> Callable[[str], Path]:
    """Make an interpreter that runs the given Python code in place of the worker."""

    def make(code: str) -> Path:
        script = tmp_path / "fake_worker.py"
        script.write_text(f"import json, os, signal, sys, time\n{code}")
        return executable(tmp_path / "python", f'exec "{PYTHON}" "{script}"')

    return make


ALLOCATOR = "PYTORCH_CUDA_ALLOC_CONF"


@pytest.mark.parametrize(
    ("own", "platform", "expected"),
    [
        pytest.param({}, "linux", "expandable_segments:True", id="on Linux"),
        pytest.param({}, "win32", None, id="torch has it on Linux only"),
        pytest.param({ALLOCATOR: "x"}, "linux", "x", id="the author's own word comes first"),
        pytest.param({"PYTORCH_ALLOC_CONF": "x"}, "linux", None, id="also by the newer name"),
    ],
)
def test_cudas_allocator_joins_freed_blocks(
    own: dict[str, str], platform: str, expected: str | None
) -> None:
    assert client._environment(own, platform, online=True).get(ALLOCATOR) == expected


def test_the_worker_gets_the_environment(fake_worker: Callable[[str], Path]) -> None:
    names = ["HF_HUB_OFFLINE", *([ALLOCATOR] if sys.platform == "linux" else [])]
    python = fake_worker(
        "answer = {'event': 'surveyed', 'device': 'cpu', 'vram_free': None, 'capability': None, "
        "'bfloat16': True, 'quantizable': False}\n"
        f"print(json.dumps({{**answer, **{{n: os.environ.get(n) for n in {names}}}}}))"
    )

    answer = ask(python)
    assert answer["HF_HUB_OFFLINE"] == "1"
    assert answer.get(ALLOCATOR, "expandable_segments:True") == "expandable_segments:True"


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        pytest.param(
            "sys.exit(137)", errors.SystemMemoryError, "137", id="a shell reports SIGKILL"
        ),
        pytest.param("sys.exit('boom')", errors.WorkerDiedError, "status 1\nboom", id="exit 1"),
        pytest.param("sys.exit(0)", errors.WorkerDiedError, "status 0", id="exit without work"),
        pytest.param(
            "os.kill(os.getpid(), signal.SIGSEGV)", errors.WorkerDiedError, "SIGSEGV", id="crash"
        ),
        pytest.param(
            'sys.stdout.write(\'{"event": "im\'); sys.exit(3)',
            errors.WorkerDiedError,
            "status 3",
            id="death in the middle of a line",
        ),
    ],
)
def test_a_death_is_explained(
    fake_worker: Callable[[str], Path], code: str, kind: type[errors.PaintError], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        ask(fake_worker(code))

    assert "tiny-zimage" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param(kind, expected, id=kind)
        for kind, expected in {
            "dependency": errors.DependencyError,
            "device": errors.DeviceNotFoundError,
            "model": errors.ModelNotFoundError,
            "network": errors.NetworkError,
            "checkpoint": errors.CheckpointError,
            "system memory": errors.SystemMemoryError,
            "video memory": errors.VideoMemoryError,
            "overflow": errors.NoPictureError,
            "disk": errors.DiskSpaceError,
            "paint": errors.PaintError,
        }.items()
    ],
)
def test_each_kind_is_an_error_of_its_own_with_a_remedy(
    fake_worker: Callable[[str], Path], kind: str, expected: type[errors.PaintError]
) -> None:
    event = {"event": "error", "id": None, "kind": kind, "message": "these {words}"}

    with pytest.raises(errors.PaintError, match=r"these \{words\}") as caught:
        ask(fake_worker(f"print({json.dumps(event)!r})"))

    assert type(caught.value) is expected
    assert caught.value.remedy
    assert caught.value.exit_code == 3


def test_every_kind_that_the_worker_names_has_its_row() -> None:
    named = {*events._KINDS_BY_CLASS.values(), *(kind for _, kind in events._KINDS_BY_TEXT)}

    assert named <= set(client._KINDS)


_CHATTY = "print('line one', *range(500), sep='\\n', file=sys.stderr); sys.exit(1)"


def test_a_death_shows_the_end_of_what_the_worker_said(fake_worker: Callable[[str], Path]) -> None:
    with pytest.raises(errors.WorkerDiedError, match=r"\n499$") as caught:
        ask(fake_worker(_CHATTY))

    assert len(str(caught.value).splitlines()) < 20


def test_debug_shows_all_that_the_worker_said(
    fake_worker: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADERGEN_DEBUG", "1")

    with pytest.raises(errors.WorkerDiedError, match=r"line one\n0\n1\n(.|\n)*\n499$"):
        ask(fake_worker(_CHATTY))


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OTHER"])
def test_a_token_is_not_told(
    fake_worker: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, TOKEN)
    code = f"print('Authorization: Bearer', os.environ[{variable!r}], file=sys.stderr); sys.exit(1)"

    with pytest.raises(errors.WorkerDiedError, match=r"Bearer \*\*\*") as caught:
        ask(fake_worker(code))

    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("emit()\ntime.sleep(60)", id="that ends when told"),
        pytest.param(
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nemit()\ntime.sleep(60)",
            id="that does not listen",
        ),
    ],
)
def test_an_interrupt_ends_a_worker(fake_worker: Callable[[str], Path], code: str) -> None:
    emit = "def emit(): print(json.dumps({'event': 'note', 'text': str(os.getpid())}), flush=True)"
    python = fake_worker(f"{emit}\n{code}")

    with pytest.raises(KeyboardInterrupt), Worker(python, "tiny", 10.0) as worker:
        pid = int(worker.receive("note")["text"])
        raise KeyboardInterrupt

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_interpreter_that_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(errors.WorkerDiedError, match="cannot be started"):
        ask(tmp_path / "python")
