"""Make the headers that articles want: what `headergen run` and `headergen hook` share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headergen.cli.commands.notices import say_notes, say_notices, say_unmarked
from headergen.cli.commands.place import Place, find_article
from headergen.cli.commands.staging import say_what_to_add
from headergen.cli.terminal import Problems, tell
from headergen.errors import ArticleError, HeadergenError, SkippedError
from headergen.plan import cuts, staged
from headergen.plan import job as planning
from headergen.plan import state as states
from headergen.repository import git
from headergen.repository.discovery import Found

if TYPE_CHECKING:
    from headergen.make.painter import Painter


@dataclass(frozen=True)
class Way:
    """How a command goes about it: for a `hook`, which downloads nothing; or as a `dry_run`.

    With `again`, headers that are fresh are made again under the config as it is now.
    """

    hook: bool = False
    dry_run: bool = False
    again: bool = False


def make(found: Found, place: Place, way: Way) -> int:
    """Make what the articles want, say how it went, and what to add; return the exit code.

    A hook ends with 1 where anything was written, or would be.
    """
    written: list[Path] = []
    try:
        with Problems() as problems:
            for error in found.skipped:
                problems.add_error(error)
            plans = carry_out(found.names, place, problems, written, way)
            is_done = not any(isinstance(each, planning.Job) for each in plans)
            if is_done and not way.hook and not problems.errors:
                _say_nothing_to_do(plans)
    finally:
        if written and place.in_git:
            say_what_to_add(written, place.root)
    is_hook_done = is_done if way.dry_run else not written
    return max(
        [*(error.exit_code for error in problems.errors), int(way.hook and not is_hook_done)]
    )


def carry_out(
    names: Iterable[str], place: Place, problems: Problems, written: list[Path], way: Way
) -> list[planning.Plan]:
    """Plan for every article, and make what they want.

    Each outcome is printed as it comes, and `written` gains its files, also if interrupted.
    """
    plans = _without_refused(_plan(names, place, problems, way), place, problems)
    plans = _with_stand_ins_replaced(plans, place, problems, way)
    jobs = [each for each in plans if isinstance(each, planning.Job)]
    if jobs and way.dry_run:
        from headergen.cli.commands.intended import say_intended  # for those who ask for it

        say_intended(jobs, place, problems, _painter(place, way))
    elif jobs:
        _make(jobs, place, problems, written, way)
    return plans


def _say_nothing_to_do(plans: Sequence[planning.Plan]) -> None:
    fresh = len([each for each in plans if each])
    standing_in = len([each for each in plans if isinstance(each, states.StandIn)])
    stand_ins = "1 is a stand-in" if standing_in == 1 else f"{standing_in} are stand-ins"
    also = f"; {stand_ins}, to be painted on a machine with a GPU" if standing_in else ""
    if not fresh:
        tell("nothing to do: no article asks for a header")
    else:
        tell(
            f"nothing to do: {fresh} of {len(plans)} articles have a header, and it is there{also}"
        )


def _with_stand_ins_replaced(
    plans: list[planning.Plan], place: Place, problems: Problems, way: Way
) -> list[planning.Plan]:
    """Plan what title cards stand in for, if this machine looks as if it could paint it."""
    found = [planning.stand_in_of(each) for each in plans]
    if not any(found) or not _painter(place, way).may_paint():
        return plans
    replaced: list[planning.Plan] = []
    for each, stand_in in zip(plans, found, strict=True):
        try:
            job = planning.job_of(stand_in.wanted, place.config, place.root) if stand_in else None
            replaced.append(job or each)
        except HeadergenError as error:
            replaced.append(each)
            problems.add_error(error)
    return replaced


def _painter(place: Place, way: Way) -> Painter:
    from headergen.make import painters

    return painters.painter_of(place.config, place.root, download=not way.hook)


def _make(
    jobs: Sequence[planning.Job],
    place: Place,
    problems: Problems,
    written: list[Path],
    way: Way,
) -> None:
    from headergen.cli import progress
    from headergen.make import runner

    problems.end()
    say_notices(job.content for job in jobs)
    say_unmarked(place.config.metadata, [job.content for job in jobs])
    say_notes(jobs)
    painter, report = _painter(place, way), progress.for_terminal(hook=way.hook)
    with closing(runner.run(jobs, place.config, place.root, painter, report)) as outcomes:
        for outcome in outcomes:
            article = outcome.job.article
            if isinstance(outcome, runner.Failed):
                # Where the error is about the machine, the article is named as well.
                problems.add_error(outcome.error, f"{article.path}:{article.line}: not painted")
                continue
            if isinstance(outcome, runner.Written):
                written += (article.path, *outcome.job.outputs)
            problems.end()
            tell(f"{article.path}: {outcome.job.image} ({outcome.how})")


def _plan(names: Iterable[str], place: Place, problems: Problems, way: Way) -> list[planning.Plan]:
    """Plan for every article; an error is printed at once, and the other articles go on."""
    plans: list[planning.Plan] = []
    for name in names:
        try:
            plans.append(_plan_for(name, place, way))
        except HeadergenError as error:
            # A model that the config names and nobody has is one mistake, however many ask for it.
            if str(error) not in map(str, problems.errors):
                problems.add_error(error)
    return _without_left_out(plans, place) if place.in_git else plans


def _without_refused(
    plans: Sequence[planning.Plan], place: Place, problems: Problems
) -> list[planning.Plan]:
    """Drop the headers by default that can't be made, and say why at the end."""
    jobs = [each for each in plans if isinstance(each, planning.Job)]
    if all(job.article.asks for job in jobs):
        return [*plans]
    from headergen.report import refusals  # for runs that make headers by default

    refused = refusals.find(jobs, place.config, place.root)
    skipped = {path: error for path, error in refused.items() if isinstance(error, SkippedError)}
    for error in skipped.values():
        problems.add_error(error)
    return [
        each
        for each in plans
        if not isinstance(each, planning.Job) or each.article.path not in skipped
    ]


def _without_left_out(plans: Sequence[planning.Plan], place: Place) -> list[planning.Plan]:
    """Drop what is wanted only because a sparse checkout leaves standing pictures out."""
    awaited = [_awaited(each, place) for each in plans]
    left_out = git.left_out(place.root, [path for paths in awaited for path in paths])
    kept: list[planning.Plan] = []
    for each, paths in zip(plans, awaited, strict=True):
        if not paths or not left_out.issuperset(paths):
            kept.append(each)
        elif isinstance(each, planning.Job) and isinstance(each.content, planning.Completion):
            kept.append(each.content.header)
    return kept


def _awaited(each: planning.Plan, place: Place) -> list[Path]:
    """List the pictures, as git names them, that would settle the article if they were on disk."""
    if not isinstance(each, planning.Job):
        return []
    if isinstance(each.content, planning.Completion):
        return [staged.tracked(path) for path in cuts.absent(each.article, each.cuts, each.texts)]
    picture = staged.awaited(each.article, each.digest, place.config, place.root)
    return [picture] if picture else []


def _plan_for(name: str, place: Place, way: Way) -> planning.Plan:
    article = find_article(name, place)
    if article is None:
        return None
    try:
        return planning.job_for(
            article, place.config, place.root, in_hook=way.hook, again=way.again
        )
    except OSError as error:  # of a picture, or of the article once more
        what = f" {error.filename!r}:" if error.filename not in (None, name) else ""
        raise ArticleError(f"cannot be read:{what} {error.strerror}", path=name) from error
