"""docs/hook-runners.md, with the real tools: husky, lint-staged and lefthook come from npm.

They are skipped where npm, a new enough Node or the packages cannot be had.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commits import hooked
from tests.support import repository
from tests.support.headers import header_of
from tests.support.paths import CHECKOUT
from tests.support.repository import Repository

pytestmark = pytest.mark.slow

PAGE = (CHECKOUT / "docs" / "hook-runners.md").read_text(encoding="utf-8")
PACKAGES = ("husky@9.1.7", "lint-staged@16.4.0", "lefthook@2.2.2")
OLDEST_NODE = (20, 17)  # of lint-staged 16

PICTURE = header_of()
ARTICLE = "---\ntitle: The sea\nheader: {card: true}\n---\nText.\n"
SETTINGS = "header: {width: 64, height: 34}\n"
# A task of another tool's that changes articles, as formatters do.
ADD_A_LINE = """\
const fs = require("fs");
for (const name of process.argv.slice(2)) {
  const text = fs.readFileSync(name, "utf8");
  if (!text.includes("Formatted.")) fs.writeFileSync(name, text + "Formatted.\\n");
}
"""


def snippet(heading: str, name: str = "") -> str:
    """Return the first block of code under a heading of the page, or the one of the file `name`."""
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", PAGE, re.M | re.S)
    assert section, heading
    after = rf"`{re.escape(name)}`[^`]*?:\n\n" if name else ""
    block = re.search(rf"{after}^```\w+\n(.*?)^```$", section[1], re.M | re.S)
    assert block, (heading, name)
    return block[1]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `node_modules` with the runners, installed once per run."""
    require_node()
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true}')
    quick = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
    patience = ("--fetch-retries=1", "--fetch-timeout=30000", "--loglevel=error")
    try:
        done = subprocess.run(
            ["npm", "install", *quick, *patience, *PACKAGES],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not install the hook runners within 300 s")
    if done.returncode != 0:
        pytest.skip(f"npm cannot install the hook runners: {done.stderr.strip()[:200]}")
    return folder / "node_modules"


def require_node() -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is not installed")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    if version < OLDEST_NODE:
        pytest.skip(f"lint-staged needs Node 20.17, and this is {said.strip()}")


@pytest.fixture
def bare(tmp_path: Path) -> Repository:
    """A repository with headergen's scripts in `hooks/`, and an article without its header."""
    environ = {**hooked.environment(tmp_path / "env"), "NO_COLOR": "1"}
    repo = Repository(repository.create(tmp_path / "repo").root, environ)
    shutil.copytree(CHECKOUT / "hooks", repo.root / "hooks")
    repo.write("headergen.yaml", SETTINGS)
    repo.write(".gitignore", "node_modules\n")
    repo.write("package.json", '{"private": true}')
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "start")
    return repo


@pytest.fixture
def work(bare: Repository, packages: Path) -> Repository:
    """The same with the runners, as `npm install` leaves them."""
    (bare.root / "node_modules").symlink_to(packages)
    return bare


def husky(repo: Repository, script: str) -> None:
    repo.run("npx", "husky")
    repo.write(".husky/pre-commit", script)
    start(repo)


def lefthook(repo: Repository, config: str) -> None:
    repo.write("lefthook.yml", config)
    repo.run("npx", "lefthook", "install")
    start(repo)


def start(repo: Repository) -> None:
    """Commit what sets the hooks up, and stage an article without its header."""
    repo.git("add", ".")
    repo.git("commit", "--quiet", "--no-verify", "--allow-empty", "-m", "hooks")
    repo.write("post.md", ARTICLE)
    repo.git("add", "post.md")


def git_add_line(told: str) -> list[str]:
    """Return the arguments of the `git add` that headergen printed."""
    found = re.search(r"git add (-- .*)$", told, re.M)
    assert found, told
    return ["add", *shlex.split(found[1])]


def assert_whole(repo: Repository) -> None:
    """Assert that HEAD, cloned afresh, has the article and its header."""
    clone = Repository(repo.root.parent / "clone", repo.environ)
    repo.git("clone", "--quiet", str(repo.root), str(clone.root))
    assert "digest: " in (clone.root / "post.md").read_text()
    assert (clone.root / PICTURE).is_file()
    assert clone.headergen("check") == "1 article checked: all is well\n"


def commit_as_documented(repo: Repository) -> None:
    told = repo.git("commit", "-m", "post", code=1)
    assert (repo.root / PICTURE).is_file()
    repo.git(*git_add_line(told))
    repo.git("commit", "-m", "post")
    assert_whole(repo)
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("framework", hooked.FRAMEWORKS)
def test_the_frameworks(bare: Repository, framework: str) -> None:
    config = snippet("pre-commit and prek")
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=CHECKOUT, text=True).strip()
    config = config.replace("main", head).replace("../headergen ", f"{CHECKOUT} ")
    bare.write(".pre-commit-config.yaml", config)
    bare.run(framework, "install")
    start(bare)
    commit_as_documented(bare)


def test_no_runner(bare: Repository) -> None:
    bare.run("sh", "-c", snippet("No runner"))
    start(bare)
    commit_as_documented(bare)


def test_husky(work: Repository) -> None:
    husky(work, snippet("husky"))
    commit_as_documented(work)


def test_lefthook(work: Repository) -> None:
    lefthook(work, snippet("lefthook"))
    commit_as_documented(work)


def test_headergen_after_lint_staged(work: Repository) -> None:
    work.write("add-a-line.js", ADD_A_LINE)
    work.write("package.json", snippet("lint-staged", "package.json"))
    husky(work, snippet("lint-staged"))
    commit_as_documented(work)
    assert work.committed("post.md").endswith(b"Formatted.\n")


AS_A_TASK = '{"private": true, "lint-staged": {"*.md": "headergen hook --"}}'


def test_lint_staged_takes_headergens_lines_back(work: Repository) -> None:
    work.write("package.json", AS_A_TASK)
    husky(work, "npx lint-staged\n")
    for _ in range(2):
        told = work.git("commit", "-m", "post", code=1)
        assert (work.root / "post.md").read_text() == ARTICLE
        work.git(*git_add_line(told))
    work.git("reset", "--quiet", "--", PICTURE)
    output = work.run("sh", "-e", "-c", snippet("Not as a task of lint-staged"))
    assert "made by an earlier run" in output
    assert_whole(work)


def test_lint_staged_without_reverting_loses_unstaged_edits(work: Repository) -> None:
    work.write("package.json", AS_A_TASK)
    husky(work, "npx lint-staged --no-revert\n")
    work.write("post.md", f"{ARTICLE}\n\n\nA draft.\n")
    work.git("commit", "-m", "post", code=1)
    text = (work.root / "post.md").read_text()
    assert "digest: " in text
    assert "A draft." not in text
    assert "+A draft." in (work.root / ".git" / "lint-staged_unstaged.patch").read_text()


TRAP = """\
pre-commit:
  jobs:
    - name: headergen
      glob: "*.md"
      run: headergen {command} -- {{staged_files}}
      stage_fixed: true
"""


def test_lefthooks_stage_fixed_leaves_the_picture_out(work: Repository) -> None:
    lefthook(work, TRAP.format(command="run"))
    work.git("commit", "-m", "post")
    assert b"digest: " in work.committed("post.md")
    assert work.git("status", "--porcelain") == f"?? {os.path.dirname(PICTURE)}/\n"


def test_lefthooks_stage_fixed_does_nothing_with_the_hook(work: Repository) -> None:
    lefthook(work, TRAP.format(command="hook"))
    commit_as_documented(work)


@pytest.mark.parametrize("runner", ["husky", "lefthook"])
def test_the_hook_that_init_adds_makes_headers(work: Repository, runner: str) -> None:
    settings = (work.root / "headergen.yaml").read_text()
    (work.root / "headergen.yaml").unlink()
    if runner == "husky":
        work.run("npx", "husky")
        work.write(".husky/pre-commit", "true\n")
    else:
        work.write("lefthook.yml", "pre-push:\n  jobs: [{run: 'true'}]\n")
    work.headergen("init", "--yes")
    work.write("headergen.yaml", settings)
    if runner == "lefthook":
        work.run("npx", "lefthook", "install")
    start(work)
    commit_as_documented(work)
