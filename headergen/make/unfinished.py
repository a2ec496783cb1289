"""Pictures that a model painted and that may not last as headers: kept, to be painted only once.

What keeps one from being a header may be the config's word, such as `header.max_kb`. And where one
takes the place of a picture that git knows, pre-commit puts the old one back when it takes
headergen's lines back from an article with unstaged edits beside them. They lie in `.headergen`,
one for each set of settings, the newest few.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import replace
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


def find(job: Job, painting: Painting, root: Path) -> tuple[Image.Image, Provenance] | None:
    """Return the picture that was painted for the job and kept, and how it came to be."""
    path = _place(painting, root)
    try:
        if probe(path).digest != job.digest:
            return None
        settings = provenance.read(metadata.read(path)).settings
        return canvas.open_source(path), Provenance(SourceType.PAINTED, settings)
    except (OSError, HeadergenError):
        return None


def drop(painting: Painting, root: Path) -> None:
    """Forget a picture, which is a header now."""
    with suppress(OSError):
        _place(painting, root).unlink()


def _place(painting: Painting, root: Path) -> Path:
    return root / scratch.FOLDER / _name(painting)


def _name(painting: Painting) -> str:
    settings = repr(replace(painting, device="", notes=()))
    return f"unfinished/{hashlib.sha256(settings.encode()).hexdigest()[:16]}.png"
