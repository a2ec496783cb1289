"""Tiny checkpoints of both families, made of random numbers: real diffusers folders, under 5 MB.

`headergen doctor --self-test` paints with them before a download of 20 GB, and so do the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headergen.diffusion.worker.events import Emit

# As the real ones: an 8-fold VAE, so that Z-Image wants multiples of 16 px and SDXL of 8.
_VAE_BLOCKS = 4

_CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def build(order: Mapping[str, Any], emit: Emit) -> None:
    """Save a checkpoint of the order's `pipeline_class` into its `folder`, and emit `built`."""
    builders = {"ZImagePipeline": build_zimage, "StableDiffusionXLPipeline": build_sdxl}
    builders[order["pipeline_class"]](Path(order["folder"]))
    emit("built")


def build_zimage(folder: Path, *, width: int = 32) -> Path:
    """Save a random checkpoint in the layout of Tongyi-MAI/Z-Image-Turbo into `folder`.

    `width` is that of its layers; SDNQ quantises none of fewer than 16384 weights.
    """
    import diffusers
    import torch

    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    pipeline = diffusers.ZImagePipeline(
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=3.0),
        vae=_vae(latent_channels=16, scaling_factor=0.3611, shift_factor=0.1159),
        text_encoder=_qwen_encoder(len(tokenizer), width),
        tokenizer=tokenizer,
        transformer=_zimage_transformer(width),
    )
    pipeline.save_pretrained(folder)
    return folder


def build_sdxl(folder: Path) -> Path:
    """Save a random SDXL checkpoint into `folder`, with the fp16 variant beside the fp32 files."""
    import diffusers
    import torch

    torch.manual_seed(0)
    tokenizer = clip_tokenizer()
    pipeline = diffusers.StableDiffusionXLPipeline(
        vae=_vae(latent_channels=4, scaling_factor=0.13025, force_upcast=True),
        text_encoder=_clip_encoder(tokenizer, projected=False),
        text_encoder_2=_clip_encoder(tokenizer, projected=True),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=_sdxl_unet(),
        scheduler=diffusers.EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
    )
    pipeline.save_pretrained(folder)
    pipeline.to(dtype=torch.float16).save_pretrained(folder, variant="fp16")
    return folder


def _vae(*, latent_channels: int, **options: Any) -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=latent_channels,
        block_out_channels=[4] * _VAE_BLOCKS,
        down_block_types=["DownEncoderBlock2D"] * _VAE_BLOCKS,
        up_block_types=["UpDecoderBlock2D"] * _VAE_BLOCKS,
        layers_per_block=1,
        norm_num_groups=2,
        mid_block_add_attention=False,  # it would take most of the time of a 1280x672 picture
        **options,
    )


def _zimage_transformer(width: int) -> Any:
    import diffusers

    return diffusers.ZImageTransformer2DModel(
        in_channels=16,
        dim=width,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=width // 16,
        n_kv_heads=width // 16,
        cap_feat_dim=width,
        axes_dims=[8, 4, 4],
        axes_lens=[1024, 128, 128],
    )


def _qwen_encoder(vocabulary: int, width: int) -> Any:
    from transformers import Qwen3Config, Qwen3Model

    return Qwen3Model(
        Qwen3Config(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=2,
            num_attention_heads=width // 16,
            num_key_value_heads=1,
            head_dim=16,
        )
    )


def qwen_tokenizer() -> Any:
    """Build a tokenizer that knows single bytes and the chat marks, so any text has tokens."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer

    letters = sorted(ByteLevel.alphabet())
    tokenizer = Qwen2Tokenizer(
        vocab={letter: number for number, letter in enumerate(letters)},
        merges=[],
        extra_special_tokens=["<|im_start|>", "<|im_end|>"],
    )
    tokenizer.chat_template = _CHAT_TEMPLATE
    return tokenizer


def clip_tokenizer() -> Any:
    """Build a tokenizer of single bytes, each also as a word's end, and CLIP's two marks."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={word: number for number, word in enumerate(words)}, merges=[], model_max_length=77
    )


def _clip_encoder(tokenizer: Any, *, projected: bool) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=16,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def _sdxl_unet() -> Any:
    import diffusers

    return diffusers.UNet2DConditionModel(
        sample_size=32,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        norm_num_groups=4,
        cross_attention_dim=32,  # both encoders side by side: 16 + 16
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=16 + 6 * 8,  # pooled text + six sizes and offsets
    )
