"""Checkpoints of the published sizes with random weights, written tensor by tensor.

Speed and memory don't depend on the values of weights, so nothing is downloaded. Each part is built
on torch's meta device, where it takes no memory, and written from there: RAM holds one tensor.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import published

from headergen.diffusion.families import twins
from headergen.diffusion.families.family import Family, Model

# Tera floating point operations of one 1280x670 header, counted on the meta device by torch's
# FlopCounterMode. Z-Image: 8 steps, a prompt padded to 512 tokens (376 in all).
# Animagine: 28 steps of two pictures of 1344x704 px (348 in all).
TERAFLOP: Mapping[str, Mapping[str, float]] = {
    "z-image-turbo": {"encode": 3.9, "denoise": 8 * 45.5, "decode": 8.5},
    "animagine-xl-3.1": {"encode": 0.22, "denoise": 28 * 12.08, "decode": 9.4},
}


def parts(family: Family) -> dict[str, Any]:
    """Build a family's parts in their published sizes, with weights on the meta device."""
    return twins.parts(family, published.configs(family), "meta")


def parameters(part: Any) -> int:
    """Count the numbers that a part holds; 0 for a scheduler or a tokenizer."""
    return sum(each.numel() for each in part.parameters()) if hasattr(part, "parameters") else 0


def disk_bytes(row: Model) -> int:
    """Say how much disk the checkpoint of `row` takes: two bytes a parameter."""
    return 2 * sum(parameters(part) for part in parts(row.family).values())


def build(row: Model, folder: Path) -> None:
    """Write a checkpoint of `row` into `folder`, in its precision, as diffusers lays it out."""
    family = row.family
    index: dict[str, Any] = {"_class_name": family.pipeline_class, **family.settings}
    for name, part in parts(family).items():
        index[name] = [type(part).__module__.partition(".")[0], type(part).__name__]
        write_part(part, folder / name, family.dtype)
    (folder / "model_index.json").write_text(json.dumps(index, indent=2))


def write_part(part: Any, folder: Path, dtype: str) -> None:
    """Write a part's config, and random weights in `dtype` if it bears any."""
    if not parameters(part):
        part.save_pretrained(folder)
        return
    folder.mkdir(parents=True)
    if hasattr(part, "save_config"):  # diffusers
        part.save_config(folder)
        file = folder / "diffusion_pytorch_model.safetensors"
    else:
        part.config.save_pretrained(folder)
        file = folder / "model.safetensors"
    shapes = {name: list(tensor.shape) for name, tensor in part.state_dict().items()}
    _write_weights(file, shapes, dtype)


def _write_weights(path: Path, shapes: Mapping[str, list[int]], dtype: str) -> None:
    import torch

    kind = getattr(torch, dtype)
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in shapes.items():
        end = offset + math.prod(shape) * kind.itemsize
        letters = {"bfloat16": "BF16", "float16": "F16"}[dtype]
        header[name] = {"dtype": letters, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode("ascii")
    text += b" " * (-len(text) % 8)  # the format wants tensors aligned
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            values = _random(name, shape, kind)
            file.write(values.reshape(-1).view(torch.uint8).numpy().data)


def _random(name: str, shape: list[int], kind: Any) -> Any:
    """Draw values that keep activations near 1: NaN or black would be no picture."""
    import torch

    if len(shape) < 2:  # a norm's or a bias
        return torch.full(shape, float(name.endswith("weight")), dtype=kind)
    bound = math.sqrt(3 / math.prod(shape[1:]))
    return torch.empty(shape, dtype=kind).uniform_(-bound, bound)
