"""What authors do with git, with the real git and each real framework: no commit is ever half."""

from __future__ import annotations

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
from headergen.plan import state
from headergen.repository import git
from tests.commits import hooked
from tests.commits.hooked import ARTICLE, FRAMEWORKS, WAYS
from tests.support.headers import HEADERS, header_of
from tests.support.repository import Repository

REQUEST = "  sources: [/sea.png]\n"
PICTURE = header_of("post")
POINTER = f"{git.LFS_VERSION_LINE.decode()}oid sha256:{'0' * 64}\nsize 12345\n"


def slow_but(quick: str, ways: Iterable[str]) -> list[object]:
    """Run every scenario with one way in the quick suite, and with the others in the slow one."""
    slow = pytest.mark.slow
    return [way if way == quick else pytest.param(way, marks=slow) for way in ways]


@pytest.fixture(params=slow_but("scripts", WAYS))
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def work(way: str, template: Callable[[str], Repository], tmp_path: Path) -> Repository:
    """A repository with a source picture, in which committing runs headergen."""
    made = template(way)
    shutil.copytree(made.root, tmp_path / "repo", symlinks=True)
    return Repository(tmp_path / "repo", made.environ)


def commit(work: Repository, *arguments: str, code: int = 0) -> str:
    """Run `git commit` with its hooks."""
    return work.git("commit", "-m", "a commit", *arguments, code=code)


def publish(work: Repository, name: str = "post.md") -> None:
    """Commit an article and its header, as an earlier day's work."""
    work.write(name, ARTICLE)
    work.headergen("run", name)
    work.git("add", ".")
    work.git("commit", "--quiet", "--no-verify", "-m", "published")


def edit(work: Repository, before: str, after: str, name: str = "post.md") -> None:
    path = work.root / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def made(work: Repository) -> tuple[int, bytes]:
    """Return what changes when the picture is made anew: its file and its bytes.

    The hook may move the file's time, so that `git add` reads it again.
    """
    path = work.root / PICTURE
    return path.stat().st_ino, path.read_bytes()


def test_commit_all_takes_no_article_without_its_new_picture(work: Repository) -> None:
    work.write("post.md", ARTICLE.replace(f"header:\n{REQUEST}", ""))
    work.git("add", ".")
    commit(work)
    work.write("post.md", ARTICLE)
    commit(work, "-a", code=1)
    assert f"{PICTURE} is not staged" in commit(work, "-a", code=1)
    work.git("add", "--", PICTURE)
    commit(work, "-a")
    assert hooked.is_whole(work)


@pytest.mark.slow
def test_commit_of_a_path_takes_the_picture_along_or_fails(work: Repository) -> None:
    work.write("post.md", ARTICLE)
    work.git("add", ".")
    commit(work, "post.md", code=1)
    work.git("add", "--", "post.md", PICTURE)
    told = commit(work, "post.md", code=1)
    assert re.search(rf"{PICTURE} is not staged\n +name it in `git commit …` as well\n", told)
    assert not hooked.is_staged_for_deletion(work, PICTURE)
    commit(work, "post.md", PICTURE)
    assert hooked.is_whole(work)
    assert work.git("status", "--porcelain") == ""


@pytest.mark.slow
def test_unstaged_edits_next_to_the_lines_cost_no_second_picture(work: Repository) -> None:
    work.write("post.md", ARTICLE)
    work.git("add", ".")
    edit(work, REQUEST, f"{REQUEST}  alt: a view\n")
    commit(work, code=1)
    before = made(work)
    assert "  alt: a view\n" in (work.root / "post.md").read_text()
    work.git("add", "post.md")
    commit(work, code=1)
    work.git("add", ".")
    commit(work)
    assert hooked.is_whole(work)
    assert made(work) == before


@pytest.mark.slow
def test_unstaged_edits_elsewhere_stay_out_of_the_commit(work: Repository) -> None:
    work.write("post.md", ARTICLE)
    work.git("add", ".")
    edit(work, "Last line.", "Last thought.")
    commit(work, code=1)
    text = (work.root / "post.md").read_text()
    hooked.stage(work, "post.md", text.replace("Last thought.", "Last line."))
    work.git("add", "--", PICTURE)
    commit(work)
    assert hooked.is_whole(work)
    assert b"Last line." in work.committed("post.md")
    assert (work.root / "post.md").read_text() == text


@pytest.mark.slow
def test_a_request_staged_without_headergens_lines_is_stopped(work: Repository) -> None:
    work.write("post.md", ARTICLE)
    work.headergen("run")
    work.git("add", ".")
    hooked.stage(work, "post.md", ARTICLE)
    commit(work, code=1)
    work.git("add", ".")
    commit(work)
    assert hooked.is_whole(work)


@pytest.mark.slow
def test_a_picture_staged_older_than_on_disk_is_found(work: Repository) -> None:
    publish(work)
    Image.new("RGB", (64, 34), "coral").save(work.root / "sea.png")
    edit(work, "Last line.", "Last thought.")
    work.git("add", ".")
    commit(work, code=1)
    newer = made(work)
    work.git("add", "post.md")
    told = commit(work, code=1)
    assert f"git add -- {PICTURE}" in told
    assert made(work)[1] == newer[1]
    work.git("add", "--", PICTURE)
    commit(work)
    assert work.committed(PICTURE) == newer[1]
    work.headergen("check")


@pytest.mark.slow
def test_amending_adds_the_picture(work: Repository) -> None:
    work.write("post.md", ARTICLE)
    work.git("add", ".")
    commit(work, "--no-verify")
    edit(work, "Last line.", "Last thought.")
    work.git("add", ".")
    commit(work, "--amend", code=1)
    work.git("add", ".")
    commit(work, "--amend")
    assert hooked.is_whole(work)
    assert work.git("rev-list", "--count", "HEAD").strip() == "2"


@pytest.mark.slow
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
    work: Repository, start: str, operation: list[str], finish: list[str]
) -> None:
    work.write("post.md", "First line.\n")
    work.git("add", ".")
    commit(work)
    work.git("checkout", "--quiet", "-b", "other")
    publish(work)
    work.git("checkout", "--quiet", "main")
    work.write("post.md", "Another first line.\n")
    commit(work, "-a")
    work.git("checkout", "--quiet", start)

    work.git(*operation, code=1)
    picture = made(work)
    work.write("post.md", ARTICLE)
    work.git("add", "post.md")
    assert "made by an earlier run" in commit(work, code=1)
    work.git("add", "post.md")
    commit(work)
    if finish:
        work.git(*finish)
    assert hooked.is_whole(work)
    assert made(work) == picture
    assert "You are currently" not in work.git("status")


def _worktree(work: Repository, way: str) -> Repository:
    work.git("worktree", "add", "--quiet", "../tree")
    return Repository(work.root.parent / "tree", work.environ)


def _submodule(work: Repository, way: str) -> Repository:
    outer = Repository(work.root.parent / "outer", work.environ)
    outer.root.mkdir()
    outer.git("init", "--quiet")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", "../repo", "sub")
    inner = Repository(outer.root / "sub", work.environ)
    hooked.install(inner, way)
    return inner


def _link(work: Repository, way: str) -> Repository:
    link = work.root.parent / "link"
    link.symlink_to(work.root)
    return Repository(link, work.environ)


@pytest.mark.slow
@pytest.mark.parametrize("place", [_worktree, _submodule, _link], ids=lambda place: place.__name__)
def test_git_folders_in_odd_places(work: Repository, way: str, place: object) -> None:
    assert callable(place)
    elsewhere = place(work, way)
    elsewhere.write("post.md", ARTICLE)
    elsewhere.git("add", ".")
    commit(elsewhere, code=1)
    assert f"{PICTURE} is not staged" in commit(elsewhere, "-a", code=1)
    elsewhere.git("add", ".")
    commit(elsewhere)
    assert hooked.is_whole(elsewhere)


def test_a_renamed_article_keeps_its_picture(work: Repository) -> None:
    publish(work)
    before = made(work)
    work.git("mv", "post.md", "renamed.md")
    commit(work)
    assert hooked.is_whole(work, "renamed.md")
    assert made(work) == before


@pytest.mark.slow
def test_an_article_renamed_with_its_picture_takes_it_along(work: Repository) -> None:
    publish(work)
    picture = (work.root / PICTURE).read_bytes()
    work.git("mv", "post.md", "renamed.md")
    work.git("mv", PICTURE, header_of("renamed"))
    assert "made by an earlier run" in commit(work, code=1)
    work.git("add", ".")
    commit(work)
    assert hooked.is_whole(work, "renamed.md")
    assert work.committed(header_of("renamed")) == picture


def test_a_deleted_article_leaves_its_picture_alone(work: Repository) -> None:
    publish(work)
    work.git("rm", "--quiet", "post.md")
    commit(work)
    assert (work.root / PICTURE).is_file()


@pytest.mark.slow
def test_a_picture_that_git_ignores_is_named_as_such(work: Repository) -> None:
    work.write(".gitignore", f"{HEADERS}/\n")
    work.write("post.md", ARTICLE)
    work.git("add", ".")
    commit(work, code=1)
    told = commit(work, "-a", code=1)
    assert f"{PICTURE} is ignored by git\n" in told
    assert "take it out of .gitignore" in told
    assert "git add -- " not in told
    work.git("add", "--force", ".")
    commit(work)
    assert hooked.is_whole(work)


@pytest.mark.slow
def test_a_git_lfs_pointer_is_no_picture_and_no_reason_to_paint(work: Repository) -> None:
    publish(work)
    work.write(PICTURE, POINTER)
    edit(work, "Last line.", "Last thought.")
    work.git("add", ".")
    told = commit(work, code=1)
    assert re.search(rf"{PICTURE} is a Git LFS pointer, not .*\n +run `git lfs pull`\n", told)
    assert "git add -- " not in told
    assert (work.root / PICTURE).read_text() == POINTER
    findings = json.loads(work.headergen("check", "--json", code=1))
    assert [found["code"] for found in findings] == ["lfs-pointer"]


@pytest.mark.slow
def test_a_sparse_checkout_without_the_pictures_lacks_nothing(work: Repository) -> None:
    publish(work)
    work.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{HEADERS}/")
    edit(work, "Last line.", "Last thought.")
    commit(work, "-a")
    assert hooked.is_whole(work)
    assert not (work.root / PICTURE).exists()
    work.headergen("check")


def test_a_sparse_checkout_does_not_hide_a_deleted_picture(work: Repository) -> None:
    publish(work)
    work.git("sparse-checkout", "set", "--no-cone", "/*", "!/elsewhere/")
    (work.root / PICTURE).unlink()
    assert ": missing: " in work.headergen("check", code=1)


@pytest.mark.slow
def test_a_sparse_checkout_does_not_hide_a_changed_request(work: Repository) -> None:
    publish(work)
    work.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{HEADERS}/")
    edit(work, REQUEST, f"{REQUEST}  layout: grid\n")
    assert f"{PICTURE} does not exist" in work.headergen("check", code=1)
    assert "composed of 1 picture" in commit(work, "-a", code=1)


NAMES = ["日本語 猫", "a b", "it's", 'say "hi"', "-rf", "--help", "$HOME `x`", "100%", "*"]


@pytest.mark.slow
def test_every_name_that_an_article_may_have(work: Repository) -> None:
    for name in NAMES:
        work.write(f"{name}.md", ARTICLE)
        work.write(f"-folder/{name}.md", ARTICLE)
    work.git("add", ".")
    commit(work, code=1)
    assert "is not staged" in commit(work, "-a", code=1)
    work.git("add", ".")
    commit(work)
    for name in NAMES:
        assert hooked.is_whole(work, f"{name}.md")
        assert hooked.is_whole(work, f"-folder/{name}.md")


def test_a_name_with_a_line_feed_is_refused_and_the_others_go_on(work: Repository) -> None:
    work.write("two\nlines.md", ARTICLE)
    work.write("post.md", ARTICLE)
    work.git("add", ".")
    told = commit(work, code=1)
    assert "two\\nlines.md:3: " in told
    assert "rename the article" in told
    assert (work.root / PICTURE).is_file()


@pytest.mark.slow
@pytest.mark.parametrize("way", slow_but("prek", FRAMEWORKS), indirect=True)
@pytest.mark.parametrize(
    "arguments",
    [["--all-files"], ["--from-ref", "HEAD~1", "--to-ref", "HEAD"]],
    ids=["all files", "from ref to ref"],
)
def test_running_the_hooks_by_hand(work: Repository, way: str, arguments: list[str]) -> None:
    for name in ("a.md", "b.md"):
        work.write(name, ARTICLE)
    work.git("add", ".")
    commit(work, "--no-verify")
    told = work.run(way, "run", *arguments, code=1)
    assert f"git add -- a.md {header_of('a')} b.md {header_of('b')}" in told
    work.git("add", ".")
    work.run(way, "run", *arguments)


def test_the_first_commit_of_a_repository(
    way: str, environ: dict[str, str], tmp_path: Path
) -> None:
    work = hooked.fill(tmp_path / "repo", environ, way)
    work.write("post.md", ARTICLE)
    work.git("add", ".")
    commit(work, code=1)
    assert f"{PICTURE} is not staged" in commit(work, "-a", code=1)
    work.git("add", ".")
    commit(work)
    assert hooked.is_whole(work)


@pytest.mark.slow
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


@pytest.mark.parametrize(("command", "code"), [("hook", 1), ("check", 2)])
def test_a_picture_that_cannot_be_read_is_named(
    template: Callable[[str], Repository],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    command: str,
    code: int,
) -> None:
    def refuse(path: Path) -> first_bytes.Picture:
        raise PermissionError(13, "Permission denied", str(path))

    shutil.copytree(template("scripts").root, tmp_path / "repo")
    publish(Repository(tmp_path / "repo"))
    monkeypatch.chdir(tmp_path / "repo")
    for module in (first_bytes, state):
        monkeypatch.setattr(module, "probe", refuse)
    assert main([command, "post.md"]) == code
    told = "".join(capfd.readouterr())
    assert re.search(rf"^post.md:5: .*{PICTURE}.* cannot be read: Permission denied$", told, re.M)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["hook", "check"])
def test_three_hundred_articles_cost_few_calls_of_git(
    template: Callable[[str], Repository], tmp_path: Path, command: str
) -> None:
    shutil.copytree(template("scripts").root, tmp_path / "repo")
    trace = tmp_path / "trace"
    work = Repository(tmp_path / "repo", {"GIT_TRACE": str(trace)})
    publish(work)
    article, picture = (work.root / "post.md").read_text(), (work.root / PICTURE).read_bytes()
    names = [f"posts/{number}.md" for number in range(300)]
    for name in names:
        work.write(name, article)
    work.write(f"posts/{PICTURE}", picture)
    work.git("add", ".")
    for name in names:
        work.write(name, f"{article}An unstaged line.\n")
    trace.unlink()
    work.run(sys.executable, "-m", "headergen", command, "--", *names)
    calls = [line for line in trace.read_text().split("\n") if " built-in: " in line]
    assert 1 <= len(calls) <= 7
