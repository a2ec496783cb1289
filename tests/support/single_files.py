"""Checkpoints in one .safetensors file, in the layout of SDXL's authors (Stability's sgm).

The names are those of LAYOUTS: written here from the published key lists, and not by diffusers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}
_VAE = {
    "mid_block.resnets.0": "mid.block_1",
    "mid_block.resnets.1": "mid.block_2",
    "mid_block.attentions.0.group_norm": "mid.attn_1.norm",
    "mid_block.attentions.0.to_q": "mid.attn_1.q",
    "mid_block.attentions.0.to_k": "mid.attn_1.k",
    "mid_block.attentions.0.to_v": "mid.attn_1.v",
    "mid_block.attentions.0.to_out.0": "mid.attn_1.proj_out",
    "conv_norm_out": "norm_out",
    "conv_shortcut": "nin_shortcut",
    ".resnets.": ".block.",
    ".downsamplers.0.": ".downsample.",
    ".upsamplers.0.": ".upsample.",
}
_OPEN_CLIP = {
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.embeddings.token_embedding": "token_embedding",
    "text_model.final_layer_norm": "ln_final",
    "text_model.encoder.layers": "transformer.resblocks",
    "self_attn": "attn",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def _replaced(name: str, pairs: Mapping[str, str]) -> str:
    for old, new in pairs.items():
        name = name.replace(old, new)
    return name


def unet_name(name: str, layers: int, attended: set[int]) -> str:
    """Name a UNet's tensor; `attended` are the up blocks with attention."""
    if found := re.match(r"down_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.*)", name):
        block = int(found[1]) * (layers + 1) + int(found[3]) + 1
        rest = _replaced(found[4], _RESNET) if found[2] == "resnets" else found[4]
        return f"input_blocks.{block}.{int(found[2] == 'attentions')}.{rest}"
    if found := re.match(r"down_blocks\.(\d+)\.downsamplers\.0\.conv\.(.*)", name):
        return f"input_blocks.{(int(found[1]) + 1) * (layers + 1)}.0.op.{found[2]}"
    if found := re.match(r"up_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.*)", name):
        block = int(found[1]) * (layers + 1) + int(found[3])
        rest = _replaced(found[4], _RESNET) if found[2] == "resnets" else found[4]
        return f"output_blocks.{block}.{int(found[2] == 'attentions')}.{rest}"
    if found := re.match(r"up_blocks\.(\d+)\.upsamplers\.0\.(.*)", name):
        block = int(found[1])
        return f"output_blocks.{block * (layers + 1) + layers}.{1 + (block in attended)}.{found[2]}"
    old = next(each for each in _UNET if name.startswith(f"{each}."))
    rest = name[len(old) :]
    return _UNET[old] + (_replaced(rest, _RESNET) if "resnets" in old else rest)


def vae_name(name: str, blocks: int) -> str:
    """Name a VAE's tensor; the decoder's blocks count downwards."""
    name = re.sub(r"down_blocks\.(\d+)", r"down.\1", name)
    name = re.sub(r"up_blocks\.(\d+)", lambda found: f"up.{blocks - 1 - int(found[1])}", name)
    return _replaced(name, _VAE)


def tensors(parts: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    """Return the tensors of a checkpoint by their names in one file.

    `parts` are the published tensors of each part; `folder` has their configs.
    """
    import torch

    unet, vae = (
        json.loads((folder / name / "config.json").read_bytes()) for name in ("unet", "vae")
    )
    attended = {at for at, each in enumerate(unet["up_block_types"]) if "CrossAttn" in each}
    found = {
        f"model.diffusion_model.{unet_name(name, unet['layers_per_block'], attended)}": each
        for name, each in parts["unet"].items()
    }
    for name, each in parts["vae"].items():
        own = vae_name(name, len(vae["block_out_channels"]))
        is_attention = "attn_1" in own and own.endswith("weight") and each.ndim == 2
        found[f"first_stage_model.{own}"] = each[:, :, None, None] if is_attention else each
    first, second = "conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."
    found |= {first + name: each for name, each in parts["text_encoder"].items()}
    positions = torch.arange(77).expand(1, -1).contiguous()
    found[f"{first}text_model.embeddings.position_ids"] = positions
    found |= {second + name: each for name, each in _open_clip(parts["text_encoder_2"]).items()}
    found[f"{second}logit_scale"] = torch.tensor(4.6)
    return {name: each.contiguous() for name, each in found.items()}


def _open_clip(part: Mapping[str, Any]) -> dict[str, Any]:
    import torch

    found = {}
    for name, each in part.items():
        if name == "text_projection.weight":
            found["text_projection"] = each.T
        elif "q_proj" in name:
            others = (part[name.replace("q_proj", f"{other}_proj")] for other in "kv")
            own = _replaced(name, _OPEN_CLIP).replace(".q_proj.", ".in_proj_")
            found[own] = torch.cat([each, *others])
        elif "k_proj" not in name and "v_proj" not in name:
            found[_replaced(name, _OPEN_CLIP)] = each
    return found


def write(folder: str, file: str, marks: str = "") -> None:
    """Write the checkpoint in a diffusers folder, without variants, to one file.

    `marks`: `v` for the tensors of v-prediction, `metadata` for ComfyUI's word of it,
    `no positions` for a save of kohya's.
    """
    import torch
    from safetensors.torch import load_file, save_file

    place = Path(folder)
    parts = {}
    for name in ("unet", "vae", "text_encoder", "text_encoder_2"):
        (weights,) = (
            each for each in (place / name).glob("*.safetensors") if ".fp16" not in each.name
        )
        parts[name] = load_file(weights)
    found = tensors(parts, place)
    if marks == "v":
        found |= {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    if marks == "no positions":
        found = {name: each for name, each in found.items() if "position_ids" not in name}
    metadata = {"modelspec.predict_key": "v"} if marks == "metadata" else None
    save_file(found, file, metadata=metadata)


def paint(file: str, configs: str, output: str, request: dict[str, Any], seed: int) -> None:
    """Paint one picture as a script of a user would, from one file and its family's configs."""
    import diffusers
    import torch

    pipeline = diffusers.StableDiffusionXLPipeline.from_single_file(
        file, config=configs, local_files_only=True, torch_dtype=torch.bfloat16
    )
    scheduler = diffusers.EulerAncestralDiscreteScheduler
    options = request.pop("scheduler", {})
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **options)
    generator = torch.Generator("cpu").manual_seed(seed)
    pipeline(**request, generator=generator).images[0].save(output)
