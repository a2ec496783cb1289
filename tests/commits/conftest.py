"""What the tests of real commits share."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from tests.commits import hooked
from tests.support.repository import Repository


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return hooked.environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="session")
def template(
    environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Repository]:
    """Make a repository with one commit for a way, once; copying it is quicker than making it."""

    @functools.cache
    def made(way: str) -> Repository:
        work = hooked.fill(tmp_path_factory.mktemp("template") / way, environ, way)
        work.git("commit", "--quiet", "-m", "start")
        return work

    return made
