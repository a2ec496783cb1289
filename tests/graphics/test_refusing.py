"""What is no picture, damaged or too large is refused, and does no harm."""

from __future__ import annotations

import os
import random
import socket
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from headergen.errors import SourceError
from headergen.graphics.canvas import open_source
from headergen.picture.damage import MAX_PIXELS, require_sound
from tests.graphics.raw import EXIF, NOISE, SRGB, XMP, chunk, encoded, png, save


def _missing(path: Path) -> None:
    pass


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's address holds some 100 bytes only
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _writes(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 8 * MAX_PIXELS + 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(_missing, "does not exist", id="missing"),
        pytest.param(Path.mkdir, "is a directory", id="directory"),
        pytest.param(_pipe, "not a regular file", id="pipe that nobody writes to"),
        pytest.param(_socket, "not a regular file", id="socket"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "not a regular", id="device"),
        pytest.param(_loop, "cannot be opened: Too many levels", id="link to itself"),
        pytest.param(_writes(b""), "is empty", id="empty"),
        pytest.param(_sparse, "is larger than 400,000,000 bytes", id="huge file"),
        pytest.param(
            _writes(b"<svg xmlns='x'/>"), "is SVG, which headergen does not read", id="SVG"
        ),
        pytest.param(_writes(encoded(NOISE, "TIFF")), "is TIFF, which", id="TIFF"),
        pytest.param(_writes(encoded(NOISE, "BMP")), "is BMP, which", id="BMP"),
        pytest.param(_writes(encoded(NOISE, "PNG")[:-800]), "cut short", id="truncated PNG"),
        pytest.param(_writes(encoded(NOISE, "JPEG")[:-800]), "cut short", id="truncated JPEG"),
        pytest.param(_writes(encoded(NOISE, "GIF")[:-800]), "cut short", id="truncated GIF"),
        pytest.param(_writes(encoded(NOISE, "WEBP")[:-800]), "cut short", id="truncated WebP"),
        pytest.param(_writes(encoded(NOISE, "AVIF")[:-800]), "reads, or its", id="truncated AVIF"),
        pytest.param(
            _writes(encoded(Image.new("RGBA", (4, 4)), "PNG")), "transparent", id="nothing to see"
        ),
        pytest.param(
            _writes(png(1, 8, 0, b"\0", chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 22))))),
            "damaged or cut short: Decompressed data too large",
            id="text chunk that unpacks to 4 MiB",
        ),
    ],
)
def test_refuses(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "絵.png"
    make(path)
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert message in caught.value.message
    assert "絵.png" in caught.value.message
    assert (caught.value.path, caught.value.line) == (None, None)


def test_names_the_formats_it_reads(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text("<svg/>")
    with pytest.raises(SourceError) as caught:
        open_source(tmp_path / "a.svg")
    assert "PNG, JPEG, WebP, AVIF or GIF" in (caught.value.remedy or "")


@contextmanager
def _unprivileged() -> Iterator[None]:
    """Root may read anything, so let it be nobody for a moment."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_refuses_what_may_not_be_read(tmp_path: Path) -> None:
    path = save(NOISE, tmp_path / "a.png", "PNG")
    path.chmod(0)
    with _unprivileged(), pytest.raises(SourceError, match="permission denied"):
        open_source(path)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a\0.png", id="NUL"),
        pytest.param("a" * 300, id="longer than any file system takes"),
        pytest.param("a\udc80\n.png", id="undecodable byte and line break"),
    ],
)
def test_refuses_impossible_name_in_one_printable_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(tmp_path / name)
    assert "\n" not in caught.value.message
    assert caught.value.message.encode()


@pytest.mark.parametrize(
    ("width", "height"),
    [
        pytest.param(10_000, 5_001, id="just above the bound"),
        pytest.param(10_000, 10_000, id="where Pillow only warns"),
        pytest.param(60_000, 60_000, id="where Pillow refuses"),
    ],
)
def test_refuses_a_bomb_before_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, height: int
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(width, 8, 2, b"", height=height))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(SourceError, match="more than 50,000,000 pixels"):
        open_source(path)


def _jpeg_of(width: int, height: int, *, progressive: bool = False) -> bytes:
    """Return a small JPEG whose frame header says that it is `width` x `height` px."""
    data = encoded(Image.new("L", (8, 8)), "JPEG", progressive=progressive)
    frame = data.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    return data[:frame] + struct.pack(">HH", height, width) + data[frame + 4 :]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(_jpeg_of(20_000, 10_001), "more than 200,000,000 pixels", id="baseline"),
        pytest.param(
            _jpeg_of(10_000, 5_001, progressive=True),
            "is a progressive JPEG of more than 50,000,000 pixels",
            id="progressive",
        ),
    ],
)
def test_refuses_a_jpeg_before_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, message: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(SourceError, match=message):
        open_source(tmp_path / "a.jpg")
    with pytest.raises(SourceError, match=message):
        require_sound(tmp_path / "a.jpg", "a.jpg")


def test_reads_a_picture_at_the_bound(tmp_path: Path) -> None:
    path = save(Image.new("1", (10_000, 5_000)), tmp_path / "a.png", "PNG")
    assert open_source(path, at_least=(100, 50)).size == (200, 100)


def _repair_checksums(data: bytearray) -> None:
    """Let damage get past a PNG's own checks."""
    at = 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4


@pytest.mark.parametrize(
    ("data", "checksums"),
    [
        pytest.param(encoded(NOISE, "PNG", icc_profile=SRGB, exif=EXIF), True, id="PNG"),
        pytest.param(
            encoded(NOISE.quantize(9), "PNG", transparency=b"\0\x50"), True, id="palette PNG"
        ),
        pytest.param(encoded(NOISE, "JPEG", icc_profile=SRGB, exif=EXIF), False, id="JPEG"),
        pytest.param(encoded(NOISE.convert("CMYK"), "JPEG", progressive=True), False, id="CMYK"),
        pytest.param(
            encoded(NOISE, "MPO", save_all=True, append_images=[NOISE]), False, id="two in a JPEG"
        ),
        pytest.param(
            encoded(NOISE, "WEBP", icc_profile=SRGB, exif=EXIF.tobytes(), xmp=XMP), False, id="WebP"
        ),
        pytest.param(encoded(NOISE, "WEBP", lossless=True), False, id="lossless WebP"),
        pytest.param(
            encoded(NOISE, "AVIF", icc_profile=SRGB, exif=EXIF.tobytes(), xmp=XMP), False, id="AVIF"
        ),
        pytest.param(encoded(NOISE.quantize(9), "GIF", transparency=1), False, id="GIF"),
    ],
)
def test_damage_is_an_error_or_harmless(tmp_path: Path, data: bytes, checksums: bool) -> None:
    chance = random.Random(len(data))
    path, refused = tmp_path / "a", 0
    for _ in range(80):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            # Half the flips hit the header, where they do the most harm.
            reach = chance.choice((len(data), min(len(data), 160)))
            damaged[chance.randrange(reach)] = chance.choice((0, 127, 255, chance.randrange(256)))
        if checksums and chance.random() < 0.8:
            _repair_checksums(damaged)
        path.write_bytes(damaged[: chance.choice((None, None, chance.randrange(1, len(data))))])
        try:
            assert open_source(path).mode in ("RGB", "RGBA")
        except SourceError:
            refused += 1
    assert refused, "no file was damaged: the flips miss"


def test_keeps_pillow_from_warning(tmp_path: Path) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x05\0\xff\0\0\0\xff\xff\0\0"
    path = save(NOISE, tmp_path / "a.jpg", "JPEG", exif=exif)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        open_source(path)
    assert not warned
