"""What a picture's file tells, written through Pillow and read by exiftool and by headergen."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PIL import Image, PngImagePlugin

from headergen.graphics import encoding
from headergen.picture import first_bytes, metadata, parameters, provenance
from headergen.picture.parameters import TOOL, Settings
from headergen.picture.provenance import Metadata, Provenance, SourceType

PICTURE = Image.linear_gradient("L").convert("RGB")
SETTINGS = Settings(
    prompt="夕焼け <b>&\"'\nNegative prompt: x\x07\u2028",
    negative_prompt="text",
    model="z-image-turbo",
    revision="04cc4abb",
    steps=8,
    guidance_scale=0.0,
    seed=2**64 - 1,
    width=1280,
    height=672,
)
PAINTED = Provenance(SourceType.PAINTED, SETTINGS)
DIGEST = "3fa9c1d2"
TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def saved(folder: Path, format: str, texts: Metadata) -> Path:
    path = folder / f"a.{format}"
    path.write_bytes(encoding.encode(PICTURE, format, texts))
    return path


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


@pytest.mark.parametrize("format", ["png", "webp", "jpeg"])
def test_a_painted_picture_tells_exactly_what_the_model_was_told(
    tmp_path: Path, format: str
) -> None:
    digest = None if format == "jpeg" else DIGEST
    path = saved(tmp_path, format, PAINTED.metadata("full", digest))
    told = provenance.read(metadata.read(path))
    assert (told.digest, told.source_type, told.tool) == (digest, SourceType.PAINTED, TOOL)
    assert told.settings == SETTINGS


@pytest.mark.skipif(not shutil.which("exiftool"), reason="needs exiftool")
@pytest.mark.parametrize(
    ("format", "tags"),
    [
        pytest.param("png", ["PNG:Parameters", "XMP:Parameters"], id="PNG"),
        pytest.param("webp", ["EXIF:UserComment", "XMP:Parameters"], id="WebP"),
        pytest.param("jpeg", ["EXIF:UserComment", "XMP:Parameters"], id="JPEG"),
    ],
)
def test_exiftool_reads_it(tmp_path: Path, format: str, tags: list[str]) -> None:
    path = saved(tmp_path, format, PAINTED.metadata("full"))
    command = ["exiftool", "-json", "-G", "-all", "-validate", str(path)]
    (found,) = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert found["XMP:DigitalSourceType"] == TYPES + "trainedAlgorithmicMedia"
    assert found["XMP:CreatorTool"] == TOOL
    assert {tag: found[tag] for tag in tags} == dict.fromkeys(tags, parameters.write(SETTINGS))
    # A JPEG's EXIF would have to say much that is known of cameras only.
    assert format == "jpeg" or found["ExifTool:Validate"] == "OK"


@pytest.mark.parametrize("format", ["png", "webp"])
@pytest.mark.parametrize("level", ["full", "minimal", "none"])
def test_the_level_bounds_what_is_told_and_never_the_digest(
    tmp_path: Path, format: str, level: str
) -> None:
    path = saved(tmp_path, format, PAINTED.metadata(level, DIGEST))
    told = provenance.read(metadata.read(path))
    assert told.digest == first_bytes.probe(path).digest == DIGEST
    assert (told.source_type is None, told.tool is None) == (level == "none", level == "none")
    assert (told.parameters is None) == (level != "full")
    assert (b"z-image" in path.read_bytes()) == (level == "full")


def test_the_same_picture_has_the_same_bytes_and_no_time() -> None:
    for format in ("png", "webp"):
        data = [
            encoding.encode(PICTURE, format, PAINTED.metadata("full", DIGEST)) for _ in range(2)
        ]
        assert data[0] == data[1]
        assert b"Date" not in data[0]


def test_pngs_chunks_are_those_that_other_tools_look_for() -> None:
    found = chunks(encoding.encode(PICTURE, "png", PAINTED.metadata("full", DIGEST)))
    names = list(dict.fromkeys(name for name, _ in found))
    assert names == [b"IHDR", b"tEXt", b"iTXt", b"IDAT", b"IEND"]
    texts = [data for name, data in found if name in (b"tEXt", b"iTXt")]
    # The digest comes before all that may be long.
    assert texts[0] == b"headergen:digest\0" + DIGEST.encode()
    assert texts[1].startswith("parameters\0\0\0\0\0夕焼け".encode())
    assert texts[2].startswith(b"XML:com.adobe.xmp\0\0\0\0\0<?xpacket")
    latin = Settings("café", steps=1, seed=1, width=8, height=8)
    plain = Provenance(SourceType.PAINTED, latin).metadata("full")
    expected = b"parameters\0" + parameters.write(latin).encode("latin-1")
    assert (b"tEXt", expected) in chunks(encoding.encode(PICTURE, "png", plain))


@pytest.mark.parametrize("format", ["png", "webp"])
def test_the_digest_is_found_whatever_a_prompt_holds(tmp_path: Path, format: str) -> None:
    prompt = 'headergen:digest="deadbeef" ' + "& " * 50_000
    texts = Provenance(SourceType.PAINTED, Settings(prompt)).metadata("full", DIGEST)
    assert len(texts.xmp or "") > first_bytes.METADATA_LIMIT_BYTES
    path = saved(tmp_path, format, texts)
    assert first_bytes.probe(path).digest == metadata.read(path).digest == DIGEST


def test_the_packet_is_xml_that_holds_a_hostile_prompt_as_text() -> None:
    prompt = "]]></rdf:Description><x y=\"Iptc4xmpExt:DigitalSourceType='composite'\">&amp;\x00\x0b"
    packet = Provenance(SourceType.PAINTED, Settings(prompt)).metadata("full").xmp or ""
    root = ET.fromstring(packet.partition("?>")[2].rpartition("<?")[0])
    (text,) = root.iterfind(".//{urn:headergen}parameters")
    assert text.text
    assert parameters.read(text.text).prompt.startswith(prompt[:-2])
    assert provenance.read(Metadata(xmp=packet)).source_type == SourceType.PAINTED


# --- pictures by other tools -------------------------------------------------------------------


def packet(body: str) -> str:
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{body}</rdf:RDF></x:xmpmeta>'


AS_ATTRIBUTE = packet(f"<rdf:Description a:DigitalSourceType='{TYPES}compositeSynthetic'/>")
AS_ELEMENT = packet(f"<Iptc4xmpExt:DigitalSourceType>{TYPES}{{}}</Iptc4xmpExt:DigitalSourceType>")
WEB_UI = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x768"


def with_text(zip: bool, keyword: str, text: str) -> dict[str, Any]:
    info = PngImagePlugin.PngInfo()
    info.add_text(keyword, text, zip=zip)
    return {"pnginfo": info}


def with_itxt(zip: bool, text: str) -> dict[str, Any]:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", text, zip=zip)
    return {"pnginfo": info}


def user_comment(order: str, comment: bytes) -> bytes:
    """Make EXIF data in either byte order, with another tag beside the one that counts."""
    mark = {"<": b"II", ">": b"MM"}[order]
    root = struct.pack(f"{order}HHHIIHHIII", 2, 0x0112, 3, 1, 0, 0x8769, 4, 1, 38, 0)
    folder = struct.pack(f"{order}HHHIII", 1, 0x9286, 7, len(comment), 56, 0)
    return b"Exif\0\0" + mark + struct.pack(f"{order}HI", 42, 8) + root + folder + comment


UTF_16 = b"UNICODE\0" + WEB_UI.encode("utf-16-be")


@pytest.mark.parametrize(
    ("suffix", "options", "is_of_ai"),
    [
        pytest.param(".png", {}, False, id="nothing"),
        pytest.param(".png", with_text(False, "parameters", WEB_UI), True, id="the web UI's PNG"),
        pytest.param(".png", with_text(True, "parameters", WEB_UI), True, id="zTXt"),
        pytest.param(".png", with_text(True, "parameters", WEB_UI + "é\u3042"), True, id="zipped"),
        pytest.param(".png", with_itxt(False, AS_ATTRIBUTE), True, id="XMP in PNG"),
        pytest.param(".png", with_itxt(True, AS_ATTRIBUTE), True, id="zipped XMP in PNG"),
        pytest.param(".png", with_text(False, "Comment", WEB_UI), False, id="another text"),
        pytest.param(".webp", {"exif": user_comment(">", UTF_16)}, True, id="the web UI's WebP"),
        pytest.param(".jpg", {"exif": user_comment("<", UTF_16)}, True, id="the web UI's JPEG"),
        pytest.param(
            ".jpg",
            {"exif": user_comment("<", b"UNICODE\0" + WEB_UI.encode("utf-16-le"))},
            True,
            id="the other byte order",
        ),
        pytest.param(
            ".jpg",
            {"exif": user_comment(">", b"ASCII\0\0\0" + WEB_UI.encode())},
            True,
            id="ASCII",
        ),
        pytest.param(
            ".jpg",
            {"exif": user_comment(">", b"ASCII\0\0\0at the beach")},
            False,
            id="a camera's comment",
        ),
        pytest.param(
            ".jpg",
            {"xmp": AS_ELEMENT.format("trainedAlgorithmicMedia").encode()},
            True,
            id="XMP in JPEG",
        ),
        pytest.param(
            ".jpg", {"xmp": AS_ELEMENT.format("digitalCapture").encode()}, False, id="a photograph"
        ),
        pytest.param(".webp", {"xmp": AS_ATTRIBUTE.encode()}, True, id="XMP in WebP"),
        pytest.param(".avif", {"xmp": AS_ATTRIBUTE.encode()}, True, id="XMP in AVIF"),
        pytest.param(".gif", {"comment": b"a gif"}, False, id="a GIF"),
    ],
)
def test_whether_a_source_is_of_ai_is_read_from_the_source(
    tmp_path: Path, suffix: str, options: dict[str, Any], is_of_ai: bool
) -> None:
    path = tmp_path / f"a{suffix}"
    Image.new("RGB", (33, 21), "teal").save(path, **options)
    found = metadata.read(path)
    assert provenance.read(found).is_of_ai == is_of_ai
    wanted = SourceType.COMPOSITE_WITH_AI if is_of_ai else SourceType.COMPOSITE
    assert provenance.of_composite([Metadata(), found]).source_type == wanted


def jumbf(source_type: str) -> bytes:
    """Return a piece of a C2PA manifest: a box whose CBOR names a source type."""
    name = f"{TYPES}{source_type}".encode()
    content = b"jumbc2pa\x71digitalSourceType\x78" + bytes([len(name)]) + name + b"ksoftware"
    return struct.pack(">I", len(content) + 4) + content


def with_manifest(suffix: str, manifest: bytes) -> bytes:
    """Return a picture with a C2PA manifest where its format keeps it."""
    file = io.BytesIO()
    Image.new("RGB", (33, 21), "teal").save(file, {"jpg": "jpeg"}.get(suffix, suffix))
    data = file.getvalue()
    if suffix == "png":
        chunk = struct.pack(">I", len(manifest)) + b"caBX" + manifest
        return data[:33] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + data[33:]
    if suffix == "webp":
        chunk = b"C2PA" + struct.pack("<I", len(manifest)) + manifest + bytes(len(manifest) % 2)
        return data + chunk
    if suffix == "jpg":
        head = b"JP\0\1\0\0\0\1" + manifest[:8]
        half = len(manifest) // 2
        parts = [head[:8] + manifest[:half], head + manifest[half:]]
        marks = b"".join(b"\xff\xeb" + struct.pack(">H", len(part) + 2) + part for part in parts)
        return data[:2] + marks + data[2:]
    return data + struct.pack(">I", len(manifest) + 8) + b"uuid" + manifest


@pytest.mark.parametrize("suffix", ["png", "webp", "jpg", "avif"])
@pytest.mark.parametrize(
    ("names", "expected", "is_of_ai"),
    [
        pytest.param(["trainedAlgorithmicMedia"], "trainedAlgorithmicMedia", True, id="a service"),
        pytest.param(["digitalCapture"], "digitalCapture", False, id="a camera"),
        pytest.param(
            ["digitalCapture", "compositeWithTrainedAlgorithmicMedia"],
            "compositeWithTrainedAlgorithmicMedia",
            True,
            id="a photograph with a filled part",
        ),
        pytest.param(["madeUp"], None, False, id="an unknown name"),
    ],
)
def test_a_c2pa_manifest_tells_the_source_type(
    tmp_path: Path, suffix: str, names: list[str], expected: str | None, is_of_ai: bool
) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(with_manifest(suffix, b"".join(map(jumbf, names))))
    found = metadata.read(path)
    told = provenance.read(found)
    assert (told.source_type, told.is_of_ai) == (expected, is_of_ai)
    wanted = SourceType.COMPOSITE_WITH_AI if is_of_ai else SourceType.COMPOSITE
    assert provenance.of_composite([found]).source_type == wanted


@pytest.mark.parametrize(
    ("in_xmp", "in_c2pa", "expected"),
    [
        ("digitalCapture", "trainedAlgorithmicMedia", "trainedAlgorithmicMedia"),
        ("compositeSynthetic", "digitalCapture", "compositeSynthetic"),
        ("digitalArt", "digitalCapture", "digitalArt"),
    ],
)
def test_of_two_marks_the_one_of_ai_counts(in_xmp: str, in_c2pa: str, expected: str) -> None:
    told = provenance.read(Metadata(xmp=AS_ELEMENT.format(in_xmp), c2pa=in_c2pa))
    assert told.source_type == expected


def test_a_source_type_may_be_a_resource() -> None:
    body = f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{TYPES}trainedAlgorithmicMedia"/>'
    assert provenance.read(Metadata(xmp=packet(body))).is_of_ai


def test_a_prompt_that_looks_like_utf_8_is_told_as_it_was(tmp_path: Path) -> None:
    odd = Settings("Ã© {", steps=1, seed=1, width=8, height=8)
    path = saved(tmp_path, "png", Provenance(SourceType.PAINTED, odd).metadata("full"))
    assert provenance.read(metadata.read(path)).settings == odd


def bomb() -> bytes:
    text = b"parameters\0\0" + zlib.compress(bytes(64 * 1024 * 1024))
    return struct.pack(">I4s", len(text), b"zTXt") + text + bytes(4)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(
            first_bytes.PNG_SIGNATURE + b"\xff\xff\xff\xfftEXta\0b", id="an endless chunk"
        ),
        pytest.param(first_bytes.PNG_SIGNATURE + b"\0\0\0\1zTXta\0\0\0\0", id="a cut zTXt"),
        pytest.param(first_bytes.PNG_SIGNATURE + b"\0\0\0\4zTXta\0\0x\0\0\0\0", id="a broken zTXt"),
        pytest.param(first_bytes.PNG_SIGNATURE + b"\0\0\0\2iTXta\0\0\0\0\0", id="a cut iTXt"),
        pytest.param(first_bytes.PNG_SIGNATURE + bomb(), id="a bomb"),
        pytest.param(b"RIFF\0\0\0\0WEBPEXIF\x04\0\0\0MM\0*", id="EXIF cut short"),
        pytest.param(b"RIFF\0\0\0\0WEBPXMP \xff\xff\xff\xff<x", id="endless XMP"),
        pytest.param(b"\xff\xd8\xff\xe1\0\0Exif\0\0MM", id="a JPEG segment of no length"),
        pytest.param(b"GIF89a<x:xmpmeta", id="a packet without an end"),
    ],
)
def test_a_damaged_file_tells_nothing(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    told = provenance.read(metadata.read(path))
    assert (told.digest, told.source_type, told.tool, told.settings) == (None,) * 4


def test_a_jpeg_leaves_out_what_its_segments_do_not_hold() -> None:
    long = Provenance(SourceType.PAINTED, Settings("& " * 40_000)).metadata("full")
    assert Image.open(io.BytesIO(encoding.encode(PICTURE, "jpeg", long))).size == PICTURE.size
