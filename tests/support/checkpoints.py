"""Checkpoints that tests paint with. `WarmProcess.call` runs these functions by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headergen.diffusion.families import FAMILIES, MODELS, twins, zimage


def build(family: str, folder: str) -> None:
    """Save the tiny twin of a family, with the variants that its models are loaded from."""
    chosen = FAMILIES[family]
    variants = {row.variant for row in MODELS.values() if row.family is chosen and row.variant}
    twins.save(chosen, Path(folder), variants)


def build_large(folder: str) -> None:
    """Save a Z-Image checkpoint wide enough to be quantised."""
    twins.save(
        zimage.FAMILY,
        Path(folder),
        text_encoder=twins.tiny_qwen(layers=2, width=256),
        transformer={"dim": 256, "n_heads": 16, "n_kv_heads": 16, "cap_feat_dim": 256},
    )


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


def paint(folder: str, model: str, request: dict[str, Any], seed: int, output: str) -> None:
    """Paint one picture as a script of a user would, with the settings of a model."""
    import diffusers
    import torch

    row = MODELS[model]
    load = getattr(diffusers, row.family.entry_point).from_pretrained
    pipeline = load(folder, dtype=torch.bfloat16, variant=row.variant)
    if row.scheduler_class:
        scheduler = getattr(diffusers, row.scheduler_class)
        pipeline.scheduler = scheduler.from_config(
            pipeline.scheduler.config, **row.scheduler_options
        )
    generator = torch.Generator("cpu").manual_seed(seed)
    pipeline(**request, generator=generator).images[0].save(output)
