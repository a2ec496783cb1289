"""Where the header of an article goes by default: no test names that folder itself."""

from __future__ import annotations

from headergen.settings.config import Config


def header_of(stem: str = "post", format: str = "png") -> str:
    """Return the path of the header of `stem`.md, as the article names it."""
    return Config().output.format(stem=stem, format=format)


HEADERS = header_of().rpartition("/")[0]
