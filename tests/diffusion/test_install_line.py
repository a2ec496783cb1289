"""The specification's install line: diffusers, transformers, accelerate, torch and pillow."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from headergen import errors
from headergen.diffusion import prompt
from headergen.diffusion.attempts import Load, Pixels, paint
from headergen.diffusion.families import MODELS
from headergen.diffusion.families.family import Model
from tests.diffusion.conftest import Direct
from tests.diffusion.test_attempts import PICTURE, Recorder
from tests.support.paths import CHECKOUT

LINE = ("diffusers", "transformers", "accelerate", "torch", "pillow")

# What the worker's interpreter has beside it must look as if it were not installed.
_SITECUSTOMIZE = """
import sys
from importlib.machinery import PathFinder
class Line(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] not in BLOCKED:
            return PathFinder.find_spec(name, path, target)
BLOCKED = frozenset(NAMES)
sys.meta_path[sys.meta_path.index(PathFinder)] = Line
"""


def installed_by(names: tuple[str, ...]) -> set[str]:
    """Return the distributions that pip installs for `names`, extras left out."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in found:
            continue
        try:
            requirements = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # for another system
        found.add(name)
        left += [
            match[0]
            for line in requirements
            if "extra ==" not in line and (match := re.match(r"[\w.-]+", line))
        ]
    return found


def other_modules() -> list[str]:
    """List the top-level modules that the tests' interpreter has and the line does not install."""
    allowed = installed_by(LINE)
    return [
        module
        for module, owners in metadata.packages_distributions().items()
        if not {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners} & allowed
        and module != "headergen"
    ]


@pytest.mark.slow
@pytest.mark.isolated
@pytest.mark.parametrize("name", ["z-image-turbo", "animagine-xl-3.1", "sdxl-turbo"])
def test_it_is_enough_for_each_model_of_the_specification(
    name: str,
    twin: Callable[[Model], Path],
    direct: Direct,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = other_modules()
    assert {"compel", "gguf", "sdnq"} <= set(others)
    (tmp_path / "sitecustomize.py").write_text(_SITECUSTOMIZE.replace("NAMES", repr(others)))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    row, progress = MODELS[name], Recorder()
    request = replace(PICTURE, prompt="a (lighthouse:1.3), [[fog]]")
    if row.family.prompt_weights and row.guidance_scale > 1:
        request = replace(request, guidance_scale=7.0, negative_prompt="(lowres:1.4), bad")

    load = Load(name, row, twin(row), "cpu")
    with closing(paint(Path(sys.executable), load, [request], progress)) as results:
        ((_, result),) = results

    assert isinstance(result, Pixels), result
    weights_lost = [note for note in progress.notes if "weights in prompts have no effect" in note]
    if row.family.prompt_weights:
        negative = request.negative_prompt and prompt.plain_text(request.negative_prompt)
        words = replace(request, prompt=prompt.plain_text(request.prompt), negative_prompt=negative)
        assert result == direct(twin(row), row, words)
        assert weights_lost and "-m pip install compel" in weights_lost[0]
    else:
        assert result == direct(twin(row), row, request)
        assert not weights_lost


@pytest.mark.slow
@pytest.mark.isolated
def test_the_library_that_a_quantised_model_lacks_is_named_with_its_remedy(
    large_zimage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json
    import shutil

    names = repr(["sdnq"])
    (tmp_path / "sitecustomize.py").write_text(_SITECUSTOMIZE.replace("NAMES", names))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    folder = shutil.copytree(large_zimage, tmp_path / "model")
    config = folder / "transformer" / "config.json"
    quantised = {"quantization_config": {"quant_method": "sdnq", "weights_dtype": "uint4"}}
    config.write_text(json.dumps(json.loads(config.read_text()) | quantised))

    load = Load("quantised", MODELS["z-image-turbo"], folder, "cpu")
    with (
        closing(paint(Path(sys.executable), load, [PICTURE], Recorder())) as results,
        pytest.raises(errors.DependencyError, match="-m pip install sdnq"),
    ):
        list(results)


def test_no_extra_of_the_copyleft_is_part_of_another() -> None:
    extras = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    assert [name for name, lines in extras.items() if "sdnq" in " ".join(lines)] == ["quantize"]
