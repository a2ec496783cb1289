from __future__ import annotations

import io
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from headergen.picture.wholeness import is_whole
from tests.support.paths import CHECKOUT

WAYS = {
    "png": {"format": "PNG"},
    "png with a palette": {"format": "PNG", "bits": 4},
    "webp": {"format": "WEBP", "quality": 80},
    "webp, lossless": {"format": "WEBP", "lossless": True},
    "webp with XMP": {"format": "WEBP", "xmp": b"<x:xmpmeta/>"},
    "jpeg": {"format": "JPEG"},
    "jpeg, progressive": {"format": "JPEG", "progressive": True},
    "jpeg with a preview in its EXIF": {"format": "JPEG", "exif": b"Exif\0\0II*\0\xff\xd8\xff\xd9"},
    "gif": {"format": "GIF"},
    "avif": {"format": "AVIF"},
}


def encoded(way: str, size: tuple[int, int] = (61, 37)) -> bytes:
    noise = Image.frombytes("RGB", size, Random(way).randbytes(3 * size[0] * size[1]))
    image = noise.convert("P") if "palette" in way or way == "gif" else noise
    buffer = io.BytesIO()
    image.save(buffer, **WAYS[way])  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.parametrize("way", WAYS)
def test_a_whole_picture_is_whole_and_no_beginning_of_it(way: str) -> None:
    data = encoded(way)
    assert is_whole(io.BytesIO(data))
    ends = {*range(0, len(data), 97), len(data) - 2, len(data) // 2}
    assert not [end for end in ends if is_whole(io.BytesIO(data[:end]))]


@pytest.mark.parametrize("way", ["png", "jpeg", "webp", "gif"])
def test_what_programs_write_behind_a_picture_does_no_harm(way: str) -> None:
    assert is_whole(io.BytesIO(encoded(way) + bytes(8)))


@pytest.mark.parametrize(
    "path",
    [each for each in (CHECKOUT / "articles/assets").iterdir() if each.is_file()],
    ids=lambda path: path.name,
)
def test_pictures_of_other_programs_are_whole(path: Path) -> None:
    with path.open("rb") as file:
        assert is_whole(file)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a"])
def test_what_has_no_pixels_is_not_whole(data: bytes) -> None:
    assert not is_whole(io.BytesIO(data))


@pytest.mark.parametrize("way", WAYS)
def test_damaged_bytes_never_raise(way: str) -> None:
    random, data = Random(way), encoded(way)
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(3):
            damaged[random.randrange(min(len(damaged), 300))] = random.randrange(256)
        is_whole(io.BytesIO(bytes(damaged)))
