from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headergen.cli.main import main
from headergen.diffusion import hardware, interpreter
from headergen.diffusion.cache import Checkpoint
from headergen.diffusion.families import FAMILIES, MODELS, zimage
from headergen.diffusion.families.family import Model
from headergen.diffusion.hardware import Card, Cards, Memory
from headergen.diffusion.placement import Hardware
from headergen.report import doctor
from headergen.settings import config as configs
from headergen.settings.server import Server
from tests.support import server_kinds
from tests.support.executable import executable
from tests.support.image_server import serving


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside of git, first on PATH, with no model in the cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("HEADERGEN_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return tmp_path


@pytest.mark.slow
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
    assert (
        "z-image-turbo: the config's, not fetched (32.8 GB: headergen fetch z-image-turbo); " in out
    )
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


ROCM_SMI = """
cat <<'END'
======================== ROCm System Management Interface ========================
Driver version: 6.12.12
GPU[0]		: VRAM Total Memory (B): 17163091968
GPU[0]		: VRAM Total Used Memory (B): $USED
GPU[0]		: Card Series: 		AMD Radeon RX 7800 XT
END
"""
XPU_SMI = """
cat <<'END'
+-----------+----------------------------------------------------------------+
| Device ID | Device Information                                             |
+-----------+----------------------------------------------------------------+
| 0         | Device Name: Intel(R) Arc(TM) A770 Graphics                    |
|           | Vendor Name: Intel(R) Corporation                              |
+-----------+----------------------------------------------------------------+
END
"""


@pytest.mark.parametrize(
    ("tool", "script", "message", "remedy"),
    [
        pytest.param(
            "rocm-smi",
            ROCM_SMI.replace("$USED", "100"),
            "0: AMD Radeon RX 7800 XT, 17.2 GB, 17.2 GB free, driver 6.12.12",
            None,
            id="AMD",
        ),
        pytest.param(
            "rocm-smi",
            ROCM_SMI.replace("$USED", "16000000000"),
            "0: AMD Radeon RX 7800 XT, 17.2 GB, 1.2 GB free, driver 6.12.12",
            "close what holds the rest: rocm-smi --showpids lists it",
            id="a busy card of AMD",
        ),
        pytest.param(
            "xpu-smi",
            XPU_SMI,
            "0: Intel(R) Arc(TM) A770 Graphics, driver unknown",
            None,
            id="Intel",
        ),
    ],
)
def test_a_card_of_another_vendor_is_named_by_the_vendors_own_tool(
    machine: Path, tool: str, script: str, message: str, remedy: str | None
) -> None:
    executable(machine / "nvidia-smi", "exit 9")
    executable(machine / tool, script)
    found = hardware.cards()
    (finding,) = doctor._graphics(found)
    assert (finding.message, finding.remedy) == (message, remedy)
    answer: dict[str, Any] = {"cuda": False, "mps": False, "runtime": None, "cards": []}
    build = "ROCm" if tool == "rocm-smi" else "XPU"
    assert f"install the build for {build}" in (doctor._device(answer, "auto", found).remedy or "")


def test_a_card_of_intels_is_a_device(machine: Path) -> None:
    answer = {"cuda": False, "xpu": True, "mps": False, "runtime": "2025", "cards": [LARGE, LARGE]}
    for wanted in ("auto", "xpu:1"):
        there = doctor._hardware(wanted, MEMORY, Cards(tool="xpu-smi"), answer)
        assert there.device == wanted.replace("auto", "xpu")
        assert (there.vram_free_bytes, there.bfloat16) == (LARGE[0], True)
        assert doctor._device(answer, wanted, Cards()).ok
    assert not doctor._device(answer, "xpu:2", Cards()).ok
    assert not doctor._device(answer, "cuda", Cards()).ok


GB = 1_000_000_000
SMALL, LARGE = [7_500_000_000, 8_000_000_000, 8, 6], [79_000_000_000, 80_000_000_000, 9, 0]


@pytest.mark.parametrize(
    ("wanted", "answer", "words"),
    [
        pytest.param("auto", {"cuda": True, "cards": [SMALL, LARGE]}, "on cuda in", id="the first"),
        pytest.param(
            "cuda:1", {"cuda": True, "cards": [SMALL, LARGE]}, "on cuda:1 in", id="the second"
        ),
        pytest.param("auto", {"cuda": False, "cards": []}, "on cpu in", id="none that torch sees"),
        pytest.param("cpu", {"cuda": True, "cards": [LARGE]}, "on cpu in", id="none wanted"),
        pytest.param("cuda", {}, "on cuda in", id="no torch, so the driver is believed"),
        pytest.param("cuda:1", {}, "on cpu in", id="one that the driver does not know"),
    ],
)
def test_each_model_gets_the_placement_of_the_wanted_card(
    machine: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    answer: dict[str, Any],
    words: str,
) -> None:
    executable(machine / "nvidia-smi", NVIDIA_SMI)
    monkeypatch.setenv("FREE", "7500")
    there = doctor._hardware(wanted, MEMORY, hardware.cards(), answer)
    message = found_of(ZIMAGE, there, asked=wanted).message
    assert f"would paint {words} bfloat16" in message
    only_if = words == "on cpu in" and wanted != "cpu"
    assert ("; with `image: {device: cpu}` would paint" in message) == only_if
    assert ("transformer and text_encoder in" in message) == (words == "on cuda in")


MEMORY = Memory(32_000_000_000, 24_000_000_000, 0, 0)
ZIMAGE = Checkpoint(MODELS["z-image-turbo"], MODELS["z-image-turbo"].hub_id, local=False)


def found_of(chosen: Checkpoint, there: Hardware, *, asked: str = "auto") -> doctor.Diagnosis:
    return doctor._model(chosen, there, (1280, 672), asked=asked)


def test_a_model_that_only_fits_quantised_needs_the_library() -> None:
    answer = {"cuda": True, "cards": [SMALL], "lacking": ["sdnq"]}
    found = found_of(ZIMAGE, doctor._hardware("auto", MEMORY, Cards(), answer))
    assert not found.ok
    assert "does not fit on this machine: it needs at least" in found.message
    assert "install sdnq" in (found.remedy or "")


@pytest.mark.parametrize(
    ("image", "subject", "ok", "words"),
    [
        pytest.param(
            "{model: TINY, device: cpu}",
            "z-image-turbo",
            True,
            "the config's, in TINY; would paint on cpu in bfloat16",
            id="a folder",
        ),
        pytest.param(
            "{model: someone/tuned, preset: animagine-xl-3.1}",
            "someone/tuned",
            True,
            "not fetched (headergen fetch someone/tuned); with `image: {device: cpu}` would paint",
            id="a hub id, with the sizes of its preset",
        ),
        pytest.param(
            "{model: TINY, transformer: small.gguf, device: cpu}",
            "z-image-turbo with small.gguf",
            True,
            "the config's, in TINY; would paint on cpu in bfloat16",
            id="a folder with a GGUF transformer",
        ),
        pytest.param(
            "{transformer: someone/gguf/Q4.gguf}",
            "z-image-turbo with Q4.gguf",
            True,
            "not fetched (headergen fetch z-image-turbo); its size shows when it is fetched",
            id="a GGUF transformer on the hub",
        ),
        pytest.param(
            "{model: empty, preset: z-image-turbo}",
            "empty",
            False,
            "cannot be used: empty is not a diffusers folder",
            id="a folder that is no checkpoint",
        ),
        pytest.param(
            "{model: nonsense}",
            "image.model",
            False,
            "headergen.yaml:1: image.model: unknown model 'nonsense'",
            id="no model",
        ),
    ],
)
def test_the_model_of_the_config_is_reported_too(
    machine: Path,
    tiny_zimage: Path,
    monkeypatch: pytest.MonkeyPatch,
    image: str,
    subject: str,
    ok: bool,
    words: str,
) -> None:
    monkeypatch.setattr(doctor, "find_interpreter", lambda *_: Path(sys.executable))
    monkeypatch.setattr(doctor, "_ask", lambda _: {"fault": "not asked"})
    executable(machine / "nvidia-smi", "exit 9")
    (machine / "small.gguf").write_bytes(b"GGUF")
    (machine / "empty").mkdir()
    (machine / "headergen.yaml").write_text(f"image: {image.replace('TINY', str(tiny_zimage))}\n")
    config = configs.load(Path())
    found = {each.subject: each for each in doctor.examine(config, machine)}
    assert set(MODELS) <= set(found)
    assert found[subject].ok is ok
    assert words.replace("TINY", str(tiny_zimage)) in found[subject].message.replace(
        f"{machine}{os.sep}", ""
    )
    assert found[subject].ok or found[subject].remedy


@pytest.mark.parametrize(
    ("image", "zimage", "sdxl"),
    [
        pytest.param("{device: cpu}", (1280, 672), (1344, 704), id="the best for the header"),
        pytest.param(
            "{device: cpu, width: 1536, height: 1536}",
            (1536, 1536),
            (1344, 704),
            id="the config's for its own model alone",
        ),
    ],
)
def test_memory_is_predicted_for_the_size_that_is_painted(
    machine: Path,
    monkeypatch: pytest.MonkeyPatch,
    image: str,
    zimage: tuple[int, int],
    sdxl: tuple[int, int],
) -> None:
    sizes: dict[str, tuple[int, int]] = {}

    def predict(
        each: Checkpoint, _: Hardware, size: tuple[int, int], **__: Any
    ) -> doctor.Diagnosis:
        sizes[each.name] = size
        return doctor.Diagnosis(each.name, True, "")

    monkeypatch.setattr(doctor, "_model", predict)
    monkeypatch.setattr(doctor, "_ask", lambda _: {"fault": "not asked"})
    (machine / "headergen.yaml").write_text(f"image: {image}\n")
    assert list(doctor.examine(configs.load(Path()), machine))
    assert (sizes["z-image-turbo"], sizes["animagine-xl-3.1"]) == (zimage, sdxl)


def test_the_models_are_the_tables_where_the_config_names_one_of_them(machine: Path) -> None:
    rows = [Checkpoint(row, row.hub_id, local=False) for row in MODELS.values()]
    assert list(doctor._models(rows[1])) == rows


def test_a_family_that_is_added_to_the_table_gets_its_finding(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = replace(
        zimage.FAMILY,
        name="Novel",
        pipeline_class="NovelPipeline",
        encoders=("reader",),
        denoiser="net",
        quantized_bytes={each: {"8bit": 1.1, "4bit": 0.7} for each in ("reader", "net")},
    )
    weights = {"reader": ("BF16", 2 * GB), "net": ("BF16", 30 * GB), "vae": ("BF16", GB)}
    row = replace(ZIMAGE.row, family=new, name="novel-1", hub_id="someone/novel-1", weights=weights)
    monkeypatch.setitem(MODELS, row.name, row)
    monkeypatch.setitem(FAMILIES, new.name, new)
    monkeypatch.setattr(hardware, "memory", lambda: Memory(64 * GB, 60 * GB, 0, 0))
    monkeypatch.setattr(doctor, "find_interpreter", lambda *_: Path(sys.executable))
    answer = {"cuda": True, "cards": [[23 * GB, 24 * GB, 8, 9]], "mps": False, "lacking": []}
    versions = {"torch": "2.15.0", "diffusers": "0.42.1", "transformers": "5.24.0"}
    monkeypatch.setattr(doctor, "_ask", lambda _: answer | {"versions": versions, "runtime": "13"})
    found = {each.subject: each for each in doctor.examine(configs.load(Path()), machine)}
    assert found["novel-1"].ok
    assert "not fetched (33.0 GB: headergen fetch novel-1)" in found["novel-1"].message
    assert "on cuda in bfloat16, reader and net in 8 bits" in found["novel-1"].message


@pytest.mark.parametrize("row", MODELS.values(), ids=MODELS)
def test_each_model_of_the_table_would_be_fetched_and_placed(machine: Path, row: Model) -> None:
    there = doctor._hardware("auto", MEMORY, Cards(), {"cuda": True, "cards": [LARGE]})
    message = found_of(Checkpoint(row, row.hub_id, local=False), there).message
    assert f": headergen fetch {row.name}); would paint on cuda in {row.family.dtype}" in message


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
    ("memory", "ok", "words"),
    [
        pytest.param(
            Memory(16 * GB, 9 * GB, 4 * GB, 3 * GB),
            True,
            "16.0 GB, 9.0 GB free; swap 4.0 GB, 3.0 GB free",
            id="enough",
        ),
        pytest.param(Memory(16 * GB, GB, 0, 0), False, "1.0 GB free; swap 0.0 GB", id="too little"),
        pytest.param(
            Memory(8 * GB, 5 * GB, 0, 0, limited=True),
            True,
            "a limit of this container",
            id="limit",
        ),
    ],
)
def test_ram_and_swap_are_told(memory: Memory, ok: bool, words: str) -> None:
    found = doctor._memory(memory)
    assert found.ok is ok
    assert words in found.message
    assert "exit 137" in (found.remedy or "")


def test_a_disk_without_room_for_a_model_is_told(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "free_disk_bytes", lambda _: 5 * GB)
    found = doctor._disk()
    assert not found.ok
    assert "5.0 GB free for models in " in found.message
    assert found.remedy == "z-image-turbo takes 20.5 GB: make room, or set HEADERGEN_MODELS"


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
        pytest.param("13.0", True, "cuda:0", True, True, "", id="a numbered device"),
        pytest.param("13.0", True, "cuda:1", True, False, "cuda:0 is", id="no second device"),
    ],
)
def test_the_device_is_judged_by_the_config(
    runtime: str | None, cuda: bool, wanted: str, card: bool, ok: bool, remedy: str
) -> None:
    cards = Cards((Card(0, "Some Card", 1, 1, "580.1", (8, 6)),) if card else (), cuda=(12, 4))
    answer = {"runtime": runtime, "cuda": cuda, "mps": False, "cards": [SMALL] if cuda else []}
    found = doctor._device(answer, wanted, cards)
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


@pytest.mark.slow
def test_the_self_test_paints_with_each_family(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine / "headergen.yaml").write_text("image: {device: cpu}\n")
    assert main(["doctor", "--self-test"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"ok   self-test {name}: painted on cpu in bfloat16" for name in FAMILIES]


@pytest.mark.slow
def test_the_self_test_tells_what_is_missing(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine / "headergen.yaml").write_text("image: {device: 'cuda:99'}\n")
    assert main(["doctor", "--self-test"]) == 1
    assert "look self-test Z-Image: no device 'cuda:99'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("there", "told"),
    [
        (True, "(sglang) paints with Tongyi-MAI/Z-Image-Turbo"),
        (False, "no answer from the server at http://127.0.0.1:"),
    ],
)
def test_a_server_is_judged_in_this_machines_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, told: str
) -> None:
    monkeypatch.setattr("headergen.server.client.sleep", lambda _: None)
    with serving(server_kinds.sglang) as server:
        url = server.url if there else "http://127.0.0.1:9"
        (found,) = doctor.examine(configs.Config(server=Server(url)), tmp_path)
    assert (found.subject, found.ok) == ("image.server", there)
    assert told in found.message
    assert there or found.remedy == "start it, or correct image.server.url"
