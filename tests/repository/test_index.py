from __future__ import annotations

from pathlib import Path

import pytest

from headergen.errors import GitError
from headergen.repository.git import status
from headergen.repository.index import (
    Entry,
    Index,
    changed,
    is_temporary,
    of_commit,
    of_repository,
)
from tests.support.repository import Repository


def exported(repo: Repository, folder: Path, *names: str) -> list[str]:
    with Index(repo.root) as index:
        index.export(names, folder)
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    )


def test_blobs_are_what_is_staged_and_not_what_is_on_disk(repo: Repository, tmp_path: Path) -> None:
    repo.write("a b/é\n.md", b"staged\r\n")
    repo.git("add", ".")
    repo.write("a b/é\n.md", b"on disk")
    repo.git("update-index", "--assume-unchanged", "a b/é\n.md")
    assert exported(repo, tmp_path / "out", "a b/é\n.md", "absent.md") == ["a b/é\n.md"]
    assert (tmp_path / "out" / "a b/é\n.md").read_bytes() == b"staged\r\n"


def test_many_blobs_come_from_one_process(repo: Repository) -> None:
    data = {f"{number}.bin": bytes([10, number]) * (40_000 * number) for number in range(5)}
    for name, each in data.items():
        repo.write(name, each)
    repo.git("add", ".")
    with Index(repo.root) as index:
        assert {name: index.read(entry.blob) for name, entry in index.entries.items()} == data
        with pytest.raises(GitError, match="lacks the object"):
            index.read("1" * 40)
        assert index.read(index.entries["1.bin"].blob) == data["1.bin"]


def test_links_are_followed_within_the_index(repo: Repository, tmp_path: Path) -> None:
    repo.write("pics/real.png", "picture")
    (repo.root / "posts").mkdir()
    (repo.root / "posts/images").symlink_to("../pics")
    (repo.root / "pics/b.png").symlink_to("real.png")
    repo.git("add", ".")
    found = exported(repo, tmp_path / "out", "posts/images/b.png")
    assert found == ["pics/b.png", "pics/real.png", "posts/images"]
    assert (tmp_path / "out/posts/images/b.png").read_bytes() == b"picture"


@pytest.mark.parametrize("target", ["b.png", "gone.png", "../../outside.png", "/etc/hostname"])
def test_a_link_that_leads_to_no_staged_file_leads_nowhere(
    target: str, repo: Repository, tmp_path: Path
) -> None:
    (repo.root / "a.png").symlink_to(target)
    (repo.root / "b.png").symlink_to("a.png")
    repo.git("add", ".")
    assert "a.png" in exported(repo, tmp_path / "out", "a.png")
    assert not (tmp_path / "out" / "gone.png").exists()


def test_what_is_no_file_is_not_exported(repo: Repository, tmp_path: Path) -> None:
    (repo.root / "book.md").mkdir()
    repo.git("init", "-q", "book.md")
    repo.git("-C", "book.md", "commit", "-q", "--allow-empty", "-m", "x")
    repo.git("add", "book.md")
    with Index(repo.root) as index:
        assert index.entries["book.md"].mode == "160000"
    assert exported(repo, tmp_path / "out", "book.md") == []


def test_a_file_that_is_only_intended_to_be_added_has_nothing_in_it(
    repo: Repository, tmp_path: Path
) -> None:
    repo.write("a.md", "text")
    repo.git("add", "-N", "a.md")
    exported(repo, tmp_path / "out", "a.md")
    assert (tmp_path / "out/a.md").read_bytes() == b""


def test_modes_are_git_s_own(repo: Repository) -> None:
    path = repo.write("a.sh", "")
    path.chmod(0o755)
    repo.git("add", ".")
    with Index(repo.root) as index:
        assert index.entries["a.sh"] == Entry("100755", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")


def test_the_first_commit_changes_all_that_is_staged(repo: Repository) -> None:
    repo.write("a b.md", "x")
    repo.write("untracked.md", "x")
    repo.git("add", "a b.md")
    assert list(changed(repo.root)) == ["a b.md"]


def test_a_commit_changes_what_is_edited_added_deleted_and_renamed(repo: Repository) -> None:
    for name in ("edited.md", "deleted.png", "old\tname.md", "same.md", "on disk.md"):
        repo.write(name, name)
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "x")
    repo.write("edited.md", "y")
    repo.write("added.md", "z")
    repo.git("rm", "-q", "deleted.png")
    repo.git("mv", "old\tname.md", "new.md")
    repo.git("add", ".")
    repo.write("on disk.md", "y")
    names = ["added.md", "deleted.png", "edited.md", "new.md", "old\tname.md"]
    assert sorted(changed(repo.root)) == names


@pytest.mark.parametrize("name", ["GLOB", "NOGLOB", "ICASE", "LITERAL"])
def test_variables_for_paths_change_nothing(
    name: str, repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("a*.md", "x")
    repo.git("add", ".")
    monkeypatch.setenv(f"GIT_{name}_PATHSPECS", "1")
    assert list(changed(repo.root)) == ["a*.md"]
    assert list(status(repo.root, [repo.root / "a*.md"])) == [repo.root / "a*.md"]


def test_a_commit_can_take_the_place_of_the_index(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("a.md", "one")
    repo.git("add", ".")
    repo.git("commit", "-q", "-m", "x")
    repo.write("b.md", "two")
    repo.git("add", ".")
    monkeypatch.setenv("GIT_INDEX_FILE", str(repo.root / ".git" / "index"))
    with of_commit(repo.root, "HEAD") as index:
        assert list(index.entries) == ["a.md"]
    with Index(repo.root) as index:
        assert list(index.entries) == ["a.md", "b.md"]
    with pytest.raises(GitError, match="no-such"), of_commit(repo.root, "no-such"):
        pass


def test_the_repositorys_own_index_is_read_beside_that_of_a_commit(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("a.md", "one")
    repo.git("add", ".")
    assert not is_temporary()
    monkeypatch.setenv("GIT_INDEX_FILE", str(repo.root / ".git" / "next-index-1.lock"))
    assert is_temporary()
    with Index(repo.root) as index:
        assert list(index.entries) == []
    with of_repository(repo.root) as index:
        assert list(index.entries) == ["a.md"]


def test_a_link_may_lead_into_a_submodule_but_not_nowhere(repo: Repository) -> None:
    inner = Repository(repo.root / "sub")
    inner.root.mkdir()
    inner.git("init", "-q")
    inner.git("commit", "-q", "--allow-empty", "-m", "x")
    repo.write("file.md", "x")
    for name, target in (("a.md", "sub/x.md"), ("b.md", "gone.md"), ("c.md", "file.md")):
        (repo.root / name).symlink_to(target)
    repo.git("add", ".")
    with Index(repo.root) as index:
        assert [index.is_broken_link(name) for name in ("a.md", "b.md", "c.md")] == [0, 1, 0]
        assert [index.article(name) for name in ("b.md", "c.md")] == ["b.md", "file.md"]
