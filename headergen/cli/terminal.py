"""What the command line prints: one line at a time, and nothing that steers the terminal."""

import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self, TextIO

from headergen.errors import HeadergenError, SkippedError
from headergen.wording import HIDDEN, counted

# How many articles a line about skipped ones names.
_MOST_NAMED = 3


_quiet = ContextVar("quiet", default=False)
_verbose = ContextVar("verbose", default=False)
# The variable with which the painting process's lines are printed, too; `--verbose` sets it.
_DEBUG = "HEADERGEN_DEBUG"


@contextmanager
def speaking(*, quiet: bool, verbose: bool) -> Iterator[None]:
    """Print as much as `--quiet` and `--verbose` ask for."""
    tokens = _quiet.set(quiet), _verbose.set(verbose)
    before = os.environ.get(_DEBUG)
    if verbose:
        os.environ[_DEBUG] = "1"
    try:
        yield
    finally:
        if verbose and before is None:
            del os.environ[_DEBUG]
        _quiet.reset(tokens[0])
        _verbose.reset(tokens[1])


def is_quiet() -> bool:
    """Return whether `--quiet` is given."""
    return _quiet.get()


def tell(text: str) -> None:
    """Print one line about what went well; `--quiet` leaves it out."""
    if not _quiet.get():
        say(text)


def detail(text: str) -> None:
    """Print one line on stderr that only `--verbose` asks for."""
    if _verbose.get():
        say(text, sys.stderr)


def say(text: str, stream: TextIO | None = None) -> None:
    """Print one line; control characters, which may come from an article, are spelled out."""
    print(printable(text), file=stream or sys.stdout, flush=True)


class Problems:
    """Prints what is wrong, a line each, and below it what to do.

    Problems in a row that have the same remedy share it: it is printed once, below the last of
    them. `errors` are those that were printed. Articles that are left alone share a line for each
    reason, at the very end; `skipped` has the paths of each, with their lines.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.errors: list[HeadergenError] = []
        self._stream = stream or sys.stderr
        self._remedy = ""
        self.skipped: dict[str, dict[str, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        for reason, found in () if is_quiet() else self.skipped.items():
            places = [f"{path}:{line}" for path, line in found.items()]
            names = ", ".join(places[:_MOST_NAMED]) + (", …" if places[_MOST_NAMED:] else "")
            say(f"{counted(len(places), 'article')} skipped: {reason} ({names})", self._stream)

    def add(self, line: str, remedy: str | None = None) -> None:
        """Print one problem; its remedy waits for the next one, or for `end`."""
        if remedy != self._remedy:
            self.end()
        say(line, self._stream)
        self._remedy = remedy or ""

    def skip(self, reason: str, path: str, line: int) -> None:
        """Remember an article that is left alone, to name it at the end."""
        self.skipped.setdefault(reason, {}).setdefault(path, line)

    def add_error(self, error: HeadergenError, place: str = "headergen") -> None:
        """Print where and what is wrong; `place` is for an error that knows none."""
        if isinstance(error, SkippedError):
            self.skip(error.reason, error.path or place, error.line or 1)
            return
        self.errors.append(error)
        self.add(f"{error.place or place}: {error.headline}", error.advice)

    def end(self) -> None:
        """Print the remedy that waits, such as before anything else is printed."""
        for line in self._remedy.split("\n") if self._remedy else ():
            say(f"  {line}", self._stream)
        self._remedy = ""


def say_error(error: HeadergenError) -> None:
    """Print where and what is wrong, and below it what to do."""
    with Problems() as problems:
        problems.add_error(error)


def say_findings(findings: Sequence[Any]) -> None:
    """Print findings (dataclasses) as a JSON list of objects."""
    from dataclasses import asdict

    say_json([asdict(found) for found in findings])


def say_json(value: Any) -> None:
    """Print a value as JSON over several lines."""
    import json

    text = json.dumps(value, ensure_ascii=False, indent=2)
    print(_BEYOND_JSON.sub(_in_json, text))


_BEYOND_JSON = re.compile(HIDDEN)  # JSON escapes C0 by itself
_CONTROL = re.compile(rf"[\x00-\x1f]|{HIDDEN}")


def printable(text: str) -> str:
    """Spell out what would steer a terminal or not be seen there (`wording.HIDDEN`)."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def shell_word(text: str) -> str:
    """Quote `text` for a shell; what would steer the terminal needs one that knows $'…'."""
    if not _CONTROL.search(text):
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{_CONTROL.sub(_in_shell, escaped)}'"


def _in_shell(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _in_json(found: re.Match[str]) -> str:
    import json

    return json.dumps(found[0]).strip('"')
