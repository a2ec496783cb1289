"""What it costs to find the faces of a picture, as a ratio from one run.

    uv run python bench/faces.py [PICTURE ...]

The CPU time of `faces.find` is divided by that of scaling the same picture to a header, in turn,
round after round; the fastest of each counts. Without pictures it is a portrait of the tests and a
landscape.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import process_time

from PIL import Image

from headergen.graphics import canvas, faces

ROOT = Path(__file__).parent.parent
ROUNDS = 7
USUAL = (
    ROOT / "tests" / "data" / "faces" / "astronaut.webp",
    ROOT / "articles" / "assets" / "lamplight-tram.webp",
)


def main() -> None:
    """Print a line for each picture."""
    for path in [Path(each) for each in sys.argv[1:]] or USUAL:
        picture = Image.open(path).convert("RGB")
        found = faces.find(picture)
        finding, scaling = [], []
        for _ in range(ROUNDS):
            finding.append(seconds(partial(faces.find, picture)))
            scaling.append(seconds(partial(canvas.cover, picture, 1280, 670)))
        ratio = min(finding) / min(scaling)
        print(f"{path.name}: {len(found)} faces, {min(finding):.3f} s, {ratio:.1f} x a scaling")


def seconds(run: Callable[[], object]) -> float:
    """Measure the CPU time of one call."""
    start = process_time()
    run()
    return process_time() - start


if __name__ == "__main__":
    main()
