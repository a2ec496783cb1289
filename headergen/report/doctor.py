"""What this machine can paint: findings, each with its remedy; and a test with tiny models."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeGuard

from headergen.diffusion import attempts, cache, hardware, placement
from headergen.diffusion.cache import Checkpoint
from headergen.diffusion.client import Worker
from headergen.diffusion.families import FAMILIES, MODELS
from headergen.diffusion.families.family import Model
from headergen.diffusion.hardware import Card, Cards, Memory
from headergen.diffusion.interpreter import ask, find_interpreter
from headergen.diffusion.placement import Hardware, Part
from headergen.diffusion.snapshot import MANIFEST, SnapshotError
from headergen.errors import ConfigError, InterpreterNotFoundError, PaintError, PlacementError
from headergen.plan import model_choice
from headergen.progress import Event, Placed
from headergen.server import client
from headergen.server.transport import Transport
from headergen.settings.config import Config
from headergen.settings.server import Server
from headergen.wording import gigabytes

_ANSWER_SECONDS = 120.0  # importing torch from a cold disk
_SERVER_SECONDS = 10.0  # it lists its models, and paints nothing
_PAINTER_RAM_BYTES = 3_000_000_000  # what the smallest placement needs, and a little
_BUSY_FRACTION = 0.25  # of a card's memory in others' hands is worth a look

# The oldest versions that headergen was tried with, and what each optional library is for.
_NEEDED = {"torch": (2, 8), "diffusers": (0, 42), "transformers": (5, 0)}
_OPTIONAL = {
    **{
        library: f"weights and more than 77 tokens in prompts of {family.name} models"
        for family in FAMILIES.values()
        for library in family.libraries
    },
    "sdnq": "8 and 4 bits, for cards below 16 GB",
    "gguf": "image.transformer",
}

# Run by the worker's interpreter, where headergen need not be installed.
_QUESTION = f"""
import importlib.util, json, torch, diffusers, transformers
def card(library, n):
    try:
        memory = library.mem_get_info(n)
    except RuntimeError:  # so full that CUDA cannot start
        memory = 0, library.get_device_properties(n).total_memory
    return [*memory, *(torch.cuda.get_device_capability(n) if library is torch.cuda else (8, 0))]
cuda = torch.cuda.is_available()
xpu = hasattr(torch, "xpu") and torch.xpu.is_available()
library = torch.cuda if cuda else torch.xpu if xpu else None
print(json.dumps({{
    "versions": {{m.__name__: m.__version__ for m in (torch, diffusers, transformers)}},
    "lacking": [n for n in {tuple(_OPTIONAL)} if importlib.util.find_spec(n) is None],
    "runtime": torch.version.cuda or torch.version.hip or getattr(torch.version, "xpu", None),
    "cuda": cuda,
    "hip": bool(torch.version.hip),
    "xpu": xpu,
    "cards": [card(library, n) for n in range(library.device_count() if library else 0)],
    "mps": torch.backends.mps.is_available(),
}}))
"""


@dataclass(frozen=True)
class Diagnosis:
    """One thing looked at; `remedy` says what to do where it is not `ok`."""

    subject: str
    ok: bool
    message: str
    remedy: str | None = None


def examine(config: Config, root: Path) -> Iterator[Diagnosis]:
    """Look at everything that painting needs, from the hardware to the models; changes nothing.

    Where a server paints, it is asked what it is, and this machine needs nothing.
    """
    if config.server:
        yield _server(config.server)
        return
    memory, found = hardware.memory(), hardware.cards()
    yield _memory(memory)
    yield _kernel_log()
    yield from _graphics(found)
    answer: Mapping[str, Any] = {}
    try:
        python = find_interpreter(config.worker_python, root)
    except InterpreterNotFoundError as error:
        yield Diagnosis("interpreter", False, error.headline, error.advice)
    else:
        yield Diagnosis("interpreter", True, f"{python} has torch and diffusers")
        answer = _ask(python)
        yield from _libraries(answer, config.device, found)
    yield _disk()
    machine = _hardware(config.device, memory, found, answer)
    try:
        chosen = model_choice.for_config(config, root)
    except ConfigError as error:
        yield Diagnosis("image.model", False, str(error), error.advice or "correct the config")
        chosen = None
    for each in _models(chosen):
        own = config if each == chosen else model_choice.config_of(config, each.name)
        size = model_choice.size_to_paint(each.row, own, config.width, config.height)
        yield _model(each, machine, size, asked=config.device, wanted=each == chosen)


def _server(server: Server) -> Diagnosis:
    subject = "image.server"
    try:
        transport = Transport.to(server.base, server.key_env, _SERVER_SECONDS)
        found = client.find(transport, server.dialect, server.model)
    except PaintError as error:
        return Diagnosis(subject, False, error.headline, error.advice)
    message = f"{server.base} ({found.dialect.name}) paints with {found.painter}"
    return Diagnosis(subject, True, message)


def _memory(memory: Memory) -> Diagnosis:
    total, free = _gb(memory.total_bytes), _gb(memory.available_bytes)
    limit = ", a limit of this container" if memory.limited else ""
    swap = f"swap {_gb(memory.swap_total_bytes)}, {_gb(memory.swap_free_bytes)} free"
    ok = memory.available_bytes >= _PAINTER_RAM_BYTES
    return Diagnosis("system RAM", ok, f"{total}{limit}, {free} free; {swap}", _CLOSE)


_CLOSE = "close other programs: when RAM runs out, the kernel ends the worker (exit 137)"


def _kernel_log() -> Diagnosis:
    log = hardware.kernel_log()
    if log.fault:
        return Diagnosis("kernel log", True, f"cannot be read ({log.fault}): sudo dmesg shows it")
    if not log.kills:
        return Diagnosis("kernel log", True, "no process was ended for want of RAM")
    last = log.kills[-1]
    held = f" with {_gb(last.held_bytes)}" if last.held_bytes else ""
    count = f"{len(log.kills)} ended for want of RAM"
    return Diagnosis("kernel log", False, f"{count}, last {last.name} ({last.pid}){held}", _CLOSE)


def _graphics(found: Cards) -> Iterator[Diagnosis]:
    if not found.cards:
        reason = found.fault or f"{found.tool} finds no card"
        yield Diagnosis("graphics", False, reason, _NO_CARD)
    for card in found.cards:
        yield _card(card, found)


_NO_CARD = (
    "prompts need a card of NVIDIA, AMD (ROCm; its tool is rocm-smi) or Intel (XPU; xpu-smi), a "
    "Mac, or `image: {device: cpu}`"
)


def _card(card: Card, found: Cards) -> Diagnosis:
    facts = [f"{card.index}: {card.name}"]
    if card.total_bytes is not None or card.capability:
        facts += [_gb(card.total_bytes), f"{_gb(card.free_bytes)} free"]
    if found.tool == "nvidia-smi":
        capability = ".".join(map(str, card.capability)) if card.capability else "unknown"
        facts.append(f"compute capability {capability}")
    facts.append(f"driver {card.driver}")
    if found.cuda:
        facts.append(f"CUDA up to {'.'.join(map(str, found.cuda))}")
    message = ", ".join(facts)
    total, free = card.total_bytes or 0, card.free_bytes or 0
    if total - free <= _BUSY_FRACTION * total:
        return Diagnosis("graphics", True, message)
    return Diagnosis("graphics", False, message, f"close what holds the rest: {_users(found)}")


# The command that lists the programs that hold a card's memory.
_WHO = {"rocm-smi": "rocm-smi --showpids", "xpu-smi": "xpu-smi ps"}


def _users(found: Cards) -> str:
    if found.tool in _WHO:
        return f"{_WHO[found.tool]} lists it"
    users = (f"{each.name} ({each.pid}) {_gb(each.held_bytes)}" for each in hardware.tenants())
    return ", ".join(users) or "the driver does not tell which program"


def _ask(python: Path) -> Mapping[str, Any]:
    """Ask the worker's interpreter for its libraries; `fault` says why there is no answer."""
    try:
        answer = ask(python, _QUESTION, _ANSWER_SECONDS)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        reason = getattr(error, "stderr", None) or str(error).encode()
        return {"fault": os.fsdecode(reason).strip().rpartition("\n")[2]}
    return answer if _is_answer(answer) else {"fault": "it answers something else than was asked"}


def _is_answer(answer: object) -> TypeGuard[Mapping[str, Any]]:
    """Check whether an answer is as the question prints it, whatever else was asked."""
    return (
        isinstance(answer, dict)
        and isinstance(answer.get("versions"), dict)
        and all(isinstance(answer["versions"].get(name), str) for name in _NEEDED)
        and isinstance(answer.get("lacking"), list)
        and all(name in _OPTIONAL for name in answer["lacking"])
        and isinstance(answer.get("runtime"), str | None)
        and all(isinstance(answer.get(name), bool) for name in ("cuda", "mps"))
        and isinstance(answer.get("cards"), list)
        and all(map(_is_card, answer["cards"]))
    )


def _is_card(facts: object) -> bool:
    """Check for free and all bytes, and the two numbers of the compute capability."""
    return isinstance(facts, list) and len(facts) == 4 and all(type(each) is int for each in facts)


def _libraries(answer: Mapping[str, Any], device: str, found: Cards) -> Iterator[Diagnosis]:
    if "fault" in answer:
        yield Diagnosis("libraries", False, f"cannot be imported: {answer['fault']}", _REINSTALL)
        return
    versions = ", ".join(f"{name} {version}" for name, version in answer["versions"].items())
    old = [name for name, least in _NEEDED.items() if _version(answer["versions"][name]) < least]
    message = f"{versions}; too old: {', '.join(old)}" if old else versions
    yield Diagnosis("libraries", not old, message, _REINSTALL)
    for name in answer["lacking"]:
        message = f"{name} is not installed: {_OPTIONAL[name]} need it"
        yield Diagnosis("libraries", False, message, f"pip install {name}, in that environment")
    yield _device(answer, device, found)


_REINSTALL = "pip install --upgrade torch diffusers transformers accelerate, in that environment"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())


def _device(answer: Mapping[str, Any], wanted: str, found: Cards) -> Diagnosis:
    """Judge what torch sees by what the config wants."""
    seen = [name for name in ("cuda", "xpu", "mps") if answer.get(name)]
    runtime = answer["runtime"]
    built = f"built for CUDA, ROCm or XPU {runtime}" if runtime else "a CPU build"
    message = f"torch, {built}, sees {' and '.join(seen) or 'no GPU'}; the config says {wanted}"
    kind, _, number = wanted.partition(":")
    if kind in seen and kind != "mps" and int(number or 0) >= len(answer["cards"]):
        last = len(answer["cards"]) - 1
        remedy = f"there is no {wanted}: {kind}:{last} is the last"
        return Diagnosis("device", False, message, remedy)
    ok = wanted == "cpu" or (bool(seen) if wanted == "auto" else kind in seen)
    return Diagnosis("device", ok, message, None if ok else _device_remedy(answer, found))


def _device_remedy(answer: Mapping[str, Any], found: Cards) -> str:
    if not found.cards:
        return "`image: {device: cpu}` if you are patient; or paint on another machine"
    if found.tool != "nvidia-smi":
        build = {"rocm-smi": "ROCm", "xpu-smi": "XPU"}[found.tool]
        return f"this torch leaves the card idle: install the build for {build} (pytorch.org)"
    if not answer["runtime"]:
        return "a CPU build of torch leaves the card idle: install the build for its CUDA version"
    if found.cuda and _version(answer["runtime"]) > found.cuda:
        newest = ".".join(map(str, found.cuda))
        return f"the driver runs CUDA up to {newest}: update it, or install a torch built for that"
    return "torch and the driver do not go together: update the driver, then restart"


def _disk() -> Diagnosis:
    folder = cache.models_folder()
    free = hardware.free_disk_bytes(folder)
    largest = max(MODELS.values(), key=lambda row: row.stored_bytes)
    ok = free >= largest.stored_bytes or any(folder.glob(f"*/*/{MANIFEST}"))
    message = f"{_gb(free)} free for models in {folder}"
    needs = f"{largest.name} takes {_gb(largest.stored_bytes)}: make room, or set HEADERGEN_MODELS"
    return Diagnosis("disk", ok, message, None if ok else needs)


def _hardware(wanted: str, memory: Memory, found: Cards, answer: Mapping[str, Any]) -> Hardware:
    """Say what a worker would find here: the wanted card, if there is one, else MPS or the CPU."""
    card = None if wanted in ("cpu", "mps") else _wanted_card(wanted, found, answer)
    device = "mps" if answer.get("mps") and wanted != "cpu" else "cpu"
    kind = "xpu" if answer.get("xpu") and not answer.get("cuda") else "cuda"
    if card:
        number = f":{card.index}" if ":" in wanted else ""
        device = f"{kind}{number}"
    # On a Mac the GPU shares the RAM; macOS lets it have some two thirds.
    shared = memory.available_bytes * 2 // 3 if device == "mps" else None
    return Hardware(
        device=device,
        vram_free_bytes=card.free_bytes if card else shared,
        ram_available_bytes=memory.available_bytes,
        capability=card.capability if card and kind == "cuda" else None,
        # A ROCm build of torch has it on every card.
        bfloat16=card is None or bool(answer.get("hip")) or (card.capability or (8, 0)) >= (8, 0),
        quantizable="sdnq" not in answer.get("lacking", ()),
    )


def _wanted_card(wanted: str, found: Cards, answer: Mapping[str, Any]) -> Card | None:
    """Find the card that the config wants, as torch numbers them; without torch, as the driver."""
    index = int(wanted.partition(":")[2] or 0)
    if "cuda" not in answer:
        told = (each for each in found.cards if each.free_bytes is not None)
        return next((each for each in told if each.index == index), None)
    cards = answer["cards"]
    if index >= len(cards):
        return None
    free, total, *capability = cards[index]
    return Card(index, "", total, free, "", (capability[0], capability[1]))


def _models(chosen: Checkpoint | None) -> Iterable[Checkpoint]:
    """List the table's models, and the one that the config names where that is another."""
    every = {row.name: Checkpoint(row, row.hub_id, local=False) for row in MODELS.values()}
    if chosen:
        every[_subject(chosen)] = chosen
    return every.values()


def _subject(chosen: Checkpoint) -> str:
    """Name a model, and the GGUF file that it takes its transformer from."""
    with_file = f" with {Path(chosen.transformer).name}" if chosen.transformer else ""
    return f"{chosen.name}{with_file}"


def _model(
    chosen: Checkpoint,
    machine: Hardware,
    size: tuple[int, int],
    *,
    asked: str,
    wanted: bool = False,
) -> Diagnosis:
    """Say whether a model is here, and how it would be placed on this machine at `size` px.

    `asked` is the device that the config names.
    """
    subject, found = _subject(chosen), cache.find(chosen)
    here = f"in {found.folder}" if found else f"not fetched ({_how_to_fetch(chosen)})"
    here = f"the config's, {here}" if wanted else here
    try:
        parts = _parts(chosen, found)
        if not parts:
            return Diagnosis(subject, True, f"{here}; its size shows when it is fetched")
        placed = placement.ladder(chosen.row, parts, machine, size, name=subject)[0]
    except SnapshotError as error:
        return Diagnosis(subject, False, f"{here}; cannot be used: {error}", _NO_CHECKPOINT)
    except PlacementError as error:
        return Diagnosis(subject, False, f"{here}; {error.headline}", error.advice)
    # A run takes no CPU that nobody named: it is slow.
    only_if = "" if asked == machine.device or machine.device != "cpu" else _IF_CPU
    return Diagnosis(subject, True, f"{here}; {only_if}would paint {placed.describe()}")


_IF_CPU = "with `image: {device: cpu}` "


_NO_CHECKPOINT = "use a whole diffusers folder with .safetensors weights, and its preset"


def _how_to_fetch(chosen: Checkpoint) -> str:
    own = chosen.location == chosen.row.hub_id and not chosen.transformer
    size = f"{_gb(chosen.row.published_bytes)}: " if own else ""
    return f"{size}headergen fetch {chosen.name}"


def _parts(chosen: Checkpoint, found: cache.Fetched | None) -> list[Part]:
    """Tell the sizes of a model's parts; of a GGUF file that is not here nobody knows."""
    if found is None:
        return [] if chosen.transformer else cache.parts_to_fetch(chosen.row)
    replaced = {"transformer": str(found.transformer)} if found.transformer else {}
    return cache.parts_in(found.folder, chosen.row, replaced)


def _gb(size_bytes: int | None) -> str:
    return "unknown" if size_bytes is None else gigabytes(size_bytes)


_SIZE = (128, 64)


def self_test(config: Config, root: Path) -> Iterator[Diagnosis]:
    """Paint with a tiny random model of each family, through the whole path, on the device wanted.

    Raises:
        InterpreterNotFoundError: No Python has torch and diffusers.
    """
    python = find_interpreter(config.worker_python, root)
    of_each_family = {row.family.name: row for row in MODELS.values()}
    for row in of_each_family.values():
        with TemporaryDirectory(prefix="headergen-") as folder:
            try:
                yield _painted(python, row, Path(folder), config)
            except PaintError as error:
                subject = f"self-test {row.family.name}"
                yield Diagnosis(subject, False, error.headline, error.advice)


def _painted(python: Path, row: Model, folder: Path, config: Config) -> Diagnosis:
    with Worker(python, "a tiny model", config.worker_timeout_s) as worker:
        worker.send("build", model=row.name, folder=str(folder))
        worker.receive("built")
        worker.send("quit")
    timeout_s = config.worker_timeout_s
    load = attempts.Load("a tiny model", row, folder, config.device, timeout_s=timeout_s)
    width, height = row.admissible_size(*_SIZE)
    request = attempts.Paint("a lighthouse", None, width, height, 2, row.guidance_scale, seed=0)
    events: list[Event] = []
    with closing(attempts.paint(python, load, [request], events.append)) as results:
        for _, result in results:
            if isinstance(result, PaintError):
                raise result
    placements = [each.placement for each in events if isinstance(each, Placed)]
    how = placements[-1].partition(";")[0]  # without the words on what it needs
    return Diagnosis(f"self-test {row.family.name}", True, f"painted {how}")
