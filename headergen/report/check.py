"""Report what is wrong with articles' headers; change nothing, need no torch and no Pillow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.errors import HeadergenError, OutsideRepositoryError
from headergen.picture import first_bytes
from headergen.plan import cuts, defaults, staged
from headergen.plan import state as states
from headergen.plan.staged import Named, Unstaged
from headergen.repository import git
from headergen.settings.config import Config

# note.com refuses larger uploads.
LARGEST_BYTES = 10 * 1024 * 1024

_RUN = "run `headergen run`"

# What `check` ends with: 2 where the article is at fault, 1 where its header needs the author.
CODES = {
    "missing": 1,
    "stale": 1,
    "stand-in": 1,
    "wrong-size": 1,
    "wrong-format": 1,
    "too-large": 1,
    "lfs-pointer": 1,
    "not-in-index": 1,
    "rewritten": 1,
    "no-alt": 1,
    "outside-repository": 2,
    "bad-frontmatter": 2,
}


@dataclass(frozen=True)
class Finding:
    """One thing that needs the author; `line` is 1-based, and `remedy` says what to do."""

    path: str
    line: int
    code: str
    message: str
    remedy: str | None = None

    @property
    def text(self) -> str:
        """Message and remedy in one line."""
        return ": ".join(filter(None, (self.message, self.remedy)))


@dataclass(frozen=True)
class _Absent:
    """A header that is missing or stale, and the picture that would settle it (`awaited`)."""

    finding: Finding
    awaited: Path | None


@dataclass(frozen=True)
class Look:
    """The article in the file `name`, its state, and what was found without git.

    `article` is None where it asks for nothing or cannot be read.
    """

    name: str
    article: Article | None
    state: states.State
    found: tuple[Finding | _Absent | Named, ...]

    @property
    def is_broken(self) -> bool:
        """Whether the article has no state because something in it is at fault."""
        return self.state is None and bool(self.found)


def check(names: Iterable[str], config: Config, root: Path, *, in_git: bool) -> list[Finding]:
    """Check the articles in the files `names`; `in_git` says that `root` is a git working tree.

    Raises:
        GitError: git cannot say what is in the index.
    """
    # Of the articles themselves nothing is kept: a site has thousands, and their texts are long.
    found = [each for name in names for each in look(name, config, root).found]
    return findings(found, config, root, in_git=in_git)


def findings(
    found: Sequence[Finding | _Absent | Named], config: Config, root: Path, *, in_git: bool
) -> list[Finding]:
    """Return all findings, sorted, for what was found in articles.

    Raises:
        GitError: git cannot say what is in the index.
    """
    absent = [each for each in found if isinstance(each, _Absent)]
    pictures = [each.awaited for each in absent if each.awaited]
    left_out = git.left_out(root, pictures) if in_git else set()
    named = [each for each in found if isinstance(each, Named)]
    every = [each for each in found if isinstance(each, Finding)]
    every += (each.finding for each in absent if each.awaited not in left_out)
    every += (finding for each in named for finding in _of_picture(each, config))
    if in_git:
        every += map(_of_unstaged, staged.not_in_index(named, config, root))
    return sorted(every, key=lambda finding: (finding.path, finding.line))


def look(name: str, config: Config, root: Path, *, every: bool = False) -> Look:
    """Look at one article, without git; at one that asks for nothing only if `every`."""
    article: Article | None = None
    state: states.State = None
    found: tuple[Finding | _Absent | Named, ...] = ()
    try:
        has_default = defaults.has_default(name, config, root)
        article = articles.read(name, config.image_key, every=every or has_default)
        state = states.state_of(article, config, root) if article else None
        if article and (has_default or article.value_at("header") is not None):
            found = tuple(_of_state(state, config, root))
    except (HeadergenError, OSError) as error:
        found = (_of_error(name, error),)
    return Look(name, article, state, found)


def _of_state(
    state: states.State, config: Config, root: Path
) -> Iterator[Finding | _Absent | Named]:
    if isinstance(state, states.Wanted):
        yield _Absent(_of_wanted(state), staged.awaited(state.article, state.digest, config, root))
    elif isinstance(state, states.StandIn):
        yield _of_stand_in(state)
    yield from _beside(state, config, root)
    yield from staged.named_by(state, config, root)


def _beside(state: states.State, config: Config, root: Path) -> Iterator[Finding | _Absent]:
    """Find what is lacking beside a header that is there: its alt, and its cuts."""
    if not isinstance(state, states.Fresh | states.HandMade | states.StandIn):
        return
    article = state.article
    if article.image is None:
        return
    path, line = str(article.path), article.image_line
    if config.require_alt and not _has_alt(article, config):
        remedy = "describe the picture in header.alt"
        yield Finding(path, line, "no-alt", "the header has no alt", remedy)
    made = article.digest is not None
    if config.alt_key and made and article.alt not in (None, article.text_at(config.alt_key)):
        message = f"{config.alt_key} is not what header.alt says"
        yield Finding(path, line, "stale", message, _RUN)
    for cut in cuts.beside(state, config, root):
        names_it = article.text_at(cut.key) == cut.image
        if not names_it or not cut.output.is_file():
            finding = Finding(path, line, "missing", f"{cut.key}: no {cut.image} yet", _RUN)
            yield _Absent(finding, staged.tracked(cut.output) if names_it else None)


def _has_alt(article: Article, config: Config) -> bool:
    at_key = article.text_at(config.alt_key) if config.alt_key else None
    return article.alt is not None or at_key is not None


def _of_unstaged(found: Unstaged) -> Finding:
    named = found.named
    remedy = found.remedy or "git add it"
    return Finding(str(named.path), named.line, "not-in-index", staged.describe(found), remedy)


def _of_error(name: str, error: HeadergenError | OSError) -> Finding:
    if isinstance(error, OSError):
        return Finding(name, 1, "bad-frontmatter", f"cannot be read: {error.strerror}")
    outside = isinstance(error, OutsideRepositoryError)
    code = "outside-repository" if outside else "bad-frontmatter"
    return Finding(name, error.line or 1, code, error.headline, error.advice or None)


def _of_wanted(state: states.Wanted) -> Finding:
    article = state.article
    path = str(article.path)
    if state.is_stale:
        message = f"the request changed since {article.image} was made"
        return Finding(path, article.line, "stale", message, _RUN)
    if article.image is None:
        return Finding(path, article.line, "missing", "no header yet", _RUN)
    message = f"{article.image} does not exist"
    return Finding(path, article.image_line, "missing", message, _RUN)


def _of_stand_in(state: states.StandIn) -> Finding:
    article = state.article
    message = f"{article.image} is a title card that stands in"
    remedy = f"{_RUN} on a machine with a GPU"
    return Finding(str(article.path), article.image_line, "stand-in", message, remedy)


def _of_picture(named: Named, config: Config) -> list[Finding]:
    try:
        return list(_of_readable_picture(named, config))
    except OSError as error:
        message = f"{named.image} cannot be read: {error.strerror}"
        return [Finding(str(named.path), named.line, "wrong-format", message)]


def _of_readable_picture(named: Named, config: Config) -> Iterator[Finding]:
    path, line, image = str(named.path), named.line, named.image
    found = first_bytes.probe(named.picture)
    wanted = first_bytes.SUFFIX_FORMATS.get(named.picture.suffix.lower())
    if found.format == "unknown" and git.is_lfs_pointer(named.picture):
        what, remedy = staged.LFS_POINTER
        yield Finding(path, line, "lfs-pointer", f"{image} {what}", remedy)
    elif found.format == "unknown" or found.format != wanted:
        what = "no picture that headergen knows" if found.format == "unknown" else found.format
        again = "delete it to have it made again" if named.digest else None
        yield Finding(path, line, "wrong-format", f"{image} is {what}", again)
    elif (found.width, found.height) != named.size:
        size, wanted_size = (f"{w}×{h}" for w, h in ((found.width, found.height), named.size))
        message = f"{image} is {size} px, not {wanted_size}"
        again = "delete it to have it made again" if named.digest else None
        yield Finding(path, line, "wrong-size", message, again)
    if staged.is_outdated(found, named):
        what, remedy = staged.OUTDATED
        yield Finding(path, line, "stale", f"{image} {what}", remedy)
    if found.size_bytes > LARGEST_BYTES:
        size = f"{found.size_bytes / 1024**2:.1f} MB"
        yield Finding(path, line, "too-large", f"{image} is {size}; note.com takes 10 MB at most")
    elif config.max_kb and found.size_bytes > config.max_kb * 1024:
        size = f"{-(-found.size_bytes // 1024)} kB"
        message = f"{image} is {size}; header.max_kb is {config.max_kb}"
        yield Finding(path, line, "too-large", message)
