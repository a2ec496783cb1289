"""The parent's side of the worker: find an interpreter for it, feed it, explain its death."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
from base64 import b64decode
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Any, NamedTuple, Protocol

from headergen.diffusion.models import MODELS
from headergen.errors import (
    CheckpointError,
    DependencyError,
    DeviceNotFoundError,
    ModelNotFoundError,
    NetworkError,
    NotDownloadedError,
    PaintError,
    SystemMemoryError,
    VideoMemoryError,
    WorkerDiedError,
)

_WORKER = Path(__file__).with_name("worker.py")
_GRACE_SECONDS = 2.0  # between SIGTERM and SIGKILL
_STDERR_LINES = 200  # kept in case that the worker dies
_STDERR_LINES_SHOWN = 15

_TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{8,}")
_TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN")


@dataclass(frozen=True)
class Load:
    """Everything that the worker needs to load one model.

    `checkpoint` is a hub id, or with `local` the absolute path of a diffusers folder. `pipeline`
    is the diffusers entry point, `pipeline_class` what model_index.json must name. `dtype` applies
    on an accelerator; a CPU always gets bfloat16. `device` is `auto`, `cuda`, `cuda:N`, `mps` or
    `cpu`. Without `download` the network is never touched.
    """

    name: str
    checkpoint: str
    local: bool
    pipeline: str
    pipeline_class: str
    dtype: str
    device: str
    scheduler_class: str | None = None
    scheduler_options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    variant: str | None = None
    download: bool = False


@dataclass(frozen=True)
class Paint:
    """One picture to paint: `width` and `height` in px must be admissible for the model."""

    prompt: str
    negative_prompt: str | None
    width: int
    height: int
    steps: int
    guidance_scale: float
    seed: int


@dataclass(frozen=True)
class Pixels:
    """One picture: `rgb` holds three bytes a pixel, row by row from the top left."""

    width: int
    height: int
    rgb: bytes


class Progress(Protocol):
    """What `paint` reports while it goes on; called in the consumer's own thread."""

    def downloading(self, done_bytes: int, total_bytes: int) -> None:
        """Report how much of the checkpoint has been downloaded."""

    def loading(self, part: str, done_bytes: int, total_bytes: int) -> None:
        """Report the part being loaded, and the weight bytes before it; "" when all are in."""

    def loaded(self, device: str, dtype: str) -> None:
        """Report where the model is (`cuda`, `cpu` …) and its precision (`bfloat16` …)."""

    def step(self, index: int, step: int, steps: int) -> None:
        """Report that `step` of `steps` of the picture of request `index` is done."""


class _Kind(NamedTuple):
    """How one of the worker's kinds of failure is told to the author."""

    error: type[PaintError]
    message: str
    remedy: str


# `{name}` is the model's name and `{reason}` the worker's own words.
_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "dependency": _Kind(
            DependencyError,
            "{reason}",
            "repair that environment (pip install --upgrade torch diffusers transformers "
            "accelerate), or name another interpreter as worker.python in the config",
        ),
        "device": _Kind(
            DeviceNotFoundError,
            "{reason}",
            "choose one:\n"
            "- install a torch that is built for this machine's GPU, and look at its driver\n"
            "- if you are patient (minutes to hours a picture), set `image: {device: cpu}`\n"
            "- paint on another machine, and commit here without: SKIP=headergen git commit",
        ),
        "model": _Kind(
            ModelNotFoundError,
            "the hub has no model {name} that this machine may read: {reason}",
            "check the spelling of image.model; for a gated or private model, accept its terms on "
            "its hub page and log in (hf auth login)",
        ),
        "not downloaded": _Kind(
            NotDownloadedError,
            "the model {name} has not been downloaded: {reason}",
            "run `headergen run` by hand once, which downloads it; a hook never downloads",
        ),
        "network": _Kind(
            NetworkError,
            "the model hub could not be reached for {name}: {reason}",
            "check the network, proxy and HF_ENDPOINT, then run again: what has been downloaded "
            "is kept",
        ),
        "checkpoint": _Kind(
            CheckpointError,
            "the checkpoint of {name} cannot be used: {reason}",
            "use a whole diffusers folder with .safetensors weights, and the preset that fits it",
        ),
        "system memory": _Kind(
            SystemMemoryError,
            "out of system RAM (not VRAM) with the model {name}: {reason}",
            "in this order (closing other programs helps too):\n"
            "- half precision: headergen loads nothing else, and a checkpoint that is saved in "
            "half precision takes less RAM still\n"
            "- the pipeline class made for the model: headergen uses it\n"
            "- no CPU offload: headergen uses none\n"
            "- animagine-xl-3.1 in place of z-image-turbo",
        ),
        "video memory": _Kind(
            VideoMemoryError,
            "out of video memory (VRAM) with the model {name}: {reason}",
            "close other programs that use the GPU, set a smaller image.width and image.height, "
            "or choose a smaller model (animagine-xl-3.1)",
        ),
        "overflow": _Kind(
            PaintError,
            "{name}: {reason}",
            "use the checkpoint in the precision that its authors publish it for",
        ),
        "died": _Kind(
            WorkerDiedError,
            "the worker that paints with {name} {reason}",
            "run again with HEADERGEN_DEBUG=1 for everything that the worker said",
        ),
        "paint": _Kind(
            PaintError,
            "{name}: {reason}",
            "run again with HEADERGEN_DEBUG=1 for everything that the worker said",
        ),
    }
)


def paint(
    interpreter: Path, load: Load, requests: Sequence[Paint], progress: Progress
) -> Generator[Pixels | PaintError, None, None]:
    """Paint `requests` with one worker, which loads the model once.

    Wrap the generator in `contextlib.closing`: the worker ends with the generator, and an
    exception in the consumer alone closes it only when its traceback is forgotten.

    Yields:
        For each request, in order and as soon as it is there, its picture, or the error that
        concerned it alone.

    Raises:
        PaintError: Of the kind that fits, when nothing (more) can be painted.
    """
    if not requests:
        return
    with _Worker(interpreter, load) as worker:
        worker.send("load", **_order_of(load))
        for index, request in enumerate(requests):
            worker.send("paint", id=index, **vars(request))
        for _ in requests:
            yield _next_result(worker, progress)
        worker.send("quit")


def _order_of(load: Load) -> dict[str, Any]:
    known = sorted({model.pipeline_class for model in MODELS.values()})
    options = dict(load.scheduler_options)
    return {**vars(load), "scheduler_options": options, "known_classes": known}


def _next_result(worker: _Worker, progress: Progress) -> Pixels | PaintError:
    while True:
        event = worker.receive()
        match event.pop("event"):
            case "image":
                return Pixels(event["width"], event["height"], b64decode(event["rgb"]))
            case "error":
                error = worker.explain(event["kind"], event["message"])
                if event["id"] is None:
                    raise error
                return error
            case "downloading":
                progress.downloading(event["done"], event["total"])
            case "loading":
                progress.loading(event["part"], event["done"], event["total"])
            case "loaded":
                progress.loaded(event["device"], event["dtype"])
            case "step":
                progress.step(event["id"], event["step"], event["steps"])


class _Worker:
    """The child process; it is ended and reaped with the `with` block, whatever happens there."""

    def __init__(self, interpreter: Path, load: Load) -> None:
        self._name = load.name
        self._process = _start(interpreter, load)
        self._debug = os.environ.get("HEADERGEN_DEBUG") == "1"
        self._said: deque[str] = deque(maxlen=None if self._debug else _STDERR_LINES)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> _Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._process.terminate()
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join()
        _pipe(self._process.stdout).close()
        _pipe(self._process.stderr).close()

    def send(self, op: str, **fields: Any) -> None:
        """Give the worker an order; that it is dead shows in `receive`."""
        orders = _pipe(self._process.stdin)
        with contextlib.suppress(OSError):
            orders.write(json.dumps({"op": op, **fields}).encode("ascii") + b"\n")
            orders.flush()

    def receive(self) -> dict[str, Any]:
        """Wait for the worker's next event.

        Raises:
            PaintError: If the worker died instead.
        """
        line = _pipe(self._process.stdout).readline()
        if not line.endswith(b"\n"):
            raise self._death()
        event: dict[str, Any] = json.loads(line)
        return event

    def explain(self, kind: str, reason: str) -> PaintError:
        """Make the error that tells the author of a failure of `kind`."""
        row = _KINDS[kind]
        message = row.message.format(name=self._name, reason=reason)
        if self._debug:
            message = "\n".join([message, *self._said])
        return row.error(_without_tokens(message), remedy=row.remedy)

    def _death(self) -> PaintError:
        status = self._process.wait()
        self._listener.join()
        if status in (-9, 137):  # 137 is 128 + SIGKILL, as a shell in between reports it
            reason = "the kernel killed the worker (SIGKILL, exit status 137)"
            return self.explain("system memory", reason)
        how = f"died of {_signal_name(-status)}" if status < 0 else f"ended with status {status}"
        tail = [] if self._debug else list(self._said)[-_STDERR_LINES_SHOWN:]
        return self.explain("died", "\n".join([how, *tail]))

    def _listen(self) -> None:
        # By at most 4096 bytes: a progress bar can be one endless line.
        for line in iter(lambda: _pipe(self._process.stderr).readline(4096), b""):
            self._said.append(line.decode("utf-8", "replace").rstrip())


def _start(interpreter: Path, load: Load) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [interpreter, _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | ({} if load.download else {"HF_HUB_OFFLINE": "1"}),
            # Ctrl-C reaches the parent alone, which then ends the worker.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    except OSError as error:
        kind = _KINDS["died"]
        message = kind.message.format(name=load.name, reason=f"cannot be started: {error}")
        raise kind.error(message, remedy=kind.remedy) from error


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """Tell the type checker that a stream opened with PIPE is there."""
    assert stream is not None
    return stream


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _without_tokens(text: str) -> str:
    """Take the hub's access tokens out of what libraries have written."""
    for variable in _TOKEN_VARIABLES:
        if token := os.environ.get(variable):
            text = text.replace(token, "***")
    return _TOKEN.sub("***", text)
