"""Draw docs/house.svg, the rooms of the code and their imports: `uv run python -m docs.house`.

The floors come from pyproject.toml, where import-linter checks them. The imports and the
sentence about each room come from the code.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import cycle
from pathlib import Path
from textwrap import wrap

import grimp

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "house.svg"

WIDTH, TOP, ROW, GAP = 1000, 132, 50, 8
WALLS = 40, 520  # left and right, px
COLUMNS = 556, 964  # of the first and the last line, px
PAPER, INK, FAINT = "#fbfaf7", "#2f3437", "#d9d6cd"
# One a floor, from the roof down; then again from the first.
COLOURS = (
    "#8c5a6e",
    "#b4545f",
    "#bf6433",
    "#a97f1c",
    "#71822c",
    "#4f9463",
    "#36918d",
    "#3d7fae",
    "#5a6bb0",
    "#7a63a3",
    "#6d7076",
)
STYLE = f"""
  text {{ font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: {INK}; }}
  .name {{ font: bold 15px ui-monospace, Menlo, Consolas, monospace; fill: #fff; }}
  .title {{ font-size: 21px; font-weight: 600; }}
  .roof {{ fill: #fff; }}
"""

Imports = Mapping[str, Sequence[str]]
Floors = Sequence[Sequence[str]]


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(draw(floors(), imports()), encoding="utf-8")


def floors() -> Floors:
    """Return the rooms on each floor, from the top to the ground."""
    settings = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    return [layer.split(" | ") for layer in contract["layers"]]


def imports() -> Imports:
    """Return what each room imports of the other rooms."""
    graph = grimp.build_graph("headergen", cache_dir=None)
    found: dict[str, set[str]] = {}
    for module in graph.modules - {"headergen"}:
        others = graph.find_modules_directly_imported_by(module) - {"headergen"}
        found.setdefault(_room(module), set()).update(map(_room, others))
    return {room: sorted(others - {room}) for room, others in found.items()}


def purpose(room: str) -> str:
    """Return the first sentence of a room's docstring."""
    code = HERE.parent / "headergen"
    source = code / room / "__init__.py" if (code / room).is_dir() else code / f"{room}.py"
    docstring = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    return docstring.partition("\n")[0].partition(". ")[0].rstrip(".").replace("`", "")


def draw(floors: Floors, imports: Imports) -> str:
    """Return the picture as SVG: a box for each room, and a line down from it to its imports."""
    rooms = [room for floor in floors for room in floor]
    heights = {room: TOP + i * ROW + ROW / 2 for i, room in enumerate(rooms)}
    step = (COLUMNS[1] - COLUMNS[0]) / len(rooms)
    columns = {room: round(COLUMNS[1] - i * step) for i, room in enumerate(rooms)}
    colours = {
        room: colour
        for floor, colour in zip(floors, cycle(COLOURS), strict=False)
        for room in floor
    }
    height = TOP + len(rooms) * ROW + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>The rooms of headergen and their imports</title>",
        f"<desc>{escape('. '.join(_sentences(rooms, imports)))}.</desc>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" rx="14" fill="{PAPER}"/>',
        *_house(floors, height),
        *(
            line
            for room in rooms
            for line in _room_box(room, heights[room], colours[room], COLUMNS[1])
        ),
        *(
            line
            for room in rooms
            for line in _stairs(room, imports.get(room, ()), heights, columns[room], colours[room])
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _room(module: str) -> str:
    return module.split(".")[1]


def _sentences(rooms: Sequence[str], imports: Imports) -> Iterator[str]:
    for room in rooms:
        others = [other for other in rooms if other in imports.get(room, ())]
        yield f"{room} imports {', '.join(others) or 'no other room'}"


def _house(floors: Floors, height: int) -> Iterator[str]:
    """Yield the roof, the walls, the lines between floors and the words above the stairs."""
    left, right = WALLS[0] - 12, WALLS[1] + 12
    middle, eaves, ground = (left + right) / 2, TOP - GAP, height - 40 + GAP
    yield f'<path d="M{left} {eaves}V{ground}H{right}V{eaves}" fill="#fff" stroke="{INK}"/>'
    yield f'<path d="M{right - 96} 96V40h34V112z" fill="{INK}"/>'
    yield f'<path d="M{left - 14} {eaves}L{middle} 22L{right + 14} {eaves}z" fill="{INK}"/>'
    yield f'<text class="title roof" x="{middle}" y="96" text-anchor="middle">headergen</text>'
    y = TOP
    for floor in floors[:-1]:
        y += len(floor) * ROW
        yield f'<path d="M{left} {y}H{right}" stroke="{FAINT}"/>'
    yield f'<text class="title" x="{COLUMNS[0] + 10}" y="50">Imports run downwards only</text>'
    for i, words in enumerate(
        (
            "Follow a room's line down: each dot is a room it imports.",
            "Two rooms on one floor do not import each other.",
        )
    ):
        yield f'<text x="{COLUMNS[0] + 10}" y="{74 + i * 20}">{words}</text>'


def _room_box(room: str, y: float, colour: str, end: float) -> Iterator[str]:
    """Yield the box of a room, what the room is for, and the faint line that its dots lie on."""
    left, right = WALLS
    yield f'<path d="M{right + 12} {y:g}H{end}" stroke="{FAINT}"/>'
    yield (
        f'<rect x="{left}" y="{y - ROW / 2 + GAP / 2:g}" width="126" height="{ROW - GAP}" rx="6"'
        f' fill="{colour}"/>'
    )
    yield f'<text class="name" x="{left + 63}" y="{y + 5:g}" text-anchor="middle">{room}</text>'
    words = wrap(purpose(room), 47)
    for i, line in enumerate(words):
        below = (i - (len(words) - 1) / 2) * 17 + 4.5
        yield f'<text x="{left + 140}" y="{y + below:g}">{escape(line)}</text>'


def _stairs(
    room: str, others: Sequence[str], heights: Mapping[str, float], x: float, colour: str
) -> Iterator[str]:
    """Yield the line from a room across to its column and down, and a dot for each import."""
    if not others:
        return
    y, end = heights[room], max(heights[other] for other in others)
    yield (
        f'<path d="M{WALLS[1] + 12} {y:g}H{x - 10}q10 0 10 10V{end:g}" fill="none"'
        f' stroke="{colour}" stroke-width="2.5"/>'
    )
    for other in others:
        yield f'<circle cx="{x}" cy="{heights[other]:g}" r="5.5" fill="{colour}"/>'


if __name__ == "__main__":
    main()
