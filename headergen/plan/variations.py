"""What candidates vary: seeds, and words where a model paints nearly the same from every seed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice


@dataclass(frozen=True)
class Variation:
    """Words that are put behind a prompt, in the prompt's own language."""

    english: str
    japanese: str


# Light, distance, angle and palette: what changes a picture and leaves its subject alone.
VARIATIONS: Mapping[str, Variation] = {
    "golden hour": Variation("warm light of the golden hour", "夕方の暖かい光"),
    "wide view": Variation("wide view from afar", "遠くからの広い眺め"),
    "close-up": Variation("close-up, shallow depth of field", "クローズアップ、浅い被写界深度"),
    "blue night": Variation("blue night, soft moonlight", "青い夜、やわらかな月明かり"),
    "low angle": Variation("seen from a low angle", "ローアングルで見上げる構図"),
    "pastel": Variation("pale pastel colours", "淡いパステルカラー"),
    "from above": Variation("seen from above", "真上から見下ろす構図"),
    "bold colours": Variation("few bold colours, strong contrast", "大胆な配色、強いコントラスト"),
}

_KANA = re.compile("[\u3040-\u30ff]")


@dataclass(frozen=True)
class Variant:
    """One candidate's request: seed and prompt; `name` is that of the variation, "" for none."""

    seed: int
    prompt: str
    name: str

    @property
    def what(self) -> str:
        """What an author is told that it varies."""
        return f"seed {self.seed}, {self.name}" if self.name else f"seed {self.seed}"


def variants(prompt: str, seed: int | None, count: int, *, words: bool) -> list[Variant]:
    """List the first `count` variants of a prompt; more of them begin with the same ones.

    Seeds count up from 1 and leave out the article's own, `seed`. With `words` all but the first
    take a variation in turn as well.
    """
    seeds = (each for each in range(1, count + 2) if each != seed)
    names = ["", *islice(cycle(VARIATIONS), count)] if words else [""] * count
    return list(islice(_varied(prompt, seeds, names), count))


def _varied(prompt: str, seeds: Iterator[int], names: list[str]) -> Iterator[Variant]:
    for seed, name in zip(seeds, names, strict=False):
        yield Variant(seed, with_words(prompt, name) if name else prompt, name)


def with_words(prompt: str, name: str) -> str:
    """Put the words of a variation behind a prompt, and before the line breaks that end it."""
    text, row = prompt.rstrip(), VARIATIONS[name]
    if _KANA.search(text):
        words = ("" if text[-1] in "。、" else "、") + row.japanese
    else:
        words = (" " if text[-1] in ".," else ", ") + row.english
    return text + words + prompt[len(text) :]
