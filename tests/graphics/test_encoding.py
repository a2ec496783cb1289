from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from random import Random

import pytest
from PIL import Image, ImageChops, ImageStat

from headergen.errors import TooLargeError
from headergen.graphics import encoding
from headergen.picture.provenance import NO_METADATA, Metadata
from tests.graphics.raw import EXIF, NOISE, SRGB, XMP, chunk, near

SIZE = (320, 168)


def photograph() -> Image.Image:
    """Make a picture that is as costly as a photograph: soft shapes under grain."""
    grain = Image.frombytes("RGB", SIZE, Random(1).randbytes(3 * SIZE[0] * SIZE[1]))
    shapes = Image.merge("RGB", [Image.radial_gradient("L").resize(SIZE)] * 3)
    return Image.blend(shapes, grain, 0.2)


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return photograph()


def decoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("format", ["png", "webp"])
@pytest.mark.parametrize("limit_bytes", [None, 10**6], ids=["no limit", "a wide limit"])
def test_what_fits_is_left_as_it_is(
    picture: Image.Image, format: str, limit_bytes: int | None
) -> None:
    found = encoding.encode_within(picture, format, NO_METADATA, limit_bytes)
    assert found == encoding.Encoded(encoding.encode(picture, format))


def test_webp_takes_the_highest_quality_that_fits(picture: Image.Image) -> None:
    limit_bytes = len(encoding.encode(picture, "webp", Metadata("3fa9c1d2"), 71))
    found = encoding.encode_within(picture, "webp", Metadata("3fa9c1d2"), limit_bytes)
    assert len(found.data) <= limit_bytes
    sizes = {
        q: len(encoding.encode(picture, "webp", Metadata("3fa9c1d2"), q)) for q in range(71, 90)
    }
    best = max(quality for quality, size in sizes.items() if size <= limit_bytes)
    assert found.how == f"at quality {best}"
    assert found == encoding.encode_within(picture, "webp", Metadata("3fa9c1d2"), limit_bytes)


def test_png_takes_a_palette_and_keeps_its_digest(picture: Image.Image) -> None:
    plain = encoding.encode(picture, "png")
    found = encoding.encode_within(picture, "png", Metadata("3fa9c1d2"), len(plain) - 1)
    assert found.how == "in 256 colours"
    assert len(found.data) < len(plain)
    assert b"headergen:digest\x003fa9c1d2" in found.data
    shown = decoded(found.data)
    assert shown.mode == "P"
    difference = ImageChops.difference(shown.convert("RGB"), picture)
    assert max(ImageStat.Stat(difference).mean) < 8


@pytest.mark.parametrize(
    ("format", "told"),
    [
        pytest.param("png", "kB in 256 colours, and header.max_kb is 1", id="PNG"),
        pytest.param("webp", "kB at quality 40, and header.max_kb is 1", id="WebP"),
    ],
)
def test_what_would_look_bad_is_refused(picture: Image.Image, format: str, told: str) -> None:
    with pytest.raises(TooLargeError, match=r"320×168 px take \d+ kB") as caught:
        encoding.encode_within(picture, format, NO_METADATA, 1024)
    assert told in caught.value.message
    assert "header.max_kb" in (caught.value.remedy or "")


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
    data = encoding.encode(picture, format, Metadata(digest))
    marked = picture.copy()
    marked.info.update(icc_profile=SRGB, exif=EXIF.tobytes(), comment=b"x", dpi=(72, 72), xmp=XMP)
    assert encoding.encode(marked, format, Metadata(digest)) == data
    read = decoded(data)
    assert read.format == format.upper()
    assert (read.mode, read.size) == ("RGB", (256, 256))
    for y in (0, 100, 255):
        assert near(read.getpixel((9, y)), (y, y, y), tolerance)


def test_png_holds_the_digest_and_no_other_chunk() -> None:
    data = encoding.encode(NOISE, "png", Metadata("3fa9c1d2"))
    kinds, at = [], 8
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    assert list(dict.fromkeys(kinds)) == [b"IHDR", b"tEXt", b"IDAT", b"IEND"]
    assert chunk(b"tEXt", b"headergen:digest\x003fa9c1d2") in data


def test_webp_holds_the_digest_as_xmp() -> None:
    picture = Image.open(io.BytesIO(encoding.encode(NOISE, "webp", Metadata("3fa9c1d2"))))
    description = ET.fromstring(picture.info["xmp"]).find(
        ".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    )
    assert description is not None
    assert description.get("{urn:headergen}digest") == "3fa9c1d2"
    assert b'headergen:digest="3fa9c1d2"' in picture.info["xmp"]


@pytest.mark.parametrize("format", ["png", "webp"])
def test_holds_no_digest_unless_told(format: str) -> None:
    assert b"headergen" not in encoding.encode(NOISE, format)


@pytest.mark.parametrize(
    ("format", "digest", "message"),
    [
        pytest.param("jpeg", "3fa9c1d2", "holds no digest", id="digest in a JPEG"),
        pytest.param("PNG", None, "choose from png, webp, jpeg", id="unknown format"),
    ],
)
def test_encode_refuses(format: str, digest: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encoding.encode(NOISE, format, Metadata(digest))
