"""The page: one HTML file that asks nothing of anybody, and in which no article can run code."""

import hashlib
import json
import re
import shlex
from base64 import b64encode
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from headergen import __version__
from headergen.article.request import CardRequest
from headergen.report.preview.entries import MADE_BY_RUN, STATES, Entry
from headergen.settings.config import Config
from headergen.vocabulary import HEADER_HEIGHT, HEADER_WIDTH, LINK_CARD_WIDTH, LISTING_HEIGHT
from headergen.wording import HIDDEN

# A header as note.com recommends it, and what it shows of one, in px.
_CROPS = {
    "header_width": HEADER_WIDTH,
    "header_height": HEADER_HEIGHT,
    "listing_height": LISTING_HEIGHT,
    "link_card_width": LINK_CARD_WIDTH,
    "link_card_margin": (HEADER_WIDTH - LINK_CARD_WIDTH) // 2,
}

# Small copies of pictures, as WebP; None for one that cannot be read.
Thumbnails = Mapping[Path, bytes | None]


def render(entries: Iterable[Entry], config: Config, site: str, thumbnails: Thumbnails) -> str:
    """Return the page for `entries` of a site that is called `site`.

    All that comes from articles is in one JSON block, in which no character can end the block;
    the page's own script sets it as text. The policy allows that script and style by their hashes,
    and pictures that are in the page.
    """
    parts = {name: _part(name) for name in ("page.html", "page.css", "page.js")}
    values = {
        "style": parts["page.css"],
        "script": parts["page.js"],
        "data": _as_script_data(_page(entries, config, site, thumbnails)),
        "policy": _policy(parts["page.css"], parts["page.js"]),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: values[mark[1]], parts["page.html"])


def _part(name: str) -> str:
    """Return a part of the page with the crops filled in."""
    text = (files("headergen.report.preview") / name).read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: str(_CROPS.get(mark[1], mark[0])), text)


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _as_script_data(value: object) -> str:
    """Return JSON without `<` and `>`, which could end a script element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # As a reader sees them: what steers text, or is not seen, is spelled out.
    text = re.sub(HIDDEN, lambda found: json.dumps(json.dumps(found[0])[1:-1])[1:-1], text)
    text = re.sub("[<>]", lambda found: f"\\u{ord(found[0]):04x}", text)
    # A lone surrogate, from a file name that is not UTF-8, has no bytes of its own.
    return text.encode("utf-8", "replace").decode()


def _page(
    entries: Iterable[Entry], config: Config, site: str, thumbnails: Thumbnails
) -> Mapping[str, Any]:
    return {
        "site": site,
        "version": __version__,
        "width": config.width,
        "height": config.height,
        "states": [
            {"name": name, "label": label, "meaning": meaning}
            for name, (label, meaning) in STATES.items()
        ],
        "articles": [_article(entry, thumbnails) for entry in entries],
    }


def _article(entry: Entry, thumbnails: Thumbnails) -> dict[str, Any]:
    article, request, probed = entry.article, entry.request, entry.probed
    return {
        "path": entry.path,
        "title": entry.title,
        "state": entry.state,
        "prompt": request.prompt if request else None,
        "negative_prompt": request.negative_prompt if request else None,
        "card": _card(request.card) if request and request.card else None,
        "sources": list(request.sources) if request else [],
        "model": entry.model,
        "seed": None if entry.seed is None else str(entry.seed),  # 64 bits are beyond JavaScript
        "alt": article.alt if article else None,
        "image": article.image if article else None,
        "pixels": f"{probed.width} × {probed.height} px" if probed and probed.width else None,
        "size": probed.size_bytes if probed else None,
        "notes": list(entry.notes),
        "command": _command("run", entry.path) if entry.state in MADE_BY_RUN else None,
        "thumbnail": _uri(entry.picture, thumbnails) if entry.picture else None,
        "candidates": [
            {"number": each.number, "what": each.what, "thumbnail": _uri(picture, thumbnails)}
            for picture, each in entry.candidates.items()
        ],
        "pick": _command("pick", entry.path) if entry.candidates else None,
    }


def _card(card: CardRequest) -> str:
    written = (f"{key}: {value}" for key, value in card.written().items())
    return "\n".join(written) or "all of it by default"


def _command(*words: str) -> str:
    return shlex.join(["headergen", *words])


def _uri(picture: Path, thumbnails: Thumbnails) -> str | None:
    data = thumbnails.get(picture)
    return f"data:image/webp;base64,{b64encode(data).decode()}" if data else None
