"""Whether the commit has what articles on disk name: the index, compared with the disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.errors import ArticleError
from headergen.picture import first_bytes
from headergen.plan import cuts, places
from headergen.plan import state as states
from headergen.repository import git, paths
from headergen.settings.config import Config
from headergen.vocabulary import STAND_IN

if TYPE_CHECKING:
    from headergen.plan.job import Plan

# What may be wrong with a picture, and what to do about it.
LFS_POINTER = "is a Git LFS pointer, not the picture", git.LFS_REMEDY
OUTDATED = (
    "was made for another request",
    "git add the newer one, or delete it to have one made",
)
IGNORED_REMEDY = "take it out of .gitignore, or git add -f it"


@dataclass(frozen=True)
class Named:
    """An article and a picture that it names under `key` (dotted), both on disk.

    `line` is that of the header's image; `size` is what the picture is to have, in px. It holds no
    more than a finding needs: a site has thousands, and an article's text is long.
    """

    path: Path
    line: int
    image: str
    digest: str | None
    picture: Path
    key: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Unstaged:
    """A file that the commit lacks, or holds in a state that nobody can tell is the right one.

    `remedy` is what to do if `git add` of `path` does not help, or is not enough. `to_add` are the
    files to add if it does, with the article if git does not know that yet.
    """

    named: Named
    path: Path
    message: str
    remedy: str | None = None
    to_add: tuple[Path, ...] = ()


def awaited(article: Article, digest: str, config: Config, root: Path) -> Path | None:
    """Return the picture that would settle the article's request if it were on disk.

    A sparse checkout may leave it out: it stands in the index then (`git.left_out`).
    """
    if article.digest not in (None, digest, digest + STAND_IN):
        return None
    picture = places.header_of(article, config, root)
    return None if picture is None or picture.is_file() else tracked(picture)


def named_by(state: states.State | Plan, config: Config, root: Path) -> Iterator[Named]:
    """Yield the article with each picture that it names, if it is on disk."""
    if not isinstance(state, states.Fresh | states.HandMade | states.StandIn):
        return
    article, picture = state.article, state.picture
    at = (article.path, article.image_line)
    if article.image and picture and picture.is_file():
        size = (config.width, config.height)
        yield Named(*at, article.image, article.digest, picture, article.image_key, size)
    for cut in cuts.beside(state, config, root):
        if article.text_at(cut.key) == cut.image and cut.output.is_file():
            size = (cut.width, cut.height)
            yield Named(*at, cut.image, article.digest, cut.output, cut.key, size)


def is_outdated(found: first_bytes.Picture, named: Named) -> bool:
    """Tell whether headergen made the picture for another request than the article's.

    This happens if the newer picture is not staged: pre-commit puts the staged one in its place
    while the hooks run.
    """
    return None not in (found.digest, named.digest) and found.digest != named.digest


def not_in_index(named: Sequence[Named], config: Config, root: Path) -> Iterator[Unstaged]:
    """Yield the pictures and articles that the index lacks, or contains in another state.

    Raises:
        GitError: git cannot say what is in the index.
    """
    names = {path: tracked(path) for each in named for path in (each.picture, each.path)}
    found = git.status(root, names.values())
    status = {path: found[name] for path, name in names.items() if name in found}
    for each in named:
        if each.picture in status:
            article = status.get(each.path)
            new = (each.path,) if article and article.letters == "??" else ()
            for lack in _unstaged_picture(each, status[each.picture].letters):
                yield replace(lack, to_add=() if lack.remedy else (*new, lack.path))
    yield from _unstaged_lines(named, status, config, root)


def _unstaged_picture(named: Named, letters: str) -> Iterator[Unstaged]:
    if letters == "!!":
        yield Unstaged(named, named.picture, "is ignored by git", IGNORED_REMEDY)
    elif letters in ("??", ".A"):
        remedy = "name it in `git commit …` as well" if git.is_partial_commit() else None
        yield Unstaged(named, named.picture, "is not staged", remedy)
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
        found = status.get(each.path)
        if found and found.blob and found.letters[1] == "M":
            staged.append((each, found.blob))
    blobs = git.blobs(root, [blob for _, blob in staged])
    committed = {each.path: _parsed(each.path, blobs[blob], config) for each, blob in staged}
    for each, _ in staged:
        there = committed[each.path]
        if there is None or (there.text_at(each.key), there.digest) != (each.image, each.digest):
            message = f"is staged without the line that names {each.image}"
            yield Unstaged(each, each.path, message, to_add=(each.path,))


def _parsed(path: Path, staged: bytes, config: Config) -> Article | None:
    try:
        return articles.parse(path, staged, config.keys)
    except ArticleError:
        return None


def describe(found: Unstaged) -> str:
    """Say what is wrong with a file that is not staged as it is on disk."""
    subject = "the article" if found.path == found.named.path else found.named.image
    return f"{subject} {found.message}"
