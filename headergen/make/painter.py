"""The seam to painters: what turns a prompt into pixels, and what comes back.

A painter is a local model, and may be a server or several machines. `make` saves what it returns.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from headergen.errors import PaintError
from headergen.picture.parameters import Settings
from headergen.picture.provenance import Provenance, SourceType
from headergen.plan.job import Painting
from headergen.progress import Report
from headergen.wording import counted

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Painted:
    """A picture (RGB) as a painter made it, of any size.

    `settings` is what the painter really did, which may differ from what was planned. It goes into
    the header's file and into messages: it contains no path and nothing else of this machine.
    """

    image: Image.Image
    settings: Settings

    @property
    def provenance(self) -> Provenance:
        """How the picture came to be."""
        return Provenance(SourceType.PAINTED, self.settings)

    def describe(self) -> str:
        """Return in a line how the picture was painted, with what it takes to paint it again."""
        settings, image = self.settings, self.image
        on = f" on a server ({settings.server})" if settings.server else ""
        parts = [f"painted by {settings.model}{on}"]
        if settings.seed is not None:
            parts.append(f"seed {settings.seed}")
        if settings.steps is not None:
            parts.append(counted(settings.steps, "step"))
        return ", ".join([*parts, f"{image.width}×{image.height} px"])


class PaintFunction(Protocol):
    """What a painter that is ready paints with."""

    def __call__(
        self, paintings: Sequence[Painting], titles: Sequence[str], /
    ) -> Generator[tuple[int, Painted | PaintError]]:
        """Paint a picture for each of `paintings`; `titles` are what progress calls them.

        Close the generator when done with it.

        Yields:
            As soon as it is there, the index of a painting with its picture, or with the error that
            concerns it alone.

        Raises:
            PaintError: no more can be painted.
        """


class Painter(Protocol):
    """What turns prompts into pixels."""

    def may_paint(self) -> bool:
        """Return whether this machine looks as if the painter could paint.

        It is only a quick look. Why a painter cannot paint is in the `MachineError` that it raises.
        """

    def ready(self, report: Report) -> AbstractContextManager[PaintFunction]:
        """Prepare to paint; in the block no other run uses what the painter needs for itself.

        It may wait for another run. `report` is told of all that goes on until the end of the
        block, and then that it is finished.

        Raises:
            PaintError: nothing can be painted.
        """
