"""Findings that a site had before it began to check: known, and reported no more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from headergen.errors import UsageError
from headergen.report.check import NOTE, Finding
from headergen.repository import durable

_KEYS = ("path", "code", "message")

# What tells a finding from others: not its line, which moves with every edit above it.
Known = tuple[str, str, str]


def write(file: Path, findings: Iterable[Finding]) -> int:
    """Write what is found, but for notes, to `file`, and return how many lines of it are new.

    Raises:
        UsageError: It cannot be written.
    """
    known = sorted({_known(each) for each in findings if each.severity != NOTE})
    lines = [json.dumps(dict(zip(_KEYS, each, strict=True)), ensure_ascii=False) for each in known]
    text = "[\n" + ",\n".join(f"  {line}" for line in lines) + "\n]\n" if lines else "[]\n"
    durable.save(file, text.encode())
    return len(known)


def read(file: Path) -> set[Known]:
    """Read what `write` wrote.

    Raises:
        UsageError: It cannot be read, or is something else.
    """
    try:
        found = json.loads(file.read_bytes())
        return {tuple(str(each[key]) for key in _KEYS) for each in found}  # type: ignore[misc]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, LookupError) as error:
        remedy = "delete it, and have it written again"
        raise UsageError(f"{file} is no baseline of headergen's", remedy=remedy) from error


def without(findings: Sequence[Finding], known: set[Known]) -> list[Finding]:
    """Return the findings that are not known."""
    return [each for each in findings if _known(each) not in known]


def gone(findings: Iterable[Finding], known: set[Known]) -> int:
    """Return how many of the known findings are found no more."""
    return len(known - {_known(each) for each in findings})


def _known(finding: Finding) -> Known:
    return finding.path, finding.code, finding.message
