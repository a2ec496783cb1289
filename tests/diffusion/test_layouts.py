"""The tiny twins against tests/data/layouts, the facts of how the models are published."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from headergen.diffusion.families import MODELS, layout, twins
from headergen.diffusion.families.family import Model
from tests.support.paths import CHECKOUT

LAYOUTS = CHECKOUT / "tests" / "data" / "layouts"

each_model = pytest.mark.parametrize("row", MODELS.values(), ids=MODELS)


def facts_of(row: Model) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((LAYOUTS / f"{row.name}.json").read_text("utf-8"))
    return found


def read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def tensors_in(path: Path) -> dict[str, dict[str, Any]]:
    """Read a safetensors header."""
    with path.open("rb") as file:
        found: dict[str, Any] = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    assert found.pop("__metadata__") == {"format": "pt"}
    return found


def pattern_of(name: str, patterns: list[str]) -> str:
    """Return which of the published names a tensor has, its numbers left out."""
    without_numbers = re.sub(r"(?<![A-Za-z_0-9])\d+", "N", name)
    found = [each for each in patterns if fnmatchcase(without_numbers, each)]
    assert len(found) == 1, (name, found)
    return found[0]


@each_model
def test_a_twin_has_the_published_files(row: Model, twin: Callable[[Model], Path]) -> None:
    found: dict[str, list[str]] = {}
    for path in sorted(path for path in twin(row).rglob("*") if path.is_file()):
        folder = path.parent.relative_to(twin(row)).as_posix()
        found.setdefault("" if folder == "." else folder, []).append(path.name)

    assert found == {folder: sorted(names) for folder, names in facts_of(row)["files"].items()}


@each_model
def test_a_twin_has_the_published_index_and_configs(
    row: Model, twin: Callable[[Model], Path]
) -> None:
    facts, folder = facts_of(row), twin(row)
    found = read_json(folder / "model_index.json")
    configs = {name: part["config"] for name, part in facts["parts"].items()}
    tokenizers = {
        f"{name}/tokenizer_config.json": one for name, one in facts.get("tokenizers", {}).items()
    }
    wanted = {
        **{f"{name}/config.json": config for name, config in configs.items()},
        **tokenizers,
        "scheduler/scheduler_config.json": facts["scheduler"],
    }

    assert found == facts["model_index"]
    assert list(found) == sorted(found)  # the order in which parts are loaded
    for file, expected in wanted.items():
        assert read_json(folder / file).items() >= expected.items(), file


@each_model
def test_a_twin_has_the_published_tensors(row: Model, twin: Callable[[Model], Path]) -> None:
    for name, part in facts_of(row)["parts"].items():
        for variant, dtype in part["dtype"].items():
            folder = twin(row) / name
            files = [
                path
                for path in folder.glob("*.safetensors")
                if (f".{variant}" in path.stem) == bool(variant)
            ]
            found = {key: at for file in files for key, at in tensors_in(file).items()}

            floats = {each["dtype"] for each in found.values()} - {"I64"}
            assert floats == {dtype}, (name, variant)
            used = {pattern_of(key, part["keys"]) for key in found}
            assert used == set(part["keys"]), (name, set(part["keys"]) - used)
            if len(files) > 1:
                check_index(folder, files)


def check_index(folder: Path, files: list[Path]) -> None:
    """Check that a part's index names the shard of each tensor, and their size without headers."""
    (index,) = folder.glob("*.index.json")
    found = read_json(index)
    where = {key: file.name for file in files for key in tensors_in(file)}
    ends = [each["data_offsets"] for file in files for each in tensors_in(file).values()]

    assert found["weight_map"] == where
    assert list(found["weight_map"]) == sorted(where)
    assert found["metadata"] == {"total_size": sum(end - start for start, end in ends)}


@pytest.mark.slow
@each_model
def test_in_the_published_sizes_there_are_as_many_tensors_and_numbers(
    row: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(CHECKOUT / "bench"))
    configs = importlib.import_module("published").configs(row.family)
    parts = twins.parts(row.family, configs, "meta")
    for name, facts in facts_of(row)["parts"].items():
        tensors = layout.published_tensors(parts[name])
        numbers = sum(tensor.numel() for tensor in tensors.values())

        assert (len(tensors), numbers) == (facts["tensors"], facts["parameters"]), name
        assert {pattern_of(key, facts["keys"]) for key in tensors} == set(facts["keys"])
