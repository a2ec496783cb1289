"""Ask a text model for a prompt, by the chat interface that most servers have."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from headergen.errors import PaintError
from headergen.server import client
from headergen.server.transport import Transport
from headergen.wording import brief

_ROUTE = "/v1/chat/completions"

# A prompt of 60 words has some 400 characters; image models read little more.
_LONGEST_PROMPT = 1000
_MOST_TEXT = 2000

# What reasoning models put before their answer.
_THOUGHTS = re.compile(r"^\s*<think>.*?(</think>|\Z)", re.DOTALL)


def suggest(
    server: Transport, model: str, instructions: str, title: str, tags: Sequence[str], text: str
) -> str:
    """Return the prompt, one line, that a text model suggests for an article.

    It is told the first 2,000 characters of `text`.

    Raises:
        PaintError: it gives none; a MachineError where the next article would get none either.
    """
    article = {"title": title, "tags": [*tags], "text": text[:_MOST_TEXT]}
    body = {
        "model": model,
        "messages": [
            {"role": "system", "content": instructions},
            {"role": "user", "content": json.dumps(article, ensure_ascii=False)},
        ],
    }
    answer = client.ask(server, _ROUTE, body)
    if answer.status != 200:
        raise client.refusal(server, _ROUTE, answer)
    prompt = _prompt(answer.json)
    if not prompt:
        said = server.without_key(answer.reason)
        raise PaintError(f"the server at {server.url} answers without a prompt: {said}")
    return server.without_key(prompt)


def _prompt(told: object) -> str:
    """Return what an answer says, on one line and without what models put around it; "" if none."""
    try:
        said = told["choices"][0]["message"]["content"]  # type: ignore[index]
    except (TypeError, KeyError, IndexError):
        return ""
    if not isinstance(said, str):
        return ""
    shown = "".join(each if each.isprintable() else " " for each in _THOUGHTS.sub("", said))
    return brief(" ".join(shown.split()).strip("`\"'“”「」 "), _LONGEST_PROMPT)
