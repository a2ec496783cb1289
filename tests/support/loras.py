"""LoRAs in the forms in which trainers write them (LAYOUTS.md, 5), for the tiny twins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

RANK, ALPHA = 4, 2.0

# Layers of each kind that trainers take, by the part and name that they have in diffusers.
LAYERS: dict[str, dict[str, tuple[str, ...]]] = {
    "animagine-xl-3.1": {
        "unet": (
            "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q",
            "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0",
            "mid_block.attentions.0.proj_in",
            "up_blocks.0.attentions.1.transformer_blocks.0.ff.net.0.proj",
        ),
        "text_encoder": (
            "encoder.layers.0.self_attn.q_proj",
            "encoder.layers.0.self_attn.out_proj",
        ),
        "text_encoder_2": (
            "text_model.encoder.layers.0.self_attn.q_proj",
            "text_model.encoder.layers.0.self_attn.out_proj",
            "text_model.encoder.layers.1.mlp.fc1",
        ),
    },
    "z-image-turbo": {
        "transformer": (
            "layers.0.attention.to_q",
            "layers.0.attention.to_k",
            "layers.0.attention.to_v",
            "layers.0.attention.to_out.0",
            "layers.0.feed_forward.w1",
        )
    },
}
_SGM = {
    "down_blocks.1.attentions.0": "input_blocks.3.1",
    "mid_block.attentions.0": "middle_block.1",
    "up_blocks.0.attentions.1": "output_blocks.1.1",
}


def weights(model: str, folder: str) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Return random A (rank, in) and B (out, rank) for each layer, large enough to be seen."""
    import torch

    from headergen.diffusion import snapshot
    from headergen.diffusion.families import MODELS
    from headergen.diffusion.worker import fit, parts

    torch.manual_seed(5)
    row, found = MODELS[model], {}
    for entry in snapshot.read(Path(folder), row.family.pipeline_class).entries:
        for name in LAYERS[model].get(entry.name, ()):
            layer = fit.empty(parts.part_class(entry), Path(folder) / entry.name)
            out, width = layer.get_submodule(name).weight.shape
            a, b = torch.randn(RANK, width), torch.randn(out, RANK)
            found[entry.name, name] = (a * 0.3, b * 0.3)
    return found


def write(model: str, folder: str, form: str, file: str) -> None:
    """Write a LoRA in one of the forms."""
    import torch
    from safetensors.torch import save_file

    found: dict[str, Any] = {}
    everything = weights(model, folder)
    if form == "fused qkv":
        everything = _fused(everything)
    for (part, name), (a, b) in everything.items():
        stem, kohya = _stem(form, part, name)
        down, up = ("lora_down", "lora_up") if kohya else ("lora_A", "lora_B")
        found[f"{stem}.{down}.weight"], found[f"{stem}.{up}.weight"] = a, b
        if kohya:
            found[f"{stem}.alpha"] = torch.tensor(ALPHA * len(a) / RANK)
    if form == "a key too many":
        found["lora_unet_no_such_layer.lora_down.weight"] = torch.zeros(1, 1)
        found["lora_unet_no_such_layer.lora_up.weight"] = torch.zeros(1, 1)
    if form == "of another kind":
        found = {"lora_unet_layers_0_attention_to_q.hada_w1_a": torch.zeros(1, 1)}
    save_file({name: each.contiguous() for name, each in found.items()}, file)


def _stem(form: str, part: str, name: str) -> tuple[str, bool]:
    """Return a layer's name in a form, and whether it is kohya's."""
    flat = name.replace(".", "_")
    if part.startswith("text_encoder"):
        if form == "PEFT":
            return f"{part}.text_model.{name.removeprefix('text_model.')}", False
        number = "2" if part.endswith("2") else "1"
        flat = flat.removeprefix("text_model_")
        return f"lora_te{number}_text_model_{flat}", True
    if form == "kohya, the authors' names":
        for own, theirs in _SGM.items():
            name = name.replace(own, theirs)
        return f"lora_unet_{name.replace('.', '_')}", True
    prefixes = {
        "PEFT": f"{part}.",
        "diffusers": f"{part}.",
        "ai-toolkit": "diffusion_model.",
        "PEFT, raw": f"base_model.model.{part}.",
        "without a prefix": "",
    }
    if form in prefixes:
        return prefixes[form] + name, False
    return ("lora_unet__" if form == "kohya, two underscores" else "lora_unet_") + flat, True


def _fused(found: dict[tuple[str, str], tuple[Any, Any]]) -> dict[tuple[str, str], Any]:
    """Join q, k and v to one layer of three times the rank, as musubi's converter does."""
    import torch

    block = "layers.0.attention"
    three = [found["transformer", f"{block}.to_{each}"] for each in "qkv"]
    a = torch.cat([each for each, _ in three])
    b = torch.block_diag(*(each for _, each in three))
    out = found["transformer", f"{block}.to_out.0"]
    return {("transformer", f"{block}.qkv"): (a, b), ("transformer", f"{block}.out"): out}


def paint(
    model: str, folder: str, file: str, weight: float, request: dict[str, Any], output: str
) -> None:
    """Paint one picture with a LoRA as a script of a user would: diffusers and PEFT."""
    import diffusers
    import torch

    from headergen.diffusion.families import MODELS

    row = MODELS[model]
    load = getattr(diffusers, row.family.entry_point).from_pretrained
    pipeline = load(folder, dtype=torch.bfloat16)
    if row.scheduler_class:
        scheduler = getattr(diffusers, row.scheduler_class)
        pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config)
    if file:
        pipeline.load_lora_weights(file, adapter_name="it")
        pipeline.set_adapters("it", weight)
    pipeline(**request, generator=torch.Generator("cpu").manual_seed(3)).images[0].save(output)
