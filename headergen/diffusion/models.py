"""The model table: what headergen knows about each model that it paints with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Model:
    """One row of the table: a published checkpoint and the settings that its authors give for it.

    `pipeline` is the diffusers entry point that loads it and `pipeline_class` what the
    checkpoint's own `model_index.json` names. `dtype` is the precision on every device: never
    float32 (fp16 overflows to NaN in Z-Image, Tongyi-MAI/Z-Image #14). Render sizes are multiples
    of `size_multiple` px with an area between `min_pixels` and `max_pixels`; a model that was
    trained on fixed shapes paints best on multiples of `bucket_multiple` px. `weights` tells for
    each part that bears any the safetensors dtype and the bytes that are published. With
    `prompt_weights` it knows AUTOMATIC1111's notation; a negative prompt has an effect where the
    guidance scale is above `guided_above`. With `seeds_vary_little` another seed gives nearly the
    same picture, so that candidates need other words as well.
    """

    name: str
    hub_id: str
    pipeline: str
    pipeline_class: str
    dtype: str
    num_inference_steps: int
    guidance_scale: float
    size_multiple: int
    min_pixels: int
    max_pixels: int
    bucket_multiple: int | None = None
    prompt_template: str = "{prompt}"
    negative_prompt: str | None = None
    scheduler_class: str | None = None
    scheduler_options: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )
    variant: str | None = None
    notice: str | None = None
    prompt_weights: bool = False
    seeds_vary_little: bool = False
    guided_above: float = 0.0
    weights: Mapping[str, tuple[str, int]] = field(
        default_factory=lambda: MappingProxyType({}), hash=False
    )

    @property
    def published_bytes(self) -> int:
        """How much there is to download."""
        return sum(size for _, size in self.weights.values())

    @property
    def stored_bytes(self) -> int:
        """How much of it `headergen fetch` keeps: float32 is stored as half of it."""
        return sum(size // 2 if dtype == "F32" else size for dtype, size in self.weights.values())


# Two bytes a parameter: 2.567 G in the UNet, 123 M and 695 M in the text encoders, 84 M in the VAE
# (counted in the published configs).
_SDXL_WEIGHTS = MappingProxyType(
    {
        "unet": ("F16", 5_134_927_368),
        "text_encoder": ("F16", 246_120_960),
        "text_encoder_2": ("F16", 1_389_319_680),
        "vae": ("F16", 167_307_726),
    }
)

MODELS: Mapping[str, Model] = MappingProxyType(
    {
        row.name: row
        for row in (
            # Steps, guidance and dtype: model card. Multiples of 16 px: ZImagePipeline raises
            # otherwise.
            Model(
                name="z-image-turbo",
                hub_id="Tongyi-MAI/Z-Image-Turbo",
                pipeline="ZImagePipeline",
                pipeline_class="ZImagePipeline",
                dtype="bfloat16",
                num_inference_steps=8,
                guidance_scale=0.0,
                size_multiple=16,
                min_pixels=512 * 512,
                max_pixels=1536 * 1536,
                # Tongyi-MAI/Z-Image #16, #27.
                seeds_vary_little=True,
                # 6.155 G parameters in float32, and the sizes of the published files.
                weights=MappingProxyType(
                    {
                        "transformer": ("F32", 24_620_000_000),
                        "text_encoder": ("BF16", 8_045_000_000),
                        "vae": ("BF16", 168_000_000),
                    }
                ),
            ),
            # Template, negative prompt, Euler a, 28 steps and guidance 7: model card.
            Model(
                name="animagine-xl-3.1",
                hub_id="cagliostrolab/animagine-xl-3.1",
                pipeline="AutoPipelineForText2Image",
                pipeline_class="StableDiffusionXLPipeline",
                dtype="float16",
                num_inference_steps=28,
                guidance_scale=7.0,
                size_multiple=8,
                min_pixels=1024 * 1024 * 8 // 10,
                max_pixels=1024 * 1024,
                bucket_multiple=64,
                prompt_template=(
                    "(masterpiece), (best quality), (very aesthetic), (absurdres), {prompt}, "
                    "(rating:safe)"
                ),
                negative_prompt="(worst quality, low quality:1.4), (grayscale), nsfw",
                scheduler_class="EulerAncestralDiscreteScheduler",
                prompt_weights=True,
                guided_above=1.0,
                weights=_SDXL_WEIGHTS,
            ),
            # Guidance 0 and trailing timesteps: model card; the repository holds fp32 files beside
            # the fp16 variant. 512x512 is its native area.
            Model(
                name="sdxl-turbo",
                hub_id="stabilityai/sdxl-turbo",
                pipeline="AutoPipelineForText2Image",
                pipeline_class="StableDiffusionXLPipeline",
                dtype="float16",
                num_inference_steps=4,
                guidance_scale=0.0,
                size_multiple=8,
                min_pixels=512 * 512 * 8 // 10,
                max_pixels=512 * 512,
                bucket_multiple=32,
                scheduler_class="EulerAncestralDiscreteScheduler",
                scheduler_options=MappingProxyType({"timestep_spacing": "trailing"}),
                variant="fp16",
                prompt_weights=True,
                guided_above=1.0,
                weights=_SDXL_WEIGHTS,
                notice=(
                    "SDXL-Turbo's licence (sai-nc-community) is for non-commercial use: "
                    "a paid article needs Stability AI's own terms"
                ),
            ),
        )
    }
)


def render_size(model: Model, width: int, height: int) -> tuple[int, int]:
    """Choose the size in px at which `model` paints a picture that ends up as `width`x`height`.

    The aspect ratio is kept as closely as the model admits, so that fitting the picture afterwards
    loses a few rows or columns at most. Z-Image takes the size itself, rounded up to 16 px
    (1280x670 -> 1280x672); SDXL takes the bucket nearest in shape (1280x670 -> 1344x704).
    """
    if model.bucket_multiple:
        return _nearest_bucket(model, width / height)
    area = width * height
    scale = math.sqrt(min(max(area, model.min_pixels), model.max_pixels) / area)
    return admissible_size(model, math.ceil(width * scale), math.ceil(height * scale))


def admissible_size(model: Model, width: int, height: int) -> tuple[int, int]:
    """Round `width` and `height` (px) up to what the model's pipeline accepts."""
    step = model.size_multiple
    return -(-width // step) * step, -(-height // step) * step


def _nearest_bucket(model: Model, ratio: float) -> tuple[int, int]:
    step = model.bucket_multiple or model.size_multiple
    sides = range(step, model.max_pixels // step + 1, step)
    buckets = [
        (width, height)
        for width in sides
        for height in range(step, model.max_pixels // width + 1, step)
        if width * height >= model.min_pixels
    ]
    return min(buckets, key=lambda size: _misfit(size, ratio))


def _misfit(size: tuple[int, int], ratio: float) -> tuple[float, int]:
    """Order sizes by distance from the aspect ratio, then by area, the larger first."""
    width, height = size
    return abs(math.log(width / height / ratio)), -width * height
