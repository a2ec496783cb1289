"""The worker's process: orders in, events out, and an end when the parent is gone."""

from __future__ import annotations

import json
import os
import queue
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from headergen.diffusion.families import MODELS, twins
from headergen.diffusion.worker import device, hub, stages, unpack
from headergen.diffusion.worker.events import Emit, describe, emitter, kind_of
from headergen.diffusion.worker.libraries import silence


def main() -> None:
    """Serve one parent until it says `quit`."""
    _ask_to_be_killed_first()
    orders, events = _take_over_streams()
    emit = emitter(events)
    inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_orders, args=(orders, inbox), daemon=True).start()
    serve(inbox.get, emit)


def serve(next_order: Callable[[], dict[str, Any]], emit: Emit) -> None:
    """Answer orders until `quit`; a failure that no single picture is to blame for has no `id`."""
    silence()
    while (order := next_order())["op"] != "quit":
        try:
            _ORDERS[order["op"]](order, emit)
        except Exception as error:  # noqa: BLE001 - the parent gets every failure as data
            emit("error", id=None, kind=kind_of(error), message=describe(error))


def _build(order: Mapping[str, Any], emit: Emit) -> None:
    """Save the tiny twin of the order's model into its folder, and emit `built`."""
    twins.save(MODELS[order["model"]], Path(order["folder"]))
    emit("built")


_ORDERS: Mapping[str, Callable[[Mapping[str, Any], Emit], None]] = {
    "survey": device.survey,
    "paint": stages.paint,
    "fetch": hub.fetch,
    "unpack": unpack.unpack,
    "build": _build,
}


def _ask_to_be_killed_first() -> None:
    """Ask Linux to spare the author's editor when RAM runs out, and to end this process."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        return  # not Linux


def _take_over_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for the parent; libraries get an empty stdin, and stderr as stdout."""
    orders, events = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return orders, events


def _read_orders(orders: BinaryIO, inbox: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Pass orders on; if they end without `quit` the parent is dead, and nobody wants the rest.

    What the parent would have removed is removed here then.
    """
    order: dict[str, Any] = {}
    for line in orders:
        order = json.loads(line)
        inbox.put(order)
        if order["op"] == "quit":
            return
    if "scratch" in order:
        shutil.rmtree(order["scratch"], ignore_errors=True)
    os._exit(1)
