"""A model hub on localhost: as much of Hugging Face's HTTP interface as a download needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Serves the folder of each known model, but no file of a gated one; knows no other.

    `commits` may give models another commit than `COMMIT`.
    `requests` lists what was asked for, as "METHOD path"; `authorizations` by what right.
    """

    def __init__(self, models: dict[str, Path], gated: frozenset[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.models = models
        self.gated = gated
        self.commits: dict[str, str] = {}
        self.requests: list[str] = []
        self.authorizations: list[str | None] = []

    @property
    def endpoint(self) -> str:
        """The address for HF_ENDPOINT."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serve_hub(models: dict[str, Path], gated: frozenset[str] = frozenset()) -> Iterator[Hub]:
    """Serve `models` (id → folder) until the block ends."""
    with Hub(models, gated) as hub:
        thread = threading.Thread(target=hub.serve_forever)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        self.server.authorizations.append(self.headers["Authorization"])

    def _asked(self) -> tuple[str, list[str]]:
        """Split what is asked for into the model and the rest."""
        path = self.path.partition("?")[0].removeprefix("/api/models").strip("/").split("/")
        return "/".join(path[:2]), path[2:]

    def _commit(self) -> str:
        return self.server.commits.get(self._asked()[0], COMMIT)

    def _answer(self) -> None:
        model, rest = self._asked()
        if model not in self.server.models:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif rest[:1] != ["resolve"]:
            self._send(
                200, json.dumps(_info(model, self.server.models[model], self._commit())).encode()
            )
        elif model in self.server.gated:
            self._send(403, b"", {"X-Error-Code": "GatedRepo"})
        else:
            self._send_file(self.server.models[model] / "/".join(rest[2:]))

    def _send_file(self, path: Path) -> None:
        if not path.is_file():
            return self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
        body = path.read_bytes()
        self._send(200, body, {"ETag": f'"{hashlib.sha256(body).hexdigest()}"'})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        known = {"X-Repo-Commit": self._commit(), "Content-Length": str(len(body))}
        for name, value in (known | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def _info(model: str, folder: Path, commit: str) -> dict[str, object]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    siblings = [
        {"rfilename": path.relative_to(folder).as_posix(), "size": path.stat().st_size}
        for path in files
    ]
    return {"id": model, "sha": commit, "siblings": siblings}
