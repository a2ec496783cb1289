"""Report what is wrong with articles' headers; change nothing, need no torch and no Pillow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headergen import article as articles
from headergen import git, picture, plan
from headergen.article import Article
from headergen.config import Config
from headergen.errors import ArticleError, HeadergenError, OutsideRepositoryError

# note.com refuses larger uploads.
LARGEST_BYTES = 10 * 1024 * 1024

CODES = {
    "missing": "the header is asked for but does not exist",
    "stale": "the request changed after the header was made",
    "wrong-size": "the header does not have the configured size",
    "wrong-format": "the file's bytes are not what its suffix says",
    "too-large": "the header is larger than note.com's 10 MB",
    "not-in-index": "the header, or the article's line that names it, is not staged in git",
    "outside-repository": "a path leaves the repository",
    "bad-frontmatter": "the frontmatter cannot be read or asks for what cannot be",
}

# Every other finding is 1: the article is sound and its header needs the author.
EXIT_CODES = {"outside-repository": 2, "bad-frontmatter": 2}


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
    """A file that the commit lacks or holds in another state; `ignored`: git add won't take it."""

    named: Named
    path: Path
    message: str
    ignored: bool = False


def check(paths: Iterable[Path], config: Config, root: Path, *, in_git: bool) -> list[Finding]:
    """Check the articles at `paths`; `in_git` says that `root` is a git working tree.

    Raises:
        GitError: git cannot say what is in the index.
    """
    findings: list[Finding] = []
    named: list[Named] = []
    for path in paths:
        try:
            found = articles.parse(path, path.read_bytes(), config.image_key)
            state = plan.state_of(found, config, root) if found else None
        except (HeadergenError, OSError) as error:
            findings.append(_of_error(path, error))
            continue
        findings.extend(_of_state(state, config))
        named.extend(named_by(state))
    if in_git:
        findings.extend(map(_of_unstaged, unstaged(named, config, root)))
    return sorted(findings, key=lambda finding: (finding.path, finding.line))


def named_by(state: plan.State | plan.Plan) -> Iterator[Named]:
    """Yield the article with its picture, if it names one that is on disk."""
    if isinstance(state, plan.Fresh | plan.HandMade) and state.picture and state.picture.is_file():
        yield Named(state.article, state.picture)


def unstaged(named: Sequence[Named], config: Config, root: Path) -> Iterator[Unstaged]:
    """Compare the index that this commit uses with what the articles on disk name.

    Raises:
        GitError: git cannot say what is in the index.
    """
    paths = [path for each in named for path in (each.picture, each.article.path)]
    status = git.status(root, list(dict.fromkeys(map(_tracked, paths))))
    for each in named:
        letters = status.get(_tracked(each.picture), "  ")
        if letters == "!!":
            message = "is ignored by git: take it out of .gitignore, or git add -f it"
            yield Unstaged(each, each.picture, message, ignored=True)
        elif letters == "??":
            yield Unstaged(each, each.picture, "is not staged")
        elif letters[1] != " ":
            yield Unstaged(each, each.picture, "is staged in another state than on disk")
        if status.get(_tracked(each.article.path), "  ")[1] == "M":
            yield from _unstaged_lines(each, config, root)


def _tracked(path: Path) -> Path:
    """Return the name by which git knows `path`: folders resolved, a last symlink kept."""
    return path.absolute().parent.resolve() / path.name


def _unstaged_lines(named: Named, config: Config, root: Path) -> Iterator[Unstaged]:
    """Other unstaged edits of the article are the author's business; headergen's lines are not."""
    article = named.article
    staged = git.staged_bytes(root, _tracked(article.path))
    try:
        there = articles.parse(article.path, staged or b"", config.image_key)
    except ArticleError:
        there = None
    if there is None or (there.image, there.digest) != (article.image, article.digest):
        yield Unstaged(
            named, article.path, f"is staged without the line that names {article.image}"
        )


def _of_unstaged(found: Unstaged) -> Finding:
    article = found.named.article
    return Finding(str(article.path), article.image_line, "not-in-index", describe(found))


def describe(found: Unstaged) -> str:
    """Say what is wrong with a file that is not staged as it is on disk."""
    subject = "the article" if found.path == found.named.article.path else found.named.article.image
    return f"{subject} {found.message}"


def _of_error(path: Path, error: HeadergenError | OSError) -> Finding:
    if isinstance(error, OSError):
        return Finding(str(path), 1, "bad-frontmatter", f"cannot be read: {error.strerror}")
    outside = isinstance(error, OutsideRepositoryError)
    code = "outside-repository" if outside else "bad-frontmatter"
    message = f"{error.key}: {error.message}" if error.key else error.message
    return Finding(str(path), error.line or 1, code, message)


def _of_state(state: plan.State, config: Config) -> Iterator[Finding]:
    if isinstance(state, plan.Wanted):
        yield _of_wanted(state)
    for named in named_by(state):
        yield from _of_picture(named, config)


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


def _of_picture(named: Named, config: Config) -> Iterator[Finding]:
    path, line = str(named.article.path), named.article.image_line
    image = named.article.image
    found = picture.probe(named.picture)
    wanted = picture.SUFFIX_FORMATS.get(named.picture.suffix.lower())
    if found.format == "unknown" or found.format != wanted:
        what = "no picture that headergen knows" if found.format == "unknown" else found.format
        yield Finding(path, line, "wrong-format", f"{image} is {what}")
    elif (found.width, found.height) != (config.width, config.height):
        yield Finding(
            path,
            line,
            "wrong-size",
            f"{image} is {found.width}×{found.height} px, not {config.width}×{config.height}",
        )
    if found.size_bytes > LARGEST_BYTES:
        size = f"{found.size_bytes / 1024**2:.1f} MB"
        yield Finding(path, line, "too-large", f"{image} is {size}; note.com takes 10 MB at most")
