"""What the config's `also` asks for: the cuts of each header."""

from __future__ import annotations

from dataclasses import dataclass

from headergen.fields import SIDE, required, text
from headergen.vocabulary import KEY_PATTERN

OUTSIDE_HEADER = rf"(?!header(?:\.|$)){KEY_PATTERN}"


@dataclass(frozen=True)
class WantedCut:
    """A cut that each header has: its dotted key in the frontmatter and its size in px."""

    key: str = required(
        text("a frontmatter key outside of `header`, such as og_image", OUTSIDE_HEADER),
        "the frontmatter key under which your site reads the cut",
    )
    width: int = required(SIDE, "width of the cut in px")
    height: int = required(SIDE, "height of the cut in px")

    @property
    def suffix(self) -> str:
        """What its file's name has after the article's."""
        return "-" + self.key.replace(".", "-")
