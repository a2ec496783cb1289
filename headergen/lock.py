"""One painter at a time: two models on one GPU at once would run out of its memory together."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from headergen.errors import PaintError

_POLL_SECONDS = 0.2


@contextmanager
def painting(root: Path, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold this user's lock for painting on this machine while the block runs.

    It is the operating system's lock, which frees it when its holder dies in whatever way.

    Args:
        root: where this process paints, for those who wait for it.
        waiting: called with a description of the holder, if another process has the lock.

    Raises:
        PaintError: there is no place for the lock.
    """
    from filelock import FileLock, Timeout

    place = _place()
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
            f"{place}, the lock that keeps two runs from the GPU, cannot be taken: "
            f"{error.strerror or error}",
            remedy="set XDG_CACHE_HOME to a folder that you can write to",
        ) from error
    try:
        _sign(place, root)
        yield
    finally:
        with suppress(OSError):  # then the end of this process frees it
            lock.release()


def _place() -> Path:
    """Beside the models (huggingface_hub's rule); home folders may be shared between machines."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache, "headergen", f"painting-{platform.node()}.lock")


def _signature(place: Path) -> Path:
    """Beside the lock and not in it: Windows lets nobody read a locked file."""
    return place.with_suffix(".holder")


def _sign(place: Path, root: Path) -> None:
    with suppress(OSError):  # a courtesy to those who wait, no reason to fail
        _signature(place).write_text(f"process {os.getpid()} in {root}", "utf-8")


def _holder(place: Path) -> str:
    with suppress(OSError):
        return _signature(place).read_text("utf-8", "replace") or "another process"
    return "another process"
