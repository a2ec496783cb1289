"""The `header` mapping as it was loaded: its values, checked one by one as they are asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headergen.errors import ArticleError
from headergen.vocabulary import AUTO_FOCUS, MAX_SOURCES, Focus
from headergen.wording import LONGEST_SHOWN, brief, shown

# NUL, and lone surrogates, which no file can hold and nothing can draw.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class HeaderMapping:
    """The `header` mapping as it was loaded, with what an error needs to point into it.

    `generated_keys` are those that headergen itself writes into the mapping. `name` is the
    mapping's own: `header`, or `header.card` for the one inside.
    """

    path: Path
    line: int
    values: Mapping[object, object]
    lines: Mapping[str, int]
    generated_keys: tuple[str, ...]
    name: str = "header"

    def error(self, key: str, message: str) -> ArticleError:
        """Return an error that points at `key`, or at `header` where its line is not known."""
        line = self.lines.get(key, self.line)
        dotted = f"{self.name}.{brief(key, LONGEST_SHOWN)}"
        return ArticleError(message, path=str(self.path), line=line, key=dotted)

    def text(self, key: str, *, may_be_empty: bool = False) -> str | None:
        """Return a string, None where the key is missing or null."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.error(key, f"expected text, not {shown(value)}; put it in quotes")
        return self._usable(key, value, may_be_empty)

    def flag_or_text(self, key: str) -> bool | str | None:
        """Return a boolean, a text, or None where the key is missing or null."""
        value = self.values.get(key)
        return value if isinstance(value, bool) else self.text(key)

    def texts(self, key: str, wanted: str, *, most: int) -> tuple[str, ...]:
        """Return 1 to `most` texts, empty where the key is missing or null; `wanted` names them."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise self.error(key, f"expected a list of 1 to {most} {wanted}, not {shown(value)}")
        return tuple(self._item(f"{key}[{i}]", item, wanted) for i, item in enumerate(value))

    def _item(self, key: str, value: object, wanted: str) -> str:
        if not isinstance(value, str):
            raise self.error(key, f"expected one of the {wanted} as text, not {shown(value)}")
        return self._usable(key, value, may_be_empty=False)

    def integer(self, key: str, maximum: int, minimum: int) -> int | None:
        """Return an integer from `minimum` to `maximum`, None where the key is missing or null."""
        value = self.values.get(key)
        if value is None:
            return None
        if type(value) is not int or not minimum <= value <= maximum:
            raise self.error(
                key, f"expected an integer from {minimum} to {maximum}, not {shown(value)}"
            )
        return value

    def number(self, key: str, maximum: float) -> float | None:
        """Return a number in [0, `maximum`], None where the key is missing or null."""
        value = self.values.get(key)
        if value is None:
            return None
        # `type` and not `isinstance`, because True is an int; NaN fails every comparison.
        if type(value) not in (int, float) or not 0 <= value <= maximum:  # type: ignore[operator]
            raise self.error(key, f"expected a number from 0 to {maximum:g}, not {shown(value)}")
        return math.fabs(float(value))  # type: ignore[arg-type]  # -0.0 is 0.0

    def inner(self, key: str) -> HeaderMapping:
        """Return the mapping under `key`.

        Raises:
            ArticleError: There is none.
        """
        value = self.values.get(key)
        if not isinstance(value, Mapping):
            raise self.error(key, f"expected true or a mapping, not {shown(value)}")
        lines = {
            name.removeprefix(f"{key}."): line
            for name, line in self.lines.items()
            if name.startswith(f"{key}.")
        }
        line = self.lines.get(key, self.line)
        return HeaderMapping(self.path, line, value, lines, (), f"{self.name}.{key}")

    def refuse_unknown_keys(self, known: tuple[str, ...]) -> None:
        """Make sure that every key is one of `known`, or headergen's own.

        Raises:
            ArticleError: One is not; says what may be meant, and the choices.
        """
        choices = (*known, *self.generated_keys)
        for key in self.values:
            if key not in choices:
                name = key if isinstance(key, str) else shown(key)
                raise self.error(name, _unknown_key(name, choices))

    def sources(self) -> tuple[str, ...]:
        """Return the paths of the sources, empty where there are none."""
        if "sources" not in self.values:
            return ()
        value = self.values["sources"]
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_SOURCES:
            raise self.error(
                "sources",
                f"expected a list of 1 to {MAX_SOURCES} paths, such as [a.png], not {shown(value)}",
            )
        return tuple(self._source(f"sources[{i}]", source) for i, source in enumerate(value))

    def _source(self, key: str, value: object) -> str:
        if not isinstance(value, str):
            raise self.error(key, f"expected a path as text, not {shown(value)}")
        return self._usable(key, value, may_be_empty=False)

    def focus(self) -> tuple[Focus, ...]:
        """Return the points of interest: one for all sources or one for each; empty for none."""
        value = self.values.get("focus")
        if value is None:
            return ()
        if not isinstance(value, list) or _looks_like_point(value):
            return (self._focus("focus", value),)
        sources = self.values.get("sources")
        if isinstance(sources, list) and len(value) != len(sources):
            raise self.error(
                "focus",
                f"expected one point, or one for each of the {len(sources)} sources, "
                f"not {len(value)}",
            )
        return tuple(self._focus(f"focus[{i}]", focus) for i, focus in enumerate(value))

    def _focus(self, key: str, value: object) -> Focus:
        if value == AUTO_FOCUS:
            return AUTO_FOCUS
        if not isinstance(value, list) or len(value) != 2 or not all(map(_is_share, value)):
            raise self.error(
                key,
                "expected auto or a point [x, y] of the picture, from [0, 0] (top left) to [1, 1], "
                f"not {shown(value)}",
            )
        x, y = value
        return math.fabs(float(x)), math.fabs(float(y))

    def _usable(self, key: str, value: str, may_be_empty: bool) -> str:
        if not value.strip() and not may_be_empty:
            raise self.error(key, "is empty; write a text or remove the key")
        if _NO_TEXT.search(value):
            raise self.error(key, f"holds a character that no text has: {shown(value)}; remove it")
        return value


def _looks_like_point(value: list[object]) -> bool:
    return not any(each == AUTO_FOCUS or isinstance(each, list) for each in value)


def _is_share(value: object) -> bool:
    # `type` and not `isinstance`, because True is an int; NaN fails every comparison.
    return type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]


def _unknown_key(name: str, choices: tuple[str, ...]) -> str:
    import difflib

    if name == "image":
        return "unknown key 'image': the config's image_key is another; remove this line"
    close = difflib.get_close_matches(name[:60], choices, n=1)
    hint = f", did you mean {close[0]!r}?" if close else ";"
    return f"unknown key {shown(name)}{hint} choose from {', '.join(choices)}"
