from __future__ import annotations

from pathlib import Path

import pytest

from headergen.errors import GitError
from headergen.repository import git
from headergen.repository.porcelain import MOST_PATHSPECS
from tests.support import repository


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
    names = ["clean.png", "staged.png", "changed.png", ":!猫\n*.png", "new.png", "ignored/x.png"]
    paths = [repo.write(name, "1") for name in names]
    repo.write(".gitignore", "ignored/\n")
    repo.git("add", "clean.png")
    repo.git("commit", "--quiet", "-m", "first")
    repo.git("add", "--", "staged.png", "changed.png", "./:!猫\n*.png")
    repo.write("changed.png", "2")
    found = git.status(repo.root, paths)
    letters = [found[path].letters if path in found else None for path in paths]
    assert letters == [None, "A.", "AM", "A.", "??", "!!"]


def test_a_conflict_has_letters_too(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    path = repo.write("a b.png", "base")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "base")
    repo.git("checkout", "--quiet", "-b", "other")
    repo.write("a b.png", "theirs")
    repo.git("commit", "--quiet", "-am", "theirs")
    repo.git("checkout", "--quiet", "main")
    repo.write("a b.png", "ours")
    repo.git("commit", "--quiet", "-am", "ours")
    repo.git("merge", "other", code=1)
    assert git.status(repo.root, [path]) == {path: git.Status("UU")}


@pytest.mark.parametrize("folder", ["", "with *.md/"], ids=["at the root", "in a folder"])
def test_more_paths_than_git_matches_quickly(tmp_path: Path, folder: str) -> None:
    repo = repository.create(tmp_path / "repo")
    names = [f"{folder}{number}.png" for number in range(MOST_PATHSPECS + 1)]
    paths = [repo.write(name, "") for name in names]
    repo.write(f"{folder}not asked for.png", "")
    assert git.status(repo.root, paths) == dict.fromkeys(paths, git.Status("??"))


def test_blobs_are_what_the_index_holds(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    staged = {"a.md": b"staged\r\n", "b.md": b"", "c.md": b"no line feed"}
    paths = [repo.write(name, data) for name, data in staged.items()]
    repo.git("add", ".")
    for path in paths:
        path.write_text("edited")
    status = git.status(repo.root, paths)
    blobs = git.blobs(repo.root, [status[path].blob or "" for path in paths])
    assert list(blobs.values()) == list(staged.values())


def test_a_blob_that_is_gone_is_an_error(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    with pytest.raises(GitError, match=f"lacks the object {'1' * 40}"):
        git.blobs(repo.root, ["1" * 40])


def test_what_a_sparse_checkout_leaves_out(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    skipped, deleted = repo.write("a/猫\n1.png", "1"), repo.write("2.png", "2")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "first")
    repo.git("sparse-checkout", "set", "elsewhere")
    deleted.unlink()
    paths = [skipped, deleted, repo.root / "unknown.png"]
    assert git.left_out(repo.root, paths) == {skipped}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", True),
        (b"\x89PNG\r\n\x1a\n", False),
        (b"version", False),
        (b"", False),
    ],
    ids=["pointer", "picture", "another text", "empty"],
)
def test_lfs_pointers(tmp_path: Path, data: bytes, expected: bool) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    assert git.is_lfs_pointer(path) is expected


def test_a_repository_that_git_cannot_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere")
    with pytest.raises(GitError, match="what is staged: fatal: not a git"):
        git.status(tmp_path, [tmp_path / "a"])


def test_the_root_is_where_git_says_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = repository.create(tmp_path / "repo")
    (repo.root / ".git").rename(tmp_path / "store")
    (repo.root / "sub").mkdir()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "store"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repo.root))
    assert git.find_root(repo.root / "sub") == repo.root
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_WORK_TREE")
    assert git.find_root(repo.root / "sub") is None


def test_a_working_tree_that_the_config_names(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    (tmp_path / "tree").mkdir()
    repo.git("config", "core.worktree", str(tmp_path / "tree"))
    assert git.find_root(repo.root) is None
    repo.git("config", "core.worktree", str(repo.root))
    (repo.root / "sub").mkdir()
    assert git.find_root(repo.root / "sub") == repo.root


def test_a_folder_that_only_looks_like_a_repository_is_passed_over(tmp_path: Path) -> None:
    repo = repository.create(tmp_path / "repo")
    (repo.root / "sub" / ".git").mkdir(parents=True)
    assert git.find_root(repo.root / "sub") == repo.root
