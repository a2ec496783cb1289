"""What a stage holds and lets go, in this process: real libraries on small checkpoints."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

from headergen.diffusion.families import zimage
from headergen.diffusion.worker import parts, stages
from tests.support.paths import CHECKOUT

pytestmark = pytest.mark.slow

APART = [["text_encoder"], ["transformer"], ["vae"]]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys.modules[__name__], "SCRATCH", tmp_path)
    return tmp_path


SCRATCH = Path()


def order(folder: Path, **placed: Any) -> dict[str, Any]:
    """Ask for two pictures by Z-Image, on the CPU."""
    place = {"device": "cpu", "dtype": "bfloat16", "quantization": {}, "vae_tiling": False}
    request = {
        "id": 0,
        "prompt": "a lighthouse",
        "negative_prompt": None,
        "width": 96,
        "height": 64,
        "steps": 1,
        "guidance_scale": 0.0,
        "seed": 0,
    }
    return {
        "scratch": str(SCRATCH),
        "folder": str(folder),
        "family": zimage.FAMILY.name,
        "variant": None,
        "scheduler_class": None,
        "scheduler_options": {},
        "replaced": {},
        "placement": {**place, "stages": APART, **placed},
        "requests": [request, {**request, "id": 1, "seed": 1}],
    }


def paint(order: dict[str, Any]) -> list[tuple[str, Any]]:
    """List the events that painting emits, with the part that is loaded or the picture's id."""
    events: list[tuple[str, Any]] = []

    def emit(event: str, /, **fields: Any) -> None:
        events.append((event, fields.get("part", fields.get("id"))))
        assert event != "error", fields

    stages.paint(order, emit)
    return events


def test_every_prompt_is_encoded_before_the_transformer_is_loaded(tiny_zimage: Path) -> None:
    assert paint(order(tiny_zimage)) == [
        ("loading", "text_encoder"),
        ("loading", ""),
        ("loading", "transformer"),
        ("loading", ""),
        ("step", 0),
        ("step", 1),
        ("loading", "vae"),
        ("loading", ""),
        ("image", 0),
        ("image", 1),
    ]


def many(folder: Path, count: int, **placed: Any) -> dict[str, Any]:
    wanted = order(folder, **placed)
    request = wanted["requests"][0]
    wanted["requests"] = [{**request, "id": at, "prompt": f"a {at % 4}"} for at in range(count)]
    return wanted


def test_pictures_are_delivered_chunk_by_chunk_and_prompts_encoded_once(
    tiny_zimage: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "CHUNK", 2)
    events = paint(many(tiny_zimage, 5))

    assert [part for event, part in events if event == "loading" and part] == [
        "text_encoder",
        *["transformer", "vae"] * 3,
    ]
    done = [(event, at) for event, at in events if event in ("step", "image")]
    assert done == [
        *[("step", 0), ("step", 1), ("image", 0), ("image", 1)],
        *[("step", 2), ("step", 3), ("image", 2), ("image", 3)],
        *[("step", 4), ("image", 4)],
    ]
    assert len(list(scratch.iterdir())) == 4  # the fifth prompt is the first one again


def test_what_was_painted_before_memory_ran_out_is_delivered(
    tiny_zimage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_part, loads, delivered = parts.load_part, [], []

    def failing(entry: Any, *args: Any) -> Any:
        loads.append(entry.name)
        if loads.count("transformer") == 3:
            raise MemoryError
        return load_part(entry, *args)

    def emit(event: str, /, **fields: Any) -> None:
        if event == "image":
            delivered.append(fields["id"])

    monkeypatch.setattr(stages, "CHUNK", 2)
    monkeypatch.setattr(parts, "load_part", failing)
    with pytest.raises(MemoryError):
        stages.paint(many(tiny_zimage, 6), emit)
    assert delivered == [0, 1, 2, 3]


@pytest.mark.parametrize("apart", [2, 3])
def test_memory_does_not_depend_on_the_number_of_pictures(
    apart: int, tiny_zimage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(stages, "CHUNK", 2)
    alive: list[int] = []

    def emit(event: str, /, **_: Any) -> None:
        if event == "image":
            gc.collect()
            alive.append(sum(issubclass(type(each), torch.Tensor) for each in gc.get_objects()))

    placed = APART if apart == 3 else [["text_encoder"], ["transformer", "vae"]]
    stages.paint(many(tiny_zimage, 8, stages=placed), emit)
    assert len(alive) == 8
    assert alive[-1] <= alive[1]


def test_a_part_is_let_go_before_the_next_is_loaded(
    tiny_zimage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_part = parts.load_part
    loaded: list[tuple[str, weakref.ref[Any]]] = []
    alive: dict[str, list[str]] = {}

    def watched(entry: Any, *args: Any) -> Any:
        gc.collect()
        alive[entry.name] = [name for name, part in loaded if part() is not None]
        part = load_part(entry, *args)
        loaded.append((entry.name, weakref.ref(part)))
        return part

    monkeypatch.setattr(parts, "load_part", watched)
    paint(order(tiny_zimage))
    assert alive == {"text_encoder": [], "transformer": [], "vae": []}

    loaded.clear()
    paint(order(tiny_zimage, stages=[["text_encoder"], ["transformer", "vae"]]))
    assert alive == {"text_encoder": [], "transformer": [], "vae": ["transformer"]}


@pytest.mark.parametrize("bits", ["8bit", "4bit"])
def test_the_text_encoder_and_the_transformer_are_quantised_while_loading(
    bits: str, large_zimage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_part = parts.load_part
    sizes: dict[str, int] = {}

    def weighed(entry: Any, *args: Any) -> Any:
        part = load_part(entry, *args)
        held = [*part.parameters(), *part.buffers()]
        sizes[entry.name] = sum(each.numel() * each.element_size() for each in held)
        return part

    monkeypatch.setattr(parts, "load_part", weighed)
    paint(order(large_zimage))
    whole = dict(sizes)
    paint(order(large_zimage, quantization={"text_encoder": bits, "transformer": bits}))

    most = {"8bit": 0.75, "4bit": 0.5}[bits]
    assert sizes["transformer"] < most * whole["transformer"]
    assert sizes["text_encoder"] < whole["text_encoder"]
    assert sizes["vae"] == whole["vae"]


_LOAD = """
import sys
from pathlib import Path
import torch, diffusers
from headergen.diffusion.families import zimage
from headergen.diffusion.snapshot import Entry, Snapshot, Weights
from headergen.diffusion.worker import parts

def anonymous_bytes():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024

name, kind = "transformer", "ZImageTransformer2DModel"
weights = {name: Weights(None, ["diffusion_pytorch_model.safetensors"])}
entry = Entry(name, "diffusers", kind)
found = Snapshot(Path(sys.argv[1]), (entry,), weights)
placed = {"device": "cpu", "dtype": "bfloat16", "quantization": {}, "vae_tiling": False}
parts.part_class(entry)
before = anonymous_bytes()
part = parts.load_part(entry, found, zimage.FAMILY, placed, {})
half = 2 * sum(each.numel() for each in part.parameters())
print((anonymous_bytes() - before) / half)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells it")
@pytest.mark.parametrize(
    ("dtype", "least", "most"),
    [
        pytest.param("bfloat16", -0.1, 0.25, id="in its own precision it is mapped"),
        pytest.param("float32", 0.9, 1.25, id="in another it is cast, and held once"),
    ],
)
def test_a_part_takes_as_much_memory_as_it_must(
    dtype: str, least: float, most: float, tmp_path: Path
) -> None:
    import diffusers
    import torch

    transformer = diffusers.ZImageTransformer2DModel(
        dim=1024, n_layers=4, n_refiner_layers=1, n_heads=8, n_kv_heads=8, cap_feat_dim=1024
    )
    transformer.to(getattr(torch, dtype)).save_pretrained(tmp_path / "transformer")
    malloc = {"MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "1000000"}
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, tmp_path],
        capture_output=True,
        check=True,
        cwd=CHECKOUT,
        env=os.environ | malloc,  # as client starts it
    )

    assert least < float(done.stdout) < most
