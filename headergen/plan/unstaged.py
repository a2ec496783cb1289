"""What the commit lacks of the files on disk that belong to an article, and what completes it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.errors import ArticleError, HeadergenError
from headergen.plan import defaults, places
from headergen.plan.staged import IGNORED_REMEDY
from headergen.repository import differences, git
from headergen.repository.differences import Difference
from headergen.repository.index import Index
from headergen.settings.config import Config

_OTHER_STATE = "is staged in another state than on disk"
_FLAGGED = "git does not look at it: run `git update-index --no-{} -- {}`"
_FOREIGN = "it is in another repository: move it out, or name another picture"
_GONE = "the article is staged, but does not exist on disk"


@dataclass(frozen=True)
class Lack:
    """A file, by its name in the repository, that the commit lacks or has in another state.

    `line` is where the article names it. `remedy` is what to do if `git add` alone does not help,
    which `is_addable` says.
    """

    name: str
    line: int
    message: str
    remedy: str | None = None
    is_addable: bool = True


def of_articles(
    index: Index, needed: Mapping[str, Iterable[str]], config: Config, root: Path
) -> dict[str, list[Lack]]:
    """Compare disk and index for articles, by their names; `needed` are the files they depend on.

    Raises:
        GitError: git is not installed or fails.
    """
    on_disk = {name: _on_disk(name, config, root) for name in needed}
    files = {
        name: dict.fromkeys([*_links(index, name), *names, *_files_of(on_disk[name], config, root)])
        for name, names in needed.items()
    }
    every = differences.found(index, root, [each for names in files.values() for each in names])
    by_name = {each.name: each for each in every}
    found: dict[str, list[Lack]] = {}
    for name in needed:
        article = on_disk[name]
        ways = dict.fromkeys(each for file in files[name] for each in differences.trail(root, file))
        line = article.image_line if article else 1
        lacks = [_lack(by_name[each], line) for each in ways if each in by_name]
        found[name] = [*lacks, *_of_article(index, name, article, bool(lacks), config, root)]
    return found


def _links(index: Index, name: str) -> list[str]:
    """Return the article itself if it is a link that leads nowhere in the index."""
    return [name] if index.is_broken_link(name) else []


def of_files(index: Index, names: Iterable[str], root: Path) -> list[Lack]:
    """Compare files that belong to no article, such as the config."""
    return [_lack(each, 1) for each in differences.found(index, root, names)]


def _on_disk(name: str, config: Config, root: Path) -> Article | None:
    path = Path(os.path.relpath(root / name))
    try:
        every = defaults.has_default(path, config, root)
        return articles.read(os.fspath(path), config.keys, every=every)
    except (HeadergenError, OSError):
        return None


def _files_of(article: Article | None, config: Config, root: Path) -> Iterator[str]:
    if article:
        for file in places.pictures_named(article, config, root):
            yield file.relative_to(root).as_posix()
        for file in places.sources_named(article, config, root):
            yield file.relative_to(root).as_posix()


def _lack(found: Difference, line: int) -> Lack:
    name = found.name
    if found.reason == "ignored":
        return Lack(name, line, f"{name} is ignored by git", IGNORED_REMEDY, is_addable=False)
    if found.reason == "foreign":
        return Lack(name, line, f"{name} is not staged", _FOREIGN, is_addable=False)
    if found.is_staged:
        flagged = _FLAGGED.format(found.reason, name) if found.reason else None
        return Lack(name, line, f"{name} {_OTHER_STATE}", flagged)
    remedy = "name it in `git commit …` as well" if git.is_partial_commit() else None
    return Lack(name, line, f"{name} is not staged", remedy)


def _of_article(
    index: Index,
    name: str,
    on_disk: Article | None,
    is_explained: bool,
    config: Config,
    root: Path,
) -> Iterator[Lack]:
    """Yield the article itself, if it is staged without headergen's lines.

    Other unstaged edits are the author's business, as long as something else is lacking.
    """
    if not index.has_file(name):
        return
    if not os.path.lexists(root / name):
        remedy = "restore it, or `git rm` it"
        yield Lack(name, 1, _GONE, remedy, is_addable=False)
        return
    line = on_disk.image_line if on_disk else 1
    if on_disk and on_disk.image and _lines(on_disk, config) != _staged_lines(index, name, config):
        message = f"the article is staged without the line that names {on_disk.image}"
        yield Lack(name, line, message)
    elif not is_explained and differences.found(index, root, [name]):
        yield Lack(name, line, f"the article {_OTHER_STATE}")


def _staged_lines(index: Index, name: str, config: Config) -> tuple[str | None, ...] | None:
    data = index.read(index.entries[name].blob)
    try:
        article = articles.parse(Path(name), data, config.keys, every=True)
    except ArticleError:
        return None
    return _lines(article, config) if article else None


def _lines(article: Article, config: Config) -> tuple[str | None, ...]:
    """Return what headergen writes into an article."""
    keys = [config.image_key, *(cut.key for cut in config.also)]
    return (article.digest, *map(article.text_at, keys))
