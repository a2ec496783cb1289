"""Measure the memory that each family's decoder takes: real size, random weights, CPU.

The families' files have these figures, rounded up, in bytes a pixel of the picture. They are peaks
of torch's own allocations; what cuDNN takes for its workspaces on a card comes on top and is
untried. Name families to measure those alone.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import published

from headergen.diffusion.families import FAMILIES, twins
from headergen.diffusion.families.family import Family
from headergen.diffusion.worker import tiles

WIDTH, HEIGHT = 1280, 672


def main() -> None:
    """Print a line for each family's decoder, by tiles and whole."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", choices=FAMILIES, nargs="*", default=list(FAMILIES))
    torch.manual_seed(0)
    print(f"one {WIDTH}x{HEIGHT} px picture; peak anonymous memory above the weights")
    for name in parser.parse_args().family:
        vae = _vae(FAMILIES[name])
        channels = vae.config.latent_channels
        latents = torch.randn(1, channels, HEIGHT // 8, WIDTH // 8).to(vae.dtype)
        for tiled in (False, True):
            if tiled:
                tiles.enable(vae)
            peak = _peak_bytes(lambda vae=vae, latents=latents: _decode(vae, latents))
            how = f"{str(vae.dtype).removeprefix('torch.')}, {'tiled' if tiled else 'whole'}"
            a_pixel = peak / (WIDTH * HEIGHT)
            print(f"{name}, {how}: {peak / 1e9:.2f} GB, {a_pixel:.0f} bytes a pixel", flush=True)


def _vae(family: Family) -> Any:
    """Build a decoder in the precision in which it is loaded: float16 would overflow."""
    import torch

    alone = replace(family, parts={"vae": family.parts["vae"]})
    vae = twins.parts(alone, published.configs(family))["vae"]
    return vae.to(torch.float32 if family.dtype == "float16" else getattr(torch, family.dtype))


def _decode(vae: Any, latents: Any) -> None:
    import torch

    with torch.no_grad():
        vae.decode(latents, return_dict=False)


def _peak_bytes(work: Callable[[], None]) -> int:
    """Watch this process while `work` runs; returns the highest memory above the start."""
    start, peak, done = _anonymous_bytes(), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, _anonymous_bytes())
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return peak - start


def _anonymous_bytes() -> int:
    for line in Path("/proc/self/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("this system tells no anonymous memory: run it on Linux")


if __name__ == "__main__":
    main()
