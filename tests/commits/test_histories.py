"""Generated histories: whatever an author does with git, a commit that passed is whole in a clone.

    HEADERGEN_HISTORIES=500 uv run pytest -n 2 -s -m "" tests/commits/test_histories.py

Each step is an author's act in a real repository whose commits run the hook. After each commit that
passed, a fresh clone is checked: nothing is missing, stale or broken in it. What git does without
running hooks (rebase, cherry-pick, …) is taken back where it leaves a broken commit: no hook can
know of it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from PIL import Image

from headergen.article import article as article_files
from headergen.errors import HeadergenError
from headergen.picture.first_bytes import probe
from headergen.report import check
from headergen.repository import discovery, git
from headergen.settings import config as configs
from tests.commits import hooked
from tests.support.repository import Repository

HISTORIES = int(os.environ.get("HEADERGEN_HISTORIES", "0"))
ARTICLES = ("a.md", "b.md", "sub/c.md")
SOURCES = ("sea.png", "sky.png")
COLOURS = ("teal", "coral", "navy", "gold")
REQUESTS = (
    "header:\n  sources: [/sea.png]\n",
    "header:\n  sources: [/sky.png]\n",
    "header:\n  sources: [/sea.png, /sky.png]\n",
    "header: {card: true}\n",
    "header:\n  card: {title: T, logo: /sky.png}\n",
    "header:\n  prompt: the sea\n",
    "header:\n  image: own.png\n",
    "header: false\n",
    "",
)
# Small pictures are soon made; with a fallback a prompt needs no GPU.
CONFIG = "header: {width: 64, height: 34}\nfallback: card\n"
LFS_ATTRIBUTES = "*.png filter=lfs -text\n"

# The name of a method below, and its arguments.
Act = tuple[Any, ...]


class Histories(RuleBasedStateMachine):
    """One author, one repository, any order of acts."""

    template: Repository
    passed = 0
    refused = 0
    mended = 0
    changes = 0

    @initialize()
    def start(self) -> None:
        """Begin with a copy of a repository of one commit."""
        self.folder = Path(tempfile.mkdtemp(prefix="histories-"))
        shutil.copytree(self.template.root, self.folder / "repo", symlinks=True)
        self.repo = Repository(self.folder / "repo", self.template.environ)

    def teardown(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(
        is_mended=st.booleans(),
        acts=st.lists(st.deferred(lambda: ACTS), max_size=3),
        end=st.deferred(lambda: ENDS),
    )
    def live(self, is_mended: bool, acts: list[Act], end: Act) -> None:
        """Do a few things, and commit in one of many ways."""
        if is_mended:
            self.mend_everything_and_commit()
        for name, *arguments in (*acts, end):
            getattr(self, name)(*arguments)

    # Acts on disk.

    def write(self, name: str, request: str, body: int) -> None:
        """Write an article from the start: headergen's own lines are lost."""
        self.repo.write(name, f"---\ntitle: T\n{request}---\n# Sea\n\nText {body}.\n")

    def edit(self, name: str, how: str) -> None:
        path = self.repo.root / name
        if not path.is_file():
            return
        lines = path.read_text().splitlines(True)
        if how == "text":
            lines += ["More.\n"]
        elif how == "sources":
            lines = [line.replace("/sea.png", "/sky.png") for line in lines]
        elif how == "no header":
            lines = [line.replace("header:", "other:") for line in lines]
        elif how in ("no digest", "no image"):
            key = f"  {how.removeprefix('no ')}:"
            lines = [line for line in lines if not line.startswith(key)]
        path.write_text("".join(lines))
        if how == "gone":
            path.unlink()

    def damage_the_picture(self, name: str, how: str) -> None:
        picture = self._picture_of(name)
        if not picture.is_file():
            return
        data = picture.read_bytes()
        picture.unlink()
        if how in ("empty", "cut", "text"):
            picture.write_bytes({"empty": b"", "cut": data[:200], "text": b"hello"}[how])
        elif how == "own":
            Image.new("RGB", (20, 20), "red").save(picture)
        elif how == "pointer":
            picture.write_text(pointer_to("0" * 64))

    def exchange_the_pictures(self, old: str, new: str) -> None:
        first, second = self._picture_of(old), self._picture_of(new)
        if first.is_file() and second.is_file():
            second.write_bytes(first.read_bytes())

    def change_a_source(self, name: str, colour: str | None) -> None:
        path = self.repo.root / name
        path.unlink(missing_ok=True)
        if colour:
            Image.new("RGB", (64, 34), colour).save(path)

    def copy_an_article(self, old: str, new: str) -> None:
        if old != new and (self.repo.root / old).is_file():
            self.repo.write(new, (self.repo.root / old).read_bytes())

    def link_the_picture(self, name: str) -> None:
        """Keep the picture elsewhere, and a link in its place."""
        picture = self._picture_of(name)
        if picture.is_file() and not picture.is_symlink():
            kept = self.repo.root / "pics" / picture.name
            kept.parent.mkdir(exist_ok=True)
            picture.rename(kept)
            picture.symlink_to(os.path.relpath(kept, picture.parent))

    def run(self) -> None:
        self.repo.succeeds("headergen", "run")

    # Acts with git.

    def add(self, name: str, what: str) -> None:
        arguments = {"all": ["--all"], "tracked": ["--update"]}
        self._git("add", *arguments.get(what, ["--", self._named(name, what)]))

    def stage_a_text_that_is_not_on_disk(self, name: str) -> None:
        path = self.repo.root / name
        if path.is_file():
            text = path.read_text().replace("Text", "Staged text")
            hooked.stage(self.repo, name, text)

    def intend_to_add(self, name: str, what: str) -> None:
        self._git("add", "--intent-to-add", "--", self._named(name, what))

    def unstage(self, name: str, what: str) -> None:
        self._git("reset", "--quiet", "--", self._named(name, what))

    def remove(self, name: str, what: str, cached: bool) -> None:
        options = ["--cached"] if cached else ["--force"]
        paths = {
            "both": [name, self._named(name, "picture")],
            "source": ["sea.png"],
        }.get(what, [self._named(name, what)])
        self._git("rm", "--quiet", *options, "--", *paths)

    def move(self, old: str, new: str, with_picture: bool) -> None:
        if old != new:
            self._picture_of(new).parent.mkdir(parents=True, exist_ok=True)
            self._git("mv", "--force", old, new)
            if with_picture:
                pictures = self._named(old, "picture"), self._named(new, "picture")
                self._git("mv", "--force", *pictures)

    def rename_a_source(self) -> None:
        self._git("mv", "sky.png", "stars.png")

    def flag(self, name: str, what: str, flag: str) -> None:
        self._git("update-index", f"--{flag}", "--", self._named(name, what))

    def sparse(self, on: bool) -> None:
        if on:
            self._git("sparse-checkout", "set", "--no-cone", "/*", "!/note_images/")
        else:
            self._git("sparse-checkout", "disable")

    def keep_the_picture_in_lfs(self, name: str) -> None:
        """Stage a pointer, as Git LFS does; the picture itself stays on disk."""
        picture = self._picture_of(name)
        if not picture.is_file():
            return
        digest = hashlib.sha256(picture.read_bytes()).hexdigest()
        kept = git.lfs_object(self.repo.root, digest)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, kept)
        self.repo.write(".gitattributes", LFS_ATTRIBUTES)
        self._git("add", "--", ".gitattributes")
        hooked.stage(self.repo, self._named(name, "picture"), pointer_to(digest))

    def write_attributes(self, attributes: str) -> None:
        self.repo.write(".gitattributes", attributes)

    def stash(self, pop: bool) -> None:
        self._git("stash", *(["pop"] if pop else ["--include-untracked"]))

    def switch(self, name: str) -> None:
        if self.repo.git("branch", "--list", name):
            self._git("checkout", "--quiet", name)
        else:
            self._git("checkout", "--quiet", "-b", name)

    def go_to_another_worktree(self) -> None:
        """Go on in a linked worktree, or back."""
        trees = self.folder / "repo", self.folder / "tree"
        if not trees[1].exists():
            self.repo.git("worktree", "add", "--quiet", "--detach", str(trees[1]))
        elsewhere = trees[0] if self.repo.root == trees[1] else trees[1]
        self.repo = Repository(elsewhere, self.repo.environ)

    def go_without_hooks(self, operation: Sequence[str]) -> None:
        """Do what runs no hook; leave no conflict, and no commit that no hook has seen broken."""
        before = self.repo.git("rev-parse", "HEAD").strip()
        self._git(*operation)
        for each in ("merge", "rebase", "cherry-pick", "revert"):
            self._git(each, "--abort")
        if self._faults():
            self._git("reset", "--quiet", "--hard", before)

    def merge(self) -> None:
        """Merge the other branch; the hook for merges may refuse it."""
        before = self.repo.git("rev-parse", "HEAD").strip()
        if self._git("merge", "--no-ff", "--no-edit", "other"):
            self._count(before != self.repo.git("rev-parse", "HEAD").strip())
        self._git("merge", "--abort")

    def resolve_a_merge(self) -> None:
        """Merge the other branch, take our side of every conflict, and commit through the hook."""
        self._git("merge", "--no-commit", "--no-ff", "other")
        self._git("checkout", "--ours", "--", ".")
        self._git("add", "--all")
        self._commit()
        self._git("merge", "--abort")

    # Commits.

    def commit(self, how: Sequence[str]) -> None:
        self._commit(*how)

    def commit_paths(self, name: str, with_picture: bool) -> None:
        paths = [name, *([self._named(name, "picture")] if with_picture else [])]
        self._commit("--", *paths)

    def commit_patches(self) -> None:
        self._count(self.repo.succeeds("sh", "-c", "yes | git commit -m patches -p"))

    def follow_what_is_printed(self, how: Sequence[str]) -> None:
        """Commit, run the line that the hook prints, and commit again, as the README says."""
        for _ in range(3):
            self._change_something_else()
            told = self.repo.output("git", "commit", "-m", self._something, *how)
            found = re.findall(r"^to complete the commit: (.*)$", told, re.MULTILINE)
            if not found:
                break
            self.repo.succeeds("sh", "-c", found[-1])
            how = ()
        self._count(self.repo.git("log", "-1", "--format=%s").strip() == self._something)

    def write_and_publish(self, name: str, request: str, body: int) -> None:
        self.write(name, request, body)
        self._git("add", "--", name, *SOURCES)
        self.follow_what_is_printed(())

    def edit_the_text_and_commit(self, name: str, how: Sequence[str]) -> None:
        self.edit(name, "text")
        self._git("add", "--", name)
        self._commit(*how)

    def change_a_source_and_commit(self, name: str, colour: str) -> None:
        self.change_a_source(name, colour)
        self._git("add", "--", name)
        self.follow_what_is_printed(())

    def commit_all_that_is_there(self, how: Sequence[str]) -> None:
        for _ in range(2):
            self._git("add", "--all")
            self._commit(*how)

    def mend_everything_and_commit(self) -> None:
        """Do all that the messages say: this commit has to pass."""
        self._git("sparse-checkout", "disable")
        for flag in ("no-assume-unchanged", "no-skip-worktree"):
            self.repo.succeeds("sh", "-c", f"git ls-files -z | xargs -0 git update-index --{flag}")
        for name, colour in zip((*SOURCES, "own.png"), COLOURS, strict=False):
            if not can_be_opened(self.repo.root / name):
                Image.new("RGB", (64, 34), colour).save(self.repo.root / name)
        for folder in (self.repo.root, self.repo.root / "sub"):
            if folder.is_dir():
                shutil.copy(self.repo.root / "own.png", folder / "own.png.new")
                (folder / "own.png.new").replace(folder / "own.png")
        self.repo.write(".gitattributes", "")
        for picture in self.repo.root.rglob("note_images/*"):
            if not is_whole(picture):
                picture.unlink()
        self.run()
        self._git("add", "--all")
        self._git("add", "--renormalize", ".")
        told = self.repo.output("git", "commit", "--allow-empty", "-m", "mended")
        assert self.repo.git("log", "-1", "--format=%s").strip() == "mended", told
        type(self).mended += 1
        assert not self._faults()

    # How the acts are done.

    def _commit(self, *arguments: str) -> None:
        self._change_something_else()
        paths = ["notes.txt"] if "--" in arguments else []
        self._count(self._git("commit", "-m", self._something, *arguments, *paths))

    def _change_something_else(self) -> None:
        """Stage a change that has nothing to do with headers: no commit is empty."""
        self.changes += 1
        self.repo.write("notes.txt", self._something)
        self._git("add", "--", "notes.txt")

    @property
    def _something(self) -> str:
        return f"change {self.changes}"

    def _count(self, has_passed: bool) -> None:
        kind = type(self)
        if not has_passed:
            kind.refused += 1
            return
        kind.passed += 1
        note(self.repo.git("show", "--stat", "--format=", "HEAD"))
        faults = self._faults()
        assert not faults, faults

    def _faults(self) -> list[str]:
        """Check a fresh clone: everything but stand-ins is a fault."""
        clone = self.folder / "clone"
        shutil.rmtree(clone, ignore_errors=True)
        shared = self.folder / "repo"
        self.repo.git("clone", "--quiet", "--no-checkout", str(shared), str(clone))
        head = self.repo.git("rev-parse", "HEAD").strip()
        Repository(clone, self.repo.environ).git("checkout", "--quiet", "--detach", head)
        self._smudge(clone)
        names = discovery.articles_below(str(clone))
        found = check.check(names, configs.load(clone), clone, in_git=False)
        return [
            f"{each.path}:{each.line}: {each.code}: {each.message}"
            for each in found
            if each.code != "stand-in" and not is_own(each)
        ]

    def _smudge(self, clone: Path) -> None:
        """Put the pictures that Git LFS keeps in their places."""
        attributes = clone / ".gitattributes"
        if not attributes.is_file() or attributes.read_text() != LFS_ATTRIBUTES:
            return
        for path in clone.rglob("*.png"):
            if path.is_file() and git.is_lfs_pointer(path):
                kept = git.lfs_object(self.repo.root, git.lfs_digest(path) or "")
                if kept.is_file():
                    path.write_bytes(kept.read_bytes())

    def _git(self, *arguments: str) -> bool:
        return self.repo.succeeds("git", *arguments)

    def _picture_of(self, name: str) -> Path:
        return (self.repo.root / name).parent / "note_images" / f"{Path(name).stem}.png"

    def _named(self, name: str, what: str) -> str:
        if what == "picture":
            return self._picture_of(name).relative_to(self.repo.root).as_posix()
        return name


def act(name: str, *arguments: Sequence[Any]) -> st.SearchStrategy[Act]:
    """Return acts of one kind, each argument one of several."""
    return st.tuples(st.just(name), *map(st.sampled_from, arguments))


FILES = ("article", "picture")
ON = (True, False)
ACTS: st.SearchStrategy[Act] = st.one_of(
    act("write", ARTICLES, REQUESTS, range(4)),
    act("edit", ARTICLES, ("text", "sources", "no header", "no digest", "no image", "gone")),
    act("damage_the_picture", ARTICLES, ("gone", "empty", "cut", "text", "own", "pointer")),
    act("exchange_the_pictures", ARTICLES, ARTICLES),
    act("change_a_source", SOURCES, (*COLOURS, None)),
    act("copy_an_article", ARTICLES, ARTICLES),
    act("link_the_picture", ARTICLES),
    act("run"),
    act("add", ARTICLES, (*FILES, "all", "tracked")),
    act("stage_a_text_that_is_not_on_disk", ARTICLES),
    act("intend_to_add", ARTICLES, FILES),
    act("unstage", ARTICLES, FILES),
    act("remove", ARTICLES, (*FILES, "both", "source"), ON),
    act("move", ARTICLES, ARTICLES, ON),
    act("rename_a_source"),
    act("flag", ARTICLES, FILES, ("assume-unchanged", "skip-worktree")),
    act("sparse", ON),
    act("keep_the_picture_in_lfs", ARTICLES),
    act("write_attributes", ("* text\n", "* text=auto\n", "*.png eol=crlf\n", "")),
    act("stash", ON),
    act("switch", ("main", "other")),
    act("go_to_another_worktree"),
    act(
        "go_without_hooks",
        (
            ("rebase", "other"),
            ("cherry-pick", "other"),
            ("revert", "--no-edit", "HEAD"),
            ("reset", "--quiet", "--hard", "HEAD~1"),
            ("reset", "--quiet", "--soft", "HEAD~1"),
            ("reset", "--quiet", "--hard"),
        ),
    ),
)
ENDS: st.SearchStrategy[Act] = st.one_of(
    act("commit", ((), ("-a",), ("--amend",), ("-a", "--amend"))),
    act("commit_paths", ARTICLES, ON),
    act("commit_patches"),
    act("merge"),
    act("resolve_a_merge"),
    act("follow_what_is_printed", ((), ("-a",))),
    act("write_and_publish", ARTICLES, REQUESTS, range(4)),
    act("edit_the_text_and_commit", ARTICLES, ((), ("-a",), ("--amend",))),
    act("change_a_source_and_commit", SOURCES, COLOURS),
    act("commit_all_that_is_there", ((), ("--amend",))),
)


def pointer_to(digest: str) -> str:
    return f"{git.LFS_VERSION_LINE.decode()}oid sha256:{digest}\nsize 12345\n"


def is_whole(picture: Path) -> bool:
    """Check whether a file is a picture that headergen made, in full."""
    return can_be_opened(picture) and probe(picture).digest is not None


def can_be_opened(picture: Path) -> bool:
    try:
        with Image.open(picture) as image:
            image.load()
        return True
    except (OSError, SyntaxError):
        return False


def is_own(finding: check.Finding) -> bool:
    """Check whether a finding is of a picture of the author's own, which is theirs to judge."""
    try:
        article = article_files.read(finding.path)
    except HeadergenError:
        return False
    has_digest = article is None or article.digest is not None
    return not has_digest and finding.code in ("wrong-size", "wrong-format", "broken")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["scripts", "pre-commit"])
def test_a_commit_that_passed_is_whole_in_a_fresh_clone(way: str, tmp_path: Path) -> None:
    template = hooked.fill(tmp_path / "template", hooked.environment(tmp_path / "env"), way)
    if way == "scripts":  # `git revert` may take the hooks out of the working tree
        shutil.copytree(template.root / "hooks", tmp_path / "hooks")
        template.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    template.write("headergen.yaml", CONFIG)
    Image.new("RGB", (64, 34), "gray").save(template.root / "sky.png")
    template.git("add", ".")
    template.git("commit", "--quiet", "-m", "start")

    class OneWay(Histories):
        pass

    OneWay.template = template
    run_state_machine_as_test(
        OneWay,
        settings=settings(
            max_examples=HISTORIES or 5,
            stateful_step_count=20,
            derandomize=not HISTORIES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(
        f"{way}: {OneWay.passed} commits passed, {OneWay.refused} refused, {OneWay.mended} mended"
    )
