"""The contact sheet: every picture in its numbered place, whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops

from headergen.graphics.contact_sheet import contact_sheet

COLOURS = ("red", "lime", "blue", "yellow", "magenta", "cyan", "black")


def pictures(folder: Path, count: int) -> dict[int, tuple[Path, str]]:
    found = {}
    for number in range(count, 0, -1):  # the order must not matter
        path = folder / f"{number}.png"
        Image.new("RGB", (128, 67), COLOURS[number % 7]).save(path)
        found[number] = (path, f"seed {number}")
    return found


@pytest.mark.parametrize("count", [1, 2, 4, 5, 9, 10, 24])
def test_pictures_stand_in_the_order_of_their_numbers(tmp_path: Path, count: int) -> None:
    sheet = contact_sheet(pictures(tmp_path, count), 128, 67)
    columns = (sheet.width - 36) // 596
    seen = [
        sheet.getpixel((36 + 280 + (index % columns) * 596, 36 + 146 + (index // columns) * 357))
        for index in range(count)
    ]
    wanted = [
        Image.new("RGB", (1, 1), COLOURS[n % 7]).getpixel((0, 0)) for n in range(1, count + 1)
    ]
    assert seen == wanted


def test_the_captions_are_drawn_and_tell_one_from_another(tmp_path: Path) -> None:
    one = contact_sheet(pictures(tmp_path, 1), 128, 67)
    path, _ = pictures(tmp_path, 1)[1]
    other = contact_sheet({1: (path, "seed 1, golden hour")}, 128, 67)
    left, top, right, bottom = ImageChops.difference(one, other).getbbox() or (0, 0, 0, 0)
    assert right - left > 50
    assert top > 36 + 293
    assert bottom < one.height
