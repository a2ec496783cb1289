"""The names, bounds and patterns that several rooms share, each written down once."""

from dataclasses import dataclass
from typing import Final, Literal

ARTICLE_SUFFIXES = (".md", ".markdown", ".mdx", ".qmd")

# The size in px of a header that note.com recommends, which is the default of the config.
HEADER_WIDTH, HEADER_HEIGHT = 1280, 670

# What note.com's crops keep of such a header: listings show the middle 454 rows, and link cards
# leave out 148 px at each side (measured on published articles).
LISTING_HEIGHT = 454
LINK_CARD_WIDTH = HEADER_WIDTH - 2 * 148

# What the config's `header.format` and `metadata` may be.
FORMATS = ("png", "webp")
METADATA = ("full", "minimal", "none")

# The digest of a request: in the article, and inside the picture that was made for it. The suffix
# marks a header that stands in for the one that the request asks for.
STAND_IN: Final = "-stand-in"
DIGEST_PATTERN = rf"[0-9a-f]{{8}}(?:{STAND_IN})?"

# A commit of a repository on the model hub, in full or shortened.
COMMIT_PATTERN = r"[0-9a-f]{7,40}"

# A colour as the author writes it.
COLOUR_PATTERN = r"#[0-9a-fA-F]{6}"

# A dotted key of the frontmatter.
KEY_PATTERN = r"[\w-]+(?:\.[\w-]+)*"

# A thirteenth panel of a 1280x670 header would be a thumbnail that nobody can read.
MAX_SOURCES = 12
MAX_FANNED = 7  # cards of a fan: of more, each shows a strip

# From the top left, in shares of a picture's width and height; each in [0, 1].
Point = tuple[float, float]
Focus = Point | Literal["auto"]
AUTO_FOCUS: Final = "auto"

LAYOUTS = ("auto", "cover", "split", "grid", "hero", "fan", "shelf")

MAX_SEED = 2**64 - 1  # torch.Generator.manual_seed takes 64 bits
MAX_STEPS = 200
MAX_GUIDANCE_SCALE = 50.0

# A picture that is enlarged by more than this looks soft.
SHARP: Final = 1.05

# The sides in px of a picture that is saved.
MIN_SIDE, MAX_SIDE = 16, 8192

# Each theme is drawn by the row of its name in headergen/graphics/card/themes/__init__.py.
THEMES = (
    "gradient",
    "mesh",
    "waves",
    "shapes",
    "halftone",
    "paper",
    "night",
    "editorial",
    "minimal",
    "duotone",
)
# Shows a picture of the article's, so no config can choose it for all articles.
PICTURE_THEME = "duotone"
THEMES_FOR_ALL = tuple(theme for theme in THEMES if theme != PICTURE_THEME)

# What `headergen init` knows; the row of each is in headergen/settings/sites/__init__.py.
SITES = (
    "minimal-mistakes",
    "hugo",
    "jekyll",
    "astro",
    "docusaurus",
    "vitepress",
    "eleventy",
    "mkdocs",
    "quarto",
    "zenn",
    "obsidian",
    "note",
)

# What headergen reads as a picture, in words; and the remedy for one that it cannot.
READABLE = "PNG, JPEG, WebP, AVIF or GIF"
SAVE_AGAIN = "save the picture again"


@dataclass(frozen=True)
class Look:
    """How composites look; lengths in px of a header of 1280x670.

    `corners` None and `background` "auto" mean what the layout says. `slant` is how far the seams
    of a split lean to the right, in degrees.
    """

    gutter: float = 8
    corners: float | None = None
    background: str = "auto"
    slant: float = 0


def enlarged_by(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Return how much a picture of size `before` (px) is enlarged until it covers `after`."""
    return max(after[0] / before[0], after[1] / before[1])
