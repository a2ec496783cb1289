"""What the next commit will contain: git's index, read as blobs and never through the disk.

A file in the working tree may differ from what is staged, and git can be told not to look at it
(assume-unchanged, skip-worktree, filters). A fresh clone holds the blobs, so these are judged.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
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
        links, end = self._followed(name)
        yield from links
        if self.has_file(end):
            yield end

    def _followed(self, name: str) -> tuple[list[str], str]:
        """Return the links on the way to `name`, and the name that they lead to."""
        links: list[str] = []
        while len(links) < _MAX_LINKS:
            link = next((each for each in _prefixes(name) if self._is_link(each)), None)
            if link is None:
                break
            links.append(link)
            target = os.fsdecode(self.read(self.entries[link].blob))
            rest = name[len(link) :].lstrip("/")
            name = posixpath.normpath(posixpath.join(posixpath.dirname(link), target, rest))
        return links, name

    def links_through(self, names: AbstractSet[str]) -> Iterator[str]:
        """Yield the links that lead to one of the files `names`, or to a link among them."""
        for name in filter(self._is_link, self.entries):
            links, end = self._followed(name)
            if end in names or not names.isdisjoint(links):
                yield name

    def is_broken_link(self, name: str) -> bool:
        """Check whether `name` is a link that leads to no file, also not into a submodule."""
        if not self._is_link(name):
            return False
        end = self._followed(name)[1]
        modes = {self.entries[each].mode for each in _prefixes(end) if each in self.entries}
        return not self.has_file(end) and SUBMODULE not in modes

    def has_file(self, name: str) -> bool:
        """Check whether `name` is a file, and neither a link nor a submodule."""
        return name in self.entries and self.entries[name].mode not in (LINK, SUBMODULE)

    def article(self, name: str) -> str | None:
        """Return the file that the article `name` is or leads to; a link that leads nowhere."""
        return name if self.is_broken_link(name) else self.final(name)

    def final(self, name: str) -> str | None:
        """Return the file that `name` is or that its links lead to, None where there is none."""
        return next((each for each in self.trail(name) if self.has_file(each)), None)

    @property
    def has_links(self) -> bool:
        """Whether any file is a symbolic link."""
        return any(entry.mode == LINK for entry in self.entries.values())

    def _is_link(self, name: str) -> bool:
        return name in self.entries and self.entries[name].mode == LINK

    def export(self, names: Iterable[str], folder: Path) -> int:
        """Write the files `names` below `folder` as a fresh clone would have them, links included.

        Filters are not applied: a picture that git rewrites shows as what git stores. What the
        index lacks is left out, and a name that exists in `folder` is left as it is.

        Returns:
            How many bytes were written.

        Raises:
            GitError: git lacks a blob.
            OSError: A file cannot be written.
        """
        trails = (each for name in names for each in self.trail(name))
        return sum(self._write(each, folder / each) for each in trails)

    def _write(self, name: str, target: Path) -> int:
        if os.path.lexists(target):
            return 0
        target.parent.mkdir(parents=True, exist_ok=True)
        data = self.read(self.entries[name].blob)
        if self._is_link(name):
            target.symlink_to(os.fsdecode(data))
        else:
            target.write_bytes(data)
        return len(data)


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


def changed(root: Path) -> dict[str, bool]:
    """Return the names that the next commit changes, adds or deletes; all of them in the first.

    Each has whether it is or was a symbolic link.

    Raises:
        GitError: git is not installed or cannot read the index.
    """
    try:
        return {name: not blob for name, blob in porcelain.differences(os.fspath(root), "HEAD")}
    except GitError:  # there is no commit yet, or the listing fails as well
        return {name: entry.mode == LINK for name, entry in _listed(root)}


@contextmanager
def of_commit(root: Path, revision: str) -> Iterator[Index]:
    """Let git take the files of the commit `revision` for its index while the block runs.

    Raises:
        GitError: git is not installed, or knows no such commit.
    """
    with (
        TemporaryDirectory(prefix="headergen-") as folder,
        variables(GIT_INDEX_FILE=os.path.join(folder, "index")),
    ):
        porcelain.ask(os.fspath(root), "read-tree", f"{revision}^{{tree}}")
        with Index(root) as index:
            yield index


@contextmanager
def of_repository(root: Path) -> Iterator[Index]:
    """Read the repository's own index, which `git add` changes, whichever one this commit uses.

    Raises:
        GitError: git is not installed or cannot read the index.
    """
    with variables(GIT_INDEX_FILE=None), Index(root) as index:
        yield index


def is_temporary() -> bool:
    """Check whether this commit has an index of its own, as `git commit -a` and `-- PATH` make.

    Git names such a one `index.lock` or `next-index-….lock` (builtin/commit.c, `prepare_index`).
    """
    return os.path.basename(os.environ.get("GIT_INDEX_FILE") or "index") != "index"


@contextmanager
def variables(**values: str | None) -> Iterator[None]:
    """Set variables that git reads while the block runs; None: unset one."""
    before = {name: os.environ.get(name) for name in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
