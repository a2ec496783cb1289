"""The worst at every single call by which a run touches the disk, one run for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from headergen.repository import scratch
from tests.faults.site import (
    Ended,
    Fault,
    Site,
    Zygote,
    litter,
    painted,
    pictures,
    read,
    require_whole,
)
from tests.support.headers import HEADERS

WRITING = ("mkdir", "create", "write", "fsync", "chmod", "flock", "replace")


def faults(site: Site, what: str, when: str, calls: Iterable[str]) -> Iterator[Fault]:
    """Yield one fault for each of the `calls` that a clean run of `site` makes."""
    chosen = list(calls)
    planned = site.calls.index("listdir")
    for index, call in enumerate(site.calls):
        # The hundred `stat`s after planning are mkdir's and resolve's, which raise no other error.
        if call in chosen and not (call == "stat" and index > planned):
            yield Fault(index, call, when, what)


def strike(site: Site, zygote: Zygote, folder: Path, fault: Fault) -> Ended:
    """Run with one fault; then whatever happened, nothing is torn and the next run completes."""
    site.place(folder)
    ended = zygote.run(folder, fault=fault)
    require_whole(site, folder)
    return ended


def go_on(site: Site, zygote: Zygote, folder: Path) -> None:
    """Run again: everything is finished, nothing that was whole is made twice, no litter stays."""
    whole = pictures(folder)
    made = {name for name in whole if is_new(site, folder, name)}
    kept = any((folder / scratch.FOLDER).rglob("[!.]*.png"))
    painted(folder)
    ended = zygote.run(folder)
    assert ended.code == 0, ended.output
    assert read(folder) == site.after
    assert {name: whole[name] for name in made} == {n: pictures(folder)[n] for n in made}
    assert ("sea.png" in made or kept) == (painted(folder) == [])


def is_new(site: Site, folder: Path, name: str) -> bool:
    data = (folder / HEADERS / name).read_bytes()
    return data == site.after[f"{HEADERS}/{name}"]


def test_the_counted_calls_are_all_the_writing_that_a_run_does(site: Site) -> None:
    counted = {call: site.calls.count(call) for call in WRITING}
    # 3 headers and 3 articles; the lock and its holder's name are 2 more files.
    assert counted["create"] == 3 + 3 + 2
    assert counted["replace"] == counted["write"] == 3 + 3
    assert counted["fsync"] == 2 * (3 + 3)


def test_bytes_are_on_the_disk_before_their_name_and_the_name_before_going_on(site: Site) -> None:
    durable = [call for call in site.calls if call in ("write", "fsync", "replace")]
    assert durable == ["write", "fsync", "replace", "fsync"] * (3 + 3)


@pytest.mark.parametrize(
    ("when", "calls"),
    [
        pytest.param("before", WRITING, id="before", marks=pytest.mark.slow),
        pytest.param("half", ["write"], id="halfway"),
        pytest.param("after", WRITING, id="after", marks=pytest.mark.slow),
    ],
)
def test_killed_at_every_call(
    site: Site, zygote: Zygote, tmp_path: Path, when: str, calls: Iterable[str]
) -> None:
    for fault in faults(site, "SIGKILL", when, calls):
        folder = tmp_path / str(fault.index)
        try:
            assert strike(site, zygote, folder, fault).code == -9
            go_on(site, zygote, folder)
        except AssertionError as error:
            error.add_note(str(fault))
            raise


@pytest.mark.slow
@pytest.mark.parametrize(
    ("signal", "number", "calls"),
    [
        pytest.param(
            "SIGINT",
            2,
            (*WRITING, "open", "close", "listdir"),
            id="Ctrl-C",
            marks=pytest.mark.slow,
        ),
        pytest.param("SIGTERM", 15, ["create", "replace"], id="terminated"),
        pytest.param("SIGHUP", 1, ["create", "replace"], id="the terminal closes"),
    ],
)
def test_interrupted_at_every_call(
    site: Site, zygote: Zygote, tmp_path: Path, signal: str, number: int, calls: Iterable[str]
) -> None:
    for fault in faults(site, signal, "after", calls):
        folder = tmp_path / str(fault.index)
        try:
            ended = strike(site, zygote, folder, fault)
            assert "Traceback" not in ended.output, ended.output
            assert ended.code == 128 + number, ended.output
            assert "interrupted" in ended.output
            # Made and not yet known to the one who would remove it: the next run does.
            assert litter(read(folder)) == [] or fault.call in ("create", "flock")
            go_on(site, zygote, folder)
        except AssertionError as error:
            error.add_note(str(fault))
            raise


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "when", "calls"),
    [
        pytest.param("EIO", "before", None, id="an I/O error", marks=pytest.mark.slow),
        pytest.param("EIO", "half", ["write"], id="an I/O error after half a write"),
        pytest.param(
            "ENOSPC", "before", WRITING, id="no space for one call", marks=pytest.mark.slow
        ),
        pytest.param(
            "disk full",
            "",
            ["create", "write", "mkdir", "fsync"],
            id="disk full",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_an_error_at_every_call(
    site: Site, zygote: Zygote, tmp_path: Path, what: str, when: str, calls: list[str] | None
) -> None:
    for fault in faults(site, what, when, calls or set(site.calls)):
        folder = tmp_path / str(fault.index)
        try:
            ended = strike(site, zygote, folder, fault)
            require_clear_error(ended)
            assert litter(read(folder)) == []
            if what != "disk full":
                require_others_finished(site, folder, ended)
            go_on(site, zygote, folder)
        except AssertionError as error:
            error.add_note(str(fault))
            raise


def require_clear_error(ended: Ended) -> None:
    assert "Traceback" not in ended.output, ended.output
    assert ended.code in (0, 2, 3), ended.output
    if ended.code:
        assert re.search("Input/output error|No space left", ended.output), ended.output


def require_others_finished(site: Site, folder: Path, ended: Ended) -> None:
    """At most one article is left undone, and it is named; without a config nothing is begun."""
    found = read(folder)
    undone = [name for name in site.articles if found[name] != site.after[name]]
    if re.match(r"(\.|/.*/\.git(/HEAD)?|headergen\.yaml): ", ended.output):
        assert found == site.before
        return
    assert len(undone) <= 1, ended.output
    for name in undone:
        assert re.search(rf"^{name}(:\d+)?: ", ended.output, re.MULTILINE), ended.output
