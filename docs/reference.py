"""Write the tables of keys into the pages: `uv run python -m docs.reference`.

A page has a table of keys between `<!-- keys: MAPPING -->` and `<!-- end -->`. MAPPING is a name
of `MAPPINGS`; names of keys behind it choose some of them. The rows come from the code.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from headergen.article.request import CardRequest, header_rows
from headergen.fields import Row, rows_of
from headergen.settings.config import Config, WantedCut
from headergen.settings.server import Server, TextServer
from headergen.settings.styles import Default, Style

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/configuration.md", "docs/frontmatter.md", "docs/servers.md")

MAPPINGS: Mapping[str, Mapping[str, Row]] = {
    "config": rows_of(Config),
    "default": rows_of(Default),
    "style": rows_of(Style),
    "cut": rows_of(WantedCut),
    "server": rows_of(Server),
    "text": rows_of(TextServer),
    "header": header_rows(),
    "card": rows_of(CardRequest),
}
_TABLE = re.compile(r"(<!-- keys: (\w+)(.*?) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Write the pages."""
    for name in PAGES:
        page = ROOT / name
        page.write_text(filled(page.read_text("utf-8")), encoding="utf-8")


def filled(page: str) -> str:
    """Return a page with its tables as the rows are now."""
    return _TABLE.sub(lambda found: found[1] + table(found[2], found[3].split()) + found[4], page)


def table(mapping: str, names: list[str]) -> str:
    """Return the table of a mapping's keys, or of those that are named."""
    rows = MAPPINGS[mapping]
    chosen = [rows[name] for name in names or rows]
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*lines, *map(_line, chosen)]) + "\n"


def _line(row: Row) -> str:
    return f"| `{row.name}` | {row.kind.words} | {'; '.join(_defaults(row))} | {row.description} |"


def _defaults(row: Row) -> Iterator[str]:
    if row.required:
        yield "must be set"
    if row.default not in (None, (), ""):
        yield f"`{row.default:g}`" if isinstance(row.default, float) else f"`{_yaml(row.default)}`"
    if row.usual:
        yield row.usual


def _yaml(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    main()
