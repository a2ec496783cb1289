"""The scripts for people without the framework: `git config core.hooksPath hooks`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests import repository
from tests.repository import Repository

HOOKS = Path(__file__).resolve().parent.parent / "hooks"
ARTICLE = "---\nheader:\n  sources: [a.png]\n---\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository that has hooks/ in it, and this checkout's headergen on PATH."""
    command = tmp_path / "bin" / "headergen"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m headergen "$@"\n')
    command.chmod(0o755)
    made = repository.create(tmp_path / "repo")
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    made = Repository(made.root, {"PATH": path})
    shutil.copytree(HOOKS, made.root / "hooks")
    Image.new("RGB", (9, 9), "teal").save(made.root / "a.png")
    made.git("add", ".")
    made.git("commit", "--quiet", "-m", "start")
    made.git("config", "core.hooksPath", "hooks")
    return made


def test_pre_commit_fails_until_picture_and_article_are_staged(repo: Repository) -> None:
    repo.write("-rf 猫.md", ARTICLE)
    repo.git("add", ".")
    told = repo.git("commit", "-m", "x", code=1)
    assert "git add -- '-rf 猫.md' 'note_images/-rf 猫.png'" in told
    told = repo.git("commit", "-m", "x", code=1)
    assert "note_images/-rf 猫.png is not staged" in told
    repo.git("add", "note_images")
    told = repo.git("commit", "-m", "x", code=1)
    assert "the article is staged without the line that names note_images/-rf 猫.png" in told
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "x")
    assert b"image: " in repo.committed("-rf 猫.md")


def test_pre_commit_passes_a_commit_without_articles(repo: Repository) -> None:
    repo.write("a.txt", "x")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "x")


def test_pre_commit_says_so_when_headergen_is_not_installed(repo: Repository) -> None:
    bare = Repository(repo.root, {"PATH": "/usr/bin:/bin"})
    bare.write("post.md", ARTICLE)
    bare.git("add", ".")
    assert "neither on PATH nor in .venv" in bare.git("commit", "-m", "x", code=1)


def test_pre_push_stops_an_article_without_its_header(repo: Repository, tmp_path: Path) -> None:
    repo.git("init", "--quiet", "--bare", str(tmp_path / "remote"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote"))
    repo.git("push", "--quiet", "origin", "main")
    repo.write("post.md", ARTICLE)
    repo.git("add", ".")
    repo.git("commit", "--quiet", "--no-verify", "-m", "x")
    assert "post.md:2: missing: " in repo.git("push", "origin", "main", code=1)
    repo.headergen("run")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "y")
    repo.git("push", "--quiet", "origin", "main", "main:new")
    repo.git("push", "--quiet", "origin", ":new")
