"""The child process: the only room that imports torch and diffusers.

It runs as a script under an interpreter that need not have headergen, so it imports the standard
library alone and gets everything as data: JSON lines on stdin (`load`, `paint`, `quit`), JSON
lines back on stdout (`downloading`, `loading`, `loaded`, `step`, `image`, `error`). It writes no
files but what huggingface_hub keeps in its own cache, and it ends by itself when its parent is
gone.
"""

from __future__ import annotations

import base64
import functools
import importlib
import inspect
import io
import json
import os
import queue
import re
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

# model_index.json may name classes of these libraries and no others: anything else is code that
# came with the checkpoint.
PART_LIBRARIES = ("diffusers", "transformers")
_PART_BASES = {
    "diffusers": ("ModelMixin", "SchedulerMixin"),
    "transformers": ("PreTrainedModel", "PreTrainedTokenizerBase"),
}
_WEIGHTLESS = ("Scheduler", "Tokenizer", "TokenizerFast", "Processor", "FeatureExtractor")
_PICKLES = (".bin", ".ckpt", ".pt", ".pth")
_TEXT_FILES = (".json", ".txt", ".model", ".jinja")

# `model.safetensors`, `diffusion_pytorch_model.fp16-00001-of-00002.safetensors` and their like.
_WEIGHT_FILE = re.compile(
    r"(?:diffusion_pytorch_model|model)(?:\.(?P<variant>\w+))?"
    r"(?:-\d{5}-of-(?P<shards>\d{5}))?\.safetensors"
)

# What an exception means, by the name of its class or of the nearest base that is listed.
# By name, because the libraries that define them are imported late and move their classes about.
_KINDS_BY_CLASS = {
    "OutOfMemoryError": "video memory",
    "MemoryError": "system memory",
    "ImportError": "dependency",
    "SafetensorError": "checkpoint",
    "RepositoryNotFoundError": "model",
    "RevisionNotFoundError": "model",
    "RemoteEntryNotFoundError": "checkpoint",
    "HFValidationError": "model",
    "OfflineModeIsEnabled": "not downloaded",
    "LocalEntryNotFoundError": "network",
    "HfHubHTTPError": "network",
    "TransportError": "network",
    "ConnectionError": "network",
    "TimeoutError": "network",
}
# The same for errors that torch raises as a bare RuntimeError.
_KINDS_BY_TEXT = (
    ("can't allocate memory", "system memory"),
    ("not enough memory", "system memory"),
    ("out of memory", "video memory"),
)

_SECONDS_BETWEEN_REPORTS = 0.1
_TRACEBACK_FRAMES = 3

Emit = Callable[..., None]


class WorkerError(Exception):
    """A failure whose kind is known here; the parent turns the kind into its own error."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Part(NamedTuple):
    """One entry of model_index.json: a folder of the checkpoint and the class that loads it."""

    name: str
    library: str
    class_name: str

    @property
    def bears_weights(self) -> bool:
        """Say whether the part's folder must hold weights (a scheduler's holds none)."""
        return not self.class_name.endswith(_WEIGHTLESS)


class Weights(NamedTuple):
    """The weight files of one part, and the variant that they are of."""

    variant: str | None
    files: Sequence[str]


def main() -> None:
    """Serve one parent: load one model, paint what is asked, end."""
    _hide_own_folder()
    _ask_to_be_killed_first()
    orders, events = _take_over_streams()
    emit = _emitter(events)
    inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_orders, args=(orders, inbox), daemon=True).start()
    serve(inbox.get, emit)


def serve(next_order: Callable[[], dict[str, Any]], emit: Emit) -> None:
    """Answer orders until `quit`, or until a `load` fails: without a model there is no work."""
    pipeline: Any = None
    while (order := next_order())["op"] != "quit":
        try:
            if order["op"] == "load":
                pipeline = load(order, emit)
            else:
                paint(pipeline, order, emit)
        except Exception as error:  # noqa: BLE001 - the parent gets every failure as data
            emit("error", id=order.get("id"), kind=kind_of(error), message=describe(error))
            if pipeline is None:
                return


def load(order: Mapping[str, Any], emit: Emit) -> Any:
    """Load the model that `order` describes onto its device.

    What can be known early is asked first: files that are here before libraries are imported for
    seconds, and the device before the hub is asked for gigabytes that nothing here could use.

    Returns:
        The diffusers pipeline.

    Raises:
        WorkerError: For each failure that has a kind of its own.
    """
    _silence_libraries()
    folder = _local_folder(order)
    parts = _local_parts(order, folder) if folder else []
    torch = _import("torch")
    device = pick_device(torch, order["device"])
    parts = parts or _remote_parts(order)
    classes = _part_classes(order, parts)
    folder = folder or _download(order, parts, emit)
    weights = check_parts(folder, parts, order["variant"])
    dtype = pick_dtype(torch, device, order["dtype"])
    loaded = _load_parts(folder, classes, weights, dtype, device, emit)
    pipeline = _assemble(order, folder, loaded).to(device)
    emit("loaded", device=device, dtype=_dtype_names(loaded, weights))
    return pipeline


def paint(pipeline: Any, order: Mapping[str, Any], emit: Emit) -> None:
    """Paint one picture and emit it as RGB bytes, row by row from the top.

    The noise is drawn on the CPU, so that a seed means the same picture on every device.

    Raises:
        WorkerError: If the model's numbers overflowed.
    """
    torch = _import("torch")

    def report(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        emit("step", id=order["id"], step=step + 1, steps=pipeline.num_timesteps)
        return tensors

    picture = pipeline(
        prompt=order["prompt"],
        negative_prompt=order["negative_prompt"],
        width=order["width"],
        height=order["height"],
        num_inference_steps=order["steps"],
        guidance_scale=order["guidance_scale"],
        generator=torch.Generator("cpu").manual_seed(order["seed"]),
        callback_on_step_end=report,
        output_type="np",
    ).images[0]
    height, width, _ = picture.shape
    rgb = base64.b64encode(_rgb_bytes(picture)).decode("ascii")
    emit("image", id=order["id"], width=width, height=height, rgb=rgb)


def _rgb_bytes(picture: Any) -> bytes:
    """Turn floats in [0, 1] (height, width, 3) into bytes, as diffusers' numpy_to_pil does."""
    if (picture != picture).any():  # only NaN differs from itself
        raise WorkerError("overflow", "the model's numbers overflowed to NaN: there is no picture")
    result: bytes = (picture * 255).round().astype("uint8").tobytes()
    return result


# --- The checkpoint -------------------------------------------------------------------------------


def _local_parts(order: Mapping[str, Any], folder: Path) -> list[Part]:
    """List the parts of a checkpoint that is on this machine, and check that they are there."""
    index = read_index(folder)
    check_class(index, order)
    parts = parts_of(index)
    check_parts(folder, parts, order["variant"])
    return parts


def read_index(folder: Path) -> dict[str, Any]:
    """Read the checkpoint's model_index.json.

    Raises:
        WorkerError: If it is not there or is not a JSON object.
    """
    if not folder.is_dir():
        raise WorkerError("checkpoint", f"{folder} is no folder")
    path = folder / "model_index.json"
    try:
        index = json.loads(path.read_bytes())
    except FileNotFoundError:
        message = f"{folder} is not a diffusers folder: it has no model_index.json"
        raise WorkerError("checkpoint", message) from None
    except ValueError as error:
        raise WorkerError("checkpoint", f"{path} is not JSON: {error}") from None
    if not isinstance(index, dict):
        raise WorkerError("checkpoint", f"{path} holds no JSON object")
    return index


def check_class(index: Mapping[str, Any], order: Mapping[str, Any]) -> None:
    """Refuse a checkpoint whose pipeline class is not the one that the settings are for.

    Raises:
        WorkerError: Naming the class found, the one expected and, if need be, the known ones.
    """
    found, expected = index.get("_class_name"), order["pipeline_class"]
    if found == expected:
        return
    known = order["known_classes"]
    if found in known:
        message = (
            f"{order['name']} is a {found}, while the settings given for it are a {expected}'s"
        )
    else:
        message = (
            f"{order['name']} names the pipeline class {found!r}, which headergen does not know; "
            f"known are {', '.join(known)}"
        )
    raise WorkerError("checkpoint", message)


def parts_of(index: Mapping[str, Any]) -> list[Part]:
    """List the parts that model_index.json names, leaving out the empty ones.

    Raises:
        WorkerError: If a part is of another library than diffusers and transformers.
    """
    pairs = {name: value for name, value in index.items() if isinstance(value, list)}
    parts = [Part(name, *value) for name, value in pairs.items() if _is_filled(name, value)]
    for part in parts:
        if part.library not in PART_LIBRARIES or not part.name.isidentifier():
            message = (
                f"model_index.json takes {part.name!r} from {part.library!r}: "
                f"headergen runs no code of a checkpoint, only {' and '.join(PART_LIBRARIES)}"
            )
            raise WorkerError("checkpoint", message)
    return parts


def _is_filled(name: str, value: Sequence[Any]) -> bool:
    return not name.startswith("_") and len(value) == 2 and None not in value


def choose_weights(names: Iterable[str], variant: str | None) -> Weights | None:
    """Choose a part's weight files among `names`: whole, and of `variant` where it is there.

    Returns:
        The files of `variant`, else those without a variant; None if neither is whole.
    """
    matches = [match for name in names if (match := _WEIGHT_FILE.fullmatch(name))]
    for wanted in dict.fromkeys((variant, None)):
        for group in _by_shard_count(m for m in matches if m["variant"] == wanted):
            if len(group) == int(group[0]["shards"] or 1):
                return Weights(wanted, sorted(match.string for match in group))
    return None


def _by_shard_count(matches: Iterable[re.Match[str]]) -> Iterable[list[re.Match[str]]]:
    groups: dict[str, list[re.Match[str]]] = {}
    for match in matches:
        groups.setdefault(match["shards"] or "", []).append(match)
    return [groups[count] for count in sorted(groups)]


def check_parts(folder: Path, parts: Iterable[Part], variant: str | None) -> dict[str, Weights]:
    """Check that every part is there, and choose the weights of those that bear any.

    Raises:
        WorkerError: Naming the part that is missing, or that has no whole set of safetensors.
    """
    weights: dict[str, Weights] = {}
    for part in parts:
        if not (folder / part.name).is_dir():
            raise WorkerError("checkpoint", f"{folder} lacks the folder of its part {part.name!r}")
        if part.bears_weights:
            names = sorted(entry.name for entry in (folder / part.name).iterdir())
            chosen = choose_weights(names, variant)
            if chosen is None:
                raise WorkerError("checkpoint", _why_no_weights(folder / part.name, names))
            weights[part.name] = chosen
    return weights


def _why_no_weights(folder: Path, names: Sequence[str]) -> str:
    if any(_WEIGHT_FILE.fullmatch(name) for name in names):
        return f"{folder} holds no whole set of .safetensors files: {', '.join(names)}"
    if any(name.endswith(_PICKLES) for name in names):
        return f"{folder} holds its weights as pickles only, which can run code when read"
    return f"{folder} holds no .safetensors file"


def check_complete(pipeline_class: Callable[..., Any], parts: Iterable[Part]) -> None:
    """Check that model_index.json names every part that the pipeline cannot do without.

    Raises:
        WorkerError: Naming the parts that it lacks.
    """
    parameters = inspect.signature(pipeline_class).parameters.values()
    required = {one.name for one in parameters if one.default is inspect.Parameter.empty}
    lacking = sorted(required - {part.name for part in parts})
    if lacking:
        raise WorkerError("checkpoint", f"model_index.json names no {' and no '.join(lacking)}")


# --- The hub --------------------------------------------------------------------------------------


def _local_folder(order: Mapping[str, Any]) -> Path | None:
    """Find the checkpoint on this machine; None if it would have to be downloaded."""
    return Path(order["checkpoint"]) if order["local"] else _cached_folder(order)


def _cached_folder(order: Mapping[str, Any]) -> Path | None:
    """Find a whole snapshot in the hub's cache, which is then used without asking the network."""
    hub = _import("huggingface_hub")
    index = hub.try_to_load_from_cache(order["checkpoint"], "model_index.json")
    if not isinstance(index, str):
        return None
    folder = Path(index).parent
    try:
        check_parts(folder, parts_of(read_index(folder)), order["variant"])
    except WorkerError:
        return None
    return folder


def _remote_parts(order: Mapping[str, Any]) -> list[Part]:
    """List the parts of a checkpoint that has to be downloaded, if that is allowed."""
    if not order["download"]:
        message = f"{order['checkpoint']} is not, or not wholly, on this machine"
        raise WorkerError("not downloaded", message)
    index = _remote_index(order["checkpoint"])
    check_class(index, order)
    return parts_of(index)


def _remote_index(hub_id: str) -> dict[str, Any]:
    hub = _import("huggingface_hub")
    # Only the second call would do, but it takes 24 s to notice that there is no network.
    hub.HfApi().model_info(hub_id)
    return read_index(Path(hub.hf_hub_download(hub_id, "model_index.json")).parent)


def _download(order: Mapping[str, Any], parts: Iterable[Part], emit: Emit) -> Path:
    """Download what loading needs, and not the other formats that lie beside it."""
    hub = _import("huggingface_hub")
    hub_id = order["checkpoint"]
    info = hub.HfApi().model_info(hub_id, files_metadata=True)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings}
    wanted = wanted_files(sizes, parts, order["variant"])
    total, done = sum(sizes[name] for name in wanted), 0
    for name in wanted:
        meter = _meter(functools.partial(emit, "downloading", total=total), done)
        hub.hf_hub_download(hub_id, name, revision=info.sha, tqdm_class=meter)
        done += sizes[name]
        emit("downloading", done=done, total=total)
    index = hub.hf_hub_download(hub_id, "model_index.json", revision=info.sha)
    return Path(index).parent


def wanted_files(names: Collection[str], parts: Iterable[Part], variant: str | None) -> list[str]:
    """Choose the files of a hub repository that loading needs: texts, and one set of weights.

    `names` are paths within the repository.
    """
    wanted = []
    for part in parts:
        own = [name[len(part.name) + 1 :] for name in names if name.startswith(f"{part.name}/")]
        chosen = choose_weights(own, variant) if part.bears_weights else None
        texts = [name for name in own if name.endswith(_TEXT_FILES)]
        wanted += [f"{part.name}/{name}" for name in (*texts, *(chosen.files if chosen else ()))]
    return wanted


def _meter(report: Callable[..., None], done_before: int) -> type:
    """Make the progress bar class that huggingface_hub asks for, drawing nothing."""
    tqdm = _import("tqdm").tqdm

    class Meter(tqdm):  # type: ignore[misc,valid-type]
        last_report = 0.0

        def __init__(self, *args: Any, **options: Any) -> None:
            options.pop("name", None)  # huggingface_hub's own, unknown to tqdm
            super().__init__(*args, **{**options, "disable": False, "file": io.StringIO()})

        def update(self, n: float | None = 1) -> None:
            super().update(n)
            if time.monotonic() - self.last_report >= _SECONDS_BETWEEN_REPORTS:
                self.last_report = time.monotonic()
                report(done=done_before + int(self.n))

    return Meter


# --- Loading --------------------------------------------------------------------------------------


def pick_device(torch: Any, wanted: str) -> str:
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
    reasons = "; ".join([_torch_build(torch), *(str(note.message) for note in notes[:1])])
    raise WorkerError("device", f"{sought} was found: torch sees {there} ({reasons})")


def _accelerators(torch: Any) -> list[str]:
    cuda = ["cuda"] if torch.cuda.is_available() else []
    cuda += [f"cuda:{number}" for number in range(torch.cuda.device_count() if cuda else 0)]
    return cuda + (["mps"] if torch.backends.mps.is_available() else [])


def _torch_build(torch: Any) -> str:
    runtime = torch.version.cuda or torch.version.hip
    build = f"with CUDA or ROCm {runtime}" if runtime else "without CUDA"
    return f"torch {torch.__version__}, built {build}"


def pick_dtype(torch: Any, device: str, wanted: str) -> Any:
    """Choose the precision: the model's own, but bfloat16 on a CPU, which hardly knows float16."""
    return torch.bfloat16 if device == "cpu" else getattr(torch, wanted)


def _part_classes(order: Mapping[str, Any], parts: Sequence[Part]) -> dict[str, Any]:
    check_complete(_attribute(_import("diffusers"), order["pipeline_class"]), parts)
    return {part.name: _part_class(part) for part in parts}


def _part_class(part: Part) -> Any:
    """Find a part's class, and refuse one that is no model, scheduler or tokenizer."""
    library = _import(part.library)
    bases = tuple(getattr(library, name) for name in _PART_BASES[part.library])
    found = getattr(library, part.class_name, None)
    if not (inspect.isclass(found) and issubclass(found, bases)):
        message = f"{part.library} {library.__version__} has no {part.class_name} for {part.name!r}"
        raise WorkerError("checkpoint", message)
    return found


def _load_parts(
    folder: Path,
    classes: Mapping[str, Any],
    weights: Mapping[str, Weights],
    dtype: Any,
    device: str,
    emit: Emit,
) -> dict[str, Any]:
    """Load part by part, each onto the device at once: RAM then holds one part, not their sum."""
    sizes = {
        name: sum((folder / name / file).stat().st_size for file in chosen.files)
        for name, chosen in weights.items()
    }
    total, done, loaded = sum(sizes.values()), 0, {}
    for name, part_class in classes.items():
        if name in weights:
            emit("loading", part=name, done=done, total=total)
            loaded[name] = _load_weights(folder / name, part_class, weights[name], dtype).to(device)
            done += sizes[name]
        else:
            loaded[name] = part_class.from_pretrained(folder / name, local_files_only=True)
    emit("loading", part="", done=done, total=total)
    return loaded


def _load_weights(folder: Path, part_class: Any, weights: Weights, dtype: Any) -> Any:
    # Without `dtype` a half precision file is upcast to float32; without `use_safetensors` a
    # folder that has lost its safetensors is read from its pickles.
    return part_class.from_pretrained(
        folder, dtype=dtype, use_safetensors=True, variant=weights.variant, local_files_only=True
    )


def _assemble(order: Mapping[str, Any], folder: Path, loaded: Mapping[str, Any]) -> Any:
    """Build the pipeline through its named entry point, with the table's scheduler."""
    diffusers = _import("diffusers")
    entry = _attribute(diffusers, order["pipeline"])
    pipeline = entry.from_pretrained(str(folder), local_files_only=True, **loaded)
    if order["scheduler_class"]:
        scheduler = _attribute(diffusers, order["scheduler_class"])
        pipeline.scheduler = scheduler.from_config(
            pipeline.scheduler.config, **order["scheduler_options"]
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _dtype_names(loaded: Mapping[str, Any], weights: Iterable[str]) -> str:
    """Name the precisions that really arrived, for the parent to show."""
    found = {parameter.dtype for name in weights for parameter in loaded[name].parameters()}
    return " and ".join(sorted(str(dtype).removeprefix("torch.") for dtype in found))


def _attribute(library: Any, name: str) -> Any:
    try:
        return getattr(library, name)
    except AttributeError:
        message = f"{library.__name__} {library.__version__} is too old: it has no {name}"
        raise WorkerError("dependency", message) from None


def _import(name: str) -> Any:
    """Import a library, whatever goes wrong while it runs being a fault of the installation."""
    try:
        return importlib.import_module(name)
    except MemoryError:
        raise
    except Exception as error:
        message = f"{name} cannot be imported by {sys.executable}: {describe(error)}"
        raise WorkerError("dependency", message) from error


def _silence_libraries() -> None:
    for library in ("DIFFUSERS", "TRANSFORMERS", "HF_HUB"):
        os.environ.setdefault(f"{library}_VERBOSITY", "error")
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"


# --- Failures -------------------------------------------------------------------------------------


def kind_of(error: BaseException) -> str:
    """Name the kind of `error` for the parent; "paint" is the one without an explanation."""
    if isinstance(error, WorkerError):
        return error.kind
    for base in type(error).__mro__:
        if base.__name__ in _KINDS_BY_CLASS:
            return _KINDS_BY_CLASS[base.__name__]
    text = str(error).lower()
    return next((kind for words, kind in _KINDS_BY_TEXT if words in text), "paint")


def describe(error: BaseException) -> str:
    """Say what `error` is; where it has no kind, with the last lines of its traceback."""
    if isinstance(error, WorkerError):
        return str(error)
    text = f"{type(error).__name__}: {error}"
    if kind_of(error) != "paint":
        # The hub's errors go on with advice that is the parent's to give.
        return " ".join([line for line in text.splitlines() if line][:2])
    frames = traceback.format_tb(error.__traceback__)[-_TRACEBACK_FRAMES:]
    return "\n".join([text, "".join(frames).rstrip()])


# --- The process ----------------------------------------------------------------------------------


def _hide_own_folder() -> None:
    """Take this folder off the module path, where its neighbours would shadow other modules."""
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != own]


def _ask_to_be_killed_first() -> None:
    """Ask Linux to spare the author's editor when RAM runs out, and to end this process."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        return  # not Linux


def _take_over_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for the parent; libraries get an empty stdin, and stderr as stdout."""
    orders, events = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return orders, events


def _read_orders(orders: BinaryIO, inbox: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Pass orders on; if they end without `quit` the parent is dead, and nobody wants the rest."""
    for line in orders:
        order = json.loads(line)
        inbox.put(order)
        if order["op"] == "quit":
            return
    os._exit(1)


def _emitter(events: BinaryIO) -> Emit:
    lock = threading.Lock()  # downloads report from threads of their own

    def emit(event: str, **fields: Any) -> None:
        line = json.dumps({"event": event, **fields}).encode("ascii") + b"\n"
        try:
            with lock:
                events.write(line)
                events.flush()
        except OSError:
            os._exit(1)  # the parent is gone

    return emit


if __name__ == "__main__":
    main()
    os._exit(0)  # taking torch and CUDA down in order costs seconds and guards nothing
