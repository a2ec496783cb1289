"""Store weights in another precision, one tensor at a time: RAM holds a tensor, not a model."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from headergen.diffusion.worker import fit, quantize

# A quantised part is written in files of this size, each of which RAM holds once.
_SHARD_BYTES = 1_000_000_000


def convert_file(source: Path, target: Path, dtype: Any) -> None:
    """Write the safetensors file `source` to `target` with its float32 tensors in `dtype`.

    `target` appears under its name when it is whole. Rounding is torch's (to nearest even).
    """
    from safetensors import safe_open

    with safe_open(source, framework="pt") as tensors:
        names, header = _header(tensors, dtype)

        read = ((tensors.get_tensor(name), dtype) for name in names)
        durably(target, lambda temporary: _write(temporary, header, read))


def save_tensors(tensors: Mapping[str, Any], target: Path, dtype: Any) -> None:
    """Write tensors to the safetensors file `target`, one at a time; float32 ones in `dtype`."""
    with_dtypes = {
        name: dtype if each.dtype == _float32() else each.dtype for name, each in tensors.items()
    }
    names = sorted(tensors, key=lambda name: (-with_dtypes[name].itemsize, name))
    shapes = {name: list(tensors[name].shape) for name in names}
    header = _laid_out(names, with_dtypes, shapes, {"format": "pt"})
    durably(target, lambda path: _write(path, header, ((tensors[n], dtype) for n in names)))


def _float32() -> Any:
    import torch

    return torch.float32


def _write(path: Path, header: Mapping[str, Any], tensors: Iterable[tuple[Any, Any]]) -> None:
    with path.open("wb") as file:
        text = json.dumps(header).encode("utf-8")
        text += b" " * (-len(text) % 8)  # the format wants tensors aligned
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor, dtype in tensors:
            file.write(_bytes_of(tensor, dtype))


def _header(tensors: Any, dtype: Any) -> tuple[list[str], dict[str, Any]]:
    """Lay out the target: tensors by size of their elements, so that each is aligned."""
    from safetensors.torch import _TYPES

    found = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118
    stored = {
        name: dtype if each.get_dtype() == "F32" else _TYPES[each.get_dtype()]
        for name, each in found.items()
    }
    names = sorted(found, key=lambda name: (-stored[name].itemsize, name))
    shapes = {name: found[name].get_shape() for name in names}
    return names, _laid_out(names, stored, shapes, tensors.metadata() or {"format": "pt"})


def _laid_out(
    names: Sequence[str],
    dtypes: Mapping[str, Any],
    shapes: Mapping[str, list[int]],
    metadata: Mapping[str, str],
) -> dict[str, Any]:
    from safetensors.torch import _TYPES

    names_of = {value: name for name, value in _TYPES.items()}
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    offset = 0
    for name in names:
        size = dtypes[name].itemsize * math.prod(shapes[name])
        header[name] = {
            "dtype": names_of[dtypes[name]],
            "shape": shapes[name],
            "data_offsets": [offset, offset + size],
        }
        offset += size
    return header


def _bytes_of(tensor: Any, dtype: Any) -> memoryview:
    import torch

    if tensor.dtype == torch.float32:
        tensor = tensor.to(dtype)
    data: memoryview = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data
    return data


def quantize_part(
    part_class: Any, folder: Path, files: list[str], *, bits: str, dtype: Any
) -> None:
    """Replace the weights of the part in `folder`, which are in `files`, by quantised ones.

    Until all of it is written beside it, the folder stays as it is.

    Raises:
        WorkerError: Tensors are missing or have another shape than the part's config says.
    """
    model = fit.empty(part_class, folder)
    names = fit.names_in(model, folder, files)
    beside = folder.with_name(f".{folder.name}.quantized")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    for path in folder.glob("*.json"):
        if not path.name.endswith(".index.json"):
            shutil.copyfile(path, beside / path.name)
    tensors = quantize.quantized_tensors(
        model, _tensors(folder, files, names), bits=bits, dtype=dtype
    )
    stem = "model" if files[0].startswith("model") else "diffusion_pytorch_model"
    facts = _write_shards(beside, stem, tensors)
    config = json.loads((folder / "config.json").read_bytes()) | {"quantization_config": facts}
    text = json.dumps(config, indent=2, default=str).encode("utf-8")
    durably(beside / "config.json", lambda path: path.write_bytes(text))
    shutil.rmtree(folder)
    beside.rename(folder)


def _write_shards(
    folder: Path, stem: str, tensors: Iterator[tuple[str, Any] | dict[str, Any]]
) -> dict[str, Any]:
    """Write tensors in files of bounded size; returns what comes last, the configuration."""
    shard: dict[str, Any] = {}
    shards: list[list[str]] = []
    facts: dict[str, Any] = {}
    for item in tensors:
        if isinstance(item, dict):
            facts = item
        else:
            shard[item[0]] = item[1].contiguous()
        if facts or sum(tensor.nbytes for tensor in shard.values()) >= _SHARD_BYTES:
            _save(shard, folder / f"{len(shards)}.shard")
            shards.append(list(shard))
            shard = {}
    _name_shards(folder, stem, shards)
    return facts


def _save(tensors: Mapping[str, Any], target: Path) -> None:
    from safetensors.torch import save_file

    durably(target, lambda path: save_file(dict(tensors), path, metadata={"format": "pt"}))


def _name_shards(folder: Path, stem: str, shards: Sequence[Sequence[str]]) -> None:
    """Give the files the names by which diffusers and transformers find them."""
    count = len(shards)
    weight_map: dict[str, str] = {}
    for number, tensors in enumerate(shards):
        name = f"{stem}-{number + 1:05d}-of-{count:05d}.safetensors"
        name = name if count > 1 else f"{stem}.safetensors"
        os.replace(folder / f"{number}.shard", folder / name)
        weight_map |= dict.fromkeys(tensors, name)
    if count > 1:
        text = json.dumps({"metadata": {}, "weight_map": weight_map}).encode("utf-8")
        index = folder / f"{stem}.safetensors.index.json"
        durably(index, lambda path: path.write_bytes(text))


def _tensors(folder: Path, files: list[str], names: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Read the tensors that `names` maps to the model's own names."""
    from safetensors import safe_open

    for file in files:
        with safe_open(folder / file, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118
                if name in names:
                    yield names[name], tensors.get_tensor(name)


def durably(target: Path, write: Callable[[Path], Any]) -> None:
    """Have a file written under another name, and give it its own when it is on the disk."""
    temporary = target.with_name(f".{target.name}.tmp")
    write(temporary)
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, target)
