from __future__ import annotations

import pytest

from headergen.diffusion.models import MODELS, Model, admissible_size, render_size


@pytest.mark.parametrize(
    ("model", "wanted", "expected"),
    [
        pytest.param("z-image-turbo", (1280, 670), (1280, 672), id="z-image rounds 670 up to 672"),
        pytest.param("z-image-turbo", (1280, 672), (1280, 672), id="z-image keeps what it admits"),
        pytest.param("z-image-turbo", (768, 402), (768, 416), id="z-image paints a small header"),
        pytest.param("z-image-turbo", (1000, 420), (1008, 432), id="z-image rounds both sides"),
        pytest.param("z-image-turbo", (320, 168), (720, 384), id="z-image enlarges what is tiny"),
        pytest.param("z-image-turbo", (4000, 2000), (2176, 1088), id="z-image bounds what is huge"),
        pytest.param("animagine-xl-3.1", (1280, 670), (1344, 704), id="sdxl takes its bucket"),
        pytest.param("animagine-xl-3.1", (1200, 630), (1344, 704), id="sdxl, another 1.9:1"),
        pytest.param("animagine-xl-3.1", (512, 512), (1024, 1024), id="sdxl square"),
        pytest.param("animagine-xl-3.1", (670, 1280), (704, 1344), id="sdxl upright"),
        pytest.param("sdxl-turbo", (1280, 670), (672, 352), id="turbo stays near 512x512 px"),
    ],
)
def test_render_size(model: str, wanted: tuple[int, int], expected: tuple[int, int]) -> None:
    assert render_size(MODELS[model], *wanted) == expected


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize(
    "wanted", [(1280, 670), (768, 402), (1200, 630), (1000, 420), (1080, 1920), (64, 64)], ids=str
)
def test_render_size_is_admissible_and_near_in_shape(model: Model, wanted: tuple[int, int]) -> None:
    width, height = render_size(model, *wanted)

    assert admissible_size(model, width, height) == (width, height)
    assert model.min_pixels <= width * height <= model.max_pixels * 1.05  # rounding up adds a row
    assert width / height == pytest.approx(wanted[0] / wanted[1], rel=0.05)


@pytest.mark.parametrize(
    ("model", "asked", "expected"),
    [
        pytest.param("z-image-turbo", (1280, 670), (1280, 672), id="up to 16 px"),
        pytest.param("z-image-turbo", (1, 17), (16, 32), id="never down to nothing"),
        pytest.param("animagine-xl-3.1", (1280, 670), (1280, 672), id="up to 8 px"),
        pytest.param("animagine-xl-3.1", (1024, 1024), (1024, 1024), id="already admissible"),
    ],
)
def test_admissible_size(model: str, asked: tuple[int, int], expected: tuple[int, int]) -> None:
    assert admissible_size(MODELS[model], *asked) == expected


@pytest.mark.parametrize(
    ("model", "steps", "guidance_scale", "pipeline"),
    [
        pytest.param("z-image-turbo", 8, 0.0, "ZImagePipeline", id="z-image-turbo"),
        pytest.param("animagine-xl-3.1", 28, 7.0, "AutoPipelineForText2Image", id="animagine"),
        pytest.param("sdxl-turbo", 4, 0.0, "AutoPipelineForText2Image", id="sdxl-turbo"),
    ],
)
def test_settings_are_those_of_the_authors(
    model: str, steps: int, guidance_scale: float, pipeline: str
) -> None:
    row = MODELS[model]

    assert (row.num_inference_steps, row.guidance_scale) == (steps, guidance_scale)
    assert row.pipeline == pipeline


def test_no_row_is_in_full_precision() -> None:
    assert {row.dtype for row in MODELS.values()} <= {"bfloat16", "float16"}
