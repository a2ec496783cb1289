"""`headergen check`: report, and change nothing."""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headergen.cli.commands.place import find_place
from headergen.cli.terminal import Problems, say_findings
from headergen.errors import UsageError
from headergen.report import check
from headergen.report.check import Finding
from headergen.repository import git


def run(arguments: Namespace) -> int:
    """Print what is missing, stale or unfit; the exit code is that of the worst finding."""
    findings = _of_commit(arguments) if arguments.commit else _on_disk(arguments)
    if arguments.json:
        say_findings(findings)
    else:
        with Problems(sys.stdout) as problems:
            for found in findings:
                if found.code == "skipped":
                    problems.skip(found.message, found.path, found.line)
                    continue
                line = f"{found.path}:{found.line}: {found.code}: {found.message}"
                problems.add(line, found.remedy)
    allowed = {"stand-in"} if arguments.allow_stand_ins else set()
    return max(
        (check.CODES[found.code] for found in findings if found.code not in allowed), default=0
    )


def _on_disk(arguments: Namespace) -> list[Finding]:
    place = find_place(arguments)
    paths = arguments.paths or [Path()]
    names, skipped = place.articles_at(paths)
    whole = any(path.resolve() == place.root for path in paths)
    with _collecting_nothing():
        found = check.check(names, place.config, place.root, in_git=place.in_git, whole=whole)
    return [*found, *(check.of_error(str(error.path), error) for error in skipped)]


def _of_commit(arguments: Namespace) -> list[Finding]:
    """Check the articles of a commit: all of them, or those below the paths that are named.

    Raises:
        UsageError: this is no git repository.
        GitError: there is no such commit.
    """
    from headergen.report.clone import Clone
    from headergen.repository import index

    root = git.find_root(Path.cwd()) or git.find_bare(Path.cwd())
    if root is None:
        raise UsageError("--commit needs a git repository")
    with index.of_commit(root, arguments.commit) as files:
        clone = Clone(files, root, arguments.config)
        below = [Path(os.path.relpath(path.absolute(), root)) for path in arguments.paths]
        names = [
            name
            for name in clone.articles
            if not below or any(Path(name).is_relative_to(path) for path in below)
        ]
        found = [each for verdict in clone.judge(names) for each in verdict.findings]
        return sorted(found, key=lambda finding: (finding.path, finding.line))


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Keep Python from looking for cyclic garbage time and again: reading articles makes none."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
