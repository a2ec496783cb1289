"""Write a file so that a crash leaves either its old bytes or its new ones."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

TEMPORARY_PREFIX = ".headergen-"


def write(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data`: temporary file beside it, fsync, rename, fsync.

    A symlink is followed and stays a symlink; an existing file keeps its mode; missing folders
    are made. On any failure, Ctrl-C included, the temporary file is removed.

    Raises:
        OSError: the file cannot be written (read-only folder, disk full, ...).
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = _mode_for(target)
    handle, name = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.chmod(temporary, mode)
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _mode_for(target: Path) -> int:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; Windows can't open a folder and does not need it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
