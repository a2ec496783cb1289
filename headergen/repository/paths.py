"""Paths that an article names: resolved, and kept inside the repository."""

import os
import re
import stat
from functools import lru_cache
from pathlib import Path

from headergen.errors import OutsideRepositoryError, PathError, SourceError
from headergen.repository import git, hook_memory
from headergen.vocabulary import ARTICLE_SUFFIXES, READABLE, SAVE_AGAIN
from headergen.wording import shown

# 50 megapixels of four 16-bit channels, not compressed at all: no header needs a larger source.
SOURCE_LIMIT_BYTES = 400_000_000

# NAME_MAX of the file systems of Linux, macOS and Windows.
LONGEST_NAME_BYTES = 255

NAME_A_PICTURE = f"name a picture ({READABLE})"

# Device names of Windows, whatever comes after a dot (learn.microsoft.com, "Naming Files, Paths,
# and Namespaces"): what is written to NUL.png is lost there, so no header or source is called so.
_DEVICE = re.compile(
    r"(?:^|/)(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³]) *(?:\.[^/]*)?(?:/|$)", re.IGNORECASE
)

# As git itself knows its folder, 8.3 names of Windows included (git/git, path.c, is_ntfs_dotgit).
_GIT_FOLDER = re.compile(
    rf"(?<={re.escape(os.sep)})(?:\.git|git~1)[ .]*(?={re.escape(os.sep)}|$)", re.IGNORECASE
)

# Backslashes, control characters, `~`, and anything that looks like `C:` or `file:`.
_FOREIGN = re.compile(r"[\\\x00-\x1f\x7f-\x9f]|^~|^[A-Za-z][A-Za-z0-9+.-]*:")


def folded(name: str) -> str:
    """Return a path as file systems compare it that know neither case nor composed letters."""
    import unicodedata

    return unicodedata.normalize("NFC", name).casefold()


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
            f"{shown(name)} is not a path relative to the article",
            remedy="write it with / between folders, and no control characters, ~ or C: or https:; "
            "a path that starts with / is looked for at the repository's root",
        )
    if _DEVICE.search(name):
        raise PathError(
            f"{shown(name)} has a name that Windows keeps for a device", remedy="rename the file"
        )
    if max(map(len, os.fsencode(name).split(b"/"))) > LONGEST_NAME_BYTES:
        raise PathError(
            f"{shown(name)} has a name of more than {LONGEST_NAME_BYTES} bytes", remedy="shorten it"
        )
    start = root if name.startswith("/") else folder
    path = os.path.normpath(os.path.join(start, name.lstrip("/")))
    try:
        real = _real(path)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "its symlinks lead in a circle"
        raise PathError(
            f"{shown(name)} cannot be resolved: {reason}", remedy="write another path"
        ) from error
    _require_below(real, _resolved(os.fspath(root)), name)
    return Path(path)


def _real(path: str) -> str:
    """Follow the symlinks on the way to `path` (absolute), and `path` itself if it is one."""
    if os.path.islink(path):
        return os.fspath(Path(path).resolve())
    folder, name = os.path.split(path)
    return os.path.join(_resolved(folder), name)


def require_inside(path: Path, root: Path) -> None:
    """Look again, now, where `path` (absolute) ends: a symlink may have been put in its way.

    Raises:
        OutsideRepositoryError: it ends outside `root`, or inside `.git`.
    """
    _require_below(os.fspath(path.resolve()), os.fspath(root.resolve()), path.name)


def _require_below(real: str, root: str, name: str) -> None:
    base = os.path.join(root, "")
    if not os.path.join(real, "").startswith(base):
        raise OutsideRepositoryError(
            f"{shown(name)} leaves the repository", remedy="name a file that is in the repository"
        )
    if _GIT_FOLDER.search(real, len(base)):
        raise OutsideRepositoryError(
            f"{shown(name)} points into git's own folder", remedy="name a file outside of .git"
        )


def require_sensible(status: os.stat_result, name: str) -> None:
    """Make sure that a file called `name` in messages is a regular one, of sensible size.

    Raises:
        SourceError: It is not.
    """
    if not stat.S_ISREG(status.st_mode):
        message = f"{name} is not a regular file but a pipe or device"
        raise SourceError(message, remedy=NAME_A_PICTURE)
    if status.st_size == 0:
        raise SourceError(f"{name} is empty (0 bytes)", remedy=SAVE_AGAIN)
    if status.st_size > SOURCE_LIMIT_BYTES:
        message = f"{name} is larger than {SOURCE_LIMIT_BYTES:,} bytes"
        raise SourceError(message, remedy="scale it down")


def require_picture_file(path: Path, name: str) -> None:
    """Make sure that `path`, written `name` by the author, is a regular file of sensible size.

    Raises:
        SourceError: it is missing, unreadable, a folder, a pipe or a device, or too large.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise SourceError(
            f"{shown(name)} does not exist",
            remedy="source paths are relative to the article; /… starts at the repository's root",
        ) from None
    except OSError as error:
        message = f"{shown(name)} cannot be read: {error.strerror}"
        raise SourceError(message, remedy="let your user read it, or name another") from error
    if stat.S_ISDIR(status.st_mode):
        raise SourceError(f"{shown(name)} is a folder, not a picture", remedy=NAME_A_PICTURE)
    if hook_memory.is_text(name) or name.lower().endswith(ARTICLE_SUFFIXES):
        # The hook looks at no such file when it changes.
        message = f"{shown(name)} is no picture by its name"
        raise SourceError(message, remedy="rename the file, such as to end in .png")
    require_sensible(status, shown(name))
    if not os.access(path, os.R_OK):
        message = f"{shown(name)} cannot be read: permission denied"
        raise SourceError(message, remedy="let your user read it, or name another")
    if git.is_lfs_pointer(path):
        raise SourceError(
            f"{shown(name)} is a Git LFS pointer, not the picture", remedy=git.LFS_REMEDY
        )
