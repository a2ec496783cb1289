"""The worker as its parent sees it: real torch and diffusers on tiny checkpoints.

Where a fake interpreter stands in for the worker (its deaths, its kinds of failure), a test beside
it shows the same with a real one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from headergen import errors
from headergen.diffusion import client, worker
from headergen.diffusion.client import Load, Paint, Pixels, paint
from tests.executable import executable
from tests.hub import serve_hub

PYTHON = Path(sys.executable)
HUB_ID = "someone/tiny"
TOKEN = "hf_" + "Q" * 34

ZIMAGE = Load(
    name="tiny-zimage",
    checkpoint="",
    local=True,
    pipeline="ZImagePipeline",
    pipeline_class="ZImagePipeline",
    dtype="bfloat16",
    device="cpu",
)
SDXL = Load(
    name="tiny-sdxl",
    checkpoint="",
    local=True,
    pipeline="AutoPipelineForText2Image",
    pipeline_class="StableDiffusionXLPipeline",
    dtype="float16",
    device="cpu",
    scheduler_class="EulerAncestralDiscreteScheduler",
    scheduler_options={"timestep_spacing": "trailing"},
    variant="fp16",
)
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
SDXL_PICTURES = [
    replace(PICTURE, negative_prompt="lowres, bad", guidance_scale=7.0, steps=3),
    replace(PICTURE, width=64, seed=7),
]

# What a library might do to the stream, and what headergen's worker must not do.
_SITECUSTOMIZE = """
import os, sys
class Witness:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "headergen":
            raise AssertionError("the worker imports headergen")
        if name in ("torch", "diffusers"):
            print("noise from", name, flush=True)
            os.write(1, b'{"event": "loaded"}\\n')
sys.meta_path.insert(0, Witness())
"""


class Recorder:
    """A Progress that keeps what it was told, and may act on each step."""

    def __init__(self, on_step: Callable[[], None] = lambda: None) -> None:
        self.downloads: list[tuple[int, int]] = []
        self.loads: list[tuple[str, int, int]] = []
        self.models: list[tuple[str, str]] = []
        self.steps: list[tuple[int, int, int]] = []
        self._on_step = on_step

    def downloading(self, done_bytes: int, total_bytes: int) -> None:
        self.downloads.append((done_bytes, total_bytes))

    def loading(self, part: str, done_bytes: int, total_bytes: int) -> None:
        self.loads.append((part, done_bytes, total_bytes))

    def loaded(self, device: str, dtype: str) -> None:
        self.models.append((device, dtype))

    def step(self, index: int, step: int, steps: int) -> None:
        self.steps.append((index, step, steps))
        self._on_step()


@dataclass(frozen=True)
class Run:
    results: list[Pixels | errors.PaintError]
    progress: Recorder


def run_worker(load: Load, requests: Sequence[Paint], interpreter: Path = PYTHON) -> Run:
    progress = Recorder()
    with closing(paint(interpreter, load, requests, progress)) as results:
        return Run(list(results), progress)


def load_of(checkpoint: Path, load: Load = ZIMAGE) -> Load:
    return replace(load, checkpoint=str(checkpoint))


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
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def zimage_run(
    tiny_zimage: Path, tmp_path_factory: pytest.TempPathFactory, empty_folder: Path
) -> Run:
    """Paint two good pictures and, between them, one whose width Z-Image does not admit."""
    site = tmp_path_factory.mktemp("site")
    (site / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    requests = [PICTURE, replace(PICTURE, width=97), replace(PICTURE, seed=2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(site))
        patch.setenv("TMPDIR", str(empty_folder))
        patch.chdir(empty_folder)
        return run_worker(load_of(tiny_zimage), requests)


@pytest.fixture(scope="module")
def sdxl_run(tiny_sdxl: Path) -> Run:
    return run_worker(load_of(tiny_sdxl, SDXL), SDXL_PICTURES)


@pytest.mark.parametrize(("index", "seed"), [(0, 1), (2, 2)], ids=["first", "after a failure"])
def test_zimage_paints_what_diffusers_paints(
    zimage_run: Run, tiny_zimage: Path, index: int, seed: int
) -> None:
    import diffusers
    import torch

    pipeline = diffusers.ZImagePipeline.from_pretrained(tiny_zimage, dtype=torch.bfloat16)

    assert zimage_run.results[index] == direct(pipeline, replace(PICTURE, seed=seed))


# diffusers 0.42's scheduler hands a torch tensor to np.array, which numpy will refuse one day.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
@pytest.mark.parametrize("index", [0, 1], ids=["with guidance", "without guidance"])
def test_sdxl_paints_what_diffusers_paints(sdxl_run: Run, tiny_sdxl: Path, index: int) -> None:
    import diffusers
    import torch

    pipeline = diffusers.AutoPipelineForText2Image.from_pretrained(
        tiny_sdxl, dtype=torch.bfloat16, variant="fp16"
    )
    pipeline.scheduler = diffusers.EulerAncestralDiscreteScheduler.from_config(
        pipeline.scheduler.config, timestep_spacing="trailing"
    )

    assert sdxl_run.results[index] == direct(pipeline, SDXL_PICTURES[index])


def direct(pipeline: Any, request: Paint) -> Pixels:
    """Paint as a script of a user would."""
    import torch

    picture = pipeline(
        request.prompt,
        negative_prompt=request.negative_prompt,
        width=request.width,
        height=request.height,
        num_inference_steps=request.steps,
        guidance_scale=request.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    ).images[0]
    return Pixels(picture.width, picture.height, picture.tobytes())


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
    assert zimage_run.progress.models == [("cpu", "bfloat16")]
    assert sdxl_run.progress.models == [("cpu", "bfloat16")]


def test_loading_is_told_by_the_bytes_of_the_weights(
    zimage_run: Run, sdxl_run: Run, tiny_zimage: Path, tiny_sdxl: Path
) -> None:
    zimage_bytes = sum(file.stat().st_size for file in tiny_zimage.rglob("*.safetensors"))
    sdxl_bytes = sum(file.stat().st_size for file in tiny_sdxl.rglob("*.fp16.safetensors"))
    parts = [part for part, _, _ in zimage_run.progress.loads]

    assert parts == ["text_encoder", "transformer", "vae", ""]
    assert zimage_run.progress.loads[0] == ("text_encoder", 0, zimage_bytes)
    assert zimage_run.progress.loads[-1] == ("", zimage_bytes, zimage_bytes)
    assert sdxl_run.progress.loads[-1] == ("", sdxl_bytes, sdxl_bytes)


def test_steps_are_told_for_each_picture(zimage_run: Run) -> None:
    assert zimage_run.progress.steps == [(0, 1, 2), (0, 2, 2), (2, 1, 2), (2, 2, 2)]


def test_no_file_is_left_behind(zimage_run: Run, empty_folder: Path) -> None:
    assert zimage_run.results
    assert list(empty_folder.iterdir()) == []


def test_numbers_that_overflow_are_no_black_picture(tiny_zimage: Path) -> None:
    import diffusers

    pipeline = diffusers.ZImagePipeline.from_pretrained(tiny_zimage)
    pipeline.vae.decoder.conv_out.bias.data.fill_(float("nan"))

    with pytest.raises(worker.WorkerError, match="overflowed to NaN") as caught:
        worker.paint(pipeline, {"id": 0, **vars(PICTURE)}, lambda event, **fields: None)

    assert caught.value.kind == "overflow"


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
            ["'FluxPipeline'", "known are StableDiffusionXLPipeline, ZImagePipeline"],
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
    order = vars(load_of(folder)) | {"known_classes": ["ZImagePipeline"]}

    with pytest.raises(worker.WorkerError, match=words):
        worker.load(order, lambda event, **fields: None)


# --- The hub --------------------------------------------------------------------------------------


@pytest.fixture
def hub_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the worker an empty model cache, and a token that must not be told."""
    for variable in ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "hf"


def hub_load(checkpoint: str = HUB_ID, *, download: bool = True) -> Load:
    return replace(ZIMAGE, checkpoint=checkpoint, local=False, download=download)


@pytest.mark.usefixtures("hub_home")
def test_a_model_is_downloaded_once_and_then_needs_no_network(
    tiny_zimage: Path, zimage_run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    published = shutil.copytree(tiny_zimage, tmp_path / "published")
    (published / "single_file.safetensors").write_bytes(b"not wanted")
    (published / "vae" / "diffusion_pytorch_model.bin").write_bytes(b"not wanted")

    with serve_hub({HUB_ID: published}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        first = run_worker(hub_load(), [PICTURE])
        asked, hub.requests[:] = hub.requests[:], []
        with pytest.raises(errors.DeviceNotFoundError):  # which is asked for once it is found
            run_worker(replace(hub_load(), device="cuda:99"), [PICTURE])

    done, total = first.progress.downloads[-1]
    assert done == total > 1_000_000
    assert first.results == zimage_run.results[:1]
    assert not [line for line in asked if "single_file" in line or ".bin" in line]
    assert hub.requests == []


@pytest.mark.usefixtures("hub_home")
@pytest.mark.parametrize(
    ("checkpoint", "kind", "words"),
    [
        pytest.param("someone/nothing", errors.ModelNotFoundError, "someone/nothing", id="unknown"),
        pytest.param("someone/gated", errors.ModelNotFoundError, "gated", id="gated"),
        pytest.param("a/b/c", errors.ModelNotFoundError, "a/b/c", id="no hub id"),
        pytest.param("someone/empty", errors.CheckpointError, "model_index.json", id="no pipeline"),
        pytest.param("someone/other", errors.CheckpointError, "'Other'", id="unknown class"),
    ],
)
def test_a_model_that_the_hub_does_not_give(
    checkpoint: str,
    kind: type[errors.PaintError],
    words: str,
    tiny_zimage: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    other = shutil.copytree(tiny_zimage, tmp_path / "other")
    _index_with(_class_name="Other")(other)
    models = {"someone/gated": tiny_zimage, "someone/empty": tmp_path, "someone/other": other}

    with serve_hub(models, gated=frozenset({"someone/gated"})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        with pytest.raises(kind, match=words) as caught:
            run_worker(hub_load(checkpoint), [PICTURE])

    assert TOKEN not in f"{caught.value} {caught.value.remedy}"
    assert not [line for line in hub.requests if ".safetensors" in line]


@pytest.mark.usefixtures("hub_home")
def test_without_download_the_network_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        with pytest.raises(errors.NotDownloadedError, match=HUB_ID) as caught:
            run_worker(hub_load(download=False), [PICTURE])

    assert "headergen run" in str(caught.value.remedy)
    assert hub.requests == []


def test_a_half_downloaded_model_is_not_downloaded(
    hub_home: Path, tiny_zimage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = hub_home / "hub" / "models--someone--tiny"
    snapshot = shutil.copytree(tiny_zimage, cache / "snapshots" / "abc")
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("abc")
    (snapshot / "transformer" / "diffusion_pytorch_model.safetensors").unlink()

    with pytest.raises(errors.NotDownloadedError, match="not wholly"):
        run_worker(hub_load(download=False), [PICTURE])


@pytest.mark.usefixtures("hub_home")
def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)  # nobody listens there any more

    with pytest.raises(errors.NetworkError, match="refused"):
        run_worker(hub_load(), [PICTURE])


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


def test_libraries_that_cannot_be_imported(
    tiny_zimage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("print('noise')\nraise OSError('libcudnn.so.9 is missing')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(errors.DependencyError, match=r"torch .* libcudnn\.so\.9 is missing"):
        run_worker(load_of(tiny_zimage), [PICTURE])


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux has it")
def test_a_worker_killed_mid_picture_ran_out_of_system_ram(
    tiny_zimage: Path, workers: list[subprocess.Popen[bytes]]
) -> None:
    seen = []

    def kill() -> None:
        pid = workers[0].pid
        score = Path(f"/proc/{pid}/oom_score_adj").read_text().strip()
        seen.append((score, os.getsid(pid) == pid))
        workers[0].kill()

    with pytest.raises(errors.SystemMemoryError, match="system RAM") as caught:
        list(paint(PYTHON, load_of(tiny_zimage), [ENDLESS], Recorder(kill)))

    remedies = ["half precision", "pipeline class", "CPU offload", "animagine-xl-3.1"]
    places = [str(caught.value.remedy).index(remedy) for remedy in remedies]
    assert places == sorted(places)
    assert set(seen) == {("1000", True)}  # first to be killed; out of Ctrl-C's reach


def test_closing_the_generator_ends_the_worker(
    tiny_zimage: Path, workers: list[subprocess.Popen[bytes]]
) -> None:
    results = paint(PYTHON, load_of(tiny_zimage), [PICTURE, ENDLESS], Recorder())

    assert isinstance(next(results), Pixels)
    assert workers[0].poll() is None
    results.close()

    assert workers[0].returncode == -signal.SIGTERM


_PARENT = """
import subprocess, sys
from pathlib import Path
from tests.diffusion.test_client import ENDLESS, PYTHON, Recorder, load_of, paint

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


def test_a_worker_ends_when_its_parent_is_killed(tiny_zimage: Path, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
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
    assert list(tmp_path.iterdir()) == []


def is_running(pid: int) -> bool:
    """Say whether a process lives; one that nobody has reaped yet does not."""
    import psutil  # type: ignore[import-untyped]

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


# --- The seam, with a fake worker -----------------------------------------------------------------


@pytest.fixture
def fake_worker(tmp_path: Path) -> Callable[[str], Path]:
    """Make an interpreter that runs the given Python code in place of the worker."""

    def make(code: str) -> Path:
        script = tmp_path / "fake_worker.py"
        script.write_text(f"import json, os, signal, sys, time\n{code}")
        return executable(tmp_path / "python", f'exec "{PYTHON}" "{script}"')

    return make


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        pytest.param(
            "sys.exit(137)", errors.SystemMemoryError, "137", id="a shell reports SIGKILL"
        ),
        pytest.param("sys.exit('boom')", errors.WorkerDiedError, "status 1\nboom", id="exit 1"),
        pytest.param("sys.exit(0)", errors.WorkerDiedError, "status 0", id="exit without work"),
        pytest.param(
            "os.kill(os.getpid(), signal.SIGSEGV)", errors.WorkerDiedError, "SIGSEGV", id="crash"
        ),
        pytest.param(
            'sys.stdout.write(\'{"event": "im\'); sys.exit(3)',
            errors.WorkerDiedError,
            "status 3",
            id="death in the middle of a line",
        ),
    ],
)
def test_a_death_is_explained(
    fake_worker: Callable[[str], Path], code: str, kind: type[errors.PaintError], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        run_worker(ZIMAGE, [PICTURE], fake_worker(code))

    assert "tiny-zimage" in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param(kind, expected, id=kind)
        for kind, expected in {
            "dependency": errors.DependencyError,
            "device": errors.DeviceNotFoundError,
            "model": errors.ModelNotFoundError,
            "not downloaded": errors.NotDownloadedError,
            "network": errors.NetworkError,
            "checkpoint": errors.CheckpointError,
            "system memory": errors.SystemMemoryError,
            "video memory": errors.VideoMemoryError,
            "overflow": errors.PaintError,
            "paint": errors.PaintError,
        }.items()
    ],
)
def test_each_kind_is_an_error_of_its_own_with_a_remedy(
    fake_worker: Callable[[str], Path], kind: str, expected: type[errors.PaintError]
) -> None:
    event = {"event": "error", "id": None, "kind": kind, "message": "these {words}"}

    with pytest.raises(errors.PaintError, match=r"these \{words\}") as caught:
        run_worker(ZIMAGE, [PICTURE], fake_worker(f"print({json.dumps(event)!r})"))

    assert type(caught.value) is expected
    assert caught.value.remedy
    assert caught.value.exit_code == 3


def test_every_kind_that_the_worker_names_has_its_row() -> None:
    named = {*worker._KINDS_BY_CLASS.values(), *(kind for _, kind in worker._KINDS_BY_TEXT)}

    assert named <= set(client._KINDS)


_CHATTY = "print('line one', *range(500), sep='\\n', file=sys.stderr); sys.exit(1)"


def test_a_death_shows_the_end_of_what_the_worker_said(fake_worker: Callable[[str], Path]) -> None:
    with pytest.raises(errors.WorkerDiedError, match=r"\n499$") as caught:
        run_worker(ZIMAGE, [PICTURE], fake_worker(_CHATTY))

    assert len(str(caught.value).splitlines()) < 20


def test_debug_shows_all_that_the_worker_said(
    fake_worker: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADERGEN_DEBUG", "1")

    with pytest.raises(errors.WorkerDiedError, match=r"line one\n0\n1\n(.|\n)*\n499$"):
        run_worker(ZIMAGE, [PICTURE], fake_worker(_CHATTY))


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "OTHER"])
def test_a_token_is_not_told(
    fake_worker: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, TOKEN)
    code = f"print('Authorization: Bearer', os.environ[{variable!r}], file=sys.stderr); sys.exit(1)"

    with pytest.raises(errors.WorkerDiedError, match=r"Bearer \*\*\*") as caught:
        run_worker(ZIMAGE, [PICTURE], fake_worker(code))

    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("print(STEP, flush=True)\ntime.sleep(60)", id="that ends when told"),
        pytest.param(
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "print(STEP, flush=True)\n"
            "time.sleep(60)",
            id="that does not listen",
        ),
    ],
)
def test_an_interrupt_ends_a_worker(
    fake_worker: Callable[[str], Path], workers: list[subprocess.Popen[bytes]], code: str
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    step = json.dumps({"event": "step", "id": 0, "step": 1, "steps": 2})
    python = fake_worker(f"STEP = {step!r}\n{code}")

    with pytest.raises(KeyboardInterrupt):
        list(paint(python, ZIMAGE, [PICTURE], Recorder(interrupt)))

    assert workers[0].returncode is not None


def test_an_interpreter_that_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(errors.WorkerDiedError, match="cannot be started"):
        run_worker(ZIMAGE, [PICTURE], tmp_path / "python")
