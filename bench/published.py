"""The configs of each family's parts, as in the published checkpoints: real sizes to measure with.

A scheduler's config is that of the tiny twin. A part without a row has its class's own config.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headergen.diffusion.families.family import Family

Config = Mapping[str, Any]

# vae/config.json of FLUX's VAE and SDXL's.
_VAE: Config = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "layers_per_block": 2,
    "sample_size": 1024,
    "force_upcast": True,
}

# Qwen/Qwen3-4B, config.json.
_QWEN3_4B: Config = {
    "vocab_size": 151_936,
    "hidden_size": 2560,
    "intermediate_size": 9728,
    "num_hidden_layers": 36,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40_960,
    "tie_word_embeddings": True,
}


def _clip(width: int, layers: int, heads: int, activation: str) -> Config:
    """Return the config of CLIP ViT-L or OpenCLIP ViT-bigG."""
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "projection_dim": width,
        "hidden_act": activation,
    }


CONFIGS: Mapping[str, Mapping[str, Config]] = {
    "Z-Image": {
        "vae": {
            **_VAE,
            "latent_channels": 16,
            "scaling_factor": 0.3611,
            "shift_factor": 0.1159,
            "use_quant_conv": False,
            "use_post_quant_conv": False,
        },
        "text_encoder": _QWEN3_4B,
    },
    # The configs of SDXL base 1.0, which Animagine XL and SDXL-Turbo share.
    "SDXL": {
        "vae": {**_VAE, "latent_channels": 4, "scaling_factor": 0.13025},
        "text_encoder": _clip(768, 12, 12, "quick_gelu"),
        "text_encoder_2": _clip(1280, 32, 20, "gelu"),
        "unet": {
            "sample_size": 128,
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
            "transformer_layers_per_block": [1, 2, 10],
            "attention_head_dim": [5, 10, 20],
            "cross_attention_dim": 2048,
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        },
    },
    # The scheduler's file was not found: as diffusers' scripts/convert_flux2_to_diffusers.py.
    "FLUX.2 klein": {
        "text_encoder": _QWEN3_4B,
        "transformer": {
            "num_layers": 5,
            "num_single_layers": 20,
            "num_attention_heads": 24,
            "joint_attention_dim": 3 * 2560,
            "guidance_embeds": False,
        },
    },
}


def configs(family: Family) -> dict[str, Config]:
    """Return the config of each part that `twins.parts` builds of one."""
    own = {"scheduler": family.tiny["scheduler"], **CONFIGS[family.name]}
    return {name: own.get(name, {}) for name in family.tiny}
