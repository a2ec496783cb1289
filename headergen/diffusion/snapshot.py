"""A checkpoint's folder: its parts, their weight files and sizes, read without loading anything.

The parent and the worker share this page, so it needs the standard library alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from headergen.diffusion.families import FAMILIES

# Written last into a fetched model's folder: without it the folder is an unfinished download.
MANIFEST = "headergen.json"

# model_index.json may name classes of these libraries and no others: anything else is code that
# came with the checkpoint.
LIBRARIES = ("diffusers", "transformers")

_WEIGHTLESS = ("Scheduler", "Tokenizer", "TokenizerFast", "Processor", "FeatureExtractor")
_PICKLES = (".bin", ".ckpt", ".pt", ".pth")
_TEXT_FILES = (".json", ".txt", ".model", ".jinja")

STEMS = ("diffusion_pytorch_model", "model")

# `model.safetensors`, `diffusion_pytorch_model.fp16-00001-of-00002.safetensors` and their like.
_WEIGHT_FILE = re.compile(
    r"(?:diffusion_pytorch_model|model)(?:\.(?P<variant>\w+))?"
    r"(?:-\d{5}-of-(?P<shards>\d{5}))?\.safetensors"
)

# An index of shards, also of those of pickles.
_INDEX = re.compile(r"\.index(?:\.\w+)?\.json$")

# The safetensors format: 8 bytes of length, then that much JSON. It allows 100 MB; the header
# of a checkpoint with 2515 tensors has 0.3 MB.
_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 8_000_000


class SnapshotError(Exception):
    """The folder is not a whole checkpoint that headergen can use."""


class Entry(NamedTuple):
    """One entry of model_index.json: a part of the checkpoint and the class that loads it."""

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


@dataclass(frozen=True)
class Snapshot:
    """A whole checkpoint: every part's folder is there, with safetensors where it bears weights."""

    folder: Path
    entries: tuple[Entry, ...]
    weights: Mapping[str, Weights]

    def bytes_by_dtype(self, part: str) -> dict[str, int]:
        """Add up the weight bytes of `part` by safetensors dtype (`F32`, `BF16`, `U8` …).

        Raises:
            SnapshotError: If a file's header cannot be read, or the file is cut short.
        """
        sums: dict[str, int] = {}
        for file in self.weights[part].files:
            for tensor in tensors_in(self.folder / part / file).values():
                start, end = tensor["data_offsets"]
                sums[tensor["dtype"]] = sums.get(tensor["dtype"], 0) + end - start
        return sums

    def is_quantized(self, part: str) -> bool:
        """Say whether `part` is stored quantised."""
        return is_quantized(self.folder / part)


def quantization_of(folder: Path) -> dict[str, Any] | None:
    """Return the `quantization_config` of the part in `folder`; None if it is not quantised."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    found = config.get("quantization_config") if isinstance(config, dict) else None
    return found if isinstance(found, dict) else None


def is_quantized(folder: Path) -> bool:
    """Return whether the part in `folder` is stored quantised."""
    return quantization_of(folder) is not None


def read(
    folder: Path, pipeline_class: str, variant: str | None = None, *, replaced: Collection[str] = ()
) -> Snapshot:
    """Read what `folder` holds, and check that it is whole.

    `pipeline_class` is what its model_index.json must name. The parts in `replaced` take their
    weights from elsewhere: their folders need no weight files.

    Raises:
        SnapshotError: Naming what is missing, or what is not as it should be.
    """
    index = read_index(folder)
    check_class(index, pipeline_class)
    entries = tuple(entries_of(index))
    weights = {}
    for entry in entries:
        if not (folder / entry.name).is_dir():
            raise SnapshotError(f"{folder} lacks the folder of its part {entry.name!r}")
        if entry.bears_weights and entry.name not in replaced:
            weights[entry.name] = _weights_in(folder / entry.name, variant)
        if entry.bears_weights and not (folder / entry.name / "config.json").is_file():
            raise SnapshotError(f"{folder / entry.name} lacks its config.json")
    return Snapshot(folder, entries, weights)


def read_index(folder: Path) -> dict[str, Any]:
    """Read the checkpoint's model_index.json.

    Raises:
        SnapshotError: If it is not there or is not a JSON object.
    """
    if not folder.is_dir():
        raise SnapshotError(f"{folder} is no folder")
    path = folder / "model_index.json"
    try:
        index = json.loads(path.read_bytes())
    except FileNotFoundError:
        message = f"{folder} is not a diffusers folder: it has no model_index.json"
        raise SnapshotError(message) from None
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"{path} is not JSON: {error}") from None
    if not isinstance(index, dict):
        raise SnapshotError(f"{path} holds no JSON object")
    return index


def class_of(index: Mapping[str, Any]) -> str:
    """Return the pipeline class that model_index.json names.

    Raises:
        SnapshotError: headergen does not know it.
    """
    found = index.get("_class_name")
    known = sorted(each.pipeline_class for each in FAMILIES.values())
    if found not in known:
        message = (
            f"it names the pipeline class {found!r}, which headergen does not know; "
            f"known are {', '.join(known)}"
        )
        raise SnapshotError(message)
    return str(found)


def check_class(index: Mapping[str, Any], pipeline_class: str) -> None:
    """Refuse a checkpoint whose pipeline class is not the one that the settings are for.

    Raises:
        SnapshotError: Naming the class found, and the one expected or the known ones.
    """
    found = class_of(index)
    if found != pipeline_class:
        message = f"it is a {found}, while the settings given for it are a {pipeline_class}'s"
        raise SnapshotError(message)


def entries_of(index: Mapping[str, Any]) -> list[Entry]:
    """List the parts that model_index.json names and painting needs.

    Settings, empty parts, and those that the family does without are left out: a safety checker,
    the encoder of an example picture.

    Raises:
        SnapshotError: If a part is of another library than diffusers and transformers.
    """
    pairs = {name: value for name, value in index.items() if isinstance(value, list)}
    entries = [Entry(name, *value) for name, value in pairs.items() if _is_filled(name, value)]
    for entry in entries:
        if entry.library not in LIBRARIES or not entry.name.isidentifier():
            message = (
                f"model_index.json takes {entry.name!r} from {entry.library!r}: "
                f"headergen runs no code of a checkpoint, only {' and '.join(LIBRARIES)}"
            )
            raise SnapshotError(message)
    known = [each for each in FAMILIES.values() if each.pipeline_class == index.get("_class_name")]
    return [entry for entry in entries if not known or entry.name in known[0].parts]


def _is_filled(name: str, value: Sequence[Any]) -> bool:
    return not name.startswith("_") and len(value) == 2 and None not in value


def choose_weights(names: Iterable[str], variant: str | None) -> Weights | None:
    """Choose a part's weight files among `names`: whole, and of `variant` where it is there.

    Returns:
        The files of `variant`, else those without a variant, else those of another variant, fp16
        first; None if no set is whole.
    """
    matches = [match for name in names if (match := _WEIGHT_FILE.fullmatch(name))]
    others = sorted({match["variant"] or "" for match in matches}, key=lambda v: (v != "fp16", v))
    for wanted in dict.fromkeys((variant, None, *filter(None, others))):
        for group in _by_shard_count(m for m in matches if m["variant"] == wanted):
            if len(group) == int(group[0]["shards"] or 1):
                return Weights(wanted, sorted(match.string for match in group))
    return None


def _by_shard_count(matches: Iterable[re.Match[str]]) -> Iterable[list[re.Match[str]]]:
    groups: dict[str, list[re.Match[str]]] = {}
    for match in matches:
        groups.setdefault(match["shards"] or "", []).append(match)
    return [groups[count] for count in sorted(groups)]


def _weights_in(folder: Path, variant: str | None) -> Weights:
    names = sorted(entry.name for entry in folder.iterdir())
    chosen = choose_weights(names, variant)
    if chosen is None:
        raise SnapshotError(_why_no_weights(folder, names))
    return chosen


def _why_no_weights(folder: Path, names: Sequence[str]) -> str:
    if any(_WEIGHT_FILE.fullmatch(name) for name in names):
        return f"{folder} holds no whole set of .safetensors files: {', '.join(names)}"
    if any(name.endswith(_PICKLES) for name in names):
        return f"{folder} holds its weights as pickles only, which can run code when read"
    return f"{folder} holds no .safetensors file"


def wanted_files(
    names: Collection[str],
    entries: Iterable[Entry],
    variant: str | None,
    *,
    replaced: Collection[str] = (),
) -> list[str]:
    """Choose the files of a hub repository that loading needs: texts, and one set of weights.

    `names` are paths within the repository; `replaced` as for `read`.

    Raises:
        SnapshotError: If a part has no whole set of safetensors.
    """
    wanted = ["model_index.json"]
    for entry in entries:
        own = [name[len(entry.name) + 1 :] for name in names if name.startswith(f"{entry.name}/")]
        files = [name for name in own if is_text(name)]
        if entry.bears_weights and entry.name not in replaced:
            chosen = choose_weights(own, variant)
            if chosen is None:
                raise SnapshotError(_why_no_weights(Path(entry.name), own))
            files += [*_indexes(own, chosen), *chosen.files]
        wanted += [f"{entry.name}/{name}" for name in files]
    return wanted


def is_text(name: str) -> bool:
    """Return whether a part's file is a config or a tokenizer's, and no index of shards."""
    return name.endswith(_TEXT_FILES) and not _INDEX.search(name)


def _indexes(names: Iterable[str], chosen: Weights) -> list[str]:
    """Return the index of shards that was published with the chosen files, if they are shards."""
    if len(chosen.files) == 1:
        return []
    stem = next(each for each in STEMS if chosen.files[0].startswith(each))
    variant = f".{chosen.variant}" if chosen.variant else ""
    wanted = f"{stem}.safetensors.index{variant}.json", f"{stem}{variant}.safetensors.index.json"
    return [name for name in names if name in wanted]


def tensors_in(path: Path) -> dict[str, dict[str, Any]]:
    """Read a safetensors header: each tensor's `dtype`, `shape` and `data_offsets` by its name.

    Raises:
        SnapshotError: If it cannot be read, or the file is cut short.
    """
    return header_of(path)[0]


def header_of(path: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Read a safetensors header: the tensors as `tensors_in`, and the file's metadata.

    Raises:
        SnapshotError: If it cannot be read, or the file is cut short.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            header = json.loads(file.read(min(length, _MAX_HEADER_BYTES)))
        tensors = {name: value for name, value in header.items() if name != "__metadata__"}
        end = max((_end_of(tensor) for tensor in tensors.values()), default=0)
    except (
        OSError,
        ValueError,
        AttributeError,
        LookupError,
        TypeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise SnapshotError(f"{path} is not a safetensors file: {error}") from error
    if path.stat().st_size < _LENGTH_BYTES + length + end:
        raise SnapshotError(f"{path} is cut short: fetch it again")
    metadata = header.get("__metadata__")
    return tensors, metadata if isinstance(metadata, dict) else {}


def _end_of(tensor: Mapping[str, Any]) -> int:
    """Check that a header's entry has the three facts, and return where its bytes end."""
    start, end = map(int, tensor["data_offsets"])
    if start > end or not (isinstance(tensor["dtype"], str) and isinstance(tensor["shape"], list)):
        raise ValueError("a tensor without dtype and shape")
    return end
