"""The few questions that headergen asks of git; it never changes anything there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from headergen.errors import GitError

# Windows limits a command line to 32,767 characters; this many paths stay well below it.
PATHS_PER_CALL = 100


def find_root(start: Path) -> Path | None:
    """Return the working tree that `start` (a folder) lies in, or None outside of any.

    A `.git` file counts as well as a folder: worktrees and submodules have one.
    """
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
    return None


def status(root: Path, paths: Sequence[Path]) -> dict[Path, str]:
    """Compare `paths` (absolute, below `root`) with the index that this commit uses.

    Returns the two status letters of `git status --porcelain` for each path that is not the same
    in the index and on disk, or differs from HEAD: `??` is untracked, `!!` ignored, an `M` in the
    second place modified since it was staged. A path that is missing here is committed and clean.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    found: dict[Path, str] = {}
    for some in _batches(paths):
        names = [os.fspath(path.relative_to(root)) for path in some]
        # Individual ignored files are listed only with --untracked-files=all.
        output = _run(
            root,
            "--no-optional-locks",
            "--literal-pathspecs",
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
            "--ignored",
            "--untracked-files=all",
            "--",
            *names,
        )
        found.update(_parse_status(root, output))
    return found


def staged_bytes(root: Path, path: Path) -> bytes | None:
    """Return what the index holds for `path` (absolute, below `root`), None if nothing."""
    name = path.relative_to(root).as_posix()
    try:
        return _run(root, "cat-file", "blob", f":0:{name}")
    except GitError:
        return None


def _batches(paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
    for start in range(0, len(paths), PATHS_PER_CALL):
        yield paths[start : start + PATHS_PER_CALL]


def _parse_status(root: Path, output: bytes) -> Iterator[tuple[Path, str]]:
    for entry in output.split(b"\0"):
        if entry:
            yield root / os.fsdecode(entry[3:]), entry[:2].decode("ascii")


def _run(root: Path, *arguments: str) -> bytes:
    import subprocess

    try:
        done = subprocess.run(
            ["git", "-C", os.fspath(root), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed or not on PATH") from error
    if done.returncode != 0:
        reason = os.fsdecode(done.stderr).strip()
        raise GitError(f"git cannot tell what is staged: {reason}")
    return done.stdout
