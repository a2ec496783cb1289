from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headergen.server import DIALECT_NAMES, dialects
from headergen.server.dialects import DIALECTS, Asked
from tests.support.server_kinds import MODELS, sdcpp_arguments

ALL = Asked("a fox", 1280, 672, negative_prompt="blurry", steps=8, guidance_scale=2.5, seed=7)


def test_the_config_knows_every_dialect() -> None:
    assert tuple(DIALECTS) == DIALECT_NAMES


@pytest.mark.parametrize("name", MODELS)
def test_a_server_is_known_by_what_it_says_of_its_models(name: str) -> None:
    assert dialects.recognised(MODELS[name]) == DIALECTS[name]


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        "x",
        {},
        {"data": None},
        {"data": []},
        {"data": [1]},
        {"data": [{"owned_by": "me"}]},
    ],
)
def test_what_says_nothing_known_is_not_guessed_at(told: object) -> None:
    assert dialects.recognised(told) is None


def test_each_is_sent_the_fields_that_it_knows_and_no_other() -> None:
    bodies = {name: each.body(ALL, "m") for name, each in DIALECTS.items()}
    assert bodies["openai"] == {
        "model": "m",
        "prompt": "a fox",
        "size": "1280x672",
        "output_format": "png",
    }
    assert (
        bodies["vllm-omni"]
        == bodies["sglang"]
        == {
            **bodies["openai"],
            "response_format": "b64_json",
            "negative_prompt": "blurry",
            "num_inference_steps": 8,
            "guidance_scale": 2.5,
            "seed": 7,
        }
    )
    assert bodies["localai"] == {
        "model": "m",
        "prompt": "a fox|blurry",
        "size": "1280x672",
        "response_format": "b64_json",
        "seed": 7,
        "step": 8,
    }
    assert bodies["a1111"] == {
        "prompt": "a fox",
        "negative_prompt": "blurry",
        "width": 1280,
        "height": 672,
        "steps": 8,
        "cfg_scale": 2.5,
        "seed": 7,
        "override_settings": {"samples_format": "png", "sd_model_checkpoint": "m"},
        "save_images": False,
    }
    painted, obeyed = sdcpp_arguments(bodies["sdcpp"]["prompt"])
    assert (painted, bodies["sdcpp"]["size"]) == ("a fox", "1280x672")
    assert obeyed == {
        "seed": 7,
        "negative_prompt": "blurry",
        "sample_params": {"sample_steps": 8, "guidance": {"txt_cfg": 2.5}},
    }


def test_what_is_left_to_the_server_is_not_sent() -> None:
    least = Asked("a fox", 64, 64)
    for each in DIALECTS.values():
        body = each.body(least, None)
        assert None not in body.values()
        assert not {"model", "seed", "steps", "num_inference_steps", "step"} & body.keys()


PIECES = st.lists(
    st.sampled_from(
        [
            *("<sd_cpp_extra_args>", "</sd_cpp_extra_args>", "sd_cpp_", "extra_args", "sd_cpp"),
            *("<lora:a:1>", "<LORA:b>", "<lo", "ra:", "{}", "a fox", ":1.2", "BREAK"),
            *"()[]\\<>/|_ ",
        ]
    ),
    max_size=14,
)


@given(PIECES)
def test_no_prompt_reaches_a_servers_own_switches(pieces: list[str]) -> None:
    text = "".join(pieces)
    for each in DIALECTS.values():
        read = dialects.as_read_by(each, text)
        body = each.body(Asked(read, 64, 64, negative_prompt=read), "m")
        assert not re.search(r"<(\w+):([^>]+)>", read)  # the web UI's own pattern
        if each.name == "sdcpp":
            assert set(sdcpp_arguments(body["prompt"])[1]) <= {"negative_prompt"}
            assert body["prompt"].count("sd_cpp_extra_args") == 2
        elif each.name == "localai":
            assert body["prompt"].count("|") <= 1
        else:
            assert "sd_cpp_extra_args" not in str(body)


def test_only_the_web_ui_is_sent_weights() -> None:
    text = "(a fox:1.3), [snow]"
    read = {name: dialects.as_read_by(each, text) for name, each in DIALECTS.items()}
    assert read.pop("a1111") == text
    assert set(read.values()) == {"a fox, snow"}
