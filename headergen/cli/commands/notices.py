"""What an author must know of a model before it paints."""

import sys
from collections.abc import Iterable

from headergen.cli.terminal import say
from headergen.plan import job as planning


def say_notices(contents: Iterable[object]) -> None:
    """Print, once for each model, what whoever picks it must be told, such as its licence."""
    rows = (each.row for each in contents if isinstance(each, planning.Painting))
    for notice in dict.fromkeys(row.notice for row in rows if row and row.notice):
        say(f"note: {notice}", sys.stderr)


UNMARKED = (
    "metadata: none leaves the mark of AI out of painted pictures; some laws ask for it, such as "
    "article 50 of the EU's AI Act (docs/provenance.md); metadata: minimal keeps it and no prompt"
)


def say_unmarked(level: str, contents: Iterable[object]) -> None:
    """Print once that pictures will not tell that a model painted them, if one of them is."""
    if level == "none" and any(isinstance(each, planning.Painting) for each in contents):
        say(f"note: {UNMARKED}", sys.stderr)


def say_notes(jobs: Iterable[planning.Job]) -> None:
    """Print what the author might not expect of the pictures."""
    for job in jobs:
        for note in job.notes:
            say(f"{job.article.path}:{job.article.line}: note: {note}", sys.stderr)
