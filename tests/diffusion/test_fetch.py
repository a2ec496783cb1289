"""Fetching a model: a real worker, from a hub on localhost."""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from headergen import errors
from headergen.diffusion import attempts, cache, fetching, hardware, snapshot
from headergen.diffusion.cache import Checkpoint, Fetched
from headergen.diffusion.families import MODELS
from headergen.diffusion.families.family import Model
from headergen.diffusion.hardware import Memory
from headergen.diffusion.worker import hub as worker_hub
from headergen.diffusion.worker.events import WorkerError
from headergen.diffusion.worker.hub import File
from headergen.progress import Downloading, Event, Note, Storing, Waiting
from headergen.repository import locks
from tests.support.hub import COMMIT, serve_hub

PYTHON = Path(sys.executable)
HUB_ID = "someone/tiny"
TOKEN = "hf_" + "Q" * 34
SIZE = (1280, 672)
TINY = Checkpoint(MODELS["z-image-turbo"], HUB_ID, local=False)


class Recorder:
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.downloads: list[tuple[int, int]] = []
        self.stored: list[str] = []
        self.notes: list[str] = []
        self.waits: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __call__(self, event: Event) -> None:
        match event:
            case Waiting(what):
                self.waits.put(what)
            case Downloading(done_bytes, total_bytes):
                self.downloads.append((done_bytes, total_bytes))
            case Storing(name):
                self.stored.append(name)
            case Note(text):
                self.notes.append(text)


def bring(
    checkpoint: Checkpoint = TINY, *, device: str = "cpu", quantize: str | None = None
) -> tuple[Fetched, Recorder]:
    progress = Recorder()
    found = fetching.fetch(
        PYTHON, checkpoint, device, SIZE, progress, timeout_s=60.0, quantize=quantize
    )
    return found, progress


def paint_with(found: Fetched, row: Model = TINY.row) -> attempts.Pixels:
    """Paint a picture with a model on this machine."""
    load = attempts.Load("tiny", row, found.folder, "cpu", found.transformer, timeout_s=60.0)
    request = attempts.Paint("a girl", None, 96, 64, 2, 0.0, 1)
    with closing(attempts.paint(PYTHON, load, [request], Recorder())) as results:
        ((_, picture),) = results
    assert isinstance(picture, attempts.Pixels), picture
    return picture


@pytest.fixture(autouse=True)
def hub_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the worker empty model caches, and a token that must not be told."""
    for variable in ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HEADERGEN_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "hf"


@pytest.fixture
def published(tiny_zimage: Path, tmp_path: Path) -> Path:
    """A repository in Z-Image's published layout, and other files."""
    folder = shutil.copytree(tiny_zimage, tmp_path / "published")
    (folder / "single_file.safetensors").write_bytes(b"not wanted")
    (folder / "vae" / "diffusion_pytorch_model.bin").write_bytes(b"not wanted")
    return folder


@pytest.mark.slow
def test_a_model_is_fetched_once_halved_and_then_needs_no_network(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_hub({HUB_ID: published}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        found, progress = bring()
        asked, hub.requests[:] = hub.requests[:], []

    stored = snapshot.read(found.folder, "ZImagePipeline")
    original = snapshot.read(published, "ZImagePipeline")
    whole = original.bytes_by_dtype("transformer")["F32"]
    assert stored.bytes_by_dtype("transformer") == {"BF16": whole // 2}
    assert stored.bytes_by_dtype("vae") == original.bytes_by_dtype("vae")
    assert found == cache.find(TINY) == Fetched(found.folder, COMMIT)
    shards = sorted(path.name for path in (published / "transformer").glob("*.safetensors"))
    assert progress.stored == [f"transformer/{name}" for name in shards]
    done, total = progress.downloads[-1]
    assert done == total > 500_000
    assert not [line for line in asked if "single_file" in line or ".bin" in line]
    assert {path.name for path in found.folder.iterdir()} >= {"model_index.json", snapshot.MANIFEST}


@pytest.mark.slow
@pytest.mark.parametrize("row", MODELS.values(), ids=MODELS)
def test_each_family_is_fetched_with_all_its_parts(
    row: Model, twin: Callable[[Model], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    published, checkpoint = twin(row), Checkpoint(row, HUB_ID, local=False)
    with serve_hub({HUB_ID: published}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        found, _ = bring(checkpoint)

    assert found == cache.find(checkpoint)
    original = snapshot.read(published, row.family.pipeline_class, row.variant)
    stored = snapshot.read(found.folder, row.family.pipeline_class, row.variant)
    assert set(stored.weights) == {name for name in row.family.parts if name in row.weights}
    for part in stored.weights:
        sizes = original.bytes_by_dtype(part)
        kept = sum(size // 2 if dtype == "F32" else size for dtype, size in sizes.items())
        assert sum(stored.bytes_by_dtype(part).values()) == kept, part
    assert not (found.folder.parent / ".downloads").exists()
    assert paint_with(found, row) == paint_with(Fetched(published, ""), row)


def test_a_model_that_another_process_fetches_is_waited_for(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Recorder()
    with serve_hub({HUB_ID: published}) as hub, ThreadPoolExecutor() as other:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        with locks.fetching(cache.model_folder(TINY), lambda _: None):
            found = other.submit(
                fetching.fetch, PYTHON, TINY, "cpu", SIZE, progress, timeout_s=60.0
            )
            reason = progress.waits.get(timeout=60)
            assert hub.requests == []
        assert found.result() == cache.find(TINY)
    assert reason == f"the model: process {os.getpid()} fetches it"


@pytest.mark.slow
def test_an_interrupted_fetch_goes_on_with_what_is_missing(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_hub({HUB_ID: published}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        found, _ = bring()
        (found.folder / snapshot.MANIFEST).unlink()
        (found.folder / "vae" / "diffusion_pytorch_model.safetensors").unlink()
        assert cache.find(TINY) is None
        hub.requests.clear()
        bring()

    weights = [line for line in hub.requests if line.startswith("GET") and "safetensors" in line]
    assert {line.partition("resolve")[2].split("/")[2] for line in weights} >= {"vae"}
    assert cache.find(TINY) == found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "name", "bits", "dtype"),
    [
        pytest.param("large_zimage", "z-image-turbo", "8bit", "I8", id="Z-Image in 8 bits"),
        pytest.param("large_zimage", "z-image-turbo", "4bit", "U8", id="Z-Image in 4 bits"),
        pytest.param("large_sdxl", "animagine-xl-3.1", "8bit", "I8", id="SDXL in 8 bits"),
        pytest.param("large_sdxl", "animagine-xl-3.1", "4bit", "U8", id="SDXL in 4 bits"),
    ],
)
def test_a_model_is_stored_quantised_and_then_paints_offline(
    model: str,
    name: str,
    bits: str,
    dtype: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published, row = request.getfixturevalue(model), MODELS[name]
    with serve_hub({HUB_ID: published}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        found, progress = bring(replace(TINY, row=row), quantize=bits)

    stored = snapshot.read(found.folder, row.family.pipeline_class)
    assert found.form == bits
    for part in (*row.family.encoders, row.family.denoiser):
        assert stored.is_quantized(part)
        assert dtype in stored.bytes_by_dtype(part)
        assert f"{part} in {bits}" in progress.stored
    assert not stored.is_quantized("vae")
    exact, near = paint_with(Fetched(published, ""), row), paint_with(found, row)
    assert exact != near
    assert mean_difference(exact, near) < 24


def mean_difference(one: attempts.Pixels, other: attempts.Pixels) -> float:
    return sum(abs(a - b) for a, b in zip(one.rgb, other.rgb, strict=True)) / len(one.rgb)


def weights_asked_for(requests: list[str]) -> set[str]:
    """Return the parts whose weights were downloaded, or only looked at."""
    return {line.split("/")[-2] for line in requests if line.endswith(".safetensors")}


@pytest.mark.slow
@pytest.mark.parametrize("failed", [False, True], ids=["whole", "after a failure"])
def test_a_model_that_is_here_is_quantised_without_a_download(
    failed: bool, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_hub({HUB_ID: published}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        full, _ = bring()
        if failed:
            (full.folder / snapshot.MANIFEST).unlink()
        before = {path: path.read_bytes() for path in full.folder.rglob("*") if path.is_file()}
        hub.requests.clear()
        quantised, _ = bring(quantize="8bit")

    assert not [line for line in hub.requests if "/resolve/" in line]
    assert snapshot.read(quantised.folder, "ZImagePipeline").is_quantized("transformer")
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.slow
def test_what_a_quantised_form_left_as_published_is_not_downloaded_again(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_hub({HUB_ID: published}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        bring(quantize="8bit")
        hub.requests.clear()
        bring()

    assert weights_asked_for(hub.requests) == {"text_encoder", "transformer"}
    assert not [line for line in hub.requests if "tokenizer" in line or "model_index" in line]


@pytest.mark.slow
def test_the_form_that_was_fetched_last_is_used(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_hub({HUB_ID: published}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        quantised, _ = bring(quantize="8bit")
        full, _ = bring()
        assert (quantised.form, full.form) == ("8bit", "")
        assert cache.find(TINY) == full
        hub.requests.clear()
        again, _ = bring(quantize="8bit")
        assert again == cache.find(TINY) == quantised
        assert not [line for line in hub.requests if "safetensors" in line]
        bring()

    assert cache.find(replace(TINY, revision=COMMIT[:8])) == full
    assert cache.find(replace(TINY, revision="ffffffff")) is None


def test_a_gguf_transformer_is_fetched_in_place_of_the_published_one(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gguf").mkdir()
    (tmp_path / "gguf" / "small-Q4.gguf").write_bytes(b"GGUF")
    wanted = replace(TINY, transformer="someone/gguf/small-Q4.gguf", transformer_local=False)

    with serve_hub({HUB_ID: published, "someone/gguf": tmp_path / "gguf"}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        found, _ = bring(wanted)

    assert found.form == "someone--gguf--small-Q4"
    assert found.transformer == found.folder / "transformer" / "small-Q4.gguf"
    assert found.transformer.read_bytes() == b"GGUF"
    assert not [line for line in hub.requests if "transformer/diffusion" in line]
    assert cache.find(wanted) == found
    assert cache.find(TINY) is None
    assert cache.find(replace(wanted, transformer="someone/gguf/other.gguf")) is None
    assert cache.find(replace(wanted, transformer="another/gguf/small-Q4.gguf")) is None


@pytest.mark.slow
def test_a_gguf_transformer_is_pinned_to_the_commit_that_was_there(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gguf").mkdir()
    wanted = replace(TINY, transformer="someone/gguf/small-Q4.gguf", transformer_local=False)

    with serve_hub({HUB_ID: published, "someone/gguf": tmp_path / "gguf"}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        for commit in ("a" * 40, "b" * 40):
            (tmp_path / "gguf" / "small-Q4.gguf").write_text(commit)
            hub.commits["someone/gguf"] = commit
            found, _ = bring(wanted)
            manifest = json.loads((found.folder / snapshot.MANIFEST).read_bytes())
            assert f"GET /someone/gguf/resolve/{commit}/small-Q4.gguf" in hub.requests
            assert manifest["transformer_revision"] == commit
            assert found.transformer and found.transformer.read_text() == commit
            assert cache.find(wanted) == found


@pytest.mark.parametrize(
    ("hub_id", "kind", "words"),
    [
        pytest.param("someone/nothing", errors.ModelNotFoundError, "someone/nothing", id="unknown"),
        pytest.param("someone/gated", errors.ModelNotFoundError, "gated", id="gated"),
        pytest.param("a/b/c", errors.ModelNotFoundError, "a/b/c", id="no hub id"),
        pytest.param("someone/empty", errors.CheckpointError, "model_index.json", id="no pipeline"),
        pytest.param("someone/other", errors.CheckpointError, "'Other'", id="unknown class"),
    ],
)
def test_a_model_that_the_hub_does_not_give(
    hub_id: str,
    kind: type[errors.PaintError],
    words: str,
    tiny_zimage: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    other = shutil.copytree(tiny_zimage, tmp_path / "other")
    index = json.loads((other / "model_index.json").read_text()) | {"_class_name": "Other"}
    (other / "model_index.json").write_text(json.dumps(index))
    models = {"someone/gated": tiny_zimage, "someone/empty": tmp_path, "someone/other": other}

    with serve_hub(models, gated=frozenset({"someone/gated"})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        with pytest.raises(kind, match=words) as caught:
            bring(replace(TINY, location=hub_id))

    assert TOKEN not in f"{caught.value} {caught.value.remedy}"
    assert not [line for line in hub.requests if ".safetensors" in line]


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)  # nobody listens there any more

    with pytest.raises(errors.NetworkError, match="refused"):
        bring()


def test_what_may_not_be_downloaded_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        with pytest.raises(errors.NotDownloadedError, match=HUB_ID) as caught:
            obtain(device="cpu", download=False)

    assert f"headergen fetch {HUB_ID}" in str(caught.value.remedy)
    assert hub.requests == []


def test_a_device_that_is_not_there_is_told_before_a_download(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serve_hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        with pytest.raises(errors.DeviceNotFoundError):
            obtain(device="cuda:99", download=True)

    assert hub.requests == []


def test_no_worker_is_started_to_say_that_a_model_is_not_here() -> None:
    nowhere = Path("no/such/python")
    with pytest.raises(errors.NotDownloadedError):
        obtain(device="cpu", download=False, python=nowhere)
    with pytest.raises(errors.WorkerDiedError):
        obtain(device="cpu", download=True, python=nowhere)


def test_a_machine_that_plainly_has_no_gpu_is_told_that_and_not_of_the_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hardware, "may_paint", lambda _: False)
    with pytest.raises(errors.DeviceNotFoundError, match="no device 'cuda:99' was found"):
        obtain(device="cuda:99", download=False)


def obtain(*, device: str, download: bool, python: Path = PYTHON) -> Fetched:
    return fetching.obtain(
        python, TINY, device, SIZE, Recorder(), timeout_s=60.0, download=download
    )


LITTLE = Memory(8_000_000_000, 1_000_000_000, 0, 0)


def test_a_model_that_would_not_fit_is_not_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "memory", lambda: LITTLE)
    with serve_hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        with pytest.raises(errors.PlacementError, match=r"at least .* of RAM, .* more than is"):
            obtain(device="cpu", download=True)

    assert hub.requests == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("device", "memory", "words"),
    [
        pytest.param("cuda:99", None, "no device 'cuda:99' was found", id="no such device"),
        pytest.param("cpu", LITTLE, "someone/tiny does not fit on this machine", id="no room"),
        pytest.param("cpu", None, None, id="a machine that will do"),
    ],
)
def test_a_model_may_be_fetched_for_another_machine_and_that_is_noted(
    device: str,
    memory: Memory | None,
    words: str | None,
    published: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if memory:
        monkeypatch.setattr(hardware, "memory", lambda: memory)
    with serve_hub({HUB_ID: published}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        found, progress = bring(device=device)

    assert cache.find(TINY) == found
    assert len(progress.notes) == (words is not None)
    assert words is None or f"for another machine than this one: {words}" in progress.notes[0]


def in_hub_cache(hub_home: Path, model: Path) -> Path:
    folder = hub_home / "hub" / "models--someone--tiny"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    return shutil.copytree(model, folder / "snapshots" / COMMIT)


def test_what_another_program_downloaded_is_used(hub_home: Path, tiny_zimage: Path) -> None:
    found = in_hub_cache(hub_home, tiny_zimage)

    assert cache.find(TINY) == Fetched(found, COMMIT)
    assert cache.find(replace(TINY, revision="ffffffff")) is None


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"])
def test_the_hubs_cache_is_found_by_either_of_its_names(
    variable: str, tmp_path: Path, tiny_zimage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = in_hub_cache(tmp_path / "elsewhere", tiny_zimage)
    assert cache.find(TINY) is None
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere" / "hub"))

    assert cache.find(TINY) == Fetched(found, COMMIT)


def test_what_was_downloaded_in_part_is_not_used(hub_home: Path, tiny_zimage: Path) -> None:
    found = in_hub_cache(hub_home, tiny_zimage)
    next((found / "transformer").glob("*.safetensors")).unlink()

    assert cache.find(TINY) is None


def test_a_disk_with_too_little_room_is_told_before_the_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [
        File("transformer/1.safetensors", 10_000_000_000, 5_000_000_000, halved=True),
        File("vae/1.safetensors", 2_000_000_000, 2_000_000_000),
    ]
    room = shutil.disk_usage(tmp_path)._replace(free=17_500_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room)

    with pytest.raises(WorkerError, match=r"takes 17\.0 GB .* 0\.5 GB more than") as caught:
        worker_hub._check_room(tmp_path / "not" / "yet", files, quantizing=[])

    assert caught.value.kind == "disk"
