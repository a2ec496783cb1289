"""Bring a model to this machine, so that painting needs no network afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from headergen.diffusion import cache
from headergen.diffusion.cache import Fetched
from headergen.diffusion.checkpoint import Checkpoint
from headergen.diffusion.client import Worker
from headergen.errors import NotDownloadedError

GIGABYTE = 1e9


class Progress(Protocol):
    """What `fetch` reports while it goes on."""

    def downloading(self, done_bytes: int, total_bytes: int) -> None:
        """Report how much of the model has been downloaded."""

    def storing(self, name: str) -> None:
        """Report that the file `name` is being stored in half precision, or quantised."""


def fetch(
    interpreter: Path,
    checkpoint: Checkpoint,
    progress: Progress,
    *,
    timeout_s: float,
    quantize: str | None = None,
) -> Fetched:
    """Download a model, resuming what an earlier run began, and pin its revision.

    `quantize` (`8bit` or `4bit`) stores it quantised.

    Raises:
        PaintError: the hub cannot be reached or does not have it, the disk is too small, …
    """
    with Worker(interpreter, checkpoint.name, timeout_s, online=True) as worker:
        return _fetch(worker, checkpoint, progress, quantize)


def obtain(
    interpreter: Path,
    checkpoint: Checkpoint,
    device: str,
    progress: Progress,
    *,
    timeout_s: float,
    download: bool,
) -> Fetched:
    """Find a model on this machine, or download it if that is allowed and the device is there.

    Raises:
        NotDownloadedError: It may not be downloaded now.
        PaintError: There is no such device, or it cannot be downloaded.
    """
    try:
        return require(checkpoint)
    except NotDownloadedError as lacking:
        with Worker(interpreter, checkpoint.name, timeout_s, online=download) as worker:
            worker.send("survey", device=device)
            worker.receive()
            if not download:
                worker.send("quit")
                raise lacking
            return _fetch(worker, checkpoint, progress, None)


def _fetch(
    worker: Worker, checkpoint: Checkpoint, progress: Progress, quantize: str | None
) -> Fetched:
    row = checkpoint.row
    worker.send(
        "fetch",
        hub_id=checkpoint.location,
        revision=checkpoint.revision,
        form=cache.form_of(checkpoint, quantize),
        bits=quantize,
        variant=row.variant,
        pipeline_class=row.pipeline_class,
        dtype=row.dtype,
        gguf=None if checkpoint.transformer_local else checkpoint.transformer,
        replaced=["transformer"] if checkpoint.transformer else [],
        model_folder=str(cache.model_folder(checkpoint.location)),
    )
    while (event := worker.receive())["event"] != "fetched":
        match event["event"]:
            case "downloading":
                progress.downloading(event["done"], event["total"])
            case "storing":
                progress.storing(event["name"])
    worker.send("quit")
    return require(checkpoint)


def require(checkpoint: Checkpoint) -> Fetched:
    """Find a model on this machine.

    Raises:
        NotDownloadedError: It is not there; says what fetches it, and how large it is.
    """
    found = cache.find(checkpoint)
    if found is None:
        raise NotDownloadedError(
            f"the model {checkpoint.name} is not, or not wholly, on this machine",
            remedy=f"run once: headergen fetch {checkpoint.name}{_how_large(checkpoint)}",
        )
    return found


def _how_large(checkpoint: Checkpoint) -> str:
    row = checkpoint.row
    if checkpoint.location != row.hub_id:
        return ""
    download, stored = row.published_bytes / GIGABYTE, row.stored_bytes / GIGABYTE
    return f"  ({download:.1f} GB to download, {stored:.1f} GB on disk; a hook never downloads)"
