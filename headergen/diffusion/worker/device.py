"""Which device there is, and what it has: the facts that a placement is made of."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from headergen.diffusion.worker.events import Emit, WorkerError
from headergen.diffusion.worker.libraries import installed, load


def survey(order: Mapping[str, Any], emit: Emit) -> None:
    """Find the device that `order` wants and emit `surveyed` with its memory and abilities.

    Raises:
        WorkerError: If the device is not there.
    """
    torch = load("torch")
    name = pick(torch, order["device"])
    emit("surveyed", device=name, quantizable=installed("sdnq"), **_facts(torch, name))


def pick(torch: Any, wanted: str) -> str:
    """Turn `auto`, `cuda`, `cuda:N`, `mps` or `cpu` into a device that is there.

    Raises:
        WorkerError: If it is not. For `auto` the CPU is no answer: a picture would take an hour.
    """
    if wanted == "cpu":
        return wanted
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        present = _accelerators(torch)
    if wanted == "auto" and present:
        return present[0]
    if wanted in present:
        return wanted
    sought = "no GPU" if wanted == "auto" else f"no device {wanted!r}"
    there = ", ".join(present) or "no CUDA and no MPS device"
    reasons = "; ".join([_build(torch), *(str(note.message) for note in notes[:1])])
    raise WorkerError("device", f"{sought} was found: torch sees {there} ({reasons})")


def keep_within_what_is_free(torch: Any, name: str) -> None:
    """Have torch refuse to take more of a card's memory than is free now.

    On Windows the driver would give it system RAM, twenty times slower, and say nothing.
    """
    if name.startswith("cuda"):
        free, total = torch.cuda.mem_get_info(name)
        torch.cuda.set_per_process_memory_fraction(free / total, name)


def _accelerators(torch: Any) -> list[str]:
    cuda = ["cuda"] if torch.cuda.is_available() else []
    cuda += [f"cuda:{number}" for number in range(torch.cuda.device_count() if cuda else 0)]
    return cuda + (["mps"] if torch.backends.mps.is_available() else [])


def _build(torch: Any) -> str:
    runtime = torch.version.cuda or torch.version.hip
    build = f"with CUDA or ROCm {runtime}" if runtime else "without CUDA"
    return f"torch {torch.__version__}, built {build}"


def _facts(torch: Any, name: str) -> dict[str, Any]:
    """Ask the device for its memory (bytes), its compute capability and native bfloat16."""
    if name == "cpu":
        return {"vram_free": None, "capability": None, "bfloat16": True}
    if name == "mps":
        free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return {"vram_free": free, "capability": None, "bfloat16": _mps(torch)}
    free, _ = torch.cuda.mem_get_info(name)
    return {
        "vram_free": free,
        "capability": list(torch.cuda.get_device_capability(name)),
        # Not is_bf16_supported(), which counts emulation in: correct, but slow (Turing).
        "bfloat16": torch.cuda.get_device_capability(name) >= (8, 0) or bool(torch.version.hip),
    }


def _mps(torch: Any) -> bool:
    """Try bfloat16: macOS before 14 has none on MPS."""
    try:
        torch.zeros(1, dtype=torch.bfloat16, device="mps")
    except (TypeError, RuntimeError):
        return False
    return True
