"""Checkpoints that tests paint with. `WarmProcess.call` runs these functions by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headergen.diffusion.families import MODELS, twins

# What lies beside the files that a model is loaded from: other formats, notes, settings of use.
BESIDE = {
    "z-image-turbo": ("README.md", "text_encoder/generation_config.json"),
    "animagine-xl-3.1": ("README.md", "animagine-xl-3.1.safetensors"),
    "sdxl-turbo": (
        "LICENSE.TXT",
        "README.md",
        "sd_xl_turbo_1.0.safetensors",
        "sd_xl_turbo_1.0_fp16.safetensors",
        "text_encoder/model.onnx",
        "text_encoder_2/model.onnx",
        "text_encoder_2/model.onnx_data",
        "unet/model.onnx",
        "unet/model.onnx_data",
        "vae_decoder/config.json",
        "vae_decoder/model.onnx",
        "vae_encoder/config.json",
        "vae_encoder/model.onnx",
    ),
    "flux2-klein-4b": (
        "README.md",
        "flux-2-klein-4b.safetensors",
        "text_encoder/generation_config.json",
    ),
}

# Widths at which SDNQ quantises: it leaves layers of fewer than 16384 weights alone.
_LARGE: dict[str, dict[str, dict[str, Any]]] = {
    "z-image-turbo": {
        "text_encoder": twins.tiny_qwen(layers=2, width=256),
        "transformer": {"dim": 256, "n_heads": 16, "n_kv_heads": 16, "cap_feat_dim": 256},
    },
    "animagine-xl-3.1": {
        "text_encoder": {"hidden_size": 128, "intermediate_size": 256},
        "text_encoder_2": {
            "hidden_size": 128,
            "intermediate_size": 256,
            "projection_dim": 128,
        },
        "unet": {
            "block_out_channels": (32, 128),
            "cross_attention_dim": 2 * 128,
            "projection_class_embeddings_input_dim": 128 + 6 * 8,
        },
    },
}


def build(model: str, folder: str) -> None:
    """Save the tiny twin of a model, and what else its repository holds."""
    _with_what_is_beside(model, twins.save(MODELS[model], Path(folder)))


def build_large(model: str, folder: str) -> None:
    """Save a twin wide enough to be quantised."""
    _with_what_is_beside(model, twins.save(MODELS[model], Path(folder), **_LARGE[model]))


def build_uneven(folder: str) -> None:
    """Save a twin of Animagine whose encoders have different widths, as the published ones.

    diffusers tells them apart by that, where they are in one file.
    """
    twins.save(
        MODELS["animagine-xl-3.1"],
        Path(folder),
        text_encoder_2={"hidden_size": 32, "intermediate_size": 64, "projection_dim": 32},
        unet={"cross_attention_dim": 48, "projection_class_embeddings_input_dim": 32 + 6 * 8},
    )


def _with_what_is_beside(model: str, folder: Path) -> None:
    for name in BESIDE[model]:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}", "utf-8")


def tensors(folder: Path) -> dict[str, Any]:
    """Return the tensors of a part that is stored in float32, as numpy arrays by name."""
    from safetensors.numpy import load_file

    return {
        name: tensor
        for file in sorted(folder.glob("*.safetensors"))
        for name, tensor in load_file(file).items()
    }


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
