"""How files in the working tree differ from the index, by their bytes.

`git status` does not say it of every file: git can be told not to look at some.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headergen.repository import porcelain
from headergen.repository.index import LINK, Index

# As many links as Linux follows on the way to a file (path_resolution(7)).
_MAX_LINKS = 40


@dataclass(frozen=True)
class Difference:
    """What the index lacks of a file that is on disk, and why.

    Without `is_staged` the index has no such file. `reason` is None, "ignored" (by git),
    "foreign" (it is in another repository), "assume-unchanged" or "skip-worktree".
    """

    name: str
    is_staged: bool
    reason: str | None = None


def trail(root: Path, name: str) -> Iterator[str]:
    """Yield the links on the way to the file `name` on disk, then the file that they lead to.

    All are relative to `root`. Nothing is yielded for what does not exist or is outside.
    """
    for _ in range(_MAX_LINKS):
        link = next((each for each in _prefixes(name) if os.path.islink(root / each)), None)
        if link is None:
            break
        yield link
        target = os.path.join(root, posixpath.dirname(link), os.readlink(root / link))
        name = posixpath.normpath(posixpath.join(target, name[len(link) :].lstrip("/")))
        name = os.path.relpath(name, root)
        if name.startswith(os.pardir):
            return
    if os.path.isfile(root / name):
        yield name


def _prefixes(name: str) -> Iterator[str]:
    parts: Sequence[str] = name.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts) + 1))


def found(index: Index, root: Path, names: Iterable[str]) -> list[Difference]:
    """List how the files `names` on disk, and the links on their way, differ from the index.

    Raises:
        GitError: git is not installed or fails.
    """
    every = dict.fromkeys(each for name in names for each in trail(root, name))
    links = [name for name in every if os.path.islink(root / name)]
    files = [name for name in every if name not in links]
    absent = [name for name in every if name not in index.entries]
    hashes = _hashes(root, [name for name in files if name in index.entries])
    other = [name for name, blob in hashes.items() if not _is(index, name, blob)]
    other += (name for name in links if name not in absent and not _is_same_link(index, root, name))
    reasons = {**_reasons_of_absent(root, absent), **flags(root, other)}
    return [
        Difference(name, name in other, reasons.get(name))
        for name in every
        if name in absent or name in other
    ]


def _is(index: Index, name: str, blob: str) -> bool:
    return index.has_file(name) and index.entries[name].blob == blob


def _is_same_link(index: Index, root: Path, name: str) -> bool:
    entry = index.entries[name]
    return entry.mode == LINK and index.read(entry.blob) == os.fsencode(os.readlink(root / name))


def _hashes(root: Path, names: Sequence[str]) -> dict[str, str]:
    """Return the blobs that `git add` would make of the files `names`, filters included."""
    if not names:
        return {}
    lines = b"".join(_quoted(name) for name in names)
    output = porcelain.ask(os.fspath(root), "hash-object", "--stdin-paths", stdin=lines)
    return dict(zip(names, output.decode("ascii").split(), strict=True))


def _quoted(name: str) -> bytes:
    """Return a line that git reads as `name`, whatever is in it (quote.c, `unquote_c_style`)."""
    data = os.fsencode(name).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"%s"\n' % data


def _reasons_of_absent(root: Path, names: Sequence[str]) -> dict[str, str]:
    foreign = {name: "foreign" for name in names if _is_foreign(root, name)}
    ignored = porcelain.ignored(os.fspath(root), names)
    return {**dict.fromkeys(ignored, "ignored"), **foreign}


def _is_foreign(root: Path, name: str) -> bool:
    """Check whether a folder on the way to the file is another repository's."""
    return any(os.path.lexists(root / folder / ".git") for folder in _prefixes(name))


def flags(root: Path, names: Sequence[str]) -> dict[str, str]:
    """Return what keeps git from looking at files: "assume-unchanged" or "skip-worktree".

    Raises:
        GitError: git is not installed or fails.
    """
    if not names:
        return {}
    specs = porcelain.pathspecs(names)
    output = porcelain.ask(os.fspath(root), "ls-files", "-v", "-z", "--", *specs)
    reasons: dict[str, str] = {}
    for entry in filter(None, output.split(b"\0")):
        letter, name = entry[:1], os.fsdecode(entry[2:])
        if letter.islower():
            reasons[name] = "assume-unchanged"
        elif letter == b"S":
            reasons[name] = "skip-worktree"
    return reasons
