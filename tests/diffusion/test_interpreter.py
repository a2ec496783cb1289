"""Which Python the worker runs under; small shell scripts stand in for interpreters."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from headergen import errors
from headergen.diffusion import interpreter
from headergen.diffusion.interpreter import find_interpreter
from tests.support.executable import executable

PYTHON = Path(sys.executable)

GOOD = "echo '[]'"
TORCHLESS = """echo '["torch"]'"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a repository, on a machine whose running interpreter has no torch."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return tmp_path


def test_the_running_interpreter_is_taken_if_it_can_paint(tmp_path: Path) -> None:
    executable(tmp_path / ".venv/bin/python", GOOD)

    assert find_interpreter(None, tmp_path) == PYTHON


@pytest.mark.parametrize(
    ("local", "active", "expected"),
    [
        pytest.param(GOOD, GOOD, ".venv", id="the repository's own before the active one"),
        pytest.param(
            TORCHLESS, GOOD, "active", id="the active one if the repository's lacks torch"
        ),
        pytest.param(None, GOOD, "active", id="the active one if the repository has none"),
        pytest.param("exit 1", GOOD, "active", id="past one that does not run"),
        pytest.param("echo hello", GOOD, "active", id="past one that is no Python"),
    ],
)
def test_the_first_interpreter_that_can_paint_is_taken(
    root: Path, monkeypatch: pytest.MonkeyPatch, local: str | None, active: str, expected: str
) -> None:
    if local is not None:
        executable(root / ".venv/bin/python", local)
    executable(root / "active/bin/python", active)
    monkeypatch.setenv("VIRTUAL_ENV", str(root / "active"))

    assert find_interpreter(None, root) == root / expected / "bin/python"


def test_no_interpreter_lists_each_place_and_why(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(root / "active/bin/python", TORCHLESS)
    monkeypatch.setenv("VIRTUAL_ENV", str(root / "active"))

    with pytest.raises(errors.InterpreterNotFoundError) as caught:
        find_interpreter(None, root)

    assert caught.value.headline == "no Python interpreter with torch and diffusers was found"
    assert str(caught.value).splitlines()[2:] == [
        f"  the running interpreter: {PYTHON} lacks torch and diffusers",
        f"  .venv: {root}/.venv/bin/python is not there",
        f"  $VIRTUAL_ENV: {root}/active/bin/python lacks torch",
    ]
    lines = str(caught.value.remedy).splitlines()
    cheapest_first = ("fallback: card", "SKIP=headergen", "5.5 GB", "", "headergen-bundled")
    for line, part in zip(lines[1:], cheapest_first, strict=False):
        assert part in line
    assert lines[4].strip() == interpreter.INSTALL, "a line that can be pasted"
    assert "worker.python" in lines[-1]


def test_an_interpreter_is_not_asked_twice(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(root / ".venv/bin/python", f'echo asked >> "{root}/log"; {TORCHLESS}')
    monkeypatch.setenv("VIRTUAL_ENV", str(root / ".venv"))

    with pytest.raises(errors.InterpreterNotFoundError):
        find_interpreter(None, root)

    assert (root / "log").read_text() == "asked\n"


@pytest.mark.parametrize("absolute", [True, False], ids=["absolute", "relative to the root"])
def test_the_configured_interpreter_comes_first(root: Path, absolute: bool) -> None:
    executable(root / ".venv/bin/python", GOOD)
    configured = executable(root / "mine/python", GOOD)

    assert find_interpreter(str(configured) if absolute else "mine/python", root) == configured


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        pytest.param(None, "is not there", id="not there"),
        pytest.param(TORCHLESS, "lacks torch", id="without torch"),
        pytest.param("exit 3", "does not run as Python", id="broken"),
    ],
)
def test_a_configured_interpreter_is_taken_or_refused(
    root: Path, shell: str | None, words: str
) -> None:
    executable(root / ".venv/bin/python", GOOD)
    if shell is not None:
        executable(root / "mine/python", shell)

    with pytest.raises(errors.InterpreterNotFoundError, match=words) as caught:
        find_interpreter("mine/python", root)

    assert str(root / "mine/python") in str(caught.value)
    assert caught.value.key == "worker.python"


def test_a_real_interpreter_with_torch(root: Path) -> None:
    same = PYTHON.parent / ".." / PYTHON.parent.name / PYTHON.name  # asked from outside

    assert find_interpreter(str(same), root) == same


def test_a_real_interpreter_without_torch(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv.create(root / ".venv", symlinks=True)
    for name in ("torch", "diffusers"):  # folders of the repository are no modules
        (root / name).mkdir()
    monkeypatch.chdir(root)

    with pytest.raises(errors.InterpreterNotFoundError, match=r"\.venv: .*lacks torch and diff"):
        find_interpreter(None, root)


def test_no_file_of_the_repository_is_run_as_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json", "importlib", "torch"):
        (tmp_path / f"{name}.py").write_text(f"open('{name}-ran', 'w')\n")
    monkeypatch.chdir(tmp_path)
    question = "import importlib.util, json\nprint('noise')\nprint(json.dumps({'a': 1}))"
    assert interpreter.ask(Path(sys.executable), question, 30) == {"a": 1}
    interpreter._ask_for_modules(Path(sys.executable))
    assert not list(tmp_path.glob("*-ran"))
