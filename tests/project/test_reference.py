"""The tables of keys in the pages are as the rows in the code."""

from __future__ import annotations

import re

import pytest

from docs import reference
from headergen.settings.config import KEYS
from tests.support.paths import CHECKOUT


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_tables_of_a_page_are_up_to_date(name: str) -> None:
    page = (CHECKOUT / name).read_text("utf-8")
    assert page.count("<!-- keys: ") >= 1
    assert reference.filled(page) == page, "run: uv run python -m docs.reference"


def test_the_configuration_page_has_every_key_once() -> None:
    page = (CHECKOUT / "docs/configuration.md").read_text("utf-8")
    table = page.partition("## Keys")[2].partition("<!-- end -->")[0]
    assert re.findall(r"^\| `([^`]+)` \|", table, re.M) == list(KEYS)


def test_a_table_has_the_value_the_default_and_the_meaning_of_each_key() -> None:
    page = "a\n<!-- keys: config header.width output -->\nold\n<!-- end -->\nb\n"
    filled = reference.filled(page)
    assert filled.startswith("a\n<!-- keys: config header.width output -->\n| key | value |")
    assert filled.endswith("|\n<!-- end -->\nb\n")
    width = (
        "| `header.width` | a whole number from 16 to 8192 | `1280` | width of the header in px |"
    )
    assert width in filled.splitlines()
    assert "old" not in filled.splitlines()
