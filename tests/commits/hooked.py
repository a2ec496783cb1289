"""Repositories whose commits run headergen, in each of the ways that an author can set it up."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from PIL import Image

from headergen.article import article as articles
from tests.support import repository
from tests.support.paths import CHECKOUT
from tests.support.repository import Repository

FRAMEWORKS = ("pre-commit", "prek")
WAYS = (*FRAMEWORKS, "scripts")

ARTICLE = """\
---
title: The sea
header:
  sources: [/sea.png]
---
First line.

Second line.

Last line.
"""
# Small headers are soon made.
SETTINGS = "header: {width: 64, height: 34}\n"
CONFIG = """\
repos:
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


def environment(folder: Path) -> dict[str, str]:
    """Put this checkout's headergen and the frameworks on PATH; their caches go into `folder`."""
    command = folder / "bin" / "headergen"
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m headergen "$@"\n')
    command.chmod(0o755)
    path = [str(command.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {
        "PATH": os.pathsep.join(path),
        "PRE_COMMIT_HOME": str(folder / "pre-commit"),
        "PREK_HOME": str(folder / "prek"),
    }


def fill(root: Path, environ: dict[str, str], way: str) -> Repository:
    """Make a repository without commits at `root`, all staged, its hooks set up in one `way`."""
    repo = Repository(repository.create(root).root, environ)
    repo.write("headergen.yaml", SETTINGS)
    repo.write(".pre-commit-config.yaml", CONFIG)
    shutil.copytree(CHECKOUT / "hooks", root / "hooks")
    Image.new("RGB", (64, 34), "teal").save(root / "sea.png")
    repo.git("add", ".")
    install(repo, way)
    return repo


def install(repo: Repository, way: str) -> None:
    """Have `git commit` run headergen."""
    if way == "scripts":
        repo.git("config", "core.hooksPath", "hooks")
    else:
        repo.run(way, "install", "--hook-type", "pre-commit", "--hook-type", "pre-merge-commit")


def is_whole(repo: Repository, name: str = "post.md") -> bool:
    """Tell whether HEAD holds the article, its line for the picture, and the picture."""
    found = articles.parse(Path(name), repo.committed(name))
    return (
        found is not None
        and found.image is not None
        and repo.committed(str(Path(name).parent / found.image)).startswith(b"\x89PNG")
    )


def is_staged_for_deletion(repo: Repository, name: str) -> bool:
    """Tell whether the next commit would delete the file."""
    return repo.git("diff", "--cached", "--name-only", "--diff-filter=D", "--", name) != ""


def stage(repo: Repository, name: str, data: str) -> None:
    """Stage `data` for a file whatever it is on disk, as `git add --patch` does."""
    written = repo.write("staged", data)
    blob = repo.git("hash-object", "-w", "staged").strip()
    written.unlink()
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
