"""Workers forked from a process that has torch and diffusers imported: 0.1 s each in place of 15.

`python -m tests.support.forked SOCKET` is that process. Run as a script, this file is what the
parent starts in the worker's place: it hands its streams, environment and folder to a fork of that
process and ends as the fork ends. When it is killed, so is the fork.
"""

from __future__ import annotations

import functools
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import pytest

_ADDRESS = "HEADERGEN_TESTS_FORKED"  # the variable that names the socket to the script
_IMPORTED = {
    "compel": ["CompelForSDXL"],
    "diffusers": ["guiders"],
    "torch": ["nn"],
    "transformers": ["CLIPTokenizer", "Qwen2Tokenizer"],
}
_WORKER = ("headergen.diffusion.worker.process", "main")
_SERVER_DIED = 70  # EX_SOFTWARE


class WarmProcess(os.PathLike[str]):
    """The process to fork from, one for all of pytest's; as a path, the script above.

    `begin` starts it in the first of pytest's processes, and those that it starts find it by the
    environment. It imports torch when it is first asked for a fork. `folder` is what they share.
    """

    def __init__(self) -> None:
        self.address = os.environ[_ADDRESS]
        self.folder = Path(self.address).parent

    def __fspath__(self) -> str:
        return __file__

    def use(self, patch: pytest.MonkeyPatch) -> None:
        """Have every worker that this process starts be a fork."""
        from headergen.diffusion import client

        patch.setattr(client, "WORKER", self)

    def call(self, module: str, function: str, *arguments: Any) -> None:
        """Run a function in a fork that shares this process's streams, and require its success."""
        with _send(self.address, [module, function, arguments]) as connection:
            assert _receive(connection) == 0, f"{module}.{function} failed"


def begin() -> Callable[[], None] | None:
    """Start the process unless there is one, and return what ends it."""
    if _ADDRESS in os.environ:
        return None
    import shutil
    import subprocess
    import tempfile

    folder = tempfile.mkdtemp(prefix="headergen-tests-")
    os.environ[_ADDRESS] = os.path.join(folder, "socket")
    command = [sys.executable, "-m", __spec__.name, os.environ[_ADDRESS]]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate()
        shutil.rmtree(folder)
        del os.environ[_ADDRESS]

    return end


def stand_in(address: str) -> NoReturn:
    """Be the worker, as far as its parent can see."""
    connection = _send(address, [*_WORKER, []])
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # so that their other ends see when the fork ends
        os.dup2(nothing, stream)
    status = _receive(connection)
    if status < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), -status)
    os._exit(status)


def _send(address: str, function: list[Any]) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    socket.send_fds(connection, [b"\0"], [0, 1, 2])
    order = {"function": function, "environ": dict(os.environ), "folder": os.getcwd()}
    connection.sendall(json.dumps(order).encode() + b"\n")
    return connection


def _receive(connection: socket.socket) -> int:
    """Wait for the end of the fork."""
    return int(connection.makefile().readline() or _SERVER_DIED)


def serve(address: str) -> None:
    """Fork for each connection until stdin ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the supervisors
        while _first([listener, 0]) is listener:
            connection, _ = listener.accept()
            import_everything()
            if os.fork() == 0:
                listener.close()
                _supervise(connection)
            connection.close()


def _supervise(connection: socket.socket) -> NoReturn:
    """Fork once more, report how that child ended, and kill it when the stand-in is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    order = json.loads(connection.makefile().readline())
    ended, still_running = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ended)
        connection.close()
        _run(order, streams)
    os.close(still_running)
    for stream in (0, 1, 2, *streams):
        os.close(stream)
    if _first([connection, ended]) is connection:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(OSError):
        connection.sendall(f"{status}\n".encode())
    os._exit(0)


def _first(readable: list[Any]) -> Any:
    """Wait until one can be read, or ends."""
    return select.select(readable, [], [])[0][0]


def _run(order: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    """Become what the stand-in would have been: a session of its own, with its surroundings."""
    import importlib
    import traceback

    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["folder"])
    status = 1
    try:
        # The hub's address and folders are read from the environment when this is imported.
        importlib.reload(importlib.import_module("huggingface_hub.constants"))
        module, function, arguments = order["function"]
        getattr(importlib.import_module(module), function)(*arguments)
        status = 0
    except BaseException:  # noqa: BLE001 - a fork that returned would serve too
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(status)


@functools.cache
def import_everything() -> None:
    """Import what painting imports; to compute anything here would start threads."""
    import importlib

    from headergen.diffusion.families import FAMILIES
    from headergen.diffusion.worker.libraries import silence

    silence()
    of_families = [
        name.partition(".")[::2]
        for family in FAMILIES.values()
        for name in (*family.parts.values(), f"diffusers.{family.entry_point}")
        if isinstance(name, str)
    ]
    others = [(library, name) for library, names in _IMPORTED.items() for name in names]
    for library, name in (*of_families, *others):  # which are imported when they are asked for
        getattr(importlib.import_module(library), name)
    # It compiles a thousand patterns once.
    importlib.import_module("transformers.conversion_mapping").get_checkpoint_conversion_mapping("")


if __name__ == "__main__":
    if sys.argv[1:]:
        serve(sys.argv[1])
        os._exit(0)  # as the worker does: taking torch down takes seconds
    else:
        stand_in(os.environ[_ADDRESS])
