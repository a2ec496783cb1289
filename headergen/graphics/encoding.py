"""Encode a picture as a file, in no more bytes than it may have."""

import io
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from PIL import ExifTags, Image, PngImagePlugin

from headergen.errors import TooLargeError
from headergen.picture.first_bytes import DIGEST_KEYWORD
from headergen.picture.provenance import NO_METADATA, Metadata, xmp_packet

QUALITY = 90  # of WebP and JPEG

# A segment's length has 16 bits that count themselves (ITU T.81, B.1.1.4); the XMP's name has 29.
_JPEG_SEGMENT_LIMIT = 65_533 - 29

KILOBYTE = 1024  # as pre-commit's check-added-large-files counts

# Below it WebP's blocks show on a header that is looked at in its full size.
LOWEST_QUALITY = 40
_COLOURS = 256  # as many as a palette holds in PNG


def encode(
    image: Image.Image, format: str, metadata: Metadata = NO_METADATA, quality: int = QUALITY
) -> bytes:
    """Encode a picture (RGB, or P for PNG) as `format`: "png", "webp" or "jpeg".

    The bytes depend on the pixels and the metadata alone: no timestamps, nothing of a source's own.
    Of the metadata, PNG keeps each text in a chunk of its own, the digest before all; WebP and JPEG
    keep XMP, and the parameters as an EXIF UserComment, as AUTOMATIC1111's web UI does. A JPEG
    leaves out what exceeds its segments of 64 KiB. `quality` (1 to 100) is that of WebP and JPEG.

    Raises:
        ValueError: `format` is another one, or a digest is given for JPEG.
    """
    encoder = _ENCODERS.get(format)
    if encoder is None:
        raise ValueError(f"unknown format {format!r}; choose from {', '.join(_ENCODERS)}")
    bare = image.copy()
    bare.info.clear()
    file = io.BytesIO()
    encoder(bare, file, metadata, quality)
    return file.getvalue()


def _encode_png(image: Image.Image, file: BinaryIO, metadata: Metadata, _quality: int) -> None:
    text = PngImagePlugin.PngInfo()
    if metadata.digest is not None:
        text.add_text(DIGEST_KEYWORD, metadata.digest)
    if metadata.parameters is not None:
        _add_parameters(text, metadata.parameters)
    if metadata.xmp is not None:
        text.add_itxt("XML:com.adobe.xmp", metadata.xmp)  # Pillow 13 ignores `xmp=` for PNG
    # Measured on photographic headers: levels above 4 are slower and save under 2 %.
    image.save(file, "PNG", compress_level=4, pnginfo=text)


def _add_parameters(chunks: PngImagePlugin.PngInfo, text: str) -> None:
    """Add a text as Latin-1 where that can hold it, and readers do not take it for UTF-8."""
    try:
        is_ambiguous = not text.isascii() and bool(text.encode("latin-1").decode("utf-8"))
    except UnicodeError:
        is_ambiguous = False
    if is_ambiguous:
        chunks.add_itxt("parameters", text)
    else:
        chunks.add_text("parameters", text)


def _encode_webp(image: Image.Image, file: BinaryIO, metadata: Metadata, quality: int) -> None:
    xmp = metadata.xmp or (xmp_packet(metadata.digest) if metadata.digest is not None else "")
    exif = _exif(metadata.parameters)
    image.save(file, "WEBP", quality=quality, method=4, xmp=xmp.encode(), exif=exif)


def _encode_jpeg(image: Image.Image, file: BinaryIO, metadata: Metadata, quality: int) -> None:
    if metadata.digest is not None:
        raise ValueError("a JPEG header holds no digest")
    texts = {"xmp": (metadata.xmp or "").encode(), "exif": _exif(metadata.parameters)}
    fitting = {name: text for name, text in texts.items() if len(text) <= _JPEG_SEGMENT_LIMIT}
    image.save(file, "JPEG", quality=quality, optimize=True, **fitting)


def _exif(comment: str | None) -> bytes:
    """Make EXIF data that holds nothing but a UserComment (EXIF 2.32, 4.6.2, 4.6.3 and 4.6.5).

    By hand, because Pillow's `Exif` gives the comment a type that the standard does not. EXIF names
    no byte order for UTF-16: readers take the file's, here the big end first, as the web UI does.
    """
    if comment is None:
        return b""
    data = b"UNICODE\0" + comment.encode("utf-16-be")
    long, undefined = 4, 7  # types of TIFF
    root = struct.pack(">HHHIII", 1, ExifTags.IFD.Exif, long, 1, 26, 0)
    folder = struct.pack(">HHHIII", 1, ExifTags.Base.UserComment, undefined, len(data), 44, 0)
    return b"Exif\0\0" + struct.pack(">2sHI", b"MM", 42, 8) + root + folder + data


_ENCODERS: Mapping[str, Callable[[Image.Image, BinaryIO, Metadata, int], None]] = {
    "png": _encode_png,
    "webp": _encode_webp,
    "jpeg": _encode_jpeg,
}


@dataclass(frozen=True)
class Encoded:
    """A picture's file; `how` says what had to be done to make it fit, "" if nothing."""

    data: bytes
    how: str = ""


def bytes_of(max_kb: int | None) -> int | None:
    """Turn the config's `header.max_kb` into bytes."""
    return max_kb and max_kb * KILOBYTE


def encode_within(
    image: Image.Image, format: str, metadata: Metadata, limit_bytes: int | None
) -> Encoded:
    """Encode an RGB picture as `format` ("png", "webp") in at most `limit_bytes` bytes.

    WebP takes the highest quality that fits, found by bisection; PNG, which has none, takes a
    palette of 256 colours. The same picture comes out the same.

    Raises:
        TooLargeError: it would look bad, or does not fit at all.
    """
    data = encode(image, format, metadata)
    if limit_bytes is None or len(data) <= limit_bytes:
        return Encoded(data)
    smaller = _SMALLER[format](image, metadata, limit_bytes)
    if len(smaller.data) > limit_bytes:
        raise TooLargeError(
            f"{image.width}×{image.height} px take {_kb(smaller.data)} kB {smaller.how}, and "
            f"header.max_kb is {limit_bytes // KILOBYTE}",
            remedy=_REMEDIES[format],
        )
    return smaller


def _kb(data: bytes) -> int:
    return -(-len(data) // KILOBYTE)


def _webp(image: Image.Image, metadata: Metadata, limit_bytes: int) -> Encoded:
    """Find the highest quality that fits; if none does, return the lowest all the same."""
    low, high = LOWEST_QUALITY, QUALITY  # the higher one is known not to fit
    best = None
    while low < high:
        quality = (low + high) // 2
        data = encode(image, "webp", metadata, quality)
        if len(data) <= limit_bytes:
            best, low = Encoded(data, f"at quality {quality}"), quality + 1
        else:
            high = quality
    lowest = f"at quality {LOWEST_QUALITY}"
    return best or Encoded(encode(image, "webp", metadata, LOWEST_QUALITY), lowest)


def _png(image: Image.Image, metadata: Metadata, _limit_bytes: int) -> Encoded:
    # Pillow dithers only towards a palette that it is given.
    palette = image.quantize(_COLOURS)
    few = image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return Encoded(encode(few, "png", metadata), f"in {_COLOURS} colours")


_SMALLER: Mapping[str, Callable[[Image.Image, Metadata, int], Encoded]] = {
    "png": _png,
    "webp": _webp,
}
_REMEDIES: Mapping[str, str] = {
    "png": "write header: {format: webp} in the config, or raise header.max_kb",
    "webp": "raise header.max_kb, or lower header.width and header.height, in the config",
}
