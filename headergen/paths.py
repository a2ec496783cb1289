"""Paths that an article names: resolved, and kept inside the repository."""

from __future__ import annotations

import os
import re
import stat
from functools import lru_cache
from pathlib import Path

from headergen import git
from headergen.errors import OutsideRepositoryError, PathError, SourceError

# 50 megapixels of four 16-bit channels, not compressed at all: no header needs a larger source.
SOURCE_LIMIT_BYTES = 400_000_000

# Backslashes, control characters, `~`, and anything that looks like `C:` or `file:`.
_FOREIGN = re.compile(r"[\\\x00-\x1f\x7f-\x9f]|^~|^[A-Za-z][A-Za-z0-9+.-]*:")


def folder_of(path: Path) -> str:
    """Return the folder that `path` lies in, absolute and resolved; text is quicker than `Path`."""
    return _resolved(os.path.join(os.getcwd(), os.path.dirname(path)))


@lru_cache
def _resolved(folder: str) -> str:
    """Resolve a folder (absolute) that many articles share, once."""
    return os.fspath(Path(folder).resolve())


def inside(folder: str, name: str, root: Path) -> Path:
    """Resolve `name` against `folder`, or against `root` when it starts with `/`.

    The result is absolute, existing or not; symlinks on the way are followed to see where it ends.

    Raises:
        PathError: `name` is no relative path with `/` between folders.
        OutsideRepositoryError: it ends outside `root`, or inside `.git`.
    """
    if not name or _FOREIGN.search(name):
        raise PathError(
            f"{name!r} is not a path relative to the article",
            remedy="write it with / between folders, and no control characters, ~ or C: or https:; "
            "a path that starts with / is looked for at the repository's root",
        )
    start = root if name.startswith("/") else folder
    path = os.path.normpath(os.path.join(start, name.lstrip("/")))
    try:
        real = _real(path)
    except (OSError, RuntimeError) as error:
        raise PathError(f"{name!r} cannot be resolved: {error}") from error
    base = os.path.join(_resolved(os.fspath(root)), "")
    if not os.path.join(real, "").startswith(base):
        raise OutsideRepositoryError(f"{name!r} leaves the repository")
    if ".git" in real[len(base) :].casefold().split(os.sep):
        raise OutsideRepositoryError(f"{name!r} points into git's own folder")
    return Path(path)


def _real(path: str) -> str:
    """Follow the symlinks on the way to `path` (absolute), and `path` itself if it is one."""
    if os.path.islink(path):
        return os.fspath(Path(path).resolve())
    folder, name = os.path.split(path)
    return os.path.join(_resolved(folder), name)


def require_picture_file(path: Path, name: str) -> None:
    """Make sure that `path`, written `name` by the author, is a regular file of sensible size.

    Raises:
        SourceError: it is missing, unreadable, a folder, a pipe or a device, or too large.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise SourceError(
            f"{name!r} does not exist",
            remedy="source paths are relative to the article; /… starts at the repository's root",
        ) from None
    except OSError as error:
        raise SourceError(f"{name!r} cannot be read: {error.strerror}") from error
    if stat.S_ISDIR(status.st_mode):
        raise SourceError(f"{name!r} is a folder, not a picture")
    if not stat.S_ISREG(status.st_mode):
        raise SourceError(f"{name!r} is not a regular file")
    if status.st_size == 0:
        raise SourceError(f"{name!r} is empty (0 bytes)", remedy="save the picture again")
    if status.st_size > SOURCE_LIMIT_BYTES:
        raise SourceError(f"{name!r} is larger than {SOURCE_LIMIT_BYTES:,} bytes")
    if not os.access(path, os.R_OK):
        raise SourceError(f"{name!r} cannot be read: permission denied")
    if git.is_lfs_pointer(path):
        raise SourceError(
            f"{name!r} is a Git LFS pointer, not the picture", remedy="run `git lfs pull`"
        )
