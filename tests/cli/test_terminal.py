"""What is wrong is printed with what to do about it, by every command in the same way."""

from __future__ import annotations

import json
import sys

import pytest

from headergen.cli.main import main
from headergen.cli.terminal import Problems
from headergen.errors import ArticleError
from tests.support.repository import Repository

NO_SOURCE = "---\ntitle: A\nheader:\n  sources: [gone.png]\n---\n"
NO_TITLE = "---\nheader:\n  card: true\n---\n"
GOOD = "---\ntitle: Good\nheader:\n  sources: [a.png]\n---\n"
GONE_REMEDY = "  source paths are relative to the article; /… starts at the repository's root"


@pytest.mark.parametrize(
    ("added", "printed"),
    [
        pytest.param([("a", "x"), ("b", None)], "a\n  x\nb\n", id="below its problem"),
        pytest.param([("a", "x"), ("b", "x")], "a\nb\n  x\n", id="once for two in a row"),
        pytest.param(
            [("a", "x"), ("b", "y"), ("c", "x")], "a\n  x\nb\n  y\nc\n  x\n", id="again later"
        ),
        pytest.param([("a", None), ("b", "x\ny")], "a\nb\n  x\n  y\n", id="of two lines"),
    ],
)
def test_a_remedy_comes_below_the_problems_that_share_it(
    added: list[tuple[str, str | None]], printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Problems(sys.stdout) as problems:
        for line, remedy in added:
            problems.add(line, remedy)
    assert capsys.readouterr().out == printed


def test_a_remedy_is_printed_when_a_run_is_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Problems() as problems:
        problems.add_error(ArticleError("is wrong", path="a.md", remedy="mend it"))
        raise KeyboardInterrupt
    assert capsys.readouterr().err == "a.md: is wrong\n  mend it\n"


@pytest.fixture
def site(repo: Repository) -> Repository:
    """Two articles whose source is missing, one without a title, and a good one."""
    repo.write_sources("a.png")
    repo.write("a.md", NO_SOURCE)
    repo.write("b.md", NO_SOURCE)
    repo.write("headergen.yaml", "title_from_name: false\n")
    repo.write("c.md", NO_TITLE)
    repo.write("good.md", GOOD)
    return repo


@pytest.mark.parametrize("command", [["run"], ["hook", "a.md", "b.md", "c.md", "good.md"]])
def test_making_prints_a_remedy_directly_below_its_errors(
    site: Repository, command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 2
    told = capfd.readouterr().err.splitlines()
    assert told[:3] == [
        "a.md:4: header.sources[0]: 'gone.png' does not exist",
        "b.md:4: header.sources[0]: 'gone.png' does not exist",
        GONE_REMEDY,
    ]
    assert told[3].startswith("c.md:3: header.card: the article has no title")


def test_a_check_prints_its_remedies_as_a_run_does(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 2
    told = capsys.readouterr().out.splitlines()
    assert told[:3] == [
        "a.md:4: error: bad-frontmatter: header.sources[0]: 'gone.png' does not exist",
        "b.md:4: error: bad-frontmatter: header.sources[0]: 'gone.png' does not exist",
        GONE_REMEDY,
    ]
    assert told[-3:] == [
        "good.md:3: error: missing: no header yet",
        "  run `headergen run`",
        "4 articles checked: 4 errors",
    ]


def test_the_list_of_findings_has_the_remedies(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--json", "good.md"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {
            "path": "good.md",
            "line": 3,
            "code": "missing",
            "severity": "error",
            "message": "no header yet",
            "remedy": "run `headergen run`",
        }
    ]
