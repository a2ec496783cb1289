"""LoRAs: read in every form in which they are published, and added to what a layer computes.

A layer's output gains `weight * alpha / rank * B(A(x))`, as in PEFT. The layer itself is not
touched, so that quantised ones and those of GGUF files take LoRAs as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headergen.diffusion.families.family import Family
from headergen.diffusion.snapshot import Snapshot
from headergen.diffusion.worker import fit, parts
from headergen.diffusion.worker.events import WorkerError
from headergen.diffusion.worker.libraries import load

# What follows the name of a layer, in the files of kohya and of PEFT.
_ENDINGS = {
    ".lora_down.weight": "a",
    ".lora_up.weight": "b",
    ".lora_A.weight": "a",
    ".lora_B.weight": "b",
    ".lora_A.default.weight": "a",
    ".lora_B.default.weight": "b",
    ".alpha": "alpha",
}
_NAMED = 3  # keys that a message names


@dataclass(frozen=True)
class Addition:
    """What one LoRA adds to one layer; of a fused layer's `b` it has the `rows`."""

    a: Any
    b: Any
    scale: float
    rows: tuple[int, int] | None = None


# By part, then by the name of the layer in it.
Additions = Mapping[str, Mapping[str, Sequence[Addition]]]


def read(order: Mapping[str, Any], family: Family, snapshot: Snapshot) -> Additions:
    """Read the order's LoRAs: for each, its `file` and `weight`.

    Raises:
        WorkerError: A file has keys that are for no layer of the model, or is no LoRA.
    """
    found: dict[str, dict[str, list[Addition]]] = {}
    if not order["loras"]:
        return found
    layers = _layers(family, snapshot)
    for lora in order["loras"]:
        for (part, layer), addition in _of_file(Path(lora["file"]), lora["weight"], layers):
            found.setdefault(part, {}).setdefault(layer, []).append(addition)
    return found


def add(part: Any, additions: Mapping[str, Sequence[Addition]]) -> None:
    """Have the layers of a part add what LoRAs add."""
    for name, each in additions.items():
        layer = part.get_submodule(name)
        for addition in each:
            layer.register_forward_hook(_Hook(addition))


class _Hook:
    """Adds to the output of a layer; moves its tensors to the layer's device when first asked."""

    def __init__(self, addition: Addition) -> None:
        self._addition = addition
        self._ready: tuple[Any, Any] | None = None

    def __call__(self, layer: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        given, added = inputs[0], self._addition
        if self._ready is None:
            b = added.b if added.rows is None else added.b[slice(*added.rows)]
            self._ready = given_like(added.a, given), given_like(b, given)
        a, b = self._ready
        functional = load("torch.nn.functional")
        if a.ndim == 4:
            inner = functional.conv2d(given, a, stride=layer.stride, padding=layer.padding)
            return output + functional.conv2d(inner, b) * added.scale
        return output + functional.linear(functional.linear(given, a), b) * added.scale


def given_like(tensor: Any, given: Any) -> Any:
    """Return a tensor on the device and in the precision of another one."""
    return tensor.to(device=given.device, dtype=given.dtype)


# A layer of a part, and which rows of a fused layer it is.
_Target = tuple[str, str, "tuple[int, int] | None"]


def _layers(family: Family, snapshot: Snapshot) -> Mapping[str, list[_Target]]:
    """Map each name that a LoRA may have for a layer to the layers that it is for."""
    found: dict[str, list[_Target]] = {}
    for entry in snapshot.entries:
        role = family.role(entry.name)
        if not entry.bears_weights or role == "decoder":
            continue
        model = fit.empty(parts.part_class(entry), snapshot.folder / entry.name)
        for name, module in model.named_modules():
            if hasattr(module, "weight") and module.weight is not None and module.weight.ndim > 1:
                for alias, rows in _aliases(family, entry.name, name, module, model):
                    found.setdefault(alias, []).append((entry.name, name, rows))
    return found


def _aliases(
    family: Family, part: str, name: str, module: Any, model: Any
) -> Iterator[tuple[str, tuple[int, int] | None]]:
    """Yield the names of a layer, as `layer` and as `lora_unet_layer`."""
    out = module.weight.shape[0]
    for own, row in ((name, None), *family.lora_names(part, name, model.config)):
        rows = None if row is None else (row * out, (row + 1) * out)
        for prefix in family.lora_prefixes[part]:
            yield (prefix + (own.replace(".", "_") if prefix.endswith("_") else own)), rows


def _of_file(
    file: Path, weight: float, layers: Mapping[str, list[_Target]]
) -> Iterator[tuple[tuple[str, str], Addition]]:
    tensors = load("safetensors.torch").load_file(file)
    named: dict[str, dict[str, Any]] = {}
    strange = []
    for key, tensor in tensors.items():
        ending = next((each for each in _ENDINGS if key.endswith(each)), None)
        if ending is None:
            strange.append(key)
        else:
            named.setdefault(key.removesuffix(ending), {})[_ENDINGS[ending]] = tensor
    strange += [name for name, each in named.items() if not {"a", "b"} <= set(each)]
    strange += [name for name in named if name not in layers]
    if strange or not named:
        raise WorkerError("lora", _refusal(file, sorted(set(strange)), len(tensors)))
    for name, each in named.items():
        rank = each["a"].shape[0]
        alpha = float(each["alpha"]) if "alpha" in each else rank
        for part, layer, rows in layers[name]:
            yield (part, layer), Addition(each["a"], each["b"], weight * alpha / rank, rows)


def _refusal(file: Path, strange: Sequence[str], count: int) -> str:
    if not count:
        return f"the LoRA {file.name} is empty"
    some = ", ".join(re.sub(r"\s", " ", key) for key in strange[:_NAMED])
    more = f" and {len(strange) - _NAMED} others" if len(strange) > _NAMED else ""
    return (
        f"the LoRA {file.name} does not fit: of its {count} tensors the model has no layer for "
        f"{some}{more}"
    )
