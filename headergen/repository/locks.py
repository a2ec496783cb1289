"""One painter at a time for each device, and one download of a model.

Two models on one GPU at once would run out of its memory together; two downloads would write into
each other's files.
"""

import os
import platform
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from headergen.errors import PaintError
from headergen.progress import Report, Waiting

_POLL_SECONDS = 0.2


def painting(root: Path, device: str, report: Report) -> AbstractContextManager[None]:
    """Hold this user's lock for painting on a device of this machine while the block runs.

    Args:
        root: where this process paints, for those who wait for it.
        device: `auto`, `cuda`, `cuda:N`, `mps` or `cpu`; the first four without a number mean the
            first GPU.
        report: told of the wait, and who has the lock, if another process has it.

    Raises:
        PaintError: there is no place for the lock.
    """
    return _held(
        _place(device),
        f"process {os.getpid()} in {root}",
        lambda holder: report(Waiting(f"the {_kind(device)}: {holder} paints")),
        "set XDG_CACHE_HOME to a folder that you can write to",
    )


def fetching(folder: Path, report: Report) -> AbstractContextManager[None]:
    """Hold the lock for bringing a model into `folder` while the block runs.

    `report` as in `painting`.

    Raises:
        PaintError: there is no place for the lock.
    """
    return _held(
        folder.with_name(f"{folder.name}.lock"),
        f"process {os.getpid()}",
        lambda holder: report(Waiting(f"the model: {holder} fetches it")),
        "set HEADERGEN_MODELS to a folder that you can write to",
    )


@contextmanager
def _held(
    place: Path, signature: str, waiting: Callable[[str], object], remedy: str
) -> Iterator[None]:
    """Hold the operating system's lock, which frees it when its holder dies in whatever way."""
    from filelock import FileLock, Timeout

    lock = FileLock(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            waiting(_holder(place))
            lock.acquire(poll_interval=_POLL_SECONDS)
    except OSError as error:
        lock.release()
        raise PaintError(
            f"{place}, the lock that keeps two runs apart, cannot be taken: "
            f"{error.strerror or error}",
            remedy=remedy,
        ) from error
    try:
        _sign(place, signature)
        yield
    finally:
        with suppress(OSError):  # then the end of this process frees it
            lock.release()


def user_cache() -> Path:
    """Return this user's cache, by the XDG Base Directory Specification."""
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))


def _place(device: str) -> Path:
    """Beside the models (huggingface_hub's rule); home folders may be shared between machines."""
    return user_cache() / "headergen" / f"painting-{platform.node()}-{_named(device)}.lock"


def _kind(device: str) -> str:
    return "CPU" if device == "cpu" else "GPU"


def _named(device: str) -> str:
    """Name a device the same in every process, whichever cards CUDA shows it.

    CUDA_VISIBLE_DEVICES lists the cards that are cuda:0, cuda:1 and so on, by number or by UUID
    (CUDA C++ Programming Guide, "Environment Variables").
    """
    if device == "cpu":
        return device
    number = device.partition(":")[2] or "0"
    cards = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    shown = cards[int(number)].strip() if int(number) < len(cards) else ""
    return f"gpu-{re.sub('[^A-Za-z0-9-]', '_', shown or number)}"


def _signature(place: Path) -> Path:
    """Beside the lock and not in it: Windows lets nobody read a locked file."""
    return place.with_suffix(".holder")


def _sign(place: Path, signature: str) -> None:
    with suppress(OSError):  # a courtesy to those who wait, no reason to fail
        _signature(place).write_text(signature, "utf-8")


def _holder(place: Path) -> str:
    with suppress(OSError):
        return _signature(place).read_text("utf-8", "replace") or "another process"
    return "another process"
