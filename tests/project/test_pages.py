"""The pages for contributors name files that exist, and the picture of the house is current."""

from __future__ import annotations

import re

import pytest

from docs import house
from tests.support.paths import CHECKOUT

PAGES = (
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/hook-runners.md",
    "docs/specification.md",
)
# In their repositories, not in this one.
OF_AUTHORS = {
    "config.yaml",
    "note_images/",
    ".husky/pre-commit",
    ".git/lint-staged_unstaged.patch",
}


def names(page: str) -> set[str]:
    """Return the paths in code font, and the targets of the links, as paths of the checkout."""
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    folder = (CHECKOUT / page).parent
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    coded = re.findall(r"`((?:[\w.-]+/)+[\w.-]*|\w+\.(?:py|md|toml|yaml))`", text)
    rooms = {path.name for path in (CHECKOUT / "headergen").iterdir()}
    inside = {f"headergen/{name}" if name.split("/")[0] in rooms else name for name in coded}
    targets = {(folder / target).resolve().relative_to(CHECKOUT).as_posix() for target in linked}
    return inside | targets


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    found = names(page)
    assert len(found) > 2
    assert {name for name in found if not (CHECKOUT / name).exists()} <= OF_AUTHORS


def test_the_picture_of_the_house_is_current() -> None:
    drawn = house.draw(house.floors(), house.imports())
    assert house.PICTURE.read_text("utf-8") == drawn, "run: uv run python -m docs.house"


def test_each_room_has_its_floor_and_a_sentence() -> None:
    rooms = [room for floor in house.floors() for room in floor]
    code = {path.stem for path in (CHECKOUT / "headergen").iterdir() if path.suffix in ("", ".py")}
    assert sorted(rooms) == sorted(code - {"__init__", "__pycache__"})
    assert all(house.purpose(room) for room in rooms)


def test_the_picture_shows_each_import_as_a_dot() -> None:
    shown = house.draw([["cli"], ["errors"]], {"cli": ["errors"]})
    assert shown.count("<circle") == 1
    assert "cli imports errors. errors imports no other room." in shown
