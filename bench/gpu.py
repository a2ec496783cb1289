"""Measure headergen on a card, full size, against the plain script of diffusers.

Checkpoints of the published sizes are written with random weights (see full_size.py), and painted
with through headergen's own painter and worker: once for each placement that the card admits, and
with the card made as small as 6, 8 and 12 GB, where headergen chooses. `--tiny` does all of it in
seconds, with tiny models, on any device.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "bench")]

import full_size  # noqa: E402
from gpu_runs import (  # noqa: E402
    HEADER,
    TIMEOUT_S,
    Bench,
    Measured,
    interpreter,
    matmul_rate,
    ours,
    plain,
    shape,
)

from headergen.diffusion import cache, placement  # noqa: E402
from headergen.diffusion.client import Worker  # noqa: E402
from headergen.diffusion.families import MODELS, twins  # noqa: E402
from headergen.diffusion.families.family import Model  # noqa: E402
from headergen.diffusion.placement import Placement  # noqa: E402
from headergen.errors import PaintError  # noqa: E402

CAPS_BYTES = (6_000_000_000, 8_000_000_000, 12_000_000_000)
SCRIPT = "plain script"
COMPUTE = ("encode", "denoise", "decode")
STATES = {"cold": 1, "warm": 2}  # and the pictures that are painted for it
PHASES = ("start", "load", *COMPUTE, "save")
SPARE_DISK_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Case:
    """What paints: headergen in one placement, or as it chooses, or the script; on what card."""

    painter: str
    cap_bytes: int | None
    placed: Placement | None

    @property
    def names(self) -> tuple[str, str]:
        """The painter and the placement, as the table names them."""
        card = f", {self.cap_bytes / 1e9:.0f} GB card" if self.cap_bytes else ""
        if self.painter == SCRIPT:
            return f"{SCRIPT}{card}", "resident"
        return f"{self.painter}{card}", shape(self.placed) if self.placed else "its choice"

    def paint(self, bench: Bench, pictures: int) -> Measured:
        """Paint `pictures`, and measure the last.

        Raises:
            PaintError: There is no picture.
        """
        if self.painter == SCRIPT:
            return plain(bench, self.cap_bytes, pictures)
        return ours(bench, self.cap_bytes, self.placed, pictures)


def main() -> None:
    """Measure each model and print a table for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or, with --tiny, cpu")
    parser.add_argument("--model", choices=MODELS, action="append")
    parser.add_argument("--placement", action="append", help='as the table names it: "2 stages"')
    parser.add_argument("--state", choices=STATES, action="append")
    parser.add_argument("--folder", type=Path, help="where the checkpoint goes for a while")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to try the bench itself")
    options = parser.parse_args()
    for name in options.model or full_size.TERAFLOP:
        with tempfile.TemporaryDirectory(dir=options.folder, prefix="headergen-bench-") as scratch:
            bench = (tiny if options.tiny else full)(MODELS[name], Path(scratch), options.device)
            measure(bench, options.placement or (), options.state or tuple(STATES))


def full(row: Model, scratch: Path, device: str) -> Bench:
    """Write the full-size checkpoint, if the disk has room for it."""
    needed, free = full_size.disk_bytes(row) + SPARE_DISK_BYTES, shutil.disk_usage(scratch).free
    print(f"{row.name}: {needed / 1e9:.1f} GB of disk wanted in {scratch}, {free / 1e9:.1f} free")
    if needed > free:
        raise SystemExit("too little room: name another place with --folder")
    full_size.build(row, scratch / "model")
    return Bench(
        row=row,
        folder=scratch / "model",
        scratch=scratch,
        device=device,
        dtype=row.family.dtype,
        size=row.render_size(*HEADER),
        steps=row.num_inference_steps,
        matmul_side=8192,
        teraflop=full_size.TERAFLOP.get(row.name, {}),
    )


def tiny(row: Model, scratch: Path, device: str) -> Bench:
    """Write the tiny checkpoint that the tests paint with."""
    twins.save(row, scratch / "model")
    return Bench(
        row=row,
        folder=scratch / "model",
        scratch=scratch,
        device=device,
        dtype="bfloat16" if device == "cpu" else row.family.dtype,
        size=(96, 64),
        steps=2,
        matmul_side=512,
        teraflop={},
    )


def measure(bench: Bench, placements: Collection[str], states: Iterable[str]) -> None:
    """Print the table of one model, a row as soon as it is measured."""
    rate = matmul_rate(bench)
    width, height = bench.size
    print(f"\n{bench.row.name} on {bench.device}, {width}x{height} px, {bench.steps} steps", end="")
    print(f"; {bench.dtype} matrix product: {rate:.1f} TFLOP/s\n")
    print(table_row("painter", "placement", "state", *PHASES, "sum", "÷ floor", "VRAM", "RAM", ""))
    print(table_row(*["---"] * (len(PHASES) + 8)), flush=True)
    for case in cases(bench):
        if not placements or case.cap_bytes or not case.placed or shape(case.placed) in placements:
            for state in states:
                print(table_row(*case.names, state, *measured(bench, case, state, rate)))
                sys.stdout.flush()


def cases(bench: Bench) -> Iterator[Case]:
    """List what to paint with: each admitted placement, then capped cards; ours and the script."""
    for placed in admitted(bench):
        yield Case("headergen", None, placed)
    yield Case(SCRIPT, None, None)
    for cap_bytes in CAPS_BYTES if bench.device.startswith("cuda") else ():
        yield Case("headergen", cap_bytes, None)
        yield Case(SCRIPT, cap_bytes, None)


def measured(bench: Bench, case: Case, state: str, rate: float) -> Iterator[str]:
    """Paint, and write what was measured in seconds and GB, or why there is no picture.

    Cold: the files are on the disk alone, the picture is the first. Warm: the files are in memory,
    the picture is the second of its process.
    """
    if state == "cold":
        evict(bench.folder)
    try:
        found = case.paint(bench, STATES[state])
    except PaintError as error:
        yield error.headline
        return
    yield from cells(found, bench, rate)


def cells(found: Measured, bench: Bench, rate: float) -> Iterator[str]:
    """Write what was measured, in seconds and GB."""
    yield from (f"{found.phases.get(phase, 0):.2f}" for phase in PHASES)
    yield f"{sum(found.phases.get(phase, 0) for phase in PHASES):.2f}"
    yield "" if not bench.teraflop else f"{above_floor(found.phases, bench.teraflop, rate):.2f}"
    yield f"{found.vram_bytes / 1e9:.1f}"
    yield f"{found.ram_bytes / 1e9:.1f}"
    yield found.remark


def above_floor(
    phases: Mapping[str, float], teraflop: Mapping[str, float], teraflop_per_s: float
) -> float:
    """Divide the time of the computing phases by what the same work takes as matrix products."""
    floor = sum(teraflop[phase] for phase in COMPUTE) / teraflop_per_s
    return sum(phases[phase] for phase in COMPUTE) / floor


def table_row(*values: str) -> str:
    """Write a row of a Markdown table."""
    return f"| {' | '.join(values)} |"


def admitted(bench: Bench) -> Iterator[Placement]:
    """List, of each staging and precision that the device admits, the quickest placement."""
    with Worker(interpreter(bench, None), bench.row.name, TIMEOUT_S) as worker:
        found = worker.survey(bench.device)
        worker.send("quit")
    parts = cache.parts_in(bench.folder, bench.row, {})
    seen = set()
    for each in placement.candidates(bench.row, parts, found, bench.size):
        kind = shape(replace(each, vae_tiling=False))
        if kind not in seen and not placement.shortage(each, found):
            seen.add(kind)
            yield each


def evict(folder: Path) -> None:
    """Drop the checkpoint's files from the page cache."""
    os.sync()
    for path in folder.rglob("*.safetensors"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


if __name__ == "__main__":
    main()
