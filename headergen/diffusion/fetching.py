"""Bring a model to this machine, so that painting needs no network afterwards."""

from pathlib import Path

from headergen.diffusion import cache, hardware, placement
from headergen.diffusion.cache import Checkpoint, Fetched
from headergen.diffusion.client import Worker
from headergen.diffusion.placement import Hardware
from headergen.errors import DeviceNotFoundError, NotDownloadedError, PlacementError
from headergen.progress import Downloading, Note, Report, Storing
from headergen.repository import locks
from headergen.wording import gigabytes


def fetch(
    interpreter: Path,
    checkpoint: Checkpoint,
    device: str,
    size: tuple[int, int],
    report: Report,
    *,
    timeout_s: float,
    quantize: str | None = None,
) -> Fetched:
    """Download a model, resuming what an earlier run began, and pin its revision.

    `quantize` (`8bit` or `4bit`) stores it quantised. That `device` could not paint with it at
    `size` px is noted and no more: it may be for another machine.

    Raises:
        PaintError: the hub cannot be reached or does not have it, the disk is too small, …
    """
    with Worker(interpreter, checkpoint.name, timeout_s, online=True) as worker:
        try:
            require_fitting(checkpoint, worker.survey(device), size)
        except (DeviceNotFoundError, PlacementError) as error:
            report(Note(f"fetched for another machine than this one: {error.headline}"))
        return _fetch(worker, checkpoint, report, quantize)


def obtain(
    interpreter: Path,
    checkpoint: Checkpoint,
    device: str,
    size: tuple[int, int],
    report: Report,
    *,
    timeout_s: float,
    download: bool,
) -> Fetched:
    """Find a model on this machine, or download it if that is allowed and `device` can hold it.

    `size` is the render size in px. Where it may not be downloaded, no worker is started only to
    say so; a machine that plainly has no GPU is told of that first.

    Raises:
        NotDownloadedError: It may not be downloaded now.
        PlacementError: It would not fit.
        PaintError: There is no such device, or it cannot be downloaded.
    """
    try:
        return require(checkpoint)
    except NotDownloadedError as lacking:
        if not download and hardware.may_paint(device):
            raise
        with Worker(interpreter, checkpoint.name, timeout_s, online=download) as worker:
            require_fitting(checkpoint, worker.survey(device), size)
            if not download:
                worker.send("quit")
                raise lacking
            return _fetch(worker, checkpoint, report, None)


def require_fitting(checkpoint: Checkpoint, found: Hardware, size: tuple[int, int]) -> None:
    """Make sure that a model will have a placement at `size` px, before it is downloaded.

    How large a GGUF file is, the table does not know: that is found out before loading.

    Raises:
        PlacementError: It will not; says what is short by how much.
    """
    if checkpoint.transformer is None:
        placement.ladder(
            checkpoint.row,
            cache.parts_to_fetch(checkpoint.row),
            found,
            size,
            name=checkpoint.name,
        )


def _fetch(worker: Worker, checkpoint: Checkpoint, report: Report, quantize: str | None) -> Fetched:
    """Fetch while no other process fetches the same model: they would share its files."""
    row, folder = checkpoint.row, cache.model_folder(checkpoint.location)
    with locks.fetching(folder, report):
        worker.send(
            "fetch",
            hub_id=checkpoint.location,
            revision=checkpoint.revision,
            form=cache.form_of(checkpoint, quantize),
            bits=quantize,
            variant=row.variant,
            family=row.family.name,
            gguf=None if checkpoint.transformer_local else checkpoint.transformer,
            replaced=["transformer"] if checkpoint.transformer else [],
            model_folder=str(folder),
        )
        answers = ("downloading", "storing", "fetched")
        while (event := worker.receive(*answers))["event"] != "fetched":
            match event["event"]:
                case "downloading":
                    report(Downloading(event["done"], event["total"]))
                case "storing":
                    report(Storing(event["name"]))
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
    download, stored = gigabytes(row.published_bytes), gigabytes(row.stored_bytes)
    return f"  ({download} to download, {stored} on disk; a hook never downloads)"
