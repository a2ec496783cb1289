"""What git does to the bytes of a file when it is added or checked out (gitattributes(5))."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from headergen.repository import git, porcelain
from headergen.repository.index import Index, variables

FILE = ".gitattributes"

_ASKED = ("text", "crlf", "eol", "working-tree-encoding", "filter", "ident")

Attributes = Mapping[str, str]


def of(root: Path, names: Iterable[str], *, staged: bool = True) -> Mapping[str, Attributes]:
    """Return the attributes of the files `names`.

    `staged`: as a fresh clone on another machine has them, so from the index alone. Otherwise as
    `git add` has them: from the disk, and from what this machine sets.

    Raises:
        GitError: git is not installed or fails.
    """
    asked = os.fsencode("\0".join(names))
    if not asked:
        return {}
    if staged:
        output = _of_index(root, asked)
    else:
        output = porcelain.ask(os.fspath(root), "check-attr", "-z", "--stdin", *_ASKED, stdin=asked)
    found: dict[str, dict[str, str]] = {}
    fields = os.fsdecode(output).split("\0")
    for name, attribute, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        found.setdefault(name, {})[attribute] = value
    return found


def _of_index(root: Path, asked: bytes) -> bytes:
    """Ask git for attributes, without the files of them that are this machine's own.

    Nothing but another git folder makes git pass over its `info/attributes`.
    """
    nowhere = f"core.attributesFile={os.devnull}"
    question = ("-c", nowhere, "check-attr", "--cached", "-z", "--stdin", *_ASKED)
    own = git.path_in_git_folder(root, "info/attributes")
    if not own.is_file():
        return porcelain.ask(os.fspath(root), *question, stdin=asked)
    places = {
        "GIT_INDEX_FILE": os.environ.get("GIT_INDEX_FILE") or _absolute(root, "index"),
        "GIT_OBJECT_DIRECTORY": _absolute(root, "objects"),
    }
    kind = os.fsdecode(porcelain.ask(os.fspath(root), "rev-parse", "--show-object-format"))
    with TemporaryDirectory(prefix="headergen-") as folder:
        new = ("init", "--quiet", "--bare", "--template=", f"--object-format={kind.strip()}")
        porcelain.ask(os.fspath(root), *new, folder)
        with variables(GIT_DIR=folder, GIT_WORK_TREE=os.fspath(root), **places):
            return porcelain.ask(os.fspath(root), *question, stdin=asked)


def _absolute(root: Path, name: str) -> str:
    return os.path.abspath(git.path_in_git_folder(root, name))


def is_large(attributes: Attributes) -> bool:
    """Check whether git keeps a pointer of Git LFS in the file's place."""
    return attributes.get("filter") == "lfs"


def mending(attributes: Attributes) -> str:
    """Return the attributes with which git leaves a picture as it is; "" if it already does.

    Git itself finds out that a picture is no text if `text` is `auto`. What it does to a pointer of
    Git LFS does not concern the picture.
    """
    if is_large(attributes):
        return ""
    changes = {
        "-text": _is_text(attributes),
        "-working-tree-encoding": _is_given(attributes, "working-tree-encoding"),
        "-filter": _is_given(attributes, "filter"),
        "-ident": _is_given(attributes, "ident"),
    }
    return " ".join(each for each, is_needed in changes.items() if is_needed)


def mending_of_text(attributes: Attributes, data: bytes) -> str:
    """Return the attributes with which an article is the same on disk as in git; "" if it is.

    `data` is what git stores. Line ends don't matter to an article.
    """
    changes = {
        "-working-tree-encoding": _is_given(attributes, "working-tree-encoding"),
        "-ident": b"$Id" in data and _is_given(attributes, "ident"),
    }
    return " ".join(each for each, is_needed in changes.items() if is_needed)


def _is_text(attributes: Attributes) -> bool:
    """Check whether line ends are changed (git/git, convert.c, `convert_attrs`)."""
    text = attributes.get("text", "unspecified")
    if text == "unspecified":
        text = attributes.get("crlf", "unspecified")
    has_ends = attributes.get("eol") in ("lf", "crlf")
    return text in ("set", "input") or (text == "unspecified" and has_ends)


def _is_given(attributes: Attributes, name: str) -> bool:
    return attributes.get(name, "unspecified") not in ("unspecified", "unset")


def line_for(index: Index, name: str, change: str) -> tuple[str, str]:
    """Return the attributes file whose last line counts for the file `name`, and such a line."""
    folder = posixpath.dirname(name)
    while folder and posixpath.join(folder, FILE) not in index.entries:
        folder = posixpath.dirname(folder)
    suffix = posixpath.splitext(name)[1]
    return posixpath.join(folder, FILE), f"*{suffix} {change}" if suffix else f"* {change}"
