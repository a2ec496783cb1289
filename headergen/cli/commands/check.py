"""`headergen check`: report, and change nothing."""

from __future__ import annotations

import gc
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headergen.cli.commands.place import find_place
from headergen.cli.terminal import Problems, say_findings
from headergen.report import check
from headergen.repository import discovery


def run(arguments: Namespace) -> int:
    """Print what is missing, stale or unfit; the exit code is that of the worst finding."""
    place = find_place(arguments)
    paths = arguments.paths or [Path()]
    names = discovery.articles_at(paths)
    whole = any(path.resolve() == place.root for path in paths)
    with _collecting_nothing():
        findings = check.check(names, place.config, place.root, in_git=place.in_git, whole=whole)
    if arguments.json:
        say_findings(findings)
    else:
        with Problems(sys.stdout) as problems:
            for found in findings:
                line = f"{found.path}:{found.line}: {found.code}: {found.message}"
                problems.add(line, found.remedy)
    allowed = {"stand-in"} if arguments.allow_stand_ins else set()
    return max(
        (check.CODES[found.code] for found in findings if found.code not in allowed), default=0
    )


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Keep Python from looking for cyclic garbage time and again: reading articles makes none."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
