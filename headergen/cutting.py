"""Cut the pictures that go beside a header out of it, as it stands on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from headergen import freshness, metadata, provenance, store
from headergen.frontmatter.mapping import AUTO_FOCUS, Point
from headergen.paint import budget, canvas
from headergen.paint.saliency import focus_for
from headergen.plan import Job
from headergen.provenance import Metadata, SourceType

if TYPE_CHECKING:
    from PIL import Image


def save_cuts(job: Job, root: Path) -> str:
    """Save each picture of `job.also` that is lacking; return what else is to be said of them.

    They are cut from the header's file, not from the pixels that it was saved from: so one that
    is made again later comes out the same.

    Raises:
        HeadergenError: as `store.save` and `canvas.open_source`; or a picture does not fit into
            its bytes.
    """
    wanted = [each for each in job.cut_jobs if not store.is_made(each)]
    if not wanted:
        return ""
    header, texts = canvas.open_source(job.output), _texts(job)
    said = ""
    for each in wanted:
        focus = _focus(header, job, each, root)
        image = canvas.cover(header, each.width, each.height, focus)
        encoded = budget.encode(image, each.format, texts, budget.bytes_of(each.max_kb))
        store.save(each, encoded.data, root)
        said += f"; {each.image} {encoded.how}" if encoded.how else ""
    return said


def _texts(job: Job) -> Metadata:
    """Return what the header tells, for a picture that is a part of it."""
    told = provenance.read(metadata.read(job.output))
    if told.source_type is None:
        return Metadata(job.digest)
    packet = provenance.xmp_packet(job.digest, told.source_type, told.parameters)
    return Metadata(job.digest, packet, told.parameters)


def _focus(header: Image.Image, job: Job, cut: Job, root: Path) -> Point:
    """Find the point around which a header is cropped: the one around which it was cropped itself.

    What stands side by side, or has a title in it, has its middle in the middle.
    """
    request = job.article.request
    told = provenance.read(metadata.read(job.output)).source_type
    if request and len(request.sources) == 1 and not request.title:
        focus = request.focus[0] if request.focus else AUTO_FOCUS
        if focus != AUTO_FOCUS:
            (path, *_) = freshness.sources_of(job.article, request, root)
            source = canvas.open_source(path, at_least=header.size)
            return canvas.point_in_cover(source, focus, *header.size)
        return focus_for(header, cut.width, cut.height)
    if told == SourceType.PAINTED and not (request and request.title):
        return focus_for(header, cut.width, cut.height)
    return 0.5, 0.5
