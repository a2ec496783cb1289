"""Headers that would be one file: nobody's picture is painted over by another article's."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from headergen import site, store
from headergen.config import Config
from headergen.errors import ArticleError
from headergen.plan import Job


def _output_key(job: Job) -> str:
    """Fold what some file systems take for one name: case, and composed against decomposed."""
    return unicodedata.normalize("NFC", str(job.output)).casefold()


def _by_output(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        for each in (job, *job.cut_jobs):
            groups.setdefault(_output_key(each), []).append(each)
    return groups


def find(jobs: Sequence[Job], config: Config, root: Path) -> dict[Path, list[Path]]:
    """Find the articles whose header would be, or is, the header of other articles as well."""
    found: dict[Path, list[Path]] = {}
    for group in _by_output(jobs).values():
        for job in group:
            others = [other.article.path for other in group if other.article is not job.article]
            found.setdefault(job.article.path, []).extend(others + _naming(job, config, root))
    return {article: others for article, others in found.items() if others}


def _naming(job: Job, config: Config, root: Path) -> list[Path]:
    """List the other articles that name the picture which the job would replace."""
    if not store.would_replace(job):
        return []
    named_by = site.naming(job.output, config, root)
    return [path for path in named_by if not path.samefile(job.article.path)]


def error_of(job: Job, others: Iterable[Path]) -> ArticleError:
    """Make the error that names the articles `others`."""
    names = ", ".join(dict.fromkeys(os.path.relpath(path) for path in others))
    message = f"its header would be the same file as that of {names}: {job.image}"
    remedy = "rename one of the articles, or change `output` in the config"
    return store.article_error(job, message, remedy)
