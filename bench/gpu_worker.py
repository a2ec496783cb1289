"""What runs inside the processes that gpu.py measures: headergen's own worker, or the plain script.

Both are measured by the same code: the time of each phase with the device's queue empty before and
after it, the most memory that torch held on the device, and the most anonymous memory of the
process. A card is made smaller by reporting and granting less of it.
"""

from __future__ import annotations

import functools
import json
import os
import runpy
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
_SECONDS_BETWEEN_LOOKS = 0.02
_ROUNDS = 20


def main() -> None:
    """Do what the second argument names, with the settings that the first one holds."""
    settings = json.loads(sys.argv[1])
    sys.path[0] = str(CHECKOUT)
    import torch

    if settings["cap_bytes"]:
        cap(torch, settings["device"], settings["cap_bytes"])
    meter = Meter(torch, settings["device"], Path(settings["report"]))
    {"worker": work, "plain": paint_plainly, "matmul": multiply}[sys.argv[2]](meter, sys.argv[3])


def cap(torch: Any, device: str, cap_bytes: int) -> None:
    """Make a card look, and be, as small as `cap_bytes`.

    What other programs and CUDA itself hold counts, as it does on a card of that size.
    """
    ask = torch.cuda.mem_get_info
    free, total = ask(device)
    torch.cuda.set_per_process_memory_fraction(
        max(0, cap_bytes - (total - free)) / total, torch.device(device).index or 0
    )

    def mem_get_info(device: Any = None) -> tuple[int, int]:
        free, total = ask(device)
        return max(0, cap_bytes - (total - free)), cap_bytes

    torch.cuda.mem_get_info = mem_get_info


class Meter:
    """Write a line of JSON for each phase: its seconds, and the highest memory so far, in bytes."""

    def __init__(self, torch: Any, device: str, report: Path) -> None:
        self.torch = torch
        self.device = device
        self._report = report
        self._on_card = device.startswith("cuda")
        self._held_before = self._held() if self._on_card else 0
        self._ram = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Make `function` report each of its calls as `phase`."""

        @functools.wraps(function)
        def measured(*args: Any, **options: Any) -> Any:
            self._wait()
            begin = time.time()
            try:
                return function(*args, **options)
            finally:
                self._wait()
                self.tell(phase, begin, time.time() - begin)

        return measured

    def tell(self, phase: str, begin: float, seconds: float, **more: Any) -> None:
        """Report a phase that began at `begin` (seconds since 1970)."""
        vram = self.torch.cuda.max_memory_reserved(self.device) if self._on_card else 0
        line = {
            "pid": os.getpid(),
            "started": _started(),
            "phase": phase,
            "begin": begin,
            "seconds": seconds,
            "vram": self._held_before + vram,
            "ram": max(self._ram, _anonymous_bytes()),
            **more,
        }
        with self._report.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _held(self) -> int:
        """Say what is taken of the card before any tensor is: CUDA's context, other programs."""
        free, total = self.torch.cuda.mem_get_info(self.device)
        return int(total - free)

    def _wait(self) -> None:
        if self._on_card:
            self.torch.cuda.synchronize(self.device)

    def _watch(self) -> None:
        while True:
            self._ram = max(self._ram, _anonymous_bytes())
            time.sleep(_SECONDS_BETWEEN_LOOKS)


def work(meter: Meter, worker: str) -> None:
    """Be the worker that the file `worker` starts, its phases timed."""
    from headergen.diffusion.worker import parts, stages

    parts.load_part = meter.timed("load", parts.load_part)
    stages.FAMILIES = {
        name: replace(
            family,
            encode=meter.timed("encode", family.encode),
            denoise=meter.timed("denoise", family.denoise),
        )
        for name, family in stages.FAMILIES.items()
    }
    stages.decode = meter.timed("decode", stages.decode)
    sys.argv = [worker]
    runpy.run_path(worker, run_name="__main__")


def paint_plainly(meter: Meter, text: str) -> None:
    """Paint as a user's own script does; `text` is a JSON order."""
    import diffusers

    order = json.loads(text)
    pipeline = meter.timed("load", _load)(diffusers, meter, order)
    pipeline.encode_prompt = meter.timed("encode", pipeline.encode_prompt)
    pipeline.vae.decode = meter.timed("decode", pipeline.vae.decode)
    processor = pipeline.image_processor
    processor.postprocess = meter.timed("postprocess", processor.postprocess)
    call = meter.timed("call", pipeline.__call__)
    for seed in range(order["pictures"]):
        generator = meter.torch.Generator("cpu").manual_seed(seed)
        image = call(**order["call"], generator=generator).images[0]
        meter.timed("save", image.save)(order["output"])


def _load(diffusers: Any, meter: Meter, order: Mapping[str, Any]) -> Any:
    dtype = getattr(meter.torch, order["dtype"])
    pipeline = getattr(diffusers, order["pipeline"]).from_pretrained(
        order["folder"], torch_dtype=dtype
    )
    if order["scheduler_class"]:
        scheduler = getattr(diffusers, order["scheduler_class"])
        pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
    return pipeline.to(meter.device)


def multiply(meter: Meter, text: str) -> None:
    """Report the time of a matrix product, the median of several; `text` is a JSON order."""
    order, torch = json.loads(text), meter.torch
    side, dtype = order["side"], getattr(torch, order["dtype"])
    matrix = torch.randn(side, side, device=meter.device).to(dtype)
    product = meter.timed("product", lambda: matrix @ matrix)
    for _ in range(_ROUNDS):
        product()


def _started() -> float:
    import psutil

    return float(psutil.Process().create_time())


def _anonymous_bytes() -> int:
    """Read this process's anonymous memory; mapped files are not in it."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("this system tells no anonymous memory: run it on Linux")


if __name__ == "__main__":
    main()
