"""All articles of a site: where they are, and which of them name a picture."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from headergen.errors import SkippedError, UsageError
from headergen.repository import listing, paths
from headergen.vocabulary import ARTICLE_SUFFIXES

_OF_OTHERS = ("node_modules", "__pycache__")

_HIDDEN = "they are in a hidden folder, or in one of other people's packages"
_EXCLUDED = "the config's `exclude` matches them"
_FOREIGN = "git ignores them, or they belong to another repository"


class Found(NamedTuple):
    """The names of articles, and why files that were named one by one are none."""

    names: list[str]
    skipped: list[SkippedError]


def may_be_article(name: str) -> bool:
    """Check by suffix and folders whether the file `name`, relative to the root, is an article."""
    *folders, base = name.split("/")
    is_foreign = any(folder.startswith(".") or folder in _OF_OTHERS for folder in folders)
    return base.lower().endswith(ARTICLE_SUFFIXES) and not is_foreign


def articles_at(
    given: Sequence[Path], root: Path, *, in_git: bool, is_excluded: Callable[[str], bool]
) -> Found:
    """Name the articles that `given` are, or that are below those that are folders, each once.

    In a working tree (`in_git`) an article is a file that git tracks or would add; everywhere one
    that `may_be_article` and that is not excluded. `is_excluded` is asked with names relative to
    `root`. What is outside of `root` is named unless it is hidden.

    Raises:
        UsageError: a path does not exist, or is a file and has no article's suffix.
        GitError: git cannot list the files.
    """
    for path in given:
        _require_article_or_folder(path)
    inside = [name for path in given if (name := _name_in(root, path)) is not None]
    known = listing.names(root, inside) if in_git and inside else None
    site = _Site(root, known, is_excluded)
    found: list[str] = []
    skipped: list[SkippedError] = []
    for path in given:
        if path.is_dir():
            found += site.below(path)
        elif reason := site.why_not(path):
            skipped.append(SkippedError.of(UsageError(reason, path=os.fspath(path)), reason))
        else:
            found += followed([os.fspath(path)])
    return Found(list(dict.fromkeys(found)), skipped)


def _require_article_or_folder(path: Path) -> None:
    if path.is_dir():
        return
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    if path.suffix.lower() not in ARTICLE_SUFFIXES:
        raise UsageError(f"{path} is no article; articles end in {', '.join(ARTICLE_SUFFIXES)}")


def _name_in(root: Path, path: Path) -> str | None:
    """Return a path relative to `root`, folders resolved and a last link kept; None: outside."""
    here = path.resolve() if path.is_dir() else Path(paths.folder_of(path), path.name)
    return here.relative_to(root).as_posix() if here.is_relative_to(root) else None


@dataclass(frozen=True)
class _Site:
    """What is an article below `root`; `known` are the files that git has, None without git."""

    root: Path
    known: Collection[str] | None
    is_excluded: Callable[[str], bool]

    def why_not(self, path: Path) -> str | None:
        """Return why the file at `path` is no article; None if it is one, or outside of `root`."""
        name = _name_in(self.root, path)
        if name is None:
            return None
        if self.known is not None and name not in self.known:
            return _FOREIGN
        return self._why_not_by_name(name)

    def _why_not_by_name(self, name: str) -> str | None:
        if not may_be_article(name):
            return _HIDDEN
        return _EXCLUDED if self.is_excluded(name) else None

    def below(self, folder: Path) -> Iterator[str]:
        """Yield the articles below `folder`, in a stable order, named as the folder is."""
        name, shown = _name_in(self.root, folder), os.path.normpath(folder)
        if name is None:
            yield from articles_below(shown)
            return
        before = "" if name == os.curdir else f"{name}/"
        for inner in self._names_in(shown, before):
            if not self.is_excluded(before + inner):
                yield from self._file(inner if shown == os.curdir else os.path.join(shown, inner))

    def _names_in(self, shown: str, before: str) -> Iterable[str]:
        """Return the names of files below a folder that may be articles, relative to it."""
        if self.known is None:
            start = 0 if shown == os.curdir else len(os.path.join(shown, ""))
            walked = (name[start:].replace(os.sep, "/") for name in _walked(shown))
            return (name for name in walked if may_be_article(before + name))
        known = (name for name in self.known if name.startswith(before) and may_be_article(name))
        return sorted((name[len(before) :] for name in known), key=_order)

    def _file(self, name: str) -> Iterator[str]:
        """Yield the file, or the article that it leads to if it is a link; a folder is neither."""
        with suppress(OSError):
            mode = os.lstat(name).st_mode
            if stat.S_ISREG(mode):
                yield name
            elif stat.S_ISLNK(mode) and not os.path.isdir(name):
                target = _target(name)
                inside = _name_in(self.root, Path(target))
                if inside is None or not self._is_foreign(inside):
                    yield target

    def _is_foreign(self, name: str) -> bool:
        """Check whether a file is no article, or in a submodule, which a fresh clone may lack."""
        parts = name.split("/")
        above = ("/".join(parts[:end]) for end in range(1, len(parts)))
        is_of_submodule = self.known is not None and any(each in self.known for each in above)
        return is_of_submodule or self._why_not_by_name(name) is not None


def _order(name: str) -> list[tuple[bool, str]]:
    """Order the files of a folder before those of its folders."""
    *folders, base = name.split("/")
    return [*((True, folder) for folder in folders), (False, base)]


def followed(names: Iterable[str]) -> list[str]:
    """Name each article once, and by its file: paths in it are relative to that, not to a link."""
    return list(dict.fromkeys(_target(name) if os.path.islink(name) else name for name in names))


def _target(link: str) -> str:
    return os.path.relpath(os.path.realpath(link))


def articles_below(folder: str) -> Iterator[str]:
    """Walk `folder` in a stable order, past hidden folders and other people's packages.

    Yields names and no `Path`s: a site has thousands of articles, and few of them are touched.
    """
    for name in _walked(folder):
        if not os.path.islink(name):
            yield name
        elif not os.path.isdir(name):
            yield _target(name)


def _walked(folder: str) -> Iterator[str]:
    folders, names = _listed(folder)
    yield from sorted(names)
    for name in sorted(folders):
        yield from _walked(name)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    """List the folders to walk, and the articles and links; nothing if it cannot be listed."""
    folders, names = [], []
    here = "" if folder == os.curdir else os.path.join(folder, "")
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _OF_OTHERS:
                    folders.append(here + entry.name)
            elif entry.name.lower().endswith(ARTICLE_SUFFIXES):
                names.append(here + entry.name)
    return folders, names
