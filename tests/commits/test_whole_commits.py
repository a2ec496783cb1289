"""A commit that passed the hook is whole in a fresh clone, whatever is on disk or told to git.

Each test goes through the hooks of pre-commit and through the scripts in `hooks/`.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commits import hooked
from tests.commits.hooked import ARTICLE
from tests.support.headers import header_of
from tests.support.repository import Repository

PICTURE = header_of("post")
CARD = "---\ntitle: T\nheader: {card: true}\n---\nBody.\n"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Repository]:
    """Make a repository with one commit for each way, once; copying it is quicker."""
    environ = hooked.environment(tmp_path_factory.mktemp("environment"))

    @functools.cache
    def made(way: str) -> Repository:
        work = hooked.fill(tmp_path_factory.mktemp("template") / way, environ, way)
        work.git("commit", "--quiet", "-m", "start")
        return work

    return made


@pytest.fixture(params=["scripts", pytest.param("pre-commit", marks=pytest.mark.slow)])
def work(
    request: pytest.FixtureRequest, template: Callable[[str], Repository], tmp_path: Path
) -> Repository:
    """A repository with a source picture, in which committing runs headergen."""
    made = template(str(request.param))
    shutil.copytree(made.root, tmp_path / "repo", symlinks=True)
    return Repository(tmp_path / "repo", made.environ)


def commit(work: Repository, *arguments: str, code: int = 0) -> str:
    """Run `git commit` with its hooks."""
    return work.git("commit", "-m", "a commit", *arguments, code=code)


def publish(work: Repository, name: str = "post.md", text: str = ARTICLE) -> None:
    """Commit an article and its header, through the hook."""
    work.write(name, text)
    work.headergen("run", name)
    work.git("add", ".")
    commit(work)


def require_whole(work: Repository) -> None:
    """Check a fresh clone of the last commit."""
    clone = work.root.parent / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    work.git("clone", "--quiet", str(work.root), str(clone))
    Repository(clone, work.environ).headergen("check")


# --- Attributes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        ("* text", "*.png -text"),
        ("*.png eol=lf", "*.png -text"),
        ("*.png crlf", "*.png -text"),
        ("*.png -text working-tree-encoding=UTF-16", "*.png -working-tree-encoding"),
        ("*.png filter=crush", "*.png -filter"),
        ("* text ident", "*.png -text -ident"),
    ],
)
def test_a_picture_that_git_rewrites_is_refused_until_its_attributes_are_mended(
    work: Repository, attributes: str, line: str
) -> None:
    work.write("post.md", CARD)
    work.headergen("run", "post.md")
    work.write(".gitattributes", f"{attributes}\n")
    work.git("add", "--", "post.md", ".gitattributes")
    work.succeeds("git", "add", "--", PICTURE)
    told = commit(work, code=1)
    if "working-tree" not in line:  # git refuses to add such a picture by itself
        assert f"git rewrites {PICTURE} as if it were text" in told
        assert f"end .gitattributes with the line `{line}`" in told
    work.write(".gitattributes", f"{attributes}\n{line}\n")
    work.git("add", ".")
    work.git("add", "--renormalize", "--", PICTURE)
    commit(work)
    require_whole(work)


def test_a_picture_that_git_rewrote_is_added_again_by_the_printed_line(work: Repository) -> None:
    work.write(".gitattributes", "* text\n")
    work.write("post.md", CARD)
    work.headergen("run", "post.md")
    work.git("add", "--all", "--", "post.md", ".gitattributes", PICTURE)
    work.git("commit", "--quiet", "--no-verify", "-m", "rewritten")
    assert "post.md:3: rewritten: " in work.headergen("check", "--commit", "HEAD", code=1)
    work.write(".gitattributes", "* text=auto\n")
    work.git("add", ".")
    if not work.succeeds("git", "commit", "-m", "mended"):
        work.git("add", "--", PICTURE)
        commit(work)
    require_whole(work)


def test_git_lfs_and_automatic_text_stay_quiet(work: Repository) -> None:
    work.write(".gitattributes", "* text=auto eol=lf\n*.png filter=lfs -text\n")
    publish(work)
    require_whole(work)
