"""What headergen loads, opens and asks of git when there is nothing to do."""

from __future__ import annotations

import gc
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from headergen.report import check
from headergen.repository import hook_memory
from headergen.settings.config import Config
from tests.support import repository
from tests.support.headers import HEADERS, header_of
from tests.support.repository import Repository

ARTICLE = "---\ntitle: A title\nheader:\n  sources: [a.png]\n---\nBody.\n"
HEAVY = {"torch", "numpy", "PIL", "rich", "asyncio", "diffusers", "transformers", "markdown_it"}
PLANNING = {"headergen.plan.job", "headergen.diffusion.families", "pathspec"}
WRITE_BACK = {
    "headergen.article.frontmatter.yaml_tree",
    "headergen.article.frontmatter.yaml_edit",
    "frontmatter",
}
CLOSER_LOOK = {"yaml", "argparse", "pathlib", "dataclasses"}
# What Python itself brings and takes longer to load than git to answer.
SLOW_TO_LOAD = {"hashlib", "contextlib", "collections", "typing", "re", "subprocess"}
PICTURE = header_of("post")
RECORD = ".git/headergen"

# Prints, as JSON, the modules that a command has loaded, the articles that it has opened and the
# programs that it has started.
WATCHED = """\
import sys
opened, started = [], []
def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".md"):
        opened.append(arguments[0])
    if event in ("os.posix_spawn", "os.exec", "os.fork", "os.system", "subprocess.Popen"):
        started.append(str(arguments[0]) if arguments else event)
sys.addaudithook(watch)
from headergen.__main__ import main
code = main()
modules = sorted(sys.modules)
import json
print(json.dumps([modules, opened, started]))
sys.exit(code)
"""


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    """A repository with one article, whose header is there and committed."""
    made = repository.create(tmp_path / "repo")
    made.write_sources("a.png", "b.png")
    made.write("post.md", ARTICLE)
    made.headergen("run")
    made.git("add", ".")
    made.git("commit", "--quiet", "-m", "an article")
    return made


@dataclass(frozen=True)
class Watched:
    """What one run of headergen did."""

    modules: set[str]
    opened: list[str]
    started: list[str]


def watch(work: Repository, *arguments: str) -> Watched:
    """Run headergen, which must have nothing to do, and return what it did."""
    output = work.run(sys.executable, "-c", WATCHED, *arguments)
    modules, opened, started = json.loads(output.splitlines()[-1])
    return Watched(set(modules), opened, started)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["hook", "--", "post.md"], id="a hook on a fresh article"),
        pytest.param(["check"], id="a check of the site"),
        pytest.param(["run"], id="a run over the site"),
    ],
)
def test_nothing_to_do_loads_nothing_heavy(work: Repository, arguments: list[str]) -> None:
    for _ in range(2):
        assert not watch(work, *arguments).modules & HEAVY


def test_a_check_loads_neither_what_writes_nor_what_plans_a_picture(work: Repository) -> None:
    assert not watch(work, "check").modules & {*WRITE_BACK, *PLANNING, "http.client"}


@pytest.mark.slow
def test_a_second_hook_loads_neither_parsers_nor_the_command_line(work: Repository) -> None:
    assert watch(work, "hook", "--", "post.md").modules >= CLOSER_LOOK
    assert not watch(work, "hook", "--", "post.md").modules & CLOSER_LOOK
    assert not watch(work, "hook", "post.md").modules & (CLOSER_LOOK | SLOW_TO_LOAD)


@pytest.mark.slow
def test_a_staged_edit_of_the_text_needs_no_closer_look(work: Repository) -> None:
    work.headergen("hook", "--", "post.md")
    work.write("post.md", (work.root / "post.md").read_text() + "header: no, not here\n")
    work.git("add", ".")
    assert not watch(work, "hook", "--", "post.md").modules & CLOSER_LOOK


def _edit(old: str, new: str, stage: bool = True) -> Callable[[Repository], None]:
    def edit(work: Repository) -> None:
        text = (work.root / "post.md").read_text()
        assert old in text
        work.write("post.md", text.replace(old, new, 1))
        if stage:
            work.git("add", "post.md")

    return edit


def _write(name: str, data: str) -> Callable[[Repository], None]:
    def write(work: Repository) -> None:
        work.write(name, data)
        work.git("add", name)

    return write


def _new_source(work: Repository) -> None:
    shutil.copy(work.root / "b.png", work.root / "a.png")


def _new_staged_source(work: Repository) -> None:
    _new_source(work)
    work.git("add", ".")


def _other_picture(work: Repository) -> None:
    work.write("other.md", ARTICLE.replace("a.png", "b.png"))
    work.headergen("run", "other.md")
    shutil.copy(work.root / header_of("other"), work.root / PICTURE)
    work.git("add", PICTURE)


def _no_picture_on_disk(work: Repository) -> None:
    (work.root / PICTURE).unlink()


def _no_picture(work: Repository) -> None:
    work.git("rm", "--quiet", PICTURE)


def _picture_taken_out_of_the_index(work: Repository) -> None:
    work.git("rm", "--quiet", "--cached", PICTURE)


def _source_moved_outside(work: Repository) -> None:
    outside = shutil.move(work.root / "a.png", work.root.parent / "outside.png")
    (work.root / "a.png").symlink_to(outside)
    work.git("add", ".")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(_edit("[a.png]", "[b.png]"), 1, id="the request is another"),
        pytest.param(_edit("[a.png]", "[no.png]"), 2, id="a source is named that is missing"),
        pytest.param(_edit("header:", "header: x"), 2, id="the frontmatter is broken"),
        pytest.param(_edit("---\nBody", "Body"), 2, id="the frontmatter has no end"),
        pytest.param(_edit("Body", "Text", stage=False), 0, id="the text has an unstaged edit"),
        pytest.param(_new_source, 0, id="a source has other bytes on disk"),
        pytest.param(_new_staged_source, 1, id="a source has other bytes"),
        pytest.param(_other_picture, 1, id="the picture is that of another request"),
        pytest.param(_no_picture_on_disk, 0, id="the picture is gone on disk"),
        pytest.param(_no_picture, 1, id="the picture is gone"),
        pytest.param(_picture_taken_out_of_the_index, 1, id="the picture is not staged"),
        pytest.param(_source_moved_outside, 2, id="a source lies outside of the repository"),
        pytest.param(_write("headergen.yaml", "colour: red\n"), 2, id="the config has a mistake"),
        pytest.param(_write("headergen.yaml", "image_key: hero\n"), 2, id="the key is another"),
    ],
)
def test_a_settled_article_is_looked_at_again_where(
    work: Repository, change: Callable[[Repository], None], code: int
) -> None:
    work.headergen("hook", "--", "post.md")
    change(work)
    twin = Repository(work.root.parent / "twin")
    shutil.copytree(work.root, twin.root, symlinks=True)
    shutil.rmtree(twin.root / RECORD)
    assert work.headergen("hook", "--", "post.md", code=code) == twin.headergen(
        "hook", "--", "post.md", code=code
    )


def _commit(work: Repository) -> None:
    work.git("commit", "--quiet", "-m", "a commit")


@pytest.mark.slow
def test_what_was_accepted_beside_another_commit_is_looked_at_again(work: Repository) -> None:
    work.git("rm", "--quiet", "--cached", PICTURE)
    _commit(work)  # no hook has seen it
    work.write("other.md", "text")
    work.git("add", "other.md")
    work.headergen("hook")
    _commit(work)
    work.headergen("hook")
    work.git("add", ".")
    _commit(work)
    work.git("rm", "--quiet", "--cached", PICTURE)
    assert f"{PICTURE} is not staged" in work.headergen("hook", code=1)


@pytest.mark.slow
def test_a_commit_that_was_accepted_is_known_when_it_is_made(work: Repository) -> None:
    work.headergen("hook", "--", "post.md")
    for number in range(3):
        work.write("post.md", (work.root / "post.md").read_text() + f"More {number}.\n")
        work.git("add", ".")
        assert not watch(work, "hook").modules & CLOSER_LOOK
        _commit(work)
        work.headergen("check")
        assert watch(work, "hook", "--", "post.md").modules >= CLOSER_LOOK
    work.git("pack-refs", "--all")
    assert not watch(work, "hook", "--", "post.md").modules & CLOSER_LOOK


@pytest.mark.slow
def test_a_file_of_code_needs_no_closer_look(work: Repository) -> None:
    work.headergen("hook", "--", "post.md")
    work.write("code.py", "pass\n")
    work.git("add", ".")
    assert not watch(work, "hook").modules & CLOSER_LOOK
    work.write("keyart", "a picture may have any name")
    work.git("add", ".")
    assert "argparse" in watch(work, "hook").modules


@pytest.mark.slow
def test_a_file_that_is_no_article_is_remembered_too(work: Repository) -> None:
    names = [".github/a.md", "post.md"]
    work.write(names[0], "---\ntitle: A\nheader: {card: true}\n---\n")
    work.git("add", ".")
    assert watch(work, "hook", "--", *names).modules >= CLOSER_LOOK
    assert not watch(work, "hook", "--", *names).modules & CLOSER_LOOK


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", b"\0\0\0", b"\xff", b"x\0y\0z"])
def test_a_damaged_record_costs_a_closer_look(work: Repository, damage: bytes) -> None:
    work.headergen("hook", "--", "post.md")
    (record,) = (work.root / RECORD).iterdir()
    record.write_bytes(damage)
    assert watch(work, "hook", "--", "post.md").modules >= CLOSER_LOOK
    assert not watch(work, "hook", "--", "post.md").modules & CLOSER_LOOK


@pytest.mark.slow
def test_another_version_of_headergen_looks_for_itself(
    work: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.headergen("hook", "--", "post.md")
    monkeypatch.chdir(work.root)
    assert hook_memory.nothing_to_do(["hook", "--", "post.md"])
    monkeypatch.setattr(hook_memory, "__version__", "another")
    assert not hook_memory.nothing_to_do(["hook", "--", "post.md"])


@pytest.mark.slow
def test_what_holds_under_another_config_is_not_remembered(work: Repository) -> None:
    work.write("other.yaml", "image_prefix: ''\n")
    work.headergen("hook", "--config", "other.yaml", "--", "post.md")
    assert not (work.root / RECORD).exists()


@pytest.mark.slow
def test_an_article_that_ends_with_its_frontmatter_is_not_remembered(work: Repository) -> None:
    text = (work.root / "post.md").read_text()
    work.write("post.md", text.removesuffix("\nBody.\n"))
    work.git("add", ".")
    work.headergen("hook", "--", "post.md")
    work.write("post.md", text.removesuffix("\nBody.\n") + "x\n")
    work.git("add", ".")
    assert "never closed" in work.headergen("hook", "--", "post.md", code=2)


@pytest.mark.slow
def test_a_worktree_has_a_record_of_its_own(work: Repository) -> None:
    work.git("worktree", "add", "--quiet", "../tree")
    tree = replace(work, root=work.root.parent / "tree")
    assert watch(tree, "hook", "--", "post.md").modules >= CLOSER_LOOK
    assert not watch(tree, "hook", "--", "post.md").modules & CLOSER_LOOK


IGNORING_CHILDREN = """\
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, "-m", "headergen", *sys.argv[1:]])
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", ["hook", "check"])
def test_git_is_understood_where_the_ends_of_processes_are_not_told(
    work: Repository, command: str
) -> None:
    told = "" if command == "hook" else "1 article checked: all is well\n"
    for _ in range(2):
        assert work.run(sys.executable, "-c", IGNORING_CHILDREN, command, "--", "post.md") == told


def _many(work: Repository, number: int) -> list[str]:
    """Commit `number` articles with one header between them, and return their names."""
    text = (work.root / "post.md").read_text()
    shutil.copytree(work.root / HEADERS, work.root / "posts" / HEADERS)
    shutil.copy(work.root / "a.png", work.root / "posts")
    names = [f"posts/{index}.md" for index in range(number)]
    for name in names:
        work.write(name, text)
    work.git("add", ".")
    work.git("commit", "--quiet", "-m", "more")
    return names


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 200])
def test_a_check_is_one_process_that_asks_git_twice_however_many_articles(
    work: Repository, number: int
) -> None:
    names = _many(work, number)
    seen = watch(work, "check", "--", *names)
    # Which files are articles, and what of them is staged.
    assert (seen.started, seen.opened) == (["git", "git"], names)


@pytest.mark.parametrize("number", [1, 200])
def test_a_hook_with_nothing_to_do_asks_git_once_and_reads_no_article(
    work: Repository, number: int
) -> None:
    names = _many(work, number)
    work.headergen("hook", "--", *names)
    seen = watch(work, "hook", "--", *names)
    assert (seen.started, seen.opened) == (["git"], [])


@pytest.mark.slow
def test_reading_articles_leaves_nothing_to_the_garbage_collector(work: Repository) -> None:
    names = [work.root / name for name in ("post.md", *_many(work, 3))]
    config, wanted = Config(), work.write("wanted.md", ARTICLE.replace("sources", "layout"))
    check.check(map(str, [*names, wanted]), config, work.root, in_git=True)
    gc.collect()
    gc.disable()
    try:
        check.check(map(str, [*names, wanted]), config, work.root, in_git=True)
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.slow
def test_each_part_of_a_split_list_makes_its_own_headers_once(work: Repository) -> None:
    names = [f"{index}.md" for index in range(4)]
    for name in names:
        work.write(name, ARTICLE)
    made: dict[Path, int] = {}
    for part in (names[:2], names[2:], names[:2], names[2:]):
        assert HEADERS in work.headergen("hook", "--", *part, code=1)
        pictures = {each: each.stat().st_ino for each in (work.root / HEADERS).iterdir()}
        assert pictures.items() >= made.items()
        made = pictures
    assert len(made) == 1 + len(names)
    work.git("add", ".")
    for part in (names[:2], names[2:]):
        assert work.headergen("hook", "--", *part) == ""
        assert watch(work, "hook", "--", *part).opened == []
