"""docs/promises.md names tests that exist, and the default command runs one of each promise.

Each code of `headergen check` has a test, too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headergen.report import check
from tests.support.paths import CHECKOUT

PROMISES = (CHECKOUT / "docs" / "promises.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (?!promise )([^|-][^|]*) \| (.*) \|$", PROMISES, re.MULTILINE))
TEST = re.compile(r"`(test_\w+)`")
FILE = re.compile(r"`((?:tests|hooks)/[\w/.-]+)`")
TESTS = CHECKOUT / "tests"


def quick_tests(file: Path) -> Iterator[str]:
    """Name the tests of a file that run without `-m slow`, in one of their cases at least."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    assigned = (each for each in module.body if isinstance(each, ast.Assign))
    if any(
        ast.unparse(each.targets[0]) == "pytestmark" and is_slow(each.value) for each in assigned
    ):
        return
    for each in module.body:
        if isinstance(each, ast.FunctionDef) and not any(map(is_slow, each.decorator_list)):
            yield each.name


def is_slow(mark: ast.expr) -> bool:
    """Return whether a mark, each in a list, or that of each of its cases is `slow`."""
    if isinstance(mark, ast.List):
        return any(map(is_slow, mark.elts))
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.parametrize":
        cases = mark.args[1]
        return isinstance(cases, ast.List) and all(map(is_slow_case, cases.elts))
    return ast.unparse(mark) == "pytest.mark.slow"


def is_slow_case(case: ast.expr) -> bool:
    keywords = case.keywords if isinstance(case, ast.Call) else []
    return any(each.arg == "marks" and is_slow(each.value) for each in keywords)


FILES = sorted(TESTS.rglob("test_*.py"))
QUICK = {path: set(quick_tests(path)) for path in FILES}
ALL_QUICK = set().union(*QUICK.values())
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in FILES)


@pytest.mark.parametrize("name", sorted(set(TEST.findall(PROMISES))))
def test_a_promise_names_a_test(name: str) -> None:
    assert f"def {name}(" in SOURCES


@pytest.mark.parametrize("name", sorted(set(FILE.findall(PROMISES))))
def test_a_promise_names_a_file(name: str) -> None:
    assert (CHECKOUT / name).exists()


@pytest.mark.parametrize("code", check.CODES)
def test_a_code_of_check_is_found_in_a_test(code: str) -> None:
    assert re.search(rf': {code}: |"{code}"', SOURCES), f"write a test that finds {code}"


@pytest.mark.parametrize("promise", ROWS)
def test_the_default_command_runs_a_test_of_each_promise(promise: str) -> None:
    files = [QUICK.get(CHECKOUT / name) for name in FILE.findall(ROWS[promise])]
    assert ALL_QUICK & set(TEST.findall(ROWS[promise])) or any(files)


@pytest.mark.parametrize(
    ("source", "quick"),
    [
        pytest.param("def test_a(): ...", ["test_a"], id="no mark"),
        pytest.param("@pytest.mark.slow\ndef test_a(): ...", [], id="a test"),
        pytest.param("pytestmark = pytest.mark.slow\ndef test_a(): ...", [], id="a module"),
        pytest.param("pytestmark = [pytest.mark.slow]\ndef test_a(): ...", [], id="among others"),
        pytest.param(
            "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.slow)])\n"
            "def test_a(): ...",
            [],
            id="each case",
        ),
        pytest.param(
            "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.slow), 2])\n"
            "def test_a(): ...",
            ["test_a"],
            id="one case of two",
        ),
    ],
)
def test_a_slow_test_is_known_by_its_mark(source: str, quick: list[str], tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(source)
    assert list(quick_tests(tmp_path / "test_it.py")) == quick
