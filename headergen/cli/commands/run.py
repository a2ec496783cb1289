"""`headergen run`: make what is missing or stale, and write it back."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from headergen.cli.commands.making import Way, make
from headergen.cli.commands.place import find_place
from headergen.errors import UsageError


def run(arguments: Namespace) -> int:
    """Make the headers of the articles named, or of all below the current folder."""
    if arguments.again and not arguments.paths:
        message = "--again needs the articles or folders whose headers are to be made again"
        raise UsageError(message, remedy="name them; . is the current folder")
    place = find_place(arguments)
    way = Way(dry_run=arguments.dry_run, again=arguments.again)
    return make(place.articles_at(arguments.paths or [Path()]), place, way)
