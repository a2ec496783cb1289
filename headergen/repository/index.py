"""What the next commit will contain: git's index, read as blobs and never through the disk.

A file in the working tree may differ from what is staged, and git can be told not to look at it
(assume-unchanged, skip-worktree, filters). A fresh clone holds the blobs, so these are judged.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from headergen.errors import GitError
from headergen.repository import porcelain

LINK, SUBMODULE = "120000", "160000"

# As many links as Linux follows on the way to a file (path_resolution(7)).
_MAX_LINKS = 40


@dataclass(frozen=True)
class Entry:
    """One file of the index: its mode in octal, as git writes it, and the id of its blob."""

    mode: str
    blob: str


class Index:
    """The index that this commit uses, and one `git cat-file` that reads its blobs.

    Close it with a `with` block. `entries` are by names relative to the root, with `/`. A file
    that is only intended to be added (`git add -N`) has the empty blob.
    """

    def __init__(self, root: Path) -> None:
        """Read the listing.

        Raises:
            GitError: git is not installed or cannot read the index.
        """
        self._root = root
        self.entries: Mapping[str, Entry] = dict(_listed(root))
        self._reader: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reader:
            self._reader.communicate()

    def read(self, blob: str) -> bytes:
        """Return the bytes of the blob with this id.

        Raises:
            GitError: git lacks it.
        """
        questions, answers = self._pipes()
        questions.write(f"{blob}\n".encode())
        questions.flush()
        head = answers.readline().split()
        if len(head) != 3:
            raise GitError(f"git lacks the object {blob}, which the index names")
        data = answers.read(int(head[2]))
        answers.read(1)
        return data

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._reader is None:
            call = porcelain.call(os.fspath(self._root), "cat-file", "--batch")
            self._reader = subprocess.Popen(
                call,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=porcelain.environment(),
            )
        assert self._reader.stdin
        assert self._reader.stdout
        return self._reader.stdin, self._reader.stdout

    def trail(self, name: str) -> Iterator[str]:
        """Yield the links on the way to the file `name`, then the file that they lead to.

        Nothing is yielded for what the index lacks; a trail of links may end in nothing.
        """
        for _ in range(_MAX_LINKS):
            link = next((each for each in _prefixes(name) if self._is_link(each)), None)
            if link is None:
                break
            yield link
            target = os.fsdecode(self.read(self.entries[link].blob))
            rest = name[len(link) :].lstrip("/")
            name = posixpath.normpath(posixpath.join(posixpath.dirname(link), target, rest))
        if name in self.entries and self.entries[name].mode not in (LINK, SUBMODULE):
            yield name

    def _is_link(self, name: str) -> bool:
        return name in self.entries and self.entries[name].mode == LINK

    def export(self, names: Iterable[str], folder: Path) -> None:
        """Write the files `names` below `folder` as a fresh clone would have them, links included.

        Filters are not applied: a picture that git rewrites shows as what git stores. What the
        index lacks is left out, and a name that exists in `folder` is left as it is.

        Raises:
            GitError: git lacks a blob.
            OSError: A file cannot be written.
        """
        for name in names:
            for each in self.trail(name):
                self._write(each, folder / each)

    def _write(self, name: str, target: Path) -> None:
        if os.path.lexists(target):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        data = self.read(self.entries[name].blob)
        if self._is_link(name):
            target.symlink_to(os.fsdecode(data))
        else:
            target.write_bytes(data)


def _prefixes(name: str) -> Iterator[str]:
    """Yield `a`, `a/b` and `a/b/c` of `a/b/c`."""
    parts: Sequence[str] = name.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts) + 1))


def _listed(root: Path) -> Iterator[tuple[str, Entry]]:
    """Read lines of `mode blob stage TAB name`; a conflict has stages and no commit."""
    for line in porcelain.ask(os.fspath(root), "ls-files", "--stage", "-z").split(b"\0"):
        if line:
            facts, _, name = line.partition(b"\t")
            mode, blob, stage = facts.decode("ascii").split()
            if stage == "0":
                yield os.fsdecode(name), Entry(mode, blob)


def changed(root: Path) -> list[str]:
    """List the names that the next commit changes, adds or deletes; all of them in the first.

    Raises:
        GitError: git is not installed or cannot read the index.
    """
    folder = os.fspath(root)
    try:
        porcelain.ask(folder, "rev-parse", "--quiet", "--verify", "HEAD^{tree}")
    except GitError:  # there is no commit yet
        return [name for name, _ in _listed(root)]
    return [name for name, _ in porcelain.differences(folder, "HEAD")]
