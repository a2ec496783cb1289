"""headergen with a fake model that paints when it is told to: `slow_painter GATE ARGUMENT …`.

It makes the file `GATE.started` when the first picture is asked for, and waits for the file GATE.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from headergen.cli import main as cli
from headergen.diffusion import attempts, fetching, interpreter
from headergen.diffusion.cache import Fetched


def main() -> int:
    """Run headergen's command line behind the gate."""
    gate = Path(sys.argv[1])

    def paint(
        _python: Path, _load: attempts.Load, requests: Sequence[attempts.Paint], _progress: object
    ) -> Iterator[tuple[int, attempts.Pixels]]:
        gate.with_name(f"{gate.name}.started").touch()
        while not gate.exists():
            time.sleep(0.01)
        for index, each in enumerate(requests):
            with gate.open("a") as log:
                log.write(f"{each.prompt}\n")
            rgb = b"\x40\x80\xc0" * each.width * each.height
            yield index, attempts.Pixels(each.width, each.height, rgb)

    attempts.paint = paint  # type: ignore[assignment]
    fetching.obtain = lambda *_, **__: Fetched(Path(), "", "")
    interpreter.find_interpreter = lambda *_: Path(sys.executable)
    return cli.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
