"""Run programs that may hang, print without end, or leave children behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

# What is kept of a program's output; the rest is read and forgotten.
_MOST_BYTES = 4_000_000
_BLOCK_BYTES = 64 * 1024
# A process that left its group may hold a pipe open for ever: nobody waits longer for its end.
JOIN_SECONDS = 1.0

# Windows has one signal for both.
KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL
# A group for the program and its children, which Ctrl-C does not reach: the parent ends it.
OWN_GROUP: Mapping[str, Any] = {
    "start_new_session": True,
    "creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
}


def run(
    command: Sequence[str | Path], timeout_s: float, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[bytes]:
    """Run a program with an empty stdin; its children end with it.

    Returns:
        Its exit status and the first 4 MB of what it wrote to stdout and stderr.

    Raises:
        OSError: It cannot be started.
        subprocess.TimeoutExpired: It did not end in time. It and its children were ended.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        **OWN_GROUP,
    )
    assert process.stdout
    assert process.stderr
    outputs = [_Output(process.stdout), _Output(process.stderr)]
    try:
        process.wait(timeout_s)
    finally:
        end_group(process, KILL)
        process.wait()
        for output in outputs:
            output.join(JOIN_SECONDS)
    stdout, stderr = (bytes(output.kept) for output in outputs)
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def end_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to `process`, which has a group of its own, and to all others in the group."""
    with contextlib.suppress(OSError):  # nobody is left
        if sys.platform == "win32":
            process.send_signal(number)
        else:
            os.killpg(process.pid, number)


class _Output(threading.Thread):
    """Reads a stream to its end, so that its writer never waits."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.kept = bytearray()
        self._stream = stream
        self.start()

    def run(self) -> None:
        """Keep the first bytes, and close the stream at its end."""
        with self._stream:
            while block := os.read(self._stream.fileno(), _BLOCK_BYTES):
                self.kept += block[: _MOST_BYTES - len(self.kept)]
