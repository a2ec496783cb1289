"""What the worker tells its parent: events, a line of JSON each, and failures, a kind and words."""

from __future__ import annotations

import json
import os
import threading
import traceback
from typing import Any, BinaryIO, Protocol


class Emit(Protocol):
    """Tell the parent of an event."""

    def __call__(self, event: str, /, **fields: Any) -> None:
        """Send `event` with its fields, which must be JSON."""


def emitter(stream: BinaryIO) -> Emit:
    """Write events to `stream`; a parent that no longer listens ends the process."""
    lock = threading.Lock()  # downloads report from threads of their own

    def emit(event: str, /, **fields: Any) -> None:
        line = json.dumps({"event": event, **fields}).encode("ascii") + b"\n"
        try:
            with lock:
                stream.write(line)
                stream.flush()
        except OSError:
            os._exit(1)

    return emit


# What an exception means, by the name of its class or of the nearest base that is listed.
# By name, because the libraries that define them are imported late and move their classes about.
_KINDS_BY_CLASS = {
    "OutOfMemoryError": "video memory",
    "MemoryError": "system memory",
    "ImportError": "dependency",
    "SafetensorError": "checkpoint",
    "SnapshotError": "checkpoint",
    "RepositoryNotFoundError": "model",
    "RevisionNotFoundError": "model",
    "RemoteEntryNotFoundError": "checkpoint",
    "HFValidationError": "model",
    "OfflineModeIsEnabled": "network",
    "LocalEntryNotFoundError": "network",
    "HfHubHTTPError": "network",
    "TransportError": "network",
    "ConnectionError": "network",
    "TimeoutError": "network",
}
# The same for errors that torch raises as a bare RuntimeError.
_KINDS_BY_TEXT = (
    ("can't allocate memory", "system memory"),
    ("not enough memory", "system memory"),
    ("out of memory", "video memory"),
)

# Kinds that end the whole attempt, whichever picture they came with.
MEMORY_KINDS = ("system memory", "video memory")

_TRACEBACK_FRAMES = 3


class WorkerError(Exception):
    """A failure whose kind is known here; the parent turns the kind into its own error."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def kind_of(error: BaseException) -> str:
    """Name the kind of `error` for the parent; "paint" is the one without an explanation."""
    if isinstance(error, WorkerError):
        return error.kind
    for base in type(error).__mro__:
        if base.__name__ in _KINDS_BY_CLASS:
            return _KINDS_BY_CLASS[base.__name__]
    text = str(error).lower()
    return next((kind for words, kind in _KINDS_BY_TEXT if words in text), "paint")


def describe(error: BaseException) -> str:
    """Say what `error` is; where it has no kind, with the last lines of its traceback."""
    if isinstance(error, WorkerError) or type(error).__name__ == "SnapshotError":
        return str(error)
    text = f"{type(error).__name__}: {error}"
    if kind_of(error) != "paint":
        # The hub's errors go on with advice that is the parent's to give.
        return " ".join([line for line in text.splitlines() if line][:2])
    frames = traceback.format_tb(error.__traceback__)[-_TRACEBACK_FRAMES:]
    return "\n".join([text, "".join(frames).rstrip()])
