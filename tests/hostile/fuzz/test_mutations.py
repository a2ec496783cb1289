"""A seeded share of the damaged files of `mutations`: errors for the author, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.hostile.fuzz import mutations

SHORT, LONG = 40, 2000
KINDS = mutations.kinds()


@pytest.mark.parametrize("name", KINDS)
def test_a_damaged_file_is_an_error_and_no_traceback(name: str, tmp_path: Path) -> None:
    assert list(mutations.faults(name, KINDS[name], 0, SHORT, tmp_path)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_many_damaged_files_are_errors_and_no_traceback(name: str, tmp_path: Path) -> None:
    assert list(mutations.faults(name, KINDS[name], SHORT, LONG, tmp_path)) == []


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_reads_what_is_whole(name: str, tmp_path: Path) -> None:
    if name == "index":  # of a folder whose parts are not there
        pytest.skip("it is refused for what stands beside it")
    for data in KINDS[name].whole:
        KINDS[name].read(data, tmp_path)


def test_what_goes_wrong_is_told(tmp_path: Path) -> None:
    def read(data: bytes, _: Path) -> None:
        raise KeyError(data)

    found = list(mutations.faults("x", mutations.Kind([b"some bytes"], read), 0, 2, tmp_path))

    assert len(found) == 2
    assert all("KeyError" in each for each in found)


@pytest.mark.slow
def test_what_takes_too_long_is_told(tmp_path: Path) -> None:
    def read(_: bytes, __: Path) -> None:
        while True:
            pass

    found = list(mutations.faults("x", mutations.Kind([b"some bytes"], read), 0, 1, tmp_path))

    assert "TooSlowError" in found[0]


def test_the_same_seed_damages_the_same_bytes() -> None:
    first, again = (mutations.mutated(b"some bytes", random.Random("a 1")) for _ in range(2))

    assert first == again
