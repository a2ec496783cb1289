"""What the worker tells its parent: one line of JSON an event."""

from __future__ import annotations

import json
import os
import threading
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
