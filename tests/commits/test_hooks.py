"""The scripts for people without the framework: `git config core.hooksPath hooks`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.commits import hooked
from tests.commits.hooked import ARTICLE
from tests.support.headers import HEADERS, header_of
from tests.support.repository import Repository

PICTURE = header_of("post")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository whose one commit is on its remote."""
    folder = tmp_path_factory.mktemp("scripts")
    work = hooked.fill(folder / "repo", hooked.environment(folder), "scripts")
    work.git("commit", "--quiet", "-m", "start")
    work.git("init", "--quiet", "--bare", "--initial-branch=main", "../remote")
    work.git("remote", "add", "origin", "../remote")
    work.git("push", "--quiet", "origin", "main")
    return work


@pytest.fixture
def work(template: Repository, tmp_path: Path) -> Repository:
    shutil.copytree(template.root.parent, tmp_path, dirs_exist_ok=True, symlinks=True)
    return Repository(tmp_path / "repo", template.environ)


def commit_article(work: Repository, name: str = "post.md", *, header: bool = True) -> None:
    """Commit an article past the hook; without `header`, its picture lies there untracked."""
    work.write(name, ARTICLE)
    work.headergen("run", "--", name)
    work.git("add", "." if header else name)
    work.git("commit", "--quiet", "--no-verify", "-m", name)


def push(work: Repository, *arguments: str, code: int = 0) -> str:
    return work.git("push", *(arguments or ("origin", "main")), code=code)


def test_pre_commit_fails_until_picture_and_article_are_staged(work: Repository) -> None:
    work.write("-rf 猫.md", ARTICLE)
    work.git("add", ".")
    told = work.git("commit", "-m", "x", code=1)
    assert f"git add -- '-rf 猫.md' '{header_of('-rf 猫')}'" in told
    told = work.git("commit", "-m", "x", code=1)
    assert f"{header_of('-rf 猫')} is not staged" in told
    work.git("add", HEADERS)
    told = work.git("commit", "-m", "x", code=1)
    assert f"the article is staged without the line that names {header_of('-rf 猫')}" in told
    work.git("add", ".")
    work.git("commit", "--quiet", "-m", "x")
    assert hooked.is_whole(work, "-rf 猫.md")


def test_pre_commit_passes_a_commit_without_articles(work: Repository) -> None:
    work.write("a.txt", "x")
    work.git("add", ".")
    work.git("commit", "--quiet", "-m", "x")


@pytest.mark.parametrize("command", [["commit", "-m", "x"], ["push", "origin", "main"]])
def test_the_scripts_say_so_when_headergen_is_not_installed(
    work: Repository, command: list[str]
) -> None:
    bare = Repository(work.root, {"PATH": "/usr/bin:/bin"})
    bare.write("post.md", ARTICLE)
    bare.git("add", ".")
    bare.git("commit", "--quiet", "--no-verify", "-m", "x")
    bare.write("other.md", ARTICLE)
    bare.git("add", ".")
    assert "neither on PATH nor in .venv" in bare.git(*command, code=1)


def test_headergen_is_found_in_the_repositorys_venv(work: Repository) -> None:
    (work.root / ".venv" / "bin").mkdir(parents=True)
    command = work.root.parent / "bin" / "headergen"
    shutil.copy(command, work.root / ".venv" / "bin" / "headergen")
    work.write(".gitignore", ".venv\n")
    commit_article(work)
    push(Repository(work.root, {"PATH": "/usr/bin:/bin"}))


def test_a_pushed_article_needs_its_picture_in_the_commit_not_on_disk(work: Repository) -> None:
    commit_article(work, header=False)
    assert (work.root / PICTURE).is_file()
    told = push(work, code=1)
    assert f"{PICTURE} does not exist" in told
    assert "this is what refs/heads/main " in told
    work.git("add", ".")
    work.git("commit", "--quiet", "-m", "picture")
    push(work)


def test_a_pushed_article_whose_request_changed_is_stopped(work: Repository) -> None:
    commit_article(work)
    path = work.root / "post.md"
    path.write_text(path.read_text().replace("  sources:", "  layout: grid\n  sources:"))
    work.git("commit", "--quiet", "--no-verify", "-am", "stale")
    assert "post.md:3: error: stale: " in push(work, code=1)


@pytest.mark.slow
def test_a_dirty_working_tree_stops_no_good_push(work: Repository) -> None:
    commit_article(work)
    work.write("post.md", ARTICLE.replace("sources", "sorces"))
    work.write("draft.md", ARTICLE)
    work.git("add", "draft.md")
    work.write("headergen.yaml", "header: {width: 999}\n")
    (work.root / PICTURE).unlink()
    push(work)


@pytest.mark.slow
def test_a_picture_deleted_alone_is_missed(work: Repository) -> None:
    commit_article(work)
    push(work)
    work.git("rm", "--quiet", PICTURE)
    work.git("commit", "--quiet", "--no-verify", "-m", "delete")
    assert "post.md:5: error: missing: " in push(work, code=1)


@pytest.mark.slow
def test_of_several_refs_each_is_checked(work: Repository) -> None:
    work.git("branch", "first")
    commit_article(work, "good.md")
    work.git("checkout", "--quiet", "first")
    commit_article(work, "bad.md", header=False)
    work.git("branch", "last", "main~1")
    told = push(work, "origin", "first", "last", "main", code=1)
    assert told.count("this is what") == 1
    assert "this is what refs/heads/first " in told


@pytest.mark.slow
def test_a_tip_that_is_another_s_ancestor_is_checked_too(work: Repository) -> None:
    commit_article(work, header=False)
    work.git("branch", "first")
    work.git("add", ".")
    work.git("commit", "--quiet", "-m", "picture")
    told = push(work, "origin", "main", "first", code=1)
    assert told.count("this is what") == 1
    assert "this is what refs/heads/first " in told


@pytest.mark.slow
def test_only_the_paths_that_are_named_are_checked_in_a_commit(work: Repository) -> None:
    commit_article(work, "good/a.md")
    commit_article(work, "bad/b.md", header=False)
    work.write("bad/b.md", "on disk there is nothing to find")
    assert "bad/b.md:5: error: missing: " in work.headergen("check", "--commit", "HEAD", code=1)
    good = work.headergen("check", "--commit", "HEAD", "--", "good", "sea.md")
    assert good.endswith(" checked: all is well\n")
    assert '"code": "missing"' in work.headergen("check", "--json", "--commit", "main", code=1)
    assert "no-such" in work.headergen("check", "--commit", "no-such", code=2)


@pytest.mark.slow
def test_new_branches_tags_and_deletions_of_good_commits_pass(work: Repository) -> None:
    commit_article(work)
    work.git("tag", "light")
    work.git("tag", "-m", "annotated", "annotated")
    work.git("tag", "picture", f"HEAD:{PICTURE}")
    push(work, "origin", "main:new", "light", "annotated", "picture")
    push(work, "origin", ":new", ":light")


def test_a_tag_of_a_bad_commit_is_stopped(work: Repository) -> None:
    commit_article(work, header=False)
    work.git("tag", "-m", "annotated", "annotated")
    assert "this is what refs/tags/annotated " in push(work, "origin", "annotated", code=1)


@pytest.mark.slow
def test_a_forced_push_is_checked(work: Repository) -> None:
    commit_article(work)
    push(work)
    work.git("reset", "--quiet", "--hard", "HEAD~1")
    commit_article(work, "other.md", header=False)
    assert "other.md:5: error: missing: " in push(work, "--force", "origin", "main", code=1)
    work.git("add", ".")
    work.git("commit", "--quiet", "-m", "picture")
    push(work, "--force", "origin", "main")


def test_what_the_remote_has_already_is_checked_too(work: Repository) -> None:
    commit_article(work, header=False)
    push(work, "--no-verify", "origin", "main")
    assert "this is what refs/heads/main " in push(work, "origin", "main:new", code=1)


@pytest.mark.slow
def test_a_remote_without_a_name_is_checked_too(work: Repository) -> None:
    commit_article(work, header=False)
    assert "post.md:5: error: missing: " in push(work, "../remote", "main", code=1)


@pytest.mark.slow
def test_from_a_shallow_clone(work: Repository) -> None:
    commit_article(work)
    push(work)
    remote = (work.root.parent / "remote").as_uri()
    work.git("clone", "--quiet", "--depth=1", remote, "../shallow")
    shallow = Repository(work.root.parent / "shallow", work.environ)
    hooked.install(shallow, "scripts")
    commit_article(shallow, "good.md")
    push(shallow)
    commit_article(shallow, "bad.md", header=False)
    assert "bad.md:5: error: missing: " in push(shallow, code=1)


@pytest.mark.slow
def test_from_a_sparse_checkout_and_a_linked_worktree(work: Repository) -> None:
    commit_article(work)
    work.git("worktree", "add", "--quiet", "-b", "other", "../tree")
    tree = Repository(work.root.parent / "tree", work.environ)
    tree.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{HEADERS}/")
    push(tree, "origin", "other")
    tree.git("rm", "--quiet", "--sparse", PICTURE)
    tree.git("commit", "--quiet", "--no-verify", "-m", "delete")
    assert "post.md:5: error: missing: " in push(tree, "origin", "other", code=1)


@pytest.mark.slow
def test_from_a_bare_repository(work: Repository) -> None:
    commit_article(work)
    work.git("rm", "--quiet", "--cached", PICTURE)
    work.git("commit", "--quiet", "--no-verify", "-m", "delete")
    work.git("clone", "--quiet", "--bare", ".", "../bare.git")
    bare = Repository(work.root.parent / "bare.git", work.environ)
    bare.git("config", "core.hooksPath", str(work.root / "hooks"))
    remote = (work.root.parent / "remote").as_uri()
    push(bare, remote, "main^:refs/heads/good")
    assert f"{PICTURE} does not exist" in push(bare, remote, "main:refs/heads/bad", code=1)


@pytest.mark.slow
def test_articles_with_odd_names(work: Repository) -> None:
    for name in ("-rf 猫.md", "it's.md"):
        commit_article(work, name)
    work.write("two\nlines.md", "no header")
    work.git("add", ".")
    work.git("commit", "--quiet", "-m", "x")
    push(work)
    work.write("two\nlines.md", ARTICLE)
    work.git("commit", "--quiet", "--no-verify", "-am", "y")
    assert "two\\nlines.md:3: error: bad-frontmatter: its picture cannot be named " in push(
        work, code=1
    )


@pytest.mark.slow
def test_nothing_is_left_behind(work: Repository) -> None:
    folder = work.root.parent / "temporary"
    folder.mkdir()
    commit_article(work, header=False)
    push(Repository(work.root, {**work.environ, "TMPDIR": str(folder)}), code=1)
    assert list(folder.iterdir()) == []
    assert work.git("status", "--porcelain") == f"?? {HEADERS}/\n"
