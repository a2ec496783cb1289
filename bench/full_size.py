"""Checkpoints of the published sizes with random weights, written tensor by tensor.

Speed and memory don't depend on the values of weights, so nothing is downloaded. Each part is built
on torch's meta device, where it takes no memory, and written from there: RAM holds one tensor.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from headergen.diffusion.models import Model
from headergen.diffusion.worker import tiny

# Both families' decoders: FLUX's VAE and SDXL's, `vae/config.json` of their repositories.
_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "sample_size": 1024,
    "force_upcast": True,
}

# Tera floating point operations of one 1280x670 header, counted on the meta device by torch's
# FlopCounterMode. Z-Image: 8 steps, a prompt padded to 512 tokens (376 in all).
# Animagine: 28 steps of two pictures of 1344x704 px (348 in all).
TERAFLOP: Mapping[str, Mapping[str, float]] = {
    "z-image-turbo": {"encode": 3.9, "denoise": 8 * 45.5, "decode": 8.5},
    "animagine-xl-3.1": {"encode": 0.22, "denoise": 28 * 12.08, "decode": 9.4},
}


def zimage() -> dict[str, Any]:
    """Build the parts of Tongyi-MAI/Z-Image-Turbo, those with weights on the meta device."""
    import diffusers
    import torch
    from transformers import Qwen3Config, Qwen3Model

    # Qwen/Qwen3-4B, config.json; the transformer's published config is its class's defaults.
    qwen = Qwen3Config(
        vocab_size=151_936,
        hidden_size=2560,
        intermediate_size=9728,
        num_hidden_layers=36,
        num_attention_heads=32,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=40_960,
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        parts = {
            "text_encoder": Qwen3Model(qwen),
            "transformer": diffusers.ZImageTransformer2DModel(),
            "vae": diffusers.AutoencoderKL(
                latent_channels=16,
                scaling_factor=0.3611,
                shift_factor=0.1159,
                use_quant_conv=False,
                use_post_quant_conv=False,
                **_VAE,
            ),
        }
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=3.0)
    return {"scheduler": scheduler, "tokenizer": tiny.qwen_tokenizer(), **parts}


def sdxl() -> dict[str, Any]:
    """Build the parts of Animagine XL 3.1, which has the configs of SDXL base 1.0."""
    import diffusers
    import torch

    tokenizer = tiny.clip_tokenizer()
    with torch.device("meta"):
        parts = {
            "text_encoder": _clip(tokenizer, 768, 12, 12, "quick_gelu", projected=False),
            "text_encoder_2": _clip(tokenizer, 1280, 32, 20, "gelu", projected=True),
            "unet": diffusers.UNet2DConditionModel(
                sample_size=128,
                block_out_channels=(320, 640, 1280),
                down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
                up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
                transformer_layers_per_block=[1, 2, 10],
                attention_head_dim=[5, 10, 20],
                cross_attention_dim=2048,
                use_linear_projection=True,
                addition_embed_type="text_time",
                addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=2816,
            ),
            "vae": diffusers.AutoencoderKL(latent_channels=4, scaling_factor=0.13025, **_VAE),
        }
    scheduler = diffusers.EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    )
    tokens = {"tokenizer": tokenizer, "tokenizer_2": tokenizer}
    return {"scheduler": scheduler, **tokens, **parts}


def _clip(
    tokenizer: Any, width: int, layers: int, heads: int, activation: str, *, projected: bool
) -> Any:
    """Build CLIP ViT-L or OpenCLIP ViT-bigG; the marks are those of the tiny tokenizer."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=49_408,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        projection_dim=width,
        hidden_act=activation,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


_PARTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "ZImagePipeline": zimage,
    "StableDiffusionXLPipeline": sdxl,
}


def parameters(part: Any) -> int:
    """Count the numbers that a part holds; 0 for a scheduler or a tokenizer."""
    return sum(each.numel() for each in part.parameters()) if hasattr(part, "parameters") else 0


def disk_bytes(row: Model) -> int:
    """Say how much disk the checkpoint of `row` takes: two bytes a parameter."""
    return 2 * sum(parameters(part) for part in _PARTS[row.pipeline_class]().values())


def build(row: Model, folder: Path) -> None:
    """Write a checkpoint of `row` into `folder`, in its precision, as diffusers lays it out."""
    index: dict[str, Any] = {"_class_name": row.pipeline_class}
    for name, part in _PARTS[row.pipeline_class]().items():
        index[name] = [type(part).__module__.partition(".")[0], type(part).__name__]
        write_part(part, folder / name, row.dtype)
    (folder / "model_index.json").write_text(json.dumps(index, indent=2))


def write_part(part: Any, folder: Path, dtype: str) -> None:
    """Write a part's config, and random weights in `dtype` if it bears any."""
    if not parameters(part):
        part.save_pretrained(folder)
        return
    folder.mkdir(parents=True)
    if hasattr(part, "save_config"):  # diffusers
        part.save_config(folder)
        file = folder / "diffusion_pytorch_model.safetensors"
    else:
        part.config.save_pretrained(folder)
        file = folder / "model.safetensors"
    shapes = {name: list(tensor.shape) for name, tensor in part.state_dict().items()}
    _write_weights(file, shapes, dtype)


def _write_weights(path: Path, shapes: Mapping[str, list[int]], dtype: str) -> None:
    import torch

    kind = getattr(torch, dtype)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in shapes.items():
        end = offset + math.prod(shape) * kind.itemsize
        letters = {"bfloat16": "BF16", "float16": "F16"}[dtype]
        header[name] = {"dtype": letters, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode("ascii")
    text += b" " * (-len(text) % 8)  # the format wants tensors aligned
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            values = _random(name, shape, kind)
            file.write(values.reshape(-1).view(torch.uint8).numpy().data)


def _random(name: str, shape: list[int], kind: Any) -> Any:
    """Draw values that keep activations near 1: NaN or black would be no picture."""
    import torch

    if len(shape) < 2:  # a norm's or a bias
        return torch.full(shape, float(name.endswith("weight")), dtype=kind)
    bound = math.sqrt(3 / math.prod(shape[1:]))
    return torch.empty(shape, dtype=kind).uniform_(-bound, bound)
