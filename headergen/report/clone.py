"""Judge a commit by what a fresh clone of it would have: the blobs, not the files on disk."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.article.frontmatter import block
from headergen.errors import ConfigError, HeadergenError
from headergen.picture.damage import damage_of
from headergen.plan import defaults, places, staged
from headergen.plan import state as states
from headergen.plan.staged import Named
from headergen.report import check
from headergen.report.check import Finding, Look
from headergen.repository import attributes, git
from headergen.repository.attributes import Attributes
from headergen.repository.hook_memory import CONFIG_FILES, Judged, frontmatter_of
from headergen.repository.index import Index
from headergen.settings import config as configs
from headergen.settings import scope
from headergen.settings.config import Config
from headergen.vocabulary import ARTICLE_SUFFIXES
from headergen.vocabulary import STAND_IN as STAND_IN_MARK

# What may be in a commit although `check` reports it: a header is there, and whole.
_TOLERATED = frozenset(("stand-in", "no-alt", "too-large", "skipped"))

# The name of a file that is written in one way only.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")

# With what YAML, TOML and URLs write a character in another way.
_ESCAPES = (b"\\", b"%")

# A fresh clone of a large site would fill the disk: it is judged piece by piece.
_PIECE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Verdict:
    """What is wrong with one article in a fresh clone, and what that depends on.

    `name` and `needed` are names in the index; `needed` contains the links on the way to a file.
    `findings` are all of them, and `faults` those that keep the article from being whole.
    `frontmatter` is for the hook's record (`hook_memory.Judged`). `asks`: the article has a
    `header:` of its own, or cannot be read.
    """

    name: str
    needed: tuple[str, ...]
    findings: tuple[Finding, ...]
    frontmatter: tuple[int, str]
    asks: bool = True

    @property
    def faults(self) -> list[Finding]:
        """What keeps the article from being whole."""
        return [each for each in self.findings if each.code not in _TOLERATED]

    @property
    def stands_in(self) -> bool:
        """Whether a title card stands in for the picture."""
        return any(each.code == "stand-in" for each in self.findings)

    @property
    def is_missing(self) -> bool:
        """Whether all that keeps the article from being whole is that its header is missing."""
        return {each.code for each in self.faults} == {"missing"}

    @property
    def judged(self) -> Judged:
        """What the hook's record says of the article."""
        return (*self.frontmatter, self.needed)


@dataclass(frozen=True)
class _Parsed:
    """An article of the index, and the files that it names, by their names there.

    `article` is None if it cannot be read, or, with `has_none`, if it asks for no header.
    """

    article: Article | None
    has_none: bool = False
    pictures: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    frontmatter: tuple[int, str] = (0, "")


class Clone:
    """The articles of an index, as a fresh clone would have them.

    `config` is the one in the index, unless one is named in the command line.
    """

    def __init__(self, index: Index, root: Path, named_config: Path | None) -> None:
        """Read the config.

        Raises:
            ConfigError: the config cannot be used.
            GitError: git lacks a blob.
        """
        self._index = index
        self._root = root
        self.config = _config(index, named_config)

    @property
    def articles(self) -> list[str]:
        """The names of all articles, and of links that lead to none."""
        return [
            name
            for name in self._index.entries
            if name.lower().endswith(ARTICLE_SUFFIXES) and self._index.article(name) == name
        ]

    def naming_headers(self, names: Iterable[str]) -> list[str]:
        """Return those of the articles `names` that name a header or a cut."""
        with TemporaryDirectory(prefix="headergen-") as folder:
            root = Path(folder).resolve()
            return [name for name in names if self._parse(name, root).pictures]

    def depending_on(self, changed: Iterable[str] | None) -> list[str]:
        """List the articles that name a header and any of the files `changed`, also through links.

        None: all that name a header, or did under another config, also those that can no longer be
        read.
        """
        wanted = None if changed is None else set(changed)
        with TemporaryDirectory(prefix="headergen-") as folder:
            root = Path(folder).resolve()
            parsed = {name: self._parse(name, root) for name in self._mentioning(wanted)}
        if wanted is None:
            return [
                name for name, each in parsed.items() if each.pictures or self._has_digest(name)
            ]
        return [
            name
            for name, each in parsed.items()
            if each.pictures and not wanted.isdisjoint(self._needed(each))
        ]

    def _has_digest(self, name: str) -> bool:
        """Check whether headergen wrote into an article, which then named a header."""
        return self._index.has_file(name) and b"digest" in self._index.read(
            self._index.entries[name].blob
        )

    def _mentioning(self, wanted: set[str] | None) -> Iterator[str]:
        """Yield the articles in whose bytes the last part of one of the names is; all if in doubt.

        A name that is not plain ASCII can be written in several ways, any name can be written with
        escapes, and links have other names.
        """
        parts = [name.rpartition("/")[2] for name in wanted or ()]
        plain = [part.encode() for part in parts if _PLAIN.fullmatch(part)]
        in_doubt = wanted is None or len(plain) < len(parts) or self._index.has_links
        for name in self.articles:
            data = b"" if in_doubt else self._index.read(self._index.entries[name].blob)
            if in_doubt or any(part in data for part in (*plain, *_ESCAPES)):
                yield name

    def judge(self, names: Iterable[str], beside: Path | None = None) -> Iterator[Verdict]:
        """Check the articles `names`; the verdicts come in another order.

        `beside` is the working tree: a hand-made picture that it has must be in the index as well.

        Raises:
            GitError: git lacks a blob.
        """
        with TemporaryDirectory(prefix="headergen-") as folder:
            root = Path(folder).resolve()
            parsed = {name: self._parse(name, root) for name in sorted(names)}
        files = {self._index.final(name) for each in parsed.values() for name in _files(each)}
        known = attributes.of(self._root, sorted({*filter(None, files), *parsed}))
        yield from (
            Verdict(name, (), (), each.frontmatter)
            for name, each in parsed.items()
            if each.has_none
        )
        rest = [name for name, each in parsed.items() if not each.has_none]
        by_default: list[Verdict] = []
        while rest:
            with TemporaryDirectory(prefix="headergen-") as folder:
                root = Path(folder).resolve()
                piece = self._export_a_piece(rest, parsed, known, root)
                for name in piece:
                    verdict = self._verdict(name, parsed[name], known, root, beside)
                    if verdict.is_missing and not verdict.asks:
                        by_default.append(verdict)
                    else:
                        yield verdict
            rest = rest[len(piece) :]
        yield from self._with_refused(by_default)

    def _parse(self, name: str, root: Path) -> _Parsed:
        """Parse an article as if it were in the folder `root`."""
        path, config = root / name, self.config
        if not self._index.has_file(name):
            return _Parsed(None)
        if not scope.is_article(name, config):
            return _Parsed(None, has_none=True)
        data = self._index.read(self._index.entries[name].blob)
        try:
            every = defaults.has_default(path, config, root)
            article = articles.parse(path, data, config.keys, every=every)
            frontmatter = frontmatter_of(data, _frontmatter_bytes(article, path, data))
        except HeadergenError:
            return _Parsed(None)
        if article is None:
            return _Parsed(None, has_none=True, frontmatter=frontmatter)
        pictures = _names(places.pictures_named(article, config, root), root)
        sources = _names(places.sources_named(article, config, root), root)
        return _Parsed(article, False, pictures, sources, frontmatter)

    def _needed(self, parsed: _Parsed) -> tuple[str, ...]:
        """Return the files that an article names, and the links on the way to them."""
        trails = (each for name in _files(parsed) for each in self._index.trail(name))
        return tuple(dict.fromkeys((*_files(parsed), *trails)))

    def _export_a_piece(
        self,
        names: Sequence[str],
        parsed: Mapping[str, _Parsed],
        known: Mapping[str, Attributes],
        root: Path,
    ) -> list[str]:
        """Write the first articles of `names`, and what they name, into the folder `root`."""
        piece: list[str] = []
        size_bytes = 0
        for name in names:
            size_bytes += self._index.export([name, *_files(parsed[name])], root)
            piece.append(name)
            for each in filter(None, map(self._index.final, _files(parsed[name]))):
                if attributes.is_large(known.get(each, {})):
                    _bring_large_file(root / each, [self._root / each], self._root)
            if size_bytes > _PIECE_BYTES:
                break
        return piece

    def _verdict(
        self,
        name: str,
        parsed: _Parsed,
        known: Mapping[str, Attributes],
        root: Path,
        beside: Path | None,
    ) -> Verdict:
        look = check.look(os.fspath(root / name), self.config, root)
        found = [
            *self._encoded(name, known),
            *self._rewritten(_files(parsed), known, look),
            *_outdated(look),
        ]
        if not found:
            # A picture of the author's own is theirs to judge.
            named = [each for each in look.found if not _is_of_own_picture(each)]
            found += check.findings(named, self.config, root, in_git=False, can_run=False)
            if beside and isinstance(look.state, states.HandMade):
                found += self._left_behind(look.state, parsed, beside)
            if beside and any(each.code not in _TOLERATED for each in found):
                files = _files(parsed)
                found += self._rewritten(files, self._attributes_on_disk(files), look)
        findings = tuple(
            replace(each, path=name) if each.path == look.name else each for each in found
        )
        asks = parsed.article is None or parsed.article.asks
        return Verdict(name, self._needed(parsed), findings, parsed.frontmatter, asks)

    def _with_refused(self, verdicts: Sequence[Verdict]) -> Iterator[Verdict]:
        """Yield verdicts on headers by default; skipped are those that `run` would refuse there."""
        refused: Mapping[str, Finding] = {}
        if verdicts:
            with TemporaryDirectory(prefix="headergen-") as folder:
                refused = self._refused([each.name for each in verdicts], Path(folder).resolve())
        for each in verdicts:
            found = refused.get(each.name)
            yield replace(each, findings=(found,)) if found else each

    def _refused(self, names: Iterable[str], root: Path) -> dict[str, Finding]:
        """Return why the articles `names` get no header by default, seen from all of them together.

        The pictures that are in their headers' places, and the articles that name those, are
        exported as well.
        """
        from headergen.report import refusals  # for the few commits with such articles

        self._index.export(names, root)
        looks = {name: check.look(os.fspath(root / name), self.config, root) for name in names}
        jobs = {name: job for name, each in looks.items() if (job := each.job)}
        outputs = (path for job in jobs.values() for path in job.outputs)
        taken = [name for name in _names(outputs, root) if self._is_picture(name)]
        self._index.export([*taken, *(self._mentioning(set(taken)) if taken else ())], root)
        errors = refusals.find([*jobs.values()], self.config, root)
        return {
            name: check.of_error(name, errors[job.article.path])
            for name, job in jobs.items()
            if job.article.path in errors
        }

    def _is_picture(self, name: str) -> bool:
        """Check whether the index has the file `name` itself, and not where Git LFS keeps it."""
        return self._index.has_file(name) and not self._index.read(
            self._index.entries[name].blob
        ).startswith(git.LFS_VERSION_LINE)

    def _attributes_on_disk(self, files: Iterable[str]) -> Mapping[str, Attributes]:
        """Return the attributes that `git add` went by, staged or not."""
        finals = filter(None, map(self._index.final, files))
        return attributes.of(self._root, sorted(set(finals)), staged=False)

    def _rewritten(
        self, files: Iterable[str], known: Mapping[str, Attributes], look: Look
    ) -> Iterator[Finding]:
        """Find pictures that git changes when it stores them or checks them out."""
        for name in files:
            final = self._index.final(name) or name
            if change := attributes.mending(known.get(final, {})):
                file, line = attributes.line_for(self._index, final, change)
                number = look.article.image_line if look.article else 1
                message = f"git rewrites {name} as if it were text, because of its attributes"
                yield Finding(look.name, number, "rewritten", message, _mending(file, line, name))

    def _encoded(self, name: str, known: Mapping[str, Attributes]) -> Iterator[Finding]:
        """Find an article whose text is another on disk than in git, because of its attributes."""
        has_file = self._index.has_file(name)
        data = self._index.read(self._index.entries[name].blob) if has_file else b""
        if change := attributes.mending_of_text(known.get(name, {}), data):
            file, line = attributes.line_for(self._index, name, change)
            message = f"git rewrites {name} because of its attributes, so the two differ"
            yield Finding(name, 1, "rewritten", message, _mending(file, line, name))

    def _left_behind(
        self, state: states.HandMade, parsed: _Parsed, beside: Path
    ) -> Iterator[Finding]:
        """Find pictures of the author's own that are on disk alone."""
        for name in parsed.pictures:
            final = self._index.final(name)
            is_staged = final and self._index.read(self._index.entries[final].blob)
            if not is_staged and (beside / name).is_file():
                line = state.article.image_line
                message, remedy = f"{name} is not staged", "git add it"
                yield Finding(os.fspath(state.article.path), line, "not-in-index", message, remedy)


def _mending(file: str, line: str, name: str) -> str:
    return (
        f"end {file} with the line `{line}`, git add it, and run `git add --renormalize -- {name}`"
    )


def _config(index: Index, named: Path | None) -> Config:
    """Read the config that a fresh clone would have."""
    if named is not None:
        return configs.load(Path(), named)
    with TemporaryDirectory(prefix="headergen-") as folder:
        index.export([*CONFIG_FILES, *configs.NEAR_FILES, configs.BUILT_PAGE], Path(folder))
        try:
            found = configs.load(Path(folder))
            return replace(found, path=found.path and os.path.basename(found.path))
        except ConfigError as error:
            name = os.path.basename(error.path or "the config")
            raise error.at(path=name, line=error.line, key=error.key) from error


def _names(files: Iterable[Path], root: Path) -> tuple[str, ...]:
    return tuple(file.relative_to(root).as_posix() for file in files)


def _files(parsed: _Parsed) -> tuple[str, ...]:
    return (*parsed.pictures, *parsed.sources)


def _frontmatter_bytes(article: Article | None, path: Path, data: bytes) -> int:
    """Return the length of the part that decides about the header; 0 if all of it may."""
    if article:
        return len(articles.frontmatter(article) or b"")
    found = block.find(path, data, every=True)
    return data.find(b"\n", len(data) - len(found.tail)) + 1 if found else 0


def _is_of_own_picture(found: object) -> bool:
    return isinstance(found, Named) and found.digest is None


def _outdated(look: Look) -> Iterator[Finding]:
    """Find a picture that is older than the article, which speaks of the newer one."""
    state = look.state
    if isinstance(state, states.Wanted) and state.picture and state.is_stale:
        article = state.article
        is_of_request = (article.digest or "").removesuffix(STAND_IN_MARK) == state.digest
        if is_of_request and not damage_of(state.picture):
            message, remedy = staged.OUTDATED
            message = f"{article.image} {message}"
            yield Finding(look.name, article.image_line, "stale", message, remedy)


def _bring_large_file(path: Path, candidates: Sequence[Path], root: Path) -> None:
    """Put the file that Git LFS has at hand in the place of its pointer."""
    if path.is_file() and git.is_lfs_pointer(path) and (digest := git.lfs_digest(path)):
        for candidate in (git.lfs_object(root, digest), *candidates):
            if candidate.is_file() and _sha256(candidate) == digest:
                path.write_bytes(candidate.read_bytes())
                return


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
