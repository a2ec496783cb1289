"""Pictures that would be one file: nobody's picture is painted over by another article's."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from headergen.article import article as articles
from headergen.errors import HeadergenError, OutputError
from headergen.plan import cuts, output, places
from headergen.plan.job import Job
from headergen.repository import discovery, paths
from headergen.settings.config import Config


def _by_output(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    """Group what some file systems take for one name: in another case, or decomposed."""
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        for each in (job, *job.cut_jobs):
            groups.setdefault(paths.folded(str(each.output)), []).append(each)
    return groups


def find(jobs: Sequence[Job], config: Config, root: Path) -> dict[Path, OutputError]:
    """Find the articles whose header, or a cut of it, would be or is another article's picture.

    Each comes with the error that names the picture and the other articles.
    """
    groups = _by_output(jobs)
    every = [each for group in groups.values() for each in group]
    replaced = {each.output for each in every if output.would_replace(each)}
    naming = _articles_naming(replaced, jobs, config, root) if replaced else {}
    found: dict[Path, OutputError] = {}
    for group in groups.values():
        for job in group:
            own = job.article.path
            others = [other.article.path for other in group if other.article is not job.article]
            others += (path for path in naming.get(job.output, ()) if not path.samefile(own))
            if others:
                found.setdefault(own, _error(job, others))
    return found


def _error(job: Job, others: Iterable[Path]) -> OutputError:
    names = ", ".join(dict.fromkeys(os.path.relpath(path) for path in others))
    message = f"{job.image} would be the same file as a picture of {names}"
    remedy = (
        "rename one of the articles; or that picture, and the line that names it (a renamed "
        "article keeps its picture's old name); or change `output` in the config, in which {dir} "
        "tells folders apart"
    )
    return output.output_error(job, message, remedy)


def _articles_naming(
    pictures: set[Path], jobs: Iterable[Job], config: Config, root: Path
) -> dict[Path, list[Path]]:
    """Return, for each of `pictures` (absolute), the articles below `root` that name it.

    They name it as their header or as a cut. An article that can't be read names nothing.
    """
    known = {os.path.realpath(job.article.path): job.article for job in jobs}
    naming: dict[Path, list[Path]] = {}
    for name in discovery.articles_below(os.fspath(root)):
        try:
            article = known.get(os.path.realpath(name)) or articles.read(name, config.keys)
            named = _named_by(article, config, root) if article else ()
            for picture in pictures.intersection(named):
                naming.setdefault(picture, []).append(Path(name))
        except (HeadergenError, OSError):
            continue
    return naming


def _named_by(article: articles.Article, config: Config, root: Path) -> Iterator[Path | None]:
    yield places.header_of(article, config, root)
    yield from cuts.named_by(article, config, root)
