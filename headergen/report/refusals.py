"""What `headergen run` would refuse to do, found out without making a picture.

What shows only when a picture is made is not found: damaged pixels, a machine that cannot paint, a
picture that does not fit into `header.max_kb`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from headergen.errors import GlyphError, HeadergenError, SourceError, UsageError
from headergen.graphics.card import texts
from headergen.graphics.card.content import Card
from headergen.picture import damage
from headergen.plan import collisions, output
from headergen.plan.job import Completion, Composite, Job
from headergen.settings.config import Config
from headergen.vocabulary import MAX_FANNED


def find(jobs: Sequence[Job], config: Config, root: Path) -> dict[Path, HeadergenError]:
    """Return the errors of those jobs that `run` would refuse, by the paths of their articles."""
    refused: dict[Path, HeadergenError] = dict(collisions.find(jobs, config, root))
    for job in jobs:
        try:
            _require_possible(job)
        except HeadergenError as error:
            refused.setdefault(job.article.path, error)
    return refused


def _require_possible(job: Job) -> None:
    """Raise what `runner.run` would, in the same order."""
    job.finished  # noqa: B018  # it raises where the article cannot be edited
    output.require_free(job)
    if output.is_made(job) or isinstance(job.content, Completion):
        return
    if isinstance(job.content, Composite):
        _require_sources(job, job.content)
    if isinstance(job.content, Card):
        _require_card(job, job.content)
    if job.title:
        _require_card(job, job.title)


def _require_sources(job: Job, content: Composite) -> None:
    for index, path in enumerate(content.sources):
        try:
            damage.require_sound(path, repr(os.path.relpath(path)))
        except SourceError as error:
            raise job.article.placed(error, f"header.sources[{index}]") from error
    count = len(content.sources)
    if content.layout == "fan" and count > MAX_FANNED:
        message = f"layout 'fan' shows at most {MAX_FANNED} sources, not {count}"
        refusal = UsageError(message, remedy="choose another layout, or auto")
        raise job.article.placed(refusal, "header.layout")


def _require_card(job: Job, card: Card) -> None:
    try:
        for path in filter(None, (card.picture, card.logo)):
            damage.require_sound(path, repr(os.fspath(path)))
        texts.require_drawable(card)
    except (GlyphError, SourceError, UsageError) as error:
        raise job.article.placed(error) from error
