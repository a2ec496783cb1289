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
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from headergen import errors
from headergen.diffusion import answers, hardware, processes, trust
from headergen.diffusion.families import smallest
from headergen.diffusion.placement import Hardware

WORKER = Path(__file__).parent / "worker" / "__main__.py"
_GRACE_SECONDS = 2.0  # between SIGTERM and SIGKILL
_STDERR_LINES, _STDERR_LINES_IN_DEBUG = 200, 10_000  # kept in case that the worker dies
_STDERR_LINES_SHOWN = 15
_PIECE_BYTES = 4096  # of a line on stderr: a progress bar can be one endless line
_POLL_SECONDS = 0.5  # between looks at whether the worker is alive, while it says nothing
# What may stand on stdout beside events, such as a wrapper's banner; and how many events may come
# one after another without a picture, which is 200 steps of 16 pictures in many small stages.
_MOST_TEXT_BYTES, _MOST_EVENTS = 16_000_000, 100_000

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
    "garbled": _Kind(
        errors.GarbledError,
        "the worker that paints with {name} gave an answer that {reason}",
        "if worker.python is a script, it must run Python with the arguments that it gets, and "
        "print nothing; run again with HEADERGEN_DEBUG=1 for everything that the worker said",
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
        kept = _STDERR_LINES_IN_DEBUG if self._debug else _STDERR_LINES
        self._said: deque[str] = deque(maxlen=kept)
        self._owed: dict[int, tuple[int, int]] = {}
        self._longest_line = answers.longest_line({})
        self._text_bytes = self._events_since_picture = 0
        self._process = self._start(interpreter, online=online)
        self._orders: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # Few, because each may be a picture: a worker that says more waits.
        self._lines: queue.Queue[bytes] = queue.Queue(maxsize=2)
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=run, daemon=True)
            for run in (self._write_orders, self._listen_to_events, self._listen_to_stderr)
        ]
        for thread in self._threads:
            thread.start()

    def _start(self, interpreter: Path, *, online: bool) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [interpreter, WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(trust.environment(interpreter), sys.platform, online=online),
                **processes.OWN_GROUP,
            )
        except OSError as error:
            raise self.explain("died", f"cannot be started: {error}") from error

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            processes.end_group(self._process, signal.SIGTERM)
        self._orders.put(None)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_SECONDS)
        processes.end_group(self._process, processes.KILL)
        self._process.wait()
        self._is_over.set()
        for thread in self._threads:
            thread.join(processes.JOIN_SECONDS)

    def send(self, op: str, **fields: Any) -> None:
        """Give the worker an order; that it is dead shows in `receive`."""
        for picture in fields.get("requests", ()):
            self._owed[picture["id"]] = (picture["width"], picture["height"])
        self._longest_line = answers.longest_line(self._owed)
        self._orders.put(json.dumps({"op": op, **fields}).encode("ascii") + b"\n")

    def receive(self, *expected: str) -> dict[str, Any]:
        """Wait for the next of the `expected` events, or an `error` with the `id` of a picture.

        Its fields are checked (`answers.event_in`); the `rgb` of an `image` is bytes.

        Raises:
            PaintError: If the worker failed, died, hangs, or says what no worker says.
        """
        deadline = time.monotonic() + self._timeout_s
        while True:
            line = self._next_line(deadline)
            try:
                event = answers.event_in(line, expected, _KINDS, self._owed)
                self._count(line, event)
            except answers.GarbledError as error:
                raise self.explain("garbled", str(error)) from error
            if event is not None:
                break
        if event["event"] == "error" and event["id"] is None:
            raise self.explain(event["kind"], event["message"])
        if event["event"] in ("image", "error"):
            del self._owed[event["id"]]
        return event

    def _next_line(self, deadline: float) -> bytes:
        """Wait for a line, until `deadline` or the worker's end.

        A child of the worker's may hold the pipe open after that.
        """
        is_dead = False
        while True:
            left = deadline - time.monotonic()
            try:
                line = self._lines.get(timeout=max(0.0, min(_POLL_SECONDS, left)))
            except queue.Empty:
                if is_dead:
                    raise self._death() from None
                if left <= 0:
                    raise self.explain("hung", f"said nothing for {self._timeout_s:g} s") from None
                is_dead = self._process.poll() is not None
                continue
            if not line:
                raise self._death()
            return line

    def _count(self, line: bytes, event: Mapping[str, Any] | None) -> None:
        """Keep text that is no event, and stop a worker that does not come to an end."""
        if event is None:
            self._said.append(line[:_PIECE_BYTES].decode("utf-8", "replace").rstrip())
            self._text_bytes += len(line)
        elif event["event"] == "image":
            self._events_since_picture = 0
        elif event["event"] != "downloading":  # many pieces of a large file
            self._events_since_picture += 1
        if self._text_bytes > _MOST_TEXT_BYTES:
            raise answers.GarbledError(f"has more than {_MOST_TEXT_BYTES:,} bytes of other text")
        if self._events_since_picture > _MOST_EVENTS:
            raise answers.GarbledError(f"is the {_MOST_EVENTS:,}th without a picture")

    def survey(self, device: str) -> Hardware:
        """Ask the worker for `device`, as the config names it.

        Raises:
            DeviceNotFoundError: It is not there.
            PaintError: The worker's libraries cannot be imported, or it died.
        """
        self.send("survey", device=device)
        facts = self.receive("surveyed")
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
        try:
            status = self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return self.explain("died", "closed its output, but did not end")
        self._threads[-1].join(processes.JOIN_SECONDS)
        if status in (-9, 137):  # 137 is 128 + SIGKILL, as a shell in between reports it
            reason = "the kernel killed the worker (SIGKILL, exit status 137)"
            return self.explain("system memory", reason)
        how = f"died of {_signal_name(-status)}" if status < 0 else f"ended with status {status}"
        tail = [] if self._debug else list(self._said)[-_STDERR_LINES_SHOWN:]
        return self.explain("died", "\n".join([how, *tail]))

    def _write_orders(self) -> None:
        """Write orders in a thread of their own: a worker that reads none would stop its parent."""
        with contextlib.suppress(OSError), _pipe(self._process.stdin) as orders:
            while (order := self._orders.get()) is not None:
                orders.write(order)
                orders.flush()

    def _listen_to_events(self) -> None:
        """Pass lines on, an empty one at the end; what is too long is passed on in parts."""
        line = bytearray()
        with _pipe(self._process.stdout) as events:
            while piece := events.readline(64 * 1024):
                line += piece
                if line.endswith(b"\n") or len(line) > self._longest_line:
                    self._pass_on(bytes(line))
                    line.clear()
        self._said.append(line[:_PIECE_BYTES].decode("utf-8", "replace"))
        self._pass_on(b"")

    def _pass_on(self, line: bytes) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(queue.Full):
                self._lines.put(line, timeout=_POLL_SECONDS)
                return

    def _listen_to_stderr(self) -> None:
        with _pipe(self._process.stderr) as stream:
            for line in iter(lambda: stream.readline(_PIECE_BYTES), b""):
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
