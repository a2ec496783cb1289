"""`headergen hook`: the same as `run`, as git hooks need it."""

from __future__ import annotations

import os
from argparse import Namespace

from headergen.cli.commands.making import make
from headergen.cli.commands.place import find_place
from headergen.repository import discovery
from headergen.vocabulary import ARTICLE_SUFFIXES


def run(arguments: Namespace) -> int:
    """Make the headers of the articles among the files named; 1 where the commit lacks any."""
    paths = [path for path in arguments.paths if path.suffix.lower() in ARTICLE_SUFFIXES]
    return make(discovery.followed(map(os.fspath, paths)), find_place(arguments), hook=True)
