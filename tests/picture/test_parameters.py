from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headergen.picture import parameters
from headergen.picture.parameters import TOOL, Settings

FULL = Settings(
    prompt="夕焼けの海辺, golden hour",
    negative_prompt="text, (worst quality:1.4)",
    model="z-image-turbo",
    revision="04cc4abb7c5069926f75c9bfde9ef43d49423021",
    steps=8,
    guidance_scale=7.5,
    seed=1234,
    width=1280,
    height=672,
    transformer="z-Q4.gguf",
    quantization="4bit",
    decoding="tiles",
)


def test_the_text_is_the_one_that_image_tools_read() -> None:
    assert parameters.write(FULL) == (
        "夕焼けの海辺, golden hour\n"
        "Negative prompt: text, (worst quality:1.4)\n"
        "Steps: 8, CFG scale: 7.5, Seed: 1234, Model: z-image-turbo, "
        "Model revision: 04cc4abb7c5069926f75c9bfde9ef43d49423021, "
        "Transformer: z-Q4.gguf, Quantization: 4bit, Decoding: tiles, "
        f"Size: 1280x672, Version: {TOOL}"
    )


def test_the_text_of_another_tool_is_read() -> None:
    found = parameters.read(
        "masterpiece, 1girl,\n<lora:x:1>\nNegative prompt: bad hands,\nblurry\n"
        "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x768, "
        'Model hash: e3edb8a26f, Model: "a, b", Lora hashes: "x: 1, y: 2", Version: v1.9.0'
    )
    assert found == Settings(
        prompt="masterpiece, 1girl,\n<lora:x:1>",
        negative_prompt="bad hands,\nblurry",
        model="a, b",
        steps=20,
        guidance_scale=7.0,
        seed=42,
        width=512,
        height=768,
    )


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("a cat: black, white", "a cat: black, white", id="a prompt alone"),
        pytest.param("a\nSteps: 8", "a\nSteps: 8", id="a last line of one pair"),
        pytest.param("a\n" + "b " * 50_000, ("a\n" + "b " * 50_000).strip(), id="a long line"),
    ],
)
def test_what_is_no_line_of_pairs_belongs_to_the_prompt(text: str, prompt: str) -> None:
    assert parameters.read(text) == Settings(prompt)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param("Steps: -1, Seed: x, Size: 1x, CFG scale: nan", id="no numbers"),
        pytest.param(f"Steps: {'9' * 5000}, Seed: 1.5, Size: x1, CFG scale: inf", id="no bounds"),
    ],
)
def test_a_value_that_means_nothing_is_not_known(last: str) -> None:
    found = parameters.read(f"a\n{last}")
    assert (found.steps, found.seed, found.guidance_scale) == (None, None, None)
    assert None in (found.width, found.height)


HOSTILE = [
    pytest.param("Negative prompt: cats", id="starts as a negative prompt"),
    pytest.param("a\n  Negative prompt: b\nSteps: 1, Seed: 2, Size: 1x1", id="looks like a text"),
    pytest.param("a\r\nb\u2028c\x85d", id="line breaks of all kinds"),
    pytest.param(" a \n", id="blanks around"),
    pytest.param("a\x1b[31m\x07\x9b", id="control characters"),
    pytest.param('Exact prompt: "x", Seed: 3', id="knows headergen's own label"),
    pytest.param("a\udc80\uffff", id="no characters at all"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize("prompt", HOSTILE)
def test_a_prompt_cannot_break_out_of_its_place(prompt: str) -> None:
    settings = replace(FULL, prompt=prompt, negative_prompt=prompt)
    text = parameters.write(settings)
    *lines, last = text.split("\n")
    assert sum(line.lstrip().startswith("Negative prompt:") for line in lines) <= 1
    assert not any(line.lstrip().startswith("Steps:") for line in lines)
    assert last.startswith(f"Steps: {FULL.steps}, ")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\ud800-\udfff\uffff]", text)
    assert parameters.read(text) == settings


def test_a_prompt_that_reads_back_is_written_once() -> None:
    assert "Exact" not in parameters.write(replace(FULL, prompt="a\n\nb", negative_prompt=None))
    assert json.dumps(" a") in parameters.write(replace(FULL, prompt=" a"))


# Surrogates as well: a command line may hold bytes that are no UTF-8.
ANY_TEXT = st.text(st.one_of(st.characters(codec=None), st.sampled_from('\n\r\t:,"\\ \u2028')))


@pytest.mark.slow
@given(
    st.builds(
        Settings,
        prompt=ANY_TEXT,
        negative_prompt=st.none() | ANY_TEXT,
        model=ANY_TEXT,
        revision=st.none() | st.from_regex("[0-9a-f]{40}", fullmatch=True),
        steps=st.integers(1, 200),
        guidance_scale=st.floats(0, 50),
        seed=st.integers(0, 2**64 - 1),
        width=st.integers(1, 4096),
        height=st.integers(1, 4096),
    )
)
def test_any_settings_read_back_as_they_were(settings: Settings) -> None:
    assert parameters.read(parameters.write(settings)) == settings
