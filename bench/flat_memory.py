"""Measure whether a worker's memory grows with the number of pictures: 1,000 requests, tiny twin.

Prints the most memory (RSS) that the worker had in the last tenth of the pictures, divided by that
in the second tenth. The first is left out: libraries and buffers grow until they were used once.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import psutil

from headergen.diffusion import placement
from headergen.diffusion.attempts import Load, Paint, Pixels, paint
from headergen.diffusion.families import MODELS, twins


def main() -> None:
    """Print the ratio for each way to lay out the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=MODELS, default="z-image-turbo")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--stages", type=int, choices=(1, 2, 3), nargs="*", default=(1, 3))
    options = parser.parse_args()
    every = placement.candidates
    for stages in options.stages:
        placement.candidates = lambda *args, n=stages, **options: (
            each for each in every(*args, **options) if len(each.stages) == n
        )
        with tempfile.TemporaryDirectory(prefix="headergen-bench-") as folder:
            report(options.model, options.count, stages, Path(folder))


def report(model: str, count: int, stages: int, folder: Path) -> None:
    """Paint `count` small pictures and print the ratio."""
    twins.save(MODELS[model], folder / "model")
    load = Load("a tiny model", MODELS[model], folder / "model", "cpu")
    # A prompt for each: what is encoded must not stay in memory.
    requests = [Paint(f"a boat {at}", None, 64, 64, 1, 0.0, seed=at) for at in range(count)]
    sizes = []
    with closing(paint(Path(sys.executable), load, requests, lambda event: None)) as results:
        for _, result in results:
            assert isinstance(result, Pixels), result
            (worker,) = psutil.Process().children()
            sizes.append(worker.memory_info().rss)
    tenth = count // 10
    early, late = max(sizes[tenth : 2 * tenth]), max(sizes[-tenth:])
    print(
        f"{model}, {count} pictures, stages: {stages}; "
        f"{early / 1e6:.0f} MB, at the end {late / 1e6:.0f} MB: late / early = {late / early:.3f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
