from __future__ import annotations

import io
from random import Random

import pytest
from PIL import Image, ImageChops, ImageStat

from headergen.errors import TooLargeError
from headergen.graphics import encoding
from headergen.picture.provenance import NO_METADATA, Metadata

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
