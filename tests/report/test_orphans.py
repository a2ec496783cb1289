"""Pictures that no article needs any more: which they are, and what `headergen tidy` does."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.graphics import encoding
from headergen.picture.provenance import Metadata
from headergen.report import mentions
from tests.support import repository
from tests.support.headers import HEADERS, header_of
from tests.support.repository import Repository

PICTURE = header_of()
CONFIG = "header: {width: 64, height: 34}\n"
ARTICLE = "---\ntitle: The sea\nheader: {card: true}\n---\nText.\n"


def made(digest: str = "01234567") -> bytes:
    """A picture with headergen's digest inside."""
    return encoding.encode(Image.new("RGB", (64, 34), "teal"), "png", Metadata(digest))


def commit(repo: Repository) -> None:
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "-m", "work")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with a good article, and a header whose article was deleted, all committed."""
    made = repository.create(tmp_path_factory.mktemp("orphans") / "repo")
    made.write("headergen.yaml", CONFIG)
    made.write("good.md", ARTICLE)
    made.write("post.md", ARTICLE)
    made.headergen("run")
    commit(made)
    made.git("rm", "--quiet", "post.md")
    commit(made)
    return made


@pytest.fixture
def site(repo: Repository, template: Repository) -> Repository:
    """Copy the template, which is quicker than to make it."""
    shutil.copytree(template.root, repo.root, dirs_exist_ok=True)
    repo.git("update-index", "--refresh")
    return repo


def tidied(capsys: pytest.CaptureFixture[str], *flags: str, code: int = 1) -> list[dict[str, Any]]:
    assert main(["tidy", "--json", *flags]) == code
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def paths(capsys: pytest.CaptureFixture[str], *flags: str, code: int = 1) -> list[str]:
    return [each["path"] for each in tidied(capsys, *flags, code=code)]


@pytest.mark.slow
def test_the_picture_of_a_deleted_article_is_an_orphan(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    size = (site.root / PICTURE).stat().st_size
    (found,) = tidied(capsys)
    assert found == {"path": PICTURE, "size_bytes": size, "committed": True, "deleted": False}
    assert main(["tidy"]) == 1
    out = f"{PICTURE} (0.1 MB)\n1 picture that no article needs\n"
    assert capsys.readouterr().out == out
    assert (site.root / PICTURE).exists()


# --- what is needed ------------------------------------------------------------------------------


def writes(name: str, text: str) -> Callable[[Repository], object]:
    return lambda repo: repo.write(name, text)


def wants(header: str, name: str = "other.md") -> Callable[[Repository], object]:
    return writes(name, f"---\ntitle: T\nheader: {header}\n---\n")


def a_cut(repo: Repository) -> None:
    repo.write("headergen.yaml", f"{CONFIG}also: [{{key: cover, width: 64, height: 34}}]\n")
    wants("{image: own.png}\ncover: 'note_\\x69mages/post.png'".replace("'", '"'))(repo)


def a_link(repo: Repository) -> None:
    (repo.root / "static").mkdir()
    (repo.root / "static" / "sea.png").symlink_to(f"../{PICTURE}")


def an_ignored_draft(repo: Repository) -> None:
    repo.write(".gitignore", "drafts/\n")
    wants('{image: "/note_\\x69mages/post.png"}', "drafts/a.md")(repo)


def a_default(repo: Repository) -> None:
    repo.write("headergen.yaml", f"{CONFIG}default: {{card: true}}\n")
    repo.write("post.md", "# The sea\n")


NEEDED: dict[str, Callable[[Repository], object]] = {
    "a Markdown image": writes("other.md", f"![The sea]({PICTURE})\n"),
    "a Markdown image of an article with a header": writes(
        "other.md", f"{ARTICLE}![The sea](/img/post.png 'The sea')\n"
    ),
    "an HTML page": writes("index.html", f'<img alt=sea src=/{PICTURE}><img src="a.png">'),
    "a template": writes("theme/head.liquid", '{{ "post.png" | prepend: site.images }}'),
    "a theme's config": writes("config.toml", 'image = "images/POST.PNG"\n'),
    "a line of JSON": writes("site.json", '{"text": "sea:\\npost.png"}'),
    "percent encoding": writes("index.html", "<img src=note_images%2Fp%6Fst.png>"),
    "a URL": writes("feed.xml", "<url>https://example.org/2026/post.png?w=1</url>"),
    "a text of thousands of lines": writes("log.txt", "line\n" * 50_000 + "post.png"),
    "a source": wants('{sources: ["/note_\\x69mages/post.png"]}'),
    "a picture on a card": wants('{card: {theme: duotone, picture: "note_\\x69mages/post.png"}}'),
    "a logo on a card": wants('{card: {logo: "note_\\x69mages/post.png"}}'),
    "a header of the author's": wants('{image: "note_\\x69mages/post.png"}'),
    "a logo in the config": writes(
        "headergen.yaml", f'{CONFIG}card: {{logo: "note_\\x69mages/post.png"}}\n'
    ),
    "a cut": a_cut,
    "a symlink": a_link,
    "an article that git ignores": an_ignored_draft,
    "an article in a hidden folder": wants(f"{{image: /{PICTURE}}}", ".drafts/a.md"),
    "an article whose header goes there": writes("post.md", ARTICLE),
    "an article that gets one by default": a_default,
}


@pytest.mark.parametrize("needed", NEEDED)
@pytest.mark.parametrize("tracked", [True, False], ids=["tracked", "untracked"])
def test_what_is_needed_is_no_orphan(
    site: Repository, capsys: pytest.CaptureFixture[str], needed: str, tracked: bool
) -> None:
    NEEDED[needed](site)
    if tracked:
        commit(site)
    assert paths(capsys, code=0) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("夏 & 海.png", "![](<../夏 & 海.png>)", id="blanks"),
        pytest.param("夏 & 海.png", "<img src='夏 &amp; 海.png'>", id="an entity"),
        pytest.param("夏 & 海.png", "![](%E5%A4%8F%20%26%20%E6%B5%B7.png)", id="encoded"),
        pytest.param("が.png", unicodedata.normalize("NFD", "見よが.png"), id="decomposed"),
        pytest.param("a(1).png", "![](a(1).png)", id="brackets"),
        pytest.param("a%20b.png", "![](a%20b.png)", id="a name that looks encoded"),
        pytest.param("海🐱.png", json.dumps({"image": "x/海🐱.png"}), id="escaped in JSON"),
        pytest.param("-x.png", "see -x.png", id="a name like an option"),
    ],
)
def test_a_name_is_found_however_it_is_written(
    repo: Repository, capsys: pytest.CaptureFixture[str], name: str, text: str
) -> None:
    repo.write(f"img/{name}", made())
    commit(repo)
    assert paths(capsys) == [f"img/{name}"]
    repo.write("other.txt", text)
    assert paths(capsys, code=0) == []


# --- what is not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "repost.png",
        "og-post.png and post.png5.webp",
        "post.jpg",
        "post.pn",
    ],
)
def test_another_name_is_no_mention(
    site: Repository, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    site.write("other.txt", text.replace("post.png5.webp", "posts.png"))
    assert paths(capsys) == [PICTURE]


def test_a_path_that_leads_to_a_file_means_no_other_file_of_that_name(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", f"{CONFIG}output: header-{{stem}}.{{format}}\n")
    for folder in ("a", "b"):
        repo.write(f"{folder}/index.md", ARTICLE)
    assert main(["run"]) == 0
    repo.git("add", ".")
    capsys.readouterr()
    assert paths(capsys, code=0) == []
    (repo.root / "b/index.md").unlink()
    assert paths(capsys) == ["b/header-index.png"]


def test_an_article_that_asks_no_more_leaves_an_orphan(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write("good.md", "---\ntitle: The sea\n---\nText.\n")
    assert paths(capsys) == [header_of("good"), PICTURE]


def test_cuts_of_another_format_are_orphans(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    also = "also: [{key: cover, width: 40, height: 40}]\n"
    site.write("headergen.yaml", CONFIG + also)
    assert main(["run"]) == 0
    site.write("headergen.yaml", f"header: {{width: 64, height: 34, format: webp}}\n{also}")
    assert main(["run"]) == 0
    capsys.readouterr()
    assert paths(capsys) == [header_of("good-cover"), PICTURE]


def test_a_stand_in_may_be_an_orphan(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write(PICTURE, made("01234567-stand-in"))
    assert paths(capsys) == [PICTURE]


def foreign(repo: Repository) -> None:
    Image.new("RGB", (64, 34)).save(repo.write("own.png", b""))
    repo.write("text.png", "no picture")
    repo.write("empty.webp", "")


def candidates(repo: Repository) -> None:
    repo.write(".headergen/candidates/post.md/1.png", made())
    repo.write(".headergen/unfinished/0.png", made())
    repo.write("site/.headergen/candidates/post.md/1.png", made())
    repo.git("add", "--force", ".headergen", "site")


def nested(repo: Repository) -> None:
    inner = repository.create(repo.root / "inner")
    inner.write(PICTURE, made())
    commit(inner)


def submodule(repo: Repository) -> None:
    theme = repository.create(repo.root.parent / "theme")
    theme.write(PICTURE, made())
    commit(theme)
    allow = ("-c", "protocol.file.allow=always")
    repo.git(*allow, "submodule", "--quiet", "add", str(theme.root), "themes/theme")


def ignored(repo: Repository) -> None:
    repo.write(".gitignore", "public/\n")
    repo.write("public/post.png", made())


@pytest.mark.parametrize("others", [foreign, candidates, nested, submodule, ignored])
def test_files_of_others_are_no_orphans(
    repo: Repository, capsys: pytest.CaptureFixture[str], others: Callable[[Repository], None]
) -> None:
    others(repo)
    assert paths(capsys, code=0) == []
    assert main(["tidy", "--delete"]) == 0
    nothing = "nothing to do: an article needs each picture that headergen made\n"
    assert capsys.readouterr().out == nothing


# --- doubts --------------------------------------------------------------------------------------


def broken(repo: Repository) -> str:
    repo.write("bad.md", "---\nheader:\n  promt: x\n---\n")
    return "bad.md:3: header.promt: "


def sparse(repo: Repository) -> str:
    repo.write("articles/a.md", ARTICLE)
    commit(repo)
    repo.git("sparse-checkout", "set", "--no-cone", "/*", "!/articles/")
    return "articles/a.md: is left out by a sparse checkout: 1 file in all"


@pytest.mark.parametrize("doubt", [broken, sparse])
def test_where_it_is_not_certain_nothing_is_called_an_orphan(
    site: Repository, capsys: pytest.CaptureFixture[str], doubt: Callable[[Repository], str]
) -> None:
    told = doubt(site)
    for flags in ([], ["--delete"], ["--delete", "--json"]):
        assert main(["tidy", *flags]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith(told)
        assert captured.out == ""
    assert (site.root / PICTURE).exists()
    main(["check"])
    assert "orphan" not in capsys.readouterr().out


def test_a_text_that_cannot_be_read_leaves_a_doubt(
    site: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: object) -> None:
        raise PermissionError(13, "Permission denied", str(site.root / "index.html"))

    site.write("index.html", "text")
    monkeypatch.setattr(mentions, "_mapped", refuse)
    assert main(["tidy"]) == 2
    assert capsys.readouterr().err.startswith("index.html: cannot be read: Permission denied\n")


def test_an_article_of_another_repository_leaves_no_doubt(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    broken(repository.create(site.root / "inner"))
    assert paths(capsys) == [PICTURE]


def test_outside_of_git_there_is_nothing_to_compare_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["tidy", "--delete"]) == 2
    assert capsys.readouterr().err == "headergen: tidy needs a git repository\n  run it in one\n"


# --- deleting ------------------------------------------------------------------------------------


def test_what_is_committed_is_deleted_and_git_brings_it_back(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    data = (site.root / PICTURE).read_bytes()
    assert main(["tidy", "--delete"]) == 0
    out = capsys.readouterr().out
    assert out == f"{PICTURE} (deleted, 0.1 MB)\nto complete the commit: git add -- {PICTURE}\n"
    assert sorted(path.name for path in (site.root / HEADERS).iterdir()) == ["good.png"]
    site.git("restore", PICTURE)
    assert (site.root / PICTURE).read_bytes() == data
    assert main(["tidy", "--delete"]) == 0
    site.git("add", "--", PICTURE)
    site.git("commit", "--quiet", "-m", "tidy")
    capsys.readouterr()
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "1 article checked: all is well\n"


def untracked(repo: Repository) -> None:
    repo.write("new.png", made())


def staged_alone(repo: Repository) -> None:
    repo.write("new.png", made())
    repo.git("add", "new.png")


def intended(repo: Repository) -> None:
    repo.write("new.png", made())
    repo.git("add", "--intent-to-add", "new.png")


def changed(repo: Repository) -> None:
    repo.write("new.png", made())
    commit(repo)
    repo.write("new.png", made("89abcdef"))


def changed_unseen(repo: Repository) -> None:
    repo.write("new.png", made())
    commit(repo)
    repo.git("update-index", "--assume-unchanged", "new.png")
    repo.write("new.png", made("89abcdef"))


def changed_and_skipped(repo: Repository) -> None:
    repo.write("new.png", made())
    commit(repo)
    repo.git("update-index", "--skip-worktree", "new.png")
    repo.write("new.png", made("89abcdef"))


@pytest.mark.parametrize(
    "make",
    [untracked, staged_alone, intended, changed, changed_unseen, changed_and_skipped],
)
def test_what_git_could_not_bring_back_is_kept(
    site: Repository, capsys: pytest.CaptureFixture[str], make: Callable[[Repository], None]
) -> None:
    make(site)
    data = (site.root / "new.png").read_bytes()
    assert main(["tidy", "--delete"]) == 1
    assert capsys.readouterr().out == (
        f"new.png (0.1 MB, git could not bring it back)\n{PICTURE} (deleted, 0.1 MB)\n"
        "1 picture kept: delete by hand what git could not bring back\n"
        f"to complete the commit: git add -- {PICTURE}\n"
    )
    assert (site.root / "new.png").read_bytes() == data
    ((found, _),) = [[each, each["path"]] for each in tidied(capsys)]
    assert (found["path"], found["committed"]) == ("new.png", False)


def test_json_tells_what_was_deleted(site: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = tidied(capsys, "--delete", code=0)
    assert (found["path"], found["deleted"]) == (PICTURE, True)
    assert not (site.root / PICTURE).exists()


def test_paths_are_relative_to_where_the_author_is(
    site: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site.root / HEADERS)
    assert paths(capsys) == ["post.png"]
    assert main(["tidy", "--delete"]) == 0
    assert capsys.readouterr().out.endswith("git add -- post.png\n")


# --- check ---------------------------------------------------------------------------------------


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str, str]]:
    assert main(["check", "--json", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    return [(each["path"], each["code"], each["remedy"]) for each in found]


def test_a_check_of_the_whole_repository_names_orphans_and_passes(
    site: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = (PICTURE, "orphan", "run `headergen tidy --delete`")
    assert findings(capsys) == [orphan]
    assert findings(capsys, ".") == [orphan]
    assert findings(capsys, "good.md") == []
    site.write("new.png", made())
    assert findings(capsys) == [("new.png", "orphan", "delete it"), orphan]
    monkeypatch.chdir(site.root / HEADERS)
    assert findings(capsys) == []
    assert [path for path, _, _ in findings(capsys, "..")] == ["../new.png", "post.png"]


def test_a_check_prints_an_orphan_as_it_prints_the_rest(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    message = "no article needs this picture, which headergen made"
    out = f"{PICTURE}:1: note: orphan: {message}\n  run `headergen tidy --delete`\n"
    assert capsys.readouterr().out == f"{out}1 article checked: 1 note\n"
