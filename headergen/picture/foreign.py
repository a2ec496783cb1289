"""Formats that headergen does not read: errors name them by a file's first bytes.

The signatures are those of the formats' specifications, as the table of libmagic has them.
"""

from __future__ import annotations

import re
from pathlib import Path

# An SVG may begin with an XML declaration, comments and a document type.
_HEAD_BYTES = 1024

# Of ISO's base media file format, which AVIF has as well.
_BRANDS = {
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"): "HEIC",
    (b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V "): "a video",
}
_SIGNATURES = (
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"BM", "BMP"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"8BPS", "a Photoshop file"),
    (b"%PDF-", "PDF"),
    (b"\0\0\1\0", "an icon (ICO)"),
    (b"\x1aE\xdf\xa3", "a video"),
)
_SVG = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<(?:svg|\?xml|!--|!DOCTYPE svg)", re.IGNORECASE)
_HTML = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<(?:!DOCTYPE html|html)", re.IGNORECASE)


def name_of(path: Path) -> str | None:
    """Return the name of the format that the file at `path` has, None if it is not known.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return name_of_bytes(file.read(_HEAD_BYTES))


def name_of_bytes(head: bytes) -> str | None:
    """Return the name of the format of a file with these first bytes, None if it is not known."""
    if head[4:8] == b"ftyp":
        return next((name for brands, name in _BRANDS.items() if head[8:12] in brands), None)
    if _HTML.match(head):
        return "an HTML page"
    if _SVG.match(head) and b"<svg" in head.lower():
        return "SVG"
    return next((name for signature, name in _SIGNATURES if head.startswith(signature)), None)
