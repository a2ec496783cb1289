"""`headergen tidy`: list, or delete, the pictures that headergen made and no article needs."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterable, Sequence

from headergen.cli.commands.place import Place, find_place
from headergen.cli.commands.staging import say_what_to_add
from headergen.cli.terminal import Problems, say, say_json, tell
from headergen.errors import UsageError
from headergen.report import orphans
from headergen.report.orphans import Found, Orphan
from headergen.wording import counted, megabytes

_NOT_IN_GIT = "git could not bring it back"


def run(arguments: Namespace) -> int:
    """Print the pictures; with `--delete`, delete those that git can bring back.

    Returns 1 if any is left, 2 if it is not certain that nothing needs them.
    """
    place = find_place(arguments)
    if not place.in_git:
        raise UsageError("tidy needs a git repository", remedy="run it in one")
    found = orphans.find(place.config, place.root)
    if found.doubts:
        _say_doubts(found)
        return UsageError.exit_code
    deleted = _delete(found.orphans) if arguments.delete else []
    if arguments.json:
        say_json([_as_json(each, is_deleted=each in deleted) for each in found.orphans])
    else:
        _say(found.orphans, deleted, place, delete=arguments.delete)
    return 0 if len(deleted) == len(found.orphans) else 1


def _say_doubts(found: Found) -> None:
    with Problems() as problems:
        for error in found.doubts:
            problems.add_error(error)
        message = "nothing is listed: what cannot be read may need any picture"
        problems.add(f"headergen: {message}")


def _delete(found: Iterable[Orphan]) -> list[Orphan]:
    """Delete what is committed, and return it."""
    deleted = [each for each in found if each.is_committed]
    for each in deleted:
        each.path.unlink()
    return deleted


def _say(found: Sequence[Orphan], deleted: Sequence[Orphan], place: Place, *, delete: bool) -> None:
    for each in found:
        notes = ["deleted"] if each in deleted else []
        notes += [megabytes(each.size_bytes), *([] if each.is_committed else [_NOT_IN_GIT])]
        say(f"{os.path.relpath(each.path)} ({', '.join(notes)})")
    left = len(found) - len(deleted)
    if not found:
        tell("nothing to do: an article needs each picture that headergen made")
    elif not delete:
        say(f"{counted(left, 'picture')} that no article needs")
    elif left:
        say(f"{counted(left, 'picture')} kept: delete by hand what git could not bring back")
    if deleted:
        say_what_to_add([each.path for each in deleted], place.root)


def _as_json(each: Orphan, *, is_deleted: bool) -> dict[str, object]:
    return {
        "path": os.path.relpath(each.path),
        "size_bytes": each.size_bytes,
        "committed": each.is_committed,
        "deleted": is_deleted,
    }
