"""`headergen hook`: make the headers that the commit lacks, and refuse it until it has them."""

from __future__ import annotations

import os
import time
from argparse import Namespace
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from headergen.cli.commands import making, staging
from headergen.cli.commands.making import Way
from headergen.cli.commands.place import Place, find_place
from headergen.cli.terminal import Problems
from headergen.plan import unstaged
from headergen.plan.job import Job
from headergen.plan.staged import OUTDATED
from headergen.plan.unstaged import Lack
from headergen.report.check import Finding
from headergen.report.clone import Clone, Verdict
from headergen.repository import attributes, differences, frameworks, git, hook_memory, index
from headergen.repository.index import Index
from headergen.settings import config as configs
from headergen.vocabulary import ARTICLE_SUFFIXES


def run(arguments: Namespace) -> int:
    """Judge what will be committed, make what it lacks; 1 if the commit is not complete."""
    place, way = find_place(arguments), Way(hook=True, dry_run=arguments.dry_run)
    given = [
        os.fspath(path) for path in arguments.paths if _is_article(path.name) and not path.is_dir()
    ]
    if not place.in_git:
        return making.make(place.articles_at([Path(name) for name in given]), place, way)
    with Index(place.root) as staged:
        clone = Clone(staged, place.root, arguments.config)
        inside, unknown = _split(given, staged, place.root)
        outside = _articles_outside(unknown, place)
        changed = index.changed(place.root)
        names = [*changed, *staged.links_through(changed.keys())]
        own = {final for name in names if _is_article(name) and (final := staged.article(name))}
        inside += _left_out(own, given, staged, clone, place)
        to_judge = {*inside, *_concerned(changed, staged, clone)}
        verdicts = sorted(clone.judge(to_judge, beside=place.root), key=lambda each: each.name)
        if way.dry_run:
            return _say_intended(verdicts, outside, staged, place, way)
        code = _complete(verdicts, outside, staged, place, way)
        if code == 0:
            _remember(verdicts, place, covers_all=to_judge >= own)
        return code


def _split(names: Iterable[str], staged: Index, root: Path) -> tuple[list[str], list[Path]]:
    """Return the articles that are in the index, by their names there, and the other files."""
    inside: list[str] = []
    outside: list[Path] = []
    for name in names:
        path = os.path.join(os.path.realpath(os.path.dirname(name)), os.path.basename(name))
        final = staged.article(Path(os.path.relpath(path, root)).as_posix())
        if final is None:
            outside.append(Path(name))
        else:
            inside.append(final)
    return inside, outside


def _articles_outside(paths: Sequence[Path], place: Place) -> list[str]:
    """Return the articles among files that are not in the index, and names of no file."""
    present = [path for path in paths if path.exists()]
    gone = [os.fspath(path) for path in paths if not path.exists()]
    return [*place.articles_at(present).names, *gone]


def _left_out(
    own: Collection[str], given: Collection[str], staged: Index, clone: Clone, place: Place
) -> list[str]:
    """Return those of the changed articles `own` that were not given, and have to be judged.

    The frameworks give all that their config does not exclude, but no links and nothing that is
    not on disk, and in a merge those alone that had conflicts.
    """
    if not hook_memory.names_articles(given) or frameworks.withholds_names(place.root):
        return list(own)
    links = [name for name in own if staged.is_broken_link(name)]
    is_merging = git.is_merging(place.root)
    rest = [name for name in own if is_merging or not os.path.lexists(place.root / name)]
    return [*links, *clone.naming_headers(rest)]


def _is_article(name: str) -> bool:
    return name.lower().endswith(ARTICLE_SUFFIXES)


def _concerned(changed: Mapping[str, bool], staged: Index, clone: Clone) -> list[str]:
    """List the articles with a header that depends on other files that the commit changes."""
    deciding = {each for name in configs.FILES for each in (name, *staged.trail(name))}
    others = [
        name
        for name, is_link in changed.items()
        if is_link or name in deciding or not (_is_article(name) or hook_memory.is_text(name))
    ]
    concern_all = any(
        name in deciding or os.path.basename(name) == attributes.FILE for name in others
    )
    return clone.depending_on(None if concern_all else others) if others else []


def _complete(
    verdicts: Sequence[Verdict], outside: Sequence[str], staged: Index, place: Place, way: Way
) -> int:
    """Make what the commit lacks, say what it still lacks, and return the exit code."""
    lacking = [each for each in verdicts if each.faults]
    names = _wanted(verdicts, place)
    written: list[Path] = []
    to_add: list[Path] = []
    try:
        with Problems() as problems:
            _say_skipped(verdicts, place, problems)
            making.carry_out([*names, *outside], place, problems, written, way)
            lacking = _without_skipped(lacking, place, problems)
            needed = {each.name: each.needed for each in lacking}
            needed |= dict.fromkeys(_below(outside, place.root), ())
            found = unstaged.of_articles(staged, needed, place.config, place.root)
            to_add += _say_lacks(found, written, place, problems)
            unexplained = [each for each in lacking if not found[each.name]]
            to_add += _say_faults(unexplained, staged, place, problems)
            if index.is_temporary() and (written or to_add):
                to_add += _not_in_repository(needed, place)
    finally:
        if written or to_add:
            staging.say_what_to_add([*written, *to_add], place.root)
    is_complete = not (lacking or written or to_add)
    return max([*(error.exit_code for error in problems.errors), 0 if is_complete else 1])


def _wanted(verdicts: Iterable[Verdict], place: Place) -> list[str]:
    """Return the articles on disk whose headers may have to be made, as seen from here."""
    wanted = [each.name for each in verdicts if each.faults or each.stands_in]
    return [_shown(name, place) for name in wanted if os.path.isfile(place.root / name)]


def _say_intended(
    verdicts: Sequence[Verdict], outside: Sequence[str], staged: Index, place: Place, way: Way
) -> int:
    """Print what would be made, and what the commit lacks besides; write nothing."""
    lacking = {each.name: each for each in verdicts if each.faults}
    with Problems() as problems:
        _say_skipped(verdicts, place, problems)
        names = [*_wanted(verdicts, place), *outside]
        plans = making.carry_out(names, place, problems, [], way)
        jobs = [each for each in plans if isinstance(each, Job)]
        for job in jobs:
            lacking.pop(_below([os.fspath(job.article.path)], place.root)[0], None)
        needed = {name: each.needed for name, each in lacking.items()}
        found = unstaged.of_articles(staged, needed, place.config, place.root)
        for name, verdict in lacking.items():
            for each in found[name] or verdict.faults:
                problems.add(f"{_shown(name, place)}:{each.line}: {each.message}", each.remedy)
    return max([*(error.exit_code for error in problems.errors), int(bool(jobs or lacking))])


def _say_skipped(verdicts: Iterable[Verdict], place: Place, problems: Problems) -> None:
    for verdict in verdicts:
        for each in verdict.findings:
            if each.code == "skipped":
                problems.skip(each.message, _shown(verdict.name, place), each.line)


def _without_skipped(lacking: Iterable[Verdict], place: Place, problems: Problems) -> list[Verdict]:
    """Return those that lack something, without headers by default that can't be made here."""
    skipped = {path for paths in problems.skipped.values() for path in paths}
    return [each for each in lacking if each.asks or _shown(each.name, place) not in skipped]


def _shown(name: str, place: Place) -> str:
    """Return a name of the repository as seen from the current folder."""
    return os.path.relpath(place.root / name)


def _below(names: Iterable[str], root: Path) -> list[str]:
    """Return those of the files `names` that are below `root`, by their names there."""
    found = (Path(os.path.relpath(os.path.abspath(name), root)).as_posix() for name in names)
    return [name for name in found if not name.startswith(os.pardir)]


def _say_lacks(
    found: Mapping[str, Sequence[Lack]], written: Iterable[Path], place: Place, problems: Problems
) -> list[Path]:
    """Print what the commit lacks besides what was just written, and return what to add."""
    new = {os.path.relpath(path.absolute(), place.root) for path in written}
    rest = [(name, each) for name, lacks in found.items() for each in lacks if each.name not in new]
    for name, lack in rest:
        problems.add(f"{_shown(name, place)}:{lack.line}: {lack.message}", lack.remedy)
        if not _is_article(lack.name):
            _let_git_read(place.root / lack.name)
    return [place.root / lack.name for _, lack in rest if lack.is_addable]


def _say_faults(
    verdicts: Sequence[Verdict], staged: Index, place: Place, problems: Problems
) -> list[Path]:
    """Print what is wrong with articles that are the same on disk, and return what may help."""
    known = {error.path for error in problems.errors}
    unexplained = [each for each in verdicts if _shown(each.name, place) not in known]
    to_add: list[Path] = []
    for verdict in unexplained:
        for fault in verdict.faults:
            place_of = f"{_shown(verdict.name, place)}:{fault.line}"
            problems.add(f"{place_of}: {fault.message}", fault.remedy)
            to_add += _newer_hidden(fault, verdict, place)
            if fault.code == "rewritten":
                for name in verdict.needed:
                    _let_git_read(place.root / name)
    for lack in unstaged.of_files(staged, configs.FILES, place.root) if unexplained else ():
        problems.add(f"{_shown(lack.name, place)}: {lack.message}", lack.remedy)
        to_add.append(place.root / lack.name)
    return to_add


def _let_git_read(path: Path) -> None:
    """Let `git add` read a file again that it takes for unchanged, such as under new attributes.

    Git trusts no time that is not before that of the index (Documentation/technical/racy-git.txt),
    and pre-commit writes the index once more after the hooks.
    """
    soon_s = time.time() + 2
    with suppress(OSError):
        os.utime(path, (soon_s, soon_s), follow_symlinks=False)


def _newer_hidden(fault: Finding, verdict: Verdict, place: Place) -> list[Path]:
    """Return the picture whose newer state pre-commit may have put aside while hooks run."""
    return [place.root / verdict.needed[0]] if fault.remedy == OUTDATED[1] else []


def _not_in_repository(needed: Mapping[str, Iterable[str]], place: Place) -> list[Path]:
    """Return all files of the articles that the repository's own index lacks as they are on disk.

    A commit that is refused takes its own index along: `git commit -a` stages nothing then.
    """
    with index.of_repository(place.root) as own:
        found = unstaged.of_articles(own, needed, place.config, place.root)
        names = [lack.name for lacks in found.values() for lack in lacks if lack.is_addable]
        names += (each.name for each in differences.found(own, place.root, needed))
    return [place.root / name for name in dict.fromkeys(names)]


def _remember(verdicts: Iterable[Verdict], place: Place, *, covers_all: bool) -> None:
    """Let the next hook end at once if nothing changed that concerns these articles."""
    if not place.is_config_named and place.root == Path.cwd().resolve():
        judged = {each.name: each.judged for each in verdicts if not each.stands_in}
        hook_memory.remember(judged, covers_all=covers_all)
