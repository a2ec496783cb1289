"""Seeded damage to files, and the limits within which each damaged file must be read.

The suite runs a short part. A long one, of one kind or of all, draws anew for each seed:

    uv run python -m tests.hostile.fuzz.mutations 100000 [KIND …]
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from PIL import Image, PngImagePlugin

from headergen.diffusion import answers, snapshot
from headergen.errors import HeadergenError
from headergen.graphics import canvas
from headergen.picture import damage, metadata, parameters, provenance
from headergen.picture.first_bytes import probe
from headergen.plan import candidates
from headergen.settings import config

# Seconds of CPU, and bytes of memory that reading a file may add to the process.
MOST_SECONDS, MOST_BYTES = 2.0, 400_000_000

_NUMBERS = (0, 1, 2, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1)
_WORDS = (
    b"{", b"[", b'"', b"}", b"]", b":", b",", b"\\u", b"-", b"1e999", b"9" * 5000, b"null", b"true",
    b"NaN", b"[" * 9999, b'{"a":' * 9999, b"\0", b"\n", b"\xff", b"\xff\xd8", b"\xff\xda", b"IDAT",
    b"IEND", b"tEXt", b"VP8X", b"ANMF", b"ftyp", b"meta", b"<<: *a", b"&a ", b"*a", b"!!python/x ",
    b"\xed\xa0\x80", b"\xe2\x80\xa8", b"{{", b"../", b"- ", b"? ", b"---\n", b"image:\n", b"~",
)  # fmt: skip


class Kind(NamedTuple):
    """Files of one kind: some that are whole, and what is done with a damaged one."""

    whole: Sequence[bytes]
    read: Callable[[bytes, Path], object]


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Return a file with one to four places damaged."""
    for _ in range(draw.randint(1, 4)):
        at = min(int(len(data) * draw.random() ** draw.choice((1, 3))), max(len(data) - 1, 0))
        end = at + draw.choice((1, 1, 2, 4, 16, 200))
        data = draw.choice(_DAMAGES)(data, at, end, draw)
    return data[:300_000]


def _number(data: bytes, at: int, _: int, draw: random.Random) -> bytes:
    form = draw.choice(("<I", ">I", "<H", ">H", "B"))
    number = draw.choice(_NUMBERS) % 256 ** struct.calcsize(form)
    return data[:at] + struct.pack(form, number) + data[at + struct.calcsize(form) :]


_DAMAGES: Sequence[Callable[[bytes, int, int, random.Random], bytes]] = (
    _number,
    lambda data, at, end, draw: data[:at] + draw.randbytes(end - at) + data[end:],
    lambda data, at, end, _: data[:at] + data[end:],
    lambda data, at, *_: data[:at],
    lambda data, at, _, draw: data[:at] + draw.choice(_WORDS) + data[at:],
    lambda data, at, end, draw: data[:at] + data[at:end] * draw.choice((2, 9, 900)) + data[end:],
    lambda data, at, end, draw: data[:at] + _part(data, end - at, draw) + data[at:],
    lambda data, at, _, draw: data[:at] + _flipped(data[at : at + 1], draw) + data[at + 1 :],
)


def _part(data: bytes, length: int, draw: random.Random) -> bytes:
    start = draw.randrange(len(data) + 1)
    return data[start : start + length]


def _flipped(byte: bytes, draw: random.Random) -> bytes:
    return bytes(each ^ 1 << draw.randrange(8) for each in byte)


def _pictures(form: str) -> list[bytes]:
    """Draw small pictures, with and without texts, in several modes."""
    told = PngImagePlugin.PngInfo()
    told.add_text("parameters", "a sea\nSteps: 8, Seed: 1, Size: 64x34", zip=True)
    told.add_itxt("XML:com.adobe.xmp", provenance.xmp_packet("0123abcd", "composite"))
    options: dict[str, list[dict[str, object]]] = {
        "PNG": [{}, {"pnginfo": told}],
        "JPEG": [{}, {"progressive": True}, {"exif": _exif()}],
        "WEBP": [{}, {"lossless": True}, {"exif": _exif()}, {"save_all": True}],
        "GIF": [{}, {"save_all": True}],
        "AVIF": [{}],
    }
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for mode in ("RGB", "L") if form == "JPEG" else ("RGB", "RGBA", "P"):
            picture = Image.linear_gradient("L").resize((64, 34)).convert(mode)
            for each in options[form]:
                frames = {"append_images": [picture.rotate(90)]} if "save_all" in each else {}
                picture.save(Path(folder, "a"), form, **each, **frames)
                found.append(Path(folder, "a").read_bytes())
    return found


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "a sea\nSteps: 8".encode("utf-16-be")
    return exif.tobytes()


def _read_picture(data: bytes, folder: Path) -> None:
    path = folder / "picture"
    path.write_bytes(data)
    probe(path)
    told = provenance.read(metadata.read(path))
    assert told.is_of_ai in (True, False)
    damage.damage_of(path)
    damage.require_sound(path, "picture")
    canvas.open_source(path, at_least=(64, 34))


def _read_config(data: bytes, folder: Path) -> None:
    (folder / "headergen.yaml").write_bytes(data)
    config.load(folder, None)


def _read_toml_config(data: bytes, folder: Path) -> None:
    (folder / "headergen.yaml").unlink(missing_ok=True)
    (folder / "pyproject.toml").write_bytes(data)
    config.load(folder, None)


def _read_tensors(data: bytes, folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(data)
    snapshot.tensors_in(folder / "model.safetensors")


def _read_index(data: bytes, folder: Path) -> None:
    (folder / "model_index.json").write_bytes(data)
    (folder / "config.json").write_bytes(data)
    snapshot.is_quantized(folder)
    snapshot.read(folder, "ZImagePipeline")


def _read_event(data: bytes, _: Path) -> None:
    answers.event_in(data, answers.EVENTS, ("paint",), {7: (16, 16)})


def _read_record(data: bytes, _: Path) -> None:
    candidates.parsed(data)


def _read_parameters(data: bytes, _: Path) -> None:
    parameters.read(data.decode("utf-8", "replace"))


def _tensors() -> bytes:
    tensors = {
        "__metadata__": {"format": "pt"},
        "a.weight": {"dtype": "F16", "shape": [2, 2], "data_offsets": [0, 8]},
        "b.bias": {"dtype": "BF16", "shape": [4], "data_offsets": [8, 16]},
    }
    header = json.dumps(tensors).encode()
    return struct.pack("<Q", len(header)) + header + bytes(16)


def _events() -> list[bytes]:
    events = [
        {"event": "image", "id": 7, "width": 16, "height": 16, "rgb": "AAAA" * 256,
         "peak_vram": None, "peak_ram": 1},
        {"event": "step", "id": 7, "step": 1, "steps": 8},
        {"event": "surveyed", "device": "cuda:0", "vram_free": 1, "capability": [8, 9],
         "bfloat16": True, "quantizable": False},
        {"event": "error", "id": None, "kind": "paint", "message": "x"},
        {"event": "loading", "part": "vae", "done": 0, "total": 7},
    ]  # fmt: skip
    return [json.dumps(event).encode() + b"\n" for event in events]


_CONFIG = b"""\
image: {model: z-image-turbo, num_inference_steps: 8, guidance_scale: 0, device: "cuda:0"}
header: {width: 64, height: 34, format: webp, max_kb: 500}
output: note_images/{stem}.{format}
default: {card: {theme: night, colours: ["#112233", "#445566"]}}
styles:
- {paths: [posts/**, "/a*b?[c-d].md"], theme: mesh, default: {prompt: "{title}, {tags}"}}
also: [{key: og_image, width: 1200, height: 630}]
exclude: ["**/drafts/**"]
worker: {timeout_s: 60}
"""
_TOML = b"""\
[tool.headergen]
output = "note_images/{stem}.{format}"
[tool.headergen.header]
width = 64
format = "webp"
[[tool.headergen.styles]]
paths = ["posts/**"]
default.prompt = "{title}"
"""
_INDEX = b"""\
{"_class_name": "ZImagePipeline", "_diffusers_version": "0.36", "scheduler": ["diffusers",
"FlowMatchEulerDiscreteScheduler"], "vae": ["diffusers", "AutoencoderKL"], "x": [null, null]}
"""
_RECORD = b"""\
{"request": "0123abcd", "candidates": [{"number": 1, "seed": 5, "prompt": "a sea", "what": "seed 5",
"digest": "0123abcd", "painted_as": "0123"}]}
"""


def kinds() -> Mapping[str, Kind]:
    """Return all kinds of files; those of articles are in `test_articles`."""
    return {
        **{form.lower(): Kind(_pictures(form), _read_picture) for form in canvas.READABLE_FORMATS},
        "config": Kind([_CONFIG], _read_config),
        "toml": Kind([_TOML], _read_toml_config),
        "safetensors": Kind([_tensors()], _read_tensors),
        "index": Kind([_INDEX], _read_index),
        "event": Kind(_events(), _read_event),
        "record": Kind([_RECORD], _read_record),
        "parameters": Kind(
            [b'a sea\nNegative prompt: x\nSteps: 8, CFG scale: 7, Seed: 1, Size: 64x34, X: "a"'],
            _read_parameters,
        ),
    }


class TooSlowError(Exception):
    """A file took longer than it may."""


@contextmanager
def limits() -> Iterator[None]:
    """Stop the block after so many seconds of CPU time."""

    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def faults(name: str, kind: Kind, seed: int, count: int, folder: Path) -> Iterator[str]:
    """Yield what went wrong with each of `count` damaged files; errors for the author are right."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(seed, seed + count):
        draw = random.Random(f"{name} {number}")
        data = mutated(draw.choice(kind.whole), draw)
        try:
            with limits():
                kind.read(data, folder)
        except (HeadergenError, snapshot.SnapshotError, answers.GarbledError):
            pass
        except Exception:  # noqa: BLE001 - each is what is looked for
            yield f"{name} {number}:\n{traceback.format_exc(-6)}"
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        if grown * 1024 > MOST_BYTES:
            yield f"{name} {number}: takes more memory than {MOST_BYTES:,} bytes"
            return


def main(count: int, names: Sequence[str]) -> None:
    """Run kinds one after another, and print faults as they are found."""
    for name, kind in kinds().items():
        if names and name not in names:
            continue
        start, seen = time.monotonic(), 0
        with tempfile.TemporaryDirectory() as folder:
            for fault in faults(name, kind, 0, count, Path(folder)):
                seen += 1
                if seen <= 5:
                    print(fault, flush=True)
        print(
            f"{name}: {seen} faults in {count} files, {time.monotonic() - start:.0f} s", flush=True
        )


if __name__ == "__main__":
    os.environ.setdefault("HEADERGEN_FUZZ", "1")
    main(int(sys.argv[1]), sys.argv[2:])
