"""What the articles of a site tell of how it names pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from headergen.article import article as articles
from headergen.article.keys import REQUEST, Keys, value_at
from headergen.errors import HeadergenError
from headergen.picture.first_bytes import SUFFIX_FORMATS

# The keys under which themes and tools of this kind look for an article's picture.
_IMAGE_KEYS = (
    "cover.image", "images", "featured_image", "featureimage", "featuredImage", "image",
    "thumbnail", "heroImage", "hero_image", "ogImage", "og_image", "socialImage", "social_image",
    "coverImage", "cover_image", "banner", "cover", "eyecatch", "header.teaser", "header.og_image",
    "header.overlay_image", "header.image",
)  # fmt: skip
_REQUESTS = {"prompt", "sources", "card", "digest"}
# As many articles tell enough.
_MOST = 500


@dataclass(frozen=True)
class Written:
    """The key under which articles name pictures, if any, and in how many of them.

    `header_is_foreign`: `header` is a key of the site's own. `is_in_bundle`: pictures are in the
    article's own folder, as in Hugo's page bundles with PaperMod's `cover.relative`.
    """

    image_key: str | None = None
    count: int = 0
    header_is_foreign: bool = False
    is_in_bundle: bool = False


def read(names: Iterable[str]) -> Written:
    """Read the frontmatter of articles; what cannot be read is left out."""
    found: Counter[str] = Counter()
    foreign = relative = 0
    for values in filter(None, map(_values, islice(names, _MOST))):
        is_foreign = _is_foreign(values.get("header"))
        found.update(key for key in _IMAGE_KEYS if _names_picture(values, key, is_foreign))
        foreign += is_foreign
        relative += value_at(values, ("cover", "relative")) is True
    key, count = max(found.items(), key=lambda each: each[1], default=(None, 0))
    is_in_bundle = key == "cover.image" and 2 * relative > count
    return Written(key, count, foreign > 0, is_in_bundle)


def _values(name: str) -> Mapping[Any, Any] | None:
    # First under a key that no site has, so that what a theme keeps in `header` is no mistake.
    for request in ("headergen", REQUEST):
        with suppress(HeadergenError, OSError):
            article = articles.read(name, Keys(request, f"{request}.image"), every=True)
            return article.values if article else None
    return None


def _names_picture(values: Mapping[Any, Any], key: str, header_is_foreign: bool) -> bool:
    """Check for the path or URL of a picture under a key, alone, in a list or as `src` or `url`.

    What is below headergen's own `header` was written by it.
    """
    if key.startswith("header.") and not header_is_foreign:
        return False
    value = value_at(values, tuple(key.split(".")))
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("src") or value.get("url")
    return isinstance(value, str) and value.lower().endswith(tuple(SUFFIX_FORMATS))


def _is_foreign(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and not _REQUESTS & set(value)
    return isinstance(value, str) and bool(value.strip())
