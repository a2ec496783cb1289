"""Paint with tiny random models through the whole path: does this machine work at all?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from headergen.diffusion import attempts
from headergen.diffusion.client import Worker
from headergen.diffusion.families import MODELS
from headergen.diffusion.families.family import Model
from headergen.diffusion.interpreter import find_interpreter
from headergen.errors import PaintError
from headergen.progress import Event, Placed
from headergen.report.doctor import Diagnosis
from headergen.settings.config import Config

_SIZE = (128, 64)


def self_test(config: Config, root: Path) -> Iterator[Diagnosis]:
    """Paint with a tiny random model of each family, through the whole path, on the device wanted.

    Raises:
        InterpreterNotFoundError: No Python has torch and diffusers.
    """
    python = find_interpreter(config.worker_python, root)
    of_each_family = {row.family.name: row for row in MODELS.values()}
    for row in of_each_family.values():
        with TemporaryDirectory(prefix="headergen-") as folder:
            try:
                yield _painted(python, row, Path(folder), config)
            except PaintError as error:
                subject = f"self-test {row.family.name}"
                yield Diagnosis(subject, False, error.headline, error.advice)


def _painted(python: Path, row: Model, folder: Path, config: Config) -> Diagnosis:
    with Worker(python, "a tiny model", config.worker_timeout_s) as worker:
        worker.send("build", family=row.family.name, folder=str(folder))
        worker.receive()
        worker.send("quit")
    timeout_s = config.worker_timeout_s
    load = attempts.Load("a tiny model", row, folder, config.device, timeout_s=timeout_s)
    width, height = row.admissible_size(*_SIZE)
    request = attempts.Paint("a lighthouse", None, width, height, 2, row.guidance_scale, seed=0)
    events: list[Event] = []
    with closing(attempts.paint(python, load, [request], events.append)) as results:
        for _, result in results:
            if isinstance(result, PaintError):
                raise result
    placements = [each.placement for each in events if isinstance(each, Placed)]
    how = placements[-1].partition(";")[0]  # without the words on what it needs
    return Diagnosis(f"self-test {row.family.name}", True, f"painted {how}")
