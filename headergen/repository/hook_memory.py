"""Let a hook that has nothing to do end at once, before PyYAML, argparse and the rest are loaded.

It goes by records, one for each article that an earlier hook looked at and left as it was. A
record seals whatever that verdict came of, byte for byte, so that any change leads to a closer
look. What is staged is no part of it: git is asked every time. Records lie in `.git/headergen`; a
lost or damaged one costs a closer look and nothing else.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from headergen import __version__
from headergen.errors import HeadergenError
from headergen.repository.porcelain import status_entries

FOLDER = os.path.join(".git", "headergen")


def nothing_to_do(arguments: Sequence[str]) -> bool:
    """Tell whether `arguments` ask for a hook on articles that need nothing and are staged.

    False says no more than that a closer look is due; whatever goes wrong here, that look tells.
    """
    names = _hook_files(arguments)
    try:
        found = list(filter(None, map(_remembered_pictures, names)))
        pictures = [picture for each in found for picture in each]
        return 0 < len(names) == len(found) and _is_staged([*names, *pictures])
    except (OSError, ValueError, HeadergenError):
        return False


def remember(
    name: str,
    frontmatter: bytes,
    pictures: Sequence[str],
    inputs: Sequence[str],
    confirm: Callable[[], bool],
) -> None:
    """Record that an article needs nothing until something changes that this verdict came of.

    All names are relative to the repository's root, which must be the current folder.

    Args:
        name: The article's.
        frontmatter: The article's first bytes, to the end of the line that closes its frontmatter.
        pictures: The header that it names, and its cuts.
        inputs: All other files that the verdict came of; they need not exist.
        confirm: Looks again, after the files were read for the record and before it is kept.
    """
    with suppress(OSError):  # a read-only repository, or a worktree, whose .git is a file
        seal = _seal(name, frontmatter, [*pictures, *inputs])
        if confirm():
            os.makedirs(FOLDER, exist_ok=True)
            with open(_record_of(name), "wb") as file:
                numbers = [str(len(frontmatter)), str(len(pictures))]
                file.write(os.fsencode("\0".join([seal, *numbers, *pictures, *inputs])))


def _hook_files(arguments: Sequence[str]) -> list[str]:
    """Return the files of `hook FILE …` and `hook -- FILE …`, none with any other option."""
    files = list(arguments[2 if arguments[1:2] == ["--"] else 1 :])
    is_plain = arguments[:1] == ["hook"] and not any(name.startswith("-") for name in files)
    return files if is_plain else []


def _remembered_pictures(name: str) -> list[str]:
    """Return the pictures of an article that needs nothing; none if it has to be checked.

    Raises:
        OSError, ValueError: there is no such record, or it is damaged.
    """
    with open(_record_of(name), "rb") as file:
        seal, length, count, *inputs = os.fsdecode(file.read()).split("\0")
    with open(name, "rb") as article:
        frontmatter = article.read(int(length))
    return inputs[: int(count)] if seal == _seal(name, frontmatter, inputs) else []


def _record_of(name: str) -> str:
    return os.path.join(FOLDER, hashlib.sha256(os.fsencode(name)).hexdigest())


def _seal(name: str, frontmatter: bytes, inputs: Iterable[str]) -> str:
    """Hash the files' bytes and places, and which headergen it is that judges them."""
    parts = [__version__, __file__, os.path.realpath(name), hashlib.sha256(frontmatter).hexdigest()]
    parts += (f"{os.path.realpath(path)}\0{_digest_of(path)}" for path in inputs)
    return hashlib.sha256(os.fsencode("\0".join(parts))).hexdigest()


def _digest_of(path: str) -> str:
    if not os.path.isfile(path):
        return ""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_staged(names: Sequence[str]) -> bool:
    """Tell whether each of `names` is in the index as it is on disk; `1 M.` differs from HEAD."""
    entries = status_entries(os.curdir, names)
    return all(entry.startswith(b"1 ") and entry[3:4] == b"." for entry in entries)
