"""The few questions that headergen asks of git; it never changes anything there."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from headergen.errors import GitError
from headergen.repository.porcelain import ask, pathspecs, status_entries

# A file's first line in the place of a large one: github.com/git-lfs/git-lfs, docs/spec.md.
LFS_VERSION_LINE = b"version https://git-lfs.github.com/spec/v1\n"
LFS_REMEDY = "run `git lfs pull`"


@dataclass(frozen=True)
class Status:
    """How a path stands between HEAD, the index that this commit uses, and the disk.

    `letters` are the two of `git status --porcelain=v2`: `??` is untracked, `!!` ignored, an `M`
    in the second place modified since it was staged. `blob` is the object id in the index.
    """

    letters: str
    blob: str | None = None


def find_root(start: Path) -> Path | None:
    """Return the working tree that `start` (a folder) lies in, or None outside of any.

    A `.git` file counts as well as a folder: worktrees and submodules have one. Where the
    environment or git's own config may say something else, git is asked.

    Raises:
        GitError: git refuses to work there, as in a folder that another user owns.
    """
    if os.environ.get("GIT_DIR") or os.environ.get("GIT_WORK_TREE"):
        return _root_as_git_says(start)
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").is_file():
            return candidate
        if (candidate / ".git" / "HEAD").exists():
            return _root_as_git_says(start) if _has_tree_elsewhere(candidate) else candidate
    return None


def find_bare(start: Path) -> Path | None:
    """Return the folder of the bare repository that `start` lies in, or None outside of any."""
    with suppress(GitError):  # no repository at all
        if ask(os.fspath(start), "rev-parse", "--is-bare-repository").strip() == b"true":
            output = ask(os.fspath(start), "rev-parse", "--absolute-git-dir")
            return Path(os.fsdecode(output.removesuffix(b"\n")))
    return None


def _has_tree_elsewhere(folder: Path) -> bool:
    """Check whether the config of the repository in `folder` may name another working tree."""
    with suppress(OSError):
        return b"worktree" in (folder / ".git" / "config").read_bytes().lower()
    return False


def _root_as_git_says(start: Path) -> Path | None:
    if ask(os.fspath(start), "rev-parse", "--is-inside-work-tree").strip() != b"true":
        return None
    output = ask(os.fspath(start), "rev-parse", "--show-toplevel")
    return Path(os.fsdecode(output.removesuffix(b"\n")))


def status(root: Path, paths: Iterable[Path]) -> dict[Path, Status]:
    """Compare `paths` (absolute, below `root`) with HEAD and the index that this commit uses.

    A path that is missing in the answer is committed and the same everywhere. One call of git,
    however many paths.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    names = _names(root, paths)
    if not names:
        return {}
    found = _parse_status(status_entries(os.fspath(root), names))
    return {names[name]: status for name, status in found if name in names}


def left_out(root: Path, paths: Iterable[Path]) -> set[Path]:
    """Return those of `paths` (absolute, below `root`) that a sparse checkout leaves out.

    They are in the index and not on disk, and a commit keeps them as they are.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    names = _names(root, paths)
    if not names:
        return set()
    output = ask(os.fspath(root), "ls-files", "-t", "-z", "--", *pathspecs(names))
    skipped = {os.fsdecode(entry[2:]) for entry in output.split(b"\0") if entry.startswith(b"S ")}
    return {path for name, path in names.items() if name in skipped}


def blobs(root: Path, ids: Sequence[str]) -> dict[str, bytes]:
    """Read the objects `ids` from the repository, in one call of git.

    Raises:
        GitError: git is not installed or lacks one of them.
    """
    if not ids:
        return {}
    questions = "".join(f"{each}\n" for each in ids).encode()
    output = ask(os.fspath(root), "cat-file", "--batch", stdin=questions)
    return dict(_parse_blobs(output))


def is_partial_commit() -> bool:
    """Tell whether this is a hook of `git commit PATH …`, which leaves out all else, even staged.

    Git gives such a commit an index of its own (builtin/commit.c, `prepare_index`).
    """
    return Path(os.environ.get("GIT_INDEX_FILE", "")).name.startswith("next-index-")


def is_merging(root: Path) -> bool:
    """Check whether the next commit is a merge.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    return path_in_git_folder(root, "MERGE_HEAD").is_file()


def is_sparse(root: Path) -> bool:
    """Check whether files outside of a pattern are left out of the working tree."""
    with suppress(GitError):  # the key is not set
        answer = ask(os.fspath(root), "config", "--type=bool", "core.sparseCheckout")
        return answer.strip() == b"true"
    return False


def path_in_git_folder(root: Path, name: str) -> Path:
    """Return where git keeps the file `name` of its own folder, or would keep it.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    output = ask(os.fspath(root), "rev-parse", "--git-path", name)
    return root / os.fsdecode(output.removesuffix(b"\n"))


def is_lfs_pointer(path: Path) -> bool:
    """Tell whether the file at `path` only says which file Git LFS would put there.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(len(LFS_VERSION_LINE)) == LFS_VERSION_LINE


def lfs_digest(pointer: Path) -> str | None:
    """Return the SHA-256 of the file that the pointer at `pointer` stands for, None if it has none.

    Raises:
        OSError: it cannot be read.
    """
    found = re.search(rb"^oid sha256:([0-9a-f]{64})$", pointer.read_bytes()[:1024], re.MULTILINE)
    return found[1].decode() if found else None


def lfs_object(root: Path, digest: str) -> Path:
    """Return where Git LFS keeps the file with this SHA-256, there or not (git-lfs, docs/spec.md).

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    return path_in_git_folder(root, "lfs/objects") / digest[:2] / digest[2:4] / digest


def _names(root: Path, paths: Iterable[Path]) -> dict[str, Path]:
    """Name each path as git does, relative to `root`."""
    start = len(os.path.join(root, ""))
    return {os.fspath(path)[start:]: path for path in paths}


def _parse_status(entries: Iterable[bytes]) -> Iterator[tuple[str, Status]]:
    """Read `1 XY sub mH mI mW hH hI path`, `u XY sub m1 m2 m3 mW h1 h2 h3 path`, `? path`."""
    for entry in entries:
        kind = entry[:1].decode("ascii")
        if kind in "?!":
            yield os.fsdecode(entry[2:]), Status(kind * 2)
        else:
            *fields, name = entry.split(b" ", 8 if kind == "1" else 10)
            blob = fields[7].decode("ascii") if kind == "1" else None
            yield os.fsdecode(name), Status(fields[1].decode("ascii"), blob)


def _parse_blobs(output: bytes) -> Iterator[tuple[str, bytes]]:
    """Read `ID blob SIZE`, a line feed, the bytes and a line feed, again and again."""
    stream = io.BytesIO(output)
    while head := stream.readline().decode("ascii").split():
        if len(head) != 3:
            raise GitError(f"git lacks the object {head[0]}, which the index names")
        yield head[0], stream.read(int(head[2]))
        stream.seek(1, os.SEEK_CUR)
