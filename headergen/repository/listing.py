"""The files of a repository, as git lists them: tracked, and others that it does not ignore."""

from __future__ import annotations

import os
from pathlib import Path

from headergen.repository.porcelain import ask

# Letters of `git ls-files -v`. A small one is a file that git is told to take for unchanged.
TRACKED = "H"
LEFT_OUT = "S"  # by a sparse checkout


def listed(root: Path) -> dict[str, str]:
    """Return the names of all files, relative to `root`, each with git's letter for it.

    Files of submodules and of nested repositories are not among them.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    options = ["-v", "-z", "--cached", "--others", "--exclude-standard"]
    entries = ask(os.fspath(root), "ls-files", *options).split(b"\0")
    return {os.fsdecode(entry[2:]): entry[:1].decode("ascii") for entry in entries if entry}
