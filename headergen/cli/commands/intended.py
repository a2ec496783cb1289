"""What `--dry-run` prints: each picture that would be made, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headergen.cli.commands.place import Place
from headergen.cli.terminal import Problems, say
from headergen.graphics.card.content import Card
from headergen.plan import job as planning
from headergen.plan import output
from headergen.plan import state as states
from headergen.report import check, refusals
from headergen.wording import counted

if TYPE_CHECKING:
    from headergen.make.painter import Painter


def say_intended(
    jobs: Sequence[planning.Job], place: Place, problems: Problems, painter: Painter
) -> None:
    """Print what would be made of `jobs`, and what would be refused; write nothing."""
    refused = refusals.find(jobs, place.config, place.root)
    for error in refused.values():
        problems.add_error(error)
    problems.end()
    wanted = [job for job in jobs if job.article.path not in refused]
    for job in wanted:
        reasons = "; ".join(dict.fromkeys(_reasons(job, place)))
        say(f"{job.article.path}:{job.article.line}: would {_deed(job)}: {reasons}")
    paints = any(isinstance(job.content, planning.Painting) for job in wanted)
    if paints and not painter.may_paint():
        say("this machine does not look as if it could paint: see `headergen doctor`")
    if wanted:
        say(f"nothing was written: {counted(len(wanted), 'article')} would be")


def _deed(job: planning.Job) -> str:
    content, cuts = job.content, f" and {counted(len(job.cuts), 'cut')}" if job.cuts else ""
    if isinstance(content, planning.Completion):
        return f"bring what belongs to {job.image} up to date"
    if not job.again and output.is_made(job):
        return f"name {job.image}, which an earlier run made"
    if isinstance(content, planning.Painting):
        return f"paint {job.image}{cuts} with {content.checkpoint.name}"
    if isinstance(content, Card):
        return f"draw {job.image}{cuts}, a title card in the theme {content.theme}"
    return f"compose {job.image}{cuts} of {counted(len(content.sources), 'picture')}"


def _reasons(job: planning.Job, place: Place) -> list[str]:
    if job.again:
        return ["--again"]
    state = states.state_of(job.article, place.config, place.root)
    found = [finding.message for finding, _ in check.lacking(state, place.config, place.root)]
    return found or ["the commit lacks it"]
