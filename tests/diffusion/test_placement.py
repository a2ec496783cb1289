"""Placements of the published models on the machines that authors have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from headergen.diffusion import placement
from headergen.diffusion.families import MODELS
from headergen.diffusion.placement import Hardware, Part, Placement
from headergen.errors import PlacementError

GB = 10**9
DESKTOP_BYTES = int(0.8 * GB)  # what a desktop and a browser hold of the card

CARD = Hardware("cuda", None, 8 * GB, (8, 9), bfloat16=True)
CPU = Hardware("cpu", None, 12 * GB, None, bfloat16=True)
MAC = Hardware("mps", 11 * GB, 10 * GB, None, bfloat16=True)


def published(model: str) -> list[Part]:
    return [Part(name, {dtype: size}) for name, (dtype, size) in MODELS[model].weights.items()]


def fetched(model: str) -> list[Part]:
    halved = {"F32": ("BF16", 2), "BF16": ("BF16", 1), "F16": ("F16", 1)}
    return [
        Part(name, {halved[dtype][0]: size // halved[dtype][1]})
        for name, (dtype, size) in MODELS[model].weights.items()
    ]


def place(
    model: str,
    hardware: Hardware,
    parts: Sequence[Part] | None = None,
    *,
    dtype: str | None = None,
) -> Placement:
    row = MODELS[model]
    size = row.render_size(1280, 670)
    return placement.ladder(row, parts or published(model), hardware, size, dtype=dtype)[0]


def card(vram_gb: int, ram_gb: int) -> Hardware:
    free = vram_gb * GB - DESKTOP_BYTES
    return replace(CARD, vram_free_bytes=free, ram_available_bytes=ram_gb * GB * 6 // 10)


def short(found: Placement) -> str:
    bits = next(iter(found.quantization.values()), found.dtype)
    return f"{bits} {len(found.stages)}{' tiled' if found.vae_tiling else ''}"


# Precision or bits, the number of stages, and whether the VAE decodes by tiles.
EXPECTED = {
    "z-image-turbo": {
        6: "4bit 3",
        8: "4bit 3",
        12: "8bit 2",
        16: "bfloat16 3",
        24: "bfloat16 2",
        80: "bfloat16 1",
    },
    "animagine-xl-3.1": {
        6: "8bit 3 tiled",
        8: "float16 3",
        12: "float16 2",
        16: "float16 1",
        24: "float16 1",
        80: "float16 1",
    },
    "sdxl-turbo": {
        6: "8bit 3",
        8: "float16 3",
        12: "float16 1",
        16: "float16 1",
        24: "float16 1",
        80: "float16 1",
    },
}


@pytest.mark.parametrize("ram_gb", [8, 16, 32, 64])
@pytest.mark.parametrize(
    ("model", "vram_gb", "expected"),
    [
        pytest.param(model, vram_gb, expected, id=f"{model} on {vram_gb} GB")
        for model, row in EXPECTED.items()
        for vram_gb, expected in row.items()
    ],
)
def test_a_model_on_a_card(model: str, vram_gb: int, ram_gb: int, expected: str) -> None:
    found = place(model, card(vram_gb, ram_gb))

    assert short(found) == expected
    assert found.peak_vram_bytes <= vram_gb * GB - DESKTOP_BYTES
    assert found.peak_ram_bytes <= ram_gb * GB * 6 // 10


@pytest.mark.parametrize(
    ("hardware", "model", "parts", "expected"),
    [
        pytest.param(CPU, "animagine-xl-3.1", published, "bfloat16 1", id="SDXL on a CPU"),
        pytest.param(
            replace(CPU, ram_available_bytes=16 * GB),
            "z-image-turbo",
            published,
            "bfloat16 3",
            id="Z-Image as published on a CPU",
        ),
        pytest.param(
            replace(CPU, ram_available_bytes=12 * GB),
            "z-image-turbo",
            fetched,
            "8bit 2",
            id="Z-Image as fetched on a CPU, where it is mapped and must be in RAM at each step",
        ),
        pytest.param(MAC, "z-image-turbo", fetched, "8bit 2", id="Z-Image on a Mac of 16 GB"),
        pytest.param(MAC, "animagine-xl-3.1", published, "float16 3", id="SDXL on a Mac"),
    ],
)
def test_other_machines(hardware: Hardware, model: str, parts: object, expected: str) -> None:
    assert callable(parts)

    assert short(place(model, hardware, parts(model))) == expected


@pytest.mark.parametrize(
    ("model", "capability", "dtype"),
    [
        pytest.param("z-image-turbo", (7, 5), "float16", id="Z-Image on Turing is clamped"),
        pytest.param("flux2-klein-4b", (7, 5), "bfloat16", id="klein on Turing is emulated"),
        pytest.param("z-image-turbo", (8, 9), "bfloat16", id="Z-Image on Ada"),
        pytest.param("z-image-turbo", (9, 0), "bfloat16", id="Z-Image on Hopper"),
        pytest.param("animagine-xl-3.1", (7, 5), "float16", id="SDXL on Turing"),
        pytest.param("sdxl-turbo", (9, 0), "float16", id="SDXL on Hopper"),
    ],
)
def test_precision_never_overflows_and_is_never_float32(
    model: str, capability: tuple[int, int], dtype: str
) -> None:
    hardware = replace(card(24, 32), capability=capability, bfloat16=capability >= (8, 0))

    assert place(model, hardware).dtype == dtype


@pytest.mark.parametrize(
    ("model", "dtype", "bfloat16", "expected"),
    [
        pytest.param("sdxl-turbo", "float16", True, "bfloat16", id="the range of bfloat16"),
        pytest.param("sdxl-turbo", "float16", False, "float32", id="a card without bfloat16"),
        pytest.param("z-image-turbo", "float16", False, "bfloat16", id="Z-Image is emulated then"),
        pytest.param("sdxl-turbo", "bfloat16", True, "float32", id="more digits"),
        pytest.param("sdxl-turbo", "float32", True, None, id="nothing is safer"),
    ],
)
def test_safer_dtype(model: str, dtype: str, bfloat16: bool, expected: str | None) -> None:
    hardware = replace(CARD, bfloat16=bfloat16)
    assert placement.safer_dtype(MODELS[model], dtype, hardware) == expected


def test_stages_hold_the_largest_part_and_not_the_sum() -> None:
    parts = published("z-image-turbo")
    plain = replace(card(24, 32), quantizable=False)
    every = list(placement.candidates(MODELS["z-image-turbo"], parts, plain, (1280, 672)))
    resident, encoders_apart, apart = every[0], every[1], every[2]

    assert resident.stages == (("text_encoder", "transformer", "vae"),)
    assert encoders_apart.stages == (("text_encoder",), ("transformer", "vae"))
    assert apart.stages == (("text_encoder",), ("transformer",), ("vae",))
    transformer = 12_310_000_000
    assert transformer < apart.peak_vram_bytes < 1.1 * transformer
    assert resident.peak_vram_bytes > transformer + 8 * GB


def test_the_ladder_goes_down_from_what_fits() -> None:
    row = MODELS["z-image-turbo"]
    found = placement.ladder(row, published(row.name), card(16, 32), (1280, 672))

    assert short(found[0]) == "bfloat16 3"
    assert {"8bit", "4bit"} <= {bits for each in found for bits in each.quantization.values()}
    assert all(len(each.stages) > 1 or each.vae_tiling or each.quantization for each in found)


def test_without_the_library_nothing_is_quantised_and_the_error_says_so() -> None:
    with pytest.raises(PlacementError, match=r"at least \d+\.\d GB of VRAM, \d+\.\d GB more") as e:
        place("z-image-turbo", replace(card(8, 16), quantizable=False))

    assert "install sdnq" in str(e.value.remedy)
    assert "animagine-xl-3.1" in str(e.value.remedy)


def test_too_little_ram_is_told_apart_from_too_little_vram() -> None:
    with pytest.raises(PlacementError) as caught:
        place("sdxl-turbo", replace(card(24, 16), ram_available_bytes=GB))

    assert "of RAM, 1.3 GB more than is free" in str(caught.value)
    assert "VRAM" not in str(caught.value)


def test_what_is_stored_quantised_is_taken_as_it_is() -> None:
    parts = [
        Part("text_encoder", {"U8": 3 * GB}, quantized=True),
        Part("transformer", {"U8": 4 * GB}, quantized=True),
        Part("vae", {"BF16": 168_000_000}),
    ]
    found = place("z-image-turbo", card(8, 8), parts)

    assert found.quantization == {}
    assert short(found) == "bfloat16 2"
    assert found.peak_vram_bytes < 7 * GB


def test_a_placement_describes_itself() -> None:
    found = place("z-image-turbo", card(8, 16))

    assert found.describe().startswith(
        "on cuda in bfloat16, transformer and text_encoder in 4 bits, in 3 stages; needs about "
    )


def test_exact_placements_come_before_tiles_in_each_precision() -> None:
    row = MODELS["animagine-xl-3.1"]
    every = list(placement.candidates(row, published(row.name), card(24, 32), (1344, 704)))
    by_bits = [
        [each.vae_tiling for each in every if (each.bits or "") == bits] for bits in placement.BITS
    ]

    assert by_bits == [[False] * 3 + [True] * 3] * 3


@pytest.mark.parametrize(
    ("spare_bytes", "stages"),
    [
        pytest.param(0.05, 1, id="a margin of 5% and 0.3 GB is left"),
        pytest.param(0.04, 2, id="it is not"),
    ],
)
def test_a_prediction_gets_a_margin_where_another_placement_leaves_one(
    spare_bytes: float, stages: int
) -> None:
    row = MODELS["animagine-xl-3.1"]
    resident = next(placement.candidates(row, published(row.name), card(24, 32), (1344, 704)))
    free = int(resident.peak_vram_bytes * (1 + spare_bytes)) + 300_000_000
    found = place(row.name, replace(card(24, 32), vram_free_bytes=free))

    assert len(found.stages) == stages


def test_without_any_margin_the_last_resort_is_tried_and_not_refused() -> None:
    row = MODELS["z-image-turbo"]
    *_, smallest = placement.candidates(row, published(row.name), card(24, 32), (1280, 672))
    found = place(row.name, replace(card(6, 32), vram_free_bytes=smallest.peak_vram_bytes))

    assert found.bits == "4bit"
