"""`headergen completion`: a script with which a shell completes commands and options."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from headergen.cli import arguments as grammar


def run(arguments: Namespace) -> int:
    """Print the script for the shell that is named."""
    import shtab

    parser = grammar.parser()
    for command in _commands(parser):
        for action in command._actions:
            if action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, shell=arguments.shell))
    return 0


def _commands(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    (choices,) = (each.choices for each in parser._actions if each.dest == "command")
    if isinstance(choices, dict):
        yield from choices.values()
