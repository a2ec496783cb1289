from __future__ import annotations

from pathlib import Path

import pytest

from headergen import git
from headergen.errors import GitError
from tests import repository


def test_the_root_is_found_from_below_and_through_a_link(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    repo.write("a/b/c.md", "")
    (tmp_path / "link").symlink_to(repo.root)
    assert git.find_root(repo.root / "a" / "b") == repo.root
    assert git.find_root(tmp_path / "link" / "a") == repo.root


def test_a_worktree_has_its_own_root(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    repo.git("commit", "--quiet", "--allow-empty", "-m", "first")
    repo.git("worktree", "add", "--quiet", "../tree")
    assert git.find_root(tmp_path / "tree") == tmp_path / "tree"


def test_no_root_outside_of_any_repository(tmp_path: Path) -> None:
    assert git.find_root(tmp_path) is None


def test_status_tells_every_state_apart(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    names = ["clean.png", "staged.png", "changed.png", "-rf 猫\n*.png", "new.png", "ignored/x.png"]
    paths = [repo.write(name, "1") for name in names]
    repo.write(".gitignore", "ignored/\n")
    repo.git("add", "clean.png")
    repo.git("commit", "--quiet", "-m", "first")
    repo.git("add", "--", "staged.png", "changed.png", "-rf 猫\n*.png")
    repo.write("changed.png", "2")
    found = git.status(repo.root, paths)
    assert [found.get(path) for path in paths] == [None, "A ", "AM", "A ", "??", "!!"]


def test_more_paths_than_fit_into_one_call(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    paths = [repo.write(f"{number}.png", "") for number in range(git.PATHS_PER_CALL + 1)]
    assert git.status(repo.root, paths) == dict.fromkeys(paths, "??")


def test_staged_bytes_are_those_of_the_index(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    path = repo.write("a.md", "staged\r\n")
    repo.git("add", "a.md")
    repo.write("a.md", "edited")
    assert git.staged_bytes(repo.root, path) == b"staged\r\n"
    assert git.staged_bytes(repo.root, repo.root / "b.md") is None


def test_a_repository_that_git_cannot_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere")
    with pytest.raises(GitError, match="what is staged: fatal: not a git"):
        git.status(tmp_path, [tmp_path / "a"])
