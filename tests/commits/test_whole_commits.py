"""A commit that passed the hook is whole in a fresh clone, whatever is on disk or told to git.

Each test goes through the hooks of pre-commit and through the scripts in `hooks/`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from headergen.picture.first_bytes import DIGEST_KEYWORD, probe
from headergen.repository import git
from tests.commits import hooked
from tests.commits.hooked import ARTICLE
from tests.support.headers import HEADERS, header_of
from tests.support.repository import Repository

PICTURE = header_of("post")
POINTER = f"{git.LFS_VERSION_LINE.decode()}oid sha256:{'0' * 64}\nsize 12345\n"
CARD = "---\ntitle: T\nheader: {card: true}\n---\nBody.\n"


@pytest.fixture(params=["scripts", pytest.param("pre-commit", marks=pytest.mark.slow)])
def work(
    request: pytest.FixtureRequest, template: Callable[[str], Repository], tmp_path: Path
) -> Repository:
    """A repository with a source picture, in which committing runs headergen."""
    made = template(str(request.param))
    shutil.copytree(made.root, tmp_path / "repo", symlinks=True)
    return Repository(tmp_path / "repo", made.environ)


def commit(work: Repository, *arguments: str, code: int | None = 0) -> str:
    """Run `git commit` with its hooks; with None, however it ends."""
    if code is None:
        return work.output("git", "commit", "-m", "a commit", *arguments)
    return work.git("commit", "-m", "a commit", *arguments, code=code)


def require_refused_or_whole(work: Repository, *arguments: str) -> None:
    """Commit; if that passes, a fresh clone must be whole."""
    if work.succeeds("git", "commit", "-m", "a commit", *arguments):
        require_whole(work)


def complete(work: Repository, told: str) -> None:
    """Run the line that the hook printed last."""
    lines = re.findall(r"^to complete the commit: (.*)$", told, re.MULTILINE)
    work.run("sh", "-c", lines[-1])


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


def picture_of(work: Repository, colour: str, name: str) -> None:
    """Save a picture of the author's own, of one colour and of the headers' size."""
    Image.new("RGB", (64, 34), colour).save(work.write(name, b""))


# --- Where git's folder is ------------------------------------------------------------------------


def _bare_with_a_working_tree(work: Repository) -> Repository:
    store = work.root.parent / "store.git"
    shutil.move(work.root / ".git", store)
    elsewhere = {"GIT_DIR": str(store), "GIT_WORK_TREE": str(work.root)}
    return Repository(work.root, {**work.environ, **elsewhere})


def _core_worktree(work: Repository) -> Repository:
    store = work.root.parent / "store.git"
    shutil.move(work.root / ".git", store)
    found = Repository(work.root, {**work.environ, "GIT_DIR": str(store)})
    found.git("config", "core.worktree", str(work.root))
    return found


def _git_file(work: Repository) -> Repository:
    shutil.move(work.root / ".git", work.root.parent / "store.git")
    work.write(".git", "gitdir: ../store.git\n")
    return work


def _linked_worktree(work: Repository) -> Repository:
    work.git("worktree", "add", "--quiet", "-b", "other", "../tree")
    return Repository(work.root.parent / "tree", work.environ)


@pytest.mark.slow
@pytest.mark.parametrize(
    "place",
    [_bare_with_a_working_tree, _core_worktree, _git_file, _linked_worktree],
    ids=lambda place: place.__name__.replace("_", " ").strip(),
)
def test_git_s_folder_is_elsewhere(
    work: Repository, place: Callable[[Repository], Repository]
) -> None:
    found = place(work)
    found.write("post.md", ARTICLE)
    found.git("add", "post.md")
    commit(found, code=1)
    told = commit(found, "--all", code=1)
    assert f"{PICTURE} is not staged" in told
    complete(found, told)
    commit(found)
    assert hooked.is_whole(found)


VARIABLES = [
    {"GIT_LITERAL_PATHSPECS": "1"},
    {"GIT_GLOB_PATHSPECS": "1"},
    {"GIT_ICASE_PATHSPECS": "1"},
    {"GIT_NOGLOB_PATHSPECS": "1"},
    {"GIT_TRACE": "1", "GIT_TRACE2": "1"},
    {"GIT_OPTIONAL_LOCKS": "0"},
    {"CDPATH": "/:/tmp:.."},
    {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "diff.relative", "GIT_CONFIG_VALUE_0": "true"},
    {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.quotePath", "GIT_CONFIG_VALUE_0": "false"},
    {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "status.relativePaths",
        "GIT_CONFIG_VALUE_0": "0",
    },
]


@pytest.mark.slow
@pytest.mark.parametrize("variables", VARIABLES, ids=str)
def test_variables_do_not_blind_the_hook_or_stop_it(
    work: Repository, variables: dict[str, str]
) -> None:
    odd = Repository(work.root, {**work.environ, **variables})
    odd.write("a b/猫 [1].md", ARTICLE)
    odd.git("add", "--all")
    commit(odd, code=1)
    told = commit(odd, code=1)
    assert f"{header_of('猫 [1]')} is not staged" in told or "made by an earlier run" in told
    work.git("add", "--all")
    commit(odd)
    assert hooked.is_whole(work, "a b/猫 [1].md")


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["home", "with space", "odd'quote"])
def test_a_temporary_folder_in_another_repository(work: Repository, folder: str) -> None:
    home = work.root.parent / folder
    home.mkdir()
    work.git("init", "--quiet", str(home))
    odd = Repository(work.root, {**work.environ, "TMPDIR": str(home)})
    publish(odd)
    odd.git("init", "--quiet", "--bare", "../hub.git")
    odd.git("push", "--quiet", "../hub.git", "main")
    odd.git("rm", "--quiet", PICTURE)
    commit(odd, code=1)


# --- What is on disk and not in the index ---------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("---\ntitle: The sea\n---\nFirst line.\n", id="taken out"),
        pytest.param(ARTICLE.replace("header:", "header: false\nx:"), id="declined"),
        pytest.param(ARTICLE.replace("[/sea.png]", "[/sea.png, /sea.png]"), id="another"),
        pytest.param("---\nheader: [\n---\n", id="broken"),
        pytest.param(None, id="the article deleted"),
    ],
)
def test_the_request_is_changed_on_disk_only(work: Repository, text: str | None) -> None:
    work.write("post.md", ARTICLE)
    work.headergen("run", "post.md")
    work.git("add", "post.md")
    if text is None:
        (work.root / "post.md").unlink()
    else:
        work.write("post.md", text)
    told = commit(work, code=None)
    assert work.git("log", "-1", "--format=%s").strip() == "start", told
    assert f"{PICTURE} is not staged" in told or "composed of" in told
    work.git("add", PICTURE)
    require_refused_or_whole(work)


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
@pytest.mark.parametrize("name", ["post.md", PICTURE, "sea.png"])
def test_a_file_that_git_does_not_look_at(work: Repository, flag: str, name: str) -> None:
    publish(work)
    work.git("update-index", f"--{flag}", name)
    picture_of(work, "coral", "sea.png")
    work.headergen("run")
    work.git("add", "--all")
    told = commit(work, code=1)
    complete(work, told)
    if not work.succeeds("git", "commit", "-m", "flagged"):
        told = commit(work, code=1)
        complete(work, told)
        commit(work)
    assert f"git update-index --no-{flag} -- {name} && git add" in told
    require_whole(work)
    assert work.git("ls-files", "-v", "--", name)[0] == "H"


def test_a_source_is_staged_in_another_state(work: Repository) -> None:
    publish(work)
    picture_of(work, "coral", "sea.png")
    work.headergen("run")
    work.git("add", "post.md", PICTURE)
    require_refused_or_whole(work)
    work.git("add", "--all")
    require_refused_or_whole(work)


@pytest.mark.slow
@pytest.mark.parametrize(
    "request_",
    [
        "  sources: [new.png]\n",
        "  sources: [/sea.png, new.png]\n",
        "  card: {logo: new.png}\n",
        "  card: {theme: duotone, picture: new.png}\n",
    ],
)
def test_a_source_or_logo_that_was_never_added(work: Repository, request_: str) -> None:
    work.write("post.md", ARTICLE.replace("  sources: [/sea.png]\n", request_))
    picture_of(work, "coral", "new.png")
    work.headergen("run")
    work.git("add", "post.md", PICTURE)
    told = commit(work, code=1)
    assert "new.png is not staged" in told
    complete(work, told)
    commit(work)
    require_whole(work)


@pytest.mark.slow
def test_the_config_is_staged_in_another_state(work: Repository) -> None:
    work.write("post.md", ARTICLE)
    work.write("headergen.yaml", "header: {width: 128, height: 67}\n")
    work.headergen("run")
    work.git("add", "post.md", PICTURE)
    require_refused_or_whole(work)
    work.git("add", "--all")
    commit(work)
    require_whole(work)


@pytest.mark.slow
def test_a_picture_of_the_author_s_own_has_to_be_in_the_commit(work: Repository) -> None:
    for name in ("own.png", "/static.png"):
        work.write("post.md", f"---\ntitle: T\nheader:\n  image: {name}\n---\n")
        work.git("add", "post.md")
        picture_of(work, "pink", name.lstrip("/"))
        told = commit(work, code=1)
        assert f"{name.lstrip('/')} is not staged" in told
        complete(work, told)
        commit(work)
        require_whole(work)
    work.write("own.png", "what it is, is the author's affair")
    work.write("post.md", "---\ntitle: T\nheader:\n  image: own.png\n---\n")
    work.git("add", ".")
    commit(work)


# --- Pictures that are not whole ------------------------------------------------------------------


def _other_size(data: bytes, path: Path) -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text(DIGEST_KEYWORD, probe(path).digest or "")
    Image.new("RGB", (10, 10)).save(path, pnginfo=told)


def _another_article_s(data: bytes, path: Path) -> None:
    told = PngImagePlugin.PngInfo()
    told.add_text(DIGEST_KEYWORD, "01234567")
    Image.new("RGB", (64, 34)).save(path, pnginfo=told)


DAMAGES: dict[str, Callable[[bytes, Path], object]] = {
    "empty": lambda data, path: path.write_bytes(b""),
    "cut off in its head": lambda data, path: path.write_bytes(data[:20]),
    "cut off in its pixels": lambda data, path: path.write_bytes(data[:-30]),
    "without its last byte": lambda data, path: path.write_bytes(data[:-1]),
    "text": lambda data, path: path.write_bytes(b"hello"),
    "another format": lambda data, path: Image.new("RGB", (64, 34)).save(path, "webp"),
    "another size": _other_size,
    "made for another request": _another_article_s,
    "a pointer of Git LFS without an object": lambda data, path: path.write_text(POINTER),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", DAMAGES)
def test_a_picture_that_is_not_whole_beside_a_digest(work: Repository, how: str) -> None:
    publish(work)
    path = work.root / PICTURE
    DAMAGES[how](path.read_bytes(), path)
    work.git("add", "--all")
    commit(work, code=1)
    path.unlink()
    work.headergen("run")
    work.git("add", "--all")
    work.succeeds("git", "commit", "-m", "a commit")
    require_whole(work)


@pytest.mark.slow
def test_a_pointer_of_git_lfs_is_whole_with_its_object_and_its_attribute(work: Repository) -> None:
    publish(work)
    data = (work.root / PICTURE).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    kept = work.write(f".git/lfs/objects/{digest[:2]}/{digest[2:4]}/{digest}", data)
    hooked.stage(work, PICTURE, POINTER.replace("0" * 64, digest))
    assert re.search(f"{PICTURE} is (staged in another state|a Git LFS)", commit(work, code=1))
    work.write(".gitattributes", "*.png filter=lfs diff=lfs merge=lfs -text\n")
    work.git("add", ".gitattributes")
    commit(work)
    work.headergen("check", "--commit", "HEAD")
    kept.write_bytes(b"another")
    (work.root / PICTURE).unlink()
    assert ": lfs-pointer: " in work.headergen("check", "--commit", "HEAD", code=1)


# --- Links ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("place", ["note_images", "note_images/post.png", "post.md", "sea.png"])
def test_a_link_whose_target_is_not_staged(work: Repository, place: str) -> None:
    publish(work)
    path, kept = work.root / place, work.root / "kept" / Path(place).name
    kept.parent.mkdir()
    path.rename(kept)
    path.symlink_to(os.path.relpath(kept, path.parent))
    work.git("add", "--all", "--", place)
    require_refused_or_whole(work)
    work.git("add", "--all")
    require_refused_or_whole(work)
    picture_of(work, "coral", "sea.png" if place != "sea.png" else "kept/sea.png")
    work.headergen("run")
    work.succeeds("git", "add", "post.md", "sea.png")
    require_refused_or_whole(work)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["/etc/hostname", "../outside.png", "gone.png", "post.png"])
def test_a_link_that_leads_nowhere(work: Repository, target: str) -> None:
    publish(work)
    picture = work.root / PICTURE
    picture.rename(work.root.parent / "outside.png")
    picture.symlink_to(target)
    work.git("add", "--all")
    commit(work, code=None)
    require_whole(work)


# --- Commits without articles ---------------------------------------------------------------------


def _delete(work: Repository) -> None:
    work.git("rm", "--quiet", PICTURE)


def _rename(work: Repository) -> None:
    work.git("mv", PICTURE, f"{HEADERS}/renamed.png")


def _replace(work: Repository) -> None:
    picture_of(work, "coral", PICTURE)


def _change_the_source(work: Repository) -> None:
    picture_of(work, "coral", "sea.png")


def _rename_the_source(work: Repository) -> None:
    work.git("mv", "sea.png", "ocean.png")


def _turn_into_a_folder(work: Repository) -> None:
    work.git("rm", "--quiet", PICTURE)
    work.write(f"{PICTURE}/x.png", "x")


def _write_attributes(work: Repository) -> None:
    work.write(".gitattributes", "*.png eol=crlf\n")


def _change_the_size(work: Repository) -> None:
    work.write("headergen.yaml", "header: {width: 128, height: 67}\n")


@pytest.mark.slow
@pytest.mark.parametrize("with_other", [False, True], ids=["alone", "beside another article"])
@pytest.mark.parametrize(
    "change",
    [
        _delete,
        _rename,
        _replace,
        _change_the_source,
        _rename_the_source,
        _turn_into_a_folder,
        _write_attributes,
        _change_the_size,
    ],
    ids=lambda change: change.__name__.strip("_").replace("_", " "),
)
def test_a_commit_of_no_article_with_a_header(
    work: Repository, change: Callable[[Repository], None], with_other: bool
) -> None:
    publish(work)
    change(work)
    if with_other:
        work.write("other.md", "text")
    work.git("add", "--all")
    require_refused_or_whole(work)


@pytest.mark.slow
def test_an_article_may_be_deleted_with_its_picture_or_without(work: Repository) -> None:
    publish(work)
    publish(work, "other.md")
    work.git("rm", "--quiet", "post.md", PICTURE)
    commit(work)
    work.git("rm", "--quiet", "other.md")
    commit(work)
    require_whole(work)


@pytest.mark.slow
def test_a_merge_of_two_sides_that_are_whole_by_themselves(work: Repository) -> None:
    publish(work)
    work.git("checkout", "--quiet", "-b", "other")
    publish(work, "other.md", ARTICLE)
    work.git("checkout", "--quiet", "main")
    picture_of(work, "coral", "sea.png")
    work.headergen("run")
    work.git("add", ".")
    commit(work)
    assert "other.md: " in work.output("git", "merge", "--no-edit", "other")
    work.git("add", ".")
    commit(work)
    assert len(work.git("rev-list", "--parents", "-1", "HEAD").split()) == 3
    require_whole(work)


# --- Other repositories, and parts of one ---------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["book.md", "sub/book.mdx", "pics"])
def test_a_submodule_is_no_article_and_no_picture(work: Repository, name: str) -> None:
    inner = Repository(work.root / name, work.environ)
    inner.root.mkdir(parents=True)
    inner.git("init", "--quiet")
    inner.write("sea.png", (work.root / "sea.png").read_bytes())
    inner.git("add", ".")
    inner.git("commit", "--quiet", "-m", "x")
    work.git("add", name)
    commit(work)
    work.headergen("check")
    work.write("post.md", ARTICLE.replace("/sea.png", f"/{name}/sea.png"))
    work.headergen("run", "post.md")
    work.git("add", "post.md", PICTURE)
    told = commit(work, code=1)
    assert "it is in another repository" in told


@pytest.mark.slow
def test_a_sparse_checkout_hides_nothing(work: Repository) -> None:
    publish(work)
    work.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{HEADERS}/", "!/post.md")
    picture_of(work, "coral", "sea.png")
    work.git("add", "--all")
    told = commit(work, code=1)
    assert "post.md" in told
    work.git("reset", "--quiet", "--hard")
    work.git("rm", "--quiet", "--sparse", PICTURE)
    commit(work, code=1)


@pytest.mark.slow
def test_a_new_header_in_a_folder_that_a_sparse_checkout_leaves_out(work: Repository) -> None:
    work.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{HEADERS}/")
    work.write("post.md", ARTICLE)
    work.git("add", "post.md")
    told = commit(work, code=1)
    assert "git add --sparse -- " in told
    complete(work, told)
    commit(work)
    require_whole(work)


# --- The printed line -----------------------------------------------------------------------------


def _as_is(work: Repository, *arguments: str) -> str:
    work.git("add", "post.md")
    return work.output("git", "commit", "-m", "a commit", *arguments)


def _all(work: Repository) -> str:
    work.git("add", "--intent-to-add", "post.md")
    return work.output("git", "commit", "-m", "a commit", "--all")


def _path(work: Repository) -> str:
    work.git("add", "--intent-to-add", "post.md")
    return work.output("git", "commit", "-m", "a commit", "--", "post.md")


def _patch(work: Repository) -> str:
    work.git("add", "--intent-to-add", "post.md")
    return work.output("sh", "-c", "yes | git commit -m 'a commit' --patch")


def _editor_with_an_index_of_its_own(work: Repository) -> str:
    own = Repository(work.root, {**work.environ, "GIT_INDEX_FILE": str(work.root.parent / "own")})
    own.git("read-tree", "HEAD")
    own.git("add", "post.md")
    return own.output("git", "commit", "-m", "a commit")


@pytest.mark.slow
@pytest.mark.parametrize(
    "begin",
    [_as_is, _all, _path, _patch, _editor_with_an_index_of_its_own],
    ids=lambda begin: begin.__name__.strip("_").replace("_", " "),
)
@pytest.mark.parametrize("again", [False, True], ids=["at once", "after it was begun twice"])
def test_the_printed_line_completes_the_commit(
    work: Repository, begin: Callable[[Repository], str], again: bool
) -> None:
    work.write("post.md", ARTICLE.replace("/sea.png", "new.png"))
    picture_of(work, "coral", "new.png")
    told = begin(work)
    if again:
        told = begin(work)
    complete(work, told)
    commit(work)
    assert hooked.is_whole(work)
    require_whole(work)


@pytest.mark.slow
def test_the_printed_line_is_short_for_many_files(work: Repository) -> None:
    for number in range(30):
        work.write(f"posts/:(top) {number} *.md", ARTICLE)
    work.write("posts/unrelated.txt", "")
    work.git("add", "--", "posts/*.md")
    told = commit(work, code=1)
    (line,) = re.findall(r"^to complete the commit: (.*)$", told, re.MULTILINE)
    assert len(line) < 120
    complete(work, told)
    commit(work)
    require_whole(work)
    assert "?? posts/unrelated.txt" in work.git("status", "--porcelain")


# --- Attributes -----------------------------------------------------------------------------------


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_picture_that_git_rewrote_is_added_again_by_the_printed_line(work: Repository) -> None:
    work.write(".gitattributes", "* text\n")
    work.write("post.md", CARD)
    work.headergen("run", "post.md")
    work.git("add", "--all", "--", "post.md", ".gitattributes", PICTURE)
    work.git("commit", "--quiet", "--no-verify", "-m", "rewritten")
    assert "post.md:3: error: rewritten: " in work.headergen("check", "--commit", "HEAD", code=1)
    work.write(".gitattributes", "* text=auto\n")
    work.git("add", ".")
    if not work.succeeds("git", "commit", "-m", "mended"):
        work.git("add", "--", PICTURE)
        commit(work)
    require_whole(work)


@pytest.mark.slow
def test_git_lfs_and_automatic_text_stay_quiet(work: Repository) -> None:
    work.write(".gitattributes", "* text=auto eol=lf\n*.png filter=lfs -text\n")
    publish(work)
    require_whole(work)
