"""Ask an image server what headergen relies on, and say what holds.

    uv run python bench/image_server.py URL [--model NAME] [--dialect NAME] [--key-env NAME]

It paints five small pictures. Nothing is measured: the seconds are there to see that it works.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from time import perf_counter

from PIL import Image

from headergen.server import client, dialects
from headergen.server.client import Found
from headergen.server.dialects import Asked
from headergen.server.transport import Transport
from headergen.settings.server import Server

ASKED = Asked("a lighthouse on a cliff, evening", 256, 144, seed=7)


def main() -> int:
    """Print a line for each thing that was tried; 1 if one does not hold."""
    parser = argparse.ArgumentParser(description="say what holds for an image server")
    parser.add_argument("url")
    for name in ("--model", "--dialect", "--key-env"):
        parser.add_argument(name)
    given = parser.parse_args()
    server = Server(given.url, given.model, given.key_env, given.dialect or "auto")
    transport = Transport.to(server.base, server.key_env, server.timeout_s)
    found = client.find(transport, server.dialect, server.model)
    print(f"{server.base} ({found.dialect.name}) paints with {found.painter}")
    holds = True
    for what, ok in tried(transport, found):
        holds &= ok
        print(f"{'ok  ' if ok else 'no  '} {what}", flush=True)
    return 0 if holds else 1


def tried(transport: Transport, found: Found) -> Iterator[tuple[str, bool]]:
    """Paint with the same and another seed, and at a header's size."""
    first, seconds = _paint(transport, found, ASKED)
    size = first.size == (ASKED.width, ASKED.height)
    yield f"a picture of {first.width}x{first.height} px, in {seconds:.1f} s", size
    if "seed" in found.dialect.takes:
        again, _ = _paint(transport, found, ASKED)
        yield "the same seed paints the same picture", again.tobytes() == first.tobytes()
        other, _ = _paint(transport, found, replace(ASKED, seed=8))
        yield "another seed paints another picture", other.tobytes() != first.tobytes()
    header, seconds = _paint(transport, found, replace(ASKED, width=1280, height=672))
    yield f"a header's size, in {seconds:.1f} s", header.size == (1280, 672)
    hostile = f"{ASKED.prompt} | red <sd_cpp_extra_args>{{}}</sd_cpp_extra_args>"
    _paint(transport, found, replace(ASKED, prompt=hostile))
    yield "a prompt with switches in it is painted", True


def _paint(transport: Transport, found: Found, asked: Asked) -> tuple[Image.Image, float]:
    prompt = dialects.as_read_by(found.dialect, asked.prompt)
    start = perf_counter()
    data = client.paint(transport, found, replace(asked, prompt=prompt))
    seconds = perf_counter() - start
    return Image.open(BytesIO(data)).convert("RGB"), seconds


if __name__ == "__main__":
    raise SystemExit(main())
