"""Checkpoints in one file: read, unpacked once, and painted like any other."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.diffusion import cache, single_file
from headergen.diffusion.attempts import Load, Paint, Pixels
from headergen.diffusion.families import FAMILIES, MODELS
from headergen.diffusion.snapshot import SnapshotError
from headergen.errors import ConfigError
from headergen.plan import model_choice
from headergen.settings.config import Config
from tests.conftest import Checkpoints
from tests.diffusion.test_attempts import run_worker
from tests.support import checkpoints, single_files, weights
from tests.support.forked import WarmProcess
from tests.support.paths import CHECKOUT
from tests.support.repository import Repository
from tests.support.weights import Tensor

ROW = MODELS["animagine-xl-3.1"]
PICTURE = Paint("a lighthouse", "lowres", 96, 64, steps=2, guidance_scale=5.0, seed=3)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def twin_folder(built: Checkpoints) -> Path:
    return built("uneven", checkpoints.build_uneven)


@pytest.fixture
def written(twin_folder: Path, tmp_path: Path, warm_process: WarmProcess) -> Any:
    def write(marks: str = "") -> Path:
        file = tmp_path / "illustrious.safetensors"
        warm_process.call(single_files.__name__, "write", str(twin_folder), str(file), marks)
        return file

    return write


@pytest.fixture
def here(twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the family's published model in the hub's cache: its configs and tokenizers."""
    monkeypatch.setenv("HEADERGEN_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    place = tmp_path / "hub" / "models--cagliostrolab--animagine-xl-3.1"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    (place / "snapshots").mkdir()
    (place / "snapshots" / COMMIT).symlink_to(twin_folder)


def directly(
    warm_process: WarmProcess, file: Path, configs: Path, tmp_path: Path, **request: Any
) -> Pixels:
    output = tmp_path / "direct.png"
    wanted = {
        "prompt": PICTURE.prompt,
        "negative_prompt": PICTURE.negative_prompt,
        "width": 96,
        "height": 64,
        "num_inference_steps": 2,
        "guidance_scale": 5.0,
        **request,
    }
    order = str(file), str(configs), str(output), wanted, PICTURE.seed
    warm_process.call(single_files.__name__, "paint", *order)
    with Image.open(output) as picture:
        return Pixels(picture.width, picture.height, picture.tobytes())


V = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("marks", "scheduler"),
    [
        pytest.param("", {}, id="2515 keys"),
        pytest.param("no positions", {}, id="2514 keys"),
        pytest.param("v", V, id="v-prediction by its tensors"),
        pytest.param("metadata", {"prediction_type": "v_prediction"}, id="by its metadata"),
    ],
)
def test_it_paints_what_diffusers_paints_from_the_file(
    marks: str,
    scheduler: dict[str, Any],
    written: Any,
    twin_folder: Path,
    here: None,
    tmp_path: Path,
    warm_process: WarmProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = written(marks)
    folder = unpacked(file, tmp_path, monkeypatch)

    (painted,) = run_worker(Load("one file", ROW, folder, "cpu"), [PICTURE]).results

    direct = directly(warm_process, file, twin_folder, tmp_path, scheduler=scheduler)
    assert painted == direct
    assert isinstance(painted, Pixels)
    assert len(set(painted.rgb)) > 50


def unpacked(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have `headergen fetch` make a folder of a file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "headergen.yaml").write_text(
        f"image: {{model: {file.name}, preset: {ROW.name}, device: cpu}}\n"
    )
    assert main(["fetch"]) == 0
    found = cache.find(cache.Checkpoint(ROW, str(file), local=True))
    assert found
    assert found.revision == single_file.fingerprint(file)
    return found.folder


@pytest.mark.slow
def test_an_article_is_painted_from_a_file_that_is_unpacked_once(
    written: Any,
    here: None,
    repo: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    file = written()
    (repo.root / "models").mkdir()
    file.rename(repo.root / "models" / file.name)
    repo.write(
        "headergen.yaml",
        "header: {width: 96, height: 64}\n"
        "image: {model: models/illustrious.safetensors, preset: animagine-xl-3.1, device: cpu,\n"
        "        width: 96, height: 64, num_inference_steps: 1}\n",
    )
    for name in ("a", "b"):
        repo.write(f"{name}.md", f"---\nheader: {{prompt: a boat {name}}}\n---\n")
        assert main(["run", f"{name}.md"]) == 0
    folders = list((tmp_path / "models" / "single-files").glob("*/*"))

    assert len(folders) == 1
    assert main(["show", "note_images/b.png"]) == 0
    assert "illustrious" in capsys.readouterr().out


@pytest.mark.slow
def test_a_file_is_unpacked_in_8_bits_too(
    written: Any,
    here: None,
    repo: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    file = written()
    file.rename(repo.root / file.name)
    repo.write(
        "headergen.yaml",
        "header: {width: 96, height: 64}\n"
        f"image: {{model: {file.name}, preset: {ROW.name}, device: cpu, width: 96, height: 64,\n"
        "        num_inference_steps: 1}\n",
    )
    repo.write("a.md", "---\nheader: {prompt: a boat}\n---\n")
    assert main(["fetch", "--quantize", "8bit"]) == 0
    assert main(["run", "a.md"]) == 0
    assert main(["show", "note_images/a.png"]) == 0
    assert "8bit" in capsys.readouterr().out


def header(path: Path, names: list[str], **metadata: str) -> Path:
    weights.save(path, {name: Tensor("F32", [0], b"") for name in names})
    if metadata:
        content = path.read_bytes()
        size = 8 + int.from_bytes(content[:8], "little")
        facts = json.loads(content[8:size]) | {"__metadata__": metadata}
        text = json.dumps(facts).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text)
    return path


SDXL = [
    "model.diffusion_model.out.0.weight",
    "conditioner.embedders.0.transformer.text_model.final_layer_norm.bias",
    "conditioner.embedders.1.model.logit_scale",
    "first_stage_model.quant_conv.bias",
]


@pytest.mark.parametrize(
    ("more", "metadata", "expected"),
    [
        pytest.param([], {}, (False, False), id="no mark"),
        pytest.param(["v_pred"], {}, (True, False), id="v_pred"),
        pytest.param(["v_pred", "ztsnr"], {}, (True, True), id="v_pred and ztsnr"),
        pytest.param(["ztsnr"], {}, (False, False), id="ztsnr alone says nothing"),
        pytest.param([], {"modelspec.predict_key": "v"}, (True, False), id="ComfyUI's word"),
        pytest.param([], {"modelspec.prediction_type": "v"}, (True, False), id="kohya's word"),
        pytest.param([], {"modelspec.predict_key": "epsilon"}, (False, False), id="epsilon"),
    ],
)
def test_how_a_model_predicts_is_read_from_its_marks(
    more: list[str], metadata: dict[str, str], expected: tuple[bool, bool], tmp_path: Path
) -> None:
    found = single_file.read(header(tmp_path / "m.safetensors", [*SDXL, *more], **metadata))
    assert found.family is ROW.family
    assert (found.predicts_v, found.zero_snr) == expected


@pytest.mark.parametrize(
    ("names", "words"),
    [
        pytest.param(["lora_unet_x.lora_down.weight"], "is a LoRA", id="a LoRA"),
        pytest.param(SDXL[:1], "is no whole SDXL model in one file", id="a UNet alone"),
        pytest.param([*SDXL, "edm_mean"], "another noise schedule", id="Playground 2.5"),
    ],
)
def test_what_is_no_whole_model_is_told(names: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match=words):
        single_file.read(header(tmp_path / "m.safetensors", names))


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    file, copy = tmp_path / "a", tmp_path / "b"
    file.write_bytes(bytes(3_000_000))
    copy.write_bytes(bytes(3_000_000))
    assert single_file.fingerprint(file) == single_file.fingerprint(copy)
    known = {single_file.fingerprint(file)}
    for changed in (
        b"x" + bytes(2_999_999),
        bytes(1_500_000) + b"x" + bytes(1_499_999),
        bytes(3_000_001),
    ):
        copy.write_bytes(changed)
        known.add(single_file.fingerprint(copy))
    assert len(known) == 4


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param(None, {}, id="nothing"),
        pytest.param("v_prediction", V, id="v-prediction, with zero terminal SNR"),
        pytest.param(
            "epsilon",
            {"prediction_type": "epsilon", "rescale_betas_zero_snr": False},
            id="epsilon, whatever the file says",
        ),
    ],
)
def test_the_configs_word_on_the_prediction_comes_last(
    word: str | None, expected: dict[str, Any], tmp_path: Path
) -> None:
    file = header(tmp_path / "m.safetensors", SDXL)
    config = Config(model=file.name, preset=ROW.name, prediction=word)
    chosen = model_choice.for_config(config, tmp_path)
    assert chosen.single_file == file
    load = Load(chosen.name, ROW, tmp_path, "cpu", prediction=chosen.prediction)
    assert load.scheduler_options == expected


@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param(Config(model="m.safetensors"), "say whose|several models", id="no preset"),
        pytest.param(
            Config(model="m.safetensors", preset="z-image-turbo"),
            "'z-image-turbo' is no SDXL model",
            id="the preset of another family",
        ),
    ],
)
def test_whose_settings_a_file_takes_must_be_said(
    config: Config, words: str, tmp_path: Path
) -> None:
    header(tmp_path / "m.safetensors", SDXL)
    with pytest.raises(ConfigError, match=words):
        model_choice.for_config(config, tmp_path)


def _published() -> Any:
    """Return the bench's module of the published sizes."""
    spec = importlib.util.spec_from_file_location("published", CHECKOUT / "bench/published.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_names_are_those_of_the_published_file(tmp_path: Path) -> None:
    import torch

    from headergen.diffusion.families import layout, twins

    published = _published()
    family = FAMILIES["SDXL"]
    parts = twins.parts(family, published.configs(family), device="meta")
    wanted = ("unet", "vae", "text_encoder", "text_encoder_2")
    for name in ("unet", "vae"):
        parts[name].save_config(tmp_path / name)
    tensors = {name: layout.published_tensors(parts[name]) for name in wanted}
    with torch.device("meta"):
        found = single_files.tensors(tensors, tmp_path)

    assert len(found) == 2515
    shape = found["first_stage_model.decoder.mid.attn_1.q.weight"].shape
    assert tuple(shape) == (512, 512, 1, 1)
    assert "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight" in found
