"""What this machine can paint: findings, each with its remedy where one is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headergen.config import Config
from headergen.diffusion.interpreter import find_interpreter
from headergen.diffusion.models import MODELS
from headergen.errors import InterpreterNotFoundError

GIGABYTE = 1e9
_ANSWER_SECONDS = 120.0  # importing torch from a cold disk

# Run by the worker's interpreter, where headergen need not be installed.
_QUESTION = """
import json, torch, diffusers, transformers
print(json.dumps({
    "versions": {m.__name__: m.__version__ for m in (torch, diffusers, transformers)},
    "runtime": torch.version.cuda or torch.version.hip,
    "cuda": torch.cuda.is_available(),
    "mps": torch.backends.mps.is_available(),
}))
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
    yield _memory()
    cards = _graphics_cards()
    yield Finding("graphics", bool(cards), cards or "nvidia-smi finds no NVIDIA card", _NO_CARD)
    try:
        python = find_interpreter(config.worker_python, root)
    except InterpreterNotFoundError as error:
        yield Finding("interpreter", False, error.headline, error.advice)
    else:
        yield Finding("interpreter", True, f"{python} has torch and diffusers")
        yield from _libraries(python, config.device, bool(cards))
    for row in MODELS.values():
        yield _model(row.name, row.hub_id)


_NO_CARD = "prompts need CUDA, MPS (a Mac has it without NVIDIA), or `image: {device: cpu}`"


def _memory() -> Finding:
    try:
        page_bytes = os.sysconf("SC_PAGE_SIZE")
        total_bytes = page_bytes * os.sysconf("SC_PHYS_PAGES")
        free_bytes = page_bytes * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return Finding("system RAM", True, "this system does not tell how much there is")
    message = f"{total_bytes / GIGABYTE:.1f} GB, {free_bytes / GIGABYTE:.1f} GB free"
    return Finding("system RAM", True, message)


def _graphics_cards() -> str:
    """Ask the driver for names, memory and version; empty where there is no NVIDIA card."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    fields = "name,memory.total,memory.free,driver_version"
    command = [program, f"--query-gpu={fields}", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = [line.strip() for line in done.stdout.split("\n") if line.strip()]
    return "; ".join(lines) if done.returncode == 0 else ""


def _libraries(python: Path, device: str, has_card: bool) -> Iterator[Finding]:
    try:
        done = subprocess.run(
            [python, "-c", _QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
        answer = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        reason = getattr(error, "stderr", None) or str(error).encode()
        last = os.fsdecode(reason).strip().rpartition("\n")[2]
        yield Finding("libraries", False, f"cannot be imported: {last}", _REINSTALL)
        return
    versions = ", ".join(f"{name} {version}" for name, version in answer["versions"].items())
    yield Finding("libraries", True, versions)
    yield _device(answer, device, has_card)


_REINSTALL = "pip install --upgrade torch diffusers transformers accelerate, in that environment"


def _device(answer: Mapping[str, Any], wanted: str, has_card: bool) -> Finding:
    """Judge what torch sees by what the config wants."""
    seen = [name for name in ("cuda", "mps") if answer[name]]
    built = f"built for CUDA or ROCm {answer['runtime']}" if answer["runtime"] else "a CPU build"
    message = f"torch, {built}, sees {' and '.join(seen) or 'no GPU'}; the config says {wanted}"
    ok = wanted == "cpu" or (bool(seen) if wanted == "auto" else wanted.partition(":")[0] in seen)
    if has_card and not answer["runtime"]:
        remedy = "a CPU build of torch leaves the card idle: install the build for its CUDA version"
    elif has_card:
        remedy = "the driver may be older than torch's CUDA version: update it, then restart"
    else:
        remedy = "`image: {device: cpu}` if you are patient; or paint on another machine"
    return Finding("device", ok, message, None if ok else remedy)


def _model(name: str, hub_id: str) -> Finding:
    folder = _hub_cache() / f"models--{hub_id.replace('/', '--')}" / "snapshots"
    if folder.is_dir():
        return Finding(name, True, f"in the cache, {folder.parent}")
    return Finding(name, True, "not downloaded; `headergen run` downloads what an article needs")


def _hub_cache() -> Path:
    """Where huggingface_hub keeps models (its documentation, "Environment variables")."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("HF_HOME", os.path.join(cache, "huggingface"))
    return Path(os.environ.get("HF_HUB_CACHE", os.path.join(home, "hub"))).expanduser()
