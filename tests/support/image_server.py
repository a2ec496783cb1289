"""An image server for tests: a real HTTP server on this machine that answers as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class Request:
    """What a server was asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass
class ImageServer:
    """Answers each request by `answer`, and keeps what it was asked."""

    answer: Callable[[Request], Answer]
    url: str = ""
    requests: list[Request] = field(default_factory=list)

    @property
    def posts(self) -> list[Any]:
        """The bodies of what was asked to be painted."""
        return [each.body for each in self.requests if each.method == "POST"]


def as_json(told: object, status: int = 200, **headers: str) -> Answer:
    """Return an answer in JSON."""
    return status, headers, json.dumps(told).encode()


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[ImageServer]:
    """Serve on a free port until the block ends."""
    kept = ImageServer(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length)
            body = json.loads(data) if data else None
            request = Request(self.command, self.path, dict(self.headers), body)
            kept.requests.append(request)
            status, headers, answered = kept.answer(request)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answered)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(answered)

        do_GET = do_POST = _handle

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    kept.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
