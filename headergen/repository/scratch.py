"""`.headergen` at the repository's root: what is there to be looked at, and is in no commit."""

from pathlib import Path

from headergen.errors import PathError, UsageError
from headergen.repository import durable, paths

FOLDER = ".headergen"


def place(root: Path, name: str) -> Path:
    """Return where the file `name` goes, in a folder that git does not look into.

    A `.gitignore` in the folder itself says so, as pytest's and ruff's caches do: the author's own
    files need no line for it.

    Raises:
        UsageError: something else stands in the place of the folder, or a link leads outside.
    """
    found, mark = root / FOLDER / name, root / FOLDER / ".gitignore"
    try:
        for path in (found, mark):
            paths.require_inside(path, root)
        if not mark.exists():
            durable.write(mark, b"*\n")
    except (OSError, PathError) as error:
        reason = error.message if isinstance(error, PathError) else error.strerror
        raise UsageError(f"{FOLDER}/{name} cannot be written: {reason}") from error
    return found
