from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from headergen.graphics import encoding
from headergen.picture import first_bytes
from headergen.picture.first_bytes import Picture
from headergen.picture.provenance import Metadata


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        pytest.param(".png", {}, id="PNG"),
        pytest.param(".webp", {"quality": 80}, id="lossy WebP"),
        pytest.param(".webp", {"lossless": True}, id="lossless WebP"),
        pytest.param(".webp", {"exif": b"Exif\0\0"}, id="extended WebP"),
        pytest.param(".jpg", {}, id="JPEG"),
        pytest.param(".gif", {}, id="GIF"),
        pytest.param(".avif", {}, id="AVIF"),
    ],
)
def test_format_and_size_are_read_from_the_first_bytes(
    tmp_path: Path, suffix: str, options: dict[str, Any]
) -> None:
    path = tmp_path / f"a{suffix}"
    Image.effect_noise((321, 123), 100).convert("RGB").save(path, **options)
    whole = path.read_bytes()
    assert len(whole) > 5000
    for size in (len(whole), 1000):
        path.write_bytes(whole[:size])
        assert first_bytes.probe(path) == Picture(
            first_bytes.SUFFIX_FORMATS[suffix], 321, 123, size
        )


@pytest.mark.parametrize("format", ["png", "webp"])
def test_the_digest_that_canvas_writes_is_found(tmp_path: Path, format: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(encoding.encode(Image.new("RGB", (40, 30)), format, Metadata("3fa9c1d2")))
    assert first_bytes.probe(path).digest == "3fa9c1d2"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n", id="PNG signature alone"),
        pytest.param(b"\x89PNG\r\n\x1a\n\xff\xff\xff\xfftEXt", id="PNG with an endless chunk"),
        pytest.param(b"RIFF\x04\0\0\0WEBP", id="WebP without a chunk"),
        pytest.param(b"\xff\xd8\xff\xe0\0", id="JPEG cut short"),
        pytest.param(b"GIF89a\x01", id="GIF cut short"),
        pytest.param(b"\0\0\0\x18ftypavif", id="AVIF cut short"),
    ],
)
def test_a_broken_file_has_no_size(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    found = first_bytes.probe(path)
    assert (found.width, found.height, found.digest) == (0, 0, None)


@pytest.mark.parametrize(
    ("chunks", "digest"),
    [
        pytest.param(900, "3fa9c1d2", id="the digest after many chunks"),
        pytest.param(100_000, None, id="a file of nothing but chunks"),
    ],
)
def test_the_look_for_the_digest_ends(tmp_path: Path, chunks: int, digest: str | None) -> None:
    data = encoding.encode(Image.new("RGB", (40, 30)), "png", Metadata("3fa9c1d2"))
    start = 8 + 25  # signature and IHDR
    path = tmp_path / "a.png"
    path.write_bytes(data[:start] + b"\0\0\0\0teXt\0\0\0\0" * chunks + data[start:])
    assert first_bytes.probe(path).digest == digest
