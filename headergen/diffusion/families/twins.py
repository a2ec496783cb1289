"""Checkpoints with random weights: tiny twins of real ones, real diffusers folders under 5 MB.

`headergen doctor --self-test` paints with them before a download of 20 GB, and so do the tests.
Here is also what several families share: tokenizers, and the configs of common parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from headergen.diffusion.families import layout
from headergen.diffusion.families.family import Family, Model

_BLOCKS = 4  # an 8-fold VAE, so that sizes are multiples of 8 or 16 px

TINY_VAE = {
    "block_out_channels": [4] * _BLOCKS,
    "down_block_types": ["DownEncoderBlock2D"] * _BLOCKS,
    "up_block_types": ["UpDecoderBlock2D"] * _BLOCKS,
    "layers_per_block": 1,
    "norm_num_groups": 2,
    "mid_block_add_attention": False,  # it would take most of the time of a 1280x672 picture
}

_CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

# What clip_tokenizer knows: 256 bytes, the same as a word's end, and two marks.
# The published configs have wrong numbers for the marks, too.
CLIP_MARKS = {"vocab_size": 514, "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1}


def tiny_qwen(*, layers: int, width: int = 32) -> dict[str, Any]:
    """Return the config of a small Qwen3 that knows what `qwen_tokenizer` knows."""
    return {
        "vocab_size": 259,  # 256 bytes, the chat's two marks, and the end of a text
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 16,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "tie_word_embeddings": True,
        "rope_theta": 1_000_000,
    }


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


def clip_tokenizer(pad_token: str = "<|endoftext|>") -> Any:
    """Build a tokenizer of single bytes, each also as a word's end, and CLIP's two marks."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={word: number for number, word in enumerate(words)},
        merges=[],
        model_max_length=77,
        pad_token=pad_token,
    )


def second_clip_tokenizer() -> Any:
    """Build the tokenizer of SDXL's second encoder, which fills prompts up with `!`."""
    return clip_tokenizer(pad_token="!")


def save(row: Model, folder: Path, **sizes: Mapping[str, Any]) -> Path:
    """Save the tiny twin of `row` into `folder`, laid out as the model is published.

    `sizes` changes parts' configs: SDNQ quantises no layer of fewer than 16384 weights.
    """
    import torch

    torch.manual_seed(0)
    family = row.family
    chosen = {name: {**config, **sizes.get(name, {})} for name, config in family.tiny.items()}
    built = parts(family, chosen)
    if row.scheduler_class:
        config = chosen["scheduler"] | dict(row.scheduler_options)
        built["scheduler"] = _part(f"diffusers.{row.scheduler_class}", config, "cpu")
    layout.write(row, built, folder)
    return folder


def parts(
    family: Family, sizes: Mapping[str, Mapping[str, Any]], device: str = "cpu"
) -> dict[str, Any]:
    """Build a family's parts in the given sizes; with `device` "meta" weights take no memory."""
    return {
        name: _part(built_by, sizes[name], device) if isinstance(built_by, str) else built_by()
        for name, built_by in family.parts.items()
    }


def _part(class_name: str, config: Mapping[str, Any], device: str) -> Any:
    import torch

    library, _, name = class_name.partition(".")
    chosen = getattr(import_module(library), name)
    if name.endswith("Scheduler"):  # it computes with its numbers at once
        return chosen(**config)
    with torch.device(device):
        if library == "transformers":
            return chosen(chosen.config_class(**config))
        return _with_statistics(chosen(**config))


def _with_statistics(part: Any) -> Any:
    """Give batch norms numbers as if they had seen pictures: new ones change nothing."""
    import torch

    for module in part.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    return part
