"""`headergen preview`: show all headers on one page, as readers will meet them."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from headergen.cli.commands.place import find_place
from headergen.cli.commands.saving import require_writable
from headergen.cli.terminal import say, tell
from headergen.errors import UsageError
from headergen.graphics.thumbnail import thumbnail
from headergen.report.preview import entries, page
from headergen.repository import durable, scratch
from headergen.wording import counted

# How many articles a page may have for thumbnails of a width in px: two pixels a point while there
# is room for it. Measured with this repository's composites: 78 to 128, 28 to 44, 16 to 22 kB each.
_WIDTHS = {60: 1280, 300: 640}
_NARROWEST = 440

# So many pictures take longer than one waits without a word.
_MANY = 100

_MARK = b'content="headergen preview"'


def run(arguments: Namespace) -> int:
    """Write the page, and say where it is."""
    place = find_place(arguments)
    names, _ = place.articles_at(arguments.paths or [Path()])
    output = arguments.output or scratch.place(place.root, "preview.html")
    _require_page(output)
    found = entries.read(names, place.config, place.root, in_git=place.in_git)
    text = page.render(found, place.config, place.root.name, _thumbnails(found)).encode()
    durable.save(output, text)
    tell(f"{os.path.relpath(output)} ({counted(len(found), 'article')}, {len(text) / 1e6:.1f} MB)")
    if arguments.open:
        _open(output)
    return 0


def _thumbnails(found: Sequence[entries.Entry]) -> dict[Path, bytes | None]:
    """Shrink all pictures of the page, one on each core: Pillow lets go of the interpreter."""
    pictures = [entry.picture for entry in found if entry.picture]
    pictures += [picture for entry in found for picture in entry.candidates]
    if len(pictures) > _MANY:
        say(f"shrinking {len(pictures)} pictures", sys.stderr)
    width = next((width for most, width in _WIDTHS.items() if len(found) <= most), _NARROWEST)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(pictures, pool.map(partial(thumbnail, width=width), pictures), strict=True))


def _require_page(output: Path) -> None:
    """Overwrite nothing but an earlier page: a site is full of HTML files of its own.

    Raises:
        UsageError: `output` is no name for a page, or another file stands there.
    """
    if output.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{output}: the page's name must end in .html")
    require_writable(output)
    if output.exists() and _MARK not in output.read_bytes()[:2000]:
        raise UsageError(f"{output} exists and headergen did not make it: choose another name")


def _open(output: Path) -> None:
    import webbrowser

    if not webbrowser.open(output.absolute().as_uri()):
        say("no browser was found: open the page by hand", sys.stderr)
