"""What the worker may answer: each line is checked here, before anything else reads it.

Wrappers, libraries and broken installations print other things. Text between the events is skipped;
an event that is not as it should be is the worker's fault, and never ends in a traceback here.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Callable, Collection, Mapping
from typing import Any

from headergen.wording import brief, shown

# Pictures by id that the worker still owes, each with its width and height in px.
Owed = Mapping[int, tuple[int, int]]

# An event is an object with this key; a banner without a line break may stand before it.
_KEY = b'"event"'

# An event without pixels is shorter: the longest texts are tracebacks.
_LONGEST_TEXT = 20_000
_SHORT_EVENT_BYTES = 1_000_000
_DEVICE = re.compile(r"cpu|mps|(cuda|xpu)(:[0-9]{1,3})?")
_MOST = 2**63

_Check = Callable[[object], bool]


class GarbledError(ValueError):
    """The worker said what no worker says."""


def longest_line(owed: Owed) -> int:
    """Return how many bytes a line may have: RGB in Base64, and what is around it."""
    return _SHORT_EVENT_BYTES + max(
        (width * height * 4 for width, height in owed.values()), default=0
    )


def event_in(
    line: bytes, expected: Collection[str], kinds: Collection[str], owed: Owed
) -> dict[str, Any] | None:
    """Return the event in a line, None if the line is only text.

    `expected` are the names that it may have, beside `error`; `kinds` those of an error. An
    `image` has its pixels in `rgb` as bytes, three a pixel.

    Raises:
        GarbledError: It is no event, or another one, or its fields are not as they should be.
    """
    if _KEY not in line or b"{" not in line:
        return None
    try:
        event = json.loads(line[line.index(b"{") :])
    except (ValueError, RecursionError) as error:
        raise GarbledError(f"is no JSON: {brief(str(error), 100)}") from error
    name = event.get("event")
    if name not in ("error", *expected):
        raise GarbledError(f"has {shown(name)} where {' or '.join(expected)} is expected")
    _check_fields(event, _FIELDS[name])
    if name == "error" and event["kind"] not in kinds:
        raise GarbledError(f"has {shown(event['kind'])} as kind of error")
    if event.get("id") is not None and event["id"] not in owed:
        raise GarbledError(f"is about picture {shown(event['id'])}, which nobody asked for")
    return _with_pixels(event, owed) if name == "image" else event


def _check_fields(event: Mapping[str, object], checks: Mapping[str, _Check]) -> None:
    for field, is_right in checks.items():
        if field not in event or not is_right(event[field]):
            raise GarbledError(f"has {shown(event.get(field))} as {field}")


def _with_pixels(event: dict[str, Any], owed: Owed) -> dict[str, Any]:
    size = event["width"], event["height"]
    if size != owed[event["id"]]:
        wanted = "×".join(map(str, owed[event["id"]]))
        raise GarbledError(f"has a picture of {size[0]}×{size[1]} px, and not of {wanted}")
    try:
        rgb = b64decode(event["rgb"], validate=True)
    except (ValueError, binascii.Error) as error:
        raise GarbledError("has pixels that are no Base64") from error
    if len(rgb) != size[0] * size[1] * 3:
        raise GarbledError(f"has {len(rgb)} bytes of pixels for {size[0]}×{size[1]} px")
    return {**event, "rgb": rgb}


def _count(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def _or_none(check: _Check) -> _Check:
    return lambda value: value is None or check(value)


def _flag(value: object) -> bool:
    return isinstance(value, bool)


def _capability(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_count, value))


# What each event has (worker/device.py, stages.py, hub.py, process.py).
_FIELDS: Mapping[str, Mapping[str, _Check]] = {
    "surveyed": {
        "device": lambda value: isinstance(value, str) and bool(_DEVICE.fullmatch(value)),
        "vram_free": _or_none(_count),
        "capability": _or_none(_capability),
        "bfloat16": _flag,
        "quantizable": _flag,
    },
    "loading": {"part": _text, "done": _count, "total": _count},
    "note": {"text": _text},
    "step": {"id": _count, "step": _count, "steps": _count},
    "image": {
        **dict.fromkeys(("id", "width", "height"), _count),
        **{name: _or_none(_count) for name in ("peak_vram", "peak_ram")},
        "rgb": lambda value: isinstance(value, str),
    },
    "downloading": {"done": _count, "total": _count},
    "storing": {"name": _text},
    "fetched": {},
    "built": {},
    "error": {"id": _or_none(_count), "kind": _text, "message": _text},
}

EVENTS = frozenset(_FIELDS)
