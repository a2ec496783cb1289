"""Which Python the worker runs under: the first that has torch and diffusers."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from headergen.diffusion import processes, trust
from headergen.errors import InterpreterNotFoundError

_NEEDED_MODULES = ("torch", "diffusers")
# The specification's line, which is enough for each model of the table.
INSTALL = (
    "python3 -m venv .venv && .venv/bin/pip install torch diffusers transformers accelerate pillow"
)
# '' on the path is the repository, whose files anybody's pull request may bring: no `json.py` of it
# is a module here.
_WITHOUT_REPOSITORY = f"""
import sys
sys.path[:] = filter(None, sys.path)
import os
left_out = os.environ.get({trust.LEFT_OUT!r}, "").split(os.pathsep)
sys.path[:] = [each for each in sys.path if os.path.realpath(each) not in left_out]
"""
_PROBE_SECONDS = 30.0  # a first look into a cold site-packages on a slow disk


def find_interpreter(configured: str | None, root: Path) -> Path:
    """Find the Python interpreter that the worker runs under.

    A `configured` one (config `worker.python`, relative to `root`) is taken or refused. Else the
    first that has torch and diffusers: the running one, `.venv` in `root`, `$VIRTUAL_ENV`. None is
    ever run that git tracks, or of which git tracks a file that it reads when it starts.

    Raises:
        InterpreterNotFoundError: Listing each place that was looked at and why it was not taken.
    """
    if configured:
        python = root / os.path.expanduser(configured)
        if reason := trust.why_not_run(python, root):
            raise InterpreterNotFoundError(
                f"{python} {reason}", key="worker.python", remedy=trust.REMEDY
            )
        if reason := _why_not(python):
            raise InterpreterNotFoundError(
                f"{python} cannot paint: {reason}",
                key="worker.python",
                remedy="name a Python interpreter that has torch and diffusers, or remove the key",
            )
        return python
    refused = {}
    remedy = _REMEDY
    for place, python in _candidates(root).items():
        if reason := trust.why_not_run(python, root):
            remedy = trust.REMEDY
        elif not (reason := _why_not(python)):
            return python
        refused[place] = f"{python} {reason}"
    raise _no_interpreter(refused, remedy)


def _candidates(root: Path) -> dict[str, Path]:
    """List the interpreters to ask, each under the name of its place and none of them twice."""
    places = {
        "the running interpreter": Path(sys.executable),
        ".venv": _python_of(root / ".venv"),
    }
    if active := os.environ.get("VIRTUAL_ENV"):
        places["$VIRTUAL_ENV"] = _python_of(Path(active))
    # By folder: a virtual environment's python is a link to its base's, and yet another one.
    first_in = {python.parent.resolve(): place for place, python in reversed(places.items())}
    return {place: python for place, python in places.items() if place in first_in.values()}


def _python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _why_not(python: Path) -> str | None:
    """Say why the worker cannot run under `python`; None if it can."""
    if python == Path(sys.executable):
        missing = [name for name in _NEEDED_MODULES if importlib.util.find_spec(name) is None]
        return _lacks(missing)
    if not python.is_file():
        return "is not there"
    return _ask_for_modules(python)


def _ask_for_modules(python: Path) -> str | None:
    # find_spec looks and does not import: torch takes seconds.
    question = (
        "import importlib.util, json\n"
        f"print(json.dumps([n for n in {_NEEDED_MODULES} if not importlib.util.find_spec(n)]))"
    )
    try:
        missing = ask(python, question, _PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"did not answer within {_PROBE_SECONDS:g} s"
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        return f"does not run as Python ({error})"
    if not isinstance(missing, list) or not all(each in _NEEDED_MODULES for each in missing):
        return "does not run as Python (it answers something else than was asked)"
    return _lacks(missing)


def ask(python: Path, question: str, timeout_s: float) -> object:
    """Run a few lines of Python that print JSON last, and return what that says.

    Raises:
        InterpreterNotFoundError: Git tracks `python`, or a file that it reads when it starts.
        OSError, subprocess.SubprocessError: `python` does not run, fails, or takes too long.
        ValueError: What it printed is no JSON.
    """
    command: list[str | Path] = [python, "-c", _WITHOUT_REPOSITORY + question]
    done = processes.run(command, timeout_s, trust.environment(python))
    done.check_returncode()
    try:
        return json.loads(done.stdout.strip().rpartition(b"\n")[2])
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error


def _lacks(missing: Sequence[str]) -> str | None:
    return f"lacks {' and '.join(missing)}" if missing else None


def _no_interpreter(refused: Mapping[str, str], remedy: str) -> InterpreterNotFoundError:
    looked = "".join(f"\n  {place}: {reason}" for place, reason in refused.items())
    return InterpreterNotFoundError(
        f"no Python interpreter with torch and diffusers was found\nlooked at:{looked}",
        remedy=remedy,
    )


_REMEDY = (
    "choose one:\n"
    "- a title card in place of the painting: write `fallback: card` into headergen.yaml\n"
    "- commit without the picture for now: SKIP=headergen git commit (pre-commit, prek), "
    "else git commit --no-verify\n"
    "- install them at the repository's root (5.5 GB):\n"
    f"    {INSTALL}\n"
    "- the hook id headergen-bundled, which brings them along\n"
    "- worker.python in the config, naming a Python outside of the repository that has them"
)
