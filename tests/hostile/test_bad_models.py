"""Bad checkpoints and configs, end to end: told with place and remedy, and no code of theirs runs.

The checkpoints are copies of a real tiny one; what they would run leaves a file behind.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headergen.cli.main import main
from headergen.picture import first_bytes
from tests.support import weights
from tests.support.headers import HEADERS, header_of
from tests.support.repository import Repository
from tests.support.weights import Tensor

PROMPT = "---\nheader: {prompt: the sea}\n---\n"
COMPOSITE = "---\nheader:\n  sources: [a.png]\n---\n"
CONFIG = "image:\n  model: model\n  device: cpu\n  width: 64\n  height: 64\n"
PAYLOAD = "open('ran', 'w')"
VAE = "vae/diffusion_pytorch_model.safetensors"
ENCODER = "text_encoder/model-00002-of-00003.safetensors"


@pytest.fixture(autouse=True)
def articles(repo: Repository) -> None:
    """Put a good composite and a prompt into the repository."""
    repo.write_sources("a.png")
    repo.write("good.md", COMPOSITE)
    repo.write("bad.md", PROMPT)


class Payload:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return exec, (PAYLOAD,)


def pickles_only(model: Path) -> None:
    (model / VAE).unlink()
    (model / "vae/diffusion_pytorch_model.bin").write_bytes(pickle.dumps(Payload()))


def pickle_in_an_index(model: Path) -> None:
    pickles_only(model)
    weights = {"weight_map": {"a": "diffusion_pytorch_model.bin"}, "metadata": {"total_size": 1}}
    (model / f"{VAE}.index.json").write_text(json.dumps(weights))


def pickle_called_safetensors(model: Path) -> None:
    (model / VAE).write_bytes(pickle.dumps(Payload()))


def without(name: str) -> Callable[[Path], None]:
    def remove(model: Path) -> None:
        path = model / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return remove


def cut_short(model: Path) -> None:
    os.truncate(model / VAE, (model / VAE).stat().st_size - 1)


def with_tensors(
    name: str, change: Callable[[dict[str, Tensor]], dict[str, Tensor]]
) -> Callable[[Path], None]:
    def edit(model: Path) -> None:
        weights.save(model / name, change(weights.load(model / name)))

    return edit


def wrong_shape(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    name = max(tensors, key=lambda name: len(tensors[name].data))
    dtype, shape, data = tensors[name]
    first_row = Tensor(dtype, [1, *shape[1:]], data[: len(data) // shape[0]])
    return tensors | {name: first_row}


def half_of_them(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return dict(list(tensors.items())[::2])


def index(**entries: Any) -> Callable[[Path], None]:
    return in_json("model_index.json", **entries)


def in_json(name: str, **entries: Any) -> Callable[[Path], None]:
    def edit(model: Path) -> None:
        for code in ("pipeline.py", "custom.py", "vae/custom.py", "text_encoder/custom.py"):
            (model / code).write_text(f"{PAYLOAD}\nclass Custom: pass\n")
        path = model / name
        path.write_text(json.dumps(json.loads(path.read_text()) | entries))

    return edit


@pytest.mark.parametrize(
    ("damage", "place", "fact", "remedy"),
    [
        pytest.param(pickles_only, "bad.md:2", "pickles only", "safetensors", id="pickles"),
        pytest.param(pickle_in_an_index, "bad.md:2", "pickles only", "safe", id="indexed pickles"),
        pytest.param(
            pickle_called_safetensors, "bad.md:2", "not a safetensors", "whole", id="renamed pickle"
        ),
        pytest.param(without("vae"), "bad.md:2", "lacks the folder", "whole", id="a part missing"),
        pytest.param(without(VAE), "bad.md:2", "no .safetensors file", "whole", id="no weights"),
        pytest.param(
            without("vae/config.json"),
            "bad.md:2",
            "lacks its config.json",
            "whole",
            id="a part's config",
        ),
        pytest.param(cut_short, "bad.md:2", "is cut short", "whole", id="cut short"),
        pytest.param(
            with_tensors(VAE, wrong_shape),
            "bad.md:2",
            "vae holds ",
            "whole",
            id="a wrong shape",
        ),
        pytest.param(
            with_tensors(ENCODER, wrong_shape),
            "bad.md:2",
            "text_encoder holds ",
            "whole",
            id="a wrong shape in transformers",
        ),
        pytest.param(
            with_tensors(VAE, half_of_them),
            "bad.md:2",
            "vae lacks decoder.",
            "whole",
            id="half the tensors",
        ),
        pytest.param(
            with_tensors(ENCODER, half_of_them),
            "bad.md:2",
            "text_encoder lacks layers.",
            "whole",
            id="half the tensors in transformers",
        ),
        pytest.param(
            without("model_index.json"),
            "headergen.yaml:2",
            "no model_index",
            "safetensors",
            id="no index",
        ),
        pytest.param(
            index(_class_name=["pipeline", "Custom"]),
            "headergen.yaml:2",
            "which headergen does not know",
            "ZImagePipeline",
            id="a custom pipeline",
        ),
        pytest.param(
            index(vae=["custom", "Custom"]), "bad.md:2", "no code of", "whole", id="a custom part"
        ),
        pytest.param(
            index(vae=["diffusers", "AutoModel"]), "bad.md:2", "no AutoModel", "whole", id="a guess"
        ),
    ],
)
def test_a_bad_checkpoint(
    repo: Repository,
    tiny_zimage: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[Path], None],
    place: str,
    fact: str,
    remedy: str,
) -> None:
    damage(shutil.copytree(tiny_zimage, repo.root / "model"))
    repo.write("headergen.yaml", CONFIG)
    assert main(["run"]) in (2, 3)
    told = capsys.readouterr().err
    lines = [line for line in told.splitlines() if ": note: " not in line]
    (headline,) = [line for line in lines if line.startswith(f"{place}: ")]
    assert fact in headline
    assert remedy in told
    assert not (repo.root / "ran").exists()
    assert (repo.root / "bad.md").read_text() == PROMPT
    assert first_bytes.probe(repo.root / header_of("good")).digest


def test_code_that_comes_with_a_checkpoint_does_not_run(
    repo: Repository, tiny_zimage: Path
) -> None:
    model = shutil.copytree(tiny_zimage, repo.root / "model")
    custom = {"trust_remote_code": True, "custom_pipeline": "pipeline.py"}
    for name, auto_class in (
        ("vae/config.json", "AutoModel"),
        ("text_encoder/config.json", "AutoModel"),
        ("tokenizer/tokenizer_config.json", "AutoTokenizer"),
        ("model_index.json", "AutoPipelineForText2Image"),
    ):
        in_json(name, auto_map={auto_class: "custom.Custom"}, **custom)(model)
    repo.write("headergen.yaml", CONFIG)
    assert main(["run"]) == 0
    assert not list(repo.root.rglob("ran"))
    assert first_bytes.probe(repo.root / header_of("bad")).digest


# --- The config --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "line", "fact", "remedy"),
    [
        pytest.param(
            "headergen.yaml", b"imgae: {model: x}\n", 1, "unknown key", "mean 'image'?", id="a typo"
        ),
        pytest.param(
            "headergen.yaml", b"image:\n  stpes: 8\n", 2, "unknown", "num_inference_", id="below"
        ),
        pytest.param(
            "headergen.yaml", b"image: {width: wide}\n", 1, "'wide'", "64 to 4096", id="a type"
        ),
        pytest.param(
            "headergen.yaml", b"header: [png]\n", 1, "a mapping", "header.width", id="a list"
        ),
        pytest.param(
            "headergen.yaml", b"output: a\noutput: b\n", 2, "duplicate key", "keep one", id="twice"
        ),
        pytest.param(
            "headergen.yaml", b"image: [\n", 2, "not valid YAML", "correct the line", id="no YAML"
        ),
        pytest.param(
            "headergen.yaml", b"a: 1\n\xff: 2\n", 2, "not UTF-8", "save it as UTF-8", id="no UTF-8"
        ),
        pytest.param(
            "headergen.yaml", b"- a\n", 1, "must be a mapping", "image:", id="a bare list"
        ),
        pytest.param(
            "headergen.yaml", b"output: ../../{stem}.txt\n", 1, ".txt", "{format}", id="a suffix"
        ),
        pytest.param(
            "pyproject.toml", b"[tool.headergen\n", 1, "not valid TOML", "correct", id="no TOML"
        ),
        pytest.param(
            "pyproject.toml",
            b"[tool.headergen.header]\nformt = 'png'\n",
            2,
            "header.formt: unknown key",
            "did you mean 'header.format'?",
            id="a typo in pyproject.toml",
        ),
    ],
)
def test_a_bad_config_stops_the_run_before_it_touches_anything(
    repo: Repository,
    capsys: pytest.CaptureFixture[str],
    name: str,
    data: bytes,
    line: int,
    fact: str,
    remedy: str,
) -> None:
    repo.write(name, data)
    assert main(["run"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{name}:{line}: ")
    assert fact in told.splitlines()[0]
    assert remedy in told
    assert (repo.root / "good.md").read_text() == COMPOSITE
    assert not (repo.root / HEADERS).exists()
