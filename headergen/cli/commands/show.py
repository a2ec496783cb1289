"""`headergen show`: what a picture tells of how it was made."""

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from headergen.cli.terminal import say, say_json
from headergen.errors import UsageError
from headergen.picture import first_bytes, forms, metadata, provenance
from headergen.picture.parameters import Settings


def run(arguments: Namespace) -> int:
    """Print what is inside the picture, whichever tool made it."""
    found, told = look(arguments.image)
    if arguments.json:
        settings = told.settings and asdict(told.settings)
        facts = {**asdict(found), **asdict(told), "settings": settings}
        say_json({"path": str(arguments.image), **facts})
        return 0
    say(f"{arguments.image}: {found.format}, {found.width}×{found.height} px")
    for line in _lines(told):
        say(line)
    return 0


def look(path: Path) -> tuple[first_bytes.Picture, provenance.Told]:
    """Read what a picture is and what it tells.

    Raises:
        UsageError: it cannot be read, or is no picture.
    """
    try:
        found = first_bytes.probe(path)
        told = provenance.read(metadata.read(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if found.format == "unknown":
        raise UsageError(f"{path} is no picture that headergen knows")
    return found, told


def _lines(told: provenance.Told) -> Iterator[str]:
    if told == provenance.NOTHING_TOLD:
        yield "it tells nothing of how it was made"
    if told.tool:
        yield f"tool: {told.tool}"
    if told.source_type:
        meaning = provenance.MEANINGS.get(told.source_type)
        yield f"source type: {told.source_type}" + (f" ({meaning})" if meaning else "")
    if told.digest:
        yield f"headergen's digest: {told.digest}"
    if told.parameters:
        yield from _parameters(told.parameters, told.settings)


def _parameters(text: str, settings: Settings | None) -> Iterator[str]:
    """Yield what a model was told: as it is written, or in words if that is JSON."""
    if not forms.is_json(text):
        yield "parameters:"
        yield from (f"  {line}" for line in text.split("\n"))
    elif settings is None:
        yield "parameters: JSON in a form that headergen does not know"
    else:
        yield "parameters (from JSON):"
        values = asdict(settings).items()
        yield from (f"  {name.replace('_', ' ')}: {value}" for name, value in values if value)
