"""What layouts are given and what they give back: the canvas, and the frames that stand on it."""

from __future__ import annotations

from dataclasses import dataclass

from headergen.graphics.composite.outline import Box, Outline, of_box, turned
from headergen.vocabulary import HEADER_HEIGHT, Look


@dataclass(frozen=True)
class Stage:
    """The canvas in px, and how the composite shall look."""

    width: int
    height: int
    look: Look

    def px(self, length: float) -> float:
        """Scale a length that is meant for a header of 1280x670 by the canvas' shorter side."""
        return length * min(self.width, self.height) / HEADER_HEIGHT

    def room(self, margin_x: float, margin_y: float) -> tuple[float, float]:
        """Return the width and height between margins that are meant for 1280x670."""
        return self.width - 2 * self.px(margin_x), self.height - 2 * self.px(margin_y)

    @property
    def gutter(self) -> int:
        """The space between panels, in whole px."""
        return round(self.px(self.look.gutter))


@dataclass(frozen=True)
class Frame:
    """Where one source, by its index, stands.

    Its picture fills `box`, which is then turned clockwise by `angle` degrees; `cut` is what is
    seen of the box where that is less than all of it. Cards above may hide all but `seen`, from
    where to where in shares of its width. A `bare` frame has no picture but a logo
    that stands on the ground itself.
    """

    source: int
    box: Box
    angle: float = 0
    cut: Outline | None = None
    seen: tuple[float, float] = (0, 1)
    bare: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in whole px."""
        left, top, right, bottom = self.box
        return max(round(right - left), 1), max(round(bottom - top), 1)

    @property
    def middle(self) -> tuple[float, float]:
        """Where the box is turned about."""
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2

    @property
    def is_plain(self) -> bool:
        """Whether all of the box is seen, upright."""
        return self.cut is None and not self.angle

    @property
    def outline(self) -> Outline:
        """The corners of what is seen, as they stand on the canvas."""
        return self.cut or turned(of_box(self.box), self.middle, self.angle)
