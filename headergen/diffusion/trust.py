"""Which interpreters are never run: those that git tracks, or whose files git tracks.

What git tracks may have come in a pull request. That is true for the interpreter itself, for the
links that lead to it, and for the files that it reads when it starts: `pyvenv.cfg`, its libraries,
`sitecustomize` and those that `.pth` files name.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from headergen.errors import InterpreterNotFoundError
from headergen.repository import git, index, porcelain

# What CPython and PyPy look for beside the executable and one folder up (CPython,
# Modules/getpath.py; the dynamic linker looks in `$ORIGIN/../lib`).
_READ_AT_START = (
    "pyvenv.cfg",
    "*._pth",
    "pybuilddir.txt",
    "python*.zip",
    "lib*/python[23]*",
    "lib*/pypy*",
    "lib*/*.so*",
    "lib*/*.dylib",
    "lib-python",
    "lib_pypy",
    "site-packages",
    *(("Lib", "DLLs", "*.dll") if sys.platform == "win32" else ()),
)
_SITES = ("lib*/*/site-packages", "lib*/*/dist-packages", "Lib/site-packages", "site-packages")
_MODULES_AT_START = ("sitecustomize", "usercustomize")

# Folders, or lists of folders, from which an interpreter takes modules when it starts.
_VARIABLES = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONPYCACHEPREFIX")

# The worker takes these folders from its module path (`worker/__main__.py`).
LEFT_OUT = "HEADERGEN_LEFT_OUT"

_MOST_LINKS = 40  # path_resolution(7)
_LONGEST_PTH_BYTES = 64 * 1024

REMEDY = (
    "choose one:\n"
    "- name a Python outside of the repository: `worker: {python: /path/to/venv/bin/python}` in "
    "the config, or VIRTUAL_ENV\n"
    "- if you committed your own environment by mistake, run `git rm -r --cached` on its folder "
    "and add it to .gitignore"
)


def why_not_run(python: Path, root: Path) -> str | None:
    """Return which tracked file makes `python` unsafe to run; None if there is none.

    `root` is the repository, or a folder outside of any.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    name = _Interpreter.of(python, root).tracked_file()
    return f"is not run, because git tracks {name}" if name else None


def environment(python: Path) -> dict[str, str]:
    """Return the variables with which `python` is started in the current repository.

    Folders that git tracks are not among those from which it takes modules.

    Raises:
        InterpreterNotFoundError: Git tracks it, or a file that it reads when it starts.
        GitError: git is not installed or cannot read the repository.
    """
    root = git.find_root(Path.cwd())
    if root is None:
        return dict(os.environ)
    asked = _Interpreter.of(python, root)
    if name := asked.tracked_file():
        raise InterpreterNotFoundError(
            f"{python} is not run, because git tracks {name}", remedy=REMEDY
        )
    kept = {name: text for name, text in os.environ.items() if name not in _VARIABLES}
    for name in _VARIABLES:
        entries = os.environ.get(name, "").split(os.pathsep)
        trusted = [entry for entry in entries if not asked.tracked.has_in(entry or os.curdir)]
        if any(trusted):
            kept[name] = os.pathsep.join(trusted)
    return {**kept, LEFT_OUT: os.pathsep.join(asked.tracked_folders())}


@dataclass(frozen=True)
class _Tracked:
    """The files that git tracks in the working tree `root` (absolute, links followed)."""

    root: str
    names: Mapping[str, str]

    @classmethod
    def of(cls, root: Path) -> _Tracked:
        """Ask git, for the index of this commit and for the repository's own."""
        if git.find_root(root) is None:
            return cls(os.path.realpath(root), {})
        output = porcelain.ask(os.fspath(root), "ls-files", "-z")
        if "GIT_INDEX_FILE" in os.environ:
            with index.variables(GIT_INDEX_FILE=None):
                output += porcelain.ask(os.fspath(root), "ls-files", "-z")
        names = [os.fsdecode(name) for name in output.split(b"\0") if name]
        return cls(os.path.realpath(root), {_folded(name): name for name in names})

    @cached_property
    def _folders(self) -> Mapping[str, str]:
        """The folders that have tracked files, each with one of them."""
        return {
            folded[:end]: name
            for folded, name in self.names.items()
            for end in range(len(folded))
            if folded[end] == "/"
        }

    def on_the_way_to(self, path: str) -> str | None:
        """Return the tracked file, link or submodule that is met on the way to `path`."""
        return next((name for each in _trail(path) if (name := self._named(each))), None)

    def _named(self, path: str) -> str | None:
        folded, base = _folded(path), _folded(self.root + os.sep)
        return self.names.get(folded[len(base) :]) if folded.startswith(base) else None

    def has_in(self, path: str) -> str | None:
        """Return a tracked file that is `path`, is in it, or is on the way to it."""
        if found := self.on_the_way_to(path):
            return found
        folded, root = _folded(os.path.realpath(path)), _folded(self.root)
        if folded == root:
            return next(iter(self.names.values()), None)
        return self._folders.get(folded[len(root) + 1 :]) if folded.startswith(root + "/") else None


@dataclass(frozen=True)
class _Interpreter:
    python: Path
    tracked: _Tracked

    @classmethod
    def of(cls, python: Path, root: Path) -> _Interpreter:
        return cls(python, _Tracked.of(root))

    def tracked_file(self) -> str | None:
        """Return a file that runs, or is read at the start, and that git tracks."""
        if not self.tracked.names:
            return None
        return next(self._tracked_files(), None)

    def _tracked_files(self) -> Iterator[str]:
        for step in _steps(os.path.abspath(self.python)):
            if name := self.tracked.on_the_way_to(step):
                yield name
        for base in self._bases():
            for pattern in (*_READ_AT_START, *_SITES):
                for path in base.glob(pattern):
                    if name := self.tracked.has_in(os.fspath(path)):
                        yield name
        for folder in self._folders_of_pth():
            for path in (each for name in _MODULES_AT_START for each in folder.glob(f"{name}*")):
                if name := self.tracked.has_in(os.fspath(path)):
                    yield name

    def tracked_folders(self) -> list[str]:
        """Return the folders with tracked files that `.pth` files add to the module path."""
        folders = self._folders_of_pth() if self.tracked.names else iter(())
        return [os.path.realpath(each) for each in folders if self.tracked.has_in(os.fspath(each))]

    def _bases(self) -> Iterator[Path]:
        """Yield the folders that an interpreter takes for its own, by each of its links."""
        for step in _steps(os.path.abspath(self.python)):
            yield from list(Path(step).parents)[:2]

    def _folders_of_pth(self) -> Iterator[Path]:
        """Yield the folders that lines of `.pth` files name (docs.python.org, `site`)."""
        sites = (site for base in self._bases() for each in _SITES for site in base.glob(each))
        for site in sites:
            for file in site.glob("*.pth"):
                yield from (site / line for line in _lines(file) if (site / line).is_dir())


def _lines(pth: Path) -> list[str]:
    try:
        with pth.open("rb") as file:
            text = os.fsdecode(file.read(_LONGEST_PTH_BYTES))
    except OSError:
        return []
    lines = (line.strip() for line in text.replace("\0", "").splitlines())
    return [line for line in lines if line and not line.startswith(("#", "import ", "import\t"))]


def _steps(path: str) -> Iterator[str]:
    """Yield `path`, and each path that it leads to if it is a link."""
    for _ in range(_MOST_LINKS):
        yield path
        if not os.path.islink(path):
            return
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))


def _trail(path: str) -> Iterator[str]:
    """Yield each folder, link and file that is met on the way to `path`, by its real place."""
    whole = Path(os.path.join(os.getcwd(), path))
    at, rest, links = whole.anchor, list(whole.parts[1:]), 0
    while rest:
        part = rest.pop(0)
        if part == os.pardir:
            at = os.path.dirname(at)
            continue
        at = os.path.join(at, part)
        yield at
        if os.path.islink(at) and links < _MOST_LINKS:
            links += 1
            target = Path(os.readlink(at))
            at = target.anchor or os.path.dirname(at)
            rest[:0] = target.parts[1:] if target.anchor else target.parts


def _folded(path: str) -> str:
    """Fold what file systems of macOS and Windows do not tell apart: case, forms, marks of format.

    HFS+ ignores some invisible characters (git/git, utf8.c, `next_hfs_char`).
    """
    if path.isascii():
        return path.replace(os.sep, "/").lower()
    visible = "".join(each for each in path if unicodedata.category(each) != "Cf")
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", visible).casefold())
    return folded.replace(os.sep, "/")
