"""Show long work as it goes: a live bar where there is a terminal, plain lines where there is none.

Under a git hook the framework captures stdout and stderr and shows them at the end, if at all;
`/dev/tty` still reaches the author.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from headergen.cli.terminal import printable, say
from headergen.wording import GIGABYTE, MEGABYTE

if TYPE_CHECKING:
    from headergen.make.painter import Progress

# A plain log gets a line for each quarter of a download or a load, not one for each chunk.
PLAIN_FRACTION = 4


def for_terminal(
    *, hook: bool, environ: Mapping[str, str] = os.environ, stream: TextIO | None = None
) -> Progress:
    """Choose where progress goes: stderr if it is a terminal, `/dev/tty` in a hook, else lines."""
    stream = stream or sys.stderr
    captured = bool(environ.get("PRE_COMMIT"))
    if stream.isatty() and not captured:
        return LiveProgress(stream)
    if hook or captured:
        with suppress(OSError):
            return LiveProgress(open("/dev/tty", "w", encoding="utf-8"))
    return PlainProgress(stream)


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

        self._titles: Sequence[str] = ()
        self._model = ""
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

    def waiting(self, reason: str) -> None:
        """See `fetch.Progress.waiting`."""
        self._progress.start()
        self._show(f"waiting for {reason}", 0, None, "")

    def start(self, model: str, titles: Sequence[str]) -> None:
        """See `painting.Progress.start`."""
        self._model, self._titles = model, titles
        self._progress.start()
        self._show(f"starting {model}", 0, None, "")

    def downloading(self, done_bytes: int, total_bytes: int) -> None:
        """See `fetch.Progress.downloading`."""
        amount = _amount(done_bytes, total_bytes)
        self._show(f"downloading {self._model}", done_bytes, total_bytes, amount)

    def loading(self, part: str, done_bytes: int, total_bytes: int) -> None:
        """See `painter.Progress.loading`."""
        amount = _amount(done_bytes, total_bytes)
        self._show(f"loading {self._model} {part}", done_bytes, total_bytes, amount)

    def placed(self, name: str, placement: str) -> None:
        """See `painter.Progress.placed`."""
        self._show(f"{name}: {placement}", 0, None, "")

    def storing(self, name: str) -> None:
        """See `fetch.Progress.storing`."""
        self._show(f"storing {name}", 0, None, "")

    def note(self, text: str) -> None:
        """See `painter.Progress.note`."""
        self._progress.console.print(printable(text), markup=False, highlight=False)

    def step(self, index: int, step: int, steps: int) -> None:
        """See `painter.Progress.step`."""
        which = _which(self._titles, index)
        self._show(f"painting {which}", step, steps, f"step {step} of {steps}")

    def finish(self) -> None:
        """See `painting.Progress.finish`."""
        self._progress.stop()

    def _show(self, description: str, done: int, total: int | None, amount: str) -> None:
        self._progress.update(
            self._task,
            description=printable(description),
            completed=done,
            total=total,
            amount=amount,
            visible=True,
        )


class PlainProgress:
    """A line now and then, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._titles: Sequence[str] = ()
        self._model = ""
        self._last = ""

    def waiting(self, reason: str) -> None:
        """See `fetch.Progress.waiting`."""
        self._say(f"waiting for {reason}")

    def start(self, model: str, titles: Sequence[str]) -> None:
        """See `painting.Progress.start`."""
        self._model, self._titles = model, titles
        self._say(f"starting {model}")

    def downloading(self, done_bytes: int, total_bytes: int) -> None:
        """See `fetch.Progress.downloading`."""
        quarter = done_bytes * PLAIN_FRACTION // max(total_bytes, 1)
        done = quarter * total_bytes // PLAIN_FRACTION
        self._say(f"downloading {self._model}: {_amount(done, total_bytes)}")

    def loading(self, part: str, done_bytes: int, total_bytes: int) -> None:
        """See `painter.Progress.loading`."""
        if part:
            self._say(f"loading {self._model} {part}: {_amount(done_bytes, total_bytes)}")

    def placed(self, name: str, placement: str) -> None:
        """See `painter.Progress.placed`."""
        self._say(f"{name}: {placement}")

    def storing(self, name: str) -> None:
        """See `fetch.Progress.storing`."""
        self._say(f"storing {name}")

    def note(self, text: str) -> None:
        """See `painter.Progress.note`."""
        self._say(text)

    def step(self, index: int, step: int, steps: int) -> None:
        """See `painter.Progress.step`."""
        count = "1 step" if steps == 1 else f"{steps} steps"
        self._say(f"painting {_which(self._titles, index)}: {count}")

    def finish(self) -> None:
        """See `painting.Progress.finish`."""
        self._last = ""

    def _say(self, line: str) -> None:
        if line != self._last:
            self._last = line
            say(line, self._stream)
