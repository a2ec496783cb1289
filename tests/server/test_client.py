from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from time import time

import pytest

from headergen.errors import HeadergenError, HungError, MachineError, NetworkError, PaintError
from headergen.server import client, transport
from headergen.server.client import Found
from headergen.server.dialects import DIALECTS, Asked
from headergen.server.transport import Transport
from tests.support import server_kinds
from tests.support.image_server import Answer, Request, as_json, serving
from tests.support.server_kinds import answering, in_base64, picture

FOX = Asked("a fox", 64, 48, seed=7)
FOUND = Found(DIALECTS["vllm-omni"], None, "fox-1")
PNG = picture()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Keep how long the client would have waited."""
    paused: list[float] = []
    monkeypatch.setattr("headergen.server.client.sleep", paused.append)
    return paused


def painted(answer: Answer, key: str | None = None) -> bytes:
    with serving(lambda _: answer) as server:
        return client.paint(Transport(server.url, key), FOUND, FOX)


def refusal(answer: Answer, key: str | None = None) -> HeadergenError:
    with pytest.raises(HeadergenError) as caught:
        painted(answer, key)
    return caught.value


# --- what it is --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "model", "named", "painter"),
    [
        ("sglang", None, "Tongyi-MAI/Z-Image-Turbo", "Tongyi-MAI/Z-Image-Turbo"),
        ("vllm-omni", None, "Qwen/Qwen-Image", "Qwen/Qwen-Image"),
        ("localai", None, "flux.1-dev", "flux.1-dev"),
        ("sdcpp", None, None, "sd-cpp-local"),
        ("openai", "gpt-image-1", "gpt-image-1", "gpt-image-1"),
        ("a1111", None, None, "animagine-xl-3.1.safetensors [e3c47aedb0]"),
    ],
)
def test_a_server_says_itself_what_it_is(
    kind: str, model: str | None, named: str | None, painter: str
) -> None:
    with serving(answering(kind, lambda _: as_json({}, 500))) as server:
        found = client.find(Transport(server.url), "auto", model)
    assert found == Found(DIALECTS[kind], named, painter)
    assert not server.posts


def test_a_server_of_many_models_is_told_which() -> None:
    with (
        serving(answering("openai", lambda _: as_json({}, 500))) as server,
        pytest.raises(MachineError, match="has 2 models, and none is named") as caught,
    ):
        client.find(Transport(server.url), "auto", None)
    assert caught.value.remedy == "name one with image.server.model: gpt-image-1, gpt-5"


def test_an_unknown_server_with_models_is_asked_as_openai_is() -> None:
    told = {"data": [{"id": "paint-1", "owned_by": "somebody"}]}
    with serving(lambda _: as_json(told)) as server:
        assert client.find(Transport(server.url), "auto", None).dialect == DIALECTS["openai"]


@pytest.mark.parametrize(
    "answer", [as_json({}, 404), (200, {}, b"<html>"), as_json([]), as_json("x")]
)
def test_what_is_no_image_server_is_not_taken_for_one(answer: Answer) -> None:
    with serving(lambda _: answer) as server, pytest.raises(MachineError, match="no image server"):
        client.find(Transport(server.url), "auto", None)


def test_the_dialect_that_the_config_names_is_believed() -> None:
    with serving(lambda _: as_json({}, 404)) as server:
        found = client.find(Transport(server.url), "sglang", "mine")
    assert found == Found(DIALECTS["sglang"], "mine", "mine")


def test_nothing_there_is_a_network_error_with_a_remedy(no_pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(
        NetworkError, match=f"no answer from the server at {url}: .*refused"
    ) as caught:
        client.find(Transport(url), "auto", None)
    assert caught.value.remedy == "start it, or correct image.server.url"
    assert no_pauses == [1.0, 4.0, 16.0]


# --- pictures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        {"data": [{"b64_json": in_base64(PNG)}]},
        {"data": [{"b64_json": f"data:image/png;base64,{in_base64(PNG)}", "url": None}]},
        {"data": [{"url": f"data:image/png;base64,{in_base64(PNG)}"}]},
        {"images": [in_base64(PNG)], "info": "{}"},
    ],
)
def test_a_picture_is_taken_from_any_form_of_answer(told: object) -> None:
    assert painted(as_json(told)) == PNG


@pytest.mark.parametrize("place", ["/files/1.png", "{url}/files/1.png", "//{host}/files/1.png"])
def test_a_picture_that_is_named_is_fetched(place: str) -> None:
    def answer(request: Request) -> Answer:
        if request.method == "GET":
            return 200, {}, PNG
        host = request.headers["Host"]
        return as_json({"data": [{"url": place.format(url=f"http://{host}", host=host)}]})

    with serving(answer) as server:
        assert client.paint(Transport(server.url, "sesame"), FOUND, FOX) == PNG
    assert server.requests[-1].path == "/files/1.png"
    assert server.requests[-1].headers["Authorization"] == "Bearer sesame"


def test_a_key_goes_to_the_server_alone() -> None:
    with serving(lambda _: (200, {}, PNG)) as other:
        answers = [
            as_json({"data": [{"url": f"{other.url}/1.png"}]}),
            as_json({"data": [{"url": "/moved"}]}),
            (302, {"Location": f"{other.url}/2.png"}, b""),
        ]
        with serving(lambda _: answers.pop(0)) as server:
            for _ in range(2):
                client.paint(Transport(server.url, "sesame"), FOUND, FOX)
    assert [each.path for each in other.requests] == ["/1.png", "/2.png"]
    assert all("Authorization" not in each.headers for each in other.requests)
    assert all(each.headers["Authorization"] == "Bearer sesame" for each in server.requests)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_request_that_is_sent_elsewhere_is_not_repeated_there(status: int) -> None:
    error = refusal((status, {"Location": "http://127.0.0.1:9/v1/images"}, b""))
    assert isinstance(error, MachineError)
    assert error.remedy == "name the right address in image.server.url"


def test_a_picture_that_is_sent_around_in_circles_is_given_up() -> None:
    def answer(request: Request) -> Answer:
        if request.method == "POST":
            return as_json({"data": [{"url": "/again"}]})
        return 302, {"Location": "/again"}, b""

    with serving(answer) as server, pytest.raises(PaintError, match="cannot be fetched"):
        client.paint(Transport(server.url), FOUND, FOX)
    assert len(server.requests) == 5


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://x", "http://:80/x"]
)
def test_a_picture_is_fetched_from_the_web_alone(place: str) -> None:
    assert "not on the web" in str(refusal(as_json({"data": [{"url": place}]})))


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}, b""),
        (200, {}, b"\xff\xfe"),
        (200, {}, b"[" * 100_000),
        *map(as_json, [None, [], {}, {"data": []}, {"data": [7]}, {"data": {"b64_json": ""}}]),
        *map(as_json, [{"data": [{"b64_json": 7}]}, {"data": [{"url": None}]}, {"images": "abc"}]),
    ],
)
def test_an_answer_without_a_picture_is_told(answer: Answer) -> None:
    assert "answers without a picture" in str(refusal(answer))


def test_a_flood_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_MOST_BYTES", 2 * 1024 * 1024)
    error = refusal((200, {}, b" " * (3 * 1024 * 1024 + 1)))
    assert str(error) == "the server's answer has more than 2 MB"


# --- refusals ----------------------------------------------------------------------------------


def test_a_server_that_is_busy_is_asked_again(no_pauses: list[float]) -> None:
    answers = [
        (429, {"Retry_After": "7"}, b""),
        (503, {"Retry_After": formatdate(time() + 30, usegmt=True)}, b""),
        (502, {}, b""),
        as_json({"data": [{"b64_json": in_base64(PNG)}]}),
    ]
    with serving(lambda _: answers.pop(0)) as server:
        assert client.paint(Transport(server.url), FOUND, FOX) == PNG
    assert no_pauses[0] == 7.0
    assert 25 < no_pauses[1] <= 30
    assert no_pauses[2] == 16.0


@pytest.mark.parametrize("after", ["soon", "-3", "", "1e9", "Tue, 99 Foo", "9" * 500])
def test_a_wait_that_cannot_be_read_is_no_reason_to_wait(
    after: str, no_pauses: list[float]
) -> None:
    error = refusal((503, {"Retry_After": after}, b'{"error": {"message": "loading"}}'))
    assert isinstance(error, MachineError)
    assert error.message.endswith("answers with status 503: loading")
    assert no_pauses == [1.0, 4.0, 16.0]


def test_a_long_wait_is_told_and_not_done(no_pauses: list[float]) -> None:
    error = refusal((429, {"Retry_After": "86400"}, b"{}"))
    assert isinstance(error, MachineError)
    assert (error.remedy, no_pauses) == ("try again in 86400 s", [])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": {"message": "no such size", "type": "invalid"}}', "no such size"),
        (b'{"error": "invalid params"}', "invalid params"),
        (b'{"detail": [{"msg": "too short"}]}', '{"detail": [{"msg": "too short"}]}'),
        (b"Internal Server Error", "Internal Server Error"),
        (b"", "no reason given"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(body: bytes, reason: str) -> None:
    error = refusal((500, {}, body))
    assert type(error) is PaintError
    assert error.message.endswith(f"answers with status 500: {reason}")


@pytest.mark.parametrize(("key", "how"), [(None, "wants a key"), ("wrong", "refuses the key")])
def test_a_key_that_is_lacking_or_wrong_ends_it(key: str | None, how: str) -> None:
    error = refusal((401, {}, b'{"error": {"message": "Incorrect API key: wrong"}}'), key)
    assert isinstance(error, MachineError)
    assert how in str(error)
    assert not key or key not in str(error)


def test_the_web_uis_key_is_a_name_and_a_password() -> None:
    with serving(server_kinds.web_ui) as server:
        client.find(Transport(server.url, "me:sesame"), "auto", None)
    assert server.requests[-1].headers["Authorization"] == "Basic bWU6c2VzYW1l"


# --- lies --------------------------------------------------------------------------------------


@contextmanager
def raw(*sent: bytes, wait: bool = False) -> Iterator[str]:
    """Serve a socket that sends bytes as they are, whatever it is asked, and then hangs up."""
    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"".join(sent))
                    if wait:
                        is_over.wait(30)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        is_over.set()
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000,
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000,
    ],
)
def test_a_server_that_breaks_off_or_speaks_something_else(sent: bytes) -> None:
    with raw(sent) as url, pytest.raises(NetworkError, match="no answer from the server"):
        client.paint(Transport(url), FOUND, FOX)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with raw(wait=True) as url, pytest.raises(HungError, match="gave no sign for"):
        client.paint(Transport(url, timeout_s=0.05), FOUND, FOX)
