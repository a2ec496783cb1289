"""What the config's `also` asks for: the shapes of the cuts beside each header."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

# Raises the config's error for a key below `also` ("[0].width"), with what is wrong.
Fault = Callable[[str, str], Exception]

_KEY = re.compile(r"(?!header(\.|$))[\w-]+(\.[\w-]+)*")
_SIDES = {"width": (16, 8192), "height": (16, 8192)}


@dataclass(frozen=True)
class Shape:
    """What the config's `also` asks for: a frontmatter key, dotted, and a size in px."""

    key: str
    width: int
    height: int

    @property
    def suffix(self) -> str:
        """What its file's name has after the article's."""
        return "-" + self.key.replace(".", "-")


def read_shapes(value: object, fault: Fault) -> tuple[Shape, ...]:
    """Read the config's `also`.

    Raises:
        Exception: What `fault` makes, where something is not admissible.
    """
    if not isinstance(value, list):
        raise fault("", f"{value!r} is not a list such as [{{key: og_image, width: 1200, …}}]")
    shapes = tuple(_read_shape(each, f"[{i}]", fault) for i, each in enumerate(value))
    for each in _doubles(shape.suffix for shape in shapes):
        raise fault("", f"two pictures would be named …{each}; choose another key for one")
    return shapes


def _doubles(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            yield name
        seen.add(name.casefold())


def _read_shape(value: object, place: str, fault: Fault) -> Shape:
    if not isinstance(value, dict) or set(value) != {"key", *_SIDES}:
        raise fault(place, f"{value!r} is not {{key: …, width: …, height: …}}")
    if not isinstance(value["key"], str) or not _KEY.fullmatch(value["key"]):
        wanted = "a frontmatter key outside of `header`, such as og_image or cover.square"
        raise fault(f"{place}.key", f"{value['key']!r} is not {wanted}")
    for side, (low, high) in _SIDES.items():
        if type(value[side]) is not int or not low <= value[side] <= high:
            message = f"{value[side]!r} is not a whole number from {low} to {high}"
            raise fault(f"{place}.{side}", message)
    return Shape(value["key"], value["width"], value["height"])
