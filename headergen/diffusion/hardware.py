"""What this machine has, asked without torch: RAM, cards, disk, and what the kernel killed.

A program that is missing, hangs or answers oddly is an answer too, and no exception.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from headergen.diffusion import processes

_ANSWER_SECONDS = 20.0  # nvidia-smi takes seconds where no persistence daemon runs
_MEBIBYTE = 2**20
_KIBIBYTE = 2**10

# The limits of the control group that this process is in; "max" (v2) and a huge number (v1) mean
# none. Inside a container both files are at the mount's root.
_CGROUP = "/sys/fs/cgroup/memory"
_CGROUP_LIMITS = (
    (f"{_CGROUP}.max", f"{_CGROUP}.current"),
    (f"{_CGROUP}/memory.limit_in_bytes", f"{_CGROUP}/memory.usage_in_bytes"),
)


@dataclass(frozen=True)
class Memory:
    """System RAM and swap in bytes; `limited` if a control group grants less than there is."""

    total_bytes: int
    available_bytes: int
    swap_total_bytes: int
    swap_free_bytes: int
    limited: bool = False


@dataclass(frozen=True)
class Card:
    """One card as its driver tells it; memory in bytes, None where it does not tell."""

    index: int
    name: str
    total_bytes: int | None
    free_bytes: int | None
    driver: str
    capability: tuple[int, int] | None


@dataclass(frozen=True)
class Process:
    """A process, and the memory that it holds or held; None where nobody tells how much."""

    pid: int
    name: str
    held_bytes: int | None


@dataclass(frozen=True)
class Cards:
    """The cards of one vendor, and the newest CUDA that their driver runs.

    `tool` is the vendor's own program, which was asked; `fault` says where asking failed.
    """

    cards: tuple[Card, ...] = ()
    cuda: tuple[int, int] | None = None
    fault: str | None = None
    tool: str = "nvidia-smi"


@dataclass(frozen=True)
class KernelLog:
    """Which processes the kernel ended for want of memory; `fault`: the log can't be read."""

    kills: tuple[Process, ...] = ()
    fault: str | None = None


# What the drivers of NVIDIA (also in WSL) and AMD put there; a Mac has MPS, Windows has nvidia-smi.
_DEVICE_FILES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
# Intel's render nodes exist on most laptops. torch needs this library of Intel's as well.
_INTELS_LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/libze_intel_gpu.so.1",
    "/usr/lib64/libze_intel_gpu.so.1",
)


def may_paint(device: str) -> bool:
    """Tell, without asking torch, whether there may be the device that the config names."""
    return (
        device == "cpu"
        or sys.platform == "darwin"
        or any(map(os.path.exists, _DEVICE_FILES))
        or any(map(os.path.exists, _INTELS_LIBRARIES))
        or (sys.platform == "win32" and shutil.which("nvidia-smi") is not None)
    )


def memory() -> Memory:
    """Ask for RAM and swap; a control group's limit counts where it is lower."""
    import psutil

    ram, swap = psutil.virtual_memory(), psutil.swap_memory()
    total, available = ram.total, ram.available
    for limit_file, usage_file in _CGROUP_LIMITS:
        limit, usage = _number_in(limit_file), _number_in(usage_file)
        if limit is not None and limit < total:
            left = max(0, limit - (usage or 0))
            return Memory(limit, min(available, left), swap.total, swap.free, limited=True)
    return Memory(total, available, swap.total, swap.free)


def _number_in(file: str) -> int | None:
    try:
        return int(Path(file).read_text("ascii"))
    except (OSError, ValueError):
        return None


def cards() -> Cards:
    """Ask the vendors' own tools for the cards: of NVIDIA, else of AMD, else of Intel."""
    answers = [_nvidia()]
    for ask in (_amd, _intel):
        if not answers[-1].cards:
            answers.append(ask())
    present = [each for each in answers if each.cards]
    installed = [each for each in answers if shutil.which(each.tool)]
    return (present or installed or answers)[0]


def _amd() -> Cards:
    """Ask rocm-smi, which writes lines such as `GPU[0] : VRAM Total Memory (B): 17163091968`."""
    tool = "rocm-smi"
    text, fault = _ask(tool, "--showproductname", "--showmeminfo", "vram", "--showdriverversion")
    told: dict[int, dict[str, str]] = {}
    for number, name, value in re.findall(r"GPU\[(\d{1,4})\]\s*:\s*([^:\n]+):\s*(.*)", text):
        told.setdefault(int(number), {})[name.strip().lower()] = value.strip()
    driver = re.search(r"Driver version:\s*(\S+)", text)
    found = []
    for number, facts in sorted(told.items()):
        total = _bytes(facts.get("vram total memory (b)"))
        used = _bytes(facts.get("vram total used memory (b)"))
        free = total - used if total is not None and used is not None else None
        name = facts.get("card series") or facts.get("card model") or "an AMD card"
        found.append(Card(number, name, total, free, driver[1] if driver else "unknown", None))
    return Cards(tuple(found), fault=fault, tool=tool)


def _intel() -> Cards:
    """Ask xpu-smi, which draws a table; it tells no memory here."""
    tool = "xpu-smi"
    text, fault = _ask(tool, "discovery")
    found = re.findall(r"^\|\s*(\d{1,4})\s*\|\s*Device Name:\s*(.+?)\s*\|", text, re.MULTILINE)
    cards = tuple(Card(int(number), name, None, None, "unknown", None) for number, name in found)
    return Cards(cards, fault=fault, tool=tool)


def _bytes(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _nvidia() -> Cards:
    fields = "index,name,memory.total,memory.free,driver_version"
    text, fault = _ask("nvidia-smi", *_query("gpu", f"{fields},compute_cap"))
    if fault and "compute_cap" in fault:  # drivers before 510 do not know the field
        text, fault = _ask("nvidia-smi", *_query("gpu", fields))
    if fault:
        return Cards(fault=fault)
    header, _ = _ask("nvidia-smi")
    found = re.search(r"CUDA (?:UMD )?Version:\s*(\d{1,4})\.(\d{1,4})", header)
    cuda = (int(found[1]), int(found[2])) if found else None
    return Cards(tuple(card for row in _rows(text) if (card := _card(row))), cuda)


def tenants() -> tuple[Process, ...]:
    """List the processes that hold memory of the cards, as far as the driver tells."""
    text, _ = _ask("nvidia-smi", *_query("compute-apps", "pid,process_name,used_memory"))
    found = [row for row in _rows(text) if len(row) == 3 and _is_number(row[0])]
    return tuple(Process(int(pid), name, _mebibytes(used)) for pid, name, used in found)


def kernel_log() -> KernelLog:
    """Read from the kernel's log which processes it killed for want of memory."""
    faults = []
    for command in (("dmesg",), ("journalctl", "--dmesg", "--no-pager", "--quiet")):
        text, fault = _ask(*command)
        if not fault:
            return KernelLog(tuple(_oom_kills(text)))
        faults.append(fault)
    return KernelLog(fault="; ".join(faults))


def free_disk_bytes(folder: Path) -> int:
    """Say how much room is left where `folder` is, or would be."""
    existing = next(place for place in [folder, *folder.absolute().parents] if place.exists())
    return shutil.disk_usage(existing).free


def _query(what: str, fields: str) -> tuple[str, str]:
    return f"--query-{what}={fields}", "--format=csv,noheader,nounits"


def _ask(program: str, *arguments: str) -> tuple[str, str | None]:
    """Run a program; returns what it said, and why that is nothing."""
    found = shutil.which(program)
    if found is None:
        return "", f"{program} is not installed"
    try:
        environment = {**os.environ, "LC_ALL": "C"}
        done = processes.run([found, *arguments], _ANSWER_SECONDS, environment)
    except subprocess.TimeoutExpired:
        return "", f"{program} did not answer within {_ANSWER_SECONDS:g} s"
    except OSError as error:
        return "", f"{program}: {error.strerror or error}"
    stdout, stderr = (each.decode("utf-8", "replace") for each in (done.stdout, done.stderr))
    if done.returncode:
        said = (stderr.strip() or stdout.strip()).splitlines()
        return "", f"{program}: {said[0] if said else f'exit status {done.returncode}'}"
    return stdout, None


def _rows(text: str) -> list[list[str]]:
    return [[field.strip() for field in line.split(",")] for line in text.splitlines() if line]


def _card(row: list[str]) -> Card | None:
    if len(row) < 5 or not _is_number(row[0]):
        return None
    version = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", row[5]) if len(row) > 5 else None
    capability = (int(version[1]), int(version[2])) if version else None
    total, free = _mebibytes(row[2]), _mebibytes(row[3])
    return Card(int(row[0]), row[1], total, free, row[4], capability)


def _mebibytes(text: str) -> int | None:
    return int(text) * _MEBIBYTE if _is_number(text) else None  # "[N/A]" on some cards


def _is_number(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{1,18}", text))


def _oom_kills(log: str) -> list[Process]:
    pattern = r"Killed process (\d{1,9}) \(([^)]{0,99})\)(?:.{0,500}?anon-rss:(\d{1,18})kB)?"
    return [
        Process(int(pid), name, int(held) * _KIBIBYTE if held else None)
        for pid, name, held in re.findall(pattern, log)
    ]
