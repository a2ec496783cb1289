"""Measure the memory that the VAE's decoder takes for one picture: real size, random weights, CPU.

`placement.py` predicts with these figures, in bytes a pixel of the picture. They are peaks of
torch's own allocations; what cuDNN takes for its workspaces on a card comes on top and is untried.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 1280, 672
TILE_PX = 512  # as the worker sets it
# The decoder of both published configs: channels by level, two resnets a block and one more.
CHANNELS = (128, 256, 512, 512)
CASES = (
    ("Z-Image, bfloat16", 16, "bfloat16"),
    ("SDXL, float32", 4, "float32"),
)


def main() -> None:
    """Print a line for each VAE, whole and tiled."""
    import torch

    torch.manual_seed(0)
    print(f"one {WIDTH}x{HEIGHT} px picture; peak anonymous memory above the weights")
    for name, latent_channels, dtype in CASES:
        vae = _vae(latent_channels).to(getattr(torch, dtype))
        latents = torch.randn(1, latent_channels, HEIGHT // 8, WIDTH // 8).to(vae.dtype)
        for tiled in (True, False):
            vae.use_tiling = tiled
            peak = _peak_bytes(lambda vae=vae, latents=latents: _decode(vae, latents))
            how = "tiled" if tiled else "whole"
            print(
                f"{name}, {how}: {peak / 1e9:.2f} GB, {peak / (WIDTH * HEIGHT):.0f} bytes a pixel"
            )
            sys.stdout.flush()


def _vae(latent_channels: int) -> Any:
    import diffusers

    levels = len(CHANNELS)
    vae = diffusers.AutoencoderKL(
        latent_channels=latent_channels,
        block_out_channels=CHANNELS,
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        layers_per_block=2,
    )
    vae.tile_sample_min_size = TILE_PX
    vae.tile_latent_min_size = TILE_PX // 2 ** (levels - 1)
    return vae


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
