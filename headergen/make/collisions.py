"""Pictures that would be one file: nobody's picture is painted over by another article's."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.errors import ArticleError, HeadergenError
from headergen.make import store
from headergen.plan import cuts, places
from headergen.plan.job import Job
from headergen.repository import discovery
from headergen.settings.config import Config


def _output_key(job: Job) -> str:
    """Fold what some file systems take for one name: case, and composed against decomposed."""
    return unicodedata.normalize("NFC", str(job.output)).casefold()


def _by_output(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        for each in (job, *job.cut_jobs):
            groups.setdefault(_output_key(each), []).append(each)
    return groups


def find(jobs: Sequence[Job], config: Config, root: Path) -> dict[Path, ArticleError]:
    """Find the articles whose header, or a cut of it, would be or is another article's picture.

    Each comes with the error that names the picture and the other articles.
    """
    found: dict[Path, ArticleError] = {}
    for group in _by_output(jobs).values():
        for job in group:
            others = [other.article.path for other in group if other.article is not job.article]
            others += _naming(job, config, root)
            if others:
                found.setdefault(job.article.path, _error(job, others))
    return found


def _naming(job: Job, config: Config, root: Path) -> list[Path]:
    """List the other articles that name the picture which the job would replace."""
    if not store.would_replace(job):
        return []
    named_by = _articles_naming(job.output, config, root)
    return [path for path in named_by if not path.samefile(job.article.path)]


def _error(job: Job, others: Iterable[Path]) -> ArticleError:
    names = ", ".join(dict.fromkeys(os.path.relpath(path) for path in others))
    message = f"{job.image} would be the same file as a picture of {names}"
    remedy = (
        "rename one of the articles; or that picture, and the line that names it (a renamed "
        "article keeps its picture's old name); or change `output` in the config"
    )
    return job.article.error(None, message, remedy)


def _articles_naming(picture: Path, config: Config, root: Path) -> Iterator[Path]:
    """Yield the articles below `root` that name `picture` (absolute) as the header or as a cut.

    An article that can't be read names nothing.
    """
    for name in discovery.articles_below(os.fspath(root)):
        try:
            found = articles.read(name, config.image_key)
            if found and picture in _named_by(found, config, root):
                yield found.path
        except (HeadergenError, OSError):
            continue


def _named_by(article: Article, config: Config, root: Path) -> Iterator[Path | None]:
    yield places.header_of(article, config, root)
    yield from cuts.named_by(article, config, root)
