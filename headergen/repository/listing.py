"""The files of a repository, as git lists them: tracked, and others that it does not ignore."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from headergen.repository.porcelain import ask, pathspecs

# Letters of `git ls-files -v`. A small one is a file that git is told to take for unchanged.
TRACKED = "H"
LEFT_OUT = "S"  # by a sparse checkout

_KNOWN = ("-z", "--cached", "--others", "--exclude-standard")


def listed(root: Path) -> dict[str, str]:
    """Return the names of all files, relative to `root`, each with git's letter for it.

    Files of submodules and of nested repositories are not among them.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    entries = ask(os.fspath(root), "ls-files", "-v", *_KNOWN).split(b"\0")
    return {os.fsdecode(entry[2:]): entry[:1].decode("ascii") for entry in entries if entry}


def names(root: Path, below: Collection[str]) -> set[str]:
    """Return the names of the files `below`, and of those in folders among them, as `listed` does.

    More may be returned.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    output = ask(os.fspath(root), "ls-files", *_KNOWN, "--", *pathspecs(below))
    return {os.fsdecode(name) for name in output.split(b"\0") if name}
