"""Make the pictures that jobs ask for, and write them back; owns the order of writes.

For each picture, at once: the header durably, then the article durably. So an article never names
a picture that is not whole on disk, and a run that was killed between the two is finished by the
next one, which finds the header by the digest inside it.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from headergen import article as articles
from headergen import durable, picture
from headergen.config import Config
from headergen.diffusion import client, interpreter
from headergen.errors import ArticleError, HeadergenError, OutputError, PaintError, SourceError
from headergen.paint import canvas, composite
from headergen.plan import Composite, Job, Painting


@dataclass(frozen=True)
class Written:
    """The header at `job.output` is whole and the article names it; `how` it came to be."""

    job: Job
    how: str


@dataclass(frozen=True)
class Failed:
    """No header was made for the job, or it was and the article could not be written."""

    job: Job
    error: HeadergenError


Outcome = Written | Failed


class Progress(client.Progress, Protocol):
    """What a run tells while it works: the client's reports, and whose pictures they are about."""

    def start(self, model: str, titles: Sequence[str]) -> None:
        """`model` is about to paint one picture for each of `titles`."""

    def finish(self) -> None:
        """The model has painted what it was asked to, or given up."""


def run(
    jobs: Sequence[Job], config: Config, root: Path, progress: Progress, *, download: bool
) -> Generator[Outcome]:
    """Carry out `jobs`, yielding one outcome for each as soon as it is final; close it when done.

    Pictures that an interrupted run left are reused first, composites come next, then one worker
    per model for all its prompts. `download` allows fetching a model that is not on the machine.
    """
    yield from _collisions(jobs)
    to_paint = []
    for job in _without_collisions(jobs):
        outcome = _attempt(job, root)
        if outcome:
            yield outcome
        else:
            to_paint.append(job)
    for group in _by_model(to_paint):
        yield from _paint(group, config, root, progress, download)


def _output_key(job: Job) -> str:
    """Fold what some file systems take for one name: case, and composed against decomposed."""
    return unicodedata.normalize("NFC", str(job.output)).casefold()


def _by_output(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(_output_key(job), []).append(job)
    return groups


def _collisions(jobs: Sequence[Job]) -> Iterator[Failed]:
    for group in _by_output(jobs).values():
        for job in group if len(group) > 1 else ():
            others = ", ".join(str(other.article.path) for other in group if other is not job)
            message = f"its header would be the same file as that of {others}: {job.image}"
            yield Failed(job, _article_error(job, message, "rename one of the articles"))


def _without_collisions(jobs: Sequence[Job]) -> Iterator[Job]:
    for group in _by_output(jobs).values():
        if len(group) == 1:
            yield group[0]


def _article_error(job: Job, message: str, remedy: str) -> ArticleError:
    path, line = str(job.article.path), job.article.line
    return ArticleError(message, path=path, line=line, remedy=remedy)


def _attempt(job: Job, root: Path) -> Outcome | None:
    """Do the job as far as no model is needed; None: a model must paint it.

    An article that can't be written back is found out here, before any GPU time is spent.
    """
    try:
        articles.with_image(job.article, job.image, job.digest)
        if _is_painted(job):
            return _write_back(job, "painted by an earlier run")
        if isinstance(job.content, Composite):
            return _compose(job, job.content)
    except HeadergenError as error:
        return Failed(job, error)
    return None


def _is_painted(job: Job) -> bool:
    """Tell whether the header wanted stands at the output path already.

    Raises:
        OutputError: a file stands there that the article does not claim as headergen's.
    """
    try:
        standing = picture.probe(job.output)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputError(
            f"{job.image}: {error.strerror}", path=str(job.article.path), line=job.article.line
        ) from error
    if standing.digest == job.digest and (standing.width, standing.height) == (
        job.width,
        job.height,
    ):
        return True
    if not job.replaces_own and standing.digest != job.digest:
        raise _taken(job, by_headergen=standing.digest is not None)
    return False


def _taken(job: Job, *, by_headergen: bool) -> OutputError:
    if by_headergen:
        message = f"{job.image} exists and was made by headergen for another request"
        remedy = "delete that file to have it painted anew"
    else:
        message = f"{job.image} exists and headergen did not make it: it is left alone"
        remedy = f"rename that file, or name it in {job.article.image_key} to make it the header"
    return OutputError(message, path=str(job.article.path), line=job.article.line, remedy=remedy)


def _compose(job: Job, content: Composite) -> Written:
    sources = []
    for index, path in enumerate(content.sources):
        try:
            # The error names the picture as it is passed: as the author would type it here.
            shown = Path(os.path.relpath(path))
            sources.append(canvas.open_source(shown, at_least=(job.width, job.height)))
        except SourceError as error:
            raise _source_error(error, job, index) from error
    image = composite.compose(sources, job.width, job.height, content.layout)
    _save(job, canvas.encode(image, job.format, job.digest))
    return _write_back(job, f"composed of {_count(len(sources), 'picture')}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _source_error(error: SourceError, job: Job, index: int) -> SourceError:
    key = f"sources[{index}]"
    request = job.article.request
    line = request.lines.get(key) if request else None
    return error.at(path=str(job.article.path), line=line, key=f"header.{key}")


def _save(job: Job, data: bytes) -> None:
    try:
        durable.write(job.output, data)
    except OSError as error:
        raise OutputError(
            f"{job.image} cannot be written: {error.strerror}",
            path=str(job.article.path),
            line=job.article.line,
        ) from error


def _write_back(job: Job, how: str) -> Written:
    """Name the finished header in the article, unless the article was edited meanwhile."""
    article = job.article
    try:
        if article.path.read_bytes() != article.data:
            raise _article_error(
                job,
                f"was edited while its header was made; {job.image} is kept",
                "run again: the picture is used if it is still wanted",
            )
        durable.write(article.path, articles.with_image(article, job.image, job.digest))
    except OSError as error:
        raise _article_error(
            job, f"cannot be written: {error.strerror}; {job.image} is kept", "run again"
        ) from error
    return Written(job, how)


def _by_model(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        assert isinstance(job.content, Painting)
        chosen = job.content.checkpoint
        groups.setdefault((chosen.row.name, chosen.location), []).append(job)
    yield from groups.values()


def _paint(
    jobs: Sequence[Job], config: Config, root: Path, progress: Progress, download: bool
) -> Iterator[Outcome]:
    """Paint the jobs of one model in one worker; what stops the model fails all that are left."""
    waiting = list(jobs)
    paintings = [job.content for job in jobs if isinstance(job.content, Painting)]
    titles = [str(job.article.path) for job in jobs]
    try:
        with closing(
            paint(paintings, titles, config, root, progress, download=download)
        ) as results:
            for result in results:
                yield _finish(waiting.pop(0), result)
    except PaintError as error:
        yield from (Failed(job, error) for job in waiting)


def _finish(job: Job, result: client.Pixels | PaintError) -> Outcome:
    if isinstance(result, PaintError):
        return Failed(job, result)
    assert isinstance(job.content, Painting)
    try:
        image = canvas.from_rgb(result.rgb, result.width, result.height)
        header = canvas.cover(image, job.width, job.height)
        _save(job, canvas.encode(header, job.format, job.digest))
        return _write_back(job, describe(job.content))
    except HeadergenError as error:
        return Failed(job, error)


def describe(painting: Painting) -> str:
    """Say in a line how a picture was painted, with what it takes to paint it again."""
    steps = _count(painting.steps, "step")
    size = f"{painting.render_width}×{painting.render_height} px"
    return f"painted by {painting.checkpoint.row.name}, seed {painting.seed}, {steps}, {size}"


def paint(
    paintings: Sequence[Painting],
    titles: Sequence[str],
    config: Config,
    root: Path,
    progress: Progress,
    *,
    download: bool,
) -> Generator[client.Pixels | PaintError]:
    """Paint pictures of one model in one worker, yielding each as soon as it is there.

    Raises:
        PaintError: what stops the model altogether: no interpreter, no device, no checkpoint,
            the worker's death, ...
    """
    first = paintings[0]
    python = interpreter.find_interpreter(config.worker_python, root)
    progress.start(first.checkpoint.row.name, titles)
    requests = [_request(each) for each in paintings]
    try:
        with closing(client.paint(python, _load(first, download), requests, progress)) as results:
            yield from results
    finally:
        progress.finish()


def _load(painting: Painting, download: bool) -> client.Load:
    row = painting.checkpoint.row
    return client.Load(
        name=row.name,
        checkpoint=painting.checkpoint.location,
        local=painting.checkpoint.local,
        pipeline=row.pipeline,
        pipeline_class=row.pipeline_class,
        dtype=row.dtype,
        device=painting.device,
        scheduler_class=row.scheduler_class,
        scheduler_options=row.scheduler_options,
        variant=row.variant,
        download=download,
    )


def _request(painting: Painting) -> client.Paint:
    return client.Paint(
        prompt=painting.prompt,
        negative_prompt=painting.negative_prompt,
        width=painting.render_width,
        height=painting.render_height,
        steps=painting.steps,
        guidance_scale=painting.guidance_scale,
        seed=painting.seed,
    )
