"""Judge a commit by what a fresh clone of it would have: the blobs, not the files on disk."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.errors import HeadergenError, PathError
from headergen.plan import defaults, places
from headergen.report import check
from headergen.report.check import Finding
from headergen.repository import git
from headergen.repository.hook_memory import CONFIG_FILES
from headergen.repository.index import Index
from headergen.settings import config as configs
from headergen.settings.config import Config

# What may be in a commit although `check` reports it: a header is there, and whole.
_TOLERATED = frozenset(("stand-in", "no-alt", "too-large"))


@dataclass(frozen=True)
class Clone:
    """A part of a fresh clone: the articles in question, and the files that they name.

    `root` is a temporary folder. `needed` are the files that each article depends on, by names in
    the index; `config` is the one that is committed, else the one on disk.
    """

    root: Path
    config: Config
    needed: dict[str, list[str]]


@contextmanager
def cloned(
    index: Index, names: Iterable[str], named_config: Path | None, root: Path
) -> Iterator[Clone]:
    """Export the articles `names` of the repository at `root`, and what they name.

    Raises:
        GitError: git lacks a blob.
        ConfigError: the config in the index cannot be used.
    """
    with TemporaryDirectory(prefix="headergen-") as folder:
        clone = Path(folder).resolve()
        index.export(CONFIG_FILES, clone)
        config = _config(clone, named_config, root)
        needed: dict[str, list[str]] = {}
        for name in names:
            index.export([name], clone)
            needed[name] = list(_named_by(clone / name, config, clone))
            index.export(needed[name], clone)
        _bring_large_files(clone, root)
        yield Clone(clone, config, needed)


def _config(clone: Path, named: Path | None, root: Path) -> Config:
    """Read the committed config; one that git does not track is the author's own affair."""
    if named is None and any((clone / name).exists() for name in CONFIG_FILES):
        return configs.load(clone)
    return configs.load(Path(os.path.relpath(root)), named)


def _named_by(path: Path, config: Config, clone: Path) -> Iterator[str]:
    """Yield the names in the index of all files that the article's header depends on."""
    try:
        every = defaults.has_default(path, config, clone)
        article = articles.read(os.fspath(path), config.image_key, every=every)
    except (HeadergenError, OSError):
        return
    if article is None:
        return
    for text in _texts(article, config):
        with suppress(PathError, ValueError):
            if file := places.file_of(text, article, config, clone):
                yield file.relative_to(clone).as_posix()
    if config.card_logo:
        yield posixpath.normpath(config.card_logo)


def _texts(article: Article, config: Config) -> Iterator[str]:
    """Yield what the article says of pictures: its header, cuts, sources, and those on a card."""
    texts = [article.image, *(article.text_at(each.key) for each in config.also)]
    request = article.request
    if request:
        texts += request.sources
        texts += (request.card.logo or None, request.card.picture) if request.card else ()
    return filter(None, texts)


def _bring_large_files(clone: Path, root: Path) -> None:
    """Put the files that Git LFS has at hand in the place of their pointers."""
    for path in clone.rglob("*"):
        if not path.is_symlink() and path.is_file() and git.is_lfs_pointer(path):
            if digest := git.lfs_digest(path):
                _bring(path, digest, [git.lfs_object(root, digest), root / path.relative_to(clone)])


def _bring(path: Path, digest: str, candidates: Iterable[Path]) -> None:
    for candidate in candidates:
        if candidate.is_file() and _sha256(candidate) == digest:
            path.write_bytes(candidate.read_bytes())
            return


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def faults_of(clone: Clone, names: Iterable[str]) -> dict[str, list[Finding]]:
    """Check the articles `names` in a clone, and return what is wrong with each that is not whole."""
    places = {os.fspath(clone.root / name): name for name in names}
    found = check.check(places, clone.config, clone.root, in_git=False)
    faults: dict[str, list[Finding]] = {}
    for each in found:
        if each.code not in _TOLERATED and not each.hand_made:
            name = places[each.path]
            faults.setdefault(name, []).append(replace(each, path=name))
    return faults
