"""What git has to be told, and what it will not take."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from headergen.cli.terminal import Problems, shell_word
from headergen.plan import staged
from headergen.repository import differences, git

# With more names the printed line would fill the terminal: they are written to a file.
_MOST_NAMES = 20


def say_what_to_add(paths: Sequence[Path], root: Path) -> None:
    """Print which of `paths` git would refuse to add, and the line that adds the others."""
    ignored = _say_ignored(paths, root)
    rest = list(dict.fromkeys(_tracked(path) for path in paths if path not in ignored))
    if rest:
        print("to complete the commit:", " && ".join(_commands(rest, root)), flush=True)


def _tracked(path: Path) -> Path:
    return staged.tracked(path.absolute())


def _commands(paths: Sequence[Path], root: Path) -> list[str]:
    """Return the commands that stage `paths`, relative to where the author typed `git commit`.

    Hooks run at the repository's root; git tells in GIT_PREFIX where it was called.
    """
    here = os.path.abspath(os.environ.get("GIT_PREFIX") or os.curdir)
    names = {os.path.relpath(path, root): os.path.relpath(path, here) for path in paths}
    is_sparse = git.is_sparse(root)
    commands = [
        " ".join(("git update-index", f"--no-{flag}", "--", shell_word(names[name])))
        for name, flag in differences.flags(root, list(names)).items()
        if name in names and not (is_sparse and flag == "skip-worktree")
    ]
    words = ["git add --sparse" if is_sparse else "git add"]
    is_short = len(names) <= _MOST_NAMES and all(map(_can_be_printed, names))
    file = None if is_short else _listed(names, root)
    if file:
        words += (f"--pathspec-from-file={shell_word(os.path.relpath(file, here))}",)
        words += ("--pathspec-file-nul",)
    else:
        words += ("--", *map(shell_word, map(_as_pathspec, names.values())))
    return [*commands, " ".join(words)]


def _can_be_printed(name: str) -> bool:
    """Check whether a terminal takes the name: one may be no UTF-8, and a terminal may be ASCII."""
    try:
        return bool(name.encode(sys.stdout.encoding or "utf-8"))
    except UnicodeEncodeError:
        return False


def _listed(names: Iterable[str], root: Path) -> Path | None:
    """Write `names` (relative to `root`) to a file that git reads; None where this fails."""
    file = git.path_in_git_folder(root, "headergen/to-add")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = (f":(top,literal){Path(name).as_posix()}\0" for name in names)
        file.write_bytes(os.fsencode("".join(lines)))
        return file
    return None


def _as_pathspec(name: str) -> str:
    """Keep git from reading a leading colon as pathspec magic, and stars as patterns."""
    if any(character in name for character in "*?[\\"):
        return f":(literal){name}"
    return f"./{name}" if name.startswith(":") else name


def _say_ignored(paths: Iterable[Path], root: Path) -> set[Path]:
    """Print which of `paths` git would refuse to add, and return them."""
    names = {_tracked(path): path for path in paths}
    found = git.status(root, names)
    ignored = {names[name] for name, status in found.items() if status.letters == "!!"}
    with Problems() as problems:
        for path in sorted(ignored):
            problems.add(f"{os.path.relpath(path)} is ignored by git", staged.IGNORED_REMEDY)
    return ignored
