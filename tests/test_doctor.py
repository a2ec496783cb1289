from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from headergen import doctor
from headergen.cli import main
from headergen.diffusion import interpreter
from tests.executable import executable


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of git, first on PATH, with no model in the cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return tmp_path


def test_a_machine_without_a_gpu_is_told_so_with_remedies(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executable(machine / "nvidia-smi", "exit 9")
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "look graphics: nvidia-smi finds no NVIDIA card" in out
    assert "ok   libraries: torch " in out
    assert "sees no GPU; the config says auto" in out
    assert "`image: {device: cpu}` if you are patient" in out
    assert "ok   z-image-turbo: not downloaded" in out


def test_without_torch_the_places_looked_at_are_listed(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(interpreter, "_NEEDED_MODULES", ("no_such_torch",))
    assert main(["doctor", "--json"]) == 1
    found = {each["subject"]: each for each in json.loads(capsys.readouterr().out)}
    assert "the running interpreter: " in found["interpreter"]["remedy"]
    assert set(found["system RAM"]) == {"subject", "ok", "message", "remedy"}


def test_a_card_and_a_model_in_the_cache_are_named(machine: Path) -> None:
    executable(machine / "nvidia-smi", "echo 'Some Card, 8192 MiB, 7000 MiB, 580.1'")
    (machine / "hub/hub/models--stabilityai--sdxl-turbo/snapshots").mkdir(parents=True)
    assert doctor._graphics_cards() == "Some Card, 8192 MiB, 7000 MiB, 580.1"
    assert doctor._model("sdxl-turbo", "stabilityai/sdxl-turbo").message.startswith("in the cache")


@pytest.mark.parametrize(
    ("runtime", "cuda", "wanted", "card", "ok", "remedy"),
    [
        pytest.param("13.0", True, "auto", True, True, "", id="a GPU that torch sees"),
        pytest.param(None, False, "auto", True, False, "CPU build", id="a CPU build by a card"),
        pytest.param("13.0", False, "auto", True, False, "driver", id="an old driver"),
        pytest.param("13.0", False, "auto", False, False, "patient", id="no card"),
        pytest.param(None, False, "cpu", False, True, "", id="the CPU, as the config says"),
        pytest.param("13.0", True, "mps", True, False, "", id="another device than is there"),
        pytest.param("13.0", True, "cuda:1", True, True, "", id="a numbered device"),
    ],
)
def test_the_device_is_judged_by_the_config(
    runtime: str | None, cuda: bool, wanted: str, card: bool, ok: bool, remedy: str
) -> None:
    found = doctor._device({"runtime": runtime, "cuda": cuda, "mps": False}, wanted, card)
    assert found.ok == ok
    assert remedy in (found.remedy or "")


def test_a_torch_that_cannot_be_imported_is_named(machine: Path) -> None:
    broken = executable(machine / "python", "echo 'ImportError: libcudnn.so.9' >&2; exit 1")
    (found,) = doctor._libraries(broken, "auto", True)
    assert not found.ok
    assert "libcudnn.so.9" in found.message
