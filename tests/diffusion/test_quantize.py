"""Quantised parts and GGUF transformers, with real libraries on small random models."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headergen.diffusion import client, snapshot
from headergen.diffusion.snapshot import Entry
from headergen.diffusion.worker import convert, parts, quantize
from headergen.diffusion.worker.events import WorkerError
from tests.support import checkpoints, weights
from tests.support.paths import CHECKOUT
from tests.support.weights import Tensor

pytestmark = pytest.mark.slow

SHARD = "diffusion_pytorch_model-00001-of-00003.safetensors"


@pytest.fixture(scope="module")
def transformer(large_zimage: Path) -> Path:
    return large_zimage / "transformer"


@pytest.fixture(scope="module")
def gguf_file(transformer: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the transformer as a GGUF file, its large matrices in 8 bits."""
    import gguf

    path = tmp_path_factory.mktemp("gguf") / "small-Q8_0.gguf"
    writer = gguf.GGUFWriter(path, "zimage")
    for name, tensor in checkpoints.tensors(transformer).items():
        if name.endswith(".weight") and tensor.ndim == 2 and tensor.shape[1] % 32 == 0:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(tensor, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def run(model: Any) -> Any:
    """Run a transformer once on the same input."""
    import torch

    torch.manual_seed(1)
    latents = [torch.randn(16, 1, 8, 8).to(torch.bfloat16)]
    caption = [torch.randn(10, 256).to(torch.bfloat16)]
    with torch.no_grad():
        return model(latents, torch.tensor([0.5]), caption, return_dict=False)[0][0].float()


def distance(model: Any, exact: Any) -> float:
    result = run(model)
    return float((result - exact).norm() / exact.norm())


@pytest.fixture(scope="module")
def exact(transformer: Path) -> Any:
    import torch
    from diffusers import ZImageTransformer2DModel

    return run(ZImageTransformer2DModel.from_pretrained(transformer, dtype=torch.bfloat16))


def load(folder: Path, class_name: str, bits: str | None = None) -> Any:
    """Load a part as the worker does."""
    import torch

    part_class = parts.part_class(Entry("", *class_name.split(".")))
    chosen = snapshot.choose_weights([path.name for path in folder.iterdir()], None)
    assert chosen
    return parts.load_weights(part_class, folder, chosen, torch.bfloat16, "cpu", bits)


def quantized(transformer: Path, bits: str) -> Any:
    return load(transformer, "diffusers.ZImageTransformer2DModel", bits)


def test_fewer_bits_take_less_and_differ_more(transformer: Path, exact: Any) -> None:
    eight, four = quantized(transformer, "8bit"), quantized(transformer, "4bit")

    assert size_of(four) < size_of(eight) < 1.3 * parameters_in(transformer)
    assert 0 < distance(eight, exact) < distance(four, exact) < 0.5
    assert distance(eight, exact) < 0.05


def size_of(model: Any) -> int:
    return sum(each.numel() * each.element_size() for each in model.parameters())


def parameters_in(folder: Path) -> int:
    return snapshot.read(folder.parent, "ZImagePipeline").bytes_by_dtype(folder.name)["F32"] // 4


@pytest.mark.parametrize("shard_bytes", [10**9, 200_000], ids=["one file", "several files"])
def test_what_is_stored_is_what_is_quantised_while_loading(
    transformer: Path,
    exact: Any,
    shard_bytes: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch
    from diffusers import ZImageTransformer2DModel

    monkeypatch.setattr(convert, "_SHARD_BYTES", shard_bytes)
    folder = shutil.copytree(transformer, tmp_path / "transformer")
    files = sorted(path.name for path in folder.glob("*.safetensors"))
    convert.quantize_part(
        ZImageTransformer2DModel, folder, files, bits="8bit", dtype=torch.bfloat16
    )
    stored = load(folder, "diffusers.ZImageTransformer2DModel")

    assert (len(list(folder.glob("*.safetensors"))) > 1) == (shard_bytes < 10**9)
    assert snapshot.is_quantized(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["transformer"]
    assert stored.state_dict().keys() == quantized(transformer, "8bit").state_dict().keys()
    assert distance(stored, exact) < 0.05


PARTS = {
    "Z-Image's encoder": ("large_zimage", "text_encoder", "transformers.Qwen3Model"),
    "Z-Image's transformer": ("large_zimage", "transformer", "diffusers.ZImageTransformer2DModel"),
    "SDXL's encoder": ("large_sdxl", "text_encoder", "transformers.CLIPTextModel"),
    "SDXL's second encoder": (
        "large_sdxl",
        "text_encoder_2",
        "transformers.CLIPTextModelWithProjection",
    ),
    "SDXL's UNet": ("large_sdxl", "unet", "diffusers.UNet2DConditionModel"),
}
each_part = pytest.mark.parametrize(("model", "part", "class_name"), PARTS.values(), ids=PARTS)


@each_part
def test_a_published_part_stored_quantised_is_what_is_quantised_while_loading(
    model: str, part: str, class_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    import torch

    published = request.getfixturevalue(model) / part
    while_loading = load(published, class_name, "4bit").state_dict()
    folder = shutil.copytree(published, tmp_path / part)
    files = sorted(path.name for path in folder.glob("*.safetensors"))
    part_class = parts.part_class(Entry("", *class_name.split(".")))
    convert.quantize_part(part_class, folder, files, bits="4bit", dtype=torch.bfloat16)
    stored = load(folder, class_name).state_dict()

    assert stored.keys() == while_loading.keys()
    assert {tensor.dtype for tensor in stored.values()} >= {torch.uint8}
    for name, tensor in stored.items():
        # diffusers rounds the scales to bfloat16 where it quantises while loading.
        torch.testing.assert_close(tensor.float(), while_loading[name].float(), rtol=0.01, atol=0)


def lacking(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    name = largest(tensors)
    return {each: tensor for each, tensor in tensors.items() if each != name}


def misshapen(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    name = largest(tensors)
    dtype, shape, data = tensors[name]
    half = Tensor(dtype, [shape[0] // 2, *shape[1:]], data[: len(data) // 2])
    return tensors | {name: half}


def largest(tensors: dict[str, Tensor]) -> str:
    return max(tensors, key=lambda name: len(tensors[name].data))


@each_part
@pytest.mark.parametrize("damage", [lacking, misshapen])
def test_a_damaged_part_is_refused_alike_in_every_way_of_loading(
    model: str,
    part: str,
    class_name: str,
    damage: Callable[[dict[str, Tensor]], dict[str, Tensor]],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    import torch

    folder = shutil.copytree(request.getfixturevalue(model) / part, tmp_path / part)
    files = sorted(path.name for path in folder.glob("*.safetensors"))
    shard = max(files, key=lambda name: (folder / name).stat().st_size)
    weights.save(folder / shard, damage(weights.load(folder / shard)))
    part_class = parts.part_class(Entry("", *class_name.split(".")))

    said = []
    for way in (
        lambda: load(folder, class_name),
        lambda: load(folder, class_name, "8bit"),
        lambda: load(folder, class_name, "4bit"),
        lambda: convert.quantize_part(part_class, folder, files, bits="4bit", dtype=torch.bfloat16),
    ):
        with pytest.raises(WorkerError) as caught:
            way()
        assert caught.value.kind == "checkpoint"
        said.append(str(caught.value))
    assert len(set(said)) == 1
    assert ("lacks" if damage is lacking else "in the shape") in said[0]


@pytest.mark.parametrize("damage", [lacking, misshapen])
def test_a_damaged_part_that_is_stored_quantised_is_refused_too(
    transformer: Path, damage: Callable[[dict[str, Tensor]], dict[str, Tensor]], tmp_path: Path
) -> None:
    import torch

    class_name = "diffusers.ZImageTransformer2DModel"
    folder = shutil.copytree(transformer, tmp_path / "transformer")
    files = sorted(path.name for path in folder.glob("*.safetensors"))
    part_class = parts.part_class(Entry("", *class_name.split(".")))
    convert.quantize_part(part_class, folder, files, bits="8bit", dtype=torch.bfloat16)
    (file,) = folder.glob("*.safetensors")
    weights.save(file, damage(weights.load(file)))

    with pytest.raises(WorkerError, match=r"lacks|in the shape"):
        load(folder, class_name)


def test_a_gguf_transformer_is_near_the_original(
    transformer: Path, gguf_file: Path, exact: Any
) -> None:
    import torch
    from diffusers import ZImageTransformer2DModel

    model = quantize.load_gguf(
        ZImageTransformer2DModel, transformer, gguf_file, dtype=torch.bfloat16, device="cpu"
    )

    assert size_of(model) < 1.6 * parameters_in(transformer)
    assert 0 < distance(model, exact) < 0.05


def test_a_file_is_converted_as_torch_converts(transformer: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    source = transformer / SHARD
    convert.convert_file(source, tmp_path / "half.safetensors", torch.bfloat16)
    before, after = load_file(source), load_file(tmp_path / "half.safetensors")

    assert before.keys() == after.keys()
    assert all(torch.equal(after[name], before[name].to(torch.bfloat16)) for name in before)
    assert [path.name for path in tmp_path.iterdir()] == ["half.safetensors"]


def test_what_is_no_float32_keeps_its_bytes(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    tensors = {
        "whole": torch.arange(5),
        "half": torch.randn(3, dtype=torch.float16),
        "byte": torch.tensor([1, 2, 3], dtype=torch.uint8),
        "one": torch.tensor(2.5),
    }
    save_file(tensors, tmp_path / "a.safetensors", metadata={"format": "pt"})
    convert.convert_file(tmp_path / "a.safetensors", tmp_path / "b.safetensors", torch.bfloat16)
    found = load_file(tmp_path / "b.safetensors")

    assert found["one"] == torch.tensor(2.5, dtype=torch.bfloat16)
    assert all(torch.equal(found[name], tensors[name]) for name in ("whole", "half", "byte"))


def test_an_interrupted_conversion_leaves_nothing_under_the_name(
    transformer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def fail(*_: Any) -> memoryview:
        raise OSError("disk full")

    monkeypatch.setattr(convert, "_bytes_of", fail)
    target = tmp_path / "half.safetensors"
    with pytest.raises(OSError, match="disk full"):
        convert.convert_file(transformer / SHARD, target, torch.bfloat16)
    assert not target.exists()


# Run under the environment that the worker gets, whose settings of glibc are a part of the bound.
_PEAK = """
import sys, threading, time
from pathlib import Path
import torch
from headergen.diffusion.worker import convert

def anonymous_bytes():
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024

def watch():
    while True:
        peaks.append(anonymous_bytes())
        time.sleep(0.002)

PREPARE
start, peaks = anonymous_bytes(), []
threading.Thread(target=watch, daemon=True).start()
WORK
print(max(peaks) - start)
"""

_CONVERT = "convert.convert_file(Path(sys.argv[1]), Path(sys.argv[2]), torch.bfloat16)"

_PREPARE_QUANTIZING = """
from diffusers import ZImageTransformer2DModel
from headergen.diffusion.worker import quantize
quantize.sdnq()
convert._SHARD_BYTES = int(sys.argv[2])
"""
_QUANTIZE = """
files = ["diffusion_pytorch_model.safetensors"]
convert.quantize_part(
    ZImageTransformer2DModel, Path(sys.argv[1]), files, bits="BITS", dtype=torch.bfloat16
)
"""


def peak_bytes(work: str, *arguments: object, prepare: str = "") -> int:
    """Run code in a process of its own; returns by how much its anonymous memory grew at most."""
    code = _PEAK.replace("PREPARE", prepare).replace("WORK", work)
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        check=True,
        cwd=CHECKOUT,
        env={**client._ENVIRONMENT, **os.environ},
    )
    return int(done.stdout)


linux_only = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells")


@linux_only
def test_storing_holds_a_tensor_and_not_the_file(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    tensor_bytes = 32_000_000
    tensors = {f"layer.{number}": torch.ones(tensor_bytes // 4) for number in range(8)}
    save_file(tensors, tmp_path / "whole.safetensors", metadata={"format": "pt"})

    # One in half precision, one more while it is let go, and what threads and imports take.
    peak = peak_bytes(_CONVERT, tmp_path / "whole.safetensors", tmp_path / "half")
    assert peak < 2.5 * tensor_bytes


@linux_only
def test_storing_quantised_holds_a_file_of_the_result_and_not_the_part(tmp_path: Path) -> None:
    from diffusers import ZImageTransformer2DModel

    model = ZImageTransformer2DModel(
        dim=768, n_heads=6, n_kv_heads=6, n_layers=6, cap_feat_dim=256, axes_dims=[32, 48, 48]
    )
    model.save_pretrained(tmp_path / "transformer")
    part_bytes = sum(4 * each.numel() for each in model.parameters())

    work = _QUANTIZE.replace("BITS", "8bit")
    shard_bytes = part_bytes // 64
    peak = peak_bytes(work, tmp_path / "transformer", shard_bytes, prepare=_PREPARE_QUANTIZING)

    # All of it would take a quarter; a tensor is a fiftieth, several times held.
    assert peak < part_bytes // 6
