"""What the code knows of a family of models, and of each of its models.

A family is every model of one architecture; a model is one published checkpoint. The functions of
a family run in the worker, so they alone import torch and its like, when they are called.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# Fractions of the render size's sides, tried in turn when no placement is left to try.
SCALES = (1.0, 0.75, 0.5)

Role = Literal["encoder", "denoiser", "decoder"]


def denoise(pipeline: Any, **call: Any) -> Any:
    """Return the latents that the pipeline makes of noise, (1, channels, height / 8, width / 8)."""
    return pipeline(**call, output_type="latent").images


def decode(pipeline: Any, latents: Any) -> Any:
    """Decode latents to a picture in [-1, 1], as pipelines with an AutoencoderKL do.

    The latents are scaled in the precision of the VAE.
    """
    vae = pipeline.vae
    scaled = latents.to(vae.dtype) / vae.config.scaling_factor + (vae.config.shift_factor or 0)
    return vae.decode(scaled, return_dict=False)[0]


@dataclass(frozen=True, eq=False)
class Family:
    """One architecture.

    Attributes:
        name: What messages call it, and the worker's orders.
        pipeline_class: What `model_index.json` names.
        entry_point: The class of diffusers that loads a checkpoint.
        dtype: The precision on every device; never float32.
        size_multiple: Render sizes are multiples of it, in px.
        encoders: The parts that read the prompt.
        denoiser: The part that turns noise into latents.
        parts: The parts in the order in which they are built. Each value is a class
            (`diffusers.AutoencoderKL`), or a function that builds a tokenizer.
        tiny: The config of each part of the tiny twin, which tests and the self-test paint with.
        encode: Takes the pipeline and a picture's settings, and returns arguments of its call.
        encode_bytes: What encoding takes beside the weights, in bytes.
        denoise_bytes: What denoising takes beside the weights, in bytes a pixel of the render size,
            where an element has two bytes.
        decode_bytes: The same for decoding.
        decode_tiled_bytes: The same for decoding by tiles of 512 px.
        quantized_bytes: What a parameter of a quantised part takes, in bytes, by `8bit` and `4bit`.
            It includes scales and the layers that are left alone.
        guided_above: A negative prompt has an effect above this guidance scale.
        clamps: Whether it may be computed in float16 with its numbers clamped, where the device has
            no bfloat16 of its own.
        prompt_weights: Whether prompts may be written in AUTOMATIC1111's notation.
        settings: What `model_index.json` says beside the parts.
        libraries: What it uses beside torch, diffusers and transformers, where it is installed.
        unread: Takes the pipeline and a picture's settings, and returns what of the prompt is not
            read as it is written for want of a library, and the remedy; None if all of it is.
        denoise: Takes the pipeline and the arguments of its call, and returns latents.
        decode: Takes the pipeline and latents, and returns a picture in [-1, 1].
    """

    name: str
    pipeline_class: str
    entry_point: str
    dtype: str
    size_multiple: int
    encoders: tuple[str, ...]
    denoiser: str
    parts: Mapping[str, str | Callable[[], Any]]
    tiny: Mapping[str, Mapping[str, Any]]
    encode: Callable[[Any, Mapping[str, Any]], dict[str, Any]]
    encode_bytes: int
    denoise_bytes: int
    decode_bytes: int
    decode_tiled_bytes: int
    quantized_bytes: Mapping[str, Mapping[str, float]]
    guided_above: float
    clamps: bool = False
    prompt_weights: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()
    unread: Callable[[Any, Mapping[str, Any]], str | None] = lambda pipeline, picture: None
    denoise: Callable[..., Any] = denoise
    decode: Callable[[Any, Any], Any] = decode

    def role(self, part: str) -> Role:
        """Return what the part named `part` does; a part that is not known is loaded last."""
        if part in self.encoders:
            return "encoder"
        return "denoiser" if part == self.denoiser else "decoder"


@dataclass(frozen=True)
class Model:
    """One published checkpoint, and the settings that its authors give for it.

    Attributes:
        family: Its architecture.
        name: What the config and messages call it.
        hub_id: Where it is published.
        licence: What its model card names.
        num_inference_steps: Denoising steps.
        guidance_scale: How closely the picture follows the prompt; 0 or 1 is without guidance.
        min_pixels: The smallest area of a render size.
        max_pixels: The largest area of a render size.
        weights: The safetensors dtype and the published bytes of each part that bears weights.
        bucket_multiple: A model that was trained on fixed shapes paints best on multiples of it.
        prompt_template: What surrounds the author's prompt.
        negative_prompt: What the picture must not show, where the author does not say.
        scheduler_class: The scheduler that replaces the checkpoint's own.
        scheduler_options: What is changed in the scheduler's config.
        variant: Which of several sets of weight files to use, such as `fp16`.
        shards: In how many files the weights of a part are published, where it is not one.
        index: What its `model_index.json` has beside the family's parts and settings.
        tokenizer_files: The files of each tokenizer.
        notice: What to tell whoever picks it.
        seeds_vary_little: Another seed gives nearly the same picture, so that candidates need
            other words as well.
    """

    family: Family
    name: str
    hub_id: str
    licence: str
    num_inference_steps: int
    guidance_scale: float
    min_pixels: int
    max_pixels: int
    weights: Mapping[str, tuple[str, int]] = field(hash=False)
    bucket_multiple: int | None = None
    prompt_template: str = "{prompt}"
    negative_prompt: str | None = None
    scheduler_class: str | None = None
    scheduler_options: Mapping[str, str] = field(default_factory=dict, hash=False)
    variant: str | None = None
    shards: Mapping[str, int] = field(default_factory=dict, hash=False)
    index: Mapping[str, Any] = field(default_factory=dict, hash=False)
    tokenizer_files: frozenset[str] = frozenset()
    notice: str | None = None
    seeds_vary_little: bool = False

    @property
    def published_bytes(self) -> int:
        """How much there is to download."""
        return sum(size for _, size in self.weights.values())

    @property
    def stored_bytes(self) -> int:
        """How much of it `headergen fetch` keeps: float32 is stored as half of it."""
        return sum(size // 2 if dtype == "F32" else size for dtype, size in self.weights.values())

    def render_size(self, width: int, height: int) -> tuple[int, int]:
        """Return the size in px at which to paint a picture that ends up as `width`x`height`.

        The aspect ratio is kept as closely as the model admits, so that fitting the picture
        afterwards loses a few rows or columns at most. A model without buckets takes the size
        itself, rounded up (1280x670 -> 1280x672). One with buckets takes the nearest in shape
        (1280x670 -> 1344x704).
        """
        if self.bucket_multiple:
            return self._nearest_bucket(self.bucket_multiple, width / height)
        area = width * height
        scale = math.sqrt(min(max(area, self.min_pixels), self.max_pixels) / area)
        return self.admissible_size(math.ceil(width * scale), math.ceil(height * scale))

    def admissible_size(self, width: int, height: int) -> tuple[int, int]:
        """Round `width` and `height` (px) up to what the pipeline accepts."""
        step = self.family.size_multiple
        return -(-width // step) * step, -(-height // step) * step

    def sizes_painted(self, width: int, height: int) -> tuple[tuple[int, int], ...]:
        """Return the sizes in px that are tried in turn, smaller ones where memory runs out."""
        return tuple(self.admissible_size(int(width * each), int(height * each)) for each in SCALES)

    def _nearest_bucket(self, step: int, ratio: float) -> tuple[int, int]:
        buckets = [
            (width, height)
            for width in range(step, self.max_pixels // step + 1, step)
            for height in range(step, self.max_pixels // width + 1, step)
            if width * height >= self.min_pixels
        ]
        return min(buckets, key=lambda size: _misfit(size, ratio))


def _misfit(size: tuple[int, int], ratio: float) -> tuple[float, int]:
    """Order sizes by distance from the aspect ratio, then by area, the larger first."""
    width, height = size
    return abs(math.log(width / height / ratio)), -width * height
