"""Make the headers that articles want: what `headergen run` and `headergen hook` share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from headergen.article import article as articles
from headergen.cli.commands.notices import say_notes, say_notices
from headergen.cli.commands.place import Place, find_article
from headergen.cli.commands.staging import say_what_to_add
from headergen.cli.terminal import Problems, say
from headergen.errors import ArticleError, HeadergenError
from headergen.plan import cuts, staged
from headergen.plan import job as planning
from headergen.plan import state as states
from headergen.repository import git, hook_memory
from headergen.settings import config as configs

if TYPE_CHECKING:
    from headergen.make.painter import Painter
    from headergen.plan.staged import Unstaged


def make(names: Iterable[str], place: Place, *, hook: bool) -> int:
    """Make what the articles want, say how it went, and what completes the commit.

    Returns the exit code. A `hook` ends with 1 where anything was written or is not staged.
    """
    to_add: list[Path] = []
    try:
        with Problems() as problems:
            plans = _plan(names, place, problems, hook=hook)
            lacking = _unstaged(plans, place, problems) if hook and place.in_git else []
            to_add += (found.path for found in lacking if not found.ignored)
            plans = _with_stand_ins_replaced(plans, place, problems, hook=hook)
            jobs = [each for each in plans if isinstance(each, planning.Job)]
            if jobs:
                _carry_out(jobs, place, problems, to_add, hook=hook)
            elif not hook and not problems.errors:
                _say_nothing_to_do(plans)
    finally:
        if to_add and place.in_git:
            say_what_to_add(to_add, place.root)
    errors = problems.errors
    needs_author = hook and (lacking or to_add)
    if hook and not needs_author and not errors:
        _remember(plans, place)
    return max([*(error.exit_code for error in errors), 1 if needs_author else 0])


def _say_nothing_to_do(plans: Sequence[planning.Plan]) -> None:
    fresh = len([each for each in plans if each])
    standing_in = len([each for each in plans if isinstance(each, states.StandIn)])
    stand_ins = "1 is a stand-in" if standing_in == 1 else f"{standing_in} are stand-ins"
    also = f"; {stand_ins}, to be painted on a machine with a GPU" if standing_in else ""
    if not fresh:
        say("nothing to do: no article asks for a header")
    else:
        say(f"nothing to do: {fresh} of {len(plans)} articles have a header, and it is there{also}")


def _with_stand_ins_replaced(
    plans: list[planning.Plan], place: Place, problems: Problems, *, hook: bool
) -> list[planning.Plan]:
    """Plan what title cards stand in for, if this machine looks as if it could paint it."""
    found = [planning.stand_in_of(each) for each in plans]
    if not any(found) or not _painter(place, hook=hook).may_paint():
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


def _painter(place: Place, *, hook: bool) -> Painter:
    from headergen.make import painters

    return painters.painter_of(place.config, place.root, download=not hook)


def _remember(plans: Iterable[planning.Plan], place: Place) -> None:
    """Let the next hook end at once where nothing changed that concerns these articles."""
    if place.in_git and not place.is_config_named and place.root == Path.cwd().resolve():
        for each in plans:
            if isinstance(each, states.Fresh | states.HandMade) and each.picture:
                _remember_one(each, each.picture, place)


def _remember_one(found: states.Fresh | states.HandMade, picture: Path, place: Place) -> None:

    article, request = found.article, found.article.request
    frontmatter = articles.frontmatter(article)
    if frontmatter is None:
        return
    sources: tuple[Path, ...] = ()
    if request and isinstance(found, states.Fresh):
        sources = states.sources_of(article, request, place.root)
    found_cuts = cuts.beside(found, place.config, place.root)
    pictures = [picture, *(cut.output for cut in found_cuts)]
    also_named = cuts.named_by(article, place.config, place.root)
    hook_memory.remember(
        os.fspath(article.path),
        frontmatter,
        [os.path.relpath(staged.tracked(path), place.root) for path in pictures],
        [*(os.path.relpath(path, place.root) for path in (*sources, *also_named)), *configs.FILES],
        confirm=lambda: planning.job_for(article, place.config, place.root) == found,
    )


def _carry_out(
    jobs: Sequence[planning.Job],
    place: Place,
    problems: Problems,
    to_add: list[Path],
    *,
    hook: bool,
) -> None:
    """Print each outcome as it comes, and add what it wrote to `to_add`, also if interrupted."""
    from headergen.cli import progress
    from headergen.make import runner

    problems.end()
    say_notices(job.content for job in jobs)
    say_notes(jobs)
    painter, report = _painter(place, hook=hook), progress.for_terminal(hook=hook)
    with closing(runner.run(jobs, place.config, place.root, painter, report)) as outcomes:
        for outcome in outcomes:
            article = outcome.job.article
            if isinstance(outcome, runner.Failed):
                # Where the error is about the machine, the article is named as well.
                problems.add_error(outcome.error, f"{article.path}:{article.line}: not painted")
                continue
            if isinstance(outcome, runner.Written):
                to_add += (article.path, *outcome.job.outputs)
            problems.end()
            say(f"{article.path}: {outcome.job.image} ({outcome.how})")


def _plan(
    names: Iterable[str], place: Place, problems: Problems, *, hook: bool
) -> list[planning.Plan]:
    """Plan for every article; an error is printed at once, and the other articles go on."""
    plans: list[planning.Plan] = []
    for name in names:
        try:
            plans.append(_plan_for(name, place, hook=hook))
        except HeadergenError as error:
            # A model that the config names and nobody has is one mistake, however many ask for it.
            if str(error) not in map(str, problems.errors):
                problems.add_error(error)
    return _without_left_out(plans, place) if place.in_git else plans


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


def _plan_for(name: str, place: Place, *, hook: bool) -> planning.Plan:
    article = find_article(name, place)
    if article is None:
        return None
    try:
        return planning.job_for(article, place.config, place.root, in_hook=hook)
    except OSError as error:  # of a picture, or of the article once more
        what = f" {error.filename!r}:" if error.filename not in (None, name) else ""
        raise ArticleError(f"cannot be read:{what} {error.strerror}", path=name) from error


def _unstaged(plans: Iterable[planning.Plan], place: Place, problems: Problems) -> list[Unstaged]:
    """Find, and print, what the commit lacks of headers made earlier."""
    named = [named for each in plans for named in staged.named_by(each, place.config, place.root)]
    lacking = list(staged.unstaged(named, place.config, place.root)) if named else []
    for found in lacking:
        line = f"{found.named.path}:{found.named.line}: {staged.describe(found)}"
        problems.add(line, found.remedy)
    return lacking
