"""Make a diffusers folder of a checkpoint in one file, once: then it is placed like any other.

A single file has weights alone. The configs and tokenizers are those of a model of its family that
is on this machine, or they are downloaded: 3 MB.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headergen.diffusion import single_file, snapshot
from headergen.diffusion.single_file import SingleFile
from headergen.diffusion.worker import convert, fit, hub, parts
from headergen.diffusion.worker.events import Emit, WorkerError
from headergen.diffusion.worker.libraries import load
from headergen.wording import gigabytes


def unpack(order: Mapping[str, Any], emit: Emit) -> None:
    """Write the checkpoint in the order's `file` into its `folder`, and emit `fetched`.

    Raises:
        WorkerError: Tensors are missing or have another shape than in models of the family, the
            disk has too little room, or the configs are not here and cannot be downloaded.
    """
    found, target = single_file.read(Path(order["file"])), Path(order["folder"])
    _check_room(found, target)
    shutil.rmtree(target, ignore_errors=True)
    texts = Path(order["texts"]) if order["texts"] else _download(order, target)
    entries = snapshot.entries_of(snapshot.read_index(texts))
    _copy_texts(texts, entries, target)
    _set_schedule(found, target)
    _write_weights(found, entries, target, emit)
    if order["bits"]:
        hub.quantize(found.family, order, entries, target, emit)
    facts = json.dumps({"revision": order["revision"], "form": order["bits"] or ""}, indent=2)
    convert.durably(target / snapshot.MANIFEST, lambda path: path.write_text(facts, "utf-8"))
    emit("fetched", folder=str(target), revision=order["revision"])


def _check_room(found: SingleFile, target: Path) -> None:
    folder = next(place for place in [target, *target.parents] if place.exists())
    needed = found.path.stat().st_size + hub.SPARE_BYTES
    short = needed - shutil.disk_usage(folder).free
    if short > 0:
        message = f"it takes {gigabytes(needed)} in {target.parent}, {gigabytes(short)} too much"
        raise WorkerError("disk", message)


def _download(order: Mapping[str, Any], target: Path) -> Path:
    """Download the texts of the model whose settings apply."""
    texts = target.with_name(f".{target.name}.texts")
    return hub.fetch_texts(order["hub_id"], texts)


def _copy_texts(texts: Path, entries: list[snapshot.Entry], target: Path) -> None:
    target.mkdir(parents=True)
    shutil.copyfile(texts / "model_index.json", target / "model_index.json")
    for entry in entries:
        (target / entry.name).mkdir()
        for file in (texts / entry.name).iterdir():
            if snapshot.is_text(file.name):
                shutil.copyfile(file, target / entry.name / file.name)
        config = target / entry.name / "config.json"
        if config.exists():  # of a quantised model perhaps
            facts = json.loads(config.read_bytes())
            facts.pop("quantization_config", None)
            config.write_text(json.dumps(facts, indent=2), "utf-8")


def _set_schedule(found: SingleFile, target: Path) -> None:
    """Write into the scheduler's config what the file's marks say; diffusers reads none of them."""
    path = target / "scheduler" / "scheduler_config.json"
    config = json.loads(path.read_bytes())
    config["prediction_type"] = "v_prediction" if found.predicts_v else "epsilon"
    config["rescale_betas_zero_snr"] = found.zero_snr
    path.write_text(json.dumps(config, indent=2), "utf-8")


def _write_weights(
    found: SingleFile, entries: list[snapshot.Entry], target: Path, emit: Emit
) -> None:
    torch = load("torch")
    tensors = load("safetensors.torch").load_file(found.path)  # mapped, not read
    classes = {entry.name: entry for entry in entries}
    split = found.family.from_single_file
    assert split is not None
    try:
        for name, named in split(tensors, target):
            emit("storing", name=name)
            entry, stem = classes[name], _stem(classes[name])
            # A VAE in float32 is so because it overflows in float16.
            is_decoder = found.family.role(name) == "decoder"
            dtype = torch.float32 if is_decoder else getattr(torch, found.family.dtype)
            convert.save_tensors(named, target / name / stem, dtype)
            fit.names_in(fit.empty(parts.part_class(entry), target / name), target / name, [stem])
    except (KeyError, AttributeError, IndexError) as error:
        message = f"{found.path.name} is no whole {found.family.name} model: {error} is missing"
        raise WorkerError("checkpoint", message) from error


def _stem(entry: snapshot.Entry) -> str:
    stem = "diffusion_pytorch_model" if entry.library == "diffusers" else "model"
    return f"{stem}.safetensors"
