"""What `headergen run` would refuse to do, found out without making a picture.

What shows only when a picture is made is not found: damaged pixels, a machine that cannot paint, a
picture that does not fit into `header.max_kb`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from headergen.errors import (
    ArticleError,
    GlyphError,
    HeadergenError,
    OutputError,
    SourceError,
    UsageError,
)
from headergen.graphics.card import texts
from headergen.graphics.card.content import Card
from headergen.picture import damage
from headergen.plan import collisions, output
from headergen.plan.job import Completion, Composite, Job
from headergen.settings.config import Config
from headergen.vocabulary import MAX_FANNED


def find(jobs: Sequence[Job], config: Config, root: Path) -> dict[Path, HeadergenError]:
    """Return the errors of those jobs that `run` would refuse, by the paths of their articles.

    It is a `SkippedError` for an article that asks for nothing itself.
    """
    every = {job.article.path: job for job in jobs}
    taken = collisions.find(jobs, config, root)
    found = {path: _told(error, every[path]) for path, error in taken.items()}
    return impossible(jobs) | found


def impossible(jobs: Sequence[Job]) -> dict[Path, HeadergenError]:
    """Return what `find` does, but for pictures that would be one file."""
    refused: dict[Path, HeadergenError] = {}
    for job in jobs:
        try:
            _require_possible(job)
        except HeadergenError as error:
            refused[job.article.path] = _told(error, job)
    return refused


def _told(error: HeadergenError, job: Job) -> HeadergenError:
    reason = next((words for kind, words in _REASONS.items() if isinstance(error, kind)), None)
    return job.article.unasked(error, reason) if reason else error


NAME_IS_TAKEN = "another file has the name of their picture"

# Why articles that ask for nothing themselves get no header.
_REASONS: Mapping[type[HeadergenError], str] = {
    GlyphError: "their title has characters that no font of headergen's has",
    UsageError: "their title is blank",
    OutputError: NAME_IS_TAKEN,
    ArticleError: "their frontmatter cannot be edited without risk",
}


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
            raise job.article.placed(
                error, job.article.keys.of_request(f"sources[{index}]")
            ) from error
    count = len(content.sources)
    if content.layout == "fan" and count > MAX_FANNED:
        message = f"layout 'fan' shows at most {MAX_FANNED} sources, not {count}"
        refusal = UsageError(message, remedy="choose another layout, or auto")
        raise job.article.placed(refusal, job.article.keys.of_request("layout"))


def _require_card(job: Job, card: Card) -> None:
    try:
        for path in filter(None, (card.picture, card.logo)):
            damage.require_sound(path, repr(os.path.relpath(path)))
        texts.require_drawable(card)
    except (GlyphError, SourceError, UsageError) as error:
        raise job.article.placed(error) from error
