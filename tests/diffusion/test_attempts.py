"""Painting as produce sees it: real workers, with real torch and diffusers on tiny checkpoints.

Where a fake worker stands in (memory that runs out on a card), test_worker shows that the real one
tells of it in the same words.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from headergen import errors
from headergen.diffusion import attempts, placement, snapshot
from headergen.diffusion.attempts import Load, Paint, Pixels, paint
from headergen.diffusion.families import MODELS
from headergen.diffusion.placement import Placement
from headergen.diffusion.worker import parts
from headergen.diffusion.worker.events import WorkerError
from headergen.progress import Event, Loading, Measured, Note, Placed, Step
from tests.diffusion.conftest import Direct
from tests.support import checkpoints, weights
from tests.support.executable import executable
from tests.support.forked import WarmProcess
from tests.support.paths import CHECKOUT

PYTHON = Path(sys.executable)
ZIMAGE = Load("tiny-zimage", MODELS["z-image-turbo"], Path(), "cpu")
SDXL = Load("tiny-sdxl", MODELS["sdxl-turbo"], Path(), "cpu")
PICTURE = Paint(
    prompt="夕焼けの海辺、a girl",
    negative_prompt=None,
    width=96,
    height=64,
    steps=2,
    guidance_scale=0.0,
    seed=1,
)
ENDLESS = replace(PICTURE, steps=100_000)
ZIMAGE_PICTURES = [PICTURE, replace(PICTURE, width=97), replace(PICTURE, seed=2)]
SDXL_PICTURES = [
    replace(PICTURE, negative_prompt="lowres, bad", guidance_scale=7.0, steps=3),
    replace(PICTURE, width=64, seed=7),
]

# What a library might do to the stream, and what headergen's worker must not do.
_SITECUSTOMIZE = """
import os, sys
class Witness:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("headergen.") and not os.environ["HEADERGEN"] in path[0]:
            raise AssertionError(f"the worker imports {name} from {path}")
        if name in ("torch", "diffusers"):
            print("noise from", name, flush=True)
            os.write(1, b'{"event": "loaded"}\\n')
sys.meta_path.insert(0, Witness())
"""


class Recorder:
    """Keeps what is reported, and may act on each step."""

    def __init__(self, on_step: Callable[[], None] = lambda: None) -> None:
        self.placements: list[str] = []
        self.loads: list[tuple[str, int, int]] = []
        self.steps: list[tuple[int, int, int | None]] = []
        self.notes: list[str] = []
        self.measured: list[Measured] = []
        self._on_step = on_step

    def __call__(self, event: Event) -> None:
        match event:
            case Placed(name, placement):
                self.placements.append(f"{name}: {placement}")
            case Loading(part, done_bytes, total_bytes):
                self.loads.append((part, done_bytes, total_bytes))
            case Step(index, step, steps):
                self.steps.append((index, step, steps))
                self._on_step()
            case Note(text):
                self.notes.append(text)
            case Measured():
                self.measured.append(event)


@dataclass(frozen=True)
class Run:
    results: list[Pixels | errors.PaintError]
    progress: Recorder


def run_worker(load: Load, requests: Sequence[Paint], interpreter: Path = PYTHON) -> Run:
    progress = Recorder()
    with closing(paint(interpreter, load, requests, progress)) as results:
        return Run([result for _, result in sorted(results, key=itemgetter(0))], progress)


def load_of(folder: Path, load: Load = ZIMAGE) -> Load:
    return replace(load, folder=folder)


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """List the processes that the test starts."""
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen.__init__

    def record(self: subprocess.Popen[bytes], *args: Any, **options: Any) -> None:
        started.append(self)
        start(self, *args, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", record)
    return started


# --- Pictures -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def zimage_run(
    tiny_zimage: Path, warm_process: WarmProcess, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Paint two good pictures and, between them, one whose width Z-Image does not admit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        warm_process.use(patch)
        return run_worker(load_of(tiny_zimage), ZIMAGE_PICTURES)


@pytest.fixture(scope="module")
def sdxl_run(
    tiny_sdxl: Path, warm_process: WarmProcess, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        warm_process.use(patch)
        return run_worker(load_of(tiny_sdxl, SDXL), SDXL_PICTURES)


@pytest.mark.slow
@pytest.mark.isolated
@pytest.mark.parametrize("family", ["zimage", "sdxl"])
def test_a_worker_that_imports_for_itself_paints_and_reports_the_same(
    family: str,
    zimage_run: Run,
    sdxl_run: Run,
    tiny_zimage: Path,
    tiny_sdxl: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.setenv("HEADERGEN", str(Path(attempts.__file__).parents[1]))
    monkeypatch.setenv("TMPDIR", str(empty))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "torch"))  # made at its import
    monkeypatch.chdir(empty)
    forked, load, requests = {
        "zimage": (zimage_run, load_of(tiny_zimage), ZIMAGE_PICTURES),
        "sdxl": (sdxl_run, load_of(tiny_sdxl, SDXL), SDXL_PICTURES),
    }[family]

    run = run_worker(load, requests)

    assert list(map(told, run.results)) == list(map(told, forked.results))
    assert run.progress.loads == forked.progress.loads
    assert run.progress.steps == forked.progress.steps
    assert list(empty.iterdir()) == []


def told(result: Pixels | errors.PaintError) -> object:
    """Return what can be compared: two equal errors are not the same."""
    return result if isinstance(result, Pixels) else str(result)


@pytest.mark.parametrize(("index", "seed"), [(0, 1), (2, 2)], ids=["first", "after a failure"])
def test_zimage_paints_what_diffusers_paints(
    zimage_run: Run, direct: Direct, tiny_zimage: Path, index: int, seed: int
) -> None:
    assert zimage_run.results[index] == direct(tiny_zimage, ZIMAGE.row, replace(PICTURE, seed=seed))


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1], ids=["with guidance", "without guidance"])
def test_sdxl_paints_what_diffusers_paints(
    sdxl_run: Run, direct: Direct, tiny_sdxl: Path, index: int
) -> None:
    assert sdxl_run.results[index] == direct(tiny_sdxl, SDXL.row, SDXL_PICTURES[index])


def test_what_painting_took_is_told_beside_what_was_predicted(
    zimage_run: Run, tiny_zimage: Path
) -> None:
    (found,) = zimage_run.progress.measured

    assert (found.name, found.pictures, found.device) == ("tiny-zimage", 2, "cpu")
    assert found.seconds > 0
    assert set(found.memory) == {"RAM"}
    peak, predicted = found.memory["RAM"]
    # torch and diffusers alone take more than 0.3 GB, of which the prediction knows.
    assert 3e8 < peak < predicted


def test_pictures_differ_by_seed_and_within(zimage_run: Run) -> None:
    first, _, second = zimage_run.results

    assert isinstance(first, Pixels)
    assert first != second
    assert len(set(first.rgb)) > 50


def test_a_failing_request_leaves_the_others_alone(zimage_run: Run) -> None:
    kinds = [type(result) for result in zimage_run.results]

    assert kinds == [Pixels, errors.PaintError, Pixels]
    assert "Width must be divisible by 16 (got 97)" in str(zimage_run.results[1])


def test_one_load_serves_all_pictures_in_half_precision(zimage_run: Run, sdxl_run: Run) -> None:
    (zimage,), (sdxl,) = zimage_run.progress.placements, sdxl_run.progress.placements

    assert zimage.startswith("tiny-zimage: on cpu in bfloat16; needs about")
    assert sdxl.startswith("tiny-sdxl: on cpu in bfloat16; needs about")


def test_loading_is_told_by_the_bytes_of_the_weights(
    zimage_run: Run, sdxl_run: Run, tiny_zimage: Path, tiny_sdxl: Path
) -> None:
    zimage_bytes = weight_bytes(tiny_zimage, None)
    sdxl_bytes = weight_bytes(tiny_sdxl, "fp16")
    parts = [part for part, _, _ in zimage_run.progress.loads]

    assert parts == ["text_encoder", "transformer", "vae", ""]
    assert zimage_run.progress.loads[0] == ("text_encoder", 0, zimage_bytes)
    assert zimage_run.progress.loads[-1] == ("", zimage_bytes, zimage_bytes)
    assert sdxl_run.progress.loads[-1] == ("", sdxl_bytes, sdxl_bytes)


def weight_bytes(folder: Path, variant: str | None) -> int:
    row = ZIMAGE.row if variant is None else SDXL.row
    found = snapshot.read(folder, row.family.pipeline_class, variant)
    return sum(sum(found.bytes_by_dtype(part).values()) for part in found.weights)


def test_steps_are_told_for_each_picture(zimage_run: Run) -> None:
    assert zimage_run.progress.steps == [(0, 1, 2), (0, 2, 2), (2, 1, 2), (2, 2, 2)]


@pytest.mark.slow
@pytest.mark.parametrize("stages", [2, 3])
@pytest.mark.parametrize("family", ["zimage", "sdxl"])
def test_stages_paint_what_is_painted_with_everything_resident(
    family: str,
    stages: int,
    zimage_run: Run,
    sdxl_run: Run,
    tiny_zimage: Path,
    tiny_sdxl: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run, load, requests = {
        "zimage": (zimage_run, load_of(tiny_zimage), ZIMAGE_PICTURES),
        "sdxl": (sdxl_run, load_of(tiny_sdxl, SDXL), SDXL_PICTURES),
    }[family]
    only(monkeypatch, lambda each: len(each.stages) == stages and not each.vae_tiling)

    staged = run_worker(load, requests)

    pictures = [result for result in staged.results if isinstance(result, Pixels)]
    assert pictures == [result for result in run.results if isinstance(result, Pixels)]
    assert f"in {stages} stages" in staged.progress.placements[0]
    assert [part for part, _, _ in staged.progress.loads].count("") == stages


def only(monkeypatch: pytest.MonkeyPatch, wanted: Callable[[Placement], bool]) -> None:
    """Leave only the wanted placements to choose from, as a small machine does."""
    every = placement.candidates

    def candidates(*args: Any, **options: Any) -> list[Placement]:
        return [each for each in every(*args, **options) if wanted(each)]

    monkeypatch.setattr(placement, "candidates", candidates)


@pytest.mark.slow
def test_tiles_are_decoded_with_hardly_a_difference(
    tiny_zimage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = replace(PICTURE, width=1024, height=640, steps=1)
    whole = run_worker(load_of(tiny_zimage), [large]).results[0]
    only(monkeypatch, lambda each: each.vae_tiling)
    tiled = run_worker(load_of(tiny_zimage), [large]).results[0]

    assert isinstance(whole, Pixels)
    assert isinstance(tiled, Pixels)
    assert (whole.tiled, tiled.tiled) == (False, True)
    differences = [abs(a - b) for a, b in zip(whole.rgb, tiled.rgb, strict=True)]
    assert any(differences)
    assert sum(differences) / len(differences) < 4


def test_no_request_starts_no_worker(workers: list[subprocess.Popen[bytes]]) -> None:
    assert run_worker(ZIMAGE, []).results == []
    assert workers == []


# --- Checkpoints ----------------------------------------------------------------------------------


def _without_safetensors(folder: Path) -> None:
    (folder / "vae/diffusion_pytorch_model.safetensors").rename(folder / "vae/pytorch_model.bin")


def _without_vae(folder: Path) -> None:
    shutil.rmtree(folder / "vae")


def _index_with(**entries: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "model_index.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | entries))

    return edit


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        pytest.param(_without_safetensors, ["vae", "pickles only"], id="pickles only"),
        pytest.param(_without_vae, ["lacks", "'vae'"], id="a part is missing"),
        pytest.param(
            _index_with(_class_name="FluxPipeline"),
            [
                "'FluxPipeline'",
                "known are Flux2KleinPipeline, StableDiffusionXLPipeline, ZImagePipeline",
            ],
            id="an unknown pipeline class",
        ),
        pytest.param(
            _index_with(_class_name="StableDiffusionXLPipeline"),
            ["is a StableDiffusionXLPipeline", "a ZImagePipeline's"],
            id="settings of another family",
        ),
        pytest.param(
            _index_with(transformer=["my_code", "Net"]), ["'transformer'", "'my_code'"], id="code"
        ),
        pytest.param(
            lambda folder: (folder / "model_index.json").unlink(),
            ["has no model_index.json"],
            id="no diffusers folder",
        ),
        pytest.param(shutil.rmtree, ["is no folder"], id="no folder"),
    ],
)
def test_a_checkpoint_that_cannot_be_used(
    tiny_zimage: Path, tmp_path: Path, damage: Callable[[Path], None], words: Sequence[str]
) -> None:
    folder = shutil.copytree(tiny_zimage, tmp_path / "checkpoint")
    damage(folder)

    with pytest.raises(errors.CheckpointError) as caught:
        run_worker(load_of(folder), [PICTURE])

    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert caught.value.remedy


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        pytest.param(_index_with(vae=[None, None]), "names no vae", id="a part is left out"),
        pytest.param(
            _index_with(vae=["diffusers", "DiffusionPipeline"]),
            "has no DiffusionPipeline for 'vae'",
            id="a class that is no part",
        ),
    ],
)
def test_a_checkpoint_that_its_libraries_refuse(
    tiny_zimage: Path, tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    folder = shutil.copytree(tiny_zimage, tmp_path / "checkpoint")
    damage(folder)
    found = snapshot.read(folder, "ZImagePipeline")

    with pytest.raises(WorkerError, match=words):
        parts.assemble({"family": ZIMAGE.row.family.name}, found)


@pytest.mark.slow
def test_the_one_whole_variant_is_painted_with_whatever_else_is_there(
    tiny_sdxl: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_sdxl, tmp_path / "checkpoint")
    for file in folder.rglob("*.safetensors"):
        if ".fp16" not in file.name and file.parent != folder:
            file.unlink()
    shards = {"weight_map": {"a": "diffusion_pytorch_model-00001-of-00002.safetensors"}}
    for name in ("safetensors.index.json", "safetensors.index.fp16.json"):
        (folder / "unet" / f"diffusion_pytorch_model.{name}").write_text(json.dumps(shards))
    _index_with(image_encoder=["transformers", "CLIPVisionModelWithProjection"])(folder)

    run = run_worker(load_of(folder, replace(SDXL, row=MODELS["animagine-xl-3.1"])), [PICTURE])

    assert isinstance(run.results[0], Pixels), run.results[0]
    assert run.results == run_worker(load_of(tiny_sdxl, SDXL), [PICTURE]).results


# --- The machine ----------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "darwin", reason="MPS cannot be hidden from torch")
def test_auto_without_an_accelerator_is_an_error_with_remedies(
    tiny_zimage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")

    with pytest.raises(errors.DeviceNotFoundError, match=r"no GPU was found: .*\(torch \d") as e:
        run_worker(replace(load_of(tiny_zimage), device="auto"), [PICTURE])

    for remedy in ("device: cpu", "SKIP=headergen", "another machine"):
        assert remedy in str(e.value.remedy)


@pytest.mark.isolated
def test_libraries_that_cannot_be_imported(
    tiny_zimage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("print('noise')\nraise OSError('libcudnn.so.9 is missing')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(errors.DependencyError, match=r"torch .* libcudnn\.so\.9 is missing"):
        run_worker(load_of(tiny_zimage), [PICTURE])


@pytest.mark.slow
@pytest.mark.isolated
@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux has it")
def test_a_worker_killed_mid_picture_ran_out_of_system_ram(
    tiny_zimage: Path, workers: list[subprocess.Popen[bytes]]
) -> None:
    seen = []

    def kill() -> None:
        pid = workers[-1].pid
        score = Path(f"/proc/{pid}/oom_score_adj").read_text().strip()
        seen.append((score, os.getsid(pid) == pid))
        workers[-1].kill()

    with pytest.raises(errors.SystemMemoryError, match="system RAM") as caught:
        list(paint(PYTHON, load_of(tiny_zimage), [ENDLESS], Recorder(kill)))

    remedies = ["half precision", "pipeline class", "CPU offload", "animagine-xl-3.1"]
    places = [str(caught.value.remedy).index(remedy) for remedy in remedies]
    assert places == sorted(places)
    assert set(seen) == {("1000", True)}  # first to be killed; out of Ctrl-C's reach


@pytest.mark.slow
@pytest.mark.isolated
def test_closing_the_generator_ends_the_worker(
    tiny_zimage: Path, workers: list[subprocess.Popen[bytes]]
) -> None:
    results = paint(PYTHON, load_of(tiny_zimage), [PICTURE, ENDLESS], Recorder())

    assert isinstance(next(results)[1], Pixels)
    assert workers[0].poll() is None
    results.close()

    assert workers[0].returncode == -signal.SIGTERM


_PARENT = """
import subprocess, sys
from pathlib import Path
from tests.diffusion.test_attempts import ENDLESS, PYTHON, Recorder, load_of, paint

started = []
start = subprocess.Popen.__init__
def record(self, *args, **options):
    started.append(self)
    start(self, *args, **options)
subprocess.Popen.__init__ = record

def tell():
    print(started[0].pid, flush=True)

for _ in paint(PYTHON, load_of(Path(sys.argv[1])), [ENDLESS], Recorder(tell)):
    pass
"""


@pytest.mark.slow
def test_a_worker_ends_when_its_parent_is_killed(tiny_zimage: Path, tmp_path: Path) -> None:
    root = CHECKOUT
    environment = os.environ | {"PYTHONPATH": str(root), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [PYTHON, "-c", _PARENT, tiny_zimage],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert is_running(worker)
        parent.kill()

    assert eventually(lambda: not is_running(worker), seconds=5.0)
    # PyTorch makes a folder for its compiler, whatever it does.
    left = [path.name for path in tmp_path.iterdir() if not path.name.startswith("torchinductor_")]
    assert left == []


def is_running(pid: int) -> bool:
    """Say whether a process lives; one that nobody has reaped yet does not."""
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def eventually(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


# --- When it fails all the same, with a fake worker -----------------------------------------------


@pytest.fixture
def fake_worker(tmp_path: Path) -> Callable[[str], Path]:
    """Make an interpreter whose worker answers the survey and then runs the given code.

    The code knows `order`, the order to paint, and `attempt`, which counts from 1.
    """

    def make(code: str, **facts: Any) -> Path:
        script = tmp_path / "fake_worker.py"
        script.write_text(f"{_FAKE_WORKER.format(facts=CARD | facts)}\n{code}")
        return executable(tmp_path / "python", f'exec "{PYTHON}" "{script}"')

    return make


# A card on which everything is resident, if it is free.
CARD = {
    "device": "cuda",
    "vram_free": 24_000_000_000,
    "capability": [8, 9],
    "bfloat16": True,
    "quantizable": False,
}
_FAKE_WORKER = """
import base64, json, os, signal, sys, time
from pathlib import Path

def emit(event, **fields):
    print(json.dumps(dict(fields, event=event)), flush=True)

def picture(request, peak_vram=None, peak_ram=None):
    width, height = request["width"], request["height"]
    rgb = base64.b64encode(bytes(range(3)) * width * height).decode()
    size = dict(width=width, height=height)
    emit("image", id=request["id"], **size, rgb=rgb, peak_vram=peak_vram, peak_ram=peak_ram)

def fail(kind, id=None):
    emit("error", id=id, kind=kind, message="these words")

tally = Path(__file__).with_name("attempts")
order = json.loads(sys.stdin.readline())
if order["op"] == "survey":
    emit("surveyed", **{facts})
    order = json.loads(sys.stdin.readline())
with tally.open("a") as file:
    file.write("x")
attempt = tally.stat().st_size
"""


def test_out_of_video_memory_goes_down_to_stages_tiles_and_smaller_sizes(
    fake_worker: Callable[..., Path], tiny_zimage: Path
) -> None:
    code = "fail('video memory') if request['width'] > 640 else picture(request)"
    python = fake_worker(f"request = order['requests'][0]\n{code}")
    request = replace(PICTURE, width=1280, height=672)

    run = run_worker(load_of(tiny_zimage), [request], python)

    (painted,) = run.results
    assert isinstance(painted, Pixels)
    assert (painted.width, painted.height) == (640, 336)
    assert all("out of video memory (VRAM)" in note for note in run.progress.notes)
    assert run.progress.notes[0].partition("; needs about")[0].endswith("in 2 stages")
    assert "decoding by tiles" in "".join(run.progress.notes[1:])
    assert all(each.startswith("tiny-zimage: ") for each in run.progress.placements)
    assert run.progress.notes[-2].endswith("painting at 75% of the render size, to be scaled up")
    assert run.progress.notes[-1].endswith("painting at 50% of the render size, to be scaled up")


def test_video_memory_that_never_suffices_is_an_error_that_says_what_was_free(
    fake_worker: Callable[..., Path], tiny_zimage: Path
) -> None:
    with pytest.raises(errors.VideoMemoryError, match=r"VRAM: .* 24\.0 GB free") as caught:
        run_worker(load_of(tiny_zimage), [PICTURE], fake_worker("fail('video memory')"))

    assert "smaller model" in str(caught.value.remedy)


def test_what_was_painted_before_memory_ran_out_is_kept(
    fake_worker: Callable[..., Path], tiny_zimage: Path
) -> None:
    code = "for request in order['requests'][:attempt]: picture(request)\nfail('video memory')"
    requests = [PICTURE, replace(PICTURE, width=64), replace(PICTURE, width=128)]

    run = run_worker(load_of(tiny_zimage), requests, fake_worker(code))

    assert [result.width for result in run.results if isinstance(result, Pixels)] == [96, 64, 128]
    assert len(run.progress.placements) == 2


def test_each_picture_tells_in_which_bits_it_was_painted(
    fake_worker: Callable[..., Path], tiny_zimage: Path
) -> None:
    code = """
eight = "8bit" in order["placement"]["quantization"].values()
for request in order["requests"]:
    picture(request) if eight or request["id"] == 0 else fail("video memory")
"""
    requests = [PICTURE, replace(PICTURE, seed=2)]

    run = run_worker(load_of(tiny_zimage), requests, fake_worker(code, quantizable=True))

    assert [each.bits for each in run.results if isinstance(each, Pixels)] == [None, "8bit"]


def test_what_a_card_gave_is_told_of_the_last_attempt(
    fake_worker: Callable[..., Path], tiny_zimage: Path
) -> None:
    code = """
if attempt == 1:
    fail("video memory")
picture(order["requests"][0], peak_vram=5, peak_ram=7)
"""
    run = run_worker(load_of(tiny_zimage), [PICTURE], fake_worker(code, card="Some Card"))

    (found,) = run.progress.measured
    assert (found.pictures, found.device) == (1, "Some Card")
    assert {kind: peak for kind, (peak, _) in found.memory.items()} == {"VRAM": 5, "RAM": 7}


def test_a_killed_worker_is_tried_once_more_in_a_smaller_placement(
    fake_worker: Callable[..., Path], tiny_zimage: Path, fp32_as_published: None
) -> None:
    code = "os.kill(os.getpid(), signal.SIGKILL) if attempt == 1 else picture(order['requests'][0])"
    cpu = {"device": "cpu", "vram_free": None, "capability": None}

    run = run_worker(load_of(tiny_zimage), [PICTURE], fake_worker(code, **cpu))

    assert isinstance(run.results[0], Pixels)
    (note,) = run.progress.notes
    assert "out of system RAM (not VRAM)" in note
    assert "exit status 137" in note
    assert " GB free at the start" in note
    assert "trying again: on cpu" in note


def test_a_worker_that_is_killed_again_is_an_error_with_remedies_in_order(
    fake_worker: Callable[..., Path], tiny_zimage: Path, fp32_as_published: None
) -> None:
    cpu = {"device": "cpu", "vram_free": None, "capability": None}
    python = fake_worker("os.kill(os.getpid(), signal.SIGKILL)", **cpu)

    with pytest.raises(errors.SystemMemoryError, match=r"RAM: about .* needed, .* free") as caught:
        run_worker(load_of(tiny_zimage), [PICTURE], python)

    remedies = ["half precision", "pipeline class", "CPU offload", "animagine-xl-3.1"]
    places = [str(caught.value.remedy).index(remedy) for remedy in remedies]
    assert places == sorted(places)
    assert (python.parent / "attempts").read_text() == "xx"


@pytest.fixture
def fp32_as_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make parts large enough that stages differ in what they predict."""
    sizes = {"text_encoder": {"F32": 10**9}, "transformer": {"F32": 10**9}, "vae": {"F32": 10**8}}
    monkeypatch.setattr(snapshot.Snapshot, "bytes_by_dtype", lambda self, part: sizes[part])


@pytest.mark.parametrize(
    ("load", "dtypes"),
    [
        pytest.param(ZIMAGE, ["bfloat16", "float32"], id="Z-Image in float32"),
        pytest.param(SDXL, ["float16", "bfloat16"], id="SDXL in bfloat16"),
    ],
)
def test_no_picture_is_tried_once_more_in_a_safe_precision(
    load: Load,
    dtypes: list[str],
    fake_worker: Callable[..., Path],
    tiny_zimage: Path,
    tiny_sdxl: Path,
) -> None:
    folder = tiny_zimage if load is ZIMAGE else tiny_sdxl
    code = """
for each in order["requests"]:
    fail("overflow", each["id"]) if attempt == 1 and each["id"] else picture(each)
"""
    requests = [PICTURE, replace(PICTURE, width=64)]

    run = run_worker(load_of(folder, load), requests, fake_worker(code))

    assert [result.width for result in run.results if isinstance(result, Pixels)] == [96, 64]
    assert re.findall(r"on cuda in (\w+)", "\n".join(run.progress.placements)) == dtypes
    assert f"trying again: on cuda in {dtypes[1]}" in run.progress.notes[0]


def test_no_picture_in_the_safe_precision_either_is_an_error_of_its_own(
    fake_worker: Callable[..., Path], tiny_zimage: Path
) -> None:
    code = "for each in order['requests']: fail('overflow', 1) if each['id'] else picture(each)"

    run = run_worker(load_of(tiny_zimage), [PICTURE, PICTURE], fake_worker(code))

    assert isinstance(run.results[0], Pixels)
    assert isinstance(run.results[1], errors.NoPictureError)
    assert len(run.progress.placements) == 2


@pytest.mark.slow
def test_a_real_model_that_overflows_is_tried_in_float32_and_then_given_up(
    tiny_zimage: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_zimage, tmp_path / "checkpoint")
    vae = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights.fill(vae, "decoder.conv_out.bias", math.nan)

    run = run_worker(load_of(folder), [PICTURE])

    assert isinstance(run.results[0], errors.NoPictureError)
    assert "in float32" in run.progress.placements[1]


def test_a_model_that_does_not_fit_is_refused_before_loading(
    fake_worker: Callable[..., Path], tiny_zimage: Path
) -> None:
    python = fake_worker("picture(order['requests'][0])", vram_free=10_000_000)

    with pytest.raises(errors.PlacementError, match=r"of VRAM, .* more than is free"):
        run_worker(load_of(tiny_zimage), [PICTURE], python)

    assert not (python.parent / "attempts").exists()


def test_a_worker_that_hangs_is_ended_at_the_time_limit(
    fake_worker: Callable[..., Path], tiny_zimage: Path, workers: list[subprocess.Popen[bytes]]
) -> None:
    load = replace(load_of(tiny_zimage), timeout_s=1.0)

    with pytest.raises(errors.HungError, match="said nothing for 1 s") as caught:
        run_worker(load, [PICTURE], fake_worker("time.sleep(60)"))

    assert "worker.timeout_s" in str(caught.value.remedy)
    assert workers[0].returncode is not None


@pytest.mark.slow
def test_a_gguf_transformer_paints_in_place_of_the_checkpoints_own(
    large_zimage: Path, tmp_path: Path
) -> None:
    import gguf

    writer = gguf.GGUFWriter(tmp_path / "exact.gguf", "zimage")
    for name, tensor in checkpoints.tensors(large_zimage / "transformer").items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    folder = shutil.copytree(large_zimage, tmp_path / "checkpoint")
    for shard in (folder / "transformer").glob("*.safetensors"):
        shard.unlink()
    load = replace(load_of(folder), transformer=tmp_path / "exact.gguf")

    (expected,) = run_worker(load_of(large_zimage), [PICTURE]).results
    (found,) = run_worker(load, [PICTURE]).results

    assert isinstance(expected, Pixels)
    assert isinstance(found, Pixels), found
    differences = [abs(a - b) for a, b in zip(found.rgb, expected.rgb, strict=True)]
    assert sum(differences) / len(differences) < 3
