"""Cut the pictures that go beside a header out of it, as it stands on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from headergen import freshness, metadata, provenance, store
from headergen.errors import SourceError
from headergen.frontmatter.mapping import AUTO_FOCUS, Point
from headergen.paint import budget, canvas, framing
from headergen.paint.saliency import focus_for
from headergen.plan import Job
from headergen.provenance import Metadata, SourceType

if TYPE_CHECKING:
    from PIL import Image

_MIDDLE: Point = (0.5, 0.5)


def save_cuts(job: Job, root: Path) -> str:
    """Save each picture of `job.also` that is lacking; return what else is to be said of them.

    They are cut from the header's file, not from the pixels that it was saved from: so one that
    is made again later comes out the same.

    Raises:
        HeadergenError: as `store.save` and `canvas.open_source`; or a picture does not fit into
            its bytes.
    """
    wanted = [each for each in job.cut_jobs if not store.is_made(each)]
    try:
        return _save(wanted, job, root) if wanted else ""
    except SourceError as error:  # of the header's own file, or of the source that it shows
        raise error.at(path=str(job.article.path), line=job.article.line) from error


def _save(wanted: Sequence[Job], job: Job, root: Path) -> str:
    header, texts = canvas.open_source(job.output), _texts(job)
    said = ""
    for each in wanted:
        image = _cut(header, job, each, root)
        encoded = budget.encode(image, each.format, texts, budget.bytes_of(each.max_kb))
        store.save(each, encoded.data, root)
        said += f"; {each.image} {encoded.how}" if encoded.how else ""
    return said


def _texts(job: Job) -> Metadata:
    """Return what the header tells, for a picture that is a part of it."""
    told = provenance.read(metadata.of_source(job.output))
    if told.source_type is None:
        return Metadata(job.digest)
    packet = provenance.xmp_packet(job.digest, told.source_type, told.parameters)
    return Metadata(job.digest, packet, told.parameters)


def _cut(header: Image.Image, job: Job, cut: Job, root: Path) -> Image.Image:
    """Crop a header around what it was cropped around itself; what is laid out stays legible."""
    focus = _focus(header, job, cut, root)
    if focus is None and not framing.crop_is_safe(header, cut.width, cut.height):
        return framing.whole(header, cut.width, cut.height)
    return canvas.cover(header, cut.width, cut.height, focus or _MIDDLE)


def _focus(header: Image.Image, job: Job, cut: Job, root: Path) -> Point | None:
    """Find the point of interest in a header; None: it is laid out, as panels or with a title."""
    request = job.article.request
    told = provenance.read(metadata.of_source(job.output)).source_type
    if request and (request.title or len(request.sources) > 1):
        return None
    focus = request.focus[0] if request and request.focus else AUTO_FOCUS
    if request and request.sources and focus != AUTO_FOCUS:
        (path, *_) = freshness.sources_of(job.article, request, root)
        source = canvas.open_source(path, at_least=header.size)
        return canvas.point_in_cover(source, focus, *header.size)
    is_one_picture = told == SourceType.PAINTED or (request is not None and bool(request.sources))
    return focus_for(header, cut.width, cut.height) if is_one_picture else None
