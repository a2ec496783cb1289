"""Prompts that are encoded, in files: for the run, and for the runs that paint them again.

A repaint with another seed, or one more candidate, needs no text encoder then: its files are not
even loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from headergen.diffusion.families.family import Family
from headergen.diffusion.snapshot import Snapshot
from headergen.diffusion.worker.events import WorkerError
from headergen.diffusion.worker.libraries import load, version

# A prompt takes 0.3 MB (SDXL) to 8 MB (FLUX.2 klein). The files that were used last are kept.
_KEPT_BYTES = 500_000_000

_SUFFIX = ".pt"


class Store:
    """The embeddings of an order's pictures.

    Files go to the order's folder `embeddings`, which outlives the run, and to `scratch` where that
    cannot be written. Their names say what embeddings depend on: the encoders' files, which is the
    revision of the model, how they are loaded, and the text.
    """

    def __init__(self, order: Mapping[str, Any], family: Family, snapshot: Snapshot) -> None:
        self._kept, self._scratch = Path(order["embeddings"]), Path(order["scratch"])
        self._device = order["placement"]["device"]
        self._told = _surroundings(order["placement"], family, snapshot)

    def has(self, picture: Mapping[str, Any]) -> bool:
        """Return whether a picture's prompts are encoded already."""
        return self._existing(picture) is not None

    def load(self, picture: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of the pipeline's call that `save` was given.

        Raises:
            WorkerError: The file is damaged, and is removed; or it is not there.
        """
        file = self._existing(picture) or self._kept / self._name(picture)
        try:
            found: dict[str, Any] = load("torch").load(
                file, weights_only=True, map_location=self._device
            )
        except (OSError, RuntimeError, ValueError, EOFError) as error:
            with suppress(OSError):
                file.unlink()
            message = f"an encoded prompt in {file.parent} was damaged and is removed: run again"
            raise WorkerError("paint", message) from error
        with suppress(OSError):
            os.utime(file)
        return found

    def save(self, picture: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        """Keep what a picture's prompts were encoded to."""
        name = self._name(picture)
        try:
            self._kept.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = self._kept / f".{os.getpid()}.tmp"
            load("torch").save(dict(found), temporary)
            os.replace(temporary, self._kept / name)
        except (OSError, RuntimeError):  # torch's own error for a full disk
            load("torch").save(dict(found), self._scratch / name)

    def prune(self) -> None:
        """Remove the files that were not used for longest, above 500 MB in all."""
        with suppress(OSError):
            stats = {file: file.stat() for file in self._kept.glob(f"*{_SUFFIX}")}
            room = _KEPT_BYTES
            for file in sorted(stats, key=lambda each: -stats[each].st_mtime_ns):
                room -= stats[file].st_size
                if room < 0:
                    file.unlink()

    def _existing(self, picture: Mapping[str, Any]) -> Path | None:
        name = self._name(picture)
        files = (folder / name for folder in (self._kept, self._scratch))
        return next((file for file in files if file.is_file()), None)

    def _name(self, picture: Mapping[str, Any]) -> str:
        told = [picture[name] for name in ("prompt", "negative_prompt", "guidance_scale")]
        return hashlib.sha256(json.dumps([self._told, told]).encode()).hexdigest() + _SUFFIX


def _surroundings(placement: Mapping[str, Any], family: Family, snapshot: Snapshot) -> list[Any]:
    """List what embeddings depend on beside the text."""
    files = [
        snapshot.folder / name / file
        for name in family.encoders
        for file in snapshot.weights[name].files
    ]
    files += [
        path
        for entry in snapshot.entries
        if not entry.bears_weights and entry.name.startswith("tokenizer")
        for path in sorted((snapshot.folder / entry.name).iterdir())
    ]
    stats = [(str(file), file.stat()) for file in files]
    return [
        family.name,
        [(name, found.st_size, found.st_mtime_ns) for name, found in stats],
        [placement["dtype"], placement["device"].partition(":")[0]],
        [placement["quantization"].get(name) for name in family.encoders],
        [version(name) for name in ("torch", "transformers", "diffusers", *family.libraries)],
    ]
