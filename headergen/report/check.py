"""Report what is wrong with articles' headers; change nothing, need no torch and no Pillow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.errors import (
    ConfigError,
    HeadergenError,
    OutputError,
    OutsideRepositoryError,
    SkippedError,
)
from headergen.picture import first_bytes, foreign
from headergen.picture.damage import damage_of
from headergen.plan import cuts, defaults, places, staged
from headergen.plan import state as states
from headergen.plan.staged import Named, Unstaged
from headergen.repository import git
from headergen.settings.config import Config
from headergen.vocabulary import READABLE, SAVE_AGAIN

if TYPE_CHECKING:
    from headergen.plan.job import Job
    from headergen.report.orphans import Orphan

# note.com refuses larger uploads.
LARGEST_BYTES = 10 * 1024 * 1024

RUN = "run `headergen run`"

# What `check` ends with: 2 if the article or the config is at fault, 1 if a header needs the
# author, 0 if nothing is wrong with any header. A finding that is a warning counts as 0.
CODES = {
    "missing": 1,
    "stale": 1,
    "stand-in": 1,
    "broken": 1,
    "wrong-size": 1,
    "wrong-format": 1,
    "too-large": 1,
    "lfs-pointer": 1,
    "not-in-index": 1,
    "rewritten": 1,
    "no-alt": 1,
    "outside-repository": 2,
    "bad-frontmatter": 2,
    "bad-config": 2,
    "orphan": 0,
    "skipped": 0,
}


ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True)
class Finding:
    """One thing that needs the author; `line` is 1-based, and `remedy` says what to do.

    One that is `tolerated` is a warning: the author should know of it, and it stops nothing. Adding
    the files `to_add` to the commit settles it.
    """

    path: str
    line: int
    code: str
    message: str
    remedy: str | None = None
    tolerated: bool = False
    to_add: tuple[Path, ...] = ()

    @property
    def severity(self) -> str:
        """One of `ERROR`, `WARNING` and `NOTE`; errors alone make a check fail."""
        if CODES[self.code] == 0:
            return NOTE
        return WARNING if self.tolerated else ERROR

    @property
    def exit_code(self) -> int:
        """What a check ends with where nothing worse is found."""
        return CODES[self.code] if self.severity == ERROR else 0

    @property
    def as_json(self) -> dict[str, Any]:
        """What a program is told of it."""
        return {
            "path": self.path,
            "line": self.line,
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "remedy": self.remedy,
        }

    @property
    def text(self) -> str:
        """Message and remedy in one line."""
        return ": ".join(filter(None, (self.message, self.remedy)))


@dataclass(frozen=True)
class _Absent:
    """What `headergen run` would make: `job` is how, None if the config keeps it from a plan.

    `awaited` is the picture that would settle it if it were on disk.
    """

    finding: Finding
    awaited: Path | None
    job: Job | None


@dataclass(frozen=True)
class _Shown(Named):
    """A picture that an article names, on disk; if it `is_remade`, run makes it when it is gone.

    It is not `is_judged` if it is the author's own, in an article that asks for nothing.
    """

    is_remade: bool
    is_judged: bool


_Found = Finding | _Absent | _Shown


@dataclass(frozen=True)
class Look:
    """The article in the file `name`, its state, and what was found without git.

    `article` is None where it asks for nothing or cannot be read.
    """

    name: str
    article: Article | None
    state: states.State
    found: tuple[_Found, ...]

    @property
    def job(self) -> Job | None:
        """What `headergen run` would make; None: nothing, or the config keeps it from a plan."""
        return next((each.job for each in self.found if isinstance(each, _Absent)), None)

    @property
    def is_broken(self) -> bool:
        """Whether the article has no state because something in it is at fault."""
        return self.state is None and bool(self.found) and not self.is_skipped

    @property
    def is_skipped(self) -> bool:
        """Whether the article asks for nothing, and can't get the config's default."""
        return any(isinstance(each, Finding) and each.code == "skipped" for each in self.found)


def check(
    names: Iterable[str], config: Config, root: Path, *, in_git: bool, whole: bool = False
) -> list[Finding]:
    """Check the articles in the files `names`; `in_git` says that `root` is a git working tree.

    With `whole`, they are all of the repository, and pictures that none of them needs are found.

    Raises:
        GitError: git cannot say what is in the index.
    """
    # Of most articles nothing is kept: a site has thousands, and their texts are long.
    found = [each for name in names for each in look(name, config, root).found]
    every = findings(found, config, root, in_git=in_git)
    if in_git and whole:
        from headergen.report import orphans

        shown = [each.picture for each in found if isinstance(each, _Shown)]
        every += map(_of_orphan, orphans.find(config, root, shown).orphans)
    return every


def findings(
    found: Sequence[_Found], config: Config, root: Path, *, in_git: bool, can_run: bool = True
) -> list[Finding]:
    """Return all findings, sorted, for what was found in articles.

    Where `run` can be called on these files, what it would refuse is found as well.

    Raises:
        GitError: git cannot say what is in the index.
    """
    shown = [each for each in found if isinstance(each, _Shown)]
    every = [each for each in found if isinstance(each, Finding)]
    absent = _without_left_out(found, root, in_git=in_git)
    every += _of_absent(absent, config, root, can_run=can_run)
    every += (finding for each in shown if each.is_judged for finding in _of_picture(each, config))
    if in_git:
        every += map(_of_unstaged, staged.not_in_index(shown, config, root))
    once = dict.fromkeys(every)  # a mistake in the config is found by many articles
    return sorted(once, key=lambda finding: (finding.path, finding.line))


def _without_left_out(found: Sequence[_Found], root: Path, *, in_git: bool) -> list[_Absent]:
    """Return what is absent, but for pictures that a sparse checkout leaves out."""
    absent = [each for each in found if isinstance(each, _Absent)]
    awaited = [each.awaited for each in absent if each.awaited]
    left_out = git.left_out(root, awaited) if in_git else set()
    return [each for each in absent if each.awaited not in left_out]


def _of_absent(
    absent: Sequence[_Absent], config: Config, root: Path, *, can_run: bool
) -> Iterator[Finding]:
    """Yield what is absent; where `run` would refuse to make it, what `run` would say.

    Where it can't be called, that is known of articles alone that ask for nothing themselves.
    """
    jobs = [each.job for each in absent if each.job and (can_run or not each.job.article.asks)]
    refused: Mapping[Path, HeadergenError] = {}
    if jobs:
        from headergen.report import refusals  # for the few articles that lack something

        refused = refusals.find(jobs, config, root) if can_run else refusals.impossible(jobs)
    for each in absent:
        error = refused.get(each.job.article.path) if each.job else None
        yield _refused(each.finding, error) if error else each.finding


def _refused(finding: Finding, error: HeadergenError) -> Finding:
    """Return the error of `run`; a place that is taken is not the article's fault."""
    found = of_error(finding.path, error)
    return replace(found, code=finding.code) if isinstance(error, OutputError) else found


def look(name: str, config: Config, root: Path, *, every: bool = False) -> Look:
    """Look at one article, without git; at one that asks for nothing only if `every`."""
    article: Article | None = None
    state: states.State = None
    found: tuple[_Found, ...] = ()
    try:
        has_default = defaults.has_default(name, config, root)
        article = articles.read(name, config.keys, every=every or has_default)
        places.require_in_place(article, root)
        state = states.state_of(article, config, root) if article else None
        if article and (has_default or article.asks):
            found = tuple(_of_state(state, config, root))
    except (HeadergenError, OSError) as error:
        found = (of_error(name, error),)
    return Look(name, article, state, found)


def _of_state(state: states.State, config: Config, root: Path) -> Iterator[_Found]:
    absent = list(lacking(state, config, root))
    if absent:
        try:
            job = _job_of(state, config, root)
            yield from (_Absent(finding, awaited, job) for finding, awaited in absent)
        except ConfigError as error:
            yield from _of_config(error, absent)
    yield from _beside(state, config)
    for named in staged.named_by(state, config, root):
        is_remade = _is_remade(named, state, config, root)
        is_judged = state is not None and state.article.asks
        yield _Shown(**vars(named), is_remade=is_remade, is_judged=is_judged)


def lacking(
    state: states.State, config: Config, root: Path
) -> Iterator[tuple[Finding, Path | None]]:
    """Yield what `run` would make or write, each with the picture that would settle it."""
    if isinstance(state, states.Wanted):
        yield _of_wanted(state), staged.awaited(state.article, state.digest, config, root)
    elif isinstance(state, states.StandIn):
        yield _of_stand_in(state), None
    if isinstance(state, states.Fresh | states.StandIn) and state.article.digest is not None:
        yield from _lacking_beside(state, config, root)


def _lacking_beside(
    state: states.Fresh | states.StandIn, config: Config, root: Path
) -> Iterator[tuple[Finding, Path | None]]:
    article = state.article
    path, line = str(article.path), article.image_line
    if config.alt_key and article.alt not in (None, article.text_at(config.alt_key)):
        message = f"{config.alt_key} is not what {config.keys.of_request('alt')} says"
        yield Finding(path, line, "stale", message, RUN), None
    for cut in cuts.beside(state, config, root):
        names_it = article.text_at(cut.key) == cut.image
        if not names_it or not cut.output.is_file():
            finding = Finding(path, line, "missing", f"{cut.key}: no {cut.image} yet", RUN)
            yield finding, staged.tracked(cut.output) if names_it else None


def _job_of(state: states.State, config: Config, root: Path) -> Job | None:
    """Plan what `run` would do; a stand-in is replaced where a machine can paint.

    Raises:
        HeadergenError: as `job.job_for`.
    """
    from headergen.plan import job as planning  # for the few articles that lack something

    if isinstance(state, states.StandIn):
        return planning.job_of(state.wanted, config, root)
    if isinstance(state, states.Wanted):
        return planning.job_of(state, config, root)
    return planning.completion(state, config, root) if isinstance(state, states.Fresh) else None


def _of_config(
    error: ConfigError, absent: Iterable[tuple[Finding, Path | None]]
) -> Iterator[_Found]:
    """Yield the config's mistake, and what is not made because of it."""
    for finding, awaited in absent:
        remedy = f"correct {error.key} in {error.path or 'the config'} first"
        yield _Absent(replace(finding, remedy=remedy), awaited, None)
        at = error.path or finding.path, error.line or finding.line
        yield Finding(*at, "bad-config", error.headline, error.advice or None)


def _is_remade(named: Named, state: states.State, config: Config, root: Path) -> bool:
    """Return whether `run` makes the picture when it is gone: there is a request, or a header."""
    if state is None or named.digest is None:
        return False
    is_cut = named.key != config.image_key
    return is_cut or defaults.request_for(state.article, config, root) is not None


def _beside(state: states.State, config: Config) -> Iterator[Finding]:
    """Find what the author has to write beside a header that exists."""
    if not isinstance(state, states.Fresh | states.HandMade | states.StandIn):
        return
    article = state.article
    if article.image is not None and config.require_alt and not _has_alt(article, config):
        remedy = f"describe the picture in {article.keys.of_request('alt')}"
        at = str(article.path), article.image_line
        yield Finding(*at, "no-alt", "the header has no alt", remedy)


def _has_alt(article: Article, config: Config) -> bool:
    at_key = article.text_at(config.alt_key) if config.alt_key else None
    return article.alt is not None or at_key is not None


def _of_unstaged(found: Unstaged) -> Finding:
    named = found.named
    remedy = found.remedy or "git add it"
    message = staged.describe(found)
    return Finding(
        str(named.path), named.line, "not-in-index", message, remedy, to_add=found.to_add
    )


def _of_orphan(found: Orphan) -> Finding:
    message = "no article needs this picture, which headergen made"
    remedy = "run `headergen tidy --delete`" if found.is_committed else "delete it"
    return Finding(os.path.relpath(found.path), 1, "orphan", message, remedy)


def of_error(name: str, error: HeadergenError | OSError) -> Finding:
    """Return the finding for an error about the article in the file `name`."""
    if isinstance(error, OSError):
        return Finding(name, 1, "bad-frontmatter", f"cannot be read: {error.strerror}")
    if isinstance(error, SkippedError):
        detail = "; ".join(filter(None, (error.headline, error.advice)))
        return Finding(name, error.line or 1, "skipped", error.reason, detail)
    outside = isinstance(error, OutsideRepositoryError)
    code = "outside-repository" if outside else "bad-frontmatter"
    return Finding(name, error.line or 1, code, error.headline, error.advice or None)


def _of_wanted(state: states.Wanted) -> Finding:
    article = state.article
    path = str(article.path)
    if state.is_stale and state.picture and (damage := damage_of(state.picture)):
        message = f"{article.image} {damage}"
        return Finding(path, article.image_line, "broken", message, RUN)
    if state.is_stale:
        message = f"the request changed since {article.image} was made"
        return Finding(path, article.line, "stale", message, RUN)
    if article.image is None:
        return Finding(path, article.line, "missing", "no header yet", RUN)
    message = f"{article.image} does not exist"
    return Finding(path, article.image_line, "missing", message, RUN)


def _of_stand_in(state: states.StandIn) -> Finding:
    article = state.article
    message = f"{article.image} is a title card that stands in"
    remedy = f"{RUN} on a machine with a GPU"
    return Finding(str(article.path), article.image_line, "stand-in", message, remedy)


def _of_picture(shown: _Shown, config: Config) -> list[Finding]:
    try:
        return list(_of_readable_picture(shown, config))
    except OSError as error:
        message = f"{shown.image} cannot be read: {error.strerror}"
        return [Finding(str(shown.path), shown.line, "wrong-format", message)]


def _of_readable_picture(named: _Shown, config: Config) -> Iterator[Finding]:
    path, line, image = str(named.path), named.line, named.image
    remade = "delete it to have it made again" if named.is_remade else None
    is_own = named.digest is None and not config.strict
    found = first_bytes.probe(named.picture)
    wanted = first_bytes.SUFFIX_FORMATS.get(named.picture.suffix.lower())
    if found.format == "unknown" and git.is_lfs_pointer(named.picture):
        what, remedy = staged.LFS_POINTER
        yield Finding(path, line, "lfs-pointer", f"{image} {what}", remedy)
    elif damage := damage_of(named.picture):
        yield Finding(path, line, "broken", f"{image} {damage}", remade or SAVE_AGAIN)
    elif found.format == "unknown" or found.format != wanted:
        known = None if found.format == "unknown" else found.format
        what = known or foreign.name_of(named.picture) or "no picture that headergen knows"
        another = f"save it in the format of its name, {named.picture.suffix}" if wanted else None
        remedy = remade or another or f"save it as {READABLE}, and name that"
        yield Finding(path, line, "wrong-format", f"{image} is {what}", remedy, tolerated=is_own)
    elif (found.width, found.height) != named.size:
        size, wanted_size = (f"{w}×{h}" for w, h in ((found.width, found.height), named.size))
        message = f"{image} is {size} px, not {wanted_size}"
        yield Finding(path, line, "wrong-size", message, remade, tolerated=is_own)
    if staged.is_outdated(found, named):
        what, remedy = staged.OUTDATED
        yield Finding(path, line, "stale", f"{image} {what}", remedy)
    if found.size_bytes > LARGEST_BYTES:
        size = f"{found.size_bytes / 1024**2:.1f} MB"
        message = f"{image} is {size}; note.com takes 10 MB at most"
        yield Finding(path, line, "too-large", message, tolerated=is_own)
    elif config.max_kb and found.size_bytes > config.max_kb * 1024:
        size = f"{-(-found.size_bytes // 1024)} kB"
        message = f"{image} is {size}; header.max_kb is {config.max_kb}"
        yield Finding(path, line, "too-large", message, tolerated=is_own)
