"""Checkpoints that tests paint with. `WarmProcess.call` runs these functions by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headergen.diffusion.worker import tiny


def build_zimage(folder: str) -> None:
    """Save a tiny Z-Image checkpoint."""
    tiny.build_zimage(Path(folder))


def build_sdxl(folder: str) -> None:
    """Save a tiny SDXL checkpoint."""
    tiny.build_sdxl(Path(folder))


def build_large_zimage(folder: str) -> None:
    """Save a Z-Image checkpoint wide enough to be quantised."""
    tiny.build_zimage(Path(folder), width=256)


def halve(file: str) -> None:
    """Store the tensors of a file in bfloat16, which numpy does not know."""
    import torch
    from safetensors.torch import load_file, save_file

    halved = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(file).items()}
    save_file(halved, file, metadata={"format": "pt"})


def fill(file: Path, tensor: str, value: float) -> None:
    """Replace all numbers of a tensor by one."""
    from safetensors.numpy import load_file, save_file

    tensors = load_file(file)
    tensors[tensor][...] = value
    save_file(tensors, file, metadata={"format": "pt"})


def paint(folder: str, name: str, request: dict[str, Any], seed: int, output: str) -> None:
    """Paint one picture as a script of a user would, with the pipeline class that it names."""
    import diffusers
    import torch

    variant = None if name == "ZImagePipeline" else "fp16"
    load = getattr(diffusers, name).from_pretrained
    pipeline = load(folder, dtype=torch.bfloat16, variant=variant)
    if name != "ZImagePipeline":
        pipeline.scheduler = diffusers.EulerAncestralDiscreteScheduler.from_config(
            pipeline.scheduler.config, timestep_spacing="trailing"
        )
    generator = torch.Generator("cpu").manual_seed(seed)
    pipeline(**request, generator=generator).images[0].save(output)
