from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from headergen.diffusion import worker
from headergen.diffusion.snapshot import SnapshotError
from headergen.diffusion.worker import __main__, device, events, hub, libraries, stages
from headergen.diffusion.worker.events import WorkerError


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted", "expected"),
    [
        pytest.param(2, False, "auto", "cuda", id="auto takes CUDA"),
        pytest.param(1, True, "auto", "cuda", id="auto takes CUDA before MPS"),
        pytest.param(0, True, "auto", "mps", id="auto takes MPS"),
        pytest.param(2, False, "cuda:1", "cuda:1", id="the second CUDA device"),
        pytest.param(0, True, "mps", "mps", id="MPS by name"),
        pytest.param(2, False, "cpu", "cpu", id="the CPU though there is a GPU"),
        pytest.param(0, False, "cpu", "cpu", id="the CPU when asked for"),
    ],
)
def test_pick_device(cuda: int, mps: bool, wanted: str, expected: str) -> None:
    assert device.pick(_torch(cuda, mps), wanted) == expected


@pytest.mark.parametrize(
    ("cuda", "wanted", "expected"),
    [
        pytest.param(0, "auto", "xpu", id="auto takes XPU"),
        pytest.param(1, "auto", "cuda", id="auto takes CUDA before XPU"),
        pytest.param(1, "xpu", "xpu", id="XPU by name"),
        pytest.param(0, "xpu:1", "xpu:1", id="the second XPU device"),
    ],
)
def test_intels_cards_are_devices_like_others(cuda: int, wanted: str, expected: str) -> None:
    assert device.pick(_torch(cuda, False, xpu=2), wanted) == expected


def test_a_card_tells_its_name_and_memory() -> None:
    library = SimpleNamespace(
        mem_get_info=lambda name: (6_000, 8_000),
        get_device_name=lambda name: f"the card {name}",
        get_device_capability=lambda name: (11, 0),
        is_bf16_supported=lambda: True,
        max_memory_reserved=lambda name: 5_000,
    )
    intel = SimpleNamespace(xpu=library)
    amd = SimpleNamespace(cuda=library, version=SimpleNamespace(hip="7.0"))
    turing = SimpleNamespace(
        cuda=SimpleNamespace(**{**vars(library), "get_device_capability": lambda name: (7, 5)}),
        version=SimpleNamespace(hip=None),
    )

    assert device._facts(intel, "xpu:1") == {
        "card": "the card xpu:1",
        "vram_free": 6_000,
        "capability": None,
        "bfloat16": True,
    }
    assert device._facts(amd, "cuda")["bfloat16"] is True
    assert device._facts(turing, "cuda")["bfloat16"] is False
    assert device.peaks(intel, "xpu")["peak_vram"] == 5_000
    assert device.peaks(intel, "cpu")["peak_vram"] is None


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted", "words"),
    [
        pytest.param(0, False, "auto", "no GPU was found: .* built for the CPU alone", id="auto"),
        pytest.param(0, True, "cuda", "'cuda' was found: torch sees mps", id="no CUDA"),
        pytest.param(1, False, "cuda:1", "'cuda:1' .* sees cuda, cuda:0", id="no second GPU"),
        pytest.param(1, False, "mps", "'mps' was found", id="no MPS"),
        pytest.param(1, False, "gpu", "'gpu' was found", id="no such name"),
    ],
)
def test_a_device_that_is_not_there(cuda: int, mps: bool, wanted: str, words: str) -> None:
    with pytest.raises(WorkerError, match=words) as caught:
        device.pick(_torch(cuda, mps), wanted)

    assert caught.value.kind == "device"


def test_no_more_of_a_card_is_taken_than_is_free() -> None:
    taken = []
    cuda = SimpleNamespace(
        mem_get_info=lambda name: (6_000, 8_000),
        set_per_process_memory_fraction=lambda fraction, name: taken.append((fraction, name)),
    )
    for name in ("cuda:1", "xpu:1", "cpu", "mps"):
        device.keep_within_what_is_free(SimpleNamespace(cuda=cuda, xpu=cuda), name)
    device.keep_within_what_is_free(SimpleNamespace(xpu=SimpleNamespace()), "xpu")  # torch 2.8
    assert taken == [(0.75, "cuda:1"), (0.75, "xpu:1")]


def _torch(cuda: int, mps: bool, *, xpu: int = 0) -> Any:
    """Imitate the few questions asked of torch; test_client asks the real one."""
    return SimpleNamespace(
        __version__="2.15.0",
        cuda=SimpleNamespace(is_available=lambda: cuda > 0, device_count=lambda: cuda),
        xpu=SimpleNamespace(is_available=lambda: xpu > 0, device_count=lambda: xpu),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
        version=SimpleNamespace(cuda="13.0" if cuda else None, hip=None, xpu=None),
    )


@pytest.mark.slow
def test_kinds_of_the_libraries_own_errors() -> None:
    import torch
    from huggingface_hub import errors
    from safetensors import SafetensorError

    kinds = {
        torch.cuda.OutOfMemoryError("CUDA out of memory."): "video memory",
        RuntimeError("MPS backend out of memory (…)"): "video memory",
        RuntimeError(
            "[enforce fail] . DefaultCPUAllocator: can't allocate memory"
        ): "system memory",
        MemoryError(): "system memory",
        ModuleNotFoundError("No module named 'google'"): "dependency",
        SafetensorError("incomplete metadata"): "checkpoint",
        errors.OfflineModeIsEnabled("offline"): "network",
        SnapshotError("no folder"): "checkpoint",
        errors.HFValidationError("a/b/c"): "model",
        ConnectionRefusedError(111, "Connection refused"): "network",
        TimeoutError("read"): "network",
        ValueError("odd"): "paint",
        WorkerError("overflow", "NaN"): "overflow",
    }

    assert {error: events.kind_of(error) for error in kinds} == kinds


def test_an_unexplained_error_is_told_with_its_type_and_place() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        text = events.describe(error)

    assert text.startswith("JSONDecodeError: Expecting property name")
    assert "decoder.py" in text


def test_a_library_without_the_pipeline_is_too_old() -> None:
    diffusers = SimpleNamespace(__name__="diffusers", __version__="0.30.0")

    with pytest.raises(WorkerError, match=r"diffusers 0\.30\.0 is too old") as caught:
        libraries.attribute(diffusers, "ZImagePipeline")

    assert caught.value.kind == "dependency"


def test_the_worker_hides_its_neighbours_and_finds_its_own_headergen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = str(Path(worker.__file__).parent)
    monkeypatch.setattr("sys.path", [own, "elsewhere"])
    monkeypatch.setitem(sys.modules, "headergen", sys.modules["headergen"])

    __main__.adopt_headergen()

    assert sys.path == ["elsewhere"]
    assert Path(sys.modules["headergen"].__path__[0]) == Path(worker.__file__).parents[2]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(float("nan"), "overflowed to NaN", id="NaN"),
        pytest.param(0.0, "every pixel is black", id="black"),
        pytest.param(0.5, "every pixel is one flat colour", id="grey"),
    ],
)
def test_what_is_no_picture_is_not_taken_for_one(value: float, words: str) -> None:
    import numpy as np

    picture = np.full((4, 6, 3), value, dtype=np.float32)

    with pytest.raises(WorkerError, match=words) as caught:
        stages.rgb_bytes(picture)

    assert caught.value.kind == "overflow"


def test_a_dark_picture_is_a_picture() -> None:
    import numpy as np

    picture = np.zeros((1, 2, 3), dtype=np.float32)
    picture[0, 1] = [0.0, 0.502, 1.0]

    assert stages.rgb_bytes(picture) == bytes([0, 0, 0, 0, 128, 255])


def test_a_download_is_metered_beyond_the_files_before(capfd: pytest.CaptureFixture[str]) -> None:
    reports = []
    bar_class = hub._meter(lambda done: reports.append(done), done_before=1000)

    with bar_class(total=50, initial=5, unit="B", name="huggingface_hub.http_get") as bar:
        bar.update(10)

    assert reports == [1015]
    assert capfd.readouterr() == ("", "")


def test_without_a_parent_the_worker_ends_in_the_middle_of_its_work() -> None:
    order = {"op": "survey", "device": "cpu"}

    ended = subprocess.run(
        [sys.executable, __main__.__file__],
        input=json.dumps(order).encode(),
        capture_output=True,
        timeout=60,
    )

    # Given the time, it would have imported torch and answered.
    assert (ended.returncode, ended.stdout) == (1, b"")


_MODULES = """
import runpy, sys
start = runpy.run_path(sys.argv[1], run_name="start")
start["adopt_headergen"]()
from headergen.diffusion.worker import process
print(*(name for name in sys.modules if name.startswith("headergen.")))
"""


def test_the_worker_knows_no_article_plan_or_config() -> None:
    assert __main__.__file__
    done = subprocess.run(
        [sys.executable, "-c", _MODULES, __main__.__file__],
        capture_output=True,
        text=True,
        check=True,
    )
    rooms = ("headergen.diffusion.worker", "headergen.diffusion.families")
    shared = {"diffusion", "diffusion.prompt", "diffusion.snapshot", "wording"}
    found = {each for each in done.stdout.split() if not each.startswith(rooms)}
    assert found == {f"headergen.{name}" for name in shared}
