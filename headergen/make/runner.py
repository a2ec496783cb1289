"""Make the pictures that jobs ask for, and write them back; owns the order of writes.

For each picture, at once: the header durably, then the article durably. So an article never names
a picture that is not whole on disk, and a run that was killed between the two is finished by the
next one, which finds the header by the digest inside it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headergen.errors import (
    GlyphError,
    HeadergenError,
    MachineError,
    PaintError,
    PathError,
    SourceError,
    UsageError,
)
from headergen.graphics import canvas, composite, encoding
from headergen.graphics.card import drawing as cards
from headergen.graphics.card.content import Card
from headergen.graphics.composite.stage import Stage
from headergen.make import kept, store
from headergen.make.cuts import save_cuts
from headergen.make.painter import Painted, Painter
from headergen.picture import metadata, provenance
from headergen.picture.provenance import Provenance
from headergen.plan import collisions, cuts, output
from headergen.plan.job import Completion, Composite, Job, Painting
from headergen.progress import Report
from headergen.repository import paths
from headergen.settings.config import Config
from headergen.vocabulary import STAND_IN
from headergen.wording import counted

if TYPE_CHECKING:
    from PIL import Image


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


@dataclass(frozen=True)
class Unchanged:
    """The title card that stood in for the job's picture still does; `how` says why."""

    job: Job
    how: str


Outcome = Written | Failed | Unchanged


def run(
    jobs: Sequence[Job], config: Config, root: Path, painter: Painter, report: Report
) -> Generator[Outcome]:
    """Carry out `jobs`, yielding one outcome for each as soon as it is final; close it when done.

    Pictures that an interrupted run left are reused first. Composites and cards come next, then all
    that `painter` has to paint.
    """
    store.sweep(jobs)
    colliding = collisions.find(jobs, config, root)
    to_paint = []
    for job in jobs:
        error = colliding.get(job.article.path)
        outcome = Failed(job, error) if error else _attempt(job, root)
        if outcome:
            yield outcome
        else:
            to_paint.append(job)
    if to_paint:
        for outcome in _paint(to_paint, root, painter, report):
            yield _or_stand_in(outcome, root)


def adopt(job: Job, image: Image.Image, origin: Provenance, config: Config, root: Path) -> Outcome:
    """Make a picture of the job's size that was painted before the header of its article."""
    store.sweep([job])
    if error := collisions.find([job], config, root).get(job.article.path):
        return Failed(job, error)
    try:
        store.require_wanted(job)
        output.require_free(job)
        return _finish_header(job, image, origin, "picked", root)
    except HeadergenError as error:
        return Failed(job, error)


def _attempt(job: Job, root: Path) -> Outcome | None:
    """Do the job as far as no model is needed; None: a model must paint it.

    An article that can't be written back is found out here, before any GPU time is spent.
    """
    try:
        store.require_wanted(job)
        output.require_free(job)
        is_made = output.is_made(job) and not job.again
        return _finish_made(job, root) if is_made else _make(job, root)
    except HeadergenError as error:
        return Failed(job, error)


def _finish_made(job: Job, root: Path) -> Written:
    """Make what is lacking beside a header that stands already."""
    said = save_cuts(job, root)
    store.write_back(job, root)
    is_completed = isinstance(job.content, Completion)
    return Written(job, ("brought up to date" if is_completed else "made by an earlier run") + said)


def _make(job: Job, root: Path) -> Written | None:
    if isinstance(job.content, Completion):
        raise store.gone(job)
    if isinstance(job.content, Composite):
        return _compose(job, job.content, root)
    if isinstance(job.content, Card):
        return _draw(job, job.content, root)
    return _finish_kept(job, job.content, root)


def _finish_kept(job: Job, asked: Painting, root: Path) -> Written | None:
    """Make a picture the header that an earlier run painted and could not finish.

    A title that can't be laid over any picture is found out here as well.
    """
    if job.title:
        with _naming_article(job):
            cards.lay_title(canvas.blank(job.width, job.height), job.title)
    found = kept.find(job, asked, root)
    if found is None:
        return None
    path, picture, origin = found
    image = canvas.cover(picture, job.width, job.height)
    written = _finish_header(job, image, origin, "painted by an earlier run", root)
    with suppress(OSError):
        path.unlink()
    return written


def _compose(job: Job, content: Composite, root: Path) -> Written:
    sources, told = [], []
    for index, path in enumerate(content.sources):
        try:
            # The error names the picture as it is passed: as the author would type it here.
            shown = Path(os.path.relpath(path))
            paths.require_inside(path, root)
            sources.append(canvas.open_source(shown, at_least=(job.width, job.height)))
            told.append(metadata.of_source(shown))
        except (PathError, SourceError) as error:
            key = job.article.keys.of_request(f"sources[{index}]")
            raise job.article.placed(error, key) from error
    image, beside = _laid_out(job, content, sources)
    origin = provenance.of_composite(told)
    how = f"composed of {counted(len(sources), 'picture')}"
    return _finish_header(job, image, origin, how, root, beside=beside)


def _laid_out(
    job: Job, content: Composite, sources: Sequence[Image.Image]
) -> tuple[Image.Image, bool]:
    """Compose the sources; the second value says whether they leave room for a title beside."""
    size, look = (job.width, job.height), content.look
    try:
        beside = job.title is not None and composite.leaves_room(
            sources, Stage(*size, look), content.layout
        )
        image = composite.compose(
            sources, *size, content.layout, content.focus, look, beside_title=beside
        )
    except UsageError as error:
        key = job.article.keys.of_request("layout")
        raise job.article.placed(error, key) from error
    return image, beside


def _as_typed(card: Card) -> Card:
    """Return a card whose pictures have names as the author would type them here, for errors."""
    logo, picture = (path and Path(os.path.relpath(path)) for path in (card.logo, card.picture))
    return replace(card, logo=logo, picture=picture)


def _draw(job: Job, card: Card, root: Path, how: str = "") -> Written:
    with _naming_article(job):
        on_it = filter(None, (card.picture, card.logo))
        origin = provenance.of_card(map(metadata.of_source, on_it))
        image = cards.draw(_as_typed(card), job.width, job.height)
    return _finish_header(job, image, origin, how or f"a title card, theme {card.theme}", root)


@contextmanager
def _naming_article(job: Job) -> Iterator[None]:
    """Say of which article the words or pictures on a card are that cannot be drawn."""
    try:
        yield
    except (GlyphError, SourceError, UsageError) as error:
        raise job.article.placed(error) from error


def _or_stand_in(outcome: Outcome, root: Path) -> Outcome:
    """Draw a title card where this machine can't paint and the config wants one then."""
    job = outcome.job
    if not isinstance(outcome, Failed) or not isinstance(outcome.error, MachineError):
        return outcome
    if job.stand_in is None:
        return outcome
    why = f"a title card stands in: {outcome.error.headline}"
    standing_in = replace(job, digest=job.digest + STAND_IN, title=None)
    try:
        is_standing = job.article.digest == standing_in.digest and not job.again
        if is_standing and output.is_made(standing_in):
            return _completed(standing_in, why, root)
        return _draw(standing_in, job.stand_in, root, why)
    except HeadergenError as error:
        return Failed(job, error)


def _completed(job: Job, why: str, root: Path) -> Written | Unchanged:
    """Leave the title card that stands in as it is, and make what is lacking beside it."""
    if not any(cuts.lacking(job.article, job.cuts, job.texts)):
        return Unchanged(job, why)
    said = save_cuts(job, root)
    store.write_back(job, root)
    return Written(job, f"brought up to date; {why}{said}")


def _finish_header(
    job: Job,
    image: Image.Image,
    origin: Provenance,
    how: str,
    root: Path,
    *,
    beside: bool = False,
) -> Written:
    """Save the header, its title over or `beside` what it shows; then name it in the article."""
    if job.title:
        with _naming_article(job):
            image = cards.lay_title(image, job.title, beside=beside)
    texts = origin.metadata(job.metadata, job.digest)
    encoded = encoding.encode_within(image, job.format, texts, encoding.bytes_of(job.max_kb))
    store.save(job, encoded.data, root)
    said = f"; saved {encoded.how} to fit {job.max_kb} kB" if encoded.how else ""
    said += save_cuts(job, root)
    store.write_back(job, root)
    return Written(job, how + said)


def _paint(jobs: Sequence[Job], root: Path, painter: Painter, report: Report) -> Iterator[Outcome]:
    """Have the jobs painted; what stops the painter fails all that are left."""
    left = list(jobs)
    try:
        with painter.ready(report) as paint:
            # It may have been a long wait: another run may have painted them.
            for job in jobs:
                if outcome := _attempt(job, root):
                    left.remove(job)
                    yield outcome
            asked = [(job, job.content) for job in left if isinstance(job.content, Painting)]
            titles = [str(job.article.path) for job, _ in asked]
            with closing(paint([painting for _, painting in asked], titles)) as results:
                for index, result in results:
                    job, painting = asked[index]
                    left.remove(job)
                    yield _finish(job, painting, result, root)
    except PaintError as error:
        yield from (Failed(job, error) for job in left)


def _finish(job: Job, painting: Painting, result: Painted | PaintError, root: Path) -> Outcome:
    if isinstance(result, PaintError):
        return Failed(job, result)
    try:
        if job.output.exists():
            kept.keep(job, painting, result, root)
        image = canvas.cover(result.image, job.width, job.height)
        return _finish_header(job, image, result.provenance, result.describe(), root)
    except HeadergenError as error:
        kept.keep(job, painting, result, root)
        return Failed(job, error)
