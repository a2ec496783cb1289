"""SDXL's embeddings, against diffusers' own for plain prompts and compel's own for weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headergen.diffusion.families import sdxl

pytestmark = [
    pytest.mark.slow,
    # diffusers' Euler ancestral scheduler, with numpy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

NAMES = (
    "prompt_embeds",
    "negative_prompt_embeds",
    "pooled_prompt_embeds",
    "negative_pooled_prompt_embeds",
)


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def pipeline(request: pytest.FixtureRequest, tiny_sdxl: Path) -> Any:
    import diffusers
    import torch

    dtype = getattr(torch, request.param)
    return diffusers.StableDiffusionXLPipeline.from_pretrained(tiny_sdxl, dtype=dtype)


def encode(
    pipeline: Any, prompt: str, negative: str | None = "bad", *, guidance_scale: float = 7.0
) -> Any:
    import torch

    picture = {
        "prompt": prompt,
        "negative_prompt": negative,
        "guidance_scale": guidance_scale,
    }
    with torch.no_grad():
        return sdxl.FAMILY.encode(pipeline, picture)


@pytest.mark.parametrize(
    ("prompt", "negative"),
    [
        pytest.param("a girl at sea", "lowres, bad", id="with a negative prompt"),
        pytest.param("夕焼けの海辺", None, id="without one, which is all zeros"),
        pytest.param("a girl", "", id="with an empty one"),
    ],
)
def test_plain_prompts_are_encoded_as_diffusers_encodes_them(
    pipeline: Any, prompt: str, negative: str | None
) -> None:
    import torch

    ours = encode(pipeline, prompt, negative)
    theirs = pipeline.encode_prompt(
        prompt, negative_prompt=negative, do_classifier_free_guidance=True
    )

    for name, expected in zip(NAMES, theirs, strict=True):
        assert ours[name].dtype == expected.dtype
        # compel multiplies by weights of 1 in another order: the last bit of float32 differs.
        torch.testing.assert_close(ours[name], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("prompt", "compels"),
    [
        pytest.param("a (cat:1.4) there", "a (cat)1.4 there", id="a number"),
        pytest.param("a [[cat]] there", "a (cat)0.8264463 there", id="less"),
        pytest.param("(a, b:1.3) c", "(a, b)1.3 c", id="a list"),
        pytest.param("(a (b:1.5):0.5) c", "(a (b)1.5)0.5 c", id="nested"),
    ],
)
def test_weights_are_those_of_compel(pipeline: Any, prompt: str, compels: str) -> None:
    import torch
    from compel import CompelForSDXL

    ours = encode(pipeline, prompt, prompt)
    theirs = CompelForSDXL(pipeline)(compels, negative_prompt=compels)

    # The number in compel's notation is rounded, which may change the last bit of bfloat16.
    rtol = 1e-5 if theirs.embeds.dtype == torch.float32 else 2**-7
    for found, expected in (
        (ours["prompt_embeds"], theirs.embeds),
        (ours["negative_prompt_embeds"], theirs.negative_embeds),
    ):
        torch.testing.assert_close(found, expected, rtol=rtol, atol=1e-6)
    assert not torch.equal(ours["prompt_embeds"], encode(pipeline, compels)["prompt_embeds"])


def test_a_long_prompt_is_not_cut_and_the_negative_gets_its_length(pipeline: Any) -> None:
    import torch

    long = encode(pipeline, "word " * 60)
    longer = encode(pipeline, "word " * 60 + "last")

    assert long["prompt_embeds"].shape == long["negative_prompt_embeds"].shape
    assert long["prompt_embeds"].shape[1] % 77 == 0
    assert long["prompt_embeds"].shape[1] > 77
    assert not torch.equal(long["prompt_embeds"], longer["prompt_embeds"])


def test_break_begins_another_77_tokens(pipeline: Any) -> None:
    assert encode(pipeline, "a BREAK b")["prompt_embeds"].shape[1] == 2 * 77


def test_without_guidance_nothing_negative_is_encoded(pipeline: Any) -> None:
    found = encode(pipeline, "a", guidance_scale=1.0)

    assert set(found) == {"prompt_embeds", "pooled_prompt_embeds"}
