from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headergen.diffusion import snapshot
from headergen.diffusion.snapshot import Entry, Snapshot, SnapshotError, Weights

UNET = Entry("unet", "diffusers", "UNet2DConditionModel")
TOKENIZER = Entry("tokenizer", "transformers", "CLIPTokenizer")


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
            ["model.bf16.safetensors", "model.fp16.safetensors"],
            None,
            Weights("fp16", ["model.fp16.safetensors"]),
            id="fp16 where there is nothing without a variant",
        ),
        pytest.param(
            ["model.bf16.safetensors", "model-00001-of-00002.safetensors"],
            "fp16",
            Weights("bf16", ["model.bf16.safetensors"]),
            id="the only whole set",
        ),
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
    assert snapshot.choose_weights(names, variant) == expected


def test_wanted_files_are_the_index_the_parts_texts_and_one_set_of_weights() -> None:
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
    texts = ["model_index.json", "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/config.json"]
    weights = "unet/diffusion_pytorch_model.fp16.safetensors"
    entries = [TOKENIZER, UNET]

    assert snapshot.wanted_files(names, entries, "fp16") == [*texts, weights]
    assert snapshot.wanted_files(names, entries, "fp16", replaced=["unet"]) == texts


def test_of_the_indexes_of_shards_that_of_the_chosen_ones_is_wanted() -> None:
    shards = [f"unet/diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    index = "unet/diffusion_pytorch_model.safetensors.index.json"
    others = [
        "unet/diffusion_pytorch_model.safetensors.index.fp16.json",
        "unet/diffusion_pytorch_model.bin.index.json",
    ]
    whole = "unet/diffusion_pytorch_model.fp16.safetensors"

    wanted = snapshot.wanted_files([index, *others, *shards], [UNET], None)
    assert wanted == ["model_index.json", index, *shards]
    wanted = snapshot.wanted_files([index, *others, whole], [UNET], "fp16")
    assert wanted == ["model_index.json", whole]


def test_a_repository_without_safetensors_is_not_wanted() -> None:
    with pytest.raises(SnapshotError, match="as pickles only"):
        snapshot.wanted_files(["unet/diffusion_pytorch_model.bin"], [UNET], None)


def test_parts_leave_out_settings_empty_parts_and_what_is_not_needed() -> None:
    index = {
        "_class_name": "StableDiffusionXLPipeline",
        "_name_or_path": ["a", "b"],
        "force_zeros_for_empty_prompt": True,
        "image_encoder": [None, None],
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "safety_checker": ["diffusers", "StableDiffusionSafetyChecker"],
        "unet": ["diffusers", "UNet2DConditionModel"],
    }

    assert snapshot.entries_of(index) == [UNET]


@pytest.mark.parametrize(
    ("name", "library"),
    [
        pytest.param("unet", "my_unet", id="a module that came with the checkpoint"),
        pytest.param("unet", "os", id="a module of Python"),
        pytest.param("../unet", "diffusers", id="a folder outside the checkpoint"),
    ],
)
def test_parts_from_elsewhere_are_refused(name: str, library: str) -> None:
    with pytest.raises(SnapshotError, match="runs no code of a checkpoint") as caught:
        snapshot.entries_of({name: [library, "UNet2DConditionModel"]})

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

    with pytest.raises(SnapshotError, match=words):
        snapshot.read_index(tmp_path)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param("FluxPipeline", "'FluxPipeline', which headergen does not know", id="unknown"),
        pytest.param(["pipeline", "Mine"], "which headergen does not know", id="custom pipeline"),
        pytest.param(None, "None, which headergen does not know", id="none named"),
        pytest.param(
            "StableDiffusionXLPipeline",
            "is a StableDiffusionXLPipeline, while the settings .* a ZImagePipeline's",
            id="other",
        ),
    ],
)
def test_another_pipeline_class_is_refused(found: Any, words: str) -> None:
    with pytest.raises(SnapshotError, match=words) as caught:
        snapshot.check_class({"_class_name": found}, "ZImagePipeline")

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
    write_index(tmp_path, UNET)
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()

    with pytest.raises(SnapshotError, match=words) as caught:
        snapshot.read(tmp_path, "StableDiffusionXLPipeline")

    assert "unet" in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "replaced"),
    [
        pytest.param(TOKENIZER, [], id="a tokenizer"),
        pytest.param(UNET, ["unet"], id="a part whose weights come from elsewhere"),
    ],
)
def test_some_parts_need_no_weights(tmp_path: Path, entry: Entry, replaced: list[str]) -> None:
    write_index(tmp_path, entry)
    (tmp_path / entry.name).mkdir()
    (tmp_path / entry.name / "config.json").write_text("{}")

    found = snapshot.read(tmp_path, "StableDiffusionXLPipeline", replaced=replaced)

    assert (found.entries, found.weights) == ((entry,), {})


def write_index(folder: Path, *entries: Entry) -> None:
    parts = {entry.name: [entry.library, entry.class_name] for entry in entries}
    index = {"_class_name": "StableDiffusionXLPipeline", **parts}
    (folder / "model_index.json").write_text(json.dumps(index))


def test_sizes_are_those_of_the_tensors_by_dtype(tiny_sdxl: Path) -> None:
    whole = snapshot.read(tiny_sdxl, "StableDiffusionXLPipeline")
    half = snapshot.read(tiny_sdxl, "StableDiffusionXLPipeline", "fp16")

    assert set(whole.bytes_by_dtype("unet")) == {"F32"}
    assert half.bytes_by_dtype("unet") == {"F16": whole.bytes_by_dtype("unet")["F32"] // 2}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        pytest.param(lambda data: data[:-1], "is cut short", id="the last byte is missing"),
        pytest.param(lambda data: data[:100], "is no.* safetensors file", id="half a header"),
        pytest.param(lambda data: b"", "is no.* safetensors file", id="an empty file"),
        pytest.param(lambda data: b"\xff" * 8 + data[8:], "is no", id="a length without end"),
    ],
)
def test_damaged_weights_are_found_before_anything_is_loaded(
    tiny_zimage: Path, tmp_path: Path, damage: Callable[[bytes], bytes], words: str
) -> None:
    folder = shutil.copytree(tiny_zimage, tmp_path / "checkpoint")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(SnapshotError, match=words) as caught:
        snapshot.read(folder, "ZImagePipeline").bytes_by_dtype("vae")

    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param('{"quantization_config": {"quant_method": "sdnq"}}', True, id="quantised"),
        pytest.param('{"dim": 8}', False, id="as published"),
        pytest.param("{", False, id="no JSON"),
    ],
)
def test_a_part_tells_whether_it_is_quantised(tmp_path: Path, config: str, expected: bool) -> None:
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "config.json").write_text(config)

    assert Snapshot(tmp_path, (UNET,), {}).is_quantized("unet") is expected
