"""Pictures that a model painted and that are no headers yet: kept, to be painted only once.

They are candidates, or may not last as headers. What keeps one from being a header may be the
config's word, such as `header.max_kb`. And where one takes the place of a picture that git knows,
pre-commit puts the old one back when it takes headergen's lines back from an article with unstaged
edits beside them. All lie in `.headergen`: of unfinished ones the newest few, one for each set of
settings; of an article's candidates each, and a record.
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
import json
from collections.abc import Iterable
from dataclasses import asdict

from headergen.article.article import Article
from headergen.plan.candidates import RECORD_FILE, Candidate, Planned, asked, folder_of
from headergen.settings.config import Config

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


def save_candidate(article: Article, planned: Planned, png: bytes, root: Path) -> Candidate:
    """Save a candidate's picture.

    Raises:
        UsageError: it cannot be written.
    """
    place = scratch.place(root, f"{folder_of(article, root)}/{planned.number}.png")
    durable.save(place, png)
    variant = planned.variant
    return Candidate(
        number=planned.number,
        seed=variant.seed,
        prompt=variant.prompt,
        what=variant.what,
        digest=planned.job.digest,
        painted_as=planned.painting.asked_as,
    )


def save_record(
    article: Article, candidates: Iterable[Candidate], config: Config, root: Path
) -> None:
    """Keep on record what the article's candidates are.

    Raises:
        ArticleError: as `Record.are_for`.
        UsageError: it cannot be written.
    """
    told = {
        "request": asked(article, config, root),
        "candidates": [asdict(each) for each in sorted(candidates, key=lambda each: each.number)],
    }
    place = scratch.place(root, f"{folder_of(article, root)}/{RECORD_FILE}")
    durable.save(place, json.dumps(told, ensure_ascii=False, indent=1).encode())
