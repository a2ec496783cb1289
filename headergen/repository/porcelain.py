"""Run git, and let it say what differs.

Part of what a hook loads when there is nothing to do, so it imports as little as it can.
"""

from __future__ import annotations

import os
import sys

from headergen.errors import GitError

TYPE_CHECKING = False  # to import collections takes longer than all of this
if TYPE_CHECKING:
    from collections.abc import Collection

# With more, git spends longer on matching paths than on looking at a whole folder (5 s against
# 60 ms for 10,000 of 15,000 files); and a command line on Windows ends at 32,767 characters.
MOST_PATHSPECS = 100

# No lock, no index written; names are names, whatever is in them.
_HARMLESS = ("--no-optional-locks", "--literal-pathspecs", "-c", "diff.relative=false")

# An author's shell may set these; git refuses each of them beside --literal-pathspecs.
_PATHSPEC_VARIABLES = (
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
)


def ask(root: str, command: str, *arguments: str, stdin: bytes = b"") -> bytes:
    """Return what git says in the working tree `root`.

    Raises:
        GitError: git is not installed or fails.
    """
    question = call(root, command, *arguments)
    answer = None if stdin else _answer(question)
    return _answer_or_reason(question, stdin) if answer is None else answer


def call(root: str, command: str, *arguments: str) -> list[str]:
    """Return the command line by which git is asked in the working tree `root`."""
    return ["git", "-C", root, *_HARMLESS, command, *arguments]


def environment() -> dict[str, str]:
    """Return the environment in which git is asked: names are read as they are.

    Objects too: a clone does not get the objects that git shows in their place (git-replace(1)).
    """
    kept = {name: text for name, text in os.environ.items() if name not in _PATHSPEC_VARIABLES}
    return {**kept, "GIT_NO_REPLACE_OBJECTS": "1"}


def _answer(call: list[str]) -> bytes | None:
    """Run git without `subprocess`, which takes longer to import than git does to answer.

    None: it failed, or this system cannot do it so.
    """
    if sys.platform == "win32":
        return None
    reading, writing = os.pipe()
    streams = [
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    with open(reading, "rb") as output:
        try:
            process = os.posix_spawnp(call[0], call, environment(), file_actions=streams)
        except OSError:
            return None
        finally:
            os.close(writing)
        answer = output.read()
    try:
        return answer if os.waitpid(process, 0)[1] == 0 else None
    except ChildProcessError:  # whoever started headergen has SIGCHLD ignored
        return None


def _answer_or_reason(call: list[str], stdin: bytes, accepted: tuple[int, ...] = (0,)) -> bytes:
    import subprocess

    try:
        done = subprocess.run(
            call, input=stdin, capture_output=True, check=False, env=environment()
        )
    except FileNotFoundError as error:
        raise GitError("git is not installed or not on PATH") from error
    if done.returncode not in accepted:
        reason = os.fsdecode(done.stderr).strip()
        raise GitError(f"git cannot tell what is staged: {reason}")
    return done.stdout


def status_entries(root: str, names: Collection[str]) -> list[bytes]:
    """Ask how the files `names` (relative to `root`) differ between HEAD, the index and the disk.

    Returns:
        Entries of `git status --porcelain=v2`, for other files as well where `names` are many. A
        file without one is committed and the same everywhere.

    Raises:
        GitError: as `ask`.
    """
    # Individual ignored files are listed only with --untracked-files=all.
    options = ["--porcelain=v2", "-z", "--no-renames", "--ignored", "--untracked-files=all"]
    output = ask(root, "status", *options, "--", *pathspecs(names))
    return list(filter(None, output.split(b"\0")))


def ignored(root: str, names: Collection[str]) -> set[str]:
    """Return those of the files `names` (relative to `root`) that git ignores and does not track.

    Raises:
        GitError: git is not installed or cannot read the repository.
    """
    if not names:
        return set()
    questions = b"".join(os.fsencode(name) + b"\0" for name in names)
    question = call(root, "check-ignore", "-z", "--stdin")
    try:
        # It ends with 1 where it has nothing to say.
        output = _answer_or_reason(question, questions, accepted=(0, 1))
    except GitError:  # git-check-ignore(1) refuses names behind a link or in a submodule
        entries = status_entries(root, names)
        output = b"\0".join(entry[2:] for entry in entries if entry.startswith(b"! "))
    return {os.fsdecode(name) for name in output.split(b"\0")}.intersection(names)


def differences(root: str, tree: str) -> list[tuple[str, str]]:
    """List the names whose entries in the index differ from `tree`, each with its new blob's id.

    The id of what was deleted is all zeros. Of what is or was a symbolic link it is "".

    Raises:
        GitError: git does not know `tree`, or cannot read the index.
    """
    options = ["--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=none"]
    fields = ask(root, "diff-index", *options, tree, "--").split(b"\0")
    return [
        (os.fsdecode(name), _new_blob(facts))
        for facts, name in zip(fields[::2], fields[1::2], strict=False)
    ]


def _new_blob(facts: bytes) -> str:
    """Return the blob of a line `:mode mode blob blob status`; "" if one mode is a link's."""
    modes, blob = facts.split(b" ")[:2], facts.split(b" ")[3]
    return "" if any(mode.endswith(b"120000") for mode in modes) else blob.decode("ascii")


def pathspecs(names: Collection[str]) -> list[str]:
    """Return `names`, or, when they are many, the folder that holds them all."""
    if len(names) > MOST_PATHSPECS:
        return [os.path.commonpath([os.path.dirname(name) for name in names]) or os.curdir]
    return sorted(names)
