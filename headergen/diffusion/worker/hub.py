"""Fetch a model from the hub: pinned, in half precision, one file at a time.

Each file is downloaded beside its destination (resumable), stored in the wanted precision, and
dropped before the next: besides the model itself the disk needs room for one published file.
What another form of the same revision has is linked, not downloaded.
"""

from __future__ import annotations

import functools
import io
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headergen.diffusion import snapshot
from headergen.diffusion.families import FAMILIES
from headergen.diffusion.families.family import Family
from headergen.diffusion.snapshot import Entry
from headergen.diffusion.worker import convert, parts
from headergen.diffusion.worker.events import Emit, WorkerError
from headergen.diffusion.worker.libraries import load
from headergen.wording import gigabytes

_SECONDS_BETWEEN_REPORTS = 0.1
_STAGING = ".downloads"
# Room that is left to others: file systems slow down, and systems fail, on a disk that is full.
SPARE_BYTES = 1_000_000_000


@dataclass(frozen=True)
class File:
    """One file of the hub's repository: its size there, and as it will be stored, in bytes."""

    name: str
    size: int
    stored_size: int
    halved: bool = False


@dataclass(frozen=True)
class Gguf:
    """A file that holds a transformer: `name` in the hub's repository, at the commit `revision`."""

    hub_id: str
    name: str
    revision: str


def fetch(order: Mapping[str, Any], emit: Emit) -> None:
    """Download what `order` names and emit `fetched` with its folder, revision and bytes.

    Raises:
        WorkerError: If the disk has too little room, or for a repository without safetensors.
    """
    hub = load("huggingface_hub")
    info = hub.HfApi().model_info(order["hub_id"], revision=order["revision"], files_metadata=True)
    gguf = _find_gguf(hub, order["gguf"]) if order["gguf"] else None
    form = [info.sha, order["form"], gguf and gguf.revision[:12]]
    target = Path(order["model_folder"]) / "-".join(filter(None, form))
    if (target / snapshot.MANIFEST).exists():
        (target / snapshot.MANIFEST).touch()  # of several forms the one fetched last is used
    else:
        _make(hub, order, info, gguf, target, emit)
    emit("fetched", folder=str(target), revision=info.sha)


def _make(
    hub: Any,
    order: Mapping[str, Any],
    info: Any,
    gguf: Gguf | None,
    target: Path,
    emit: Emit,
) -> None:
    """Bring together in `target` what is on this machine and what is not."""
    downloads = target.parent / _STAGING
    staging = downloads / info.sha
    entries, sizes = _wanted(hub, order, info, target, staging)
    for name in sizes:
        _link_from_another_form(target, info.sha, name)
    missing = [
        _file(hub, order["hub_id"], info.sha, name, size)
        for name, size in sizes.items()
        if not _is_stored(target / name)
    ]
    here = [_present(target, name) for name in sizes if (target / name).is_file()]
    _check_room(target, missing, quantizing=[*here, *missing] if order["bits"] else [])
    _fetch_files(hub, order, info.sha, missing, target, staging, emit)
    if gguf:
        _fetch_gguf(hub, gguf, target, downloads / gguf.revision, emit)
    if order["bits"]:
        quantize(FAMILIES[order["family"]], order, entries, target, emit)
    shutil.rmtree(downloads, ignore_errors=True)
    _write_manifest(target, order, info.sha, gguf)


def _wanted(
    hub: Any, order: Mapping[str, Any], info: Any, target: Path, staging: Path
) -> tuple[list[Entry], dict[str, int]]:
    """List what loading needs with its bytes, and not the other formats that lie beside it."""
    name = "model_index.json"
    _link_from_another_form(target, info.sha, name)
    path = target / name
    if not path.is_file():
        path = _obtain(hub, order["hub_id"], info.sha, name, staging, _meter(lambda done: None, 0))
    index = snapshot.read_index(path.parent)
    snapshot.check_class(index, FAMILIES[order["family"]].pipeline_class)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings}
    entries = snapshot.entries_of(index)
    names = snapshot.wanted_files(sizes, entries, order["variant"], replaced=order["replaced"])
    return entries, {name: sizes[name] for name in names}


def fetch_texts(hub_id: str, staging: Path) -> Path:
    """Download a model's configs and tokenizers into `staging`, and return their folder."""
    hub = load("huggingface_hub")
    info = hub.HfApi().model_info(hub_id)
    meter = _meter(lambda done: None, 0)
    _download(hub, hub_id, info.sha, "model_index.json", staging, meter)
    entries = snapshot.entries_of(snapshot.read_index(staging))
    for name in (file.rfilename for file in info.siblings):
        folder, _, rest = name.partition("/")
        if folder in {entry.name for entry in entries} and snapshot.is_text(rest):
            _download(hub, hub_id, info.sha, name, staging, meter)
    return staging


def _link_from_another_form(target: Path, revision: str, name: str) -> None:
    """Give `target` a file that another form of the same revision has, whole or half fetched.

    Not a quantised part's: its weights, and its config.json, are not those that were published.
    """
    for folder in target.parent.glob(f"{revision}*"):
        source = folder / name
        if _is_stored(target / name) or not source.is_file():
            continue
        if not snapshot.is_quantized(source.parent):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            convert.durably(target / name, functools.partial(_link, source))


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copyfile(source, target)


def _present(target: Path, name: str) -> File:
    size = (target / name).stat().st_size
    return File(name, size, size)


def _file(hub: Any, hub_id: str, revision: str, name: str, size: int) -> File:
    """Ask the hub for the precision of a weight file: float32 will be stored as half of it."""
    if not name.endswith(".safetensors"):
        return File(name, size, size)
    found = hub.HfApi().parse_safetensors_file_metadata(hub_id, name, revision=revision)
    halved = "F32" in found.parameter_count
    return File(name, size, size - 2 * found.parameter_count.get("F32", 0), halved)


def _is_stored(path: Path) -> bool:
    """Say whether a file is there, or its part is, quantised and in files of other names."""
    return path.exists() or (path.suffix == ".safetensors" and snapshot.is_quantized(path.parent))


def _check_room(target: Path, files: Sequence[File], *, quantizing: Sequence[File]) -> None:
    """Compare the room on the disk with what `files` will take, and what is there in passing.

    That is the largest download that is halved, and the largest part beside its quantised self:
    `quantizing` has the files of all parts.

    Raises:
        WorkerError: Saying how much is short.
    """
    needed = sum(file.stored_size for file in files)
    needed += max((file.size for file in files if file.halved), default=0)
    sizes: dict[str, int] = {}
    for file in quantizing:
        part = file.name.partition("/")[0]
        sizes[part] = sizes.get(part, 0) + file.stored_size
    needed += max(sizes.values(), default=0)
    folder = next(place for place in [target, *target.parents] if place.exists())
    free = shutil.disk_usage(folder).free - SPARE_BYTES
    if needed > free:
        raise WorkerError(
            "disk",
            f"it takes {gigabytes(needed)} in {target.parent}, which is {gigabytes(needed - free)} "
            f"more than there is ({gigabytes(SPARE_BYTES)} is left free)",
        )


def _fetch_files(
    hub: Any,
    order: Mapping[str, Any],
    revision: str,
    files: Sequence[File],
    target: Path,
    staging: Path,
    emit: Emit,
) -> None:
    total, done = sum(file.size for file in files), 0
    for file in files:
        meter = _meter(functools.partial(emit, "downloading", total=total), done)
        source = _obtain(hub, order["hub_id"], revision, file.name, staging, meter)
        done += file.size
        emit("downloading", done=done, total=total)
        _store(source, target / file.name, file, order, emit)


def _find_gguf(hub: Any, location: str) -> Gguf:
    """Ask the hub which commit of `owner/repository/file.gguf` is there now."""
    owner, repository, name = location.split("/", 2)
    hub_id = f"{owner}/{repository}"
    return Gguf(hub_id, name, hub.HfApi().model_info(hub_id).sha)


def _fetch_gguf(hub: Any, gguf: Gguf, target: Path, staging: Path, emit: Emit) -> None:
    path = target / "transformer" / Path(gguf.name).name
    if not path.exists():
        meter = _meter(lambda done, total=0: emit("downloading", done=done, total=total), 0)
        found = _download(hub, gguf.hub_id, gguf.revision, gguf.name, staging, meter)
        os.replace(found, path)


def quantize(
    family: Family, order: Mapping[str, Any], entries: Iterable[Entry], target: Path, emit: Emit
) -> None:
    """Replace the stored weights of the denoiser and the text encoders by quantised ones."""
    torch = load("torch")
    stored = snapshot.read(target, family.pipeline_class, order.get("variant"))
    for entry in entries:
        if entry.name not in stored.weights or family.role(entry.name) == "decoder":
            continue
        if stored.is_quantized(entry.name):
            continue
        emit("storing", name=f"{entry.name} in {order['bits']}")
        convert.quantize_part(
            parts.part_class(entry),
            target / entry.name,
            list(stored.weights[entry.name].files),
            bits=order["bits"],
            dtype=getattr(torch, family.dtype),
        )


def _obtain(hub: Any, hub_id: str, revision: str, name: str, staging: Path, meter: type) -> Path:
    """Find a file in the hub's own cache, or download it into `staging`."""
    cached = hub.try_to_load_from_cache(hub_id, name, revision=revision)
    if isinstance(cached, str):
        return Path(cached)
    return _download(hub, hub_id, revision, name, staging, meter)


def _download(hub: Any, hub_id: str, revision: str, name: str, staging: Path, meter: type) -> Path:
    return Path(
        hub.hf_hub_download(hub_id, name, revision=revision, local_dir=staging, tqdm_class=meter)
    )


def _store(source: Path, target: Path, file: File, order: Mapping[str, Any], emit: Emit) -> None:
    """Put one file in its place, halved where it is float32; a download is moved, not copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = _STAGING in source.parts
    if file.halved:
        emit("storing", name=file.name)
        torch = load("torch")
        convert.convert_file(source, target, getattr(torch, FAMILIES[order["family"]].dtype))
        if staged:
            source.unlink()
    elif staged:
        os.replace(source, target)
    else:
        convert.durably(target, lambda path: shutil.copyfile(source, path))


def _write_manifest(
    target: Path, order: Mapping[str, Any], revision: str, gguf: Gguf | None
) -> None:
    facts = {"hub_id": order["hub_id"], "revision": revision, "form": order["form"]}
    if gguf:
        facts["transformer_revision"] = gguf.revision
    text = json.dumps(facts, indent=2)
    convert.durably(target / snapshot.MANIFEST, lambda path: path.write_text(text, "utf-8"))


def _meter(report: Callable[..., None], done_before: int) -> type:
    """Make the progress bar class that huggingface_hub asks for, drawing nothing."""
    tqdm = load("tqdm").tqdm

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
