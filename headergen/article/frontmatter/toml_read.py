"""TOML text as values, and the standard library's complaints with their lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from headergen.article.frontmatter.block import MAX_DEPTH, MEND, Block
from headergen.errors import HeadergenError

# tomllib takes time in the square of a dotted key's length: 64 KiB of `a.a.a` are a minute.
_DEEP_KEY = re.compile(
    rf"""(?:\.[ \t]*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*){{{MAX_DEPTH}}}"""
)
_ERROR_LINE = re.compile(r" \(at line (\d+), column \d+\)| \(at end of document\)")

# What Python refuses to convert (sys.int_info.default_max_str_digits).
_MANY_DIGITS = re.compile(r"[0-9_]{4300}")


def values_of(block: Block, load: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return the values of a TOML block; `load` is tomllib's `loads`, or calls it.

    Raises:
        HeadergenError: The text is not TOML, or exceeds a bound; made by `block`.
    """
    deep = _DEEP_KEY.search(block.text)
    if deep is not None:
        raise block.too_deep(deep.start(), "a key")
    try:
        return load(block.text)
    except RecursionError as error:
        raise block.too_deep(0) from error
    except ValueError as error:
        raise _error(block, str(error)) from error


def _error(block: Block, problem: str) -> HeadergenError:
    """Return tomllib's complaint with the line of the file that it is about."""
    message = f"{block.name} is not valid TOML: {_ERROR_LINE.sub('', problem)}"
    place = _ERROR_LINE.search(problem)
    if place is None:  # Python's own complaint about a number of too many digits
        digits = _MANY_DIGITS.search(block.text)
        return block.error(message, digits.start() if digits else 0, remedy=MEND)
    if place[1] is None:
        return block.error(message, len(block.text) - 1, remedy=MEND)
    lines_before = block.text.split("\n")[: int(place[1]) - 1]
    return block.error(message, sum(len(line) + 1 for line in lines_before), remedy=MEND)
