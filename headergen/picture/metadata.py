"""The texts inside a picture's file, read without Pillow: digest, XMP, `parameters` and C2PA.

Where each format keeps them: PNG specification (third edition), 11.3.3; WebP container
specification; JPEG: EXIF 2.32, 4.7.2, and XMP specification, part 3, 1.1.3; C2PA: its technical
specification 2.1, A.3 ("Embedding manifests").
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from headergen.errors import SourceError
from headergen.picture.first_bytes import DIGEST_IN_XMP, DIGEST_KEYWORD, PNG_SIGNATURE, format_of
from headergen.picture.provenance import Metadata, source_type_in

# XMP of photographs is a few KB, a prompt less; beyond this it is nobody's reading.
_LIMIT_BYTES = 1024 * 1024
# AVIF and GIF keep the packet as plain bytes, somewhere.
_SCAN_LIMIT_BYTES = 16 * 1024 * 1024

_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286  # EXIF 2.32, 4.6.3 and 4.6.5
# A 4K photograph as PNG has some hundred chunks; a file may consist of millions of empty ones. Each
# text may be inflated to a thousand times its length.
_MOST_CHUNKS, _MOST_TEXTS = 100_000, 64
# The keywords under which programs keep what they told a model; the third is InvokeAI's of 2022.
_PARAMETERS = ("parameters", "invokeai_metadata", "sd-metadata", "comfyui")
_XMP_OF_PNG = "XML:com.adobe.xmp"
_WANTED = frozenset({DIGEST_KEYWORD, _XMP_OF_PNG, "prompt", *_PARAMETERS})
_XMP_OF_JPEG = b"http://ns.adobe.com/xap/1.0/\0"


def read(path: Path) -> Metadata:
    """Read the texts inside the picture at `path`; what is damaged or too large is passed over.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    with path.open("rb") as file:
        kind = format_of(file.read(32))
        file.seek(0)
        texts: dict[str, str] = {}
        for name, text in _READERS.get(kind, _nothing)(file):
            texts.setdefault(name, text)
    xmp = texts.get("xmp")
    digest = texts.get(DIGEST_KEYWORD) or _digest_in(xmp or "")
    told = next((texts[name] for name in _PARAMETERS if name in texts), None)
    return Metadata(digest, xmp, told, texts.get("c2pa"))


def of_source(path: Path) -> Metadata:
    """Read the texts inside a picture that is about to be used.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        return read(path)
    except OSError as error:
        raise SourceError(f"{str(path)!r} cannot be read: {error.strerror}") from error


def _digest_in(xmp: str) -> str | None:
    found = re.search(DIGEST_IN_XMP, xmp)
    return found and found[1]


# Name, length, and how far behind the data's beginning the next chunk begins.
_Head = tuple[bytes, int, int]


def _chunks(
    file: BinaryIO, start: int, read_head: Callable[[bytes], _Head]
) -> Iterator[tuple[bytes, int]]:
    """Yield name and length of each chunk, with `file` at its data."""
    at = start
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        name, length, step = read_head(head)
        yield name, length
        at += 8 + step


def _png_head(head: bytes) -> _Head:
    length, name = struct.unpack(">I4s", head)
    return name, length, length + 4


def _webp_head(head: bytes) -> _Head:
    name, length = struct.unpack("<4sI", head)
    return name, length, length + length % 2


def _png_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield the text chunks, before and after the pixels, by keyword; XMP as `xmp`."""
    texts_left = _MOST_TEXTS
    for name, length in _chunks(file, len(PNG_SIGNATURE), _png_head):
        if name == b"caBX":
            yield from _c2pa(file.read(min(length, _SCAN_LIMIT_BYTES)))
        if name not in _PNG_TEXTS or length > _LIMIT_BYTES:
            continue
        keyword, _, rest = file.read(length).partition(b"\0")
        if not texts_left or keyword.decode("latin-1") not in _WANTED:
            continue
        texts_left -= 1
        text = _PNG_TEXTS[name](rest)
        if text is not None:
            yield _name_of(keyword.decode("latin-1"), text), text


def _name_of(keyword: str, text: str) -> str:
    """Name a text chunk; ComfyUI's "prompt" is a graph, and another's may be anything."""
    if keyword == "prompt" and text.lstrip().startswith("{"):
        return "comfyui"
    return {_XMP_OF_PNG: "xmp", "comfyui": ""}.get(keyword, keyword)


def _c2pa(manifest: bytes) -> Iterator[tuple[str, str]]:
    if source_type := source_type_in(manifest):
        yield "c2pa", source_type


def _decoded(data: bytes) -> str:
    """Decode a text that should be Latin-1 and, by some programs, is UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _compressed(rest: bytes) -> str | None:
    data = _inflated(rest[1:])
    return None if data is None else _decoded(data)


def _international(rest: bytes) -> str | None:
    """Read what follows the keyword in iTXt: two flags, language, translated keyword, text."""
    data = rest[2:].split(b"\0", 2)[-1]
    text = _inflated(data) if rest[:1] == b"\1" else data
    return None if text is None else text.decode("utf-8", "replace")


_PNG_TEXTS: Mapping[bytes, Callable[[bytes], str | None]] = {
    b"tEXt": _decoded,
    b"zTXt": _compressed,
    b"iTXt": _international,
}


def _inflated(data: bytes) -> bytes | None:
    """Decompress a text; None where it is damaged, or a bomb."""
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, _LIMIT_BYTES)
    except zlib.error:
        return None
    return text if inflater.eof else None


def _webp_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    texts_left = _MOST_TEXTS
    for name, length in _chunks(file, 12, _webp_head):
        if name == b"C2PA":
            yield from _c2pa(file.read(min(length, _SCAN_LIMIT_BYTES)))
        if name not in (b"EXIF", b"XMP ") or length > _LIMIT_BYTES or not texts_left:
            continue
        texts_left -= 1
        if name == b"XMP ":
            yield "xmp", file.read(length).decode("utf-8", "replace")
        else:
            yield from _exif_texts(file.read(length))


def _jpeg_texts(file: BinaryIO) -> Iterator[tuple[str, str]]:
    manifest = bytearray()
    texts_left = _MOST_TEXTS
    file.seek(2)
    for _ in range(_MOST_CHUNKS):
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0xDA:
            break
        length = max(int.from_bytes(head[2:], "big") - 2, 0)
        if head[1] == 0xE1 and texts_left:
            texts_left -= 1
            yield from _app1_texts(file.read(length))
        elif head[1] == 0xEB and len(manifest) < _SCAN_LIMIT_BYTES:
            # JPEG XT, ISO/IEC 18477-3: a box is cut into segments; each repeats its first 16 bytes.
            manifest += file.read(length)[16 if manifest else 0 :]
        else:
            file.seek(length, 1)
    yield from _c2pa(bytes(manifest))


def _app1_texts(data: bytes) -> Iterator[tuple[str, str]]:
    if data.startswith(b"Exif\0\0"):
        yield from _exif_texts(data)
    elif data.startswith(_XMP_OF_JPEG):
        yield "xmp", data.removeprefix(_XMP_OF_JPEG).decode("utf-8", "replace")


def _exif_texts(exif: bytes) -> Iterator[tuple[str, str]]:
    """Yield the UserComment, in which the web UI keeps its `parameters`."""
    tiff = exif.removeprefix(b"Exif\0\0")
    try:
        order = {b"MM": ">", b"II": "<"}[tiff[:2]]
        (root,) = struct.unpack_from(f"{order}I", tiff, 4)
        _, folder = _entries(tiff, order, root)[_EXIF_IFD]
        count, start = _entries(tiff, order, folder)[_USER_COMMENT]
    except (struct.error, LookupError):
        return
    comment = tiff[start : start + count]
    if comment.startswith(b"UNICODE\0"):
        # EXIF leaves the byte order open. The web UI writes big-endian whatever the file's order;
        # of ASCII text every other byte is 0, and first where the order is big.
        text = comment[8:]
        big = text[::2].count(0) >= text[1::2].count(0)
        yield "parameters", text.decode("utf-16-be" if big else "utf-16-le", "replace")
    elif comment.startswith(b"ASCII\0\0\0"):
        yield "parameters", comment[8:].decode("utf-8", "replace").rstrip("\0")


def _entries(tiff: bytes, order: str, start: int) -> dict[int, tuple[int, int]]:
    """Read a folder of a TIFF file: each tag's count, and its value or where that lies."""
    (number,) = struct.unpack_from(f"{order}H", tiff, start)
    rows = (struct.unpack_from(f"{order}HHII", tiff, start + 2 + 12 * i) for i in range(number))
    return {tag: (count, value) for tag, _, count, value in rows}


def _scanned(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """Find the packet by its marks (XMP specification, part 3, "packet scanning")."""
    data = file.read(_SCAN_LIMIT_BYTES)
    start = data.find(b"<x:xmpmeta")
    end = data.find(b"</x:xmpmeta>", start)
    if 0 <= start < end:
        yield "xmp", data[start:end][:_LIMIT_BYTES].decode("utf-8", "replace")
    at = data.find(b"c2pa")
    if at >= 0:
        yield from _c2pa(data[at:])


def _nothing(_: BinaryIO) -> Iterator[tuple[str, str]]:
    return iter(())


_READERS: Mapping[str, Callable[[BinaryIO], Iterator[tuple[str, str]]]] = {
    "png": _png_texts,
    "webp": _webp_texts,
    "jpeg": _jpeg_texts,
    "gif": _scanned,
    "avif": _scanned,
}
