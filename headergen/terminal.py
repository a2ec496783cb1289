"""What the command line prints: one line at a time, and nothing that steers the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from headergen.errors import HeadergenError


def say(text: str, stream: TextIO | None = None) -> None:
    """Print one line; control characters, which may come from an article, are spelled out."""
    print(_CONTROL.sub(_spelled_out, text), file=stream or sys.stdout, flush=True)


def say_error(error: HeadergenError) -> None:
    """Print where and what is wrong, and below it what to do."""
    say(f"{error.place or 'headergen'}: {error.headline}", sys.stderr)
    say_advice([error])


def say_advice(errors: Iterable[HeadergenError]) -> None:
    """Print each piece of advice once, however many articles it is for."""
    for advice in dict.fromkeys(error.advice for error in errors if error.advice):
        for line in advice.split("\n"):
            say(f"  {line}", sys.stderr)


def say_findings(findings: Sequence[Any]) -> None:
    """Print findings (dataclasses) as a JSON list of objects."""
    from dataclasses import asdict

    say_json([asdict(found) for found in findings])


def say_json(value: Any) -> None:
    """Print a value as JSON over several lines."""
    import json

    print(json.dumps(value, ensure_ascii=False, indent=2))


# C0, C1, and the characters that turn the direction of text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _spelled_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
