"""Sources are seen right, whatever their format, orientation and colours."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from headergen.graphics.canvas import open_source
from headergen.picture import damage
from tests.graphics.raw import BLUE, GREEN, RED, chunk, encoded, near, png, rows, save


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


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
@pytest.mark.parametrize(
    "blank",
    [
        pytest.param((255, 255, 255, 255), id="white"),
        pytest.param((0, 0, 0, 0), id="transparent"),
    ],
)
def test_a_blank_first_frame_is_passed_by(
    tmp_path: Path, format: str, blank: tuple[int, ...]
) -> None:
    shown = Image.linear_gradient("L").resize((16, 16)).convert("RGBA")
    frames = [Image.new("RGBA", (16, 16), blank) for _ in range(2)]
    # An encoder merges frames that are equal.
    frames[1].putpixel((3, 3), (250, 250, 250, blank[3]))
    path = save(frames[0], tmp_path / "a", format, save_all=True, append_images=[frames[1], shown])
    opened = open_source(path).convert("RGB")
    assert near(opened.getpixel((8, 15)), (255, 255, 255), 20)
    assert near(opened.getpixel((8, 0)), (0, 0, 0), 20)


def test_a_damaged_later_frame_leaves_the_first(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 64), RED), Image.effect_noise((64, 64), 90).convert("RGB")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    (tmp_path / "a").write_bytes(data[: len(data) // 2])
    assert near(open_source(tmp_path / "a").getpixel((8, 8)), RED)


@pytest.mark.parametrize("at_least", [None, (40, 20), (400, 200)])
@pytest.mark.parametrize("format", ["JPEG", "MPO"])
def test_a_jpeg_of_many_pixels_is_read_reduced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_least: tuple[int, int] | None, format: str
) -> None:
    monkeypatch.setattr(damage, "MAX_PIXELS", 400 * 200 // 4)
    picture = Image.new("RGB", (400, 200), RED)
    picture.paste(BLUE, (200, 0, 400, 200))
    opened = open_source(save(picture, tmp_path / "a", format), at_least=at_least)
    width, height = opened.size
    assert width == 2 * height and 40 <= width <= 200
    assert near(opened.getpixel((width // 4, 9)), RED, 8)
    assert near(opened.getpixel((width * 3 // 4, 9)), BLUE, 8)


def test_a_jpeg_of_a_phone_with_200_megapixels_is_read(tmp_path: Path) -> None:
    path = save(Image.new("L", (16320, 12240), 90), tmp_path / "a.jpg", "JPEG", quality=30)
    damage.require_sound(path, "a.jpg")
    opened = open_source(path, at_least=(1280, 670))
    assert opened.width >= 1280 and opened.height >= 670
    assert opened.width * opened.height <= damage.MAX_PIXELS


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
