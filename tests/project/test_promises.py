"""Every test that docs/promises.md names exists, and each code of `headergen check` has a test."""

from __future__ import annotations

import re

import pytest

from headergen.report import check
from tests.support.paths import CHECKOUT

PROMISES = (CHECKOUT / "docs" / "promises.md").read_text(encoding="utf-8")
SOURCES = "\n".join(path.read_text("utf-8") for path in (CHECKOUT / "tests").rglob("*.py"))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", PROMISES))))
def test_a_promise_names_a_test(name: str) -> None:
    assert f"def {name}(" in SOURCES


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:tests|hooks)/[\w/.-]+)`", PROMISES))))
def test_a_promise_names_a_file(name: str) -> None:
    assert (CHECKOUT / name).exists()


@pytest.mark.parametrize("code", check.CODES)
def test_a_code_of_check_is_found_in_a_test(code: str) -> None:
    assert re.search(rf': {code}: |"{code}"', SOURCES)
