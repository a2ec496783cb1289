"""Paint with a model: place it on the hardware, and where memory runs out all the same, smaller.

Each attempt is a worker of its own, because a process that ran out of memory does not give all of
it back. What an earlier attempt painted is kept.
"""

import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headergen.diffusion import cache, placement, snapshot
from headergen.diffusion.client import Worker
from headergen.diffusion.families.family import SCALES, Model
from headergen.diffusion.placement import Hardware, Part, Placement
from headergen.errors import (
    CheckpointError,
    NoPictureError,
    PaintError,
    PlacementError,
    SystemMemoryError,
    VideoMemoryError,
)
from headergen.progress import Loading, Measured, Note, Placed, Report, Step
from headergen.wording import gigabytes

# What lists placements, on some hardware and in a precision, if one is given.
_Ladder = Callable[[Hardware, str | None], tuple[Placement, ...]]


@dataclass(frozen=True)
class Load:
    """The model to paint with.

    `folder` is a diffusers folder on this machine; `transformer`, if given, the GGUF file that
    holds the transformer's weights in its place. `device` is what the config says of it.
    A worker that says nothing for `timeout_s` seconds is ended.
    """

    name: str
    row: Model
    folder: Path
    device: str
    transformer: Path | None = None
    timeout_s: float = 3600.0

    @property
    def replaced(self) -> dict[str, str]:
        """The parts whose weights are not in the folder, and the files that hold them."""
        return {"transformer": str(self.transformer)} if self.transformer else {}


@dataclass(frozen=True)
class Paint:
    """One picture to paint: `width` and `height` in px must be admissible for the model."""

    prompt: str
    negative_prompt: str | None
    width: int
    height: int
    steps: int
    guidance_scale: float
    seed: int


@dataclass(frozen=True)
class Pixels:
    """One picture: `rgb` holds three bytes a pixel, row by row from the top left.

    `bits` is the `8bit` or `4bit` in which the weights were loaded that painted it; `tiled` whether
    it was decoded by tiles.
    """

    width: int
    height: int
    rgb: bytes
    bits: str | None = None
    tiled: bool = False


@dataclass(frozen=True)
class Attempt:
    """One way to paint: the first of `ladder`; below it the smaller ones that are left to try.

    `scale` applies to the sides of the render size. `spent` holds the kinds of failure that have
    had their one retry.
    """

    hardware: Hardware
    ladder: tuple[Placement, ...]
    scale: float = 1.0
    spent: frozenset[type[PaintError]] = frozenset()

    @property
    def placement(self) -> Placement:
        """How the model is placed in this attempt."""
        return self.ladder[0]

    @property
    def needs(self) -> str:
        """What memory this attempt takes, as predicted, and what was free."""
        ram = f"RAM: about {gigabytes(self.placement.peak_ram_bytes)} needed"
        ram += f", {gigabytes(self.hardware.ram_available_bytes)} free at the start"
        if self.hardware.vram_free_bytes is None:
            return ram
        vram = f"VRAM: about {gigabytes(self.placement.peak_vram_bytes)} needed"
        return f"{ram}; {vram}, {gigabytes(self.hardware.vram_free_bytes)} free"


@dataclass
class _Tally:
    """What painting took so far: seconds since `started`, and the last worker's peaks in bytes."""

    started: float
    pictures: int = 0
    vram_bytes: int | None = None
    ram_bytes: int | None = None

    def add(self, image: Mapping[str, Any]) -> None:
        """Count a picture, with what its event says of memory."""
        self.pictures += 1
        self.vram_bytes, self.ram_bytes = image.get("peak_vram"), image.get("peak_ram")

    def measured(self, name: str, attempt: Attempt) -> Measured:
        """Return what was measured beside what was predicted."""
        placed = attempt.placement
        peaks = {
            "VRAM": (self.vram_bytes, placed.peak_vram_bytes),
            "RAM": (self.ram_bytes, placed.peak_ram_bytes),
        }
        return Measured(
            name,
            self.pictures,
            attempt.hardware.card or placed.device,
            time.monotonic() - self.started,
            {kind: (found, told) for kind, (found, told) in peaks.items() if found is not None},
        )


def paint(
    interpreter: Path, load: Load, requests: Sequence[Paint], report: Report
) -> Generator[tuple[int, Pixels | PaintError], None, None]:
    """Paint `requests`, with one worker unless memory or numbers run over on the way.

    `report` is called in the consumer's own thread.

    Wrap the generator in `contextlib.closing`: the worker ends with the generator, and an
    exception in the consumer alone closes it only when its traceback is forgotten.

    Yields:
        As soon as it is there, the index of a request with its picture, or with the error that
        concerned it alone.

    Raises:
        PaintError: Of the kind that fits, when nothing (more) can be painted.
    """
    if requests:
        # Prompts that are encoded wait here, for a second attempt, too.
        with tempfile.TemporaryDirectory(prefix="headergen-") as scratch:
            yield from _paint(interpreter, load, requests, report, scratch)


def _paint(
    interpreter: Path, load: Load, requests: Sequence[Paint], report: Report, scratch: str
) -> Generator[tuple[int, Pixels | PaintError], None, None]:
    pending = dict(enumerate(requests))
    ladder = _ladder_for(load, requests)
    attempt: Attempt | None = None
    tally = _Tally(time.monotonic())
    while pending:
        failure: PaintError | None = None
        with Worker(interpreter, load.name, load.timeout_s) as worker:
            attempt = attempt or _first_attempt(worker, load.device, ladder)
            worker.needs = attempt.needs
            report(Placed(load.name, attempt.placement.describe()))
            worker.send("paint", **_order(load, attempt, pending, scratch))
            try:
                for index, result in _results(worker, len(pending), attempt, tally, report):
                    if isinstance(result, NoPictureError):
                        failure = result  # it stays pending
                    else:
                        del pending[index]
                        yield index, result
                worker.send("quit")
            except (SystemMemoryError, VideoMemoryError) as error:
                failure = error
        if failure:
            following = _next_attempt(attempt, failure, load.row, ladder)
            if following is None:
                yield from _given_up(pending, failure)
                return
            report(Note(f"{failure.headline}; {_what_next(attempt, following)}"))
            attempt = following
    if attempt and tally.pictures:
        report(tally.measured(load.name, attempt))


def _given_up(
    pending: Iterable[int], failure: PaintError
) -> Iterator[tuple[int, Pixels | PaintError]]:
    """Give each picture that is left its error; what stops the model altogether is raised."""
    if not isinstance(failure, NoPictureError):
        raise failure
    yield from ((index, failure) for index in pending)


def _parts(load: Load) -> list[Part]:
    """Read how large each part is, before anything is loaded or even started."""
    try:
        return cache.parts_in(load.folder, load.row, load.replaced)
    except snapshot.SnapshotError as error:
        raise CheckpointError(
            f"the checkpoint of {load.name} cannot be used: {error}",
            remedy=(
                "use a whole diffusers folder with .safetensors weights, "
                "and the preset that fits it"
            ),
        ) from error


def _ladder_for(load: Load, requests: Sequence[Paint]) -> _Ladder:
    """Return what lists the placements on some hardware, from the best that fits downwards."""
    parts = _parts(load)
    largest = max(((each.width, each.height) for each in requests), key=lambda s: s[0] * s[1])
    return lambda hardware, dtype: placement.ladder(
        load.row, parts, hardware, largest, dtype=dtype, name=load.name
    )


def _first_attempt(worker: Worker, device: str, ladder: _Ladder) -> Attempt:
    """Ask the worker for its device, and choose the best placement that fits there.

    Raises:
        PlacementError: If none fits.
    """
    found = worker.survey(device)
    return Attempt(found, ladder(found, None))


def _next_attempt(
    attempt: Attempt, failure: PaintError, row: Model, ladder: _Ladder
) -> Attempt | None:
    """Choose what to try after `failure`; None: nothing is left."""
    if isinstance(failure, VideoMemoryError):
        return _with_less_vram(attempt)
    if type(failure) in attempt.spent:
        return None
    once = replace(attempt, spent=attempt.spent | {type(failure)})
    if isinstance(failure, SystemMemoryError):
        limit = attempt.placement.peak_ram_bytes
        smaller = tuple(each for each in attempt.ladder if each.peak_ram_bytes < limit)
        return replace(once, ladder=smaller) if smaller else None
    dtype = placement.safer_dtype(row, attempt.placement.dtype, attempt.hardware)
    if dtype is None:
        return None
    try:
        return replace(once, ladder=ladder(attempt.hardware, dtype))
    except PlacementError:
        return None


def _with_less_vram(attempt: Attempt) -> Attempt | None:
    limit = attempt.placement.peak_vram_bytes
    smaller = tuple(each for each in attempt.ladder if each.peak_vram_bytes < limit)
    if smaller:
        return replace(attempt, ladder=smaller)
    scale = next((each for each in SCALES if each < attempt.scale), None)
    return replace(attempt, scale=scale) if scale else None


def _what_next(before: Attempt, after: Attempt) -> str:
    if after.scale != before.scale:
        return f"painting at {after.scale:.0%} of the render size, to be scaled up"
    return f"trying again: {after.placement.describe()}"


def _order(
    load: Load, attempt: Attempt, pending: Mapping[int, Paint], scratch: str
) -> dict[str, Any]:
    row = load.row
    return {
        "scratch": scratch,
        "embeddings": str(cache.embeddings_folder()),
        "folder": str(load.folder),
        "family": row.family.name,
        "variant": row.variant,
        "scheduler_class": row.scheduler_class,
        "scheduler_options": dict(row.scheduler_options),
        "replaced": load.replaced,
        "placement": {
            **vars(attempt.placement),
            "quantization": dict(attempt.placement.quantization),
        },
        "requests": [
            {"id": index, **vars(_scaled(request, row, attempt.scale))}
            for index, request in pending.items()
        ],
    }


def _scaled(request: Paint, row: Model, scale: float) -> Paint:
    if scale == 1:
        return request
    sizes = dict(zip(SCALES, row.sizes_painted(request.width, request.height), strict=True))
    width, height = sizes[scale]
    return replace(request, width=width, height=height)


def _results(
    worker: Worker, count: int, attempt: Attempt, tally: _Tally, report: Report
) -> Iterator[tuple[int, Pixels | PaintError]]:
    """Receive `count` results, reporting what happens between them."""
    while count:
        event = worker.receive("image", "loading", "note", "step")
        match event["event"]:
            case "image":
                count -= 1
                tally.add(event)
                bits, tiled = attempt.placement.bits, attempt.placement.vae_tiling
                pixels = Pixels(event["width"], event["height"], event["rgb"], bits, tiled)
                yield event["id"], pixels
            case "error":
                count -= 1
                yield event["id"], worker.explain(event["kind"], event["message"])
            case "loading":
                report(Loading(event["part"], event["done"], event["total"]))
            case "note":
                report(Note(event["text"]))
            case "step":
                report(Step(event["id"], event["step"], event["steps"]))
