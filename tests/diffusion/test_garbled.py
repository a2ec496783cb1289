"""Whatever a worker prints, or leaves behind, is its own fault and ends in no traceback."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from headergen import errors
from headergen.diffusion import answers, client, hardware, interpreter, processes, worker
from headergen.diffusion.client import Worker
from tests.support.executable import executable

PYTHON = Path(sys.executable)

# Three events as they should be, as Python writes them.
PIXELS = "AAAA" * 256
IMAGE = {
    "event": "image",
    "id": 7,
    "width": 16,
    "height": 16,
    "rgb": PIXELS,
    "peak_vram": None,
    "peak_ram": 7,
}
STEP = {"event": "step", "id": 7, "step": 1, "steps": 8}
SURVEYED = {
    "event": "surveyed",
    "device": "cuda:0",
    "vram_free": 1,
    "capability": [8, 9],
    "bfloat16": True,
    "quantizable": False,
}
ORDER = {"requests": [{"id": 7, "width": 16, "height": 16}]}

MakeWorker = Callable[[str], Path]


@pytest.fixture
def fake_worker(tmp_path: Path) -> MakeWorker:
    """Make an interpreter that runs the given code in the worker's place."""

    def make(code: str) -> Path:
        script = tmp_path / "fake_worker.py"
        script.write_text(
            "import json, os, subprocess, sys, time\n"
            "say = lambda text: print(text, flush=True)\n"
            f"image, step, surveyed = {IMAGE!r}, {STEP!r}, {SURVEYED!r}\n"
            f"emit = lambda event, **other: say(json.dumps({{**event, **other}}))\n{code}"
        )
        return executable(tmp_path / "python", f'exec "{PYTHON}" "{script}"')

    return make


def paint(python: Path, timeout_s: float = 20.0) -> dict[str, object]:
    """Order a picture and return the first event that is no step."""
    with Worker(python, "tiny", timeout_s) as worker:
        worker.send("paint", **ORDER)
        while (event := worker.receive("image", "step", "note", "loading"))["event"] == "step":
            pass
        return event


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("emit(image)", id="a picture"),
        pytest.param("emit(step)\nemit(image)", id="a step before"),
        pytest.param("say('Activating the environment …')\nemit(image)", id="a banner"),
        pytest.param("print('banner', end='')\nemit(image)", id="a banner without a line feed"),
        pytest.param("sys.stdout.buffer.write(b'\\xff\\x00\\n')\nemit(image)", id="other bytes"),
        pytest.param("say('{}')\nsay('[1]')\nsay('7')\nemit(image)", id="JSON that is no event"),
        pytest.param("say('x' * 3_000_000)\nemit(image)", id="a long line"),
        pytest.param("print('x' * 99, file=sys.stderr)\nemit(image)", id="text on stderr"),
    ],
)
def test_a_picture_is_found_in_what_a_worker_prints(fake_worker: MakeWorker, code: str) -> None:
    event = paint(fake_worker(code))

    assert event["rgb"] == bytes(3 * 16 * 16)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        pytest.param("say(json.dumps(image)[:40])", "is no JSON", id="half a line"),
        pytest.param("say(json.dumps(step) * 2)", "is no JSON", id="two events in a line"),
        pytest.param("""say('{"event": ' + '[' * 99999)""", "is no JSON", id="deep JSON"),
        pytest.param(
            """say('{"event": "step", "id": ' + '9' * 9999 + '}')""", "is no JSON", id="many digits"
        ),
        pytest.param("""say('{"event": NaN}')""", "has nan", id="NaN as event"),
        pytest.param(
            """say('{"event": ["image"]}')""", "has .'image'. where", id="a list as event"
        ),
        pytest.param("""say('{"x": "event"}')""", "has None where", id="event as a value"),
        pytest.param("emit({'event': 'party'})", "'party' where image or", id="unknown event"),
        pytest.param("emit(surveyed)", "'surveyed' where", id="an answer to another order"),
        pytest.param("emit({'event': 'image'})", "has None as id", id="no fields"),
        pytest.param("emit(step, id=8)", "picture 8, which nobody", id="an unknown id"),
        pytest.param("emit(step, id='7')", "has '7' as id", id="an id that is text"),
        pytest.param("emit(step, id=7.0)", "has 7.0 as id", id="an id that is a float"),
        pytest.param("emit(step, id=True)", "has True as id", id="an id that is true"),
        pytest.param("emit(step, id=[])", r"has \[\] as id", id="an id that is a list"),
        pytest.param("emit(step, step=-1)", "has -1 as step", id="a step below zero"),
        pytest.param("emit(step, steps=None)", "has None as steps", id="no number of steps"),
        pytest.param("emit(image, rgb=image['rgb'][:-4])", "765 bytes of", id="short pixels"),
        pytest.param("emit(image, rgb=image['rgb'] + 'AAAA')", "771 bytes", id="long pixels"),
        pytest.param("emit(image, rgb='é' * 1024)", "no Base64", id="pixels that are text"),
        pytest.param("emit(image, rgb=[0] * 768)", "as rgb", id="pixels that are a list"),
        pytest.param("emit(image, width=8, height=32)", "8×32 px, and not", id="another size"),
        pytest.param("emit(image, width=10**9)", "1000000000×16", id="a huge size"),
        pytest.param(
            "emit({'event': 'note', 'text': 7})", "has 7 as text", id="a note of a number"
        ),
        pytest.param("emit({'event': 'note', 'text': 'x' * 30_000})", "as text", id="a long note"),
        pytest.param(
            "emit({'event': 'loading', 'part': None, 'done': 0, 'total': 0})",
            "as part",
            id="no part",
        ),
        pytest.param(
            "emit({'event': 'error', 'id': None, 'kind': 'x', 'message': ''})",
            "'x' as kind of error",
            id="an unknown kind of error",
        ),
        pytest.param(
            "emit({'event': 'error', 'id': None, 'kind': [], 'message': ''})",
            "as kind",
            id="no kind",
        ),
        pytest.param(
            "emit({'event': 'error', 'id': 9, 'kind': 'paint', 'message': ''})",
            "picture 9",
            id="an error of an unknown picture",
        ),
        pytest.param(
            "emit({'event': 'error', 'id': 7, 'kind': 'paint', 'message': None})",
            "has None as message",
            id="an error without words",
        ),
    ],
)
def test_what_no_worker_says_is_told_as_its_fault(
    fake_worker: MakeWorker, code: str, words: str
) -> None:
    with pytest.raises(errors.GarbledError, match=words) as caught:
        paint(fake_worker(f"{code}\ntime.sleep(60)"))

    assert "the worker that paints with tiny" in str(caught.value)
    assert "worker.python" in str(caught.value.remedy)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("device", "cuda:x"),
        ("device", None),
        ("vram_free", "much"),
        ("vram_free", -1),
        ("capability", [8]),
        ("capability", [8, "9"]),
        ("capability", 8.9),
        ("bfloat16", 1),
        ("quantizable", None),
    ],
)
def test_a_survey_of_the_wrong_type_is_the_workers_fault(
    fake_worker: MakeWorker, field: str, value: object
) -> None:
    python = fake_worker(f"emit(surveyed, {field}={value!r})\ntime.sleep(60)")

    with (
        pytest.raises(errors.GarbledError, match=f"as {field}"),
        Worker(python, "tiny", 20.0) as asked,
    ):
        asked.survey("auto")


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("while True: say('x' * 100_000)", id="in lines"),
        pytest.param("while True: sys.stdout.write('x' * 100_000)", id="without a line feed"),
        pytest.param(
            """say('{"event": "image", "rgb": "')\nwhile True: sys.stdout.write('A' * 100_000)""",
            id="as one event",
        ),
        pytest.param("while True: emit(step)", id="as steps"),
    ],
)
def test_a_worker_that_prints_without_end_is_ended(
    fake_worker: MakeWorker, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(client, "_MOST_EVENTS", 5000)
    with pytest.raises(errors.GarbledError):
        paint(fake_worker(code), timeout_s=300.0)


def test_a_worker_that_reads_no_orders_is_hung(fake_worker: MakeWorker) -> None:
    python = fake_worker("time.sleep(60)")

    with pytest.raises(errors.HungError), Worker(python, "tiny", 1.0) as worker:
        worker.send("paint", text="x" * 1_000_000)
        worker.receive("image")


def _pid_in(file: Path) -> int:
    deadline = time.monotonic() + 20
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return int(file.read_text())


def _is_gone(pid: int) -> bool:
    """Check for a process that ended, or that nobody has reaped yet."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    "how", ["the limit", "an interrupt", pytest.param("a death", marks=pytest.mark.slow)]
)
def test_a_wrapper_that_does_not_exec_ends_with_its_worker(tmp_path: Path, how: str) -> None:
    own = "exit 3" if how == "a death" else "wait"
    python = executable(tmp_path / "python", f'sleep 600 & echo $! >"{tmp_path}/pid"; {own}')

    with pytest.raises((errors.HungError, errors.WorkerDiedError, KeyboardInterrupt)):  # noqa: SIM117
        with Worker(python, "tiny", 1.0 if how == "the limit" else 60.0) as worker:
            pid = _pid_in(tmp_path / "pid")
            if how == "an interrupt":
                raise KeyboardInterrupt
            worker.receive("surveyed")

    assert _is_gone(pid)


@pytest.mark.slow
def test_a_pipe_that_a_daemon_holds_is_not_waited_for(
    fake_worker: MakeWorker, tmp_path: Path
) -> None:
    python = fake_worker(
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"open({os.fspath(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\nsys.exit(5)"
    )
    start = time.monotonic()
    try:
        with pytest.raises(errors.WorkerDiedError, match="status 5"):
            paint(python, timeout_s=600.0)
        assert time.monotonic() - start < 30
    finally:
        os.kill(_pid_in(tmp_path / "pid"), signal.SIGKILL)


# --- programs that are asked one question --------------------------------------------------------


@pytest.mark.parametrize(
    "session",
    [
        pytest.param("", id="of its group"),
        pytest.param("setsid ", id="that left its group", marks=pytest.mark.slow),
    ],
)
def test_a_program_is_ended_in_time_whatever_child_holds_its_pipes(
    tmp_path: Path, session: str
) -> None:
    pid = tmp_path / "pid"
    program = executable(tmp_path / "program", f'{session}sleep 600 & echo $! >"{pid}"; wait')
    start = time.monotonic()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            processes.run([program], 1.0, os.environ)
        assert time.monotonic() - start < 20
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid.read_text()), signal.SIGKILL)


def test_a_program_that_ends_is_read_though_its_child_goes_on(tmp_path: Path) -> None:
    program = executable(tmp_path / "program", "sleep 600 & echo said")

    assert processes.run([program], 60.0, os.environ).stdout == b"said\n"


def test_of_a_program_that_prints_much_the_beginning_is_kept(tmp_path: Path) -> None:
    program = executable(tmp_path / "program", "head -c 20000000 /dev/zero")

    assert len(processes.run([program], 60.0, os.environ).stdout) == processes._MOST_BYTES


@pytest.mark.parametrize(
    "answer", ["7", "null", "{}", '["numpy"]', "[[]]", "9" * 5000, "[" * 99_999, "", "x"]
)
def test_an_interpreter_that_answers_something_else_is_refused(tmp_path: Path, answer: str) -> None:
    (tmp_path / "answer").write_text(answer)
    python = executable(tmp_path / "python", f'cat "{tmp_path}/answer"')

    assert "does not run as Python" in str(interpreter._why_not(python))


@pytest.mark.parametrize(
    "said",
    [
        "0, card, " + "9" * 5000 + ", 1, 5, 9.0",
        "9" * 5000 + ", card, 1, 1, 5, 9.0",
        "0, card, 1, 1, 5, " + "9" * 5000 + ".0",
        "CUDA Version: " + "9" * 5000 + ".1",
        ",,,,,",
    ],
)
def test_a_driver_that_answers_oddly_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    (tmp_path / "said").write_text(said)
    executable(tmp_path / "nvidia-smi", f'cat "{tmp_path}/said"')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    hardware.cards()
    hardware.tenants()


def test_every_event_that_a_worker_emits_is_known() -> None:
    folder = Path(worker.__file__).parent
    source = "".join(file.read_text() for file in folder.glob("*.py"))

    named = set(re.findall(r'emit,? ?\(?"(\w+)"', source))
    assert named == set(answers._FIELDS)
