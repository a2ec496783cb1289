"""What a picture tells of how it was made: the texts that are kept inside it, and their reading.

XMP is what photo tools and platforms read: the source type of the IPTC, and the tool. `parameters`
is what programs about generated pictures read. No time and no path is in either: the same request
gives the same bytes.
"""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from headergen.picture import forms, parameters
from headergen.picture.first_bytes import DIGEST_KEYWORD
from headergen.picture.parameters import TOOL, Settings

# http://cv.iptc.org/newscodes/digitalsourcetype/ lists them all.
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class SourceType(StrEnum):
    """How headergen's pictures come to be, by the names of the IPTC's digital source types."""

    PAINTED = "trainedAlgorithmicMedia"
    COMPOSITE = "composite"
    COMPOSITE_WITH_AI = "compositeSynthetic"
    CARD = "algorithmicMedia"


MEANINGS: Mapping[str, str] = {
    SourceType.PAINTED: "painted by a generative model",
    SourceType.COMPOSITE: "composed of pictures",
    SourceType.COMPOSITE_WITH_AI: "composed, with a part by a generative model",
    SourceType.CARD: "drawn by a program",
}

# The names that speak of a generative model; the last is the IPTC's for inpainting and the like.
_OF_AI = frozenset({SourceType.PAINTED, SourceType.COMPOSITE_WITH_AI}) | {
    "compositeWithTrainedAlgorithmicMedia"
}
# Names that a C2PA manifest is searched for. In its CBOR the byte behind a name may be a letter.
_IN_MANIFESTS = re.compile(
    b"digitalsourcetype/(compositeWithTrainedAlgorithmicMedia|compositeSynthetic|compositeCapture"
    b"|composite|trainedAlgorithmicMedia|algorithmicMedia|algorithmicallyEnhanced|digitalCapture"
    b"|computationalCapture|digitalCreation|digitalArt|humanEdits|minorHumanEdits|screenCapture)"
)


@dataclass(frozen=True)
class Metadata:
    """The texts inside a picture's file; `xmp` is a whole packet, which has the digest too.

    `parameters` is what a program wrote of how it painted, as `forms.read` takes it. `c2pa` is the
    source type that a C2PA manifest names; headergen reads it and writes none.
    """

    digest: str | None = None
    xmp: str | None = None
    parameters: str | None = None
    c2pa: str | None = None


NO_METADATA = Metadata()


@dataclass(frozen=True)
class Provenance:
    """How a picture came to be; `settings` where a model painted it, and only then."""

    source_type: SourceType
    settings: Settings | None = None

    def metadata(self, level: str, digest: str | None = None) -> Metadata:
        """Return what is kept inside the picture; `level` is one of `config.METADATA`."""
        if level == "none":
            return Metadata(digest)
        text = parameters.write(self.settings) if self.settings and level == "full" else None
        return Metadata(digest, xmp_packet(digest, self.source_type, text), text)


@dataclass(frozen=True)
class Told:
    """What a picture tells of itself, whichever tool made it; None where it does not tell."""

    digest: str | None
    source_type: str | None
    tool: str | None
    parameters: str | None

    @property
    def settings(self) -> Settings | None:
        """What the `parameters` say."""
        return None if self.parameters is None else forms.read(self.parameters)

    @property
    def is_of_ai(self) -> bool:
        """Whether a generative model made the picture, or a part of it."""
        # A camera's comment may stand where the parameters would.
        has_steps = self.settings is not None and self.settings.steps is not None
        return self.source_type in _OF_AI or has_steps


NOTHING_TOLD = Told(None, None, None, None)


def of_composite(sources: Iterable[Metadata]) -> Provenance:
    """Tell of a composite, by what each of its sources tells of itself."""
    of_ai = any(read(each).is_of_ai for each in sources)
    return Provenance(SourceType.COMPOSITE_WITH_AI if of_ai else SourceType.COMPOSITE)


def of_card(pictures: Iterable[Metadata]) -> Provenance:
    """Tell of a title card, by what each picture on it tells of itself."""
    of_ai = any(read(each).is_of_ai for each in pictures)
    return Provenance(SourceType.COMPOSITE_WITH_AI if of_ai else SourceType.CARD)


# --- XMP ---------------------------------------------------------------------------------------

# The digest comes first, so that `picture` finds it whatever a prompt holds.
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:headergen="urn:headergen"'
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"{attributes}>{element}'
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)


def xmp_packet(
    digest: str | None, source_type: str | None = None, parameters_text: str | None = None
) -> str:
    """Write an XMP packet (XMP specification, part 1) of what is given."""
    attributes = {
        DIGEST_KEYWORD: digest,
        "Iptc4xmpExt:DigitalSourceType": source_type and _SOURCE_TYPES + source_type,
        "xmp:CreatorTool": source_type and TOOL,
    }
    written = (f' {name}="{html.escape(text)}"' for name, text in attributes.items() if text)
    element = ""
    if parameters_text is not None:
        element = f"<headergen:parameters>{html.escape(parameters_text)}</headergen:parameters>"
    return _PACKET.format(attributes="".join(written), element=element)


def read(metadata: Metadata) -> Told:
    """Read what a picture's texts tell, whichever tool wrote them."""
    xmp = metadata.xmp or ""
    return Told(
        digest=metadata.digest,
        source_type=_source_type(_xmp_value(xmp, r"\w+:DigitalSourceType"), metadata.c2pa),
        tool=_xmp_value(xmp, "xmp:CreatorTool"),
        parameters=metadata.parameters or _xmp_value(xmp, "headergen:parameters"),
    )


def source_type_in(manifest: bytes) -> str | None:
    """Return the source type that a C2PA manifest names, one of AI before any other.

    The names are plain text in it. Its signature is not checked: what claims to be of AI counts.
    """
    found = [match.decode("ascii") for match in _IN_MANIFESTS.findall(manifest)]
    return next((name for name in found if name in _OF_AI), found[0] if found else None)


def _source_type(in_xmp: str | None, in_c2pa: str | None) -> str | None:
    """Choose between two marks: the one that speaks of AI, or else that of XMP."""
    name = in_xmp.rstrip("/").rpartition("/")[2] if in_xmp else None
    return in_c2pa if name is None or (name not in _OF_AI and in_c2pa in _OF_AI) else name


def _xmp_value(packet: str, name: str) -> str | None:
    """Find a property's value, written as an attribute, as an element or as its resource.

    No XML parser reads what strangers wrote: a pattern needs no bounds for nested entities.
    """
    quoted = r"""\s*=\s*(?:"([^"<]*)"|'([^'<]*)')"""
    pattern = rf"\b{name}(?:{quoted}|\s+rdf:resource{quoted}|\s*>([^<>]*)<)"
    found = re.search(pattern, packet)
    return None if found is None else html.unescape(next(filter(None, found.groups()), ""))
