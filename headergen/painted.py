"""A picture as a model painted it, and what it tells of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headergen import provenance
from headergen.diffusion import painter
from headergen.paint import canvas
from headergen.plan import Painting
from headergen.provenance import Provenance

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Painted:
    """A picture as a model painted it; `revision` is the model's commit, "" for a local folder."""

    painting: Painting
    pixels: painter.Pixels
    revision: str

    @property
    def provenance(self) -> Provenance:
        """What the picture shall tell of how it was made: as it was, not as it was planned."""
        size = (self.pixels.width, self.pixels.height)
        return provenance.of_painting(self.painting, self.revision, *size)

    def describe(self) -> str:
        """Say in a line how the picture was painted, with what it takes to paint it again."""
        painting, pixels = self.painting, self.pixels
        steps = f"{painting.steps} {'step' if painting.steps == 1 else 'steps'}"
        size = f"{pixels.width}×{pixels.height} px"
        return f"painted by {painting.checkpoint.name}, seed {painting.seed}, {steps}, {size}"

    def image(self, width: int, height: int) -> Image.Image:
        """Make the finished picture of `width` x `height` px."""
        pixels = self.pixels
        image = canvas.from_rgb(pixels.rgb, pixels.width, pixels.height)
        return canvas.cover(image, width, height)
