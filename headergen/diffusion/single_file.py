"""A whole checkpoint in one .safetensors file: which family it is of, and how it predicts noise.

Only its header is read. The parent and the worker share this page, so it needs the standard library
alone.
"""

from __future__ import annotations

import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from headergen.diffusion.families import FAMILIES
from headergen.diffusion.families.family import Family
from headergen.diffusion.snapshot import SnapshotError, header_of

SUFFIX = ".safetensors"

# What marks a model that predicts v, and not noise: an empty tensor (ComfyUI's saves), or a word of
# the metadata (ComfyUI's and kohya's). That a mark is missing proves nothing.
_V_TENSOR = "v_pred"
_V_METADATA = ("modelspec.predict_key", "modelspec.prediction_type")
_V_WORDS = ("v", "v_prediction")
_ZERO_SNR_TENSOR = "ztsnr"

# How a file is known again, without reading all of it.
_SAMPLES = 64
_SAMPLE_BYTES = 4096


@dataclass(frozen=True)
class SingleFile:
    """What the header of a checkpoint in one file says.

    `predicts_v` and `zero_snr` are what its marks say of the noise schedule.
    """

    path: Path
    family: Family
    predicts_v: bool
    zero_snr: bool


def read(path: Path) -> SingleFile:
    """Read the header of a checkpoint in one file.

    Raises:
        SnapshotError: It is no safetensors file, or of no family that headergen knows so.
    """
    stat = path.stat()
    return _read(path, stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=8)  # each article asks
def _read(path: Path, size: int, mtime_ns: int) -> SingleFile:
    tensors, metadata = header_of(path)
    for family in FAMILIES.values():
        prefixes = family.single_file_prefixes
        if prefixes and all(any(name.startswith(each) for name in tensors) for each in prefixes):
            break
    else:
        raise SnapshotError(_what_it_is(path, list(tensors)))
    words = {str(metadata.get(key, "")).lower() for key in _V_METADATA}
    if edm := [name for name in tensors if name.startswith("edm_")]:
        raise SnapshotError(f"{path.name} has another noise schedule (EDM): it has {edm[0]}")
    predicts_v = _V_TENSOR in tensors or not words.isdisjoint(_V_WORDS)
    return SingleFile(path, family, predicts_v, predicts_v and _ZERO_SNR_TENSOR in tensors)


def _what_it_is(path: Path, names: list[str]) -> str:
    if any("lora" in name for name in names):
        return f"{path.name} is a LoRA, and no whole model"
    known = " and ".join(each.name for each in FAMILIES.values() if each.single_file_prefixes)
    found = ", ".join(names[:3])
    return f"{path.name} is no whole {known} model in one file: it has {found} …"


def fingerprint(path: Path) -> str:
    """Return 12 hex digits that tell a file from another one: of its size, and samples of it.

    A change between two samples that keeps the size is missed; training changes every weight.
    """
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLE_BYTES * _SAMPLES))
        for number in range(_SAMPLES):
            file.seek(size * number // _SAMPLES, os.SEEK_SET)
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:12]
