"""Paint on an image server: one request for each picture, several at a time if the config says."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING

from headergen.errors import (
    MachineError,
    NoPictureError,
    PaintError,
    SourceError,
)
from headergen.make.painter import Painted, PaintFunction
from headergen.picture.parameters import Settings
from headergen.plan.job import Painting
from headergen.progress import Finished, Note, Report, Started, Step
from headergen.server import client, dialects
from headergen.server.client import Found
from headergen.server.dialects import Asked
from headergen.server.transport import Transport
from headergen.settings.server import Server

if TYPE_CHECKING:
    from PIL import Image

_SETTINGS = {
    "seed": "seed",
    "negative_prompt": "negative prompt",
    "steps": "steps",
    "guidance_scale": "guidance scale",
}


@dataclass(frozen=True)
class ServedPainter:
    """Paints with whatever model a server has."""

    server: Server

    def may_paint(self) -> bool:
        """See `Painter.may_paint`."""
        try:
            return self._transport().is_listening()
        except MachineError:  # no key
            return False

    @contextmanager
    def ready(self, report: Report) -> Iterator[PaintFunction]:
        """See `Painter.ready`; nothing on this machine is waited for."""
        try:
            transport = self._transport()
            found = client.find(transport, self.server.dialect, self.server.model)
            yield partial(self._paint, transport, found, report)
        finally:
            report(Finished())

    def _transport(self) -> Transport:
        return Transport.to(self.server.base, self.server.key_env, self.server.timeout_s)

    def _paint(
        self,
        transport: Transport,
        found: Found,
        report: Report,
        paintings: Sequence[Painting],
        titles: Sequence[str],
    ) -> Generator[tuple[int, Painted | PaintError]]:
        report(Started(found.painter, titles))
        asked = [_asked(each, found) for each in paintings]
        for note in _unsent(found, paintings):
            report(Note(note))
        several = _Several(transport, found, asked, self.server, report)
        for index, result in several.results():
            yield index, _painted(asked[index], found, result)


def _asked(painting: Painting, found: Found) -> Asked:
    """Leave out what the server does not take, and what it would obey rather than paint."""
    dialect = found.dialect
    negative = painting.negative_prompt
    takes = dialect.takes
    return Asked(
        prompt=dialects.as_read_by(dialect, painting.prompt),
        width=painting.render_width,
        height=painting.render_height,
        negative_prompt=dialects.as_read_by(dialect, negative)
        if negative and "negative_prompt" in takes
        else None,
        steps=painting.steps if "steps" in takes else None,
        guidance_scale=painting.guidance_scale if "guidance_scale" in takes else None,
        seed=painting.seed if "seed" in takes else None,
    )


def _unsent(found: Found, paintings: Sequence[Painting]) -> Iterator[str]:
    """Say what the server is not told, where it would be said of any picture."""
    names = [
        words
        for name, words in _SETTINGS.items()
        if name not in found.dialect.takes
        and any(getattr(each, name) is not None for each in paintings)
    ]
    if names:
        yield f"{found.painter} ({found.dialect.name}) is not told: {', '.join(names)}"


class _Several:
    """Asks for pictures in threads, as many at a time as the server may be asked for.

    They are daemons: whatever a server keeps one waiting for, headergen ends when it wants to.
    """

    def __init__(
        self,
        transport: Transport,
        found: Found,
        asked: Sequence[Asked],
        server: Server,
        report: Report,
    ) -> None:
        self._transport, self._found, self._asked = transport, found, asked
        self._server, self._report = server, report
        self._waiting: SimpleQueue[int] = SimpleQueue()
        self._done: SimpleQueue[tuple[int, bytes | PaintError | None]] = SimpleQueue()
        self._stopped = Event()
        for index in range(len(asked)):
            self._waiting.put(index)

    def results(self) -> Iterator[tuple[int, bytes | PaintError]]:
        """Yield each picture's bytes, or the error that concerns it alone, as they come.

        Raises:
            MachineError: the server paints no more.
            HungError: nothing came within the time limit.
        """
        for _ in range(min(self._server.parallel, len(self._asked))):
            Thread(target=self._work, daemon=True).start()
        left = set(range(len(self._asked)))
        try:
            while left:
                index, result = self._next()
                if result is None:
                    self._report(Step(index, 0, None))
                    continue
                if isinstance(result, MachineError):
                    raise result
                left.remove(index)
                yield index, result
        finally:
            self._stopped.set()

    def _next(self) -> tuple[int, bytes | PaintError | None]:
        try:
            return self._done.get(timeout=self._server.timeout_s)
        except Empty:
            raise self._transport.hung() from None

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                index = self._waiting.get_nowait()
            except Empty:
                return
            self._done.put((index, None))
            result = self._result(index)
            if isinstance(result, MachineError):
                self._stopped.set()
            self._done.put((index, result))

    def _result(self, index: int) -> bytes | PaintError:
        try:
            return client.paint(self._transport, self._found, self._asked[index])
        except PaintError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a thread's end would be told to nobody
            return PaintError(f"asking {self._server.base} failed: {type(error).__name__}: {error}")


def _painted(asked: Asked, found: Found, result: bytes | PaintError) -> Painted | PaintError:
    if isinstance(result, PaintError):
        return result
    try:
        image = _opened(result)
    except PaintError as error:
        return error
    if image.getcolors(1):
        return NoPictureError("the server painted one flat colour")
    settings = Settings(
        prompt=asked.prompt,
        negative_prompt=asked.negative_prompt,
        model=found.painter,
        steps=asked.steps,
        guidance_scale=asked.guidance_scale,
        seed=asked.seed,
        width=image.width,
        height=image.height,
        server=found.dialect.name,
    )
    return Painted(image, settings)


def _opened(data: bytes) -> Image.Image:
    """Decode a picture as carefully as one that an author names.

    Raises:
        PaintError: it is none.
    """
    from headergen.graphics import canvas

    with TemporaryDirectory(prefix="headergen-") as folder:
        path = Path(folder) / "picture"
        path.write_bytes(data)
        try:
            return canvas.open_source(path).convert("RGB")
        except SourceError as error:
            told = error.message.replace(repr(str(path)), "it")
            raise PaintError(f"what the server sent is no picture: {told}") from error
