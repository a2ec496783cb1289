"""Compare host memory: headergen's worker against the plain script, on random Z-Image checkpoints.

The checkpoint has Z-Image's published layout (text encoder bf16, transformer fp32), and is also
stored as `headergen fetch` stores it. Each painter is a process of its own on the CPU; what counts
is its anonymous memory above that of its imports, at the peak of a whole picture.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, STEPS = 64, 64, 1
# Layer widths: half a gigabyte of text encoder and 1.4 GB of transformer at --scale 1.
ENCODER = {"hidden_size": 1536, "intermediate_size": 4096, "num_hidden_layers": 8}
TRANSFORMER = {"dim": 1536, "n_layers": 10}

PLAIN = """
import sys, torch
from diffusers import ZImagePipeline
mark("start")
pipeline = ZImagePipeline.from_pretrained(sys.argv[1], torch_dtype=torch.{dtype})
pipeline("a lighthouse", width={width}, height={height}, num_inference_steps={steps},
         guidance_scale=0.0, generator=torch.Generator("cpu").manual_seed(0))
mark("end")
"""
OURS = """
import json, sys
sys.path.insert(0, sys.argv[2])
import torch, diffusers, transformers
from diffusers import ZImagePipeline
from headergen.diffusion.worker import stages
mark("start")
order = json.loads(sys.argv[3])
order["folder"] = sys.argv[1]
def emit(event, /, **fields):
    assert event != "error", fields
stages.paint(order, emit)
mark("end")
"""
PREAMBLE = """
def mark(name):
    for line in open("/proc/self/smaps_rollup"):
        if line.startswith("Anonymous:"):
            print(name, int(line.split()[1]) * 1024, flush=True)
"""


def main() -> None:
    """Build the checkpoints, run each painter, print the table and the run under a limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of the layers' number")
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory() as folder:
        published, fetched = Path(folder, "published"), Path(folder, "fetched")
        build(published, fetched, scale)
        half = half_bytes(published)
        largest, total = max(half.values()), sum(half.values())
        print(f"parts at half precision: {in_mb(half)}; together {total / 1e6:.0f} MB")
        peaks = {
            name: peak_bytes(script, place)
            for name, script, place in (
                ("plain script, float16, published", plain("float16"), published),
                ("plain script, bfloat16, published", plain("bfloat16"), published),
                ("headergen, published", OURS, published),
                ("headergen, fetched", OURS, fetched),
            )
        }
        for name, peak in peaks.items():
            print(
                f"{name}: {peak / 1e6:.0f} MB, {peak / largest:.2f} x the largest part, "
                f"{peak / total:.3f} x the checkpoint"
            )
        ours, theirs = peaks["headergen, published"], peaks["plain script, float16, published"]
        limit = (ours + theirs) // 2
        print(f"under a limit of {limit / 1e6:.0f} MB above the imports:")
        for name, script in (("headergen", OURS), ("plain script, float16", plain("float16"))):
            print(f"  {name}: {'survives' if survives(script, published, limit) else 'dies'}")


def plain(dtype: str) -> str:
    """Write the script that the specification's users know, with the model on the CPU."""
    return PLAIN.format(dtype=dtype, width=WIDTH, height=HEIGHT, steps=STEPS)


def build(published: Path, fetched: Path, scale: float) -> None:
    """Save the checkpoint twice: as published, and in half precision throughout."""
    import torch
    from transformers import Qwen3Config, Qwen3Model

    from headergen.diffusion.families import twins, zimage

    twins.save(zimage.MODELS[0], published)
    import diffusers

    pipeline = diffusers.ZImagePipeline.from_pretrained(published, dtype=torch.bfloat16)
    layers = max(1, round(TRANSFORMER["n_layers"] * scale))
    config = {**ENCODER, "num_hidden_layers": max(3, round(ENCODER["num_hidden_layers"] * scale))}
    pipeline.text_encoder = Qwen3Model(
        Qwen3Config(
            vocab_size=20_000, num_attention_heads=16, num_key_value_heads=8, head_dim=96, **config
        )
    ).to(torch.bfloat16)
    pipeline.transformer = diffusers.ZImageTransformer2DModel(
        in_channels=16,
        dim=TRANSFORMER["dim"],
        n_layers=layers,
        n_refiner_layers=1,
        n_heads=12,
        n_kv_heads=12,
        cap_feat_dim=ENCODER["hidden_size"],
        axes_dims=[64, 32, 32],
        axes_lens=[1024, 128, 128],
    )
    for old in (*published.rglob("*.safetensors"), *published.rglob("*.index.json")):
        old.unlink()
    pipeline.save_pretrained(published, max_shard_size="5GB")
    pipeline.transformer.to(torch.bfloat16)
    pipeline.save_pretrained(fetched, max_shard_size="5GB")


def half_bytes(folder: Path) -> dict[str, int]:
    """Add up each part's weights at two bytes a parameter."""
    from headergen.diffusion import snapshot

    found = snapshot.read(folder, "ZImagePipeline")
    return {
        part: sum(size // (2 if dtype == "F32" else 1) for dtype, size in sizes.items())
        for part in found.weights
        for sizes in [found.bytes_by_dtype(part)]
    }


def in_mb(sizes: dict[str, int]) -> str:
    """List the parts' sizes for people."""
    return ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in sizes.items())


def start(script: str, folder: Path, **options: Any) -> subprocess.Popen[str]:
    """Start a painter; its order is what `painter` would send for the staged placement."""
    placement = {
        "device": "cpu",
        "dtype": "bfloat16",
        "stages": [["text_encoder"], ["transformer"], ["vae"]],
        "quantization": {},
        "vae_tiling": False,
    }
    request = {
        "id": 0,
        "prompt": "a lighthouse",
        "negative_prompt": None,
        "width": WIDTH,
        "height": HEIGHT,
        "steps": STEPS,
        "guidance_scale": 0.0,
        "seed": 0,
    }
    order = {
        "family": "Z-Image",
        "variant": None,
        "scheduler_class": None,
        "scheduler_options": {},
        "replaced": {},
        "placement": placement,
        "requests": [request],
        "scratch": tempfile.mkdtemp(),
    }
    root = Path(__file__).resolve().parent.parent
    malloc = {"MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "1000000"}
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + script, folder, root, json.dumps(order)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | (malloc if script == OURS else {}),
        **options,
    )


def peak_bytes(script: str, folder: Path) -> int:
    """Run a painter to its end; returns its highest anonymous memory above its imports."""
    process = start(script, folder)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, anonymous_bytes(process.pid))
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert process.stdout is not None
    marks = dict(line.split() for line in process.stdout)
    watcher.join()
    if "end" not in marks:
        raise SystemExit("a painter failed: run it by hand")
    return peak - int(marks["start"])


def survives(script: str, folder: Path, limit_bytes: int) -> bool:
    """Run a painter, and kill it as the kernel would if it passes the limit."""
    process = start(script, folder)
    assert process.stdout is not None
    base = int(process.stdout.readline().split()[1])
    while process.poll() is None:
        if anonymous_bytes(process.pid) - base > limit_bytes:
            process.kill()
        time.sleep(0.005)
    return process.returncode == 0


def anonymous_bytes(pid: int) -> int:
    """Read a process's anonymous memory; 0 once it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0
    return next(
        (int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Anon")), 0
    )


if __name__ == "__main__":
    main()
