"""Report what is wrong with articles' headers; change nothing, need no torch and no Pillow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from headergen import article as articles
from headergen import git, paths, picture, plan
from headergen.article import Article
from headergen.config import Config
from headergen.errors import ArticleError, HeadergenError, OutsideRepositoryError

# note.com refuses larger uploads.
LARGEST_BYTES = 10 * 1024 * 1024

LFS_POINTER = "is a Git LFS pointer, not the picture: run `git lfs pull`"

OUTDATED = "was made for another request: git add the newer one, or delete it to have one made"

# What `check` ends with: 2 where the article is at fault, 1 where its header needs the author.
CODES = {
    "missing": 1,
    "stale": 1,
    "wrong-size": 1,
    "wrong-format": 1,
    "too-large": 1,
    "lfs-pointer": 1,
    "not-in-index": 1,
    "outside-repository": 2,
    "bad-frontmatter": 2,
}


Each = TypeVar("Each", bound=plan.State | plan.Plan)


@dataclass(frozen=True)
class Finding:
    """One thing that needs the author; `line` is 1-based."""

    path: str
    line: int
    code: str
    message: str


@dataclass(frozen=True)
class Named:
    """An article and the picture that it names, both on disk."""

    article: Article
    picture: Path


@dataclass(frozen=True)
class Unstaged:
    """A file that the commit lacks, or holds in a state that nobody can tell is the right one.

    `ignored` says that `git add` of `path` does not help; the message says what does.
    """

    named: Named
    path: Path
    message: str
    ignored: bool = False


def check(names: Iterable[str], config: Config, root: Path, *, in_git: bool) -> list[Finding]:
    """Check the articles in the files `names`; `in_git` says that `root` is a git working tree.

    Raises:
        GitError: git cannot say what is in the index.
    """
    states, findings = _states(names, config, root)
    if in_git:
        states = without_left_out(states, config, root)
    named = [each for state in states for each in named_by(state)]
    findings += (_of_wanted(state) for state in states if isinstance(state, plan.Wanted))
    for each in named:
        try:
            findings += _of_picture(each, config)
        except OSError as error:
            findings.append(_unreadable(each, error))
    if in_git:
        findings += map(_of_unstaged, _not_in_index(named, config, root))
    return sorted(findings, key=lambda finding: (finding.path, finding.line))


def _states(
    names: Iterable[str], config: Config, root: Path
) -> tuple[list[plan.State], list[Finding]]:
    states: list[plan.State] = []
    findings: list[Finding] = []
    for name in names:
        try:
            found = articles.read(name, config.image_key)
            if found:
                states.append(plan.state_of(found, config, root))
        except (HeadergenError, OSError) as error:
            findings.append(_of_error(name, error))
    return states, findings


def without_left_out(states: Iterable[Each], config: Config, root: Path) -> list[Each]:
    """Drop what is wanted only because a sparse checkout leaves the standing header out.

    Raises:
        GitError: git cannot say what is in the index.
    """
    awaited = [(state, _awaited_picture(state, config, root)) for state in states]
    left_out = git.left_out(root, [picture for _, picture in awaited if picture])
    return [state for state, picture in awaited if picture not in left_out]


def _awaited_picture(state: plan.State | plan.Plan, config: Config, root: Path) -> Path | None:
    """Return the picture that would settle the article's request if it were on disk."""
    if not isinstance(state, plan.Wanted | plan.Job):
        return None
    if state.article.digest not in (None, state.digest):
        return None
    picture = plan.picture_of(state.article, config, root)
    return None if picture is None or picture.is_file() else tracked(picture)


def named_by(state: plan.State | plan.Plan) -> Iterator[Named]:
    """Yield the article with its picture, if it names one that is on disk."""
    if isinstance(state, plan.Fresh | plan.HandMade) and state.picture and state.picture.is_file():
        yield Named(state.article, state.picture)


def unstaged(named: Sequence[Named], config: Config, root: Path) -> Iterator[Unstaged]:
    """Compare the index that this commit uses with what the articles on disk name.

    Raises:
        GitError: git cannot say what is in the index.
    """
    for each in named:
        try:
            yield from _unfit(each)
        except OSError as error:
            message = f"cannot be read: {error.strerror}"
            yield Unstaged(each, each.picture, message, ignored=True)
    yield from _not_in_index(named, config, root)


def _unfit(named: Named) -> Iterator[Unstaged]:
    """Yield a picture that is not the one which the article's digest speaks of."""
    if git.is_lfs_pointer(named.picture):
        yield Unstaged(named, named.picture, LFS_POINTER, ignored=True)
    elif named.article.digest and _is_outdated(picture.probe(named.picture), named.article):
        yield Unstaged(named, named.picture, OUTDATED)


def _is_outdated(found: picture.Picture, article: Article) -> bool:
    """Tell whether headergen made the picture for another request than the article's.

    So it is where the newer picture is not staged: pre-commit puts the staged one in its place
    while the hooks run. Painting it a third time would be in vain.
    """
    return None not in (found.digest, article.digest) and found.digest != article.digest


def _not_in_index(named: Sequence[Named], config: Config, root: Path) -> Iterator[Unstaged]:
    names = {path: tracked(path) for each in named for path in (each.picture, each.article.path)}
    found = git.status(root, names.values())
    status = {path: found[name] for path, name in names.items() if name in found}
    for each in named:
        if each.picture in status:
            yield from _unstaged_picture(each, status[each.picture].letters)
    yield from _unstaged_lines(named, status, config, root)


def _unstaged_picture(named: Named, letters: str) -> Iterator[Unstaged]:
    if letters == "!!":
        message = "is ignored by git: take it out of .gitignore, or git add -f it"
        yield Unstaged(named, named.picture, message, ignored=True)
    elif letters in ("??", ".A"):
        also = "; name it in `git commit …` as well" if git.is_partial_commit() else ""
        yield Unstaged(named, named.picture, f"is not staged{also}")
    elif letters[1] != ".":
        yield Unstaged(named, named.picture, "is staged in another state than on disk")


def tracked(path: Path) -> Path:
    """Return the name by which git knows `path`: folders resolved, a last symlink kept."""
    return Path(paths.folder_of(path), path.name)


def _unstaged_lines(
    named: Sequence[Named], status: Mapping[Path, git.Status], config: Config, root: Path
) -> Iterator[Unstaged]:
    """Other unstaged edits of the article are the author's business; headergen's lines are not."""
    staged: list[tuple[Named, str]] = []
    for each in named:
        found = status.get(each.article.path)
        if found and found.blob and found.letters[1] == "M":
            staged.append((each, found.blob))
    blobs = git.blobs(root, [blob for _, blob in staged])
    for each, blob in staged:
        if not _names_the_same(each.article, blobs[blob], config):
            message = f"is staged without the line that names {each.article.image}"
            yield Unstaged(each, each.article.path, message)


def _names_the_same(article: Article, staged: bytes, config: Config) -> bool:
    try:
        there = articles.parse(article.path, staged, config.image_key)
    except ArticleError:
        return False
    return there is not None and (there.image, there.digest) == (article.image, article.digest)


def _of_unstaged(found: Unstaged) -> Finding:
    article = found.named.article
    return Finding(str(article.path), article.image_line, "not-in-index", describe(found))


def describe(found: Unstaged) -> str:
    """Say what is wrong with a file that is not staged as it is on disk."""
    subject = "the article" if found.path == found.named.article.path else found.named.article.image
    return f"{subject} {found.message}"


def _of_error(name: str, error: HeadergenError | OSError) -> Finding:
    if isinstance(error, OSError):
        return Finding(name, 1, "bad-frontmatter", f"cannot be read: {error.strerror}")
    outside = isinstance(error, OutsideRepositoryError)
    code = "outside-repository" if outside else "bad-frontmatter"
    message = f"{error.key}: {error.message}" if error.key else error.message
    return Finding(name, error.line or 1, code, message)


def _of_wanted(state: plan.Wanted) -> Finding:
    article = state.article
    path = str(article.path)
    if state.is_stale:
        message = f"the request changed since {article.image} was made: run `headergen run`"
        return Finding(path, article.line, "stale", message)
    if article.image is None:
        return Finding(path, article.line, "missing", "no header yet: run `headergen run`")
    message = f"{article.image} does not exist: run `headergen run`"
    return Finding(path, article.image_line, "missing", message)


def _unreadable(named: Named, error: OSError) -> Finding:
    path, line = str(named.article.path), named.article.image_line
    message = f"{named.article.image} cannot be read: {error.strerror}"
    return Finding(path, line, "wrong-format", message)


def _of_picture(named: Named, config: Config) -> Iterator[Finding]:
    path, line = str(named.article.path), named.article.image_line
    image = named.article.image
    found = picture.probe(named.picture)
    wanted = picture.SUFFIX_FORMATS.get(named.picture.suffix.lower())
    if found.format == "unknown" and git.is_lfs_pointer(named.picture):
        yield Finding(path, line, "lfs-pointer", f"{image} {LFS_POINTER}")
    elif found.format == "unknown" or found.format != wanted:
        what = "no picture that headergen knows" if found.format == "unknown" else found.format
        yield Finding(path, line, "wrong-format", f"{image} is {what}")
    elif (found.width, found.height) != (config.width, config.height):
        yield Finding(
            path,
            line,
            "wrong-size",
            f"{image} is {found.width}×{found.height} px, not {config.width}×{config.height}",
        )
    if _is_outdated(found, named.article):
        yield Finding(path, line, "stale", f"{image} {OUTDATED}")
    if found.size_bytes > LARGEST_BYTES:
        size = f"{found.size_bytes / 1024**2:.1f} MB"
        yield Finding(path, line, "too-large", f"{image} is {size}; note.com takes 10 MB at most")
