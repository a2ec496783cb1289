"""Whether the place of a header or a cut is free, taken by another file, or has it already."""

from __future__ import annotations

from headergen.errors import OutputError
from headergen.picture import first_bytes
from headergen.picture.damage import damage_of
from headergen.picture.first_bytes import Picture
from headergen.plan.job import Completion, Job
from headergen.repository import git


def is_made(job: Job) -> bool:
    """Return whether the wanted header exists, whole, at the output path.

    One that headergen made for another request, or that was cut off, may be painted over; its mark
    is inside the file.

    Raises:
        OutputError: a file exists there that headergen did not make.
    """
    try:
        found = first_bytes.probe(job.output)
        is_whole = damage_of(job.output) is None
    except FileNotFoundError:
        return False
    except OSError as error:
        raise output_error(job, f"{job.image}: {error.strerror}") from error
    if is_whole and _is_wanted(found, job):
        return True
    if found.digest is None:
        raise _taken(job)
    return False


def _is_wanted(found: Picture, job: Job) -> bool:
    if job.cut:
        return job.cut.is_it(found, job.article, job.digest)
    if isinstance(job.content, Completion):
        return found.digest in (None, job.digest)
    size = (found.width, found.height)
    return found.digest == job.digest and size == (job.width, job.height)


def require_free(job: Job) -> None:
    """Make sure that no file of the author's exists where cuts of the header go.

    Raises:
        OutputError: one does.
    """
    for each in job.cut_jobs:
        is_made(each)


def would_replace(job: Job) -> bool:
    """Return whether a header that was made for another request exists at the output path."""
    try:
        return first_bytes.probe(job.output).digest not in (None, job.digest)
    except OSError:
        return False


def _taken(job: Job) -> OutputError:
    """Say how to keep a picture of the author's; a pointer of Git LFS stands for one, too."""
    if git.is_lfs_pointer(job.output):
        return output_error(job, f"{job.image} is a Git LFS pointer", git.LFS_REMEDY)
    remedy = (
        "rename or delete that file; or make it the header: "
        f"name it in {job.article.image_key} and remove {job.article.keys.of_request('digest')}"
    )
    if job.cut:
        remedy = f"delete that file; or, to keep it, rename it and name it in {job.cut.key}"
    return output_error(
        job, f"{job.image} exists and headergen did not make it: it is left alone", remedy
    )


def output_error(job: Job, message: str, remedy: str | None = "run again") -> OutputError:
    """Return an error of the job's picture, with the article's place."""
    return job.article.placed(OutputError(message, remedy=remedy))
