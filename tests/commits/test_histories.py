"""Generated histories: whatever an author does with git, a commit that passed is whole in a clone.

    HEADERGEN_HISTORIES=500 uv run pytest -n 1 -m "" tests/commits/test_histories.py

Each step is an author's act in a real repository whose commits run the hook. After each commit that
passed, a fresh clone is checked: nothing is missing, stale or broken in it. What git does without
running hooks (rebase, cherry-pick, …) is taken back where it leaves a broken commit: no hook can
know of it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from PIL import Image

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
GITHUB_LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n"

articles = st.sampled_from(ARTICLES)


class Histories(RuleBasedStateMachine):
    """One author, one repository, any order of acts."""

    way = "scripts"
    template: Repository
    passed = 0

    @initialize()
    def start(self) -> None:
        """Begin with a copy of a repository of one commit."""
        self.folder = Path(tempfile.mkdtemp(prefix="histories-"))
        shutil.copytree(self.template.root, self.folder / "repo", symlinks=True)
        self.repo = Repository(self.folder / "repo", self.template.environ)

    def teardown(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    # Acts on disk.

    @rule(name=articles, request=st.sampled_from(REQUESTS), body=st.integers(0, 3))
    def write(self, name: str, request: str, body: int) -> None:
        """Write an article from the start: headergen's own lines are lost."""
        self.repo.write(name, f"---\ntitle: T\n{request}---\n# Sea\n\nText {body}.\n")

    @rule(name=articles, body=st.integers(0, 9))
    def edit_the_text(self, name: str, body: int) -> None:
        self._change(name, lambda text: f"{text}More {body}.\n")

    @rule(name=articles, old=st.sampled_from(SOURCES), new=st.sampled_from(SOURCES))
    def edit_the_request(self, name: str, old: str, new: str) -> None:
        self._change(name, lambda text: text.replace(f"/{old}", f"/{new}"))

    @rule(name=articles)
    def take_the_header_out(self, name: str) -> None:
        self._change(name, lambda text: text.replace("header:", "other:"))

    @rule(name=articles)
    def take_the_digest_out(self, name: str) -> None:
        self._change(
            name,
            lambda text: "".join(
                line for line in text.splitlines(True) if not line.startswith("  digest:")
            ),
        )

    @rule(name=articles, how=st.sampled_from(["gone", "empty", "cut", "text", "own", "pointer"]))
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
            picture.write_text(GITHUB_LFS.format("0" * 64))

    @rule(name=st.sampled_from(SOURCES), colour=st.sampled_from(COLOURS))
    def change_a_source(self, name: str, colour: str) -> None:
        Image.new("RGB", (64, 34), colour).save(self.repo.root / name)

    @rule(name=st.sampled_from(SOURCES))
    def lose_a_source(self, name: str) -> None:
        (self.repo.root / name).unlink(missing_ok=True)

    @rule()
    def put_a_picture_of_ones_own_there(self) -> None:
        Image.new("RGB", (64, 34), "pink").save(self.repo.root / "own.png")

    @rule(old=articles, new=articles)
    def copy_an_article(self, old: str, new: str) -> None:
        if old != new and (self.repo.root / old).is_file():
            self.repo.write(new, (self.repo.root / old).read_bytes())

    @rule()
    def run(self) -> None:
        self._try("run")

    # Acts with git.

    @rule()
    def add_all(self) -> None:
        self._git("add", "--all")

    @rule(name=articles)
    def add_an_article(self, name: str) -> None:
        self._git("add", "--", name)

    @rule(name=articles)
    def add_a_picture(self, name: str) -> None:
        self._git("add", "--", str(self._picture_of(name).relative_to(self.repo.root)))

    @rule(name=articles)
    def stage_a_text_that_is_not_on_disk(self, name: str) -> None:
        path = self.repo.root / name
        if path.is_file():
            text = path.read_text().replace("Text", "Staged text")
            hooked.stage(self.repo, name, text)

    @rule(name=articles)
    def intend_to_add(self, name: str) -> None:
        self._git("add", "--intent-to-add", "--", name)

    @rule(name=articles, what=st.sampled_from(["article", "picture"]))
    def unstage(self, name: str, what: str) -> None:
        path = name if what == "article" else self._relative_picture_of(name)
        self._git("reset", "--quiet", "--", path)

    @rule(name=articles, what=st.sampled_from(["article", "picture", "both"]))
    def remove(self, name: str, what: str) -> None:
        paths = {"article": [name], "picture": [self._relative_picture_of(name)]}
        paths["both"] = paths["article"] + paths["picture"]
        self._git("rm", "--quiet", "--force", "--", *paths[what])

    @rule(name=articles)
    def remove_the_picture_from_the_index_alone(self, name: str) -> None:
        self._git("rm", "--quiet", "--cached", "--", self._relative_picture_of(name))

    @rule(old=articles, new=articles)
    def move(self, old: str, new: str) -> None:
        if old != new:
            (self.repo.root / new).parent.mkdir(exist_ok=True)
            self._git("mv", "--force", old, new)

    @rule(
        name=articles,
        what=st.sampled_from(["article", "picture"]),
        flag=st.sampled_from(["assume-unchanged", "skip-worktree"]),
        no=st.booleans(),
    )
    def flag(self, name: str, what: str, flag: str, no: bool) -> None:
        path = name if what == "article" else self._relative_picture_of(name)
        self._git("update-index", f"--{'no-' if no else ''}{flag}", "--", path)

    @rule(on=st.booleans())
    def sparse(self, on: bool) -> None:
        if on:
            self._git("sparse-checkout", "set", "--no-cone", "/*", "!/note_images/")
        else:
            self._git("sparse-checkout", "disable")

    @rule(pop=st.booleans())
    def stash(self, pop: bool) -> None:
        self._git("stash", *(["pop"] if pop else ["--include-untracked"]))

    @rule(name=st.sampled_from(["main", "other"]))
    def switch(self, name: str) -> None:
        if self.repo.git("branch", "--list", name):
            self._git("checkout", "--quiet", name)
        else:
            self._git("checkout", "--quiet", "-b", name)

    @rule(
        operation=st.sampled_from(
            [
                ["merge", "--no-edit", "other"],
                ["rebase", "other"],
                ["cherry-pick", "other"],
                ["revert", "--no-edit", "HEAD"],
                ["reset", "--quiet", "--hard", "HEAD~1"],
                ["reset", "--quiet", "--soft", "HEAD~1"],
            ]
        )
    )
    def go_without_hooks(self, operation: list[str]) -> None:
        """Do what runs no hook; leave no conflict, and no commit that no hook has seen broken."""
        before = self.repo.git("rev-parse", "HEAD").strip()
        self._git(*operation)
        for each in ("merge", "rebase", "cherry-pick", "revert"):
            self._git(each, "--abort")
        if self._faults():
            self._git("reset", "--quiet", "--hard", before)

    @rule(how=st.sampled_from([[], ["-a"], ["--amend"], ["-a", "--amend"]]))
    def commit(self, how: list[str]) -> None:
        self._commit(*how)

    @rule(name=articles, with_picture=st.booleans())
    def commit_paths(self, name: str, with_picture: bool) -> None:
        paths = [name, *([self._relative_picture_of(name)] if with_picture else [])]
        self._commit("--", *paths)

    @rule(name=articles)
    def publish(self, name: str) -> None:
        """Do it as the documentation says: commit, add what the hook prints, commit again."""
        self._git("add", "--", name, *SOURCES)
        self._commit()
        self._git("add", "--", name, self._relative_picture_of(name))
        self._commit()

    @rule(name=articles, request=st.sampled_from(REQUESTS), body=st.integers(0, 3))
    def write_and_publish(self, name: str, request: str, body: int) -> None:
        self.write(name, request, body)
        self.publish(name)

    @rule(name=articles, body=st.integers(0, 9), how=st.sampled_from([[], ["-a"], ["--amend"]]))
    def edit_the_text_and_commit(self, name: str, body: int, how: list[str]) -> None:
        self.edit_the_text(name, body)
        self._git("add", "--", name)
        self._commit(*how)

    @rule(how=st.sampled_from([[], ["--amend"]]))
    def commit_all_that_is_there(self, how: list[str]) -> None:
        for _ in range(2):
            self._git("add", "--all")
            self._commit(*how)

    @rule(number=st.integers(0, 99))
    def commit_something_else(self, number: int) -> None:
        self.repo.write("notes.txt", str(number))
        self._git("add", "--", "notes.txt")
        self._commit()

    # How the acts are done.

    def _commit(self, *arguments: str) -> None:
        if self._git("commit", "-m", "a commit", *arguments):
            type(self).passed += 1
            faults = self._faults()
            note(self.repo.git("show", "--stat", "--format=", "HEAD"))
            assert not faults, faults

    def _faults(self) -> list[str]:
        """Check a fresh clone: everything but stand-ins is a fault."""
        clone = self.folder / "clone"
        shutil.rmtree(clone, ignore_errors=True)
        self.repo.git("clone", "--quiet", "--no-local", str(self.repo.root), str(clone))
        checked = Repository(clone, self.repo.environ)
        output = checked.output("headergen", "check", "--json")
        return [
            f"{each['path']}:{each['line']}: {each['code']}: {each['message']}"
            for each in json.loads(output)
            if each["code"] != "stand-in" and not self._is_hand_made(clone, each)
        ]

    def _is_hand_made(self, clone: Path, finding: dict[str, str]) -> bool:
        """Check whether a finding is of a picture of the author's own, which is theirs to judge."""
        text = (clone / finding["path"]).read_text()
        return "digest:" not in text and finding["code"] in ("wrong-size", "wrong-format")

    def _git(self, *arguments: str) -> bool:
        return self.repo.succeeds("git", *arguments)

    def _try(self, *arguments: str) -> None:
        self.repo.succeeds("headergen", *arguments)

    def _change(self, name: str, change: Callable[[str], str]) -> None:
        path = self.repo.root / name
        if path.is_file():
            path.write_text(change(path.read_text()))

    def _picture_of(self, name: str) -> Path:
        return (self.repo.root / name).parent / "note_images" / f"{Path(name).stem}.png"

    def _relative_picture_of(self, name: str) -> str:
        return self._picture_of(name).relative_to(self.repo.root).as_posix()


@pytest.mark.parametrize("way", ["scripts", "pre-commit"])
def test_a_commit_that_passed_is_whole_in_a_fresh_clone(way: str, tmp_path: Path) -> None:
    template = hooked.fill(tmp_path / "template", hooked.environment(tmp_path / "env"), way)
    template.write("headergen.yaml", CONFIG)
    Image.new("RGB", (64, 34), "gray").save(template.root / "sky.png")
    template.git("add", ".")
    template.git("commit", "--quiet", "-m", "start")

    class OneWay(Histories):
        pass

    OneWay.way, OneWay.template = way, template
    run_state_machine_as_test(
        OneWay,
        settings=settings(
            max_examples=HISTORIES or 5,
            stateful_step_count=30 if HISTORIES else 20,
            derandomize=not HISTORIES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{OneWay.passed} commits passed")
