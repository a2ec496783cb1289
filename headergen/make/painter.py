"""Have one model paint: take the GPU, find or fetch the model, and start a worker for it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headergen.diffusion import attempts, fetching, interpreter
from headergen.diffusion.cache import Fetched
from headergen.errors import PaintError
from headergen.graphics import canvas
from headergen.picture.parameters import Settings
from headergen.picture.provenance import Provenance, SourceType
from headergen.plan.job import Painting
from headergen.progress import Finished, Report, Started
from headergen.repository import locks
from headergen.settings.config import Config
from headergen.wording import counted

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Painted:
    """A picture as a model painted it; `model` is what it was on this machine."""

    painting: Painting
    pixels: attempts.Pixels
    model: Fetched

    @property
    def provenance(self) -> Provenance:
        """What the picture shall tell of how it was made: as it was, not as it was planned.

        A local model or GGUF file is called by its name; its folder is the author's own business.
        """
        return Provenance(
            SourceType.PAINTED,
            Settings(
                prompt=self.painting.prompt,
                negative_prompt=self.painting.negative_prompt,
                model=self.painting.checkpoint.name,
                revision=self.model.revision or None,
                steps=self.painting.steps,
                guidance_scale=self.painting.guidance_scale,
                seed=self.painting.seed,
                width=self.pixels.width,
                height=self.pixels.height,
                transformer=self.model.transformer.name if self.model.transformer else None,
                quantization=self.pixels.bits or self.model.bits,
            ),
        )

    def describe(self) -> str:
        """Say in a line how the picture was painted, with what it takes to paint it again."""
        painting, pixels = self.painting, self.pixels
        steps, size = counted(painting.steps, "step"), f"{pixels.width}×{pixels.height} px"
        return f"painted by {painting.checkpoint.name}, seed {painting.seed}, {steps}, {size}"

    def image(self, width: int, height: int) -> Image.Image:
        """Make the finished picture of `width` x `height` px."""
        pixels = self.pixels
        image = canvas.from_rgb(pixels.rgb, pixels.width, pixels.height)
        return canvas.cover(image, width, height)


def paint(
    paintings: Sequence[Painting],
    titles: Sequence[str],
    config: Config,
    root: Path,
    report: Report,
    *,
    download: bool,
) -> Generator[tuple[int, Painted | PaintError]]:
    """Paint pictures of one model, yielding each with its index as soon as it is there.

    Raises:
        PaintError: what stops the model altogether: no interpreter, no device, no checkpoint,
            the worker's death, ...
    """
    with (
        gpu(config, root, report) as python,
        closing(work(python, paintings, titles, config, report, download)) as results,
    ):
        yield from results


@contextmanager
def gpu(config: Config, root: Path, report: Report) -> Iterator[Path]:
    """Keep other runs from the GPU while the block runs; give it the worker's interpreter."""
    python = interpreter.find_interpreter(config.worker_python, root)
    try:
        with locks.painting(root, report):
            yield python
    finally:
        report(Finished())


def work(
    python: Path,
    paintings: Sequence[Painting],
    titles: Sequence[str],
    config: Config,
    report: Report,
    download: bool,
) -> Generator[tuple[int, Painted | PaintError]]:
    """Have paintings of one model painted; no worker is started for none."""
    if paintings:
        first = paintings[0]
        report(Started(first.checkpoint.name, titles))
        found = _obtain(python, first, config, report, download)
        load = _load(first, found, config)
        requests = [_request(each) for each in paintings]
        with closing(attempts.paint(python, load, requests, report)) as results:
            for index, result in results:
                if isinstance(result, attempts.Pixels):
                    yield index, Painted(paintings[index], result, found)
                else:
                    yield index, result


def _obtain(
    python: Path, painting: Painting, config: Config, report: Report, download: bool
) -> Fetched:
    return fetching.obtain(
        python,
        painting.checkpoint,
        painting.device,
        (painting.render_width, painting.render_height),
        report,
        timeout_s=config.worker_timeout_s,
        download=download,
    )


def _load(painting: Painting, found: Fetched, config: Config) -> attempts.Load:
    return attempts.Load(
        name=painting.checkpoint.name,
        row=painting.checkpoint.row,
        folder=found.folder,
        device=painting.device,
        transformer=found.transformer,
        timeout_s=config.worker_timeout_s,
    )


def _request(painting: Painting) -> attempts.Paint:
    return attempts.Paint(
        prompt=painting.prompt,
        negative_prompt=painting.negative_prompt,
        width=painting.render_width,
        height=painting.render_height,
        steps=painting.steps,
        guidance_scale=painting.guidance_scale,
        seed=painting.seed,
    )
