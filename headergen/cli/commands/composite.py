"""`headergen composite`: compose one picture of several."""

from argparse import Namespace

from headergen.cli.commands.place import find_place
from headergen.cli.commands.saving import format_for, require_writable, size_of
from headergen.cli.terminal import tell
from headergen.errors import UsageError
from headergen.graphics import canvas, composite, encoding
from headergen.picture import metadata, provenance
from headergen.repository import durable
from headergen.vocabulary import AUTO_FOCUS, MAX_SOURCES


def run(arguments: Namespace) -> int:
    """Compose the pictures named, and save the result at the size asked for."""
    format = format_for(arguments.output)
    if len(arguments.sources) > MAX_SOURCES:
        raise UsageError(f"{len(arguments.sources)} sources: {MAX_SOURCES} at most")
    if any(arguments.output.resolve() == source.resolve() for source in arguments.sources):
        raise UsageError(f"{arguments.output} is one of the sources: choose another name")
    require_writable(arguments.output, force=arguments.force)
    config = find_place(arguments).config
    width, height = size_of(arguments, config)
    sources = [canvas.open_source(path, at_least=(width, height)) for path in arguments.sources]
    image = composite.compose(
        sources,
        width,
        height,
        arguments.layout,
        arguments.focus or (AUTO_FOCUS,),
        config.look,
    )
    origin = provenance.of_composite(map(metadata.of_source, arguments.sources))
    durable.save(arguments.output, encoding.encode(image, format, origin.metadata(config.metadata)))
    tell(f"{arguments.output} (composed of {len(sources)} pictures)")
    return 0
