"""The parts of a checkpoint: their classes, checked, and their weights, straight to the device."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from headergen.diffusion.families import FAMILIES
from headergen.diffusion.families.family import Family
from headergen.diffusion.snapshot import Entry, Snapshot, Weights, quantization_of, read_index
from headergen.diffusion.worker import clamp, files, fit, quantize, tiles
from headergen.diffusion.worker.events import WorkerError
from headergen.diffusion.worker.libraries import attribute, load

_BASES = {
    "diffusers": ("ModelMixin", "SchedulerMixin"),
    "transformers": ("PreTrainedModel", "PreTrainedTokenizerBase"),
}


def assemble(order: Mapping[str, Any], snapshot: Snapshot) -> Any:
    """Build the pipeline without its weights: tokenizers, the table's scheduler, and the order.

    Raises:
        WorkerError: If a part is no model, scheduler or tokenizer, or one is not there.
    """
    diffusers, family = load("diffusers"), FAMILIES[order["family"]]
    check_complete(attribute(diffusers, family.pipeline_class), snapshot.entries)
    classes = {entry.name: part_class(entry) for entry in snapshot.entries}
    light = {
        entry.name: classes[entry.name].from_pretrained(
            snapshot.folder / entry.name, local_files_only=True
        )
        for entry in snapshot.entries
        if not entry.bears_weights
    }
    named = read_index(snapshot.folder).items()
    parts = [name for name, value in named if isinstance(value, list) and name[0] != "_"]
    absent = dict.fromkeys(name for name in parts if name not in light)
    pipeline = attribute(diffusers, family.entry_point).from_pretrained(
        str(snapshot.folder), local_files_only=True, **light, **absent
    )
    if order["scheduler_class"]:
        scheduler = attribute(diffusers, order["scheduler_class"])
        pipeline.scheduler = scheduler.from_config(
            pipeline.scheduler.config, **order["scheduler_options"]
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def check_complete(pipeline_class: Callable[..., Any], entries: Iterable[Entry]) -> None:
    """Check that model_index.json names every part that the pipeline cannot do without.

    Raises:
        WorkerError: Naming the parts that it lacks.
    """
    parameters = inspect.signature(pipeline_class).parameters.values()
    required = {one.name for one in parameters if one.default is inspect.Parameter.empty}
    lacking = sorted(required - {entry.name for entry in entries})
    if lacking:
        raise WorkerError("checkpoint", f"model_index.json names no {' and no '.join(lacking)}")


def part_class(entry: Entry) -> Any:
    """Find a part's class.

    Raises:
        WorkerError: If it is no model, scheduler or tokenizer of its library.
    """
    library = load(entry.library)
    bases = tuple(getattr(library, name) for name in _BASES[entry.library])
    found = getattr(library, entry.class_name, None)
    if not (inspect.isclass(found) and issubclass(found, bases)):
        version = library.__version__
        message = f"{entry.library} {version} has no {entry.class_name} for {entry.name!r}"
        raise WorkerError("checkpoint", message)
    return found


def load_part(
    entry: Entry,
    snapshot: Snapshot,
    family: Family,
    placement: Mapping[str, Any],
    replaced: Mapping[str, str],
) -> Any:
    """Load the weights of one part onto the placement's device.

    `replaced` maps a part to the GGUF file that holds its weights. In its own precision a
    safetensors file is mapped and not copied; otherwise each tensor is cast on its way, so that
    RAM never holds the part twice.

    Raises:
        WorkerError: If tensors are missing, or are not of the shape that the part's config says.
    """
    folder, chosen = snapshot.folder / entry.name, part_class(entry)
    role, device = family.role(entry.name), placement["device"]
    clamped = family.clamps and placement["dtype"] == "float16"
    dtype = getattr(load("torch"), placement["dtype"])
    if role == "decoder":
        dtype = _decoder_dtype(chosen, folder, dtype)
    elif role == "encoder" and clamped:
        # It reads each prompt once: emulated, its own precision costs a second.
        dtype = getattr(load("torch"), family.dtype)
    if entry.name in replaced:
        file = Path(replaced[entry.name])
        part = quantize.load_gguf(chosen, folder, file, dtype=dtype, device=device)
    else:
        bits = placement["quantization"].get(entry.name)
        part = load_weights(chosen, folder, snapshot.weights[entry.name], dtype, device, bits)
    if role == "decoder" and placement["vae_tiling"]:
        tiles.enable(part)
    elif role == "denoiser" and clamped:
        clamp.clamp_activations(part)
    return part


def _decoder_dtype(chosen: Any, folder: Path, dtype: Any) -> Any:
    """Return float32 for a VAE that overflows in float16."""
    torch = load("torch")
    overflows = chosen.load_config(folder, local_files_only=True).get("force_upcast", False)
    return torch.float32 if overflows and dtype == torch.float16 else dtype


def _check_tensors(
    chosen: Any, folder: Path, weights: Weights, dtype: Any, stored: Mapping[str, Any] | None
) -> None:
    model = fit.empty(chosen, folder)
    if stored:
        if stored.get("quant_method") != "sdnq":
            return  # the layers of another library, which compares them itself
        # Importing SDNQ registers it with diffusers and transformers.
        model = quantize.as_stored(model, stored, dtype)
    fit.names_in(model, folder, weights.files)


def load_weights(
    chosen: Any, folder: Path, weights: Weights, dtype: Any, device: str, bits: str | None
) -> Any:
    """Load the part in `folder` as it is stored, or quantised to `bits` on its way.

    Raises:
        WorkerError: Tensors are missing, or have another shape than the part's config says.
    """
    stored = quantization_of(folder)
    _check_tensors(chosen, folder, weights, dtype, stored)
    options = {"quantization_config": quantize.config_for(bits)} if bits and not stored else {}
    with files.only(folder, weights) as (place, variant):
        # Without `dtype` a half precision file is upcast to float32; without `use_safetensors` a
        # folder that has lost its safetensors is read from its pickles.
        return chosen.from_pretrained(
            place,
            dtype=dtype,
            device_map={"": device},
            use_safetensors=True,
            variant=variant,
            local_files_only=True,
            **options,
        )
