"""What other programs write of a painted picture, in the files as they write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from headergen.cli.main import main
from headergen.picture import forms, metadata, parameters, provenance
from headergen.picture.parameters import Settings

CAT = Settings("a cat", "blur", "m.safetensors", None, 20, 7.0, 42, 832, 1216)

FOOOCUS = {
    "prompt": "a cat",
    "negative_prompt": "blur",
    "base_model": "m.safetensors",
    "steps": 20,
    "guidance_scale": 7,
    "seed": "42",
    "resolution": "(832, 1216)",
    "metadata_scheme": "fooocus",
}
SWARM = {
    "sui_image_params": {
        "prompt": "a cat",
        "negativeprompt": "blur",
        "model": "m.safetensors",
        "steps": 20,
        "cfgscale": 7.0,
        "seed": 42,
        "width": 832,
        "height": 1216,
    },
    "sui_extra_data": {"date": "2026-01-01"},
}
INVOKE = {
    "positive_prompt": "a cat",
    "negative_prompt": "blur",
    "model": {"key": "x", "name": "m.safetensors"},
    "steps": 20,
    "cfg_scale": 7,
    "seed": 42,
    "width": 832,
    "height": 1216,
}
INVOKE_2022 = {
    "model_weights": "m.safetensors",
    "image": {
        "prompt": [{"prompt": "a cat", "weight": 1}],
        "negative_prompt": "blur",
        "steps": 20,
        "cfg_scale": 7,
        "seed": 42,
        "width": 832,
        "height": 1216,
    },
}
COMFY = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": ["9", 0],
            "steps": 20,
            "cfg": 7.0,
            "model": ["10", 0],
            "positive": ["11", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 832, "height": 1216}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a cat", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blur", "clip": ["4", 1]}},
    "9": {"class_type": "Seed", "inputs": {"seed": 42}},
    "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "x", "model": ["4", 0]}},
    "11": {"class_type": "FluxGuidance", "inputs": {"conditioning": ["6", 0], "guidance": 3.5}},
}
LOOP = {
    "1": {"class_type": "K", "inputs": {"positive": ["2", 0], "negative": ["2", 0]}},
    "2": {"class_type": "C", "inputs": {"a": ["2", 0], "b": ["2", 0]}},
}
# Each node links to all others: there are more ways through it than anybody can follow.
MAZE = {
    str(index): {
        "class_type": "K",
        "inputs": {
            "positive": ["0", 0],
            "negative": ["0", 0],
            **{f"a{other}": [str(other), 0] for other in range(60)},
        },
    }
    for index in range(60)
}
CHAIN = {
    str(index): {"class_type": "K", "inputs": {"positive": [str(index + 1), 0], "negative": ["0"]}}
    for index in range(3000)
}


def with_text(path: Path, keyword: str, text: str) -> Path:
    info = PngImagePlugin.PngInfo()
    info.add_text(keyword, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    return path


@pytest.mark.parametrize(
    ("keyword", "data"),
    [
        pytest.param("parameters", FOOOCUS, id="Fooocus"),
        pytest.param("parameters", SWARM, id="SwarmUI"),
        pytest.param("invokeai_metadata", INVOKE, id="InvokeAI"),
        pytest.param("sd-metadata", INVOKE_2022, id="InvokeAI of 2022"),
        pytest.param("prompt", COMFY, id="ComfyUI"),
    ],
)
def test_settings_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keyword: str, data: dict[str, Any]
) -> None:
    path = with_text(tmp_path / "a.png", keyword, json.dumps(data))
    told = provenance.read(metadata.read(path))
    assert told.settings == CAT
    assert told.is_of_ai
    assert main(["show", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "  prompt: a cat\n" in shown and "{" not in shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"camera": "x"}', id="an unknown form"),
        pytest.param('{"prompt": 3, "steps": 20}', id="a prompt that is no text"),
        pytest.param('{"prompt": "a cat", "steps', id="JSON that is cut off"),
        pytest.param("{}", id="nothing"),
        pytest.param(json.dumps(LOOP), id="a graph that loops"),
        pytest.param(json.dumps(MAZE), id="a graph of a maze"),
        pytest.param(json.dumps(CHAIN), id="a graph of a long chain"),
        pytest.param('{"a":' * 100_000, id="JSON without a bottom"),
    ],
)
def test_a_block_of_json_is_no_prompt(tmp_path: Path, text: str) -> None:
    assert forms.read(text) is None
    told = provenance.read(metadata.read(with_text(tmp_path / "a.png", "parameters", text)))
    assert not told.is_of_ai


def test_show_says_that_it_does_not_know_a_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_text(tmp_path / "a.png", "parameters", '{"camera": "x"}')
    assert main(["show", str(path)]) == 0
    assert "parameters: JSON in a form that headergen does not know" in capsys.readouterr().out


@pytest.mark.parametrize("prompt", ['{"prompt": "x"}', "{red|blue} car", "{}", '{"a'])
def test_a_prompt_of_headergen_may_look_like_json(prompt: str) -> None:
    settings = Settings(prompt, steps=1, seed=1, width=8, height=8)
    assert forms.read(parameters.write(settings)) == settings


def test_numbers_that_are_none_are_passed_over() -> None:
    odd = {**FOOOCUS, "steps": True, "seed": "9" * 99, "guidance_scale": "nan", "resolution": "?"}
    settings = forms.read(json.dumps(odd))
    assert settings == Settings("a cat", "blur", "m.safetensors")


@pytest.mark.parametrize(
    "template", ["Template: a {cat|dog}", "Negative Template: x\nTemplate: a\nb, c: 1, d: 2, e: 3"]
)
def test_templates_of_dynamic_prompts_are_no_part_of_the_prompt(template: str) -> None:
    text = f"a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 832x1216\n{template}"
    settings = forms.read(text)
    assert settings == Settings(
        "a cat", steps=20, guidance_scale=7.0, seed=42, width=832, height=1216
    )


def test_utf_8_in_a_text_chunk_of_latin_1_is_read(tmp_path: Path) -> None:
    written = "夕焼けの海\nSteps: 20, CFG scale: 7, Seed: 42".encode().decode("latin-1")
    told = provenance.read(metadata.read(with_text(tmp_path / "a.png", "parameters", written)))
    assert told.settings is not None and told.settings.prompt == "夕焼けの海"
