"""What a picture's file may cost: chunks, texts, segments and scans are bounded."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from headergen.errors import SourceError
from headergen.graphics import canvas
from headergen.picture import damage, metadata
from headergen.picture.first_bytes import PNG_SIGNATURE


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data), name) + data + b"\0\0\0\0"


def text(keyword: bytes, data: bytes) -> bytes:
    return chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(data))


@pytest.fixture
def inflations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record how long each text is that is inflated."""
    lengths: list[int] = []
    inflate = metadata._inflated

    def record(data: bytes) -> bytes | None:
        inflated = inflate(data)
        lengths.append(len(inflated or b""))
        return inflated

    monkeypatch.setattr(metadata, "_inflated", record)
    return lengths


def test_texts_that_nobody_reads_are_not_inflated(tmp_path: Path, inflations: list[int]) -> None:
    path = tmp_path / "a.png"
    other = b"".join(text(b"key %d" % number, bytes(9000)) for number in range(99))
    path.write_bytes(PNG_SIGNATURE + other + text(b"parameters", b"a sea"))

    assert metadata.read(path).parameters == "a sea"
    assert inflations == [5]


def test_a_text_that_comes_again_and_again_is_inflated_a_few_times(
    tmp_path: Path, inflations: list[int]
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG_SIGNATURE + text(b"prompt", bytes(1_000_000)) * 5000)

    metadata.read(path)

    assert len(inflations) == metadata._MOST_TEXTS


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PNG_SIGNATURE + chunk(b"teSt", b"") * 300_000, id="PNG"),
        pytest.param(b"RIFF\0\0\0\0WEBP" + b"teSt\0\0\0\0" * 300_000, id="WebP"),
        pytest.param(b"\xff\xd8" + b"\xff\xe2\0\2" * 300_000, id="JPEG"),
    ],
)
def test_a_file_of_empty_parts_is_not_walked_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    path = tmp_path / "picture"
    path.write_bytes(data)
    reads = [0]

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            reads[0] += 1
            return super().read(size)

    monkeypatch.setattr(Path, "open", lambda *_: Counting(data))

    metadata.read(path)

    assert reads[0] <= metadata._MOST_CHUNKS + 10


def test_a_file_of_no_known_format_is_not_searched(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text('<x:xmpmeta xmp:CreatorTool="x"></x:xmpmeta>')

    assert metadata.read(path).xmp is None


# --- JPEG ----------------------------------------------------------------------------------------


def jpeg(path: Path, size: tuple[int, int] = (64, 64), **options: Any) -> bytes:
    Image.new("RGB", size, "teal").save(path, "JPEG", **options)
    return path.read_bytes()


def scans_of(data: bytes) -> bytes:
    """Return the last scan of a progressive JPEG, up to the end mark."""
    return data[data.rindex(b"\xff\xda") : -2]


def progressive_bomb(path: Path) -> None:
    data = jpeg(path, (2000, 2000), progressive=True)
    path.write_bytes(data[:-2] + scans_of(data) * 2000 + b"\xff\xd9")


def test_a_jpeg_of_many_scans_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    progressive_bomb(path)

    for refuse in (canvas.open_source, lambda each: damage.require_sound(each, "'a.jpg'")):
        with pytest.raises(SourceError, match="JPEG of more than 150 scans") as caught:
            refuse(path)
        assert caught.value.remedy == "save it as a baseline JPEG"


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"optimize": True}, {"quality": 30}]
)
def test_jpegs_of_encoders_are_read(tmp_path: Path, options: dict[str, Any]) -> None:
    jpeg(tmp_path / "a.jpg", (3000, 2000), **options)

    assert canvas.open_source(tmp_path / "a.jpg").size == (3000, 2000)


def with_fill_bytes(data: bytes) -> bytes:
    at = data.index(b"\xff\xc2")
    return data[:at] + b"\xff\xff" + data[at:]


def with_a_first_scan_of_one_component(data: bytes) -> bytes:
    at = data.index(b"\xff\xda")
    return data[:at] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + data[at:]


@pytest.mark.parametrize(
    ("options", "change", "expected"),
    [
        pytest.param({}, lambda data: data, True, id="baseline"),
        pytest.param({"progressive": True}, lambda data: data, False, id="progressive"),
        pytest.param({"progressive": True}, with_fill_bytes, False, id="fill bytes"),
        pytest.param({}, with_a_first_scan_of_one_component, False, id="a scan for each colour"),
        pytest.param(
            {}, lambda data: data.replace(b"\xff\xc0", b"\xff\xca"), False, id="arithmetic"
        ),
        pytest.param(
            {}, lambda data: data[:2] + b"\xff\xe2\0\2" * 20_000 + data[2:], False, id="segments"
        ),
        pytest.param({}, lambda data: data[:100], False, id="cut off"),
    ],
)
def test_what_is_decoded_line_by_line(
    tmp_path: Path,
    options: dict[str, Any],
    change: Callable[[bytes], bytes],
    expected: bool,
) -> None:
    data = change(jpeg(tmp_path / "a.jpg", **options))

    assert damage._has_one_scan(io.BytesIO(data)) == expected
