"""`headergen check`: report, and change nothing."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from headergen import check, site
from headergen.commands.place import find_place
from headergen.terminal import say, say_findings


def run(arguments: Namespace) -> int:
    """Print what is missing, stale or unfit; the exit code is that of the worst finding."""
    place = find_place(arguments)
    names = site.articles_at(arguments.paths or [Path()])
    findings = check.check(names, place.config, place.root, in_git=place.in_git)
    if arguments.json:
        say_findings(findings)
    else:
        for found in findings:
            say(f"{found.path}:{found.line}: {found.code}: {found.message}")
    return max((check.CODES[found.code] for found in findings), default=0)
