"""What an author writes under `header:`, and every mistake that can be made there."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from headergen.errors import ArticleError
from headergen.frontmatter.block import brief

AUTHOR_KEYS = (
    "prompt",
    "negative_prompt",
    "model",
    "seed",
    "steps",
    "guidance_scale",
    "sources",
    "layout",
    "focus",
    "alt",
)
_PAINTING_KEYS = ("negative_prompt", "model", "seed", "steps", "guidance_scale")
MAX_SEED = 2**64 - 1  # torch.Generator.manual_seed takes 64 bits
MAX_STEPS = 200
MAX_GUIDANCE_SCALE = 50.0
# A thirteenth panel of a 1280x670 header would be a thumbnail that nobody can read.
MAX_SOURCES = 12
LAYOUTS = ("auto", "cover", "split", "grid")
AUTO_FOCUS: Final = "auto"

# From the top left, in shares of a picture's width and height; each in [0, 1].
Point = tuple[float, float]
Focus = Point | Literal["auto"]

# Values and names in messages are cut to this many characters. Aliases make a list of 8,000 long
# texts out of 64 KiB, so what is cut off must not be written out first.
_LONGEST_SHOWN = 60
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 4 * _LONGEST_SHOWN


@dataclass(frozen=True)
class Request:
    """What the author asked for; a field is None (or empty) where nothing was written.

    `focus` holds one focus for all sources, or one for each, in their order.
    `lines` gives the file's 1-based line of each key, and of each source as `sources[0]`,
    `sources[1]`, …; two requests that differ in their lines only are equal.
    """

    prompt: str | None
    negative_prompt: str | None
    model: str | None
    seed: int | None
    steps: int | None
    guidance_scale: float | None
    sources: tuple[str, ...]
    layout: str | None
    focus: tuple[Focus, ...]
    lines: Mapping[str, int] = field(compare=False)

    def canonical(self) -> str:
        """Return the request as JSON that is the same for the same request.

        It holds the keys that were written, sorted, in the author's own words; neither `alt`
        nor the lines are in it. The digest is taken of it.
        """
        import json

        written = {
            key: getattr(self, key)
            for key in AUTHOR_KEYS
            if key != "alt" and getattr(self, key) not in (None, ())
        }
        return json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class HeaderMapping:
    """The `header` mapping as it was loaded, with what an error needs to point into it.

    `generated_keys` are those that headergen itself writes into the mapping.
    """

    path: Path
    line: int
    values: Mapping[object, object]
    lines: Mapping[str, int]
    generated_keys: tuple[str, ...]

    def error(self, key: str, message: str) -> ArticleError:
        """Return an error that points at `key`, or at `header` where its line is not known."""
        line = self.lines.get(key, self.line)
        dotted = f"header.{brief(key, _LONGEST_SHOWN)}"
        return ArticleError(message, path=str(self.path), line=line, key=dotted)

    def text(self, key: str, *, may_be_empty: bool = False) -> str | None:
        """Return a string, None where the key is missing or null."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.error(key, f"expected text, not {shown(value)}; put it in quotes")
        return self._usable(key, value, may_be_empty)

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
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise self.error(key, f"holds a character that no text has: {shown(value)}; remove it")
        return value


def _looks_like_point(value: list[object]) -> bool:
    return not any(each == AUTO_FOCUS or isinstance(each, list) for each in value)


def _is_share(value: object) -> bool:
    # `type` and not `isinstance`, because True is an int; NaN fails every comparison.
    return type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]


def read_request(header: HeaderMapping) -> Request | None:
    """Return what the author asked for, None where there is neither `prompt` nor `sources`.

    Raises:
        ArticleError: A key is unknown or its value is not admissible; the error names file,
            line, key, value and choices.
    """
    _refuse_unknown_keys(header)
    _refuse_prompt_beside_sources(header)
    _refuse_keys_without_effect(header)
    request = Request(
        prompt=_prompt(header),
        negative_prompt=header.text("negative_prompt", may_be_empty=True),
        model=header.text("model"),
        seed=header.integer("seed", minimum=0, maximum=MAX_SEED),
        steps=header.integer("steps", minimum=1, maximum=MAX_STEPS),
        guidance_scale=header.number("guidance_scale", MAX_GUIDANCE_SCALE),
        sources=header.sources(),
        layout=header.text("layout"),
        focus=header.focus(),
        lines=header.lines,
    )
    return None if request.prompt is None and not request.sources else request


def asks_for_a_picture(header: Mapping[object, object]) -> bool:
    """Tell whether a mapping is headergen's, wherever it stands."""
    is_request = "prompt" in header or "sources" in header
    return is_request and header.keys() <= {*AUTHOR_KEYS, "image", "digest"}


def shown(value: object) -> str:
    """Return a value as an error message can hold it: one line of at most 60 characters."""
    try:
        text = _SHORT.repr(value)
    except ValueError:  # an int of more digits than Python agrees to print
        return "a huge number"
    return brief(text, _LONGEST_SHOWN)


def _prompt(header: HeaderMapping) -> str | None:
    if "prompt" in header.values and header.values["prompt"] is None:
        raise header.error("prompt", "is empty; write what the picture should be")
    return header.text("prompt")


def _refuse_prompt_beside_sources(header: HeaderMapping) -> None:
    if "prompt" in header.values and "sources" in header.values:
        raise header.error("sources", "prompt and sources exclude each other; keep one of them")


def _refuse_keys_without_effect(header: HeaderMapping) -> None:
    """A key that does nothing would still be part of the request, and of its digest."""
    idle: tuple[str, ...] = ()
    if "sources" in header.values:
        idle, kind = _PAINTING_KEYS, "of a composite"
    elif "prompt" in header.values:
        idle, kind = ("layout", "focus"), "that is painted"
    for key in idle:
        if header.values.get(key) is not None:
            raise header.error(key, f"has no effect on a header {kind}; remove it")


def _refuse_unknown_keys(header: HeaderMapping) -> None:
    choices = (*AUTHOR_KEYS, *header.generated_keys)
    for key in header.values:
        if key not in choices:
            name = key if isinstance(key, str) else shown(key)
            raise header.error(name, _unknown_key(name, choices))


def _unknown_key(name: str, choices: tuple[str, ...]) -> str:
    import difflib

    if name == "image":
        return "unknown key 'image': the config's image_key is another; remove this line"
    close = difflib.get_close_matches(name[:60], choices, n=1)
    hint = f", did you mean {close[0]!r}?" if close else ";"
    return f"unknown key {shown(name)}{hint} choose from {', '.join(choices)}"
