"""The main path as an author walks it: hook, `git commit`, the printed `git add`, `git commit`."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.support import repository
from tests.support.headers import header_of
from tests.support.paths import CHECKOUT
from tests.support.repository import Repository

COMPOSITE = """\
---
title: 推しゲーム2選  # two of them
header:
    sources:
        - ../assets/one.png   # the first
        - ../assets/two.webp
tags: [games]
---
本文。
"""
PROMPT = "---\ntitle: Sea\nheader: {prompt: 夕焼けの海辺に立つ少女, seed: 7}\n---\nBody.\n"


def local_hook(identifier: str = "headergen", command: str = "hook") -> str:
    """Give a pre-commit config that runs this checkout's headergen."""
    return f"""\
repos:
- repo: local
  hooks:
  - id: {identifier}
    name: {identifier}
    entry: {shlex.quote(sys.executable)} -m headergen {command}
    args: [--]
    language: unsupported
    files: '\\.(md|markdown|mdx|qmd)$'
    require_serial: true
"""


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    """A repository with one commit, two source pictures, and pre-commit's hook installed."""
    made = repository.create(tmp_path / "repo")
    made.write_sources("assets/one.png", "assets/two.webp")
    made.write(".pre-commit-config.yaml", local_hook())
    made.git("add", ".")
    made.git("commit", "--quiet", "-m", "start")
    made.run(sys.executable, "-m", "pre_commit", "install")
    return made


def git_add_line(output: str) -> list[str]:
    """Find the one line that completes the commit, and split it as a shell does."""
    (line,) = re.findall(r"git add -- .*", output)
    return shlex.split(line)


def added_lines(work: Repository, name: str, before: str) -> list[str]:
    """Return the lines that the committed article has and the author's did not, the rest equal."""
    committed = work.committed(name).decode().split("\n")
    written = before.split("\n")
    new = [line for line in committed if line not in written]
    assert [line for line in committed if line in written] == written
    return [re.sub(r"'?[0-9a-f]{8}'?$", "…", line.strip()) for line in new]


def header_size(work: Repository, name: str) -> tuple[int, int]:
    out = work.root.parent / "header"
    out.write_bytes(work.committed(name))
    with Image.open(out) as header:
        header.load()
        return header.size


@pytest.mark.slow
def test_two_articles_from_frontmatter_to_a_commit_that_holds_their_headers(
    work: Repository, tiny_zimage: Path
) -> None:
    (work.root / "tiny").symlink_to(tiny_zimage)
    work.write(".gitignore", "tiny\n")
    work.write("headergen.yaml", "image: {model: ./tiny, device: cpu}\n")
    prompt = PROMPT.replace("header: {prompt", "header:\n  prompt").replace(", seed: 7}", "")
    work.write("articles/games.md", COMPOSITE)
    work.write("articles/sea side.md", prompt)
    work.git("add", ".")

    told = work.git("commit", "-m", "articles", code=1)
    assert f"articles/games.md: {header_of('games')} (composed of 2 pictures)" in told
    assert f"articles/sea side.md: {header_of('sea side')} (painted by tiny, " in told

    work.run(*git_add_line(told))
    work.git("commit", "--quiet", "-m", "articles")
    assert work.git("status", "--porcelain") == ""
    for name, before in (("games", COMPOSITE), ("sea side", prompt)):
        assert header_size(work, f"articles/{header_of(name)}") == (1280, 670)
        added = [f"image: {header_of(name)}", "digest: …"]
        assert added_lines(work, f"articles/{name}.md", before) == added


@pytest.mark.slow
def test_a_second_commit_without_the_picture_fails_and_says_so(work: Repository) -> None:
    work.write("articles/games.md", COMPOSITE)
    work.git("add", ".")
    work.git("commit", "-m", "x", code=1)
    work.git("add", "articles/games.md")
    told = work.git("commit", "-m", "x", code=1)
    assert f"{header_of('games')} is not staged" in told
    assert git_add_line(told)[3:] == [f"articles/{header_of('games')}"]


@pytest.mark.slow
def test_a_second_commit_with_neither_staged_reuses_the_picture(work: Repository) -> None:
    work.write("articles/games.md", COMPOSITE)
    work.git("add", ".")
    work.git("commit", "-m", "x", code=1)
    header = work.root / "articles" / header_of("games")
    made = header.stat().st_mtime_ns
    told = work.git("commit", "-m", "x", code=1)
    assert "made by an earlier run" in told
    assert header.stat().st_mtime_ns == made
    work.run(*git_add_line(told))
    work.git("commit", "--quiet", "-m", "x")


@pytest.mark.slow
def test_commit_all_does_not_leave_the_picture_behind(work: Repository) -> None:
    work.write("articles/games.md", COMPOSITE)
    work.git("add", ".")
    work.git("commit", "-m", "x", code=1)
    told = work.git("commit", "-am", "x", code=1)
    work.run(*git_add_line(told))
    work.git("commit", "--quiet", "-am", "x")
    assert header_size(work, f"articles/{header_of('games')}") == (1280, 670)


@pytest.mark.slow
def test_all_files_makes_everything_that_is_missing(work: Repository) -> None:
    for name in ("a", "b"):
        work.write(f"articles/{name}.md", COMPOSITE)
    work.git("add", ".")
    work.git("commit", "--quiet", "--no-verify", "-m", "x")
    told = work.run(sys.executable, "-m", "pre_commit", "run", "--all-files", code=1)
    assert header_of("a") in told
    assert header_of("b") in told
    work.run(*git_add_line(told))
    work.run(sys.executable, "-m", "pre_commit", "run", "--all-files")


@pytest.mark.slow
def test_the_check_hook_reports_and_changes_nothing(work: Repository) -> None:
    work.write(".pre-commit-config.yaml", local_hook("headergen-check", "check"))
    article = work.write("articles/games.md", COMPOSITE)
    work.git("add", ".")
    told = work.git("commit", "-m", "x", code=1)
    assert "articles/games.md:3: error: missing: " in told
    assert article.read_text() == COMPOSITE


def test_the_published_hooks_are_a_valid_manifest() -> None:
    Repository(CHECKOUT).run(
        sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"
    )


@pytest.mark.slow
def test_try_repo_installs_the_light_hook_and_it_works(work: Repository, tmp_path: Path) -> None:
    work = Repository(work.root, {"PRE_COMMIT_HOME": str(tmp_path / "cache")})
    work.write("articles/games.md", COMPOSITE)
    work.git("add", ".")
    arguments = ["try-repo", str(CHECKOUT), "headergen", "--files", "articles/games.md"]
    told = work.run(sys.executable, "-m", "pre_commit", *arguments, code=1)
    assert f"articles/games.md: {header_of('games')} (composed of 2 pictures)" in told
    assert git_add_line(told)
