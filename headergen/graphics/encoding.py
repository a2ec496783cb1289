"""A picture in no more bytes than it may have, and what that took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from PIL import Image

from headergen.errors import TooLargeError
from headergen.graphics import canvas
from headergen.picture.provenance import Metadata

KILOBYTE = 1024  # as pre-commit's check-added-large-files counts

# Below it WebP's blocks show on a header that is looked at in its full size.
LOWEST_QUALITY = 40
_COLOURS = 256  # as many as a palette holds in PNG


@dataclass(frozen=True)
class Encoded:
    """A picture's file; `how` says what had to be done to make it fit, "" if nothing."""

    data: bytes
    how: str = ""


def bytes_of(max_kb: int | None) -> int | None:
    """Turn the config's `header.max_kb` into bytes."""
    return max_kb and max_kb * KILOBYTE


def encode(image: Image.Image, format: str, metadata: Metadata, limit_bytes: int | None) -> Encoded:
    """Encode an RGB picture as `format` ("png", "webp") in at most `limit_bytes` bytes.

    WebP takes the highest quality that fits, found by bisection; PNG, which has none, takes a
    palette of 256 colours. The same picture comes out the same.

    Raises:
        TooLargeError: it would look bad, or does not fit at all.
    """
    data = canvas.encode(image, format, metadata)
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
    low, high = LOWEST_QUALITY, canvas.QUALITY  # the higher one is known not to fit
    best = None
    while low < high:
        quality = (low + high) // 2
        data = canvas.encode(image, "webp", metadata, quality)
        if len(data) <= limit_bytes:
            best, low = Encoded(data, f"at quality {quality}"), quality + 1
        else:
            high = quality
    lowest = f"at quality {LOWEST_QUALITY}"
    return best or Encoded(canvas.encode(image, "webp", metadata, LOWEST_QUALITY), lowest)


def _png(image: Image.Image, metadata: Metadata, _limit_bytes: int) -> Encoded:
    # Pillow dithers only towards a palette that it is given.
    palette = image.quantize(_COLOURS)
    few = image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    return Encoded(canvas.encode(few, "png", metadata), f"in {_COLOURS} colours")


_SMALLER: Mapping[str, Callable[[Image.Image, Metadata, int], Encoded]] = MappingProxyType(
    {"png": _png, "webp": _webp}
)
_REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "png": "write header: {format: webp} in the config, or raise header.max_kb",
        "webp": "raise header.max_kb, or lower header.width and header.height, in the config",
    }
)
