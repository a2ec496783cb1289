"""What is known before anything is loaded: the device, and how large each part of a model is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headergen.diffusion import hardware, snapshot
from headergen.diffusion.client import Worker
from headergen.diffusion.families.family import Model
from headergen.diffusion.placement import Hardware, Part


def survey(worker: Worker, device: str) -> Hardware:
    """Ask a worker for `device`: `auto`, `cuda`, `cuda:N`, `mps` or `cpu`.

    Raises:
        DeviceNotFoundError: It is not there.
        PaintError: The worker's libraries cannot be imported, or it died.
    """
    worker.send("survey", device=device)
    facts = worker.receive()
    capability = facts["capability"]
    return Hardware(
        device=facts["device"],
        vram_free_bytes=facts["vram_free"],
        ram_available_bytes=hardware.memory().available_bytes,
        capability=(capability[0], capability[1]) if capability else None,
        bfloat16=facts["bfloat16"],
        quantizable=facts["quantizable"],
    )


def parts_in(folder: Path, row: Model, replaced: Mapping[str, str]) -> list[Part]:
    """Read how large the parts of the checkpoint in `folder` are.

    `replaced` maps a part to the GGUF file that holds its weights in the folder's place.

    Raises:
        SnapshotError: The folder is no whole checkpoint.
    """
    found = snapshot.read(folder, row.family.pipeline_class, row.variant, replaced=replaced)
    parts = [
        Part(name, found.bytes_by_dtype(name), found.is_quantized(name)) for name in found.weights
    ]
    return parts + [
        Part(name, {"GGUF": Path(file).stat().st_size}, quantized=True)
        for name, file in replaced.items()
    ]


def parts_to_fetch(row: Model) -> list[Part]:
    """Tell from the table how large the parts of a model will be, as `headergen fetch` stores them.

    A copy of a model, such as one tuned further, has its parameters and so its sizes.
    """
    return [
        Part(name, {"BF16": size // 2} if dtype == "F32" else {dtype: size})
        for name, (dtype, size) in row.weights.items()
    ]
