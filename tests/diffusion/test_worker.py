from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headergen.diffusion import worker
from headergen.diffusion.worker import Part, Weights, WorkerError

UNET = Part("unet", "diffusers", "UNet2DConditionModel")
TOKENIZER = Part("tokenizer", "transformers", "CLIPTokenizer")


@pytest.mark.parametrize(
    ("names", "variant", "expected"),
    [
        pytest.param(
            ["config.json", "diffusion_pytorch_model.safetensors"],
            None,
            Weights(None, ["diffusion_pytorch_model.safetensors"]),
            id="one plain file",
        ),
        pytest.param(
            ["model.fp16.safetensors", "model.safetensors"],
            "fp16",
            Weights("fp16", ["model.fp16.safetensors"]),
            id="the variant that was asked for",
        ),
        pytest.param(
            ["model.fp16.safetensors", "model.safetensors"],
            None,
            Weights(None, ["model.safetensors"]),
            id="no variant unless asked for",
        ),
        pytest.param(
            ["model.safetensors"],
            "fp16",
            Weights(None, ["model.safetensors"]),
            id="plain where the variant is not there",
        ),
        pytest.param(
            ["model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"],
            None,
            Weights(None, ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]),
            id="all shards",
        ),
        pytest.param(["model-00001-of-00002.safetensors"], None, None, id="a shard is missing"),
        pytest.param(
            ["model.fp16-00001-of-00002.safetensors", "model.safetensors"],
            "fp16",
            Weights(None, ["model.safetensors"]),
            id="a shard of the variant is missing",
        ),
        pytest.param(
            ["diffusion_pytorch_model.bin", "notes.safetensors", "flax_model.msgpack"],
            None,
            None,
            id="other formats and names",
        ),
    ],
)
def test_choose_weights(names: list[str], variant: str | None, expected: Weights | None) -> None:
    assert worker.choose_weights(names, variant) == expected


def test_wanted_files_are_the_parts_texts_and_one_set_of_weights() -> None:
    names = [
        "README.md",
        "model_index.json",
        "sd_xl_turbo_1.0.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/model.onnx",
        "vae_1_0/diffusion_pytorch_model.safetensors",
    ]

    assert worker.wanted_files(names, [TOKENIZER, UNET], "fp16") == [
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
    ]


def test_parts_leave_out_settings_and_empty_parts() -> None:
    index = {
        "_class_name": "StableDiffusionXLPipeline",
        "_name_or_path": ["a", "b"],
        "force_zeros_for_empty_prompt": True,
        "image_encoder": [None, None],
        "unet": ["diffusers", "UNet2DConditionModel"],
    }

    assert worker.parts_of(index) == [UNET]


@pytest.mark.parametrize(
    ("name", "library"),
    [
        pytest.param("unet", "my_unet", id="a module that came with the checkpoint"),
        pytest.param("unet", "os", id="a module of Python"),
        pytest.param("../unet", "diffusers", id="a folder outside the checkpoint"),
    ],
)
def test_parts_from_elsewhere_are_refused(name: str, library: str) -> None:
    with pytest.raises(WorkerError, match="runs no code of a checkpoint") as caught:
        worker.parts_of({name: [library, "UNet2DConditionModel"]})

    assert caught.value.kind == "checkpoint"
    assert repr(name) in str(caught.value)
    assert repr(library) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "it has no model_index.json", id="not there"),
        pytest.param(b"{", "is not JSON", id="half a file"),
        pytest.param(b"\xff", "is not JSON", id="not text"),
        pytest.param(b"[]", "holds no JSON object", id="a list"),
    ],
)
def test_a_bad_index_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "model_index.json").write_bytes(content)

    with pytest.raises(WorkerError, match=words):
        worker.read_index(tmp_path)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param("FluxPipeline", "'FluxPipeline', which headergen does not know", id="unknown"),
        pytest.param(["pipeline", "Mine"], "which headergen does not know", id="custom pipeline"),
        pytest.param(None, "None, which headergen does not know", id="none named"),
        pytest.param("SomeXL", "is a SomeXL, while the settings .* a ZImagePipeline's", id="other"),
    ],
)
def test_another_pipeline_class_is_refused(found: Any, words: str) -> None:
    order = {
        "name": "mine",
        "pipeline_class": "ZImagePipeline",
        "known_classes": ["SomeXL", "ZImagePipeline"],
    }

    with pytest.raises(WorkerError, match=words) as caught:
        worker.check_class({"_class_name": found}, order)

    assert "ZImagePipeline" in str(caught.value)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        pytest.param([], "lacks the folder of its part 'unet'", id="no folder"),
        pytest.param(["unet/config.json"], "holds no .safetensors file", id="no weights"),
        pytest.param(["unet/model.bin"], "as pickles only", id="pickles"),
        pytest.param(["unet/model-00001-of-00002.safetensors"], "no whole set", id="shard missing"),
    ],
)
def test_a_part_without_safetensors_is_refused(
    tmp_path: Path, files: list[str], words: str
) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()

    with pytest.raises(WorkerError, match=words) as caught:
        worker.check_parts(tmp_path, [UNET], None)

    assert "unet" in str(caught.value)


def test_a_tokenizer_needs_no_weights(tmp_path: Path) -> None:
    (tmp_path / "tokenizer").mkdir()

    assert worker.check_parts(tmp_path, [TOKENIZER], None) == {}


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted", "expected"),
    [
        pytest.param(2, False, "auto", "cuda", id="auto takes CUDA"),
        pytest.param(1, True, "auto", "cuda", id="auto takes CUDA before MPS"),
        pytest.param(0, True, "auto", "mps", id="auto takes MPS"),
        pytest.param(2, False, "cuda:1", "cuda:1", id="the second CUDA device"),
        pytest.param(0, True, "mps", "mps", id="MPS by name"),
        pytest.param(2, False, "cpu", "cpu", id="the CPU though there is a GPU"),
        pytest.param(0, False, "cpu", "cpu", id="the CPU when asked for"),
    ],
)
def test_pick_device(cuda: int, mps: bool, wanted: str, expected: str) -> None:
    assert worker.pick_device(_torch(cuda, mps), wanted) == expected


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted", "words"),
    [
        pytest.param(0, False, "auto", "no GPU was found: .* built without CUDA", id="auto"),
        pytest.param(0, True, "cuda", "'cuda' was found: torch sees mps", id="no CUDA"),
        pytest.param(1, False, "cuda:1", "'cuda:1' .* sees cuda, cuda:0", id="no second GPU"),
        pytest.param(1, False, "mps", "'mps' was found", id="no MPS"),
        pytest.param(1, False, "gpu", "'gpu' was found", id="no such name"),
    ],
)
def test_a_device_that_is_not_there(cuda: int, mps: bool, wanted: str, words: str) -> None:
    with pytest.raises(WorkerError, match=words) as caught:
        worker.pick_device(_torch(cuda, mps), wanted)

    assert caught.value.kind == "device"


def _torch(cuda: int, mps: bool) -> Any:
    """Imitate the few questions asked of torch; test_client asks the real one."""
    return SimpleNamespace(
        __version__="2.15.0",
        cuda=SimpleNamespace(is_available=lambda: cuda > 0, device_count=lambda: cuda),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
        version=SimpleNamespace(cuda="13.0" if cuda else None, hip=None),
    )


@pytest.mark.parametrize(
    ("device", "wanted", "expected"),
    [
        pytest.param("cuda", "bfloat16", "bfloat16", id="Z-Image on a GPU"),
        pytest.param("cuda:1", "float16", "float16", id="SDXL on a GPU"),
        pytest.param("mps", "float16", "float16", id="SDXL on a Mac"),
        pytest.param("cpu", "float16", "bfloat16", id="SDXL on a CPU"),
    ],
)
def test_pick_dtype_is_half_precision(device: str, wanted: str, expected: str) -> None:
    import torch

    assert worker.pick_dtype(torch, device, wanted) is getattr(torch, expected)


def test_kinds_of_the_libraries_own_errors() -> None:
    import torch
    from huggingface_hub import errors
    from safetensors import SafetensorError

    kinds = {
        torch.cuda.OutOfMemoryError("CUDA out of memory."): "video memory",
        RuntimeError("MPS backend out of memory (…)"): "video memory",
        RuntimeError(
            "[enforce fail] . DefaultCPUAllocator: can't allocate memory"
        ): "system memory",
        MemoryError(): "system memory",
        ModuleNotFoundError("No module named 'google'"): "dependency",
        SafetensorError("incomplete metadata"): "checkpoint",
        errors.OfflineModeIsEnabled("offline"): "not downloaded",
        errors.HFValidationError("a/b/c"): "model",
        ConnectionRefusedError(111, "Connection refused"): "network",
        TimeoutError("read"): "network",
        ValueError("odd"): "paint",
        WorkerError("overflow", "NaN"): "overflow",
    }

    assert {error: worker.kind_of(error) for error in kinds} == kinds


def test_an_unexplained_error_is_told_with_its_type_and_place() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        text = worker.describe(error)

    assert text.startswith("JSONDecodeError: Expecting property name")
    assert "decoder.py" in text


def test_a_library_without_the_pipeline_is_too_old() -> None:
    diffusers = SimpleNamespace(__name__="diffusers", __version__="0.30.0")

    with pytest.raises(WorkerError, match=r"diffusers 0\.30\.0 is too old") as caught:
        worker._attribute(diffusers, "ZImagePipeline")

    assert caught.value.kind == "dependency"


def test_the_worker_hides_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    own = str(Path(worker.__file__).parent)
    monkeypatch.setattr("sys.path", [own, "elsewhere"])

    worker._hide_own_folder()

    assert sys.path == ["elsewhere"]


def test_a_download_is_metered_beyond_the_files_before(capfd: pytest.CaptureFixture[str]) -> None:
    reports = []
    bar_class = worker._meter(lambda done: reports.append(done), done_before=1000)

    with bar_class(total=50, initial=5, unit="B", name="huggingface_hub.http_get") as bar:
        bar.update(10)

    assert reports == [1015]
    assert capfd.readouterr() == ("", "")


def test_without_a_parent_the_worker_ends_in_the_middle_of_its_work(tiny_zimage: Path) -> None:
    order = {
        "op": "load",
        "name": "tiny",
        "checkpoint": str(tiny_zimage),
        "local": True,
        "pipeline": "ZImagePipeline",
        "pipeline_class": "ZImagePipeline",
        "known_classes": ["ZImagePipeline"],
        "dtype": "bfloat16",
        "device": "cpu",
        "scheduler_class": None,
        "scheduler_options": {},
        "variant": None,
        "download": False,
    }

    ended = subprocess.run(
        [sys.executable, worker.__file__],
        input=json.dumps(order).encode(),
        capture_output=True,
        timeout=60,
    )

    # Given the time, it would have loaded the model and said so.
    assert (ended.returncode, ended.stdout) == (1, b"")
