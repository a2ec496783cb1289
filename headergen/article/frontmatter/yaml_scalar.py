"""A string as one line of YAML."""

from __future__ import annotations

import re
import sys

import yaml

# What YAML 1.1 takes for the end of a line (5.4 Line Break Characters).
LINE_BREAK = re.compile("[\r\n\x85\u2028\u2029]")

# Numbers of YAML's core schema (YAML 1.2.2, 10.3.2). PyYAML follows 1.1 and would leave `1e234567`
# bare, which js-yaml and go-yaml read as infinity.
_NUMBER = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0[box][0-9a-fA-F]+")


def quoted(text: str, style: str | None = None) -> str:
    """Return `text` as one line of YAML that every reader takes for a string.

    It is safe in flow and in block context.

    Args:
        text: Any string that YAML can hold.
        style: The quotes to use, `'` or `"`; None for as few as are needed.
    """
    if style is None and _NUMBER.fullmatch(text):
        style = "'"
    line = yaml.safe_dump(
        [text],
        default_style=style,
        default_flow_style=True,
        allow_unicode=True,
        width=sys.maxsize,
    ).strip("\n")[1:-1]
    return quoted(text, '"') if style != '"' and LINE_BREAK.search(line) else line
