"""What git has to be told, and what it will not take."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from headergen.cli.terminal import Problems, shell_word
from headergen.plan import staged
from headergen.repository import git


def say_what_to_add(paths: Sequence[Path], root: Path) -> None:
    """Print which of `paths` git would refuse to add, and the line that adds the others."""
    ignored = _say_ignored(paths, root)
    _say_git_add([path for path in paths if path not in ignored])


def _say_git_add(paths: Sequence[Path]) -> None:
    """Print the line that completes the commit, relative to where the author typed `git commit`.

    Hooks run at the repository's root; git tells in GIT_PREFIX where it was called.
    """
    if not paths:
        return
    here = os.environ.get("GIT_PREFIX") or os.curdir
    names = dict.fromkeys(_as_pathspec(os.path.relpath(path, here)) for path in paths)
    print("to complete the commit: git add --", *map(shell_word, names), flush=True)


def _as_pathspec(name: str) -> str:
    """Keep git from reading a leading colon as pathspec magic."""
    return f"./{name}" if name.startswith(":") else name


def _say_ignored(paths: Iterable[Path], root: Path) -> set[Path]:
    """Print which of `paths` git would refuse to add, and return them."""
    names = {path.absolute().parent.resolve() / path.name: path for path in paths}
    found = git.status(root, names)
    ignored = {names[name] for name, status in found.items() if status.letters == "!!"}
    with Problems() as problems:
        for path in sorted(ignored):
            problems.add(f"{os.path.relpath(path)} is ignored by git", staged.IGNORED_REMEDY)
    return ignored
