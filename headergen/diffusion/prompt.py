"""Prompts as people write them: AUTOMATIC1111's notation for weights. Pure.

`(x)` weighs 1.1, `((x))` 1.21, `[x]` 1/1.1, `(x:1.4)` 1.4; a backslash makes a bracket literal;
`BREAK` begins a new chunk of tokens. As there, what is not closed counts as closed at the end.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

_ROUND, _SQUARE = 1.1, 1 / 1.1

_TOKEN = re.compile(
    r"\\[\\()\[\]]"  # an escape
    r"|:\s*(?P<weight>[+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*\)"  # :1.4)
    r"|[()\[\]]"
    r"|\bBREAK\b"
    r"|[^\\()\[\]:B]+"
    r"|."
)
_EXTRA_NETWORK = re.compile(r"<(?:lora|lyco|hypernet):[^<>]*>")


_LORA = re.compile(
    r"<lora:(?P<name>[^<>:]+)(?::(?P<weight>[+-]?(?:\d+(?:\.\d*)?|\.\d+)))?(?::[^<>]*)?>"
)


class Fragment(NamedTuple):
    """A piece of a prompt, and how much it weighs; 1 is plain text."""

    text: str
    weight: float


def parse(prompt: str) -> list[list[Fragment]]:
    """Read a prompt's notation: one list of fragments for each chunk that `BREAK` begins."""
    pieces: list[Fragment | None] = []  # None is a BREAK
    round_starts: list[int] = []
    square_starts: list[int] = []
    for token in _TOKEN.finditer(without_extra_networks(prompt)):
        text, weight = token[0], token["weight"]
        if text == "(":
            round_starts.append(len(pieces))
        elif text == "[":
            square_starts.append(len(pieces))
        elif weight is not None and round_starts:
            _weigh(pieces, round_starts.pop(), float(weight))
        elif text == ")" and round_starts:
            _weigh(pieces, round_starts.pop(), _ROUND)
        elif text == "]" and square_starts:
            _weigh(pieces, square_starts.pop(), _SQUARE)
        elif text == "BREAK":
            pieces.append(None)
        else:
            pieces.append(Fragment(text[1:] if len(text) == 2 and text[0] == "\\" else text, 1.0))
    for start in round_starts:
        _weigh(pieces, start, _ROUND)
    for start in square_starts:
        _weigh(pieces, start, _SQUARE)
    return _chunks(pieces)


def plain_text(prompt: str) -> str:
    """Read the notation away, for a model that knows no weights."""
    return " ".join("".join(each.text for each in chunk).strip() for chunk in parse(prompt))


def has_weights(prompt: str) -> bool:
    """Say whether any part of the prompt is meant to weigh more or less than the rest."""
    return any(each.weight != 1 for chunk in parse(prompt) for each in chunk)


def extra_networks(prompt: str) -> list[str]:
    """List what the prompt wants of LoRAs and the like."""
    return _EXTRA_NETWORK.findall(prompt)


def loras_in(prompt: str) -> dict[str, float]:
    """Return the weights of the LoRAs that the prompt names; the last word on one counts."""
    return {each["name"].strip(): float(each["weight"] or 1) for each in _LORA.finditer(prompt)}


def without_extra_networks(prompt: str) -> str:
    """Take LoRAs and the like out: their names are not words to paint."""
    return _EXTRA_NETWORK.sub("", prompt)


def notes(
    prompt: str,
    negative_prompt: str | None,
    *,
    weights: bool,
    guided: bool,
    loras: Collection[str] = (),
) -> tuple[str, ...]:
    """Say what of a prompt a model will not do: `weights` if it knows any, `guided` if in use.

    `loras` are the names of those that the prompt may name.
    """
    found = []
    if not weights and has_weights(prompt):
        found.append(f"the model knows no weights: the prompt is read as {plain_text(prompt)!r}")
    for each in extra_networks(prompt):
        if loras_in(each).keys() <= set(loras) and loras_in(each):
            continue
        known = f"image.loras has {', '.join(loras)}" if loras else "image.loras names none"
        found.append(f"{each} is left out: {known}")
    found += [f"{what}: {each} is read as words" for each, what in _strange(prompt)]
    if negative_prompt and not guided:
        found.append("the negative prompt has no effect: the model paints without guidance")
    return tuple(found)


# Notations of other programs, which no model here understands.
_STRANGE = (
    (
        re.compile(r"\[[^\[\]:|]*:[^\[\]:|]*:\s*(?:\d+(?:\.\d*)?|\.\d+)\s*\]"),
        "words do not change between steps",
    ),
    (re.compile(r"\[[^\[\]|]+\|[^\[\]]+\]"), "words do not alternate between steps"),
    (re.compile(r"\{[^{}|]+\|[^{}]+\}"), "no variant is chosen"),
    (re.compile(r"\bAND\b"), "prompts are not combined"),
    (re.compile(r"\bembedding:[\w.-]+"), "no textual inversion is loaded"),
    (re.compile(r"__[\w/-]+__"), "no wildcard is filled in"),
    (re.compile(r"（[^（）]*[:：]\s*[\d.０-９．]+\s*）"), "weights need ASCII brackets"),
)


def _strange(prompt: str) -> Iterator[tuple[str, str]]:
    """Yield what of a prompt is a notation of another program's, and what does not happen."""
    for pattern, what in _STRANGE:
        for found in pattern.finditer(prompt):
            yield repr(found[0]), what


def _weigh(pieces: list[Fragment | None], start: int, weight: float) -> None:
    for index in range(start, len(pieces)):
        piece = pieces[index]
        if piece is not None:
            pieces[index] = Fragment(piece.text, piece.weight * weight)


def _chunks(pieces: list[Fragment | None]) -> list[list[Fragment]]:
    """Join neighbours of the same weight, and divide at each BREAK."""
    chunks: list[list[Fragment]] = [[]]
    for piece in pieces:
        if piece is None:
            chunks.append([])
        elif chunks[-1] and chunks[-1][-1].weight == piece.weight:
            chunks[-1][-1] = Fragment(chunks[-1][-1].text + piece.text, piece.weight)
        else:
            chunks[-1].append(piece)
    return [chunk for chunk in chunks if chunk] or [[Fragment("", 1.0)]]
