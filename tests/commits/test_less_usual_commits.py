"""Ways found by somebody who tried to get a commit without its header past the hook.

Each case prepares a repository with one published article and stages a change that leaves its
header stale, missing or unreadable in a fresh clone. The hook has to refuse the commit.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.commits import hooked
from tests.commits.hooked import ARTICLE
from tests.support.headers import header_of
from tests.support.repository import Repository

PICTURE = header_of("post")


@pytest.fixture(params=["scripts", pytest.param("pre-commit", marks=pytest.mark.slow)])
def work(
    request: pytest.FixtureRequest, template: Callable[[str], Repository], tmp_path: Path
) -> Repository:
    """A repository with a source picture, in which committing runs headergen."""
    made = template(str(request.param))
    shutil.copytree(made.root, tmp_path / "repo", symlinks=True)
    return Repository(tmp_path / "repo", made.environ)


def of_source(name: str) -> str:
    return ARTICLE.replace("/sea.png", name)


def publish(work: Repository, text: str = ARTICLE, name: str = "post.md") -> None:
    """Commit an article and its header, through the hook."""
    work.write(name, text)
    work.headergen("run", name)
    work.git("add", ".")
    work.git("commit", "--quiet", "-m", "published")


def picture(work: Repository, name: str, colour: str = "coral") -> None:
    Image.new("RGB", (64, 34), colour).save(work.write(name, b""), "PNG")


def _source_with_another_suffix(work: Repository) -> None:
    picture(work, "sea.dat")
    publish(work, of_source("/sea.dat"))
    picture(work, "sea.dat", "gold")


def _folder_that_is_a_link_with_a_dot(work: Repository) -> None:
    picture(work, "v1/a.png")
    picture(work, "v2/a.png", "gold")
    (work.root / "img.js").symlink_to("v1")
    publish(work, of_source("/img.js/a.png"))
    (work.root / "img.js").unlink()
    (work.root / "img.js").symlink_to("v2")


def _escaped(written: str) -> Callable[[Repository], None]:
    def prepare(work: Repository) -> None:
        publish(work, ARTICLE.replace("[/sea.png]", f'["{written}"]'))
        picture(work, "sea.png")

    return prepare


def _config_that_is_a_link(work: Repository) -> None:
    work.write("conf/h.yaml", (work.root / "headergen.yaml").read_bytes())
    (work.root / "headergen.yaml").unlink()
    (work.root / "headergen.yaml").symlink_to("conf/h.yaml")
    publish(work)
    work.write("conf/h.yaml", "header: {width: 80, height: 42}\n")


def _config_with_another_image_key(work: Repository) -> None:
    publish(work)
    work.write("headergen.yaml", f"{hooked.SETTINGS}image_key: cover\n")


def _target_of_an_article_that_is_a_link(work: Repository) -> None:
    work.write("real/x.md", ARTICLE)
    (work.root / "post.md").symlink_to("real/x.md")
    publish(work, name="real/x.md")
    work.git("mv", "real/x.md", "real/y.md")


def _attributes_of_this_machine(work: Repository) -> None:
    work.write(".gitattributes", "*.png text eol=crlf\n")
    work.write(".git/info/attributes", "*.png -text\n")
    work.write("post.md", ARTICLE)
    work.headergen("run", "post.md")


def _attributes_of_this_author(work: Repository) -> None:
    own = work.write("../attributes", "*.png -text\n")
    work.git("config", "core.attributesFile", str(own))
    work.write(".gitattributes", "*.png eol=crlf\n")
    work.write("post.md", ARTICLE)
    work.headergen("run", "post.md")


def _keyword_in_a_title(work: Repository) -> None:
    work.write(".gitattributes", "*.md ident\n")
    work.write("post.md", "---\ntitle: About $Id$\nheader: {card: true}\n---\nBody.\n")
    work.headergen("run", "post.md")


def _own_picture_that_is_only_intended(work: Repository) -> None:
    picture(work, "own.png")
    work.write("post.md", "---\ntitle: T\nimage: own.png\nheader: {image: own.png}\n---\nBody.\n")
    work.git("add", "post.md")
    work.git("add", "--intent-to-add", "own.png")
    work.write("later.txt", "x")


def _picture_hidden_by_a_replacement(work: Repository) -> None:
    publish(work)
    whole = work.git("rev-parse", f"HEAD:{PICTURE}").strip()
    path = work.root / PICTURE
    path.write_bytes(path.read_bytes()[:-40])
    cut_off = work.git("hash-object", "-w", PICTURE).strip()
    work.git("replace", cut_off, whole)


@pytest.mark.slow
@pytest.mark.parametrize(
    "prepare",
    [
        pytest.param(_source_with_another_suffix, id="a source with another suffix"),
        pytest.param(_folder_that_is_a_link_with_a_dot, id="a link with a suffix of text"),
        pytest.param(_escaped(r"/s\x65a.png"), id="a source that is written with an escape"),
        pytest.param(_config_that_is_a_link, id="the file that the config leads to"),
        pytest.param(_config_with_another_image_key, id="another image_key"),
        pytest.param(_target_of_an_article_that_is_a_link, id="an article that a link leads to"),
        pytest.param(_attributes_of_this_machine, id="info/attributes"),
        pytest.param(_attributes_of_this_author, id="core.attributesFile"),
        pytest.param(_keyword_in_a_title, id="a keyword in a title"),
        pytest.param(_picture_hidden_by_a_replacement, id="git replace"),
    ],
)
def test_the_commit_is_refused(work: Repository, prepare: Callable[[Repository], None]) -> None:
    prepare(work)
    work.git("add", "--all")
    work.git("commit", "-m", "changed", code=1)


def test_a_picture_of_the_author_s_own_that_is_only_intended(work: Repository) -> None:
    _own_picture_that_is_only_intended(work)
    told = work.git("commit", "-m", "post", code=1)
    assert "own.png" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    "hook",
    [
        pytest.param("entry: headergen hook, pass_filenames: false", id="without names"),
        pytest.param("entry: sh hooks/pre-commit", id="the script"),
    ],
)
def test_pre_commit_calls_the_hook_in_a_way_of_the_author_s(
    template: Callable[[str], Repository], tmp_path: Path, hook: str
) -> None:
    made = template("pre-commit")
    work = Repository(tmp_path / "repo", made.environ)
    shutil.copytree(made.root, work.root)
    hooks = f"[{{id: headergen, name: headergen, language: system, always_run: true, {hook}}}]"
    work.write(".pre-commit-config.yaml", f"repos:\n- repo: local\n  hooks: {hooks}\n")
    work.write("post.md", ARTICLE)
    work.git("add", ".")
    assert "to complete the commit: git add" in work.git("commit", "-m", "post", code=1)


@pytest.mark.slow
def test_a_merge_brings_an_article_that_is_not_on_disk(work: Repository) -> None:
    publish(work, name="far/post.md")
    work.git("switch", "--quiet", "-c", "other")
    work.write("far/post.md", (work.root / "far/post.md").read_text().replace("sea.png]", "x.png]"))
    picture(work, "x.png")
    work.git("add", ".")
    work.git("commit", "--quiet", "--no-verify", "-m", "not whole")
    work.git("switch", "--quiet", "-")
    work.git("sparse-checkout", "set", "--no-cone", "/*", "!/far/")
    work.git("merge", "--quiet", "--squash", "other")
    work.git("commit", "-m", "squashed", code=1)


def test_a_link_into_a_submodule_is_no_article(work: Repository) -> None:
    other = Repository(work.root.parent / "other", work.environ)
    work.git("init", "--quiet", str(other.root))
    other.write("p.md", ARTICLE)
    other.git("add", ".")
    other.git("commit", "--quiet", "-m", "x")
    work.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.root), "s"
    )
    (work.root / "post.md").symlink_to("s/p.md")
    work.git("add", ".")
    work.git("commit", "-m", "link")
    clone = Repository(work.root.parent / "clone", work.environ)
    work.git("clone", "--quiet", str(work.root), str(clone.root))
    clone.headergen("check")


@pytest.mark.slow
def test_a_name_that_is_no_utf8_gets_no_traceback(
    template: Callable[[str], Repository], tmp_path: Path
) -> None:
    made = template("scripts")  # pre-commit itself ends with an error then
    work = Repository(tmp_path / "repo", made.environ)
    shutil.copytree(made.root, work.root)
    name = "x\udcff.md"
    work.write(name, ARTICLE)
    work.write("d\udcff/post.md", ARTICLE)
    work.git("add", "--all")
    told = work.git("commit", "-m", "posts", code=1)
    assert "its name is no UTF-8" in told
    assert "Traceback" not in told
    work.git("rm", "--quiet", "--cached", "--", name)
    (work.root / name).unlink()
    line = told.rpartition("to complete the commit: ")[2].partition("\n")[0]
    work.run("sh", "-c", line)
    work.git("commit", "-m", "the others")


def test_an_article_in_another_encoding_is_told_how_to_mend_it(work: Repository) -> None:
    work.write(".gitattributes", "*.md working-tree-encoding=UTF-16LE\n")
    work.write("post.md", ARTICLE.encode("utf-16-le"))
    work.git("add", ".")
    told = work.git("commit", "-m", "post", code=1)
    assert "end .gitattributes with the line `*.md -working-tree-encoding`" in told


@pytest.mark.parametrize("name", ["sea.md", "sea.txt"])
def test_no_request_names_a_picture_like_text(work: Repository, name: str) -> None:
    picture(work, name)
    work.write("post.md", of_source(f"/{name}"))
    told = work.headergen("run", "post.md", code=2)
    assert f"'/{name}' is no picture by its name" in told


@pytest.mark.slow
@pytest.mark.parametrize("ref", ["main@{0 days ago}", ":/not whole"])
def test_a_ref_with_blanks_is_checked_by_pre_push(
    template: Callable[[str], Repository], tmp_path: Path, ref: str
) -> None:
    made = template("scripts")
    work = Repository(tmp_path / "repo", made.environ)
    shutil.copytree(made.root, work.root)
    publish(work)
    work.git("rm", "--quiet", PICTURE)
    work.git("commit", "--quiet", "--no-verify", "-m", "not whole")
    work.git("init", "--quiet", "--bare", "../hub")
    assert "missing" in work.git("push", "../hub", f"{ref}:refs/heads/x", code=1)
