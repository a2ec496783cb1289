"""Compare what `headergen check` says of an article with what `headergen run` said of it."""

from __future__ import annotations

import json
import re

import pytest

from headergen.cli.main import main
from headergen.report import check

# Why Pillow cannot decode a picture is known to `run` alone.
_REASON = re.compile(r"(is damaged or cut short): .*")


def assert_check_agrees(capsys: pytest.CaptureFixture[str], told: str) -> None:
    """Assert that `check` prints each error that `run` `told`, and never says "run it" there."""
    refused = [line for line in _lines(told) if ": note: " not in line]
    main(["check"])
    output = capsys.readouterr().out
    found = {(place, message) for place, code, message in _findings(output)}
    assert {_split(line) for line in refused} <= found
    for remedy in (line for line in told.splitlines() if line.startswith("  ")):
        assert remedy in output
    main(["check", "--json"])
    advised = {
        each["path"]
        for each in json.loads(capsys.readouterr().out)
        if (each["remedy"] or "").startswith(check.RUN)
    }
    assert not advised & {place.rpartition(":")[0] for place, _ in map(_split, refused)}


def _lines(told: str) -> list[str]:
    return [line for line in told.splitlines() if not line.startswith("  ")]


def _split(line: str) -> tuple[str, str]:
    """Split `path:line: message`; an error without a line is found on the first one."""
    found = re.match(r"(.+?:\d+): (.*)", line)
    place, message = found.groups() if found else line.split(": ", 1)
    return place if found else f"{place}:1", _REASON.sub(r"\1", message)


def _findings(output: str) -> list[tuple[str, str, str]]:
    lines = (re.match(r"(.+?:\d+): \w+: ([\w-]+): (.*)", line) for line in _lines(output))
    return [(each[1], each[2], _REASON.sub(r"\1", each[3])) for each in lines if each]
