"""`headergen check`: report, and change nothing."""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from headergen.cli.commands.place import find_place
from headergen.cli.terminal import Problems, printable, say, say_json, tell
from headergen.errors import UsageError
from headergen.report import check
from headergen.report.check import ERROR, NOTE, WARNING, Finding
from headergen.repository import git
from headergen.wording import counted

# How many articles a line about files to stage names.
_MOST_NAMED = 3


@dataclass(frozen=True)
class _Checked:
    """What was found in `articles` articles, of the git repository at `root` if there is one.

    `known` findings are in the baseline, and `gone` ones of it are found no more.
    """

    findings: list[Finding]
    articles: int
    root: Path | None
    known: int = 0
    gone: int = 0


def run(arguments: Namespace) -> int:
    """Print what is missing, stale or unfit; the exit code is that of the worst finding."""
    checked = _of_commit(arguments) if arguments.commit else _on_disk(arguments)
    if arguments.baseline:
        checked = _without_known(checked, arguments.baseline)
    say_all = {"text": _say_text, "json": _say_json, "github": _say_for_github}
    say_all[arguments.format](checked)
    allowed = {"stand-in"} if arguments.allow_stand_ins else set()
    return max((each.exit_code for each in checked.findings if each.code not in allowed), default=0)


def _on_disk(arguments: Namespace) -> _Checked:
    place = find_place(arguments)
    paths = arguments.paths or [Path()]
    names, skipped = place.articles_at(paths)
    whole = any(path.resolve() == place.root for path in paths)
    with _collecting_nothing():
        found = check.check(names, place.config, place.root, in_git=place.in_git, whole=whole)
    found += [check.of_error(str(error.path), error) for error in skipped]
    return _Checked(found, len(names), place.root if place.in_git else None)


def _of_commit(arguments: Namespace) -> _Checked:
    """Check the articles of a commit: all of them, or those below the paths that are named.

    Raises:
        UsageError: this is no git repository.
        GitError: there is no such commit.
    """
    from headergen.report.clone import Clone
    from headergen.repository import index

    root = git.find_root(Path.cwd()) or git.find_bare(Path.cwd())
    if root is None:
        raise UsageError("--commit needs a git repository")
    with index.of_commit(root, arguments.commit) as files:
        clone = Clone(files, root, arguments.config)
        below = [Path(os.path.relpath(path.absolute(), root)) for path in arguments.paths]
        names = [
            name
            for name in clone.articles
            if not below or any(Path(name).is_relative_to(path) for path in below)
        ]
        found = [each for verdict in clone.judge(names) for each in verdict.findings]
        found.sort(key=lambda finding: (finding.path, finding.line))
    return _Checked(found, len(names), None)


def _without_known(checked: _Checked, file: Path) -> _Checked:
    """Leave out what the baseline knows; write it if there is none.

    Raises:
        UsageError: it cannot be read or written; or there is none in CI, where it would vanish.
    """
    from headergen.report import baseline

    below = [replace(each, path=_below(each.path, checked.root)) for each in checked.findings]
    if not file.exists():
        if os.environ.get("CI"):
            remedy = "run the same command once on your machine, and commit the file"
            raise UsageError(f"the baseline {file} does not exist", remedy=remedy)
        number = baseline.write(file, below)
        say(f"{file}: {counted(number, 'finding')} written: commit this file", sys.stderr)
    known = baseline.read(file)
    new = set(map(id, baseline.without(below, known)))
    rest = [each for each, same in zip(checked.findings, below, strict=True) if id(same) in new]
    number = len(checked.findings) - len(rest)
    return replace(checked, findings=rest, known=number, gone=baseline.gone(below, known))


def _below(path: str, root: Path | None) -> str:
    """Return a path as it is from the repository's root."""
    name = os.path.relpath(os.path.abspath(path), root) if root else path
    return Path(name).as_posix()


def _say_json(checked: _Checked) -> None:
    say_json([each.as_json for each in checked.findings])


def _say_text(checked: _Checked) -> None:
    to_add = [each for each in checked.findings if each.to_add and checked.root]
    with Problems(sys.stdout) as problems:
        for found in checked.findings:
            if found.code == "skipped":
                problems.skip(found.message, found.path, found.line)
            elif found not in to_add:
                line = f"{found.path}:{found.line}: {found.severity}: {found.code}: {found.message}"
                problems.add(line, found.remedy)
        if to_add:
            problems.add(_not_staged(to_add))
    tell(_closing(checked))
    if to_add and checked.root:
        from headergen.cli.commands.staging import say_what_to_add  # where something is to be added

        say_what_to_add([path for each in to_add for path in each.to_add], checked.root)


def _not_staged(found: Sequence[Finding]) -> str:
    """Return one line for all files that `git add` alone completes."""
    places = list(dict.fromkeys(f"{each.path}:{each.line}" for each in found))
    names = ", ".join(places[:_MOST_NAMED]) + (", …" if places[_MOST_NAMED:] else "")
    number = len({path for each in found for path in each.to_add})
    are = "file is" if number == 1 else "files are"
    return f"{ERROR}: not-in-index: {number} {are} not staged as on disk ({names})"


def _closing(checked: _Checked) -> str:
    counts = Counter(each.severity for each in checked.findings)
    said = [counted(counts[name], name) for name in (ERROR, WARNING, NOTE) if counts[name]]
    if checked.known:
        said.append(f"{checked.known} known from the baseline")
    if checked.gone:
        said.append(f"{checked.gone} of the baseline found no more (delete it to write it again)")
    return f"{counted(checked.articles, 'article')} checked: {', '.join(said) or 'all is well'}"


# Commands of a workflow (docs.github.com, "Workflow commands for GitHub Actions"; the escapes are
# those of actions/toolkit, packages/core/src/command.ts).
_LEVELS = {ERROR: "error", WARNING: "warning", NOTE: "notice"}


def _say_for_github(checked: _Checked) -> None:
    for each in checked.findings:
        place = f"file={_property(_below(each.path, checked.root))},line={each.line}"
        title = f"title=headergen%3A {each.code}"
        print(f"::{_LEVELS[each.severity]} {place},{title}::{_escaped(each.text)}")
    tell(_closing(checked))


def _escaped(text: str) -> str:
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Keep Python from looking for cyclic garbage time and again: reading articles makes none."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
