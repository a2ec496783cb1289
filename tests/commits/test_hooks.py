"""The scripts for people without the framework: `git config core.hooksPath hooks`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.commits import hooked
from tests.commits.hooked import ARTICLE
from tests.support.repository import Repository

PICTURE = "note_images/post.png"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository whose one commit is on its remote."""
    folder = tmp_path_factory.mktemp("scripts")
    repo = hooked.fill(folder / "repo", hooked.environment(folder), "scripts")
    repo.git("commit", "--quiet", "-m", "start")
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", "../remote")
    repo.git("remote", "add", "origin", "../remote")
    repo.git("push", "--quiet", "origin", "main")
    return repo


@pytest.fixture
def repo(template: Repository, tmp_path: Path) -> Repository:
    shutil.copytree(template.root.parent, tmp_path, dirs_exist_ok=True, symlinks=True)
    return Repository(tmp_path / "repo", template.environ)


def commit_article(repo: Repository, name: str = "post.md", *, header: bool = True) -> None:
    """Commit an article past the hook; without `header`, its picture lies there untracked."""
    repo.write(name, ARTICLE)
    repo.headergen("run", "--", name)
    repo.git("add", "." if header else name)
    repo.git("commit", "--quiet", "--no-verify", "-m", name)


def push(repo: Repository, *arguments: str, code: int = 0) -> str:
    return repo.git("push", *(arguments or ("origin", "main")), code=code)


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
    assert hooked.is_whole(repo, "-rf 猫.md")


def test_pre_commit_passes_a_commit_without_articles(repo: Repository) -> None:
    repo.write("a.txt", "x")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "x")


@pytest.mark.parametrize("command", [["commit", "-m", "x"], ["push", "origin", "main"]])
def test_the_scripts_say_so_when_headergen_is_not_installed(
    repo: Repository, command: list[str]
) -> None:
    bare = Repository(repo.root, {"PATH": "/usr/bin:/bin"})
    bare.write("post.md", ARTICLE)
    bare.git("add", ".")
    bare.git("commit", "--quiet", "--no-verify", "-m", "x")
    bare.write("other.md", ARTICLE)
    bare.git("add", ".")
    assert "neither on PATH nor in .venv" in bare.git(*command, code=1)


def test_headergen_is_found_in_the_repositorys_venv(repo: Repository) -> None:
    (repo.root / ".venv" / "bin").mkdir(parents=True)
    command = repo.root.parent / "bin" / "headergen"
    shutil.copy(command, repo.root / ".venv" / "bin" / "headergen")
    repo.write(".gitignore", ".venv\n")
    commit_article(repo)
    push(Repository(repo.root, {"PATH": "/usr/bin:/bin"}))


def test_a_pushed_article_needs_its_picture_in_the_commit_not_on_disk(repo: Repository) -> None:
    commit_article(repo, header=False)
    assert (repo.root / PICTURE).is_file()
    told = push(repo, code=1)
    assert f"{PICTURE} does not exist" in told
    assert "that is what refs/heads/main " in told
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "picture")
    push(repo)


def test_a_pushed_article_whose_request_changed_is_stopped(repo: Repository) -> None:
    commit_article(repo)
    path = repo.root / "post.md"
    path.write_text(path.read_text().replace("  sources:", "  layout: grid\n  sources:"))
    repo.git("commit", "--quiet", "--no-verify", "-am", "stale")
    assert "post.md:3: stale: " in push(repo, code=1)


def test_a_dirty_working_tree_stops_no_good_push(repo: Repository) -> None:
    commit_article(repo)
    repo.write("post.md", ARTICLE.replace("sources", "sorces"))
    repo.write("draft.md", ARTICLE)
    repo.git("add", "draft.md")
    repo.write("headergen.yaml", "header: {width: 999}\n")
    (repo.root / PICTURE).unlink()
    push(repo)


def test_a_picture_deleted_alone_is_missed(repo: Repository) -> None:
    commit_article(repo)
    push(repo)
    repo.git("rm", "--quiet", PICTURE)
    repo.git("commit", "--quiet", "-m", "delete")
    assert "post.md:5: missing: " in push(repo, code=1)


def test_of_several_refs_each_is_checked(repo: Repository) -> None:
    repo.git("branch", "first")
    commit_article(repo, "good.md")
    repo.git("checkout", "--quiet", "first")
    commit_article(repo, "bad.md", header=False)
    repo.git("branch", "last", "main~1")
    told = push(repo, "origin", "first", "last", "main", code=1)
    assert told.count("that is what") == 1
    assert "that is what refs/heads/first " in told


def test_new_branches_tags_and_deletions_of_good_commits_pass(repo: Repository) -> None:
    commit_article(repo)
    repo.git("tag", "light")
    repo.git("tag", "-m", "annotated", "annotated")
    repo.git("tag", "picture", f"HEAD:{PICTURE}")
    push(repo, "origin", "main:new", "light", "annotated", "picture")
    push(repo, "origin", ":new", ":light")


def test_a_tag_of_a_bad_commit_is_stopped(repo: Repository) -> None:
    commit_article(repo, header=False)
    repo.git("tag", "-m", "annotated", "annotated")
    assert "that is what refs/tags/annotated " in push(repo, "origin", "annotated", code=1)


def test_a_forced_push_is_checked(repo: Repository) -> None:
    commit_article(repo)
    push(repo)
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    commit_article(repo, "other.md", header=False)
    assert "other.md:5: missing: " in push(repo, "--force", "origin", "main", code=1)
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "picture")
    push(repo, "--force", "origin", "main")


def test_what_the_remote_has_is_not_checked_again(repo: Repository) -> None:
    commit_article(repo, header=False)
    push(repo, "--no-verify", "origin", "main")
    push(repo, "origin", "main:new")


def test_a_remote_without_a_name_is_checked_too(repo: Repository) -> None:
    commit_article(repo, header=False)
    assert "post.md:5: missing: " in push(repo, "../remote", "main", code=1)


@pytest.mark.slow
def test_from_a_shallow_clone(repo: Repository) -> None:
    commit_article(repo)
    push(repo)
    remote = (repo.root.parent / "remote").as_uri()
    repo.git("clone", "--quiet", "--depth=1", remote, "../shallow")
    shallow = Repository(repo.root.parent / "shallow", repo.environ)
    hooked.install(shallow, "scripts")
    commit_article(shallow, "good.md")
    push(shallow)
    commit_article(shallow, "bad.md", header=False)
    assert "bad.md:5: missing: " in push(shallow, code=1)


def test_from_a_sparse_checkout_and_a_linked_worktree(repo: Repository) -> None:
    commit_article(repo)
    repo.git("worktree", "add", "--quiet", "-b", "other", "../tree")
    tree = Repository(repo.root.parent / "tree", repo.environ)
    tree.git("sparse-checkout", "set", "--no-cone", "/*", "!/note_images/")
    push(tree, "origin", "other")
    tree.git("rm", "--quiet", "--sparse", PICTURE)
    tree.git("commit", "--quiet", "-m", "delete")
    assert "post.md:5: missing: " in push(tree, "origin", "other", code=1)


def test_articles_with_odd_names(repo: Repository) -> None:
    for name in ("-rf 猫.md", "it's.md"):
        commit_article(repo, name)
    repo.write("two\nlines.md", "no header")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "x")
    push(repo)
    repo.write("two\nlines.md", ARTICLE)
    repo.git("commit", "--quiet", "--no-verify", "-am", "y")
    assert "two\\nlines.md:3: missing: " in push(repo, code=1)


def test_nothing_is_left_behind(repo: Repository) -> None:
    folder = repo.root.parent / "temporary"
    folder.mkdir()
    commit_article(repo, header=False)
    push(Repository(repo.root, {**repo.environ, "TMPDIR": str(folder)}), code=1)
    assert list(folder.iterdir()) == []
    assert repo.git("status", "--porcelain") == "?? note_images/\n"
