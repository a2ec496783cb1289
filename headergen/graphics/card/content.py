"""What a title card shows, as plain values: known without Pillow."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Card:
    """One title card.

    `title` may have line breaks, which are kept, and inline Markdown and entities: code is set in
    a mono face on a ground, and other marks are left out. `colours` are `#rrggbb`, the first the
    ground's and the second the accent's; without them both follow from the title. `picture` is
    the one that the theme "duotone" shows, and that no other theme looks at.
    """

    title: str
    subtitle: str | None = None
    theme: str = "gradient"
    colours: tuple[str, ...] = ()
    author: str | None = None
    date: str | None = None
    tags: tuple[str, ...] = ()
    logo: Path | None = None
    picture: Path | None = None
