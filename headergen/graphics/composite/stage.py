"""What layouts are given, the sources and the canvas; and what they give back, frames on it."""

from dataclasses import dataclass
from functools import cached_property

from PIL import Image, ImageStat

from headergen.graphics import faces, screens
from headergen.graphics.composite.outline import Box, Outline, of_box, turned
from headergen.graphics.faces import Face
from headergen.graphics.saliency import focus_for, is_cropped
from headergen.vocabulary import AUTO_FOCUS, HEADER_HEIGHT, Focus, Look, Point

# From this alpha on a pixel counts as part of the shape; below it lie soft shadows and fringes.
_SHAPE_ALPHA = 32
# A disc fills 0.79 of its square and is a logo; a screenshot with rounded corners fills 0.98.
_LOGO_BELOW = 0.9


@dataclass(frozen=True)
class Source:
    """A picture (RGB or RGBA) and the point of interest in it, or "auto"."""

    picture: Image.Image
    focus: Focus = AUTO_FOCUS

    @cached_property
    def shape(self) -> Image.Image | None:
        """Mark (L, 0 or 255) what can be seen of the picture; None where that is all of it."""
        if self.picture.mode == "RGB":
            return None
        alpha = self.picture.getchannel("A")
        return alpha.point([255 * (level >= _SHAPE_ALPHA) for level in range(256)])

    @cached_property
    def shape_box(self) -> tuple[int, int, int, int]:
        """Find what encloses all that can be seen, in px of the picture."""
        whole = (0, 0, *self.picture.size)
        return whole if self.shape is None else self.shape.getbbox() or whole

    @cached_property
    def is_logo(self) -> bool:
        """Whether the picture is mostly a shape on nothing: to be shown whole, never cropped."""
        return self.shape is not None and ImageStat.Stat(self.shape).mean[0] / 255 < _LOGO_BELOW

    @cached_property
    def is_screen(self) -> bool:
        """Whether it is a screenshot, a chart or a diagram: to be shown whole, never cropped."""
        return not self.is_logo and screens.is_screen(self.picture)

    @cached_property
    def ratio(self) -> float:
        """Width to height; of a logo, that of what can be seen."""
        left, top, right, bottom = self.shape_box if self.is_logo else (0, 0, *self.picture.size)
        return (right - left) / (bottom - top)

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The faces in the picture, the largest first."""
        return faces.find(self.picture)

    def shown(self, width: float, height: float) -> float:
        """Measure the share in (0, 1] that a panel of `width` by `height` would show of it."""
        if self.is_logo:
            return 1.0
        fit = self.ratio * height / width
        return min(fit, 1 / fit)

    def focus_for(self, width: int, height: int) -> Point:
        """Find the point to crop the picture around: the author's, else what is interesting."""
        if self.focus == AUTO_FOCUS:
            found = self.faces if is_cropped(self.picture, width, height) else ()
            return focus_for(self.picture, width, height, found)
        return self.focus


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
    def seen_upright(self) -> tuple[float, float]:
        """From where to where, in shares of its width, the box is seen in all of its height."""
        if self.cut is None:
            return self.seen
        left, _, right, _ = self.box
        (top_left, _), (top_right, _), (low_right, _), (low_left, _) = self.cut
        start, end = max(top_left, low_left), min(top_right, low_right)
        return (start - left) / (right - left), (end - left) / (right - left)

    @property
    def outline(self) -> Outline:
        """The corners of what is seen, as they stand on the canvas."""
        return self.cut or turned(of_box(self.box), self.middle, self.angle)
