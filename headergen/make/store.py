"""What a run leaves on disk: first the header, whole, then the article that names it.

Painting takes minutes, and authors go on writing: what was true when a job was planned is looked
at again before each of the two.
"""

from collections.abc import Iterable
from pathlib import Path

from headergen.article import article as articles
from headergen.errors import ArticleError, OutputError, PathError
from headergen.plan import output
from headergen.plan.job import Job
from headergen.plan.output import output_error
from headergen.repository import durable, paths


def sweep(jobs: Iterable[Job]) -> None:
    """Remove what killed runs left in the folders that `jobs` write to."""
    folders = {path.resolve().parent for job in jobs for path in (job.output, job.article.path)}
    for folder in sorted(folders):
        durable.sweep(folder)


def require_wanted(job: Job) -> None:
    """Make sure that the article, as it is on disk now, still asks for this very header.

    Raises:
        ArticleError: it was deleted, asks for something else, or cannot be written back.
    """
    now = _article_bytes(job)
    unchanged = now in (job.article.data, job.finished)
    if not unchanged and not _asks_the_same(job.article, now):
        raise job.article.error(
            None,
            "was edited meanwhile and asks for another header now; the edit stays",
            "run again",
        )


def save(job: Job, data: bytes, root: Path) -> None:
    """Write the header to its place below `root`, unless another run has done so meanwhile.

    Raises:
        ArticleError: the article does not want it any more.
        OutputError: the place is taken by the author's own picture, or cannot be written.
    """
    require_wanted(job)
    if output.is_made(job) and not job.again:
        return
    _require_inside(job, job.output, root)
    try:
        durable.write(job.output, data, confirm=lambda: _require_inside(job, job.output, root))
    except OSError as error:
        raise output_error(job, f"{job.image} cannot be written: {error.strerror}") from error


def write_back(job: Job, root: Path) -> None:
    """Name the finished header in the article, unless the article was edited meanwhile.

    Raises:
        ArticleError: it was edited or deleted, or cannot be written; the header is kept.
        OutputError: the header has disappeared.
    """
    if _article_bytes(job) == job.finished:
        return  # another run did it, or only the picture's file was missing
    _require_inside(job, job.article.path, root)
    try:
        durable.write(job.article.path, job.finished, confirm=lambda: _confirm(job, root))
    except OSError as error:
        message = f"cannot be written: {error.strerror}; {job.image} is kept"
        raise job.article.error(None, message, "run again") from error


def _confirm(job: Job, root: Path) -> None:
    """Look a last time, at the latest moment: picture whole, article as it was read."""
    _require_inside(job, job.article.path, root)
    for each in (job, *job.cut_jobs):
        if not output.is_made(each):
            raise output_error(job, f"{each.image} disappeared before the article could name it")
    if _article_bytes(job) != job.article.data:
        raise job.article.error(
            None,
            f"was edited while its header was made; {job.image} is kept",
            "run again: the picture is used if it is still wanted",
        )


def _article_bytes(job: Job) -> bytes:
    try:
        return job.article.path.read_bytes()
    except FileNotFoundError as error:
        raise job.article.error(None, "was deleted while its header was made", None) from error
    except OSError as error:
        raise job.article.error(None, f"cannot be read: {error.strerror}", "run again") from error


def _asks_the_same(before: articles.Article, now: bytes) -> bool:
    """Compare what decides about the header; an article that can't be read gets the doubt."""
    try:
        every = before.request is None  # its header is the config's default
        found = articles.parse(before.path, now, before.keys, every=every)
    except ArticleError:
        return True
    return found is not None and _asked(found) == _asked(before)


def _asked(article: articles.Article) -> tuple[str | None, str | None, str | None]:
    request = article.request.canonical() if article.request else article.title
    return request, article.image, article.digest


def _require_inside(job: Job, path: Path, root: Path) -> None:
    try:
        paths.require_inside(path, root)
    except PathError as error:
        raise job.article.placed(error) from error


def gone(job: Job) -> OutputError:
    """Make the error for a header that was there when the job was planned."""
    return output_error(job, f"{job.image} disappeared, or was replaced, meanwhile")
