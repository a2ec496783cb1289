"""Pictures that a model painted and that may not last as headers: kept, to be painted only once.

What keeps one from being a header may be the config's word, such as `header.max_kb`. And where one
takes the place of a picture that git knows, pre-commit puts the old one back when it takes
headergen's lines back from an article with unstaged edits beside them. They lie in `.headergen`,
one for each set of settings, the newest few.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from headergen.errors import HeadergenError
from headergen.graphics import canvas, encoding
from headergen.make.painter import Painted
from headergen.picture import metadata, provenance
from headergen.picture.first_bytes import probe
from headergen.picture.provenance import Provenance, SourceType
from headergen.plan.job import Job, Painting
from headergen.repository import durable, scratch

if TYPE_CHECKING:
    from PIL import Image

# They are for the next run or two: older ones would only fill the disk.
_MOST_KEPT = 20


def keep(job: Job, painting: Painting, painted: Painted, root: Path) -> None:
    """Keep a picture at the size that was painted; where it can't be, that is no further error."""
    texts = painted.provenance.metadata("full", job.digest)
    with suppress(OSError, HeadergenError):
        place = scratch.place(root, _name(painting))
        durable.sweep(place.parent)
        durable.write(place, encoding.encode(painted.image, "png", texts))
        for old in sorted(place.parent.glob("*.png"), key=os.path.getmtime)[:-_MOST_KEPT]:
            old.unlink()


def find(job: Job, painting: Painting, root: Path) -> tuple[Path, Image.Image, Provenance] | None:
    """Return the picture that was painted for the job and kept: its path, itself, its making."""
    named = root / scratch.FOLDER / _name(painting)
    for path in (named, *sorted(named.parent.glob("*.png"))):
        with suppress(OSError, HeadergenError):
            settings = provenance.read(metadata.read(path)).settings
            is_painted_so = path == named or painting.is_told_by(settings)
            if is_painted_so and probe(path).digest == job.digest:
                origin = Provenance(SourceType.PAINTED, settings)
                return path, canvas.open_source(path), origin
    return None


def _name(painting: Painting) -> str:
    return f"unfinished/{painting.asked_as}.png"
