"""Characters that steer a terminal or a page, or hide there, are spelled out."""

from __future__ import annotations

import json
import subprocess
import unicodedata

import pytest

from headergen.cli import terminal
from headergen.report.preview.page import _as_script_data

STEERING = ["\x1b", "\x07", "\x7f", "\x9b", "\u061c", "\u202e", "\u2066", "\u2028", "\u2029"]
HIDING = ["\u00ad", "\u034f", "\u115f", "\u180e", "\u200b", "\u200c", "\u200d", "\u2060", "\u2800",
          "\u3164", "\ufeff", "\uffa0", "\ufe01", "\U000e0001", "\U000e0041", "\U000e007f",
          "\U000e0100", "\U000e01f5"]  # fmt: skip


@pytest.mark.parametrize("character", STEERING + HIDING, ids=ascii)
def test_it_is_spelled_out_on_the_terminal(
    character: str, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.say(f"a{character}b")

    assert capsys.readouterr().out == f"a{ascii(character)[1:-1]}b\n"


@pytest.mark.parametrize("character", STEERING + HIDING, ids=ascii)
def test_it_is_spelled_out_in_json_and_reads_back(
    character: str, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.say_json(f"a{character}b")

    printed = capsys.readouterr().out
    assert printed.strip().isascii()
    assert json.loads(printed) == f"a{character}b"


@pytest.mark.parametrize("character", STEERING + HIDING, ids=ascii)
def test_it_is_spelled_out_in_a_command_that_means_the_same(character: str) -> None:
    word = terminal.shell_word(f"a{character}b")

    assert word.isascii()
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", "-c", f"printf %s {word}"], env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode() == f"a{character}b"


@pytest.mark.parametrize("character", STEERING[3:] + HIDING, ids=ascii)
def test_it_is_spelled_out_in_the_preview(character: str) -> None:
    shown = json.loads(_as_script_data({"title": f"a{character}b"}))["title"]

    assert shown.isascii()
    assert shown.startswith("a\\u")


@pytest.mark.parametrize(
    "text", ["夕焼け ❤️", "👨‍👩‍👧 家族", "👍🏽", "葛\U000e0100城", "é", "한국어", "עברית", "العربية"]
)
def test_what_people_write_stays(text: str) -> None:
    assert terminal.printable(text) == text


def test_no_format_character_is_left_out() -> None:
    """Cf, Zl and Zp of Unicode, but for the signs of numbers in Arabic, which are seen."""
    seen = set(
        "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    )
    left = [
        character
        for character in map(chr, range(0x110000))
        if unicodedata.category(character) in ("Cf", "Zl", "Zp", "Cc")
        and terminal.printable(f"a{character}") == f"a{character}"
    ]
    assert [
        ascii(each) for each in left if each not in seen and not 0x13430 <= ord(each) <= 0x1343F
    ] == []
