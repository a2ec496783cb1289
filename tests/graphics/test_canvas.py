"""Sources are opened safely and seen right; headers are cut to size and saved."""

from __future__ import annotations

import io
import os
import random
import socket
import struct
import warnings
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from headergen.errors import SourceError
from headergen.graphics.canvas import MAX_PIXELS, cover, from_rgb, open_source
from headergen.graphics.encoding import encode
from headergen.picture.provenance import Metadata

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def save(image: Image.Image, path: Path, format: str, **options: object) -> Path:
    image.save(path, format, **options)
    return path


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def rows(image: Image.Image) -> list[object]:
    return [image.getpixel((x, y)) for y in range(image.height) for x in range(image.width)]


def near(pixel: object, expected: tuple[int, ...], tolerance: int = 6) -> bool:
    assert isinstance(pixel, tuple)
    return len(pixel) == len(expected) and all(
        abs(one - other) <= tolerance for one, other in zip(pixel, expected, strict=True)
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, depth: int, colour_type: int, row: bytes, *extra: bytes, height: int = 1
) -> bytes:
    """One-row PNG of a depth and colour type that Pillow does not write itself."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *extra,
            chunk(b"IDAT", zlib.compress((b"\0" + row) * min(height, 1))),
            chunk(b"IEND", b""),
        )
    )


# -- what is opened ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "options"),
    [
        pytest.param("PNG", {}, id="PNG"),
        pytest.param("JPEG", {"quality": 95}, id="JPEG"),
        pytest.param("WEBP", {"quality": 95}, id="WebP"),
        pytest.param("AVIF", {"quality": 95}, id="AVIF"),
        pytest.param("GIF", {}, id="GIF"),
        pytest.param("MPO", {"quality": 95}, id="JPEG with a second picture, as phones make"),
    ],
)
def test_reads_format(tmp_path: Path, format: str, options: Mapping[str, object]) -> None:
    # The suffix says nothing: the content decides.
    path = save(Image.new("RGB", (40, 30), (200, 40, 90)), tmp_path / "picture", format, **options)
    opened = open_source(path)
    assert (opened.mode, opened.size) == ("RGB", (40, 30))
    assert near(opened.getpixel((20, 15)), (200, 40, 90))


@pytest.mark.parametrize("format", ["GIF", "WEBP", "AVIF", "PNG"])
def test_animation_shows_its_first_frame(tmp_path: Path, format: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]
    path = save(frames[0], tmp_path / "a", format, save_all=True, append_images=frames[1:])
    assert near(open_source(path).getpixel((8, 8)), RED)


GRAY_16 = struct.pack(">3H", 0, 0x8000, 0xFFFF)
PALETTE = chunk(b"PLTE", bytes((*RED, *GREEN, *BLUE)))
TWO_PIXELS_48 = struct.pack(">6H", 0x8000, 0, 0xFFFF, 0x1234, 0x5678, 0x9ABC)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            png(3, 16, 0, GRAY_16), [(0,) * 3, (128,) * 3, (255,) * 3], id="16-bit gray is scaled"
        ),
        pytest.param(
            png(3, 16, 0, GRAY_16, chunk(b"tRNS", b"\x80\0")),
            [(0, 0, 0, 255), (128, 128, 128, 0), (255, 255, 255, 255)],
            id="16-bit gray with a transparent level",
        ),
        pytest.param(png(2, 16, 2, TWO_PIXELS_48), [(128, 0, 255), (18, 86, 154)], id="48-bit RGB"),
        pytest.param(
            png(2, 16, 2, TWO_PIXELS_48, chunk(b"tRNS", TWO_PIXELS_48[6:])),
            [(128, 0, 255, 255), (18, 86, 154, 0)],
            id="48-bit RGB with a transparent colour",
        ),
        pytest.param(
            png(1, 16, 6, b"\x80\0\0\0\xff\xff\x40\0"), [(128, 0, 255, 64)], id="64-bit RGBA"
        ),
        pytest.param(png(1, 16, 4, b"\x80\0\x40\0"), [(128, 128, 128, 64)], id="32-bit LA"),
        pytest.param(
            png(4, 2, 0, b"\x1b", chunk(b"tRNS", b"\0\2")),
            [(0, 0, 0, 255), (85, 85, 85, 255), (170, 170, 170, 0), (255, 255, 255, 255)],
            id="2-bit gray with a transparent level",
        ),
        pytest.param(
            png(2, 4, 0, b"\x0f", chunk(b"tRNS", b"\0\x0f")),
            [(0, 0, 0, 255), (255, 255, 255, 0)],
            id="4-bit gray with a transparent level",
        ),
        pytest.param(
            png(2, 1, 0, b"\x40", chunk(b"tRNS", b"\0\1")),
            [(0, 0, 0, 255), (255, 255, 255, 0)],
            id="1-bit with a transparent level",
        ),
        pytest.param(png(2, 1, 0, b"\x40"), [(0, 0, 0), (255, 255, 255)], id="1-bit"),
        pytest.param(
            png(
                3,
                2,
                3,
                b"\x18",
                chunk(b"PLTE", bytes((*RED, *GREEN, *BLUE))),
                chunk(b"tRNS", b"\x50"),
            ),
            [(255, 0, 0, 80), (0, 255, 0, 255), (0, 0, 255, 255)],
            id="palette with half-transparent entry",
        ),
        pytest.param(
            encoded(Image.new("RGBA", (1, 1), (9, 8, 7, 255)), "PNG"),
            [(9, 8, 7)],
            id="alpha that hides nothing is dropped",
        ),
    ],
)
def test_reads_depth_and_transparency(
    tmp_path: Path, data: bytes, expected: list[tuple[int, ...]]
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    assert rows(open_source(path)) == expected


def test_reads_transparent_colour_of_a_gif(tmp_path: Path) -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette((*RED, *BLUE))
    picture.putpixel((1, 0), 1)
    path = save(picture, tmp_path / "a.gif", "GIF", transparency=1)
    assert rows(open_source(path)) == [(*RED, 255), (*BLUE, 0)]


def test_reads_cmyk(tmp_path: Path) -> None:
    path = save(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), tmp_path / "a.jpg", "JPEG")
    assert near(open_source(path).getpixel((8, 8)), RED)


def test_reads_ycck(tmp_path: Path) -> None:
    # libjpeg makes CMY of YCC where Adobe's marker says 2, and Adobe's levels are inverted.
    inverse = Image.new("RGB", (16, 16), (0, 255, 255)).convert("YCbCr")
    channels = [channel.point([255 - level for level in range(256)]) for channel in inverse.split()]
    picture = Image.merge("CMYK", [*channels, Image.new("L", (16, 16), 0)])
    data = bytearray(encoded(picture, "JPEG", quality=100, subsampling=0))
    data[data.index(b"Adobe") + 11] = 2
    (tmp_path / "a.jpg").write_bytes(data)
    assert near(open_source(tmp_path / "a.jpg").getpixel((8, 8)), RED)


def corners() -> Image.Image:
    """A picture whose orientation shows: red, green, blue and white, clockwise from top left."""
    picture = Image.new("RGB", (64, 32), RED)
    picture.paste(GREEN, (32, 0, 64, 16))
    picture.paste(BLUE, (32, 16, 64, 32))
    picture.paste((255, 255, 255), (0, 16, 32, 32))
    return picture


STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", STORED_AS)
def test_turns_upright(tmp_path: Path, orientation: int, format: str) -> None:
    turn = STORED_AS[orientation]
    stored = corners() if turn is None else corners().transpose(turn)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    opened = open_source(save(stored, tmp_path / "a", format, exif=exif))
    assert opened.size == (64, 32)
    seen = [opened.getpixel(at) for at in ((16, 8), (48, 8), (48, 24), (16, 24))]
    for pixel, colour in zip(seen, (RED, GREEN, BLUE, (255, 255, 255)), strict=True):
        assert near(pixel, colour)


def test_broken_exif_leaves_the_picture_as_stored(tmp_path: Path) -> None:
    path = save(corners(), tmp_path / "a.webp", "WEBP", exif=b"Exif\0\0no TIFF header")
    assert open_source(path).size == (64, 32)


# -- colour profiles --------------------------------------------------------------------------


def s15(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + s15(*values)


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(value * 256), 0)


def profile(space: bytes, tags: Mapping[bytes, bytes], pcs: bytes = b"XYZ ") -> bytes:
    """A minimal version 2 ICC profile (ICC.1:2001-04)."""
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data
    head = b"\0\0\0\0\x02\x10\0\0" + kind + space + pcs + bytes(12) + b"acsp" + bytes(28)
    head += s15(0.9642, 1, 0.8249)
    size = struct.pack(">I", 128 + len(table) + len(body))
    return (size + head).ljust(128, b"\0") + table + body


D50 = xyz(0.9642, 1, 0.8249)
# sRGB's primaries with red and green exchanged, so that a profile that is passed over shows.
SWAPPED_RGB = profile(
    b"RGB ",
    {
        b"wtpt": D50,
        b"rXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"gXYZ": xyz(0.4360, 0.2225, 0.0139),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        b"rTRC": gamma(2.2),
        b"gTRC": gamma(2.2),
        b"bTRC": gamma(2.2),
    },
)
LINEAR_GRAY = profile(b"GRAY", {b"wtpt": D50, b"kTRC": gamma(1)})
# Any ink prints as CIE Lab (53, 80, 67), which is sRGB's red.
RED_INK = profile(
    b"CMYK",
    {
        b"wtpt": D50,
        b"A2B0": b"mft1\0\0\0\0\4\3\2\0"
        + s15(1, 0, 0, 0, 1, 0, 0, 0, 1)
        + bytes(range(256)) * 4
        + bytes((136, 208, 195)) * 16
        + bytes(range(256)) * 3,
    },
    pcs=b"Lab ",
)


@pytest.mark.parametrize(
    ("picture", "format", "icc", "expected"),
    [
        pytest.param(Image.new("RGB", (8, 8), RED), "PNG", SWAPPED_RGB, GREEN, id="RGB PNG"),
        pytest.param(Image.new("RGB", (8, 8), RED), "JPEG", SWAPPED_RGB, GREEN, id="RGB JPEG"),
        pytest.param(Image.new("RGB", (8, 8), RED), "WEBP", SWAPPED_RGB, GREEN, id="RGB WebP"),
        pytest.param(Image.new("RGB", (8, 8), RED), "AVIF", SWAPPED_RGB, GREEN, id="RGB AVIF"),
        pytest.param(
            Image.new("RGBA", (8, 8), (*RED, 90)), "PNG", SWAPPED_RGB, (*GREEN, 90), id="RGBA PNG"
        ),
        pytest.param(
            Image.new("RGB", (8, 8), RED).quantize(2), "PNG", SWAPPED_RGB, GREEN, id="palette PNG"
        ),
        pytest.param(Image.new("L", (8, 8), 128), "PNG", LINEAR_GRAY, (188,) * 3, id="gray PNG"),
        pytest.param(
            Image.new("LA", (8, 8), (128, 90)), "PNG", LINEAR_GRAY, (188, 188, 188, 90), id="LA PNG"
        ),
        pytest.param(
            Image.new("I;16", (8, 8), 0x8080), "PNG", LINEAR_GRAY, (188,) * 3, id="16-bit gray PNG"
        ),
        pytest.param(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "JPEG", RED_INK, RED, id="CMYK"),
        pytest.param(
            Image.new("L", (8, 8), 128),
            "PNG",
            SWAPPED_RGB,
            (128,) * 3,
            id="a profile for other channels is passed over",
        ),
        pytest.param(
            Image.new("RGB", (8, 8), RED),
            "PNG",
            SWAPPED_RGB[:200],
            RED,
            id="a broken profile is passed over",
        ),
    ],
)
def test_converts_to_srgb(
    tmp_path: Path, picture: Image.Image, format: str, icc: bytes, expected: tuple[int, ...]
) -> None:
    opened = open_source(save(picture, tmp_path / "a", format, icc_profile=icc))
    assert near(opened.getpixel((4, 4)), expected, tolerance=12)
    assert not opened.info, "nothing of a source's metadata may reach the header"


# -- reduced decoding -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "size", "at_least", "expected"),
    [
        pytest.param("JPEG", (800, 600), (200, 100), (200, 150), id="JPEG at a quarter"),
        pytest.param("JPEG", (800, 600), (201, 100), (400, 300), id="JPEG at a half"),
        pytest.param("JPEG", (800, 600), (401, 100), (800, 600), id="JPEG too small to halve"),
        pytest.param("JPEG", (80, 60), (200, 100), (80, 60), id="JPEG smaller than asked for"),
        pytest.param("PNG", (800, 600), (100, 50), (200, 150), id="PNG stays at twice the size"),
        pytest.param("PNG", (800, 600), (300, 50), (800, 600), id="PNG not twice as large"),
    ],
)
def test_reduces_but_still_covers(
    tmp_path: Path,
    format: str,
    size: tuple[int, int],
    at_least: tuple[int, int],
    expected: tuple[int, int],
) -> None:
    path = save(Image.new("RGB", size, RED), tmp_path / "a", format)
    assert open_source(path, at_least=at_least).size == expected
    assert open_source(path).size == size


def test_reduces_a_sideways_jpeg_by_its_upright_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = save(Image.new("RGB", (600, 200)), tmp_path / "a.jpg", "JPEG", exif=exif)
    assert open_source(path, at_least=(100, 300)).size == (100, 300)


# -- what is refused --------------------------------------------------------------------------


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


NOISE = Image.effect_noise((64, 48), 80).convert("RGB")


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
        pytest.param(_writes(b"<svg xmlns='x'/>"), "not a picture that headergen reads", id="SVG"),
        pytest.param(_writes(encoded(NOISE, "TIFF")), "not a picture that", id="TIFF"),
        pytest.param(_writes(encoded(NOISE, "BMP")), "not a picture that", id="BMP"),
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


EXIF = Image.Exif()
EXIF[ExifTags.Base.Orientation] = 6
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x tiff:Orientation="6"/>'


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


# -- from_rgb, cover --------------------------------------------------------------------------


def test_from_rgb_reads_rows_from_the_top() -> None:
    picture = from_rgb(bytes((*RED, *GREEN, *BLUE, *RED, *RED, *BLUE)), 3, 2)
    assert (picture.mode, picture.size) == ("RGB", (3, 2))
    assert rows(picture) == [RED, GREEN, BLUE, RED, RED, BLUE]


@pytest.mark.parametrize("size", [5, 7])
def test_from_rgb_refuses_another_number_of_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="no RGB picture of 2x1 px"):
        from_rgb(bytes(size), 2, 1)


@pytest.mark.parametrize(
    ("source", "box"),
    [
        pytest.param((1280, 670), (0, 0, 1280, 670), id="fits already"),
        pytest.param((1280, 672), (0, 1, 1280, 671), id="Z-Image loses a row at top and bottom"),
        pytest.param((1400, 670), (60, 0, 1340, 670), id="too wide"),
        pytest.param((1280, 673), (0, 2, 1280, 672), id="odd surplus stays on whole rows"),
    ],
)
def test_cover_crops_without_resampling(
    source: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    noise = Image.effect_noise(source, 90).convert("RGB")
    assert cover(noise, 1280, 670).tobytes() == noise.crop(box).tobytes()


@pytest.mark.parametrize(
    "source",
    [(1, 1), (10_000, 1), (1, 10_000), (1344, 704), (999, 333), (333, 999), (1281, 670), (29, 33)],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
@pytest.mark.parametrize("target", [(1280, 670), (768, 402), (636, 670), (1, 1)])
@pytest.mark.parametrize("focus", [(0.5, 0.5), (0, 0), (1, 1), (0.3, 0.9)])
def test_cover_is_exact_and_leaves_no_edge(
    source: tuple[int, int], target: tuple[int, int], focus: tuple[float, float]
) -> None:
    covered = cover(Image.new("RGB", source, (10, 200, 30)), *target, focus)
    assert covered.size == target
    assert covered.getcolors() == [(target[0] * target[1], (10, 200, 30))]


@pytest.mark.parametrize(
    ("focus", "middle"),
    [
        pytest.param((0, 0.5), RED, id="left end"),
        pytest.param((0.5, 0.5), GREEN, id="middle"),
        pytest.param((1, 0.5), BLUE, id="right end"),
    ],
)
@pytest.mark.parametrize("side", [20, 40, 400], ids=["reduced", "as it is", "enlarged"])
@pytest.mark.parametrize("upright", [False, True], ids=["wide", "upright"])
def test_cover_keeps_what_the_focus_names(
    upright: bool, side: int, focus: tuple[float, float], middle: tuple[int, int, int]
) -> None:
    thirds = Image.new("RGB", (120, 40), GREEN)
    thirds.paste(RED, (0, 0, 40, 40))
    thirds.paste(BLUE, (80, 0, 120, 40))
    if upright:
        thirds, focus = thirds.transpose(Image.Transpose.TRANSPOSE), focus[::-1]
    assert near(cover(thirds, side, side, focus).getpixel((side // 2, side // 2)), middle)


SIDES = st.integers(20, 200)
SHARES = st.floats(0, 1)


@given(source=st.tuples(SIDES, SIDES), target=st.tuples(SIDES, SIDES), at=st.tuples(SHARES, SHARES))
@example(source=(200, 100), target=(100, 100), at=(1.0, 0.0))
@example(source=(100, 200), target=(100, 100), at=(0.3, 0.4))
def test_the_focus_is_in_what_stays_and_central_as_the_edges_admit(
    source: tuple[int, int], target: tuple[int, int], at: tuple[float, float]
) -> None:
    scale = max(target[0] / source[0], target[1] / source[1])
    for axis in (0, 1):
        length, kept, focus = source[axis], target[axis] / scale, at[axis] * source[axis]
        middle = middle_of(cover(ruler(source, axis), *target, at))
        assert abs(focus - middle) <= kept / 2 + 1
        nearest = min(max(focus, kept / 2), length - kept / 2)
        assert middle == pytest.approx(nearest, abs=1)


def ruler(size: tuple[int, int], axis: int) -> Image.Image:
    """Make a picture whose every pixel says where it is along an axis."""
    scale = Image.new("F", (size[axis], 1))
    scale.putdata([place + 0.5 for place in range(size[axis])])
    if axis == 0:
        return scale.resize(size)
    return scale.transpose(Image.Transpose.ROTATE_270).resize(size)


def middle_of(rule: Image.Image) -> float:
    middle = rule.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(middle, float)
    return middle


def test_cover_keeps_the_aspect_ratio() -> None:
    square = Image.new("L", (400, 300))
    square.paste(255, (150, 100, 250, 200))
    covered = cover(square, 200, 100)
    assert covered.point([0] * 128 + [255] * 128).getbbox() == (75, 25, 125, 75)


def test_cover_does_not_bleed_hidden_colour_into_edges() -> None:
    logo = Image.new("RGBA", (40, 40), (*GREEN, 0))
    logo.paste((*RED, 255), (10, 10, 30, 30))
    for pixel in rows(cover(logo, 25, 25)):
        assert isinstance(pixel, tuple)
        assert pixel[3] == 0 or near(pixel[:3], RED)


# -- encode -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "digest", "tolerance"),
    [
        pytest.param("png", None, 0, id="PNG"),
        pytest.param("png", "3fa9c1d2", 0, id="PNG with digest"),
        pytest.param("webp", None, 12, id="WebP"),
        pytest.param("webp", "3fa9c1d2", 12, id="WebP with digest"),
        pytest.param("jpeg", None, 12, id="JPEG"),
    ],
)
def test_encodes_the_same_bytes_each_time(format: str, digest: str | None, tolerance: int) -> None:
    picture = Image.linear_gradient("L").convert("RGB")
    data = encode(picture, format, Metadata(digest))
    marked = picture.copy()
    marked.info.update(icc_profile=SRGB, exif=EXIF.tobytes(), comment=b"x", dpi=(72, 72), xmp=XMP)
    assert encode(marked, format, Metadata(digest)) == data
    decoded = Image.open(io.BytesIO(data))
    assert decoded.format == format.upper()
    assert (decoded.mode, decoded.size) == ("RGB", (256, 256))
    for y in (0, 100, 255):
        assert near(decoded.getpixel((9, y)), (y, y, y), tolerance)


def test_png_holds_the_digest_and_no_other_chunk() -> None:
    data = encode(NOISE, "png", Metadata("3fa9c1d2"))
    kinds, at = [], 8
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    assert list(dict.fromkeys(kinds)) == [b"IHDR", b"tEXt", b"IDAT", b"IEND"]
    assert chunk(b"tEXt", b"headergen:digest\x003fa9c1d2") in data


def test_webp_holds_the_digest_as_xmp() -> None:
    picture = Image.open(io.BytesIO(encode(NOISE, "webp", Metadata("3fa9c1d2"))))
    description = ET.fromstring(picture.info["xmp"]).find(
        ".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    )
    assert description is not None
    assert description.get("{urn:headergen}digest") == "3fa9c1d2"
    assert b'headergen:digest="3fa9c1d2"' in picture.info["xmp"]


@pytest.mark.parametrize("format", ["png", "webp"])
def test_holds_no_digest_unless_told(format: str) -> None:
    assert b"headergen" not in encode(NOISE, format)


@pytest.mark.parametrize(
    ("format", "digest", "message"),
    [
        pytest.param("jpeg", "3fa9c1d2", "holds no digest", id="digest in a JPEG"),
        pytest.param("PNG", None, "choose from png, webp, jpeg", id="unknown format"),
    ],
)
def test_encode_refuses(format: str, digest: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode(NOISE, format, Metadata(digest))
