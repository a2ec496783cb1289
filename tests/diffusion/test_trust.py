"""No interpreter that git tracks is run, and none that reads a tracked file when it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from headergen import errors
from headergen.diffusion import interpreter, trust
from headergen.diffusion.client import Worker
from tests.support.executable import executable

PYTHON = Path(sys.executable)
RUN = "touch RAN; echo '[]'"
VENV = Path(".venv/bin/python")
LIBRARY = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}"
SITE = Path(f".venv/{LIBRARY}/site-packages")


def git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a repository whose ignored .venv can paint, on a machine with nothing else that can."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    root = tmp_path / "repository"
    executable(root / VENV, RUN)
    (root / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    (root / SITE).mkdir(parents=True)
    (root / SITE / "torch.py").touch()
    (root / ".gitignore").write_text(".venv\n")
    monkeypatch.chdir(root)
    git("init", "-q")
    git("add", ".")
    return root


def track(*names: str | Path) -> None:
    for name in names:
        if not os.path.lexists(name):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).touch()
        git("add", "-f", os.fspath(name))


def link(name: str | Path, target: str | Path) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).unlink(missing_ok=True)
    Path(name).symlink_to(target)


def tracked_link(name: str | Path, target: str | Path) -> None:
    link(name, target)
    track(name)


def tracked_environment() -> None:
    executable(Path("vendor/bin/python"), RUN)
    track("vendor/bin/python")


def linked_to_tracked() -> None:
    tracked_environment()
    link(VENV, "../../vendor/bin/python")


def linked_twice() -> None:
    tracked_environment()
    link("a/one", "../vendor/bin/python")
    link(VENV, "../../a/one")


def linked_to_environment() -> None:
    executable(Path("vendor/bin/python"), RUN)
    track("vendor/pyvenv.cfg")
    link(VENV, "../../vendor/bin/python")


def libraries_as_link() -> None:
    os.rename(SITE, "packages")
    tracked_link(SITE, "../../../packages")


def linked_libraries() -> None:
    os.rename(SITE, "packages")
    track("packages/x.pth")
    link(SITE, "../../../packages")


def moved_and_linked() -> None:
    os.rename(".venv", "environment")
    tracked_link(".venv", "environment")


def submodule() -> None:
    git("init", "-q", ".venv")
    git("-C", ".venv", "add", "-f", "bin/python")
    git("-C", ".venv", "commit", "-q", "-m", "x")
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "-f", "./.venv", ".venv")


def adopted(place: str) -> None:
    """Let a `.pth` file of the untracked environment name a folder of the repository."""
    (Path(SITE) / "editable.pth").write_text(f"# mine\n{os.path.abspath('src')}\n")
    track(place)


@pytest.mark.parametrize(
    "bring",
    [
        pytest.param(lambda: track(VENV), id="the interpreter"),
        pytest.param(lambda: track(".venv/pyvenv.cfg"), id="pyvenv.cfg"),
        pytest.param(lambda: track(".venv/bin/pyvenv.cfg"), id="pyvenv.cfg beside it"),
        pytest.param(lambda: track(".venv/bin/python3._pth"), id="a path file beside it"),
        pytest.param(lambda: track(SITE / "x.pth"), id="a .pth file"),
        pytest.param(lambda: track(SITE / "sitecustomize.py"), id="sitecustomize"),
        pytest.param(lambda: track(SITE / "usercustomize/__init__.py"), id="usercustomize"),
        pytest.param(lambda: track(SITE / "torch.py"), id="a library"),
        pytest.param(lambda: track(SITE / "__pycache__/torch.pyc"), id="compiled code"),
        pytest.param(lambda: track(f".venv/{LIBRARY}/encodings/__init__.py"), id="its own modules"),
        pytest.param(lambda: track(".venv/lib/libpython3.so.1"), id="a shared library"),
        pytest.param(lambda: tracked_link(VENV, PYTHON), id="a link to an interpreter outside"),
        pytest.param(linked_to_tracked, id="a link to a tracked interpreter"),
        pytest.param(linked_twice, id="a link to a link to one"),
        pytest.param(linked_to_environment, id="a link to an environment with a tracked file"),
        pytest.param(moved_and_linked, id="the folder as a link"),
        pytest.param(libraries_as_link, id="its libraries as a link"),
        pytest.param(linked_libraries, id="libraries that are linked from tracked ones"),
        pytest.param(submodule, id="a submodule"),
        pytest.param(lambda: adopted("src/sitecustomize.py"), id="sitecustomize by a .pth file"),
        pytest.param(
            lambda: adopted("src/usercustomize/__init__.py"), id="usercustomize by a .pth file"
        ),
    ],
)
def test_what_git_tracks_is_not_run(root: Path, bring: Callable[[], object]) -> None:
    bring()

    with pytest.raises(errors.InterpreterNotFoundError, match="because git tracks") as caught:
        interpreter.find_interpreter(None, root)

    assert not (root / "RAN").exists()
    assert "worker: {python: /path/to/" in str(caught.value.remedy)
    assert "git rm -r --cached" in str(caught.value.remedy)


@pytest.mark.parametrize(
    "name",
    [
        ".VENV/BIN/PYTHON",
        ".Venv/bin/python",
        ".ve\u200cnv/bin/python",
        ".ｖenv/bin/python",
        ".venv/pyvenv.CFG",
    ],
)
def test_another_spelling_is_the_same_file_on_some_disks(root: Path, name: str) -> None:
    names = trust._Tracked(os.fspath(root), {trust._folded(name): name})

    assert trust._Interpreter(root / VENV, names).tracked_file() == name


def test_composed_and_decomposed_letters_are_the_same(root: Path) -> None:
    wide, narrow = (unicodedata.normalize(form, "é/bin/python") for form in ("NFC", "NFD"))
    names = trust._Tracked(os.fspath(root), {trust._folded(wide): wide})

    assert trust._Interpreter(root / narrow, names).tracked_file() == wide


@pytest.mark.parametrize("configured", ["tool.sh", "./tool.sh", "link/../tool.sh", "other"])
def test_a_configured_one_that_git_tracks_is_refused(root: Path, configured: str) -> None:
    executable(root / "tool.sh", RUN)
    (root / "link").symlink_to("deep")
    (root / "deep").mkdir()
    track("tool.sh")
    link("other", "tool.sh")

    with pytest.raises(errors.InterpreterNotFoundError, match=r"git tracks tool\.sh") as caught:
        interpreter.find_interpreter(configured, root)

    assert caught.value.key == "worker.python"
    assert not (root / "RAN").exists()


def test_what_is_added_to_this_commit_alone_is_tracked(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("commit", "-q", "-m", "x")
    monkeypatch.setenv("GIT_INDEX_FILE", os.fspath(root / ".git/next-index-1.lock"))
    git("read-tree", "HEAD")
    track(VENV)

    with pytest.raises(errors.InterpreterNotFoundError, match="because git tracks"):
        interpreter.find_interpreter(None, root)


@pytest.mark.parametrize(
    "bring",
    [
        pytest.param(lambda: None, id="ignored"),
        pytest.param(lambda: track("bin/x", "lib/x.py", "python3/x", ".venvs/x"), id="others"),
        pytest.param(lambda: track("sitecustomize.py", "pyvenv.cfg"), id="at the root"),
        pytest.param(lambda: adopted("src/mine/__init__.py"), id="an editable package"),
    ],
)
def test_the_authors_own_environment_is_run(root: Path, bring: Callable[[], object]) -> None:
    bring()

    assert interpreter.find_interpreter(None, root) == root / VENV


def test_a_folder_without_git_tracks_nothing(root: Path) -> None:
    track(VENV)
    os.rename(".git", "git")

    assert interpreter.find_interpreter(None, root) == root / VENV


def test_no_way_to_start_one_goes_past_the_question(root: Path) -> None:
    track(VENV)

    with pytest.raises(errors.InterpreterNotFoundError):
        interpreter.ask(root / VENV, "", 30)
    with pytest.raises(errors.InterpreterNotFoundError):
        Worker(root / VENV, "tiny", 30)
    assert not (root / "RAN").exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PYTHONPATH", "src"),
        ("PYTHONPATH", ""),
        ("PYTHONPATH", "/nowhere"),
        ("PYTHONHOME", "src"),
        ("PYTHONUSERBASE", "src"),
        ("PYTHONPYCACHEPREFIX", "src"),
    ],
)
def test_no_variable_leads_to_a_tracked_file(
    root: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    track("src/sitecustomize.py", "sitecustomize.py")
    monkeypatch.setenv(variable, f"{value}{os.pathsep}/elsewhere")

    kept = trust.environment(root / VENV)[variable].split(os.pathsep)

    assert kept == (["/nowhere"] if value == "/nowhere" else []) + ["/elsewhere"]


@pytest.mark.slow
def test_a_real_environment_takes_no_module_that_git_tracks(root: Path) -> None:
    (root / VENV).unlink()
    venv.create(root / ".venv", symlinks=True)
    adopted("src/xformers.py")
    (root / "src/xformers.py").write_text("open('RAN', 'w')\n")

    question = (
        "import importlib.util, json\nprint(json.dumps(bool(importlib.util.find_spec('{}'))))"
    )
    assert not interpreter.ask(root / VENV, question.format("xformers"), 60)
    assert interpreter.ask(root / VENV, question.format("torch"), 60)
    assert not (root / "RAN").exists()


def test_the_worker_leaves_out_the_same_folders(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    code = (
        "import json, runpy, sys\n"
        f"sys.path.append({os.fspath(tmp_path / 'src')!r})\n"
        "from importlib import util\n"
        f"spec = util.spec_from_file_location('start', {os.fspath(START)!r})\n"
        "start = util.module_from_spec(spec)\nspec.loader.exec_module(start)\n"
        "start.adopt_headergen()\nprint(json.dumps(sys.path))"
    )
    environment = {**os.environ, trust.LEFT_OUT: os.path.realpath(tmp_path / "src")}
    done = subprocess.run([PYTHON, "-c", code], env=environment, capture_output=True, check=True)
    assert os.fspath(tmp_path / "src") not in json.loads(done.stdout)


START = Path(trust.__file__).parent / "worker" / "__main__.py"
