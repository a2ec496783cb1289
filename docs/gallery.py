"""Draw the gallery: every layout with one to twelve sources of many shapes.

    uv run python -m docs.gallery [FOLDER]

writes into FOLDER (docs/ without one):

- `layouts.webp`, the README's picture: each layout once, with pictures of the sample articles;
- `gallery.webp`, every layout by number of sources, at the width of a link card's thumbnail;
- with a FOLDER also each of these headers as PNG at full size, to be looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from headergen.graphics.canvas import open_source
from headergen.graphics.composite import compose
from headergen.graphics.composite.layouts import TABLE
from headergen.vocabulary import Look
from tests.graphics.pictures import PICTURES

HERE = Path(__file__).resolve().parent
ASSETS = HERE.parent / "articles" / "assets"
SIZE = (1280, 670)
THUMBNAIL = (300, 157)
GAP = 14
PAPER, INK = (250, 250, 248), (60, 62, 68)

LAYOUTS = ("auto", "split", "grid", "hero", "fan", "shelf")
COUNTS = range(1, 13)

# Layout, pictures of the sample articles, look.
SHOWN: Mapping[str, tuple[str, Sequence[str], Look]] = {
    "cover": ("cover", ["tidewright-key-art.webp"], Look()),
    "split": ("split", ["lamplight-tram.webp", "canopy-post.avif", "sandsail.webp"], Look()),
    "split, slant: 9": (
        "split",
        ["snowline-radio.jpg", "rooftop-credits.webp", "tidewright-key-art.webp"],
        Look(slant=9),
    ),
    "grid": (
        "grid",
        [
            "glowmoss.webp",
            "ringside-courier.webp",
            "rooftop-credits.webp",
            "palm-frequency.webp",
            "cloudkeep.webp",
            "cometwell-emblem.png",
        ],
        Look(),
    ),
    "hero": (
        "hero",
        ["tidewright-tideflats.webp", "tidewright-key-art.webp", "palm-frequency.webp"],
        Look(),
    ),
    "hero, corners: 20, background: blur": (
        "hero",
        ["cloudkeep.webp", "glowmoss.webp", "ringside-courier.webp", "rooftop-credits.webp"],
        Look(gutter=16, corners=20, background="blur"),
    ),
    "fan": (
        "fan",
        [
            "lamplight-tram.webp",
            "glowmoss.webp",
            "canopy-post.avif",
            "sandsail.webp",
            "snowline-radio.jpg",
        ],
        Look(),
    ),
    "shelf": (
        "shelf",
        ["lamplight-tram.webp", "cometwell-emblem.png", "sandsail.webp"],
        Look(),
    ),
}


def main(folder: Path | None) -> None:
    """Draw the pages, and with a folder of the author's own the single headers too."""
    target = folder or HERE
    target.mkdir(parents=True, exist_ok=True)
    shown = dict(_shown())
    _page(shown, columns=2, size=(600, 314)).save(target / "layouts.webp", quality=82, method=6)
    headers = dict(_headers())
    page = _page(headers, columns=len(LAYOUTS), size=THUMBNAIL)
    page.save(target / "gallery.webp", quality=80, method=6)
    for name, header in {**shown, **headers}.items() if folder else ():
        header.save(target / f"{name}.png".replace(": ", "-").replace(", ", "-"))


def _shown() -> Iterator[tuple[str, Image.Image]]:
    for name, (layout, names, look) in SHOWN.items():
        sources = [open_source(ASSETS / each) for each in names]
        yield name, compose(sources, *SIZE, layout, look=look)


def _headers() -> Iterator[tuple[str, Image.Image]]:
    pictures = [draw() for draw in PICTURES.values()]
    for count in COUNTS:
        for layout in LAYOUTS:
            if count <= TABLE[layout if layout in TABLE else "grid"].most:
                yield f"{layout} {count}", compose(pictures[:count], *SIZE, layout)
            else:
                yield f"no {layout} of {count}", Image.new("RGB", SIZE, PAPER)


def _page(headers: Mapping[str, Image.Image], columns: int, size: tuple[int, int]) -> Image.Image:
    """Lay headers in rows, each with its name below it."""
    font = ImageFont.load_default(15)
    rows = -(-len(headers) // columns)
    cell = size[0] + GAP, size[1] + GAP + 24
    page = Image.new("RGB", (columns * cell[0] + GAP, rows * cell[1] + GAP), PAPER)
    draw = ImageDraw.Draw(page)
    for index, (name, header) in enumerate(headers.items()):
        x, y = GAP + index % columns * cell[0], GAP + index // columns * cell[1]
        page.paste(header.resize(size, Image.Resampling.LANCZOS), (x, y))
        draw.text((x, y + size[1] + 5), name, INK, font)
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
