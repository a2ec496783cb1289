"""Paint with models on this machine: take the GPU, find or fetch a model, start a worker for it."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from headergen.diffusion import attempts, fetching, hardware, interpreter
from headergen.diffusion.cache import Checkpoint, Fetched, Lora
from headergen.errors import PaintError
from headergen.make.painter import Painted, PaintFunction
from headergen.plan.job import Painting
from headergen.progress import Finished, Report, Started
from headergen.repository import locks
from headergen.settings.config import Config


@dataclass(frozen=True)
class LocalPainter:
    """Paints with a worker for each model; `download` allows fetching one that is not here."""

    config: Config
    root: Path
    download: bool

    def may_paint(self) -> bool:
        """See `Painter.may_paint`."""
        return hardware.may_paint(self.config.device)

    @contextmanager
    def ready(self, report: Report) -> Iterator[PaintFunction]:
        """See `Painter.ready`; the lock on the device is held for all models together."""
        python = interpreter.find_interpreter(self.config.worker_python, self.root)
        try:
            with locks.painting(self.root, self.config.device, report):
                yield partial(self._paint, python, report)
        finally:
            report(Finished())

    def _paint(
        self, python: Path, report: Report, paintings: Sequence[Painting], titles: Sequence[str]
    ) -> Generator[tuple[int, Painted | PaintError]]:
        """Paint the pictures of one model after those of another.

        What stops a model fails its pictures, and is raised where no other model follows.
        """
        groups = _by_model(paintings)
        for checkpoint, indices in groups:
            left = set(indices)
            group = [paintings[index] for index in indices]
            report(Started(checkpoint.name, [titles[index] for index in indices]))
            try:
                with closing(
                    self._paint_with_one_model(python, report, checkpoint, group)
                ) as results:
                    for number, result in results:
                        left.remove(indices[number])
                        yield indices[number], result
            except PaintError as error:
                if indices is groups[-1][1]:
                    raise
                yield from ((index, error) for index in sorted(left))

    def _paint_with_one_model(
        self, python: Path, report: Report, checkpoint: Checkpoint, paintings: Sequence[Painting]
    ) -> Generator[tuple[int, Painted | PaintError]]:
        found = self._obtain(python, report, checkpoint, paintings[0])
        load = attempts.Load(
            name=checkpoint.name,
            row=checkpoint.row,
            folder=found.folder,
            device=paintings[0].device,
            transformer=found.transformer,
            timeout_s=self.config.worker_timeout_s,
            prediction=checkpoint.prediction,
            loras=[(Path(each.file), each.weight) for each in paintings[0].loras],
        )
        requests = [_request(each) for each in paintings]
        with closing(attempts.paint(python, load, requests, report)) as results:
            for index, result in results:
                if isinstance(result, attempts.Pixels):
                    yield index, _painted(paintings[index], result, found)
                else:
                    yield index, result

    def _obtain(
        self, python: Path, report: Report, checkpoint: Checkpoint, painting: Painting
    ) -> Fetched:
        return fetching.obtain(
            python,
            checkpoint,
            painting.device,
            (painting.render_width, painting.render_height),
            report,
            timeout_s=self.config.worker_timeout_s,
            download=self.download,
        )


def _by_model(paintings: Sequence[Painting]) -> list[tuple[Checkpoint, list[int]]]:
    """Group the indices of what one checkpoint paints, down to revision, GGUF file and LoRAs."""
    groups: dict[tuple[Checkpoint, str, tuple[Lora, ...]], list[int]] = {}
    for index, painting in enumerate(paintings):
        assert isinstance(painting.checkpoint, Checkpoint)  # with a server there is no LocalPainter
        key = painting.checkpoint, painting.device, painting.loras
        groups.setdefault(key, []).append(index)
    return [(checkpoint, indices) for (checkpoint, *_), indices in groups.items()]


def _request(painting: Painting) -> attempts.Paint:
    assert painting.steps is not None and painting.guidance_scale is not None  # the table's, if not
    return attempts.Paint(
        prompt=painting.prompt,
        negative_prompt=painting.negative_prompt,
        width=painting.render_width,
        height=painting.render_height,
        steps=painting.steps,
        guidance_scale=painting.guidance_scale,
        seed=painting.seed,
    )


def _painted(painting: Painting, pixels: attempts.Pixels, model: Fetched) -> Painted:
    """Return the picture, and how it was painted."""
    from headergen.graphics import canvas  # not where nothing is painted

    return Painted(
        canvas.from_rgb(pixels.rgb, pixels.width, pixels.height),
        replace(
            painting.settings,
            revision=model.revision or None,
            width=pixels.width,
            height=pixels.height,
            transformer=model.transformer.name if model.transformer else None,
            quantization=pixels.bits or model.bits,
            decoding="tiles" if pixels.tiled else None,
        ),
    )
