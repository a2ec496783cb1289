"""`headergen run`: make what is missing or stale, and write it back."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from headergen.cli.commands.making import make
from headergen.cli.commands.place import find_place


def run(arguments: Namespace) -> int:
    """Make the headers of the articles named, or of all below the current folder."""
    place = find_place(arguments)
    return make(place.articles_at(arguments.paths or [Path()]), place, hook=False)
