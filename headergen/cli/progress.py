"""Show long work as it goes: a live bar where there is a terminal, plain lines where there is none.

Under a git hook the framework captures stdout and stderr and shows them at the end, if at all;
`/dev/tty` still reaches the author.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from headergen import progress as events
from headergen.cli.terminal import is_quiet, printable, say
from headergen.wording import GIGABYTE, MEGABYTE, counted, gigabytes

# A plain log gets a line for each quarter of a download or a load, not one for each chunk.
PLAIN_FRACTION = 4
# While one picture is painted, on a CPU for many minutes, a log gets a line so often.
QUIET_S = 30.0


def for_terminal(
    *, hook: bool, environ: Mapping[str, str] = os.environ, stream: TextIO | None = None
) -> events.Report:
    """Choose where progress goes: stderr if it is a terminal, `/dev/tty` in a hook, else lines.

    An editor that commits shows the lines of a hook. It may have been started from a terminal, so
    a hook that nobody captures writes lines as well as to `/dev/tty`. With `--quiet` only notes
    are printed.
    """
    stream = stream or sys.stderr
    if is_quiet():
        return PlainProgress(stream, notes_only=True)
    captured, is_dumb = bool(environ.get("PRE_COMMIT")), environ.get("TERM") == "dumb"
    if stream.isatty() and not captured and not is_dumb:
        return LiveProgress(stream)
    plain = PlainProgress(stream)
    if (hook or captured) and not is_dumb:
        with suppress(OSError):
            live = _on_terminal()
            return live if captured else _both(live, plain)
    return plain


def _on_terminal() -> events.Report:
    return LiveProgress(open("/dev/tty", "w", encoding="utf-8"))


def _both(*reports: events.Report) -> events.Report:
    def report(event: events.Event) -> None:
        for each in reports:
            each(event)

    return report


@dataclass(frozen=True)
class _Line:
    """A phase in words. `amount` says how far it is; a log says `logged` in its place."""

    text: str
    done: int = 0
    total: int | None = None
    amount: str = ""
    logged: str = ""


def _line(phase: events.Phase, started: events.Started) -> _Line:
    """Put a phase into words; `started` says which model works, and for which articles."""
    model = started.model
    match phase:
        case events.Waiting(what):
            return _Line(f"waiting for {what}")
        case events.Started():
            return _Line(f"starting {model}")
        case events.Downloading(done, total):
            quarter = done * PLAIN_FRACTION // max(total, 1) * total // PLAIN_FRACTION
            logged = _amount(quarter, total)
            return _Line(f"downloading {model}", done, total, _amount(done, total), logged)
        case events.Storing(name):
            return _Line(f"storing {name}")
        case events.Placed(name, placement):
            return _Line(f"{name}: {placement}")
        case events.Loading(part, done, total):
            amount = _amount(done, total)
            return _Line(f"loading {model} {part}", done, total, amount, amount)
        case events.Step(index, step, steps):
            which = _which(started.titles, index)
            if steps is None:
                return _Line(f"painting {which}")
            amount = f"step {step} of {steps}"
            return _Line(f"painting {which}", step, steps, amount, counted(steps, "step"))


def _measured(found: events.Measured) -> str:
    """Put into a line what painting took, beside what was predicted."""
    memory = "".join(
        f"; {kind} {gigabytes(peak)}, {gigabytes(predicted)} predicted"
        for kind, (peak, predicted) in found.memory.items()
    )
    what = f"{counted(found.pictures, 'picture')} by {found.name}"
    return f"{what} on {found.device} in {found.seconds:.0f} s{memory}"


def _amount(done_bytes: int, total_bytes: int) -> str:
    if total_bytes >= GIGABYTE:
        return f"{done_bytes / GIGABYTE:.1f} of {total_bytes / GIGABYTE:.1f} GB"
    return f"{done_bytes / MEGABYTE:.0f} of {total_bytes / MEGABYTE:.0f} MB"


def _which(titles: Sequence[str], index: int) -> str:
    return titles[index] if len(titles) == 1 else f"{titles[index]} ({index + 1} of {len(titles)})"


class LiveProgress:
    """One line on a terminal, redrawn: what is going on, a bar, and the time it has taken."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._started = events.Started("")
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[amount]}", markup=False),
            TimeElapsedColumn(),
            console=Console(file=stream, force_terminal=True),
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, amount="", visible=False)

    def __call__(self, event: events.Event) -> None:
        """Show what is going on; a note stays above it."""
        match event:
            case events.Finished():
                self._progress.stop()
            case events.Note(text):
                self._print(text)
            case events.Measured():
                self._print(_measured(event))
            case phase:
                self._started = phase if isinstance(phase, events.Started) else self._started
                self._show(_line(phase, self._started))

    def _print(self, text: str) -> None:
        self._progress.console.print(printable(text), markup=False, highlight=False)

    def _show(self, line: _Line) -> None:
        self._progress.start()
        self._progress.update(
            self._task,
            description=printable(line.text),
            completed=line.done,
            total=line.total,
            amount=line.amount,
            visible=True,
        )


class PlainProgress:
    """A line now and then, for logs and pipes; notes alone with `notes_only`."""

    def __init__(self, stream: TextIO, *, notes_only: bool = False) -> None:
        self._stream = stream
        self._notes_only = notes_only
        self._said_at_s = 0.0
        self._started = events.Started("")
        self._last = ""

    def __call__(self, event: events.Event) -> None:
        """Print what is new."""
        match event:
            case events.Finished():
                self._last = ""
            case events.Note(text):
                self._say(text)
            case events.Measured():
                self._say(_measured(event))
            case events.Loading(part=""):
                pass
            case phase if not self._notes_only:
                self._started = phase if isinstance(phase, events.Started) else self._started
                line = _line(phase, self._started)
                self._say(f"{line.text}: {line.logged}" if line.logged else line.text)
                if isinstance(phase, events.Step) and time.monotonic() > self._said_at_s + QUIET_S:
                    say(f"{line.text}: {line.amount}", self._stream)
                    self._said_at_s = time.monotonic()

    def _say(self, line: str) -> None:
        if line != self._last:
            self._last = line
            self._said_at_s = time.monotonic()
            say(line, self._stream)
