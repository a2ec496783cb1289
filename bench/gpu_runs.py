"""Paint for gpu.py: through headergen's own painter, and with the plain script of diffusers.

Either runs in a process of its own that gpu_worker.py measures.
"""

from __future__ import annotations

import json
import math
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from headergen.diffusion import attempts, placement
from headergen.diffusion.families.family import Model
from headergen.diffusion.placement import Placement
from headergen.errors import PaintError
from headergen.graphics import canvas, encoding
from headergen.progress import Event, Note, Placed

HEADER = (1280, 670)
PROMPT = "A lighthouse on a cliff at sunset, seen from the sea, wide sky, soft light"
TIMEOUT_S = 1800.0


@dataclass(frozen=True)
class Bench:
    """One model on one device: `size` is the render size in px, `matmul_side` a matrix's side.

    `teraflop` is the work of each computing phase; empty where it is not known (tiny models).
    """

    row: Model
    folder: Path
    scratch: Path
    device: str
    dtype: str
    size: tuple[int, int]
    steps: int
    matmul_side: int
    teraflop: Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """One picture: seconds by phase, and the highest memory of its process in bytes."""

    phases: Mapping[str, float]
    vram_bytes: int
    ram_bytes: int
    remark: str = ""


class Told:
    """Keeps which placement was chosen, and what did not go as hoped."""

    def __init__(self) -> None:
        self.placements: list[str] = []
        self.notes: list[str] = []

    def __call__(self, event: Event) -> None:
        """Keep a placement or a note."""
        match event:
            case Placed(_, placement):
                self.placements.append(placement.partition(";")[0])
            case Note(text):
                self.notes.append(text)


def shape(placed: Placement) -> str:
    """Name what one placement has and another has not."""
    stages = len(placed.stages)
    words = ["resident" if stages == 1 else f"{stages} stages"]
    words += sorted(set(placed.quantization.values()))
    return ", ".join([*words, *(["tiles"] if placed.vae_tiling else [])])


@contextmanager
def nothing_but(wanted: Placement | None) -> Iterator[None]:
    """Leave headergen the one placement to choose; None: all of them."""
    every = placement.candidates

    def candidates(*args: Any, **options: Any) -> list[Placement]:
        return [each for each in every(*args, **options) if shape(each) == shape(wanted or each)]

    with mock.patch.object(placement, "candidates", candidates):
        yield


def ours(bench: Bench, cap_bytes: int | None, placed: Placement | None, pictures: int) -> Measured:
    """Paint through headergen's painter, and encode the last picture as a header.

    Without `placed` headergen chooses the placement.

    Raises:
        PaintError: There is no picture.
    """
    report(bench).unlink(missing_ok=True)
    load = attempts.Load(bench.row.name, bench.row, bench.folder, bench.device, timeout_s=TIMEOUT_S)
    guidance = bench.row.guidance_scale
    requests = [
        attempts.Paint(PROMPT, None, *bench.size, bench.steps, guidance, seed)
        for seed in range(pictures)
    ]
    told = Told()
    python = interpreter(bench, cap_bytes)
    with nothing_but(placed), closing(attempts.paint(python, load, requests, told)) as results:
        done = [result for _, result in results]
    for result in done:
        if isinstance(result, PaintError):
            raise result
    save_s = seconds_to_save(done[-1])
    remark = "; ".join([*told.notes, told.placements[-1]])
    return last_picture(read_report(bench), save_s, remark)


def seconds_to_save(picture: Any) -> float:
    """Make the header's PNG as `produce` does."""
    begin = time.perf_counter()
    image = canvas.from_rgb(picture.rgb, picture.width, picture.height)
    encoding.encode(canvas.cover(image, *HEADER), "png")
    return time.perf_counter() - begin


def plain(bench: Bench, cap_bytes: int | None, pictures: int) -> Measured:
    """Paint with the script that a user of diffusers writes, everything on the device."""
    call = {
        "prompt": PROMPT,
        "width": bench.size[0],
        "height": bench.size[1],
        "num_inference_steps": bench.steps,
        "guidance_scale": bench.row.guidance_scale,
    }
    order = {
        "folder": str(bench.folder),
        "pipeline": bench.row.family.entry_point,
        "scheduler_class": bench.row.scheduler_class,
        "dtype": bench.dtype,
        "pictures": pictures,
        "call": call,
        "output": str(bench.scratch / "plain.png"),
    }
    return last_picture(run_child(bench, cap_bytes, "plain", order), None, "")


def last_picture(lines: Sequence[Mapping[str, Any]], save_s: float | None, remark: str) -> Measured:
    """Add up what the last process reported of its last picture."""
    lines = [line for line in lines if line["pid"] == lines[-1]["pid"]]
    phases = {line["phase"]: line["seconds"] for line in lines}
    loads = [line for line in lines if line["phase"] == "load"]
    phases["start"] = loads[0]["begin"] - loads[0]["started"]
    phases["load"] = sum(line["seconds"] for line in loads)
    if "call" in phases:  # the plain script tells of denoising with the rest
        phases["decode"] += phases["postprocess"]
        phases["denoise"] = phases["call"] - phases["encode"] - phases["decode"]
    if save_s is not None:
        phases["save"] = save_s
    memory = [max(line[kind] for line in lines) for kind in ("vram", "ram")]
    return Measured(phases, *memory, remark)


def report(bench: Bench) -> Path:
    """Say where the measured process writes what it measured."""
    return bench.scratch / "report.jsonl"


def read_report(bench: Bench) -> list[dict[str, Any]]:
    """Read what the measured process wrote."""
    return [json.loads(line) for line in report(bench).read_text().splitlines()]


def command(bench: Bench, cap_bytes: int | None, what: str) -> list[str]:
    """Make the command that runs gpu_worker.py; a last argument is to be added."""
    settings = {"report": str(report(bench)), "device": bench.device, "cap_bytes": cap_bytes}
    script = Path(__file__).with_name("gpu_worker.py")
    return [sys.executable, str(script), json.dumps(settings), what]


def interpreter(bench: Bench, cap_bytes: int | None) -> Path:
    """Make a program that headergen takes for its Python: the worker within the measuring code."""
    path = bench.scratch / "python"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command(bench, cap_bytes, "worker"))} "$@"\n')
    path.chmod(0o700)
    return path


def run_child(
    bench: Bench, cap_bytes: int | None, what: str, order: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Run gpu_worker.py to its end.

    Raises:
        PaintError: It failed; with the last line that it wrote.
    """
    report(bench).unlink(missing_ok=True)
    done = subprocess.run(
        [*command(bench, cap_bytes, what), json.dumps(order)], stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise PaintError(f"ended with status {done.returncode}: {said[-1][:200]}")
    return read_report(bench)


def matmul_rate(bench: Bench) -> float:
    """Measure the device: TFLOP/s of a large matrix product in the model's precision."""
    order = {"side": bench.matmul_side, "dtype": bench.dtype}
    report = run_child(bench, None, "matmul", order)
    seconds = statistics.median(line["seconds"] for line in report)
    return 2 * math.pow(bench.matmul_side, 3) / seconds / 1e12
