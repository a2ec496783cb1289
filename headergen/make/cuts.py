"""Make the cuts of a header, as it stands on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from headergen.article.request import Request
from headergen.errors import SourceError
from headergen.graphics import canvas, composite, encoding
from headergen.graphics.composite.stage import Stage
from headergen.graphics.saliency import focus_for
from headergen.make import store
from headergen.picture import metadata, provenance
from headergen.plan import output
from headergen.plan.job import Job
from headergen.vocabulary import AUTO_FOCUS, STAND_IN, Point

if TYPE_CHECKING:
    from PIL import Image

_MIDDLE: Point = (0.5, 0.5)


def save_cuts(job: Job, root: Path) -> str:
    """Save each of `job.cuts` that is lacking; return what else is to be said of them.

    They are cut from the header's file, not from the pixels that it was saved from: so one that
    is made again later comes out the same.

    Raises:
        HeadergenError: as `store.save` and `canvas.open_source`; or a picture does not fit into
            its bytes.
    """
    wanted = [each for each in job.cut_jobs if job.again or not output.is_made(each)]
    try:
        return _save(wanted, job, root) if wanted else ""
    except SourceError as error:  # of the header's own file, or of the source that it shows
        raise job.article.placed(error) from error


def _save(wanted: Sequence[Job], job: Job, root: Path) -> str:
    header, texts = canvas.open_source(job.output), _texts(job)
    said = ""
    for each in wanted:
        image = _cut(header, job, each)
        encoded = encoding.encode_within(image, each.format, texts, encoding.bytes_of(each.max_kb))
        store.save(each, encoded.data, root)
        said += f"; {each.image} {encoded.how}" if encoded.how else ""
    return said


def _texts(job: Job) -> provenance.Metadata:
    """Return what the header tells, for a picture that is a part of it."""
    told = provenance.read(metadata.of_source(job.output))
    if told.source_type is None:
        return provenance.Metadata(job.digest)
    packet = provenance.xmp_packet(job.digest, told.source_type, told.parameters)
    return provenance.Metadata(job.digest, packet, told.parameters)


def _cut(header: Image.Image, job: Job, cut: Job) -> Image.Image:
    """Crop a header around what it was cropped around itself; what is laid out stays legible."""
    focus = _focus(header, job, cut)
    if focus is None and not canvas.crop_is_safe(header, cut.width, cut.height):
        return canvas.whole(header, cut.width, cut.height)
    return canvas.cover(header, cut.width, cut.height, focus or _MIDDLE)


def _focus(header: Image.Image, job: Job, cut: Job) -> Point | None:
    """Find the point of interest in a header; None: something is laid out on it."""
    request = job.request
    if request is None or request.card or request.title or job.digest.endswith(STAND_IN):
        return None
    if not request.sources:
        return focus_for(header, cut.width, cut.height)
    return _focus_of_composite(header, job, request, cut)


def _focus_of_composite(header: Image.Image, job: Job, request: Request, cut: Job) -> Point | None:
    if len(request.sources) > 1:
        return None
    source = canvas.open_source(job.sources[0], at_least=header.size)
    stage = Stage(*header.size, job.look)
    if not composite.is_one_picture([source], stage, request.layout or "auto"):
        return None
    (focus,) = request.focus or (AUTO_FOCUS,)
    if focus == AUTO_FOCUS:
        return focus_for(header, cut.width, cut.height)
    return canvas.point_in_cover(source, focus, *header.size)
