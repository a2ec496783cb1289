"""SDXL: a UNet with two CLIP encoders, whose prompts may carry weights."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from headergen.diffusion import prompt as prompts
from headergen.diffusion.families import twins
from headergen.diffusion.families.family import Family, Model


def _encode(pipeline: Any, picture: Mapping[str, Any]) -> dict[str, Any]:
    """Encode a picture's prompts, by compel where it is installed.

    Returns:
        `prompt_embeds` (1, a multiple of 77, width of both encoders) and `pooled_prompt_embeds`,
        and where the picture is guided the same for the negative prompt.
    """
    from headergen.diffusion.worker.libraries import installed

    return (_encode_weighted if installed("compel") else _encode_words)(pipeline, picture)


def _encode_words(pipeline: Any, picture: Mapping[str, Any]) -> dict[str, Any]:
    """Encode the words of a picture's prompts as diffusers does: 77 tokens, without weights."""
    guided, negative = picture["guidance_scale"] > FAMILY.guided_above, picture["negative_prompt"]
    found = pipeline.encode_prompt(
        prompts.plain_text(picture["prompt"]),
        negative_prompt=None if negative is None else prompts.plain_text(negative),
        do_classifier_free_guidance=guided,
    )
    names = (
        "prompt_embeds",
        "negative_prompt_embeds",
        "pooled_prompt_embeds",
        "negative_pooled_prompt_embeds",
    )
    return {
        name: each
        for name, each in zip(names, found, strict=True)
        if guided or "negative" not in name
    }


def _unread(pipeline: Any, picture: Mapping[str, Any]) -> str | None:
    """Say what `_encode_words` does not read of a picture's prompts."""
    from headergen.diffusion.worker.libraries import installed

    if installed("compel"):
        return None
    guided = picture["guidance_scale"] > FAMILY.guided_above
    texts = [picture["prompt"], *([picture["negative_prompt"] or ""] if guided else [])]
    lost = []
    if any(map(prompts.has_weights, texts)):
        lost.append("weights in prompts have no effect")
    if any(_is_long(pipeline, text) for text in texts):
        lost.append("words beyond 77 tokens are left out")
    if not lost:
        return None
    return (
        f"{' and '.join(lost)}: compel is not installed; "
        f"run once: {sys.executable} -m pip install compel"
    )


def _is_long(pipeline: Any, text: str) -> bool:
    tokenizer = pipeline.tokenizer
    count = len(tokenizer(prompts.plain_text(text)).input_ids)
    return bool(count > tokenizer.model_max_length)


def _encode_weighted(pipeline: Any, picture: Mapping[str, Any]) -> dict[str, Any]:
    """Encode a picture's prompts by compel: with weights, and beyond 77 tokens.

    Compel's own pooled embeddings are those of the notation's characters; these are of the words.
    """
    from headergen.diffusion.worker.libraries import load

    compel = load("compel").CompelForSDXL(pipeline)
    guided = picture["guidance_scale"] > FAMILY.guided_above
    texts, negative = [picture["prompt"]], picture["negative_prompt"]
    if guided and not _is_zeroed(pipeline, negative):
        texts.append(negative or "")
    embeds, pooled = _embeddings(compel, texts)
    result = {"prompt_embeds": embeds[:1], "pooled_prompt_embeds": pooled[:1]}
    if guided:
        zeroed = len(texts) == 1
        result["negative_prompt_embeds"] = embeds.new_zeros(embeds.shape) if zeroed else embeds[1:]
        result["negative_pooled_prompt_embeds"] = (
            pooled.new_zeros(pooled.shape) if zeroed else pooled[1:]
        )
    return result


def _is_zeroed(pipeline: Any, negative_prompt: str | None) -> bool:
    """Return whether diffusers would take zeros because there is no negative prompt."""
    return negative_prompt is None and pipeline.config.force_zeros_for_empty_prompt


def _embeddings(compel: Any, texts: list[str]) -> tuple[Any, Any]:
    """Encode texts to tensors of one length, in the precision of the encoders."""
    import torch

    sides = []
    for encoder in (compel.compel_1, compel.compel_2):
        rows = [_condition(encoder, text) for text in texts]
        sides.append(torch.cat(encoder.pad_conditioning_tensors_to_same_length(rows)))
    provider = compel.compel_2.conditioning_provider
    plain = [prompts.plain_text(text) for text in texts]
    pooled = provider.get_pooled_embeddings(plain, device=compel.compel_2.device)
    dtype = provider.text_encoder.dtype
    return torch.cat(sides, dim=-1).to(dtype), pooled.to(dtype)


def _condition(encoder: Any, text: str) -> Any:
    """Give compel what its parser would make of its own notation, without its syntax's traps."""
    from compel.prompt_parser import Conjunction, FlattenedPrompt

    chunks = [FlattenedPrompt([tuple(each) for each in chunk]) for chunk in prompts.parse(text)]
    conjunction = Conjunction(chunks, [1.0] * len(chunks))
    return encoder.build_conditioning_tensor_for_conjunction(conjunction)[0]


def _from_single_file(
    tensors: Mapping[str, Any], folder: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each part of a checkpoint in one file, by the names that diffusers has.

    diffusers' own functions, which `from_single_file` calls, for one part after another.
    """
    from diffusers.loaders import single_file_utils as converters

    configs = {
        name: json.loads((folder / name / "config.json").read_bytes())
        for name in ("unet", "vae", "text_encoder_2")
    }
    first = converters.convert_ldm_clip_checkpoint(tensors, remove_prefix=_FIRST_ENCODER)
    yield "text_encoder", {name: each for name, each in first.items() if "position_ids" not in name}
    config = SimpleNamespace(config=SimpleNamespace(**configs["text_encoder_2"]))
    yield (
        "text_encoder_2",
        converters.convert_open_clip_checkpoint(config, tensors, prefix=_SECOND_ENCODER),
    )
    yield "unet", converters.convert_ldm_unet_checkpoint(tensors, configs["unet"])
    yield "vae", converters.convert_ldm_vae_checkpoint(tensors, configs["vae"])


def _encoder_prefixes(part: str, kohya: str) -> tuple[str, ...]:
    """A CLIP encoder's layers are below `text_model` in files, and not always in memory."""
    return f"{part}.", f"{part}.text_model.", kohya, f"{kohya}text_model_"


def _lora_names(part: str, name: str, config: Any) -> Iterator[tuple[str, None]]:
    """Yield the name of a UNet's layer in the code of SDXL's authors, which kohya takes."""
    if part != "unet":
        return
    span = config["layers_per_block"] + 1
    if found := re.match(r"down_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.*)", name):
        block = int(found[1]) * span + int(found[3]) + 1
        yield f"input_blocks.{block}.{_BRANCH[found[2]]}.{_in_resnet(found[4])}", None
    elif found := re.match(r"up_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.*)", name):
        block = int(found[1]) * span + int(found[3])
        yield f"output_blocks.{block}.{_BRANCH[found[2]]}.{_in_resnet(found[4])}", None
    elif found := re.match(r"mid_block\.(resnets|attentions)\.(\d+)\.(.*)", name):
        at = 2 * int(found[2]) if found[1] == "resnets" else 1
        yield f"middle_block.{at}.{_in_resnet(found[3])}", None
    elif found := re.match(r"down_blocks\.(\d+)\.downsamplers\.0\.conv$", name):
        yield f"input_blocks.{(int(found[1]) + 1) * span}.0.op", None
    elif found := re.match(r"up_blocks\.(\d+)\.upsamplers\.0\.conv$", name):
        block = int(found[1])
        branch = 2 if "CrossAttn" in config["up_block_types"][block] else 1
        yield f"output_blocks.{block * span + span - 1}.{branch}.conv", None
    elif name in _OUTER:
        yield _OUTER[name], None


_BRANCH = {"resnets": 0, "attentions": 1}
_RESNET = {
    "conv1": "in_layers.2",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_OUTER = {
    "conv_in": "input_blocks.0.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}


def _in_resnet(name: str) -> str:
    return _RESNET.get(name, name)


_FIRST_ENCODER = "conditioner.embedders.0.transformer."
_SECOND_ENCODER = "conditioner.embedders.1.model."

_SCHEDULER = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "timestep_spacing": "leading",
}
_VAE = {"latent_channels": 4, "scaling_factor": 0.13025, "force_upcast": True}
_TINY_CLIP = twins.CLIP_MARKS | {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "max_position_embeddings": 77,
    "projection_dim": 16,
}

FAMILY = Family(
    name="SDXL",
    pipeline_class="StableDiffusionXLPipeline",
    entry_point="AutoPipelineForText2Image",
    dtype="float16",
    size_multiple=8,
    encoders=("text_encoder", "text_encoder_2"),
    denoiser="unet",
    parts={
        "tokenizer": twins.clip_tokenizer,
        "tokenizer_2": twins.second_clip_tokenizer,
        "scheduler": "diffusers.EulerDiscreteScheduler",
        "vae": "diffusers.AutoencoderKL",
        "text_encoder": "transformers.CLIPTextModel",
        "text_encoder_2": "transformers.CLIPTextModelWithProjection",
        "unet": "diffusers.UNet2DConditionModel",
    },
    tiny={
        "scheduler": _SCHEDULER,
        "vae": {**twins.TINY_VAE, **_VAE},
        "text_encoder": _TINY_CLIP,
        "text_encoder_2": {**_TINY_CLIP, "hidden_act": "gelu"},
        "unet": {
            "sample_size": 32,
            "block_out_channels": (8, 16),
            "layers_per_block": 1,
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
            "attention_head_dim": (2, 4),
            "use_linear_projection": True,
            "norm_num_groups": 4,
            "cross_attention_dim": 32,  # both encoders side by side: 16 + 16
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            # Pooled text, and six sizes and offsets.
            "projection_class_embeddings_input_dim": 16 + 6 * 8,
        },
    },
    encode=_encode,
    encode_bytes=300_000_000,  # 77 tokens a chunk take far less
    # Computed from the published widths and doubled for fragmentation: the skip connections and two
    # attention levels, with guidance for two pictures at once.
    denoise_bytes=1500,
    # Measured by bench/activations.py (torch on a CPU).
    decode_bytes=2500,
    decode_tiled_bytes=1000,
    # A UNet keeps its convolutions in half precision (some 0.5 G of 2.57 G parameters).
    quantized_bytes={
        "unet": {"8bit": 1.25, "4bit": 0.95},
        "text_encoder": {"8bit": 1.2, "4bit": 0.85},
        "text_encoder_2": {"8bit": 1.2, "4bit": 0.85},
    },
    guided_above=1.0,  # as StableDiffusionXLPipeline decides
    prompt_weights=True,
    single_file_prefixes=(
        "model.diffusion_model.",
        _FIRST_ENCODER,
        _SECOND_ENCODER,
        "first_stage_model.",
    ),
    from_single_file=_from_single_file,
    lora_prefixes={
        "unet": ("unet.", "lora_unet_"),
        "text_encoder": _encoder_prefixes("text_encoder", "lora_te1_"),
        "text_encoder_2": _encoder_prefixes("text_encoder_2", "lora_te2_"),
    },
    lora_names=_lora_names,
    settings={"force_zeros_for_empty_prompt": True},
    libraries=("compel",),
    unread=_unread,
)

# Two bytes a parameter: 2.567 G in the UNet, 123 M and 695 M in the text encoders, 84 M in the VAE
# (counted in the published configs).
_WEIGHTS = {
    "unet": ("F16", 5_134_927_368),
    "text_encoder": ("F16", 246_120_960),
    "text_encoder_2": ("F16", 1_389_319_680),
    "vae": ("F16", 167_307_726),
}
_TOKENIZER_FILES = frozenset(
    ("merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json")
)
_NO_PARTS = {"feature_extractor": [None, None], "image_encoder": [None, None]}

MODELS = (
    # Template, negative prompt, Euler a, 28 steps and guidance 7: model card.
    Model(
        FAMILY,
        name="animagine-xl-3.1",
        hub_id="cagliostrolab/animagine-xl-3.1",
        licence="faipl-1.0-sd",
        num_inference_steps=28,
        guidance_scale=7.0,
        min_pixels=1024 * 1024 * 8 // 10,
        max_pixels=1024 * 1024,
        weights=_WEIGHTS,
        bucket_multiple=64,
        prompt_template=(
            "(masterpiece), (best quality), (very aesthetic), (absurdres), {prompt}, (rating:safe)"
        ),
        negative_prompt="(worst quality, low quality:1.4), (grayscale), nsfw",
        scheduler_class="EulerAncestralDiscreteScheduler",
        index=_NO_PARTS,
        tokenizer_files=_TOKENIZER_FILES,
    ),
    # Guidance 0 and trailing timesteps: model card; the repository holds fp32 files beside the fp16
    # variant. 512x512 is its native area.
    Model(
        FAMILY,
        name="sdxl-turbo",
        hub_id="stabilityai/sdxl-turbo",
        licence="sai-nc-community",
        num_inference_steps=4,
        guidance_scale=0.0,
        min_pixels=512 * 512 * 8 // 10,
        max_pixels=512 * 512,
        weights=_WEIGHTS,
        bucket_multiple=32,
        scheduler_class="EulerAncestralDiscreteScheduler",
        scheduler_options={"timestep_spacing": "trailing"},
        variant="fp16",
        index=_NO_PARTS,
        tokenizer_files=_TOKENIZER_FILES,
        notice=(
            "SDXL-Turbo's licence (sai-nc-community) is for non-commercial use: "
            "a paid article needs Stability AI's own terms"
        ),
    ),
)
