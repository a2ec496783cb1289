from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import time

import pytest

from headergen.cli import progress, terminal
from headergen.cli.progress import LiveProgress, PlainProgress
from headergen.progress import (
    Downloading,
    Finished,
    Loading,
    Measured,
    Note,
    Placed,
    Started,
    Step,
    Storing,
    Waiting,
)
from tests.support.paths import CHECKOUT


class Terminal(io.StringIO):
    """A text stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def paint_two(shown: LiveProgress | PlainProgress) -> None:
    shown(Waiting("the GPU: process 7 paints"))
    shown(Started("z-image-turbo", ["a.md", "b.md"]))
    for done in range(0, 33_000_000_001, 1_000_000_000):
        shown(Downloading(done, 33_000_000_000))
    shown(Storing("transformer/model.safetensors"))
    shown(Placed("z-image-turbo", "on cuda in bfloat16, in 2 stages"))
    shown(Loading("text_encoder", 0, 32_800_000_000))
    shown(Loading("transformer", 8_000_000_000, 32_800_000_000))
    shown(Loading("", 32_800_000_000, 32_800_000_000))
    shown(Note("out of video memory (VRAM); trying again"))
    for index in range(2):
        for step in range(1, 9):
            shown(Step(index, step, 8))
    shown(Finished())


def test_what_painting_took_is_one_line() -> None:
    memory = {"VRAM": (7_100_000_000, 7_600_000_000), "RAM": (2_000_000_000, 2_300_000_000)}
    took = Measured("z-image-turbo", 3, "NVIDIA GeForce RTX 3060", 41.2, memory)
    line = (
        "3 pictures by z-image-turbo on NVIDIA GeForce RTX 3060 in 41 s; VRAM 7.1 GB, 7.6 GB "
        "predicted; RAM 2.0 GB, 2.3 GB predicted"
    )
    plain, terminal = io.StringIO(), Terminal()
    PlainProgress(plain)(took)
    shown = LiveProgress(terminal)
    shown(took)
    shown(Finished())

    assert plain.getvalue() == f"{line}\n"
    assert line in " ".join(terminal.getvalue().split())


def test_plain_lines_are_few_and_say_what_goes_on() -> None:
    stream = io.StringIO()
    paint_two(PlainProgress(stream))
    assert stream.getvalue().split("\n") == [
        "waiting for the GPU: process 7 paints",
        "starting z-image-turbo",
        "downloading z-image-turbo: 0.0 of 33.0 GB",
        "downloading z-image-turbo: 8.2 of 33.0 GB",
        "downloading z-image-turbo: 16.5 of 33.0 GB",
        "downloading z-image-turbo: 24.8 of 33.0 GB",
        "downloading z-image-turbo: 33.0 of 33.0 GB",
        "storing transformer/model.safetensors",
        "z-image-turbo: on cuda in bfloat16, in 2 stages",
        "loading z-image-turbo text_encoder: 0.0 of 32.8 GB",
        "loading z-image-turbo transformer: 8.0 of 32.8 GB",
        "out of video memory (VRAM); trying again",
        "painting a.md (1 of 2): 8 steps",
        "painting b.md (2 of 2): 8 steps",
        "",
    ]


def test_the_live_line_shows_the_article_and_the_step() -> None:
    stream = Terminal()
    shown = LiveProgress(stream)
    shown(Started("z-image-turbo", ["[b]a.md"]))
    shown(Step(0, 3, 8))
    shown(Note("[i]painting at half the size"))
    shown(Finished())
    assert "painting [b]a.md" in stream.getvalue()
    assert "step 3 of 8" in stream.getvalue()
    assert "[i]painting at half the size\n" in stream.getvalue()


@pytest.mark.parametrize(
    ("hook", "environ", "stream", "kind"),
    [
        pytest.param(False, {}, Terminal(), LiveProgress, id="by hand on a terminal"),
        pytest.param(False, {}, io.StringIO(), PlainProgress, id="by hand into a pipe"),
        pytest.param(True, {}, Terminal(), LiveProgress, id="a plain git hook on a terminal"),
    ],
)
def test_where_progress_goes(
    hook: bool, environ: dict[str, str], stream: io.StringIO, kind: type[object]
) -> None:
    assert type(progress.for_terminal(hook=hook, environ=environ, stream=stream)) is kind


def test_a_dumb_terminal_gets_plain_lines() -> None:
    shown = progress.for_terminal(hook=False, environ={"TERM": "dumb"}, stream=Terminal())
    assert isinstance(shown, PlainProgress)


def test_quiet_shows_notes_alone() -> None:
    stream = Terminal()
    with terminal.speaking(quiet=True, verbose=False):
        shown = progress.for_terminal(hook=True, environ={}, stream=stream)
    shown(Started("z-image-turbo", ["a.md"]))
    shown(Step(0, 1, 8))
    shown(Note("painting at half the size"))
    shown(Finished())
    assert stream.getvalue() == "painting at half the size\n"


def test_a_slow_picture_says_now_and_then_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s, stream = [100.0], io.StringIO()
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    shown = PlainProgress(stream)
    shown(Started("z-image-turbo", ["a.md"]))
    for step in range(1, 9):
        now_s[0] += 12
        shown(Step(0, step, 8))
    assert stream.getvalue().splitlines() == [
        "starting z-image-turbo",
        "painting a.md: 8 steps",
        "painting a.md: step 4 of 8",
        "painting a.md: step 7 of 8",
    ]


COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")


@pytest.mark.parametrize("no_colour", [None, "1"])
def test_no_color_is_honoured(no_colour: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour:
        monkeypatch.setenv("NO_COLOR", no_colour)
    stream = Terminal()
    shown = progress.for_terminal(hook=False, environ={}, stream=stream)
    shown(Started("z-image-turbo", ["a.md"]))
    shown(Step(0, 3, 8))
    shown(Finished())
    assert bool(COLOUR.search(stream.getvalue())) is (no_colour is None)


HOOK = """\
import sys
from headergen.cli import progress, terminal
from headergen.progress import Finished, Started, Step
shown = progress.for_terminal(hook=True, environ={"PRE_COMMIT": "1"} if ENVIRON else {})
for event in (Started("z-image-turbo", ["a.md"]), Step(0, 3, 8), Finished()):
    shown(event)
print(type(shown).__name__)
"""


def run_hook(*, framework: bool = True, **options: object) -> bytes:
    environ = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, "-c", HOOK.replace("ENVIRON", str(framework))]
    done = subprocess.run(  # type: ignore[call-overload]
        command, env=environ, capture_output=True, check=True, stdin=subprocess.DEVNULL, **options
    )
    return bytes(done.stdout + done.stderr)


@pytest.mark.parametrize("framework", [True, False], ids=["pre-commit", "an editor"])
def test_a_captured_hook_reaches_the_authors_terminal(framework: bool) -> None:
    ours, theirs = pty.openpty()

    def take_the_terminal() -> None:
        import fcntl
        import termios

        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    captured = run_hook(
        framework=framework,
        start_new_session=True,
        preexec_fn=take_the_terminal,
        pass_fds=[theirs],
    )
    os.close(theirs)
    # An editor that was started from a terminal shows what the hook prints, and not the terminal.
    plain = b"starting z-image-turbo\npainting a.md: 8 steps\n"
    assert captured == (b"LiveProgress\n" if framework else b"function\n" + plain)
    assert b"step 3 of 8" in os.read(ours, 65536)
    os.close(ours)


def test_a_captured_hook_without_a_terminal_prints_plain_lines() -> None:
    captured = run_hook(start_new_session=True)
    assert b"painting a.md: 8 steps" in captured
    assert captured.startswith(b"PlainProgress\n")
