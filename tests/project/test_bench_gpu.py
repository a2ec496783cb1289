"""The bench for a card, on tiny models and the CPU: no card is at hand where it was written."""

from __future__ import annotations

import functools
import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from headergen.diffusion.families import FAMILIES, MODELS, flux2_klein, sdxl, zimage
from headergen.diffusion.families.family import Family, Model
from tests.support.paths import CHECKOUT

BENCH = CHECKOUT / "bench"


def room(name: str) -> ModuleType:
    """Import a module of bench/, which is no package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        return importlib.import_module(name)


@pytest.mark.slow
def test_headergen_and_the_script_are_measured_phase_by_phase(tmp_path: Path) -> None:
    chosen = ["--model", "z-image-turbo", "--placement", "3 stages", "--state", "warm"]
    done = subprocess.run(
        [sys.executable, BENCH / "gpu.py", "--device", "cpu", "--tiny", *chosen],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line[:1] == "|"]

    heads, _, ours, plain = rows
    assert ours[:3] == ["headergen", "3 stages", "warm"]
    assert plain[:3] == ["plain script", "resident", "warm"]
    assert ours[-1] == "on cpu in bfloat16, in 3 stages"
    for row in (ours, plain):
        found = dict(zip(heads, row, strict=False))
        phases = [float(found[name]) for name in ("start", "load", "encode", "denoise", "decode")]
        assert all(seconds >= 0 for seconds in phases)
        assert float(found["sum"]) >= sum(phases) - 0.05
        assert phases[0] > 0.5  # torch is imported in no less
        assert float(found["RAM"]) > 0.1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_each_family_has_its_published_configs(family: Family) -> None:
    published = room("published")

    assert family.name in published.CONFIGS, "write its configs into bench/published.py"
    assert set(published.CONFIGS[family.name]) < set(family.tiny)
    assert set(published.configs(family)) == set(family.tiny)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "part", "giga"),
    [
        pytest.param(zimage.FAMILY, "transformer", 6.155, id="Z-Image's transformer"),
        pytest.param(zimage.FAMILY, "text_encoder", 4.022, id="Qwen3-4B"),
        pytest.param(zimage.FAMILY, "vae", 0.084, id="FLUX's VAE"),
        pytest.param(sdxl.FAMILY, "unet", 2.567, id="SDXL's UNet"),
        pytest.param(sdxl.FAMILY, "text_encoder", 0.123, id="CLIP ViT-L"),
        pytest.param(sdxl.FAMILY, "text_encoder_2", 0.695, id="OpenCLIP ViT-bigG"),
        pytest.param(flux2_klein.FAMILY, "transformer", 3.876, id="FLUX.2 klein's transformer"),
    ],
)
def test_the_architectures_are_those_that_are_published(
    family: Family, part: str, giga: float
) -> None:
    found = full_size_parts(family)[part]

    assert room("full_size").parameters(found) / 1e9 == pytest.approx(giga, abs=5e-4)
    assert {each.device.type for each in found.parameters()} == {"meta"}


@pytest.mark.slow
@pytest.mark.parametrize("row", MODELS.values(), ids=MODELS)
def test_the_bytes_to_download_are_those_of_the_published_configs(row: Model) -> None:
    element_bytes = {"F32": 4, "BF16": 2, "F16": 2}
    count = room("full_size").parameters
    counted = {name: count(part) for name, part in full_size_parts(row.family).items()}

    assert set(row.weights) == {name for name, parameters in counted.items() if parameters}
    for name, (dtype, size) in row.weights.items():
        expected = element_bytes[dtype] * counted[name]
        assert size == pytest.approx(expected, rel=0.005), f"{row.name}: {name}"


@functools.cache
def full_size_parts(family: Family) -> dict[str, Any]:
    found: dict[str, Any] = room("full_size").parts(family)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_parts_are_written_as_their_libraries_read_them(
    family: Family, twin: Callable[[Model], Path], tmp_path: Path
) -> None:
    import torch

    from headergen.diffusion import snapshot
    from headergen.diffusion.worker import fit, parts

    folder = twin(next(row for row in MODELS.values() if row.family is family))
    for entry in snapshot.entries_of(snapshot.read_index(folder)):
        chosen = parts.part_class(entry)
        if entry.bears_weights:
            part = fit.empty(chosen, folder / entry.name)
            room("full_size").write_part(part, tmp_path / entry.name, "bfloat16")
            loaded, told = chosen.from_pretrained(
                tmp_path / entry.name, dtype=torch.bfloat16, output_loading_info=True
            )
            assert not any(told[keys] for keys in ("missing_keys", "unexpected_keys"))
            assert all(each.isfinite().all() for each in loaded.parameters())
            assert any(each.std() > 0 for each in loaded.parameters() if each.ndim > 1)


def test_a_capped_card_reports_and_grants_less() -> None:
    granted = []
    cuda = SimpleNamespace(
        mem_get_info=lambda device: (70, 80),
        set_per_process_memory_fraction=lambda fraction, index: granted.append((fraction, index)),
    )
    torch: Any = SimpleNamespace(
        cuda=cuda, device=lambda name: SimpleNamespace(index=int(name[5:] or 0))
    )

    room("gpu_worker").cap(torch, "cuda:1", 30)

    assert granted == [((30 - 10) / 80, 1)]  # 10 are in use: CUDA itself, other programs
    assert cuda.mem_get_info("cuda:1") == (20, 30)


def test_time_is_compared_with_what_the_card_could_do() -> None:
    seconds = {"start": 9.0, "encode": 0.1, "denoise": 1.0, "decode": 0.4}
    work = {"encode": 5.0, "denoise": 90.0, "decode": 5.0}

    assert room("gpu").above_floor(seconds, work, 200.0) == pytest.approx(3.0)


@pytest.mark.slow
def test_the_floor_is_the_work_that_torch_counts() -> None:
    import torch

    full_size = room("full_size")
    z_image, xl = full_size_parts(zimage.FAMILY), full_size_parts(sdxl.FAMILY)

    def of(*shape: int) -> Any:
        return torch.empty(shape, device="meta")

    tokens = torch.zeros(1, 512, dtype=torch.long, device="meta")
    added = {"text_embeds": of(2, 1280), "time_ids": of(2, 6)}

    def encode(part: str) -> float:
        return counted(lambda: xl[part](tokens[:, :77]))

    def step() -> object:
        conditions = torch.tensor(1), of(2, 77, 2048)
        return xl["unet"](of(2, 4, 88, 168), *conditions, added_cond_kwargs=added)

    transform, caption = z_image["transformer"], of(128, 2560)
    found = {
        "z-image-turbo": {
            "encode": counted(lambda: z_image["text_encoder"](tokens)),
            "denoise": 8 * counted(lambda: transform([of(16, 1, 84, 160)], of(1), [caption])),
            "decode": counted(lambda: z_image["vae"].decode(of(1, 16, 84, 160))),
        },
        "animagine-xl-3.1": {
            "encode": 2 * (encode("text_encoder") + encode("text_encoder_2")),
            "denoise": 28 * counted(step),
            "decode": counted(lambda: xl["vae"].decode(of(1, 4, 88, 168))),
        },
    }

    for model, work in found.items():
        assert work == pytest.approx(full_size.TERAFLOP[model], rel=0.02)


def counted(work: Callable[[], object]) -> float:
    """Count the tera floating point operations of `work`."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        work()
    return float(counter.get_total_flops()) / 1e12
