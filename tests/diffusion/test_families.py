"""The table of models, and what holds for every family in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from headergen.diffusion import snapshot
from headergen.diffusion.attempts import Load, Paint, Pixels
from headergen.diffusion.families import FAMILIES, MODELS, flux2_klein
from headergen.diffusion.families.family import Family, Model
from tests.diffusion.conftest import Direct
from tests.diffusion.test_attempts import only, run_worker
from tests.support.paths import CHECKOUT


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
        pytest.param("flux2-klein-4b", (1280, 670), (1280, 672), id="klein rounds up to 16 px"),
        pytest.param("flux2-klein-4b", (4000, 2000), (2912, 1456), id="klein admits 4 megapixels"),
    ],
)
def test_render_size(model: str, wanted: tuple[int, int], expected: tuple[int, int]) -> None:
    assert MODELS[model].render_size(*wanted) == expected


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize(
    "wanted", [(1280, 670), (768, 402), (1200, 630), (1000, 420), (1080, 1920), (64, 64)], ids=str
)
def test_render_size_is_admissible_and_near_in_shape(model: Model, wanted: tuple[int, int]) -> None:
    width, height = model.render_size(*wanted)

    assert model.admissible_size(width, height) == (width, height)
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
    assert MODELS[model].admissible_size(*asked) == expected


@pytest.mark.parametrize(
    ("model", "steps", "guidance_scale", "pipeline"),
    [
        pytest.param("z-image-turbo", 8, 0.0, "ZImagePipeline", id="z-image-turbo"),
        pytest.param("animagine-xl-3.1", 28, 7.0, "AutoPipelineForText2Image", id="animagine"),
        pytest.param("sdxl-turbo", 4, 0.0, "AutoPipelineForText2Image", id="sdxl-turbo"),
        pytest.param("flux2-klein-4b", 4, 1.0, "Flux2KleinPipeline", id="flux2-klein"),
    ],
)
def test_settings_are_those_of_the_authors(
    model: str, steps: int, guidance_scale: float, pipeline: str
) -> None:
    row = MODELS[model]

    assert (row.num_inference_steps, row.guidance_scale) == (steps, guidance_scale)
    assert row.family.entry_point == pipeline


def test_no_row_is_in_full_precision() -> None:
    assert {row.family.dtype for row in MODELS.values()} <= {"bfloat16", "float16"}


# --- Every family of the registry -----------------------------------------------------------------

each_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


@each_family
def test_a_family_says_of_each_part_what_it_is_and_how_large(family: Family) -> None:
    classes = {name for name, built_by in family.parts.items() if isinstance(built_by, str)}
    roles = [family.role(name) for name in family.quantized_bytes]

    assert set(family.tiny) == classes
    assert set(family.quantized_bytes) == {*family.encoders, family.denoiser}
    assert roles.count("denoiser") == 1
    for name, by_bits in family.quantized_bytes.items():
        assert set(by_bits) == {"8bit", "4bit"}, name
        assert 0.5 < by_bits["4bit"] < by_bits["8bit"] < 2, name
    for row in rows_of(family):
        assert set(row.weights) >= set(family.quantized_bytes), row.name


@each_family
def test_a_family_has_a_figure_for_the_memory_of_each_kind_of_work(family: Family) -> None:
    assert family.encode_bytes > 0
    assert 0 < family.decode_tiled_bytes < family.decode_bytes
    assert family.denoise_bytes > 0


def rows_of(family: Family) -> list[Model]:
    return [row for row in MODELS.values() if row.family is family]


@each_family
def test_the_twin_is_a_small_checkpoint_of_its_family(
    family: Family, twin: Callable[[Model], Path]
) -> None:
    folder = twin(rows_of(family)[0])
    found = snapshot.read(folder, family.pipeline_class)
    without_variants = [
        folder / part / file for part, each in found.weights.items() for file in each.files
    ]

    assert {entry.name for entry in found.entries} == set(family.parts)
    assert sum(file.stat().st_size for file in without_variants) < 5_000_000
    assert [family.role(part) for part in found.weights].count("decoder") == 1


@each_family
def test_messages_call_each_family_by_another_name(family: Family) -> None:
    assert [each.pipeline_class for each in FAMILIES.values()].count(family.pipeline_class) == 1
    assert rows_of(family)


@each_family
def test_no_other_file_of_the_package_names_a_family(family: Family) -> None:
    names = {family.name, family.pipeline_class, family.entry_point}
    package = CHECKOUT / "headergen"
    elsewhere = [path for path in package.rglob("*.py") if path.parent.name != "families"]

    assert len(elsewhere) > 100
    for path in elsewhere:
        assert not [name for name in names if name in path.read_text("utf-8")], path


FREE = Paint("夕焼けの海辺、a girl", None, 96, 64, steps=2, guidance_scale=0.0, seed=1)
GUIDED = replace(FREE, guidance_scale=4.0, seed=2)

resident_and_staged = pytest.mark.parametrize(
    "stages",
    [
        pytest.param(1, id="resident"),
        pytest.param(2, id="2 stages", marks=pytest.mark.slow),
        pytest.param(3, id="3 stages", marks=pytest.mark.slow),
    ],
)


@pytest.mark.slow
@resident_and_staged
@pytest.mark.parametrize("row", MODELS.values(), ids=MODELS)
def test_a_model_paints_what_a_direct_call_of_diffusers_paints(
    row: Model,
    stages: int,
    twin: Callable[[Model], Path],
    direct: Direct,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    negative = "lowres" if GUIDED.guidance_scale > row.family.guided_above else None
    requests = [FREE, replace(GUIDED, negative_prompt=negative)]
    folder = twin(row)
    only(monkeypatch, lambda each: len(each.stages) == stages and not each.vae_tiling)

    painted = run_worker(Load(row.name, row, folder, "cpu"), requests).results

    assert painted == [direct(folder, row, request) for request in requests]
    assert all(isinstance(each, Pixels) and len(set(each.rgb)) > 50 for each in painted)


@pytest.mark.slow
@resident_and_staged
def test_flux2_klein_is_guided_where_it_is_not_distilled(
    stages: int,
    twin: Callable[[Model], Path],
    direct: Direct,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (row,) = flux2_klein.MODELS
    folder = shutil.copytree(twin(row), tmp_path / "base")
    index = json.loads((folder / "model_index.json").read_text()) | {"is_distilled": False}
    (folder / "model_index.json").write_text(json.dumps(index))
    only(monkeypatch, lambda each: len(each.stages) == stages and not each.vae_tiling)

    painted = run_worker(Load(row.name, row, folder, "cpu"), [GUIDED]).results

    assert painted == [direct(folder, row, GUIDED)]
    assert painted != [direct(twin(row), row, GUIDED)]
