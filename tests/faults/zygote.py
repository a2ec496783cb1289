"""A warmed process that forks for each order: headergen runs at once, with one fault injected.

`python -m tests.faults.zygote` reads orders and writes results, a JSON line each. In the child,
every call by which headergen touches the disk is counted; the one with the index asked for is
killed, fails, or is interrupted. `client.paint` is a fake that logs each prompt it is given.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from PIL import Image

from headergen.cli import main as cli
from headergen.diffusion import attempts, fetching, interpreter
from headergen.diffusion.cache import Fetched

Call = Callable[..., Any]

# Where headergen, pathlib and filelock look these calls up.
CALLS = (
    (os, "mkdir"),
    (os, "open"),
    (io, "open"),
    (os, "write"),
    (os, "fsync"),
    (os, "fchmod"),
    (os, "chmod"),
    (fcntl, "flock"),
    (os, "replace"),
    (os, "unlink"),
    (os, "listdir"),
    (os, "stat"),
    (os, "close"),
)
REAL = {(module, name): getattr(module, name) for module, name in CALLS}


class Tracer:
    """Counts calls, and strikes at one of them."""

    def __init__(self, folder: str, fault: dict[str, Any] | None) -> None:
        self.folder = folder
        self.fault = fault or {"index": -1, "what": "", "when": ""}
        self.calls: list[str] = []

    def wrap(self, name: str, real: Call) -> Call:
        def call(*arguments: Any, **keywords: Any) -> Any:
            if name == "stat" and not self._is_below(arguments[0]):
                return real(*arguments, **keywords)  # as many as the folder has parents
            label = label_of(name, arguments)
            index = len(self.calls)
            self.calls.append(label)
            struck = self.fault["when"] if index == self.fault["index"] else ""
            if self.fault["what"] == "disk full" and index >= self.fault["index"]:
                refuse_to_allocate(label)
            if struck == "before":
                strike(self.fault["what"], arguments[0])
            if struck == "half":
                arguments = (arguments[0], arguments[1][: len(arguments[1]) // 2])
            try:
                return real(*arguments, **keywords)
            finally:
                if struck in ("half", "after"):
                    strike(self.fault["what"])

        return call

    def _is_below(self, path: Any) -> bool:
        return isinstance(path, int) or os.path.abspath(path).startswith(self.folder)


def label_of(name: str, arguments: Sequence[Any]) -> str:
    """Tell the opening of a new file from that of an old one."""
    if name != "open" or len(arguments) == 1:
        return name
    mode = arguments[1]
    creates = mode & os.O_CREAT if isinstance(mode, int) else set(mode) & set("wxa")
    return "create" if creates else "open"


def strike(what: str, place: Any = None) -> None:
    """Do to this process what the fault says; an error names `place` if that is a path."""
    if what in ("EIO", "ENOSPC"):
        number = getattr(errno, what)
        path = os.fspath(place) if isinstance(place, str | os.PathLike) else None
        raise OSError(number, os.strerror(number), path)
    if what.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, what))


def refuse_to_allocate(label: str) -> None:
    """Fail as a disk does that is full and stays so."""
    if label in ("create", "write", "mkdir", "fsync"):
        strike("ENOSPC")


def fake_paint(
    _python: Path, _load: attempts.Load, requests: Sequence[attempts.Paint], _progress: object
) -> Iterator[tuple[int, attempts.Pixels]]:
    """Paint one colour at the size asked for, and log the prompt."""
    for index, request in enumerate(requests):
        log = os.path.join(os.environ["XDG_CACHE_HOME"], "painted")
        with REAL[io, "open"](log, "a") as file:
            file.write(f"{request.prompt}\n")
        rgb = b"\x40\x80\xc0" * request.width * request.height
        yield index, attempts.Pixels(request.width, request.height, rgb)


def child(order: dict[str, Any], output: int) -> None:
    """Run headergen as the order says, and end with its exit code."""
    sys.stdout = sys.stderr = os.fdopen(output, "w", encoding="utf-8", buffering=1)
    os.environ |= order["environ"]
    os.chdir(order["folder"])
    if order["user"]:
        os.setgid(order["user"])
        os.setuid(order["user"])
    tracer = Tracer(order["folder"], order["fault"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for (module, name), real in REAL.items():
        setattr(module, name, tracer.wrap(name, real))
    builtins.open = io.open
    code = 99
    try:
        code = cli.main(order["arguments"])
    except BaseException:  # noqa: BLE001 - a child that returned would serve orders too
        traceback.print_exc()
    sys.stdout.flush()
    with suppress(OSError), REAL[io, "open"](order["report"], "w") as file:
        json.dump(tracer.calls, file)
    os._exit(code)


def serve(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order in a child of this process."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(order, write)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        output = pipe.read().decode("utf-8", "replace")
    _, status = os.waitpid(pid, 0)
    return {"code": os.waitstatus_to_exitcode(status), "output": output}


def warm_up() -> None:
    """Import whatever a run imports, by one of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        Image.new("RGB", (9, 9)).save(f"{folder}/a.png")
        Path(folder, "a.md").write_text("---\nheader: {sources: [a.png]}\n---\n")
        Path(folder, "b.md").write_text("---\nheader: {prompt: x}\n---\n")
        Path(folder, "headergen.yaml").write_text("header: {width: 48, height: 26}\n")
        os.environ["XDG_CACHE_HOME"] = folder
        here = Path.cwd()
        os.chdir(folder)
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            code = cli.main(["run"])
        os.chdir(here)
        assert code == 0


def main() -> None:
    """Serve orders until there are no more."""
    attempts.paint = fake_paint  # type: ignore[assignment]
    fetching.obtain = lambda *_, **__: Fetched(Path(), "", "")
    interpreter.find_interpreter = lambda *_: Path(sys.executable)
    warm_up()
    with suppress(BrokenPipeError):
        for line in sys.stdin:
            print(json.dumps(serve(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
