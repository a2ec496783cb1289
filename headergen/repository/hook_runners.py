"""How `git commit` comes to run headergen: the tool that runs a repository's hooks, if any."""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from headergen.repository import git

PRE_COMMIT = """\
- repo: local
  hooks:
    - id: headergen
      name: headergen
      entry: headergen hook
      args: [--]
      language: system
      files: '\\.(md|markdown|mdx|qmd)$'
      always_run: true
      require_serial: true
"""
PREK = """\
[[repos]]
repo = "local"

[[repos.hooks]]
id = "headergen"
name = "headergen"
entry = "headergen hook"
args = ["--"]
language = "system"
always_run = true
require_serial = true
"""
LEFTHOOK = """\
pre-commit:
  jobs:
    - name: headergen
      run: headergen hook
"""
COMMAND = "headergen hook\n"
SCRIPT = """\
#!/bin/sh
# Give the articles of a commit their headers. Written by `headergen init`.
if command -v headergen >/dev/null 2>&1; then
    exec headergen hook -- "$@"
elif [ -x .venv/bin/headergen ]; then
    exec .venv/bin/headergen hook -- "$@"
fi
echo "headergen is neither on PATH nor in .venv: install it, or commit with --no-verify" >&2
exit 1
"""
# A merge without conflicts is a commit as well: each side may be whole, and both not.
MERGE_SCRIPT = """\
#!/bin/sh
exec "$(dirname "$0")/pre-commit"
"""


@dataclass(frozen=True)
class Hook:
    """What makes `git commit` run headergen.

    `file` is to contain `text`. Where the text is None, the file is left alone, and `by_hand` is
    what the author adds to it; where both are None, headergen is in it already. `then` is the
    command that turns the hook on, if it takes one.
    """

    runner: str
    file: Path
    text: str | None
    by_hand: str | None = None
    then: str | None = None
    is_executable: bool = False


def find(root: Path) -> Hook:
    """Return what to write for the tool that runs the hooks of the repository at `root`."""
    for names, make in _RUNNERS:
        for name in names:
            if (root / name).exists():
                return make(root / name)
    return _of_git(root)


def _of_pre_commit(file: Path) -> Hook:
    text = _read(file)
    then = "pre-commit install"
    if "headergen" in text:
        return Hook("pre-commit", file, None, then=then)
    entries = re.findall(r"(?m)^( *)- *repo *:", text)
    added = textwrap.indent(PRE_COMMIT, entries[-1] if entries else "  ")
    new = f"{text.rstrip()}\n{added}"
    if _adds(yaml.safe_load, text, new, "repos", yaml.safe_load(PRE_COMMIT)):
        return Hook("pre-commit", file, new, then=then)
    return Hook("pre-commit", file, None, f"below `repos:`\n{PRE_COMMIT}", then)


def _of_prek(file: Path) -> Hook:
    text, then = _read(file), "prek install"
    if "headergen" in text:
        return Hook("prek", file, None, then=then)
    new = f"{text.rstrip()}\n\n{PREK}"
    if _adds(tomllib.loads, text, new, "repos", tomllib.loads(PREK)["repos"]):
        return Hook("prek", file, new, then=then)
    return Hook("prek", file, None, PREK, then)


def _of_lefthook(file: Path) -> Hook:
    text, then = _read(file), "lefthook install"
    if "headergen" in text:
        return Hook("lefthook", file, None, then=then)
    new = f"{text.rstrip()}\n\n{LEFTHOOK}".lstrip()
    wanted = yaml.safe_load(LEFTHOOK)
    if file.suffix in (".yml", ".yaml") and _adds(yaml.safe_load, text, new, "pre-commit", wanted):
        return Hook("lefthook", file, new, then=then)
    return Hook("lefthook", file, None, LEFTHOOK, then)


def _of_husky(folder: Path) -> Hook:
    file = folder / "pre-commit"
    text = _read(file) if file.is_file() else ""
    if "headergen" in text:
        return Hook("husky", file, None)
    last = text.rstrip().rpartition("\n")[2].split()
    if last and last[0] in ("exec", "exit"):
        return Hook("husky", file, None, COMMAND)
    return Hook("husky", file, f"{text.rstrip()}\n{COMMAND}".lstrip())


def _of_git(root: Path) -> Hook:
    """Return git's own hook, in this clone alone; a hook that exists is left alone."""
    file = git.path_in_git_folder(root, "hooks/pre-commit")
    if not file.exists():
        return Hook("git", file, SCRIPT, is_executable=True)
    by_hand = None if "headergen" in _read(file) else "headergen hook || exit 1\n"
    return Hook("git", file, None, by_hand)


_RUNNERS: tuple[tuple[tuple[str, ...], Callable[[Path], Hook]], ...] = (
    ((".pre-commit-config.yaml",), _of_pre_commit),
    (("prek.toml",), _of_prek),
    (
        tuple(f"{dot}lefthook.{suffix}" for dot in ("", ".") for suffix in ("yml", "yaml", "toml")),
        _of_lefthook,
    ),
    ((".husky",), _of_husky),
)


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def _adds(load: Callable[[str], Any], old: str, new: str, key: str, added: Any) -> bool:
    """Check that the new text says what the old one says, and `added` under `key`, alone."""
    try:
        before, after = load(old) or {}, load(new)
    except (ValueError, yaml.YAMLError):
        return False
    if not isinstance(before, dict) or not isinstance(after, dict):
        return False
    if isinstance(added, list):
        wanted = before | {key: [*(before.get(key) or []), *added]}
        return bool(after == wanted)
    return key not in before and bool(after == before | added)
