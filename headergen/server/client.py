"""Have an image server paint: find out what it is, ask it, and take the picture from its answer."""

from __future__ import annotations

from dataclasses import dataclass
from time import sleep

from headergen.errors import MachineError, NetworkError, PaintError
from headergen.server import dialects, transport
from headergen.server.dialects import DIALECTS, Asked, Dialect
from headergen.server.transport import Answer, Transport
from headergen.wording import counted

# A server that is starting, busy or behind a gateway; 500 may be this picture's own fault.
_TRY_AGAIN = frozenset((408, 429, 502, 503, 504))
_PAUSES_S = (1.0, 4.0, 16.0)
_LONGEST_PAUSE_S = 120.0


@dataclass(frozen=True)
class Found:
    """A server that answers: its dialect, the model to name to it, and what it calls its model."""

    dialect: Dialect
    model: str | None
    painter: str


def find(server: Transport, dialect: str, model: str | None) -> Found:
    """Find out what a server is: its `dialect` names one, or else what it says of its models does.

    Raises:
        NetworkError: nothing answers.
        MachineError: it wants another key, or is no image server, or paints with many models of
            which `model` names none.
    """
    known = DIALECTS.get(dialect)
    if known is not None and known.name == "a1111":
        return _web_ui(server, model)
    answer = ask(server, "/v1/models")
    spoken = known or dialects.recognised(answer.json)
    names = dialects.names_in(answer.json)
    if spoken is None and not names:
        return _web_ui(server, model)
    spoken = spoken or DIALECTS["openai"]
    if spoken.needs_model and model is None and len(names) != 1:
        raise _model_wanted(server, names)
    wanted = model or (names[0] if len(names) == 1 else None)
    return Found(spoken, wanted if spoken.name != "sdcpp" else None, wanted or spoken.name)


def _web_ui(server: Transport, model: str | None) -> Found:
    """Find out which model AUTOMATIC1111, or what is alike, has loaded.

    Raises:
        MachineError: it is no such server either.
    """
    answer = ask(server, "/sdapi/v1/options")
    options = answer.json
    if answer.status != 200 or not isinstance(options, dict):
        raise MachineError(
            f"what answers at {server.url} is no image server that headergen knows",
            remedy="correct image.server.url, or say what it is with image.server.dialect: "
            + ", ".join(DIALECTS),
        )
    loaded = options.get("sd_model_checkpoint")
    name = model or (loaded if isinstance(loaded, str) else None)
    return Found(DIALECTS["a1111"], model, name or "a1111")


def _model_wanted(server: Transport, names: list[str]) -> MachineError:
    listed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    return MachineError(
        f"the server at {server.url} has {counted(len(names), 'model')}, and none is named",
        remedy=f"name one with image.server.model: {server.without_key(listed)}".rstrip(": "),
    )


def paint(server: Transport, found: Found, asked: Asked) -> bytes:
    """Return the bytes of the picture that a server paints, in whatever format it has.

    Raises:
        MachineError: it paints no more, whatever it is asked.
        PaintError: it does not paint this picture.
    """
    body = found.dialect.body(asked, found.model)
    answer = ask(server, found.dialect.route, body)
    if answer.status != 200:
        raise refusal(server, found.dialect.route, answer)
    return _picture(server, answer)


def ask(server: Transport, route: str, body: object = None) -> Answer:
    """Ask, and ask again after a pause where the server is busy or was not reached.

    Raises:
        NetworkError: nothing answered, time after time.
        MachineError: the server wants another key, or sends elsewhere.
        PaintError: as `Transport.ask`.
    """
    answer = _trying_again(server, route, body)
    _require_key(server, answer)
    return answer


def _trying_again(server: Transport, route: str, body: object) -> Answer:
    for pause in _PAUSES_S:
        try:
            answer = server.ask(route, body)
        except NetworkError:
            sleep(pause)
            continue
        if answer.status not in _TRY_AGAIN:
            return answer
        wanted = answer.retry_after_s
        if wanted is not None and wanted > _LONGEST_PAUSE_S:
            return answer
        sleep(pause if wanted is None else wanted)
    return server.ask(route, body)


def _require_key(server: Transport, answer: Answer) -> None:
    if answer.status in (401, 403):
        how = "refuses the key" if server.key else "wants a key"
        raise MachineError(
            f"the server at {server.url} {how}: {server.without_key(answer.reason)}",
            remedy="name the environment variable that holds it in image.server.key_env",
        )


def refusal(server: Transport, route: str, answer: Answer) -> PaintError:
    """Return the error for another status than 200: for want of something, or its own."""
    reason = server.without_key(answer.reason)
    told = f"the server at {server.url} answers with status {answer.status}: {reason}"
    if answer.status == 404:
        return MachineError(
            told, remedy=f"it is asked for {route}: look at the url and the model in the config"
        )
    if answer.status in _TRY_AGAIN:
        wait = answer.retry_after_s
        return MachineError(told, remedy=f"try again in {wait:.0f} s" if wait else "try again")
    return PaintError(told)


def _picture(server: Transport, answer: Answer) -> bytes:
    """Take the first picture out of an answer.

    Raises:
        PaintError: there is none.
    """
    told = answer.json
    if isinstance(told, dict):
        for name in ("data", "images"):  # the second is AUTOMATIC1111's
            listed = told.get(name)
            first = listed[0] if isinstance(listed, list) and listed else None
            if isinstance(first, str):
                return transport.decoded(first)
            if isinstance(first, dict) and isinstance(first.get("b64_json"), str):
                return transport.decoded(first["b64_json"])
            if isinstance(first, dict) and isinstance(first.get("url"), str):
                return server.fetch(first["url"])
    said = server.without_key(answer.reason)
    raise PaintError(f"the server at {server.url} answers without a picture: {said}")
