from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from headergen import doctor
from headergen.cli import main
from headergen.diffusion import hardware, interpreter
from headergen.diffusion.hardware import Card, Cards
from headergen.diffusion.models import MODELS
from headergen.diffusion.placement import Hardware
from tests.executable import executable


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of git, first on PATH, with no model in the cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HEADERGEN_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return tmp_path


def test_a_machine_without_a_gpu_is_told_so_with_remedies(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executable(machine / "nvidia-smi", "exit 9")
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "look graphics: nvidia-smi: exit status 9" in out
    assert "ok   libraries: torch " in out
    assert "sees no GPU; the config says auto" in out
    assert "`image: {device: cpu}` if you are patient" in out
    assert "z-image-turbo: not fetched (32.8 GB: headergen fetch z-image-turbo); " in out
    assert "would paint on cpu in bfloat16" in out
    assert "free for models in " in out


def test_without_torch_the_places_looked_at_are_listed(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(interpreter, "_NEEDED_MODULES", ("no_such_torch",))
    assert main(["doctor", "--json"]) == 1
    found = {each["subject"]: each for each in json.loads(capsys.readouterr().out)}
    assert "the running interpreter: " in found["interpreter"]["remedy"]
    assert set(found["system RAM"]) == {"subject", "ok", "message", "remedy"}


NVIDIA_SMI = """
case "$*" in
  *query-gpu*) echo "0, Some Card, 8192, $FREE, 580.1, 8.6";;
  *query-compute-apps*) echo "77, /usr/bin/game, 5000";;
  *) echo "| NVIDIA-SMI 580.1   Driver Version: 580.1   CUDA Version: 12.4 |";;
esac
"""


@pytest.mark.parametrize(
    ("free", "ok", "words"),
    [
        pytest.param(
            "7500", True, "0: Some Card, 8.6 GB, 7.9 GB free, compute capability 8.6", id="idle"
        ),
        pytest.param("3000", False, "/usr/bin/game (77) 5.2 GB", id="busy"),
    ],
)
def test_a_card_is_named_with_its_memory_and_who_holds_it(
    machine: Path, monkeypatch: pytest.MonkeyPatch, free: str, ok: bool, words: str
) -> None:
    executable(machine / "nvidia-smi", NVIDIA_SMI)
    monkeypatch.setenv("FREE", free)
    found = hardware.cards()
    (finding,) = doctor._graphics(found)
    assert found.cuda == (12, 4)
    assert finding.ok is ok
    assert words in f"{finding.message} {finding.remedy}"


def test_each_model_gets_the_placement_of_the_card(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(machine / "nvidia-smi", NVIDIA_SMI)
    monkeypatch.setenv("FREE", "7500")
    there = doctor._hardware("auto", hardware.memory(), hardware.cards(), {"cuda": True})
    here = doctor._hardware("auto", hardware.memory(), hardware.cards(), {"cuda": False})
    assert "on cuda in bfloat16, transformer and text_encoder in" in told(there)
    assert "on cpu in bfloat16" in told(here)


def told(machine: Hardware) -> str:
    return doctor._model(MODELS["z-image-turbo"], machine).message


def test_an_old_driver_reports_no_compute_capability(machine: Path) -> None:
    script = """
case "$*" in
  *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;;
  *query-gpu*) echo "0, Old Card, [N/A], [N/A], 470.1";;
esac
"""
    executable(machine / "nvidia-smi", script)
    assert hardware.cards().cards == (Card(0, "Old Card", None, None, "470.1", None),)


@pytest.mark.parametrize(
    ("script", "ok", "words"),
    [
        pytest.param("exit 0", True, "no process was ended", id="an empty log"),
        pytest.param(
            "echo 'Out of memory: Killed process 42 (python3) total-vm:9kB, anon-rss:12000000kB'",
            False,
            "1 ended for want of RAM, last python3 (42) with 12.3 GB",
            id="a worker that was killed",
        ),
        pytest.param(
            "echo 'dmesg: Operation not permitted' >&2; exit 1",
            True,
            "not permitted",
            id="no right",
        ),
    ],
)
def test_the_kernels_log_is_read_where_it_may_be(
    machine: Path, script: str, ok: bool, words: str
) -> None:
    executable(machine / "dmesg", script)
    executable(machine / "journalctl", "exit 1")
    found = doctor._kernel_log()
    assert found.ok is ok
    assert words in found.message


@pytest.mark.parametrize(
    ("runtime", "cuda", "wanted", "card", "ok", "remedy"),
    [
        pytest.param("13.0", True, "auto", True, True, "", id="a GPU that torch sees"),
        pytest.param(None, False, "auto", True, False, "CPU build", id="a CPU build by a card"),
        pytest.param("13.0", False, "auto", True, False, "up to 12.4", id="an old driver"),
        pytest.param("12.1", False, "auto", True, False, "go together", id="a broken driver"),
        pytest.param("13.0", False, "auto", False, False, "patient", id="no card"),
        pytest.param(None, False, "cpu", False, True, "", id="the CPU, as the config says"),
        pytest.param("13.0", True, "mps", True, False, "", id="another device than is there"),
        pytest.param("13.0", True, "cuda:1", True, True, "", id="a numbered device"),
    ],
)
def test_the_device_is_judged_by_the_config(
    runtime: str | None, cuda: bool, wanted: str, card: bool, ok: bool, remedy: str
) -> None:
    cards = Cards((Card(0, "Some Card", 1, 1, "580.1", (8, 6)),) if card else (), cuda=(12, 4))
    found = doctor._device({"runtime": runtime, "cuda": cuda, "mps": False}, wanted, cards)
    assert found.ok == ok
    assert remedy in (found.remedy or "")


def test_a_torch_that_cannot_be_imported_is_named(machine: Path) -> None:
    broken = executable(machine / "python", "echo 'ImportError: libcudnn.so.9' >&2; exit 1")
    (found,) = doctor._libraries(doctor._ask(broken), "auto", Cards())
    assert not found.ok
    assert "libcudnn.so.9" in found.message


def test_old_and_missing_libraries_are_named() -> None:
    answer = {
        "versions": {"torch": "2.15.0+cpu", "diffusers": "0.30.0", "transformers": "5.24.0"},
        "lacking": ["sdnq"],
        "runtime": None,
        "cuda": False,
        "mps": False,
    }
    versions, lacking, _ = doctor._libraries(answer, "cpu", Cards())
    assert "too old: diffusers" in versions.message
    assert not versions.ok
    assert lacking.remedy == "pip install sdnq, in that environment"


def test_the_self_test_paints_with_each_family(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine / "headergen.yaml").write_text("image: {device: cpu}\n")
    assert main(["doctor", "--self-test"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "ok   self-test ZImagePipeline: painted on cpu in bfloat16",
        "ok   self-test AutoPipelineForText2Image: painted on cpu in bfloat16",
    ]


def test_the_self_test_tells_what_is_missing(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine / "headergen.yaml").write_text("image: {device: 'cuda:99'}\n")
    assert main(["doctor", "--self-test"]) == 1
    assert "look self-test ZImagePipeline: no device 'cuda:99'" in capsys.readouterr().out
