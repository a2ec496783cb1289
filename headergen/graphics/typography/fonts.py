"""The fonts that come with headergen: what each covers, and how wide its glyphs are.

The `.json` beside each font file says it, so that no font library is needed to lay text out:
docs/fonts.md tells how both were made.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont

_FOLDER = Path(__file__).parent.parent / "fonts"

# A font's name is its file's. Each family is a chain: the first that has a glyph draws it.
EMOJI = "noto-emoji-700"
HEAVY = ("noto-sans-jp-800", "noto-sans-800", EMOJI)
QUIET = ("noto-sans-jp-500", "noto-sans-500", "noto-sans-jp-800", EMOJI)
MONO = "noto-sans-mono-700"
SERIF = ("noto-serif-jp-700", "noto-serif-700", "noto-sans-jp-800", EMOJI)

# Emoji are drawn for a square of 1.27 em: brought near to that of a kanji, and up to its middle.
# The mono font's letters are higher than those of the others (x-height 0.55 em against 0.5).
_SCALES: Mapping[str, float] = {EMOJI: 0.92, MONO: 0.93}
_DROPS: Mapping[str, float] = {EMOJI: -0.055}


@dataclass(frozen=True)
class Font:
    """One font file's coverage and spacing; lengths are in em of the text around it."""

    name: str
    scale: float
    drop: float
    units_per_em: int
    full_width: int
    starts: Sequence[int]
    ends: Sequence[int]
    widths: Mapping[str, int]
    trims: Mapping[str, tuple[int, int]]
    kerns: Mapping[str, int]
    sequences: Mapping[str, str]

    def covers(self, character: str) -> bool:
        """Tell whether the font has a glyph for `character`."""
        index = bisect_right(self.starts, ord(character)) - 1
        return index >= 0 and ord(character) <= self.ends[index]

    def spacing(self, character: str) -> tuple[float, float]:
        """Measure a glyph, trimmed as titles are set: its shift to the right, and its advance.

        "Trimmed" is OpenType's `palt`: kana and punctuation lose the blank of their square.
        """
        width = self.widths.get(character, self.full_width)
        shift, advance = self.trims.get(character, (0, width))
        return self._em(shift), self._em(advance)

    def kern(self, pair: str) -> float:
        """Measure how much further apart (negative: closer) two characters stand."""
        return self._em(self.kerns.get(pair, 0))

    def _em(self, units: int) -> float:
        return units * self.scale / self.units_per_em


@cache
def font(name: str) -> Font:
    """Read what is known of the font `name`."""
    data = json.loads((_FOLDER / f"{name}.json").read_text(encoding="ascii"))
    covered = data["covered"]
    return Font(
        name=name,
        scale=_SCALES.get(name, 1.0),
        drop=_DROPS.get(name, 0.0),
        units_per_em=data["units_per_em"],
        full_width=data["full_width"],
        starts=[first for first, _ in covered],
        ends=[last for _, last in covered],
        widths=data["widths"],
        trims={each: (shift, advance) for each, (shift, advance) in data["trims"].items()},
        kerns=data["kerns"],
        sequences=data["sequences"],
    )


@cache
def face(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Open the font `name` at `size` px an em.

    BASIC layout: with libraqm, which is there on some machines only, pixels would differ.
    """
    from PIL import ImageFont  # a check asks which characters the fonts have, without Pillow

    return ImageFont.truetype(_FOLDER / f"{name}.ttf", size, layout_engine=ImageFont.Layout.BASIC)
