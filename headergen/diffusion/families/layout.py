"""Write a tiny twin in the layout in which its model is published: file names, keys and dtypes.

`save_pretrained` of today's libraries writes another one: transformers drops the prefixes of keys,
names another architecture and writes no `vocab.json`. Of the published files,
`tests/data/layouts/` has the facts and their sources.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headergen.diffusion.families.family import Model

# What precedes a tensor's name in the files of a class that has no such prefix in memory, and the
# class that the files were saved from.
_PREFIXES = {"Qwen3Model": "model.", "CLIPTextModel": "text_model."}
_SAVED_FROM = {"Qwen3Model": "Qwen3ForCausalLM"}

# What transformers 4 wrote into a config.json beside architecture, dtype and its version.
_CLIP_KEYS = """
attention_dropout bos_token_id eos_token_id hidden_act hidden_size initializer_factor
initializer_range intermediate_size layer_norm_eps max_position_embeddings model_type
num_attention_heads num_hidden_layers pad_token_id projection_dim vocab_size
"""
_QWEN3_KEYS = """
attention_bias attention_dropout bos_token_id eos_token_id head_dim hidden_act hidden_size
initializer_range intermediate_size max_position_embeddings max_window_layers model_type
num_attention_heads num_hidden_layers num_key_value_heads rms_norm_eps rope_theta sliding_window
tie_word_embeddings use_cache use_sliding_window vocab_size
"""
_CONFIG_KEYS = {"clip_text_model": _CLIP_KEYS.split(), "qwen3": _QWEN3_KEYS.split()}

_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
_STEMS = {"diffusers": "diffusion_pytorch_model", "transformers": "model"}


def write(row: Model, parts: Mapping[str, Any], folder: Path) -> None:
    """Write `parts`, which are in memory, into `folder` as the checkpoint of `row` is published."""
    index = {"_class_name": row.family.pipeline_class, **row.family.settings}
    for name, part in parts.items():
        index[name] = [library_of(part), type(part).__name__]
        (folder / name).mkdir(parents=True)
        if name in row.weights:
            _write_config(row, part, folder / name, _DTYPES[row.weights[name][0]])
            _write_weights(row, name, part, folder / name)
        elif "Tokenizer" in type(part).__name__:
            write_tokenizer(part, folder / name, row.tokenizer_files)
        else:
            part.save_config(folder / name)
    _write_json(folder / "model_index.json", dict(sorted((index | dict(row.index)).items())))


def library_of(part: Any) -> str:
    """Return the library that `part` is of: `diffusers` or `transformers`."""
    return type(part).__module__.partition(".")[0]


def published_tensors(part: Any) -> dict[str, Any]:
    """Return the part's tensors by the names that they have in the published files.

    They are in the order of the part's state dict; of tied tensors only the first is stored.
    """
    prefix = _PREFIXES.get(type(part).__name__, "")
    named, seen = {}, set()
    for name, tensor in part.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            seen.add(id(tensor))
            named[name if name.startswith(prefix) else prefix + name] = tensor.detach()
    return named


def _write_config(row: Model, part: Any, folder: Path, dtype: str) -> None:
    if library_of(part) == "diffusers":
        part.save_config(folder)
        return
    found, name = part.config.to_dict(), type(part).__name__
    found |= found.get("rope_parameters") or {}
    config = {
        "architectures": [_SAVED_FROM.get(name, name)],
        **{key: found[key] for key in _CONFIG_KEYS[found["model_type"]]},
        # The versions that write the chat's template apart name the dtype so.
        "dtype" if "chat_template.jinja" in row.tokenizer_files else "torch_dtype": dtype,
    }
    _write_json(folder / "config.json", config)


def _write_weights(row: Model, name: str, part: Any, folder: Path) -> None:
    """Write a part's tensors: in float32 and as a variant if there are two sets of files."""
    stem, dtype = _STEMS[library_of(part)], row.weights[name][0]
    if row.variant:
        _write_set(part, folder, stem, "F32", 1, "")
        _write_set(part, folder, stem, dtype, 1, row.variant)
    else:
        _write_set(part, folder, stem, dtype, row.shards.get(name, 1), "")


def _write_set(part: Any, folder: Path, stem: str, dtype: str, count: int, variant: str) -> None:
    import torch
    from safetensors.torch import save_file

    stored = getattr(torch, _DTYPES[dtype])
    tensors = {
        name: (tensor.to(stored) if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in published_tensors(part).items()
    }
    weight_map: dict[str, str] = {}
    stem = f"{stem}.{variant}" if variant else stem
    for number, names in enumerate(_runs(list(tensors), count), start=1):
        file = f"{stem}-{number:05d}-of-{count:05d}.safetensors"
        file = file if count > 1 else f"{stem}.safetensors"
        weight_map |= dict.fromkeys(names, file)
        shard = {name: tensors[name] for name in names}
        save_file(shard, folder / file, metadata={"format": "pt"})
    if count > 1:
        size = sum(tensor.nbytes for tensor in tensors.values())
        index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(weight_map.items()))}
        _write_json(folder / f"{stem}.safetensors.index.json", index)


def _runs(names: list[str], count: int) -> Iterator[list[str]]:
    """Divide names into `count` runs of nearly equal length."""
    for number in range(count):
        yield names[len(names) * number // count : len(names) * (number + 1) // count]


def write_tokenizer(tokenizer: Any, folder: Path, files: frozenset[str]) -> None:
    """Write those of a tokenizer's files that transformers 4 wrote and `files` names."""
    marks = {
        name: value
        for name, value in tokenizer.special_tokens_map.items()
        if isinstance(value, str)
    }
    config = {
        **marks,
        "model_max_length": tokenizer.model_max_length,
        "tokenizer_class": type(tokenizer).__name__,
    }
    if tokenizer.chat_template and "chat_template.jinja" not in files:
        config["chat_template"] = tokenizer.chat_template
    vocabulary = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["vocab"]
    added = {word: at for word, at in tokenizer.get_vocab().items() if word not in vocabulary}
    config["added_tokens_decoder"] = {
        str(at): {"content": word, "special": True} for word, at in added.items()
    }
    texts = {
        "vocab.json": json.dumps(vocabulary),
        "merges.txt": "#version: 0.2\n",
        "special_tokens_map.json": json.dumps(marks),
        "tokenizer_config.json": json.dumps(config),
        "tokenizer.json": tokenizer.backend_tokenizer.to_str(),
        "added_tokens.json": json.dumps(added),
        "chat_template.jinja": tokenizer.chat_template,
    }
    for name in files:
        (folder / name).write_text(texts[name], "utf-8")


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
