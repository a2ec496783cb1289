"""FLUX.2 klein: a small transformer, distilled to four steps.

Real weights are untried: everything here was tested with a tiny twin on a CPU.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from headergen.diffusion.families import twins
from headergen.diffusion.families.family import Family, Model, denoise


def _encode(pipeline: Any, picture: Mapping[str, Any]) -> dict[str, Any]:
    call = {"prompt_embeds": pipeline.encode_prompt(picture["prompt"])[0]}
    if picture["guidance_scale"] > 1 and not pipeline.config.is_distilled:
        # The pipeline's own negative prompt, whose encoder may be gone when it wants it.
        call["negative_prompt_embeds"] = pipeline.encode_prompt("")[0]
    return call


def _denoise(pipeline: Any, **call: Any) -> Any:
    """Denoise without the VAE, whose batch norm the pipeline applies to its latents.

    It gets a batch norm that changes nothing, and `_decode` applies the VAE's.
    """
    import torch

    vae = pipeline.vae
    norm = SimpleNamespace(running_mean=torch.zeros(1), running_var=torch.ones(1))
    pipeline.vae = SimpleNamespace(bn=norm, config=SimpleNamespace(batch_norm_eps=0.0))
    try:
        return denoise(pipeline, **call)
    finally:
        pipeline.vae = vae


def _decode(pipeline: Any, latents: Any) -> Any:
    """Undo the batch norm of 2x2 patches, and decode; as Flux2KleinPipeline's call does."""
    vae = pipeline.vae
    mean = vae.bn.running_mean.view(1, -1, 1, 1)
    deviation = (vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps).sqrt()
    patches = pipeline._patchify_latents(latents) * deviation.to(latents) + mean.to(latents)
    return vae.decode(pipeline._unpatchify_latents(patches).to(vae.dtype), return_dict=False)[0]


_SCHEDULER = {
    "shift": 3.0,
    "use_dynamic_shifting": True,
    "base_shift": 0.5,
    "max_shift": 1.15,
    "max_image_seq_len": 4096,
}

FAMILY = Family(
    name="FLUX.2 klein",
    pipeline_class="Flux2KleinPipeline",
    entry_point="Flux2KleinPipeline",
    dtype="bfloat16",
    size_multiple=16,  # an 8-fold VAE, and patches of 2x2 latents
    encoders=("text_encoder",),
    denoiser="transformer",
    parts={
        "tokenizer": twins.qwen_tokenizer,
        "scheduler": "diffusers.FlowMatchEulerDiscreteScheduler",
        "vae": "diffusers.AutoencoderKLFlux2",
        "text_encoder": "transformers.Qwen3ForCausalLM",
        "transformer": "diffusers.Flux2Transformer2DModel",
    },
    tiny={
        "scheduler": _SCHEDULER,
        "vae": {**twins.TINY_VAE, "latent_channels": 4},
        # The pipeline takes the text from the hidden layers 9, 18 and 27.
        "text_encoder": twins.tiny_qwen(layers=28),
        "transformer": {
            "in_channels": 16,
            "num_layers": 1,
            "num_single_layers": 1,
            "attention_head_dim": 16,
            "num_attention_heads": 2,
            "joint_attention_dim": 3 * 32,
            "timestep_guidance_channels": 16,
            "axes_dims_rope": (4, 4, 4, 4),
            "guidance_embeds": False,
        },
    },
    encode=_encode,
    # Computed: 512 tokens through Qwen3-4B as for Z-Image, and their logits, which Qwen3ForCausalLM
    # computes too: 151,936 words of 2 bytes a token.
    encode_bytes=460_000_000,
    # Computed from the published widths and doubled for fragmentation. A token is 256 px, and takes
    # in a single-stream block: the fused projection (27648 elements), the FFN's gated half (9216),
    # both halves side by side (12288), and six tensors of 3072. A prompt adds 512 tokens to the
    # 3360 of a 1280x672 picture.
    denoise_bytes=1250,
    # Its decoder has the same widths as Z-Image's, and so its figures.
    decode_bytes=2500,
    decode_tiled_bytes=1000,
    # The text encoder is Z-Image's; the transformer is assumed to be like Z-Image's.
    quantized_bytes={
        "transformer": {"8bit": 1.1, "4bit": 0.7},
        "text_encoder": {"8bit": 1.2, "4bit": 0.85},
    },
    guided_above=math.inf,  # the distilled model is not guided, and the pipeline takes no negative
    lora_prefixes={"transformer": ("transformer.", "diffusion_model.")},
    settings={"is_distilled": True},
    denoise=_denoise,
    decode=_decode,
)

MODELS = (
    # Four steps and guidance 1: model card.
    Model(
        FAMILY,
        name="flux2-klein-4b",
        hub_id="black-forest-labs/FLUX.2-klein-4B",
        licence="Apache-2.0",
        num_inference_steps=4,
        guidance_scale=1.0,
        # The authors admit 64x64 px to 4 megapixels (help.bfl.ai, "FLUX.2 Technical
        # Specifications"). A small header is painted larger, as with Z-Image.
        min_pixels=512 * 512,
        max_pixels=2048 * 2048,
        # The sizes of the published files.
        weights={
            "transformer": ("BF16", 7_751_109_744),
            "text_encoder": ("BF16", 8_044_981_992),
            "vae": ("BF16", 168_120_878),
        },
        shards={"text_encoder": 2},
        index={
            "_diffusers_version": "0.37.0.dev0",
            "tokenizer": ["transformers", "Qwen2TokenizerFast"],
        },
        tokenizer_files=frozenset(
            (
                "added_tokens.json",
                "chat_template.jinja",
                "merges.txt",
                "special_tokens_map.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "vocab.json",
            )
        ),
        notice=(
            "FLUX.2 klein is new in headergen: it was tested with tiny random weights only, "
            "never with the published ones"
        ),
    ),
)
