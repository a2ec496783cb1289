"""LoRAs in every form in which they are published: all arrives, or an error names the keys."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from headergen.article import article as articles
from headergen.diffusion import prompt
from headergen.diffusion.families import MODELS
from headergen.diffusion.worker import stages
from headergen.diffusion.worker.events import WorkerError
from headergen.errors import ConfigError
from headergen.make.painters import local
from headergen.plan import job as planning
from headergen.plan.job import Job, Painting
from headergen.settings import config as configs
from headergen.settings.config import Config, WantedLora
from tests.conftest import Checkpoints
from tests.support import checkpoints, loras

# diffusers' scheduler on numpy 2; the worker has no such filter.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

REQUEST = {"prompt": "a lighthouse", "width": 96, "height": 64}
WEIGHT = 0.8

# Forms that diffusers reads as well, and those that it drops or refuses.
READ = {
    "z-image-turbo": ["diffusers", "ai-toolkit", "kohya", "fused qkv"],
    "animagine-xl-3.1": ["PEFT", "kohya", "kohya, the authors' names"],
}
DROPPED = {
    "kohya, two underscores": "kohya",
    "PEFT, raw": "diffusers",
    "without a prefix": "diffusers",
}


@pytest.fixture(scope="module")
def folders(built: Checkpoints, tiny_zimage: Path) -> dict[str, Path]:
    uneven = built("uneven", checkpoints.build_uneven)
    return {"z-image-turbo": tiny_zimage, "animagine-xl-3.1": uneven}


def paint(model: str, folder: Path, place: Path, file: Path | None, **placed: Any) -> bytes:
    """Paint in this process as the worker does, and return the pixels."""
    row, found = MODELS[model], []
    family = row.family

    def emit(event: str, /, **fields: Any) -> None:
        assert event != "error", fields
        if event == "image":
            found.append(base64.b64decode(fields["rgb"]))

    placement = {"device": "cpu", "dtype": "bfloat16", "quantization": {}, "vae_tiling": False}
    place.mkdir(exist_ok=True)
    stages.paint(
        {
            "scratch": str(place),
            "embeddings": str(place / "kept"),
            "folder": str(folder),
            "family": family.name,
            "variant": None,
            "scheduler_class": row.scheduler_class,
            "scheduler_options": {},
            "replaced": {},
            "loras": [{"file": str(file), "weight": WEIGHT}] if file else [],
            "placement": {
                **placement,
                "stages": [[*family.encoders], [family.denoiser, "vae"]],
                **placed,
            },
            "requests": [
                {
                    **REQUEST,
                    "id": 0,
                    "negative_prompt": None,
                    "steps": 2,
                    "guidance_scale": 0.0,
                    "seed": 3,
                }
            ],
        },
        emit,
    )
    return found[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "form"),
    [pytest.param(model, form, id=f"{model}, {form}") for model in READ for form in READ[model]],
)
def test_it_paints_what_diffusers_paints(
    model: str, form: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    file, output = tmp_path / "ink.safetensors", tmp_path / "direct.png"
    folder = folders[model]
    loras.write(model, str(folder), form, str(file))

    painted = paint(model, folder, tmp_path / "with", file)

    call = {**REQUEST, "num_inference_steps": 2, "guidance_scale": 0.0}
    loras.paint(model, str(folder), str(file), WEIGHT, call, str(output))
    with Image.open(output) as direct:
        assert painted == direct.tobytes()
    assert painted != paint(model, folder, tmp_path / "without", None)


@pytest.mark.slow
@pytest.mark.parametrize(("form", "like"), DROPPED.items(), ids=DROPPED)
def test_what_diffusers_drops_arrives_as_well(
    form: str, like: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    model, pictures = "z-image-turbo", []
    for each in (form, like):
        file = tmp_path / "ink.safetensors"
        loras.write(model, str(folders[model]), each, str(file))
        pictures.append(paint(model, folders[model], tmp_path / each[:5], file))
    assert pictures[0] == pictures[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "words"),
    [
        pytest.param(
            "a key too many", "has no layer for lora_unet_no_such_layer", id="a part of it"
        ),
        pytest.param("of another kind", "attention_to_q.hada_w1_a", id="all of it"),
    ],
)
def test_what_would_not_arrive_is_an_error_that_names_the_keys(
    form: str, words: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / "ink.safetensors"
    loras.write("z-image-turbo", str(folders["z-image-turbo"]), form, str(file))
    with pytest.raises(WorkerError, match=words) as caught:
        paint("z-image-turbo", folders["z-image-turbo"], tmp_path / "with", file)
    assert caught.value.kind == "lora"


@pytest.mark.slow
def test_a_quantised_model_takes_a_lora(large_zimage: Path, tmp_path: Path) -> None:
    file, quantised = tmp_path / "ink.safetensors", {"transformer": "8bit"}
    loras.write("z-image-turbo", str(large_zimage), "diffusers", str(file))
    exact = paint("z-image-turbo", large_zimage, tmp_path / "a", file)
    near = paint("z-image-turbo", large_zimage, tmp_path / "b", file, quantization=quantised)
    without = paint("z-image-turbo", large_zimage, tmp_path / "c", None, quantization=quantised)
    assert far(near, exact) < far(near, without) / 2


def far(first: bytes, second: bytes) -> float:
    return sum(abs(a - b) for a, b in zip(first, second, strict=True)) / len(first)


# --- Which LoRAs a picture gets -------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("ink", "pixel"):
        (tmp_path / f"{name}.safetensors").write_bytes(b"")
    return tmp_path


ALLOWED = Config(
    width=640,
    height=336,
    loras=(WantedLora("ink.safetensors"), WantedLora("pixel.safetensors", 0.5, "8bit", False)),
)


def painting(root: Path, prompt: str, config: Config = ALLOWED) -> Painting:
    path = root / "post.md"
    path.write_text(f"---\ntitle: x\nheader: {{prompt: '{prompt}'}}\n---\n")
    parsed = articles.parse(path, path.read_bytes(), config.keys)
    assert parsed
    job = planning.job_for(parsed, config, root)
    assert isinstance(job, Job)
    assert isinstance(job.content, Painting)
    return job.content


@pytest.mark.parametrize(
    ("prompt", "told", "notes"),
    [
        pytest.param("a cat", "ink: 1", [], id="those of the config"),
        pytest.param("a cat <lora:ink:0.4>", "ink: 0.4", [], id="with the prompt's weight"),
        pytest.param("a <lora:8bit> cat", "ink: 1, 8bit: 1", [], id="one that the prompt names"),
        pytest.param(
            "a cat <lora:oil:1>",
            "ink: 1",
            ["<lora:oil:1> is left out: image.loras has ink, 8bit"],
            id="none that the config does not allow",
        ),
    ],
)
def test_a_picture_gets_what_config_and_prompt_say(
    prompt: str, told: str, notes: list[str], root: Path
) -> None:
    found = painting(root, prompt)
    assert found.settings.loras == told
    assert list(found.notes) == notes
    assert "<" not in found.prompt


def test_pictures_with_other_loras_are_painted_apart(root: Path) -> None:
    found = [painting(root, each) for each in ("a", "a <lora:ink:0.4>", "b")]
    assert [indices for _, indices in local._by_model(found)] == [[0, 2], [1]]
    assert found[0].asked_as != found[1].asked_as


def test_another_model_gets_no_lora_of_the_configs(root: Path) -> None:
    from headergen.plan import model_choice

    own = model_choice.config_of(replace(ALLOWED, model="z-image-turbo"), "animagine-xl-3.1")
    assert own.loras == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("[{file: oil.safetensors}]", "'oil.safetensors' is no", id="no file"),
        pytest.param("[{weight: 1}]", "image.loras", id="no name of a file"),
        pytest.param("[{file: a, weight: 9}]", "weight", id="too heavy"),
    ],
)
def test_a_mistake_in_the_config_is_told(text: str, words: str, root: Path) -> None:
    (root / "headergen.yaml").write_text(f"image:\n  loras: {text}\n")
    with pytest.raises(ConfigError, match=words):
        painting(root, "a", configs.load(root))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a <lora:ink:0.8> cat", {"ink": 0.8}, id="with a weight"),
        pytest.param("<lora:ink>", {"ink": 1.0}, id="without"),
        pytest.param("<lora:ink:-.5:1>", {"ink": -0.5}, id="and one for the encoder"),
        pytest.param("<lyco:ink:1>", {}, id="no LoRA"),
    ],
)
def test_loras_in_a_prompt(text: str, expected: dict[str, float]) -> None:
    assert prompt.loras_in(text) == expected
