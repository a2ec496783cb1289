"""What this machine can paint: findings, each with its remedy where one is needed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from headergen.config import Config
from headergen.diffusion import cache, hardware, painter, placement
from headergen.diffusion.checkpoint import Checkpoint
from headergen.diffusion.client import Worker
from headergen.diffusion.hardware import Card, Cards, Memory
from headergen.diffusion.interpreter import find_interpreter
from headergen.diffusion.models import MODELS, Model, admissible_size, render_size
from headergen.diffusion.placement import Hardware
from headergen.diffusion.survey import parts_in, parts_to_fetch
from headergen.errors import InterpreterNotFoundError, PaintError, PlacementError

GIGABYTE = 1e9
_ANSWER_SECONDS = 120.0  # importing torch from a cold disk
_PAINTER_RAM_BYTES = 3_000_000_000  # what the smallest placement needs, and a little
_TEST_SIZE = (128, 64)
_BUSY_FRACTION = 0.25  # of a card's memory in others' hands is worth a look

# The oldest versions that headergen was tried with, and what each optional library is for.
_NEEDED = {"torch": (2, 8), "diffusers": (0, 42), "transformers": (5, 0)}
_OPTIONAL = {
    "compel": "prompts of SDXL models",
    "sdnq": "8 and 4 bits, for cards below 16 GB",
    "gguf": "image.transformer",
}

# Run by the worker's interpreter, where headergen need not be installed.
_QUESTION = f"""
import importlib.util, json, torch, diffusers, transformers
print(json.dumps({{
    "versions": {{m.__name__: m.__version__ for m in (torch, diffusers, transformers)}},
    "lacking": [n for n in {tuple(_OPTIONAL)} if importlib.util.find_spec(n) is None],
    "runtime": torch.version.cuda or torch.version.hip,
    "cuda": torch.cuda.is_available(),
    "mps": torch.backends.mps.is_available(),
}}))
"""


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `remedy` says what to do where it is not `ok`."""

    subject: str
    ok: bool
    message: str
    remedy: str | None = None


def examine(config: Config, root: Path) -> Iterator[Finding]:
    """Look at everything that painting needs, from the hardware to the models; changes nothing."""
    memory, found = hardware.memory(), hardware.cards()
    yield _memory(memory)
    yield _kernel_log()
    yield from _graphics(found)
    answer: Mapping[str, Any] = {}
    try:
        python = find_interpreter(config.worker_python, root)
    except InterpreterNotFoundError as error:
        yield Finding("interpreter", False, error.headline, error.advice)
    else:
        yield Finding("interpreter", True, f"{python} has torch and diffusers")
        answer = _ask(python)
        yield from _libraries(answer, config.device, found)
    yield _disk()
    machine = _hardware(config.device, memory, found, answer)
    for row in MODELS.values():
        yield _model(row, machine)


def self_test(config: Config, root: Path) -> Iterator[Finding]:
    """Paint with a tiny random model of each family, through the whole path, on the device wanted.

    Raises:
        InterpreterNotFoundError: No Python has torch and diffusers.
    """
    python = find_interpreter(config.worker_python, root)
    families = {row.pipeline_class: row for row in MODELS.values()}
    for row in families.values():
        with TemporaryDirectory(prefix="headergen-") as folder:
            try:
                yield _painted(python, row, Path(folder), config)
            except PaintError as error:
                yield Finding(f"self-test {row.pipeline}", False, error.headline, error.advice)


def _painted(python: Path, row: Model, folder: Path, config: Config) -> Finding:
    with Worker(python, "a tiny model", config.worker_timeout_s) as worker:
        worker.send("build", pipeline_class=row.pipeline_class, folder=str(folder))
        worker.receive()
        worker.send("quit")
    timeout_s = config.worker_timeout_s
    load = painter.Load("a tiny model", row, folder, config.device, timeout_s=timeout_s)
    width, height = admissible_size(row, *_TEST_SIZE)
    request = painter.Paint("a lighthouse", None, width, height, 2, row.guidance_scale, seed=0)
    told = _Told()
    with closing(painter.paint(python, load, [request], told)) as results:
        for _, result in results:
            if isinstance(result, PaintError):
                raise result
    return Finding(f"self-test {row.pipeline}", True, f"painted {told.placement}")


class _Told:
    """Keeps of a painter's reports how the model was placed."""

    placement = ""

    def placed(self, name: str, placement: str) -> None:
        """Keep the words before what it needs."""
        self.placement = placement.partition(";")[0]

    def loading(self, part: str, done_bytes: int, total_bytes: int) -> None:
        """Of no interest here."""

    def step(self, index: int, step: int, steps: int) -> None:
        """Of no interest here."""

    def note(self, text: str) -> None:
        """Of no interest here."""


def _memory(memory: Memory) -> Finding:
    total, free = _gb(memory.total_bytes), _gb(memory.available_bytes)
    limit = ", a limit of this container" if memory.limited else ""
    swap = f"swap {_gb(memory.swap_total_bytes)}, {_gb(memory.swap_free_bytes)} free"
    ok = memory.available_bytes >= _PAINTER_RAM_BYTES
    return Finding("system RAM", ok, f"{total}{limit}, {free} free; {swap}", _CLOSE)


_CLOSE = "close other programs: when RAM runs out, the kernel ends the worker (exit 137)"


def _kernel_log() -> Finding:
    log = hardware.kernel_log()
    if log.fault:
        return Finding("kernel log", True, f"cannot be read ({log.fault}): sudo dmesg shows it")
    if not log.kills:
        return Finding("kernel log", True, "no process was ended for want of RAM")
    last = log.kills[-1]
    held = f" with {_gb(last.resident_bytes)}" if last.resident_bytes else ""
    count = f"{len(log.kills)} ended for want of RAM"
    return Finding("kernel log", False, f"{count}, last {last.name} ({last.pid}){held}", _CLOSE)


def _graphics(found: Cards) -> Iterator[Finding]:
    if not found.cards:
        reason = found.fault or "nvidia-smi finds no NVIDIA card"
        yield Finding("graphics", False, reason, _NO_CARD)
    for card in found.cards:
        yield _card(card, found)


_NO_CARD = "prompts need CUDA, MPS (a Mac has it without NVIDIA), or `image: {device: cpu}`"


def _card(card: Card, found: Cards) -> Finding:
    capability = ".".join(map(str, card.capability)) if card.capability else "unknown"
    cuda = f", CUDA up to {'.'.join(map(str, found.cuda))}" if found.cuda else ""
    message = (
        f"{card.index}: {card.name}, {_gb(card.total_bytes)}, {_gb(card.free_bytes)} free, compute "
        f"capability {capability}, driver {card.driver}{cuda}"
    )
    total, free = card.total_bytes or 0, card.free_bytes or 0
    if total - free <= _BUSY_FRACTION * total:
        return Finding("graphics", True, message)
    users = ", ".join(
        f"{each.name} ({each.pid}) {_gb(each.used_bytes)}" for each in hardware.tenants()
    )
    remedy = f"close what holds the rest: {users or 'the driver does not tell which program'}"
    return Finding("graphics", False, message, remedy)


def _ask(python: Path) -> Mapping[str, Any]:
    """Ask the worker's interpreter for its libraries; `fault` says why there is no answer."""
    try:
        done = subprocess.run(
            [python, "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
        answer: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        reason = getattr(error, "stderr", None) or str(error).encode()
        return {"fault": os.fsdecode(reason).strip().rpartition("\n")[2]}
    return answer


def _libraries(answer: Mapping[str, Any], device: str, found: Cards) -> Iterator[Finding]:
    if "fault" in answer:
        yield Finding("libraries", False, f"cannot be imported: {answer['fault']}", _REINSTALL)
        return
    versions = ", ".join(f"{name} {version}" for name, version in answer["versions"].items())
    old = [name for name, least in _NEEDED.items() if _version(answer["versions"][name]) < least]
    message = f"{versions}; too old: {', '.join(old)}" if old else versions
    yield Finding("libraries", not old, message, _REINSTALL)
    for name in answer["lacking"]:
        message = f"{name} is not installed: {_OPTIONAL[name]} need it"
        yield Finding("libraries", False, message, f"pip install {name}, in that environment")
    yield _device(answer, device, found)


_REINSTALL = "pip install --upgrade torch diffusers transformers accelerate, in that environment"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())


def _device(answer: Mapping[str, Any], wanted: str, found: Cards) -> Finding:
    """Judge what torch sees by what the config wants."""
    seen = [name for name in ("cuda", "mps") if answer[name]]
    built = f"built for CUDA or ROCm {answer['runtime']}" if answer["runtime"] else "a CPU build"
    message = f"torch, {built}, sees {' and '.join(seen) or 'no GPU'}; the config says {wanted}"
    ok = wanted == "cpu" or (bool(seen) if wanted == "auto" else wanted.partition(":")[0] in seen)
    if found.cards and not answer["runtime"]:
        remedy = "a CPU build of torch leaves the card idle: install the build for its CUDA version"
    elif found.cards and found.cuda and _version(answer["runtime"]) > found.cuda:
        newest = ".".join(map(str, found.cuda))
        remedy = (
            f"the driver runs CUDA up to {newest}: update it, or install a torch built for that"
        )
    elif found.cards:
        remedy = "torch and the driver do not go together: update the driver, then restart"
    else:
        remedy = "`image: {device: cpu}` if you are patient; or paint on another machine"
    return Finding("device", ok, message, None if ok else remedy)


def _disk() -> Finding:
    folder = cache.models_folder()
    free = hardware.free_disk_bytes(folder)
    largest = max(MODELS.values(), key=lambda row: row.stored_bytes)
    ok = free >= largest.stored_bytes or any(folder.glob(f"*/*/{cache.MANIFEST}"))
    message = f"{_gb(free)} free for models in {folder}"
    needs = f"{largest.name} takes {_gb(largest.stored_bytes)}: make room, or set HEADERGEN_MODELS"
    return Finding("disk", ok, message, None if ok else needs)


def _hardware(wanted: str, memory: Memory, found: Cards, answer: Mapping[str, Any]) -> Hardware:
    """Say what a worker would find here: the card, as far as torch is able to see it."""
    card = found.cards[0] if found.cards else None
    if wanted != "cpu" and card and card.free_bytes is not None and answer.get("cuda", True):
        device, bfloat16 = "cuda", (card.capability or (8, 0)) >= (8, 0)
    else:
        card, device, bfloat16 = None, "mps" if answer.get("mps") else "cpu", True
    # On a Mac the GPU shares the RAM; macOS lets it have some two thirds.
    shared = memory.available_bytes * 2 // 3 if device == "mps" else None
    return Hardware(
        device=device,
        vram_free_bytes=card.free_bytes if card else shared,
        vram_total_bytes=card.total_bytes if card else shared,
        ram_available_bytes=memory.available_bytes,
        ram_total_bytes=memory.total_bytes,
        capability=card.capability if card else None,
        bfloat16=bfloat16,
    )


def _model(row: Model, machine: Hardware) -> Finding:
    """Say whether a model is here, and how it would be placed on this machine."""
    found = cache.find(Checkpoint(row, row.hub_id, local=False))
    if found:
        here, parts = f"in {found.folder}", parts_in(found.folder, row, {})
    else:
        here = f"not fetched ({_gb(row.published_bytes)}: headergen fetch {row.name})"
        parts = parts_to_fetch(row)
    try:
        size = render_size(row, 1280, 670)
        placed = placement.ladder(row, parts, machine, size, quantizable=True)[0]
    except PlacementError as error:
        return Finding(row.name, False, f"{here}; {error.headline}", error.advice)
    return Finding(row.name, True, f"{here}; would paint {placed.describe()}")


def _gb(size_bytes: int | None) -> str:
    return "unknown" if size_bytes is None else f"{size_bytes / GIGABYTE:.1f} GB"
