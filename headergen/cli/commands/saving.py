"""A picture that is saved where the command line says: its format, size and place."""

import os
from argparse import Namespace
from pathlib import Path

from headergen.errors import UsageError
from headergen.picture.first_bytes import SUFFIX_FORMATS
from headergen.settings.config import Config


def size_of(arguments: Namespace, config: Config) -> tuple[int, int]:
    """Return the width and height in px that were asked for, else the header's."""
    return arguments.width or config.width, arguments.height or config.height


def format_for(output: Path) -> str:
    """Tell the format by the suffix.

    Raises:
        UsageError: no format goes by it.
    """
    format = SUFFIX_FORMATS.get(output.suffix.lower())
    if format not in ("png", "webp", "jpeg"):
        raise UsageError(f"{output}: the picture's name must end in .png, .webp or .jpg")
    return format


def require_writable(output: Path, *, force: bool = True) -> None:
    """Find out before minutes of painting that the picture could not be saved.

    Raises:
        UsageError: it could not, or a file is there and `force` is not given.
    """
    if not force and os.path.lexists(output) and not output.is_dir():
        remedy = "choose another name, or overwrite it with --force"
        raise UsageError(f"{output} exists already", remedy=remedy)
    folder = output.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if output.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"{output} cannot be written")
