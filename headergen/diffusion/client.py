"""The parent's side of the worker: start it, give it orders, explain its failures and its death."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from headergen import errors
from headergen.diffusion import hardware
from headergen.diffusion.families import smallest
from headergen.diffusion.placement import Hardware

WORKER = Path(__file__).parent / "worker" / "__main__.py"
_GRACE_SECONDS = 2.0  # between SIGTERM and SIGKILL
_STDERR_LINES = 200  # kept in case that the worker dies
_STDERR_LINES_SHOWN = 15

# glibc keeps freed blocks for later, the larger the more it has seen. Handing each tensor back at
# once cut the peak of loading a transformer in 8 bits from 1431 to 335 MB, of which 290 stay.
_ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "1000000", "MALLOC_TRIM_THRESHOLD_": "1000000"}
# Lets CUDA's allocator join freed blocks of different sizes (torch's page "CUDA semantics"); torch
# has it on Linux only. PYTORCH_ALLOC_CONF is the newer name, which this one does not replace.
_ALLOCATOR = {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}

# Access tokens of the hub, passwords in the address of a hub or proxy, and what signs the address
# of a download.
_SECRETS = re.compile(
    r"\bhf_[A-Za-z0-9]{8,}|(?<=Bearer )\S+|(?<=://)[^/\s@]+(?=@)|(?<=[?&])[\w-]+=[^\s&'\"<>)]+"
)
_TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN")


class _Kind(NamedTuple):
    """How one of the worker's kinds of failure is told to the author."""

    error: type[errors.PaintError]
    message: str
    remedy: str


# `{name}` is the model's name, `{reason}` the worker's own words, `{needs}` what memory it takes.
_KINDS: Mapping[str, _Kind] = {
    "dependency": _Kind(
        errors.DependencyError,
        "{reason}",
        "repair that environment (pip install --upgrade torch diffusers transformers "
        "accelerate), or name another interpreter as worker.python in the config",
    ),
    "library": _Kind(
        errors.DependencyError,
        "{name} needs a library: {reason}",
        "install it as said, or name another interpreter as worker.python in the config",
    ),
    "device": _Kind(
        errors.DeviceNotFoundError,
        "{reason}",
        "choose one:\n"
        "- install a torch that is built for this machine's GPU, and look at its driver\n"
        "- if you are patient (minutes to hours a picture), set `image: {device: cpu}`\n"
        "- set `fallback: card`: a title card stands in until another machine paints it\n"
        "- paint on another machine, and commit here without: SKIP=headergen git commit",
    ),
    "model": _Kind(
        errors.ModelNotFoundError,
        "the hub has no model {name} that this machine may read: {reason}",
        "check the spelling of image.model; for a gated or private model, accept its terms on "
        "its hub page and log in (hf auth login)",
    ),
    "network": _Kind(
        errors.NetworkError,
        "the model hub could not be reached for {name}: {reason}",
        "check the network, proxy and HF_ENDPOINT, then run again: what has been downloaded "
        "is kept",
    ),
    "checkpoint": _Kind(
        errors.CheckpointError,
        "the checkpoint of {name} cannot be used: {reason}",
        "use a whole diffusers folder with .safetensors weights, and the preset that fits it",
    ),
    "system memory": _Kind(
        errors.SystemMemoryError,
        "out of system RAM (not VRAM) with the model {name}: {reason}{needs}",
        "in this order (closing other programs helps too):\n"
        "- half precision: headergen loads nothing else, and a checkpoint that is saved in "
        "half precision takes less RAM still\n"
        "- the pipeline class made for the model: headergen uses it\n"
        "- no CPU offload: headergen uses none\n"
        f"- the smallest model, {smallest().name}",
    ),
    "video memory": _Kind(
        errors.VideoMemoryError,
        "out of video memory (VRAM) with the model {name}: {reason}{needs}",
        "close other programs that use the GPU, set a smaller image.width and image.height, "
        f"or choose a smaller model ({smallest().name})",
    ),
    "overflow": _Kind(
        errors.NoPictureError,
        "{name}: {reason}",
        "use the checkpoint in the precision that its authors publish it for",
    ),
    "hung": _Kind(
        errors.HungError,
        "the worker that paints with {name} {reason} and was ended",
        "if the machine is that slow, raise worker.timeout_s in the config",
    ),
    "disk": _Kind(
        errors.DiskSpaceError,
        "{name} does not fit on the disk: {reason}",
        "make room, or set HEADERGEN_MODELS to a folder on a larger disk",
    ),
    "died": _Kind(
        errors.WorkerDiedError,
        "the worker that paints with {name} {reason}",
        "run again with HEADERGEN_DEBUG=1 for everything that the worker said",
    ),
    "paint": _Kind(
        errors.PaintError,
        "{name}: {reason}",
        "run again with HEADERGEN_DEBUG=1 for everything that the worker said",
    ),
}


class Worker:
    """The child process; it is ended and reaped with the `with` block, whatever happens there.

    `name` is what messages call the model, `needs` what they add where memory ran out. A worker
    that says nothing for `timeout_s` seconds is taken for hung. Without `online` the network is
    never touched.
    """

    def __init__(
        self, interpreter: Path, name: str, timeout_s: float, *, online: bool = False
    ) -> None:
        self.needs = ""
        self._name = name
        self._timeout_s = timeout_s
        self._debug = os.environ.get("HEADERGEN_DEBUG") == "1"
        self._said: deque[str] = deque(maxlen=None if self._debug else _STDERR_LINES)
        self._process = self._start(interpreter, online=online)
        self._events: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._listeners = [
            threading.Thread(target=listen, daemon=True)
            for listen in (self._listen_to_events, self._listen_to_stderr)
        ]
        for listener in self._listeners:
            listener.start()

    def _start(self, interpreter: Path, *, online: bool) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [interpreter, WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(os.environ, sys.platform, online=online),
                # Ctrl-C reaches the parent alone, which then ends the worker.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            raise self.explain("died", f"cannot be started: {error}") from error

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._process.terminate()
        with contextlib.suppress(OSError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for listener in self._listeners:
            listener.join()
        _pipe(self._process.stdout).close()
        _pipe(self._process.stderr).close()

    def send(self, op: str, **fields: Any) -> None:
        """Give the worker an order; that it is dead shows in `receive`."""
        orders = _pipe(self._process.stdin)
        with contextlib.suppress(OSError):
            orders.write(json.dumps({"op": op, **fields}).encode("ascii") + b"\n")
            orders.flush()

    def receive(self) -> dict[str, Any]:
        """Wait for the worker's next event, which is not an error without an `id`.

        Raises:
            PaintError: If the worker failed, died or hangs.
        """
        try:
            line = self._events.get(timeout=self._timeout_s)
        except queue.Empty:
            raise self.explain("hung", f"said nothing for {self._timeout_s:g} s") from None
        if not line.endswith(b"\n"):
            raise self._death()
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "error" and event["id"] is None:
            raise self.explain(event["kind"], event["message"])
        return event

    def survey(self, device: str) -> Hardware:
        """Ask the worker for `device`, as the config names it.

        Raises:
            DeviceNotFoundError: It is not there.
            PaintError: The worker's libraries cannot be imported, or it died.
        """
        self.send("survey", device=device)
        facts = self.receive()
        capability = facts["capability"]
        return Hardware(
            device=facts["device"],
            vram_free_bytes=facts["vram_free"],
            ram_available_bytes=hardware.memory().available_bytes,
            capability=(capability[0], capability[1]) if capability else None,
            card=facts.get("card"),
            bfloat16=facts["bfloat16"],
            quantizable=facts["quantizable"],
        )

    def explain(self, kind: str, reason: str) -> errors.PaintError:
        """Make the error that tells the author of a failure of `kind`."""
        row = _KINDS[kind]
        needs = f" ({self.needs})" if self.needs else ""
        message = row.message.format(name=self._name, reason=reason, needs=needs)
        if self._debug:
            message = "\n".join([message, *self._said])
        return row.error(_without_secrets(message), remedy=row.remedy)

    def _death(self) -> errors.PaintError:
        status = self._process.wait()
        for listener in self._listeners[1:]:
            listener.join()
        if status in (-9, 137):  # 137 is 128 + SIGKILL, as a shell in between reports it
            reason = "the kernel killed the worker (SIGKILL, exit status 137)"
            return self.explain("system memory", reason)
        how = f"died of {_signal_name(-status)}" if status < 0 else f"ended with status {status}"
        tail = [] if self._debug else list(self._said)[-_STDERR_LINES_SHOWN:]
        return self.explain("died", "\n".join([how, *tail]))

    def _listen_to_events(self) -> None:
        for line in iter(_pipe(self._process.stdout).readline, b""):
            self._events.put(line)
        self._events.put(b"")

    def _listen_to_stderr(self) -> None:
        # By at most 4096 bytes: a progress bar can be one endless line.
        for line in iter(lambda: _pipe(self._process.stderr).readline(4096), b""):
            self._said.append(line.decode("utf-8", "replace").rstrip())


def _environment(own: Mapping[str, str], platform: str, *, online: bool) -> dict[str, str]:
    """Return the worker's environment: the author's `own` words come first."""
    allocator = _ALLOCATOR if platform == "linux" and "PYTORCH_ALLOC_CONF" not in own else {}
    offline = {} if online else {"HF_HUB_OFFLINE": "1"}
    return {**_ENVIRONMENT, **allocator, **own, **offline}


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """Tell the type checker that a stream opened with PIPE is there."""
    assert stream is not None
    return stream


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _without_secrets(text: str) -> str:
    """Take out of what libraries have written whatever lets its reader in somewhere."""
    for variable in _TOKEN_VARIABLES:
        if token := os.environ.get(variable):
            text = text.replace(token, "***")
    return _SECRETS.sub("***", text)
