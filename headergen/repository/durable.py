"""Write a file so that a crash leaves either its old bytes or its new ones, and sweep up after one.

A temporary file is locked for as long as its writer lives: that, and no clock and no process id,
tells a file that is being written from one that a killed run left behind.
"""

import errno
import os
import re
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from headergen.errors import UsageError

if sys.platform != "win32":
    import fcntl

_TEMPORARY = re.compile(r"\.headergen-[0-9a-f]{16}\.tmp")


def write(path: Path, data: bytes, confirm: Callable[[], None] = lambda: None) -> None:
    """Replace the file at `path` by `data`: temporary file beside it, fsync, rename, fsync.

    A symlink is followed and stays a symlink; an existing file keeps its mode; missing folders
    are made. `confirm` is called last before the rename, and stops it by raising. On any failure,
    Ctrl-C included, the temporary file is removed.

    Raises:
        OSError: the file cannot be written (read-only folder, disk full, ...).
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = _mode_of(target)
    file, temporary = _create(target.parent)
    try:
        with file:
            if mode is not None:
                os.chmod(temporary, mode)
            _write_all(file.fileno(), data)
            os.fsync(file.fileno())
            if sys.platform == "win32":
                file.close()  # it renames no open file; to close twice does no harm
            confirm()
            os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(target.parent)


def save(path: Path, data: bytes) -> None:
    """Write a file that a command was asked for.

    Raises:
        UsageError: It cannot be written there.
    """
    try:
        write(path, data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def sweep(folder: Path) -> None:
    """Remove the temporary files that killed runs left in `folder`; a living run's stay.

    What cannot be listed, locked or removed stays as well: sweeping is never a reason to fail.
    """
    with suppress(OSError):
        for name in os.listdir(folder):
            if _TEMPORARY.fullmatch(name):
                _remove_abandoned(folder / name)


def _mode_of(target: Path) -> int | None:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        return None


def _create(folder: Path) -> tuple[FileIO, Path]:
    """Make a temporary file and lock it."""
    while True:
        temporary = folder / f".headergen-{os.urandom(8).hex()}.tmp"
        file = temporary.open("xb", buffering=0)
        _lock(file.fileno())
        if os.fstat(file.fileno()).st_nlink:
            return file, temporary
        file.close()  # another run swept it in the moment before it was locked


def _lock(handle: int) -> None:
    if sys.platform != "win32":
        # A file system without locks: nobody can sweep there either.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _remove_abandoned(temporary: Path) -> None:
    with suppress(OSError):
        if sys.platform == "win32":
            os.unlink(temporary)  # it refuses to remove an open file
            return
        handle = os.open(temporary, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            # Shared, because NFS wants a descriptor open for writing for an exclusive lock.
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            os.unlink(temporary)
        finally:
            os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; Windows can't open a folder and does not need it."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some file systems have no fsync for folders (postgres/postgres, src/common/file_utils.c).
        if error.errno not in (errno.EBADF, errno.EINVAL):
            raise
    finally:
        os.close(handle)
