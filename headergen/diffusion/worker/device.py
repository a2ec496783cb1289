"""Which device there is, and what it has: the facts that a placement is made of."""

from __future__ import annotations

import sys
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
    """Turn `auto`, `cuda`, `cuda:N`, `xpu`, `xpu:N`, `mps` or `cpu` into a device that is there.

    AMD's cards are `cuda` to a torch that is built for ROCm.

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
    there = ", ".join(present) or "no CUDA, XPU or MPS device"
    reasons = "; ".join([_build(torch), *(str(note.message) for note in notes[:1])])
    raise WorkerError("device", f"{sought} was found: torch sees {there} ({reasons})")


def keep_within_what_is_free(torch: Any, name: str) -> None:
    """Have torch refuse to take more of a card's memory than is free now.

    On Windows the driver would give it system RAM, twenty times slower, and say nothing.
    """
    library = library_of(torch, name)
    # Intel's got the function in torch 2.9.
    if hasattr(library, "set_per_process_memory_fraction"):
        free, total = library.mem_get_info(name)
        library.set_per_process_memory_fraction(free / total, name)


def library_of(torch: Any, name: str) -> Any:
    """Return torch's module for cards of CUDA, ROCm or XPU; None for another device."""
    kind = name.partition(":")[0]
    return getattr(torch, kind) if kind in _CARDS else None


def peaks(torch: Any, name: str) -> dict[str, int | None]:
    """Return the most memory that this process has held: of the card by torch, and RAM, in bytes.

    None: the system does not tell.
    """
    library = library_of(torch, name)
    return {"peak_vram": library and library.max_memory_reserved(name), "peak_ram": _peak_ram()}


def _peak_ram() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def drop_unused(torch: Any) -> None:
    """Give the memory that torch keeps for later back to the device."""
    for name in ("cuda", "xpu"):
        if _is_available(torch, name):
            getattr(torch, name).empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


# What torch calls the cards of NVIDIA and AMD, and those of Intel.
_CARDS = ("cuda", "xpu")


def _is_available(torch: Any, kind: str) -> bool:
    return bool(hasattr(torch, kind) and getattr(torch, kind).is_available())


def _accelerators(torch: Any) -> list[str]:
    found = []
    for kind in _CARDS:
        if _is_available(torch, kind):
            count = getattr(torch, kind).device_count()
            found += [kind, *(f"{kind}:{number}" for number in range(count))]
    return found + (["mps"] if torch.backends.mps.is_available() else [])


def _build(torch: Any) -> str:
    version = torch.version
    runtimes = {
        "CUDA": version.cuda,
        "ROCm": version.hip,
        "XPU": getattr(version, "xpu", None),
    }
    found = " and ".join(f"{name} {number}" for name, number in runtimes.items() if number)
    return f"torch {torch.__version__}, built {f'with {found}' if found else 'for the CPU alone'}"


def _facts(torch: Any, name: str) -> dict[str, Any]:
    """Ask the device for its name, memory (bytes), compute capability and native bfloat16."""
    if name == "cpu":
        return {"card": None, "vram_free": None, "capability": None, "bfloat16": True}
    if name == "mps":
        free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return {"card": None, "vram_free": free, "capability": None, "bfloat16": _mps(torch)}
    library = library_of(torch, name)
    free, _ = library.mem_get_info(name)
    facts = {"card": library.get_device_name(name), "vram_free": free}
    if name.startswith("xpu"):
        return {**facts, "capability": None, "bfloat16": library.is_bf16_supported()}
    return {
        **facts,
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
