"""What authors do with git, with the real git and each real framework: no commit is ever half."""

from __future__ import annotations

import functools
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.picture import first_bytes
from headergen.repository import git
from tests.commits import hooked
from tests.commits.hooked import ARTICLE, FRAMEWORKS, WAYS
from tests.support.repository import Repository

REQUEST = "  sources: [/sea.png]\n"
PICTURE = "note_images/post.png"
POINTER = f"{git.LFS_VERSION_LINE.decode()}oid sha256:{'0' * 64}\nsize 12345\n"


@pytest.fixture(scope="session")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return hooked.environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="session")
def template(
    environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Repository]:
    """Make a repository with one commit for a way, once; copying it is quicker than making it."""

    @functools.cache
    def made(way: str) -> Repository:
        repo = hooked.fill(tmp_path_factory.mktemp("template") / way, environ, way)
        repo.git("commit", "--quiet", "-m", "start")
        return repo

    return made


def quickest_first(ways: Iterable[str]) -> list[object]:
    """Run every scenario with one way in the quick suite, and with the others in the slow one."""
    slow = pytest.mark.slow
    return [way if way == "prek" else pytest.param(way, marks=slow) for way in ways]


@pytest.fixture(params=quickest_first(WAYS))
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def repo(way: str, template: Callable[[str], Repository], tmp_path: Path) -> Repository:
    """A repository with a source picture, in which committing runs headergen."""
    made = template(way)
    shutil.copytree(made.root, tmp_path / "repo", symlinks=True)
    return Repository(tmp_path / "repo", made.environ)


def commit(repo: Repository, *arguments: str, code: int = 0) -> str:
    """Run `git commit` with its hooks."""
    return repo.git("commit", "-m", "a commit", *arguments, code=code)


def publish(repo: Repository, name: str = "post.md") -> None:
    """Commit an article and its header, as an earlier day's work."""
    repo.write(name, ARTICLE)
    repo.headergen("run", name)
    repo.git("add", ".")
    repo.git("commit", "--quiet", "--no-verify", "-m", "published")


def edit(repo: Repository, before: str, after: str, name: str = "post.md") -> None:
    path = repo.root / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def made(repo: Repository) -> tuple[int, bytes]:
    """Return what changes when the picture is made anew: its time and its bytes."""
    path = repo.root / PICTURE
    return path.stat().st_mtime_ns, path.read_bytes()


def test_commit_all_takes_no_article_without_its_new_picture(repo: Repository) -> None:
    repo.write("post.md", ARTICLE.replace(f"header:\n{REQUEST}", ""))
    repo.git("add", ".")
    commit(repo)
    repo.write("post.md", ARTICLE)
    commit(repo, "-a", code=1)
    assert f"{PICTURE} is not staged" in commit(repo, "-a", code=1)
    repo.git("add", "--", PICTURE)
    commit(repo, "-a")
    assert hooked.is_whole(repo)


def test_commit_of_a_path_takes_the_picture_along_or_fails(repo: Repository) -> None:
    repo.write("post.md", ARTICLE)
    repo.git("add", ".")
    commit(repo, "post.md", code=1)
    repo.git("add", "--", "post.md", PICTURE)
    told = commit(repo, "post.md", code=1)
    assert re.search(rf"{PICTURE} is not staged\n +name it in `git commit …` as well\n", told)
    assert not hooked.is_staged_for_deletion(repo, PICTURE)
    commit(repo, "post.md", PICTURE)
    assert hooked.is_whole(repo)
    assert repo.git("status", "--porcelain") == ""


def test_unstaged_edits_next_to_the_lines_cost_no_second_picture(repo: Repository) -> None:
    repo.write("post.md", ARTICLE)
    repo.git("add", ".")
    edit(repo, REQUEST, f"{REQUEST}  alt: a view\n")
    commit(repo, code=1)
    before = made(repo)
    assert "  alt: a view\n" in (repo.root / "post.md").read_text()
    repo.git("add", "post.md")
    commit(repo, code=1)
    repo.git("add", ".")
    commit(repo)
    assert hooked.is_whole(repo)
    assert made(repo) == before


def test_unstaged_edits_elsewhere_stay_out_of_the_commit(repo: Repository) -> None:
    repo.write("post.md", ARTICLE)
    repo.git("add", ".")
    edit(repo, "Last line.", "Last thought.")
    commit(repo, code=1)
    text = (repo.root / "post.md").read_text()
    hooked.stage(repo, "post.md", text.replace("Last thought.", "Last line."))
    repo.git("add", "--", PICTURE)
    commit(repo)
    assert hooked.is_whole(repo)
    assert b"Last line." in repo.committed("post.md")
    assert (repo.root / "post.md").read_text() == text


def test_a_request_staged_without_headergens_lines_is_stopped(repo: Repository) -> None:
    repo.write("post.md", ARTICLE)
    repo.headergen("run")
    repo.git("add", ".")
    hooked.stage(repo, "post.md", ARTICLE)
    commit(repo, code=1)
    repo.git("add", ".")
    commit(repo)
    assert hooked.is_whole(repo)


def test_a_picture_staged_older_than_on_disk_is_found(repo: Repository) -> None:
    publish(repo)
    Image.new("RGB", (64, 34), "coral").save(repo.root / "sea.png")
    edit(repo, "Last line.", "Last thought.")
    repo.git("add", ".")
    commit(repo, code=1)
    newer = made(repo)
    repo.git("add", "post.md")
    told = commit(repo, code=1)
    assert f"git add -- {PICTURE}" in told
    assert made(repo)[1] == newer[1]
    repo.git("add", "--", PICTURE)
    commit(repo)
    assert repo.committed(PICTURE) == newer[1]
    repo.headergen("check")


def test_amending_adds_the_picture(repo: Repository) -> None:
    repo.write("post.md", ARTICLE)
    repo.git("add", ".")
    commit(repo, "--no-verify")
    edit(repo, "Last line.", "Last thought.")
    repo.git("add", ".")
    commit(repo, "--amend", code=1)
    repo.git("add", ".")
    commit(repo, "--amend")
    assert hooked.is_whole(repo)
    assert repo.git("rev-list", "--count", "HEAD").strip() == "2"


@pytest.mark.parametrize(
    ("start", "operation", "finish"),
    [
        ("main", ["merge", "other"], []),
        ("main", ["cherry-pick", "other"], []),
        ("other", ["rebase", "main"], ["rebase", "--continue"]),
    ],
    ids=["merge", "cherry-pick", "rebase"],
)
def test_a_conflict_resolved_without_headergens_lines(
    repo: Repository, start: str, operation: list[str], finish: list[str]
) -> None:
    repo.write("post.md", "First line.\n")
    repo.git("add", ".")
    commit(repo)
    repo.git("checkout", "--quiet", "-b", "other")
    publish(repo)
    repo.git("checkout", "--quiet", "main")
    repo.write("post.md", "Another first line.\n")
    commit(repo, "-a")
    repo.git("checkout", "--quiet", start)

    repo.git(*operation, code=1)
    picture = made(repo)
    repo.write("post.md", ARTICLE)
    repo.git("add", "post.md")
    assert "made by an earlier run" in commit(repo, code=1)
    repo.git("add", "post.md")
    commit(repo)
    if finish:
        repo.git(*finish)
    assert hooked.is_whole(repo)
    assert made(repo) == picture
    assert "You are currently" not in repo.git("status")


def _worktree(repo: Repository, way: str) -> Repository:
    repo.git("worktree", "add", "--quiet", "../tree")
    return Repository(repo.root.parent / "tree", repo.environ)


def _submodule(repo: Repository, way: str) -> Repository:
    outer = Repository(repo.root.parent / "outer", repo.environ)
    outer.root.mkdir()
    outer.git("init", "--quiet")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", "../repo", "sub")
    inner = Repository(outer.root / "sub", repo.environ)
    hooked.install(inner, way)
    return inner


def _link(repo: Repository, way: str) -> Repository:
    link = repo.root.parent / "link"
    link.symlink_to(repo.root)
    return Repository(link, repo.environ)


@pytest.mark.parametrize("place", [_worktree, _submodule, _link], ids=lambda place: place.__name__)
def test_git_folders_in_odd_places(repo: Repository, way: str, place: object) -> None:
    assert callable(place)
    elsewhere = place(repo, way)
    elsewhere.write("post.md", ARTICLE)
    elsewhere.git("add", ".")
    commit(elsewhere, code=1)
    assert f"{PICTURE} is not staged" in commit(elsewhere, "-a", code=1)
    elsewhere.git("add", ".")
    commit(elsewhere)
    assert hooked.is_whole(elsewhere)


def test_a_renamed_article_keeps_its_picture(repo: Repository) -> None:
    publish(repo)
    before = made(repo)
    repo.git("mv", "post.md", "renamed.md")
    commit(repo)
    assert hooked.is_whole(repo, "renamed.md")
    assert made(repo) == before


def test_an_article_renamed_with_its_picture_takes_it_along(repo: Repository) -> None:
    publish(repo)
    picture = (repo.root / PICTURE).read_bytes()
    repo.git("mv", "post.md", "renamed.md")
    repo.git("mv", PICTURE, "note_images/renamed.png")
    assert "made by an earlier run" in commit(repo, code=1)
    repo.git("add", ".")
    commit(repo)
    assert hooked.is_whole(repo, "renamed.md")
    assert repo.committed("note_images/renamed.png") == picture


def test_a_deleted_article_leaves_its_picture_alone(repo: Repository) -> None:
    publish(repo)
    repo.git("rm", "--quiet", "post.md")
    commit(repo)
    assert (repo.root / PICTURE).is_file()


def test_a_picture_that_git_ignores_is_named_as_such(repo: Repository) -> None:
    repo.write(".gitignore", "note_images/\n")
    repo.write("post.md", ARTICLE)
    repo.git("add", ".")
    commit(repo, code=1)
    told = commit(repo, "-a", code=1)
    assert f"{PICTURE} is ignored by git: take it out of .gitignore" in told
    assert "git add -- " not in told
    repo.git("add", "--force", ".")
    commit(repo)
    assert hooked.is_whole(repo)


def test_a_git_lfs_pointer_is_no_picture_and_no_reason_to_paint(repo: Repository) -> None:
    publish(repo)
    repo.write(PICTURE, POINTER)
    edit(repo, "Last line.", "Last thought.")
    repo.git("add", ".")
    told = commit(repo, code=1)
    assert re.search(rf"{PICTURE} is a Git LFS pointer, not .*\n +run `git lfs pull`\n", told)
    assert "git add -- " not in told
    assert (repo.root / PICTURE).read_text() == POINTER
    findings = json.loads(repo.headergen("check", "--json", code=1))
    assert [found["code"] for found in findings] == ["lfs-pointer"]


def test_a_sparse_checkout_without_the_pictures_lacks_nothing(repo: Repository) -> None:
    publish(repo)
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/note_images/")
    edit(repo, "Last line.", "Last thought.")
    commit(repo, "-a")
    assert hooked.is_whole(repo)
    assert not (repo.root / PICTURE).exists()
    repo.headergen("check")


def test_a_sparse_checkout_does_not_hide_a_deleted_picture(repo: Repository) -> None:
    publish(repo)
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/elsewhere/")
    (repo.root / PICTURE).unlink()
    assert ": missing: " in repo.headergen("check", code=1)


def test_a_sparse_checkout_does_not_hide_a_changed_request(repo: Repository) -> None:
    publish(repo)
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/note_images/")
    edit(repo, REQUEST, f"{REQUEST}  layout: grid\n")
    assert f"{PICTURE} does not exist" in repo.headergen("check", code=1)
    assert "composed of 1 picture" in commit(repo, "-a", code=1)


NAMES = ["日本語 猫", "a b", "it's", 'say "hi"', "-rf", "--help", "$HOME `x`", "100%", "*"]


def test_every_name_that_an_article_may_have(repo: Repository) -> None:
    for name in NAMES:
        repo.write(f"{name}.md", ARTICLE)
        repo.write(f"-folder/{name}.md", ARTICLE)
    repo.git("add", ".")
    commit(repo, code=1)
    assert "is not staged" in commit(repo, "-a", code=1)
    repo.git("add", ".")
    commit(repo)
    for name in NAMES:
        assert hooked.is_whole(repo, f"{name}.md")
        assert hooked.is_whole(repo, f"-folder/{name}.md")


def test_a_name_with_a_line_feed_is_refused_and_the_others_go_on(repo: Repository) -> None:
    repo.write("two\nlines.md", ARTICLE)
    repo.write("post.md", ARTICLE)
    repo.git("add", ".")
    told = commit(repo, code=1)
    assert "two\\nlines.md:3: " in told
    assert "rename the article" in told
    assert (repo.root / PICTURE).is_file()


@pytest.mark.parametrize("way", quickest_first(FRAMEWORKS), indirect=True)
@pytest.mark.parametrize(
    "arguments",
    [["--all-files"], ["--from-ref", "HEAD~1", "--to-ref", "HEAD"]],
    ids=["all files", "from ref to ref"],
)
def test_running_the_hooks_by_hand(repo: Repository, way: str, arguments: list[str]) -> None:
    for name in ("a.md", "b.md"):
        repo.write(name, ARTICLE)
    repo.git("add", ".")
    commit(repo, "--no-verify")
    told = repo.run(way, "run", *arguments, code=1)
    assert "git add -- a.md note_images/a.png b.md note_images/b.png" in told
    repo.git("add", ".")
    repo.run(way, "run", *arguments)


def test_the_first_commit_of_a_repository(
    way: str, environ: dict[str, str], tmp_path: Path
) -> None:
    repo = hooked.fill(tmp_path / "repo", environ, way)
    repo.write("post.md", ARTICLE)
    repo.git("add", ".")
    commit(repo, code=1)
    assert f"{PICTURE} is not staged" in commit(repo, "-a", code=1)
    repo.git("add", ".")
    commit(repo)
    assert hooked.is_whole(repo)


def test_without_a_repository_there_is_nothing_to_stage(tmp_path: Path) -> None:
    folder = Repository(tmp_path)
    folder.write("headergen.yaml", hooked.SETTINGS)
    Image.new("RGB", (64, 34), "teal").save(tmp_path / "sea.png")
    folder.write("post.md", ARTICLE)
    told = folder.headergen("hook", "--", "post.md", code=1)
    assert f"post.md: {PICTURE} (composed of 1 picture)" in told
    assert "git add" not in told
    folder.headergen("hook", "--", "post.md")
    folder.headergen("check")


@pytest.mark.parametrize("command", ["hook", "check"])
def test_a_picture_that_cannot_be_read_is_named(
    template: Callable[[str], Repository],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    command: str,
) -> None:
    def refuse(path: Path) -> first_bytes.Picture:
        raise PermissionError(13, "Permission denied", str(path))

    shutil.copytree(template("scripts").root, tmp_path / "repo")
    publish(Repository(tmp_path / "repo"))
    monkeypatch.chdir(tmp_path / "repo")
    monkeypatch.setattr(first_bytes, "probe", refuse)
    assert main([command, "post.md"]) == 1
    assert f"{PICTURE} cannot be read: Permission denied" in "".join(capfd.readouterr())


@pytest.mark.parametrize("command", ["hook", "check"])
def test_three_hundred_articles_cost_few_calls_of_git(
    template: Callable[[str], Repository], tmp_path: Path, command: str
) -> None:
    shutil.copytree(template("scripts").root, tmp_path / "repo")
    trace = tmp_path / "trace"
    repo = Repository(tmp_path / "repo", {"GIT_TRACE": str(trace)})
    publish(repo)
    article, picture = (repo.root / "post.md").read_text(), (repo.root / PICTURE).read_bytes()
    names = [f"posts/{number}.md" for number in range(300)]
    for name in names:
        repo.write(name, article)
    repo.write(f"posts/{PICTURE}", picture)
    repo.git("add", ".")
    for name in names:
        repo.write(name, f"{article}An unstaged line.\n")
    trace.unlink()
    repo.run(sys.executable, "-m", "headergen", command, "--", *names)
    calls = [line for line in trace.read_text().split("\n") if " built-in: " in line]
    assert 1 <= len(calls) <= 4
