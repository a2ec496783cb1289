"""One zygote and one site for all tests of faults."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.faults.site import Site, Zygote, build

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]  # they fork


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """A warmed process that runs headergen in forks."""
    with Zygote() as running:
        yield running


@pytest.fixture(scope="session")
def site(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The files of a site with one article of each kind, before and after a clean run."""
    return build(zygote, tmp_path_factory.mktemp("built") / "site")
