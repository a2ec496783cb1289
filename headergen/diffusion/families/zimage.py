"""Z-Image: a transformer that takes prompts in Chinese, English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headergen.diffusion.families import twins
from headergen.diffusion.families.family import Family, Model


def _encode(pipeline: Any, picture: Mapping[str, Any]) -> dict[str, Any]:
    negative = picture["negative_prompt"]
    prompt_embeds, negative_embeds = pipeline.encode_prompt(
        [picture["prompt"]],
        do_classifier_free_guidance=picture["guidance_scale"] > FAMILY.guided_above,
        negative_prompt=None if negative is None else [negative],
    )
    return {"prompt_embeds": prompt_embeds, "negative_prompt_embeds": negative_embeds}


_VAE = {
    "latent_channels": 16,
    "scaling_factor": 0.3611,
    "shift_factor": 0.1159,
    "use_quant_conv": False,
    "use_post_quant_conv": False,
    "force_upcast": True,
}

FAMILY = Family(
    name="Z-Image",
    pipeline_class="ZImagePipeline",
    entry_point="ZImagePipeline",
    dtype="bfloat16",  # fp16 overflows to NaN (Tongyi-MAI/Z-Image #14), unless it is clamped
    size_multiple=16,  # ZImagePipeline raises for others
    encoders=("text_encoder",),
    denoiser="transformer",
    parts={
        "tokenizer": twins.qwen_tokenizer,
        "scheduler": "diffusers.FlowMatchEulerDiscreteScheduler",
        "vae": "diffusers.AutoencoderKL",
        "text_encoder": "transformers.Qwen3Model",
        "transformer": "diffusers.ZImageTransformer2DModel",
    },
    tiny={
        "scheduler": {"num_train_timesteps": 1000, "shift": 3.0},
        "vae": {**twins.TINY_VAE, **_VAE},
        "text_encoder": twins.tiny_qwen(layers=2),
        "transformer": {
            "in_channels": 16,
            "dim": 32,
            "n_layers": 1,
            "n_refiner_layers": 1,
            "n_heads": 2,
            "n_kv_heads": 2,
            "cap_feat_dim": 32,
            "axes_dims": [8, 4, 4],
            "axes_lens": [1024, 128, 128],
        },
    },
    encode=_encode,
    # 512 tokens through Qwen3-4B, all 37 hidden states kept; computed.
    encode_bytes=300_000_000,
    # Computed from the published widths and doubled for fragmentation: a token is 256 px, and takes
    # three FFN tensors of 10240 and six of 3840 elements.
    denoise_bytes=1000,
    # Measured by bench/activations.py (torch on a CPU).
    decode_bytes=2500,
    decode_tiled_bytes=1000,
    # 1.02 and 0.64 were measured on a transformer of 299 M random parameters in this layout. The
    # text encoder keeps its embedding table (0.39 G of 4.02 G).
    quantized_bytes={
        "transformer": {"8bit": 1.1, "4bit": 0.7},
        "text_encoder": {"8bit": 1.2, "4bit": 0.85},
    },
    guided_above=0.0,
    clamps=True,
)

MODELS = (
    # Steps and guidance: model card.
    Model(
        FAMILY,
        name="z-image-turbo",
        hub_id="Tongyi-MAI/Z-Image-Turbo",
        licence="Apache-2.0",
        num_inference_steps=8,
        guidance_scale=0.0,
        min_pixels=512 * 512,
        max_pixels=1536 * 1536,
        # 6.155 G parameters in float32, and the sizes of the published files.
        weights={
            "transformer": ("F32", 24_620_000_000),
            "text_encoder": ("BF16", 8_045_000_000),
            "vae": ("BF16", 168_000_000),
        },
        shards={"text_encoder": 3, "transformer": 3},
        index={"_diffusers_version": "0.36.0.dev0"},
        tokenizer_files=frozenset(
            ("merges.txt", "tokenizer.json", "tokenizer_config.json", "vocab.json")
        ),
        seeds_vary_little=True,  # Tongyi-MAI/Z-Image #16, #27
    ),
)
