"""What a stage holds and lets go, in this process: real libraries on small checkpoints."""

from __future__ import annotations

import base64
import gc
import os
import shutil
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

from headergen.diffusion.families import zimage
from headergen.diffusion.worker import clamp, embeddings, parts, stages
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
        "embeddings": str(SCRATCH / "kept"),
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
    assert len(list((scratch / "kept").iterdir())) == 4  # the fifth prompt is the first again


def parts_loaded(order: dict[str, Any]) -> list[Any]:
    return [part for event, part in paint(order) if event == "loading" and part]


@pytest.mark.parametrize(
    "stages",
    [
        pytest.param([["text_encoder", "transformer", "vae"]], id="resident"),
        pytest.param(APART, id="in stages"),
    ],
)
def test_a_later_run_does_not_load_the_encoder_for_prompts_that_are_encoded(
    stages: list[list[str]], tiny_zimage: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_zimage, tmp_path / "checkpoint")
    everything = ["text_encoder", "transformer", "vae"]
    wanted = order(folder, stages=stages)
    first, other = wanted["requests"]

    assert parts_loaded({**wanted, "requests": [first]}) == everything
    assert parts_loaded({**wanted, "requests": [other]}) == ["transformer", "vae"]
    words = [first, {**other, "prompt": "a boat"}]
    assert parts_loaded({**wanted, "requests": words}) == everything

    for file in (folder / "text_encoder").glob("*.safetensors"):
        os.utime(file, (1, 1))
    assert parts_loaded({**wanted, "requests": [first]}) == everything


def test_prompts_are_encoded_where_nothing_can_be_kept(tiny_zimage: Path, scratch: Path) -> None:
    (scratch / "kept").write_text("a file in the folder's place")

    assert parts_loaded(order(tiny_zimage)) == ["text_encoder", "transformer", "vae"]
    assert len(list(scratch.glob("*.pt"))) == 1


def test_a_damaged_file_of_a_prompt_is_removed(tiny_zimage: Path, scratch: Path) -> None:
    paint(order(tiny_zimage))
    (kept,) = (scratch / "kept").iterdir()
    kept.write_bytes(kept.read_bytes()[:200])

    events: list[dict[str, Any]] = []
    stages.paint(order(tiny_zimage), lambda event, /, **fields: events.append(fields))

    messages = [each["message"] for each in events if "message" in each]
    assert len(messages) == 2
    assert all("was damaged and is removed: run again" in each for each in messages)
    assert "text_encoder" in parts_loaded(order(tiny_zimage))


def test_no_more_than_a_bound_is_kept_and_what_was_used_last(
    tiny_zimage: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint(many(tiny_zimage, 4))
    sizes = {file: file.stat().st_size for file in (scratch / "kept").iterdir()}
    for age, file in enumerate(sorted(sizes)):
        os.utime(file, (1000 - age, 1000 - age))
    monkeypatch.setattr(embeddings, "_KEPT_BYTES", 2 * max(sizes.values()))
    paint(many(tiny_zimage, 1))

    left = sorted((scratch / "kept").iterdir())
    assert len(left) == 2
    assert sorted(sizes)[0] in left


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


def pictures(order: dict[str, Any]) -> list[bytes]:
    """Return the pictures' bytes; of one that overflowed none."""
    found = []

    def emit(event: str, /, **fields: Any) -> None:
        if event in ("image", "error"):
            found.append(base64.b64decode(fields.get("rgb", "")))
            assert event == "image" or fields["kind"] == "overflow", fields

    stages.paint(order, emit)
    return found


def test_numbers_beyond_float16_are_clamped_where_plain_float16_gives_nan(
    tiny_zimage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import safetensors.torch

    folder = shutil.copytree(tiny_zimage, tmp_path / "checkpoint")
    for file in (folder / "transformer").glob("*.safetensors"):
        # As in the published weights, the feed-forward layers leave float16's range.
        tensors = safetensors.torch.load_file(file)
        for name in tensors:
            if name.endswith(("feed_forward.w1.weight", "feed_forward.w3.weight")):
                tensors[name] *= 3000.0
        safetensors.torch.save_file(tensors, file)

    exact, _ = pictures(order(folder))
    clamped, _ = pictures(order(folder, dtype="float16"))
    monkeypatch.setattr(clamp, "clamp_activations", lambda model: None)
    plain = pictures(order(folder, dtype="float16"))

    assert plain == [b"", b""]
    assert len(set(clamped)) > 50
    differences = [abs(a - b) for a, b in zip(clamped, exact, strict=True)]
    assert sum(differences) / len(differences) < 4


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
