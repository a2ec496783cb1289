"""Talk HTTP with one server, with bounds: to whom, how much, how often redirected.

The standard library does: other clients make a hook's start many times as long.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead
from time import time
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from headergen import __version__
from headergen.errors import HungError, MachineError, NetworkError, PaintError
from headergen.wording import brief, shown

# A PNG of 4096 x 4096 px that does not compress has 50 MB, and four thirds of that in base64.
_MOST_BYTES = 96 * 1024 * 1024
_CHUNK = 1024 * 1024
_MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Answer:
    """What a server answered: status, headers, and the bytes of the body."""

    status: int
    headers: Message
    data: bytes

    @property
    def retry_after_s(self) -> float | None:
        """The seconds to wait that `Retry-After` names; None if it names none."""
        text = (self.headers.get("Retry-After") or "").strip()
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return float(text)
        try:
            return max(parsedate_to_datetime(text).timestamp() - time(), 0.0)
        except (ValueError, OverflowError):
            return None

    @property
    def json(self) -> Any:
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.data)
        except (ValueError, RecursionError):
            return None

    @property
    def reason(self) -> str:
        """What the server says of an error, in whatever form it does."""
        told = self.json
        for name in ("error", "detail", "message"):
            if isinstance(told, dict) and told.get(name):
                told = told[name]
        text = told if isinstance(told, str) else self.data[:2000].decode("utf-8", "replace")
        return brief(" ".join(text.split())) or "no reason given"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves it to the caller: a redirected POST would come back as a GET, with the key."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True)
class Transport:
    """A server at `url` (without `/v1`), asked with `key`, if any, which goes nowhere else.

    `timeout_s` bounds each wait for a connection or for more bytes.
    """

    url: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 600.0

    @classmethod
    def to(cls, url: str, key_env: str | None, timeout_s: float) -> Transport:
        """Return the way to a server, with the key that an environment variable holds.

        Raises:
            MachineError: the variable is not set, or holds what cannot be sent.
        """
        if key_env is None:
            return cls(url, None, timeout_s)
        key = os.environ.get(key_env, "").strip()
        if not key:
            raise MachineError(
                f"the environment variable {key_env} is not set",
                remedy=f"put the key for {url} into it",
            )
        if not (key.isascii() and key.isprintable()):
            raise MachineError(f"{key_env} holds characters that no key has")
        return cls(url, key, timeout_s)

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    def is_listening(self) -> bool:
        """Check within a second whether something accepts connections there."""
        port = self._parts.port or (443 if self._parts.scheme == "https" else 80)
        try:
            socket.create_connection((self._parts.hostname or "", port), 1.0).close()
        except (OSError, UnicodeError):
            return False
        return True

    def ask(self, route: str, body: object = None) -> Answer:
        """Send GET, or POST with `body` as JSON, to a route such as `/v1/models`.

        Raises:
            NetworkError: nothing answers.
            HungError: nothing came for `timeout_s`.
            MachineError: the answer leads elsewhere.
            PaintError: the answer is too long.
        """
        data = None if body is None else json.dumps(body).encode()
        answer = self._open(self.url + route, data)
        if answer.status in _REDIRECTS:
            elsewhere = self.without_key(answer.headers.get("Location") or "")
            raise MachineError(
                f"the server at {self.url} sends elsewhere: {shown(elsewhere)}",
                remedy="name the right address in image.server.url",
            )
        return answer

    def fetch(self, place: str) -> bytes:
        """Return the bytes at a URL that the server named, relative to it or not, or in the URL.

        Raises:
            NetworkError: nothing answers.
            PaintError: it is no such URL, too long, or redirected too often.
        """
        if place.startswith("data:"):
            return decoded(place)
        url = urljoin(f"{self.url}/v1/", place)
        for _ in range(1 + _MOST_REDIRECTS):
            answer = self._open(url, None)
            if answer.status not in _REDIRECTS:
                break
            url = urljoin(url, answer.headers.get("Location") or "")
        if answer.status != 200:
            message = f"the server's picture cannot be fetched: status {answer.status}"
            raise PaintError(self.without_key(message))
        return answer.data

    def without_key(self, text: str) -> str:
        """Return what a server says without the key, which it may repeat."""
        return text.replace(self.key, "…") if self.key else text

    def _open(self, url: str, data: bytes | None) -> Answer:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PaintError(f"the server names a picture that is not on the web: {shown(url)}")
        headers = {"User-Agent": f"headergen/{__version__}", "Accept": "*/*"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        if self.key and (parts.scheme, parts.netloc) == (self._parts.scheme, self._parts.netloc):
            headers["Authorization"] = self._authorization(self.key)
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if parts.hostname in _LOOPBACK:
            handlers.append(urllib.request.ProxyHandler({}))
        opener = urllib.request.build_opener(*handlers)
        try:
            with opener.open(
                urllib.request.Request(url, data, headers), timeout=self.timeout_s
            ) as response:
                return Answer(response.status, response.headers, _read(response))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read(_CHUNK))
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            if isinstance(reason, TimeoutError):
                raise self.hung() from None
            message = f"no answer from the server at {self.url}: {reason}"
            raise NetworkError(
                self.without_key(message), remedy="start it, or correct image.server.url"
            ) from None

    def hung(self) -> HungError:
        """Return the error for a server that lets one wait for too long."""
        return HungError(
            f"the server at {self.url} gave no sign for {self.timeout_s:g} s",
            remedy="look at it, or raise image.server.timeout_s",
        )

    def _authorization(self, key: str) -> str:
        """AUTOMATIC1111's `--api-auth` is a name and a password, as its key then is."""
        if ":" in key:
            return "Basic " + base64.b64encode(key.encode()).decode("ascii")
        return f"Bearer {key}"


def _read(response: Any) -> bytes:
    """Read the body, up to what a picture may have.

    Raises:
        PaintError: it is longer.
    """
    found, expected = bytearray(), response.length or 0
    while chunk := response.read(_CHUNK):
        found += chunk
        if len(found) > _MOST_BYTES:
            raise PaintError(f"the server's answer has more than {_MOST_BYTES // 1024**2} MB")
    if len(found) < expected:  # which `read` tells only without a size
        raise IncompleteRead(bytes(found), expected - len(found))
    return bytes(found)


def decoded(text: str) -> bytes:
    """Return the bytes of base64 text, alone or in a `data:` URL.

    Raises:
        PaintError: it is no base64.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode(text, validate=False)
    except ValueError as error:
        raise PaintError(f"the server's picture is no base64: {error}") from error
