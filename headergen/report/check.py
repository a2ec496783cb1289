"""Report what is wrong with articles' headers; change nothing, need no torch and no Pillow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    "no-alt": 1,
    "outside-repository": 2,
    "bad-frontmatter": 2,
}


@dataclass(frozen=True)
class Finding:
    """One thing that needs the author; `line` is 1-based."""

    path: str
    line: int
    code: str
    message: str


@dataclass(frozen=True)
class _Absent:
    """A header that is missing or stale, and the picture that would settle it (`awaited`)."""

    finding: Finding
    awaited: Path | None


def check(names: Iterable[str], config: Config, root: Path, *, in_git: bool) -> list[Finding]:
    """Check the articles in the files `names`; `in_git` says that `root` is a git working tree.

    Raises:
        GitError: git cannot say what is in the index.
    """
    looks = [each for name in names for each in _look(name, config, root)]
    absent = [each for each in looks if isinstance(each, _Absent)]
    pictures = [each.awaited for each in absent if each.awaited]
    left_out = git.left_out(root, pictures) if in_git else set()
    named = [each for each in looks if isinstance(each, Named)]
    findings = [each for each in looks if isinstance(each, Finding)]
    findings += (each.finding for each in absent if each.awaited not in left_out)
    findings += (found for each in named for found in _of_picture(each, config))
    if in_git:
        findings += map(_of_unstaged, staged.not_in_index(named, config, root))
    return sorted(findings, key=lambda finding: (finding.path, finding.line))


def _look(name: str, config: Config, root: Path) -> Iterator[Finding | _Absent | Named]:
    """Look at one article, without git; of its text nothing is kept."""
    try:
        every = defaults.has_default(name, config, root)
        found = articles.read(name, config.image_key, every=every)
        state = states.state_of(found, config, root) if found else None
        beside = [*_beside(state, config, root), *staged.named_by(state, config, root)]
    except (HeadergenError, OSError) as error:
        yield _of_error(name, error)
        return
    if isinstance(state, states.Wanted):
        yield _Absent(_of_wanted(state), staged.awaited(state.article, state.digest, config, root))
    elif isinstance(state, states.StandIn):
        yield _of_stand_in(state)
    yield from beside


def _beside(state: states.State, config: Config, root: Path) -> Iterator[Finding | _Absent]:
    """Find what is lacking beside a header that is there: its alt, and its cuts."""
    if not isinstance(state, states.Fresh | states.HandMade | states.StandIn):
        return
    article = state.article
    if article.image is None:
        return
    path, line = str(article.path), article.image_line
    if config.require_alt and not _has_alt(article, config):
        message = "the header has no alt: describe the picture in header.alt"
        yield Finding(path, line, "no-alt", message)
    made = article.digest is not None
    if config.alt_key and made and article.alt not in (None, article.text_at(config.alt_key)):
        message = f"{config.alt_key} is not what header.alt says: run `headergen run`"
        yield Finding(path, line, "stale", message)
    for cut in cuts.beside(state, config, root):
        names_it = article.text_at(cut.key) == cut.image
        if not names_it or not cut.output.is_file():
            message = f"{cut.key}: no {cut.image} yet: run `headergen run`"
            file = staged.tracked(cut.output) if names_it else None
            yield _Absent(Finding(path, line, "missing", message), file)


def _has_alt(article: Article, config: Config) -> bool:
    at_key = article.text_at(config.alt_key) if config.alt_key else None
    return article.alt is not None or at_key is not None


def _of_unstaged(found: Unstaged) -> Finding:
    named = found.named
    return Finding(str(named.path), named.line, "not-in-index", staged.describe(found))


def _of_error(name: str, error: HeadergenError | OSError) -> Finding:
    if isinstance(error, OSError):
        return Finding(name, 1, "bad-frontmatter", f"cannot be read: {error.strerror}")
    outside = isinstance(error, OutsideRepositoryError)
    code = "outside-repository" if outside else "bad-frontmatter"
    message = f"{error.key}: {error.message}" if error.key else error.message
    return Finding(name, error.line or 1, code, message)


def _of_wanted(state: states.Wanted) -> Finding:
    article = state.article
    path = str(article.path)
    if state.is_stale:
        message = f"the request changed since {article.image} was made: run `headergen run`"
        return Finding(path, article.line, "stale", message)
    if article.image is None:
        return Finding(path, article.line, "missing", "no header yet: run `headergen run`")
    message = f"{article.image} does not exist: run `headergen run`"
    return Finding(path, article.image_line, "missing", message)


def _of_stand_in(state: states.StandIn) -> Finding:
    article = state.article
    message = f"{article.image} is a title card that stands in: run `headergen run` with a GPU"
    return Finding(str(article.path), article.image_line, "stand-in", message)


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
        yield Finding(path, line, "lfs-pointer", f"{image} {staged.LFS_POINTER}")
    elif found.format == "unknown" or found.format != wanted:
        what = "no picture that headergen knows" if found.format == "unknown" else found.format
        yield Finding(path, line, "wrong-format", f"{image} is {what}")
    elif (found.width, found.height) != named.size:
        size, wanted_size = (f"{w}×{h}" for w, h in ((found.width, found.height), named.size))
        remedy = ": delete it to have it made anew" if named.digest else ""
        message = f"{image} is {size} px, not {wanted_size}{remedy}"
        yield Finding(path, line, "wrong-size", message)
    if staged.is_outdated(found, named):
        yield Finding(path, line, "stale", f"{image} {staged.OUTDATED}")
    if found.size_bytes > LARGEST_BYTES:
        size = f"{found.size_bytes / 1024**2:.1f} MB"
        yield Finding(path, line, "too-large", f"{image} is {size}; note.com takes 10 MB at most")
    elif config.max_kb and found.size_bytes > config.max_kb * 1024:
        size = f"{-(-found.size_bytes // 1024)} kB"
        message = f"{image} is {size}; header.max_kb is {config.max_kb}"
        yield Finding(path, line, "too-large", message)
