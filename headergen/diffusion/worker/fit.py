"""Whether a part's files have the tensors that its config asks for, read from their headers.

One check for all ways of loading. The libraries' own differ: transformers fills in random numbers
for what is missing, and where weights are quantised neither it nor diffusers compares shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headergen.diffusion.snapshot import tensors_in
from headergen.diffusion.worker.events import WorkerError

Shape = tuple[int, ...]

# What diffusers called the layers of a VAE's attention before version 0.17, and still reads.
_OLD_ATTENTION = {
    ".query.": ".to_q.",
    ".key.": ".to_k.",
    ".value.": ".to_v.",
    ".proj_attn.": ".to_out.0.",
}

_NAMED = 3  # tensors that a message names


def empty(part_class: Any, folder: Path) -> Any:
    """Build the part in `folder` without weights: a model of diffusers, or of transformers."""
    import torch

    with torch.device("meta"):
        if hasattr(part_class, "load_config"):
            return part_class.from_config(part_class.load_config(folder, local_files_only=True))
        config = part_class.config_class.from_pretrained(folder, local_files_only=True)
        return part_class(config)


def names_in(model: Any, folder: Path, files: Iterable[str]) -> dict[str, str]:
    """Map each tensor in `files` that `model` wants to its name there.

    Published files have prefixes that the classes of today's transformers have not, or the other
    way round: `model.layers.0…` of a Qwen3ForCausalLM is `layers.0…` of a Qwen3Model.

    Raises:
        WorkerError: Tensors are missing, or have another shape than the part's config says.
    """
    wanted = _wanted(model)
    found = {
        name: tuple(tensor["shape"])
        for file in files
        for name, tensor in tensors_in(folder / file).items()
    }
    prefix = f"{getattr(model, 'base_model_prefix', '') or 'model'}."
    names = {name: own for name in found if (own := _own_name(name, wanted, prefix)) is not None}
    missing = sorted(wanted.keys() - names.values())
    if missing:
        raise WorkerError("checkpoint", f"{folder.name} lacks {_some(missing)}")
    for name, own in names.items():
        if found[name] != wanted[own]:
            message = (
                f"{folder.name} holds {name} in the shape {list(found[name])}; "
                f"its config.json says {list(wanted[own])}"
            )
            raise WorkerError("checkpoint", message)
    return names


def _wanted(model: Any) -> dict[str, Shape]:
    """Return the tensors of a model; of tied ones the first alone, as they are stored."""
    seen: set[int] = set()
    wanted = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            seen.add(id(tensor))
            wanted[name] = tuple(tensor.shape)
    return wanted


def _own_name(name: str, wanted: Mapping[str, Shape], prefix: str) -> str | None:
    for old, new in _OLD_ATTENTION.items():
        name = name.replace(old, new)
    without = name.partition(".")[2]
    return next((each for each in (name, without, prefix + name) if each in wanted), None)


def _some(names: list[str]) -> str:
    others = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {others} other tensors" if others > 0 else "")
