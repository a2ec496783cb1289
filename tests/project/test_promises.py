"""Every test that docs/promises.md names exists."""

from __future__ import annotations

import re

import pytest

from tests.support.paths import CHECKOUT

PROMISES = (CHECKOUT / "docs" / "promises.md").read_text(encoding="utf-8")
SOURCES = "\n".join(path.read_text("utf-8") for path in (CHECKOUT / "tests").rglob("*.py"))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(test_\w+)`", PROMISES))))
def test_a_promise_names_a_test(name: str) -> None:
    assert f"def {name}(" in SOURCES


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:tests|hooks)/[\w/.-]+)`", PROMISES))))
def test_a_promise_names_a_file(name: str) -> None:
    assert (CHECKOUT / name).exists()
