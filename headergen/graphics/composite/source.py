"""One source as layouts see it: its picture, its focus, its shape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from PIL import Image, ImageStat

from headergen.graphics.saliency import focus_for
from headergen.vocabulary import AUTO_FOCUS, Focus, Point

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
    def ratio(self) -> float:
        """Width to height; of a logo, that of what can be seen."""
        left, top, right, bottom = self.shape_box if self.is_logo else (0, 0, *self.picture.size)
        return (right - left) / (bottom - top)

    def shown(self, width: float, height: float) -> float:
        """Measure the share in (0, 1] that a panel of `width` by `height` would show of it."""
        if self.is_logo:
            return 1.0
        fit = self.ratio * height / width
        return min(fit, 1 / fit)

    def focus_for(self, width: int, height: int) -> Point:
        """Find the point to crop the picture around: the author's, else what is interesting."""
        if self.focus == AUTO_FOCUS:
            return focus_for(self.picture, width, height)
        return self.focus
