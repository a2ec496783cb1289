"""What an author writes under `header:`, and every mistake that can be made there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headergen.article.card_request import CardRequest, read_card
from headergen.article.frontmatter.mapping import HeaderMapping
from headergen.vocabulary import MAX_GUIDANCE_SCALE, MAX_SEED, MAX_STEPS, Focus

AUTHOR_KEYS = (
    "prompt",
    "negative_prompt",
    "model",
    "seed",
    "steps",
    "guidance_scale",
    "sources",
    "layout",
    "focus",
    "card",
    "title",
    "alt",
)
_PAINTING_KEYS = ("negative_prompt", "model", "seed", "steps", "guidance_scale")


@dataclass(frozen=True)
class Request:
    """What the author asked for; a field is None (or empty) where nothing was written.

    `focus` holds one focus for all sources, or one for each, in their order. `title` is what is
    laid over the picture: a text, or True for the article's own, which `article_title` holds
    wherever the request depends on it. A request `by_default` is the config's, for an article that
    asks for nothing itself.
    """

    prompt: str | None = None
    negative_prompt: str | None = None
    model: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    sources: tuple[str, ...] = ()
    layout: str | None = None
    focus: tuple[Focus, ...] = ()
    card: CardRequest | None = None
    title: bool | str | None = None
    article_title: str | None = None
    by_default: bool = False

    def canonical(self) -> str:
        """Return the request as JSON that is the same for the same request.

        It holds the keys that were written, sorted, in the author's own words, without `alt`. The
        digest is taken of it. Of a request by default it holds the article's title alone: the rest
        is the config's, and changing that repaints nothing.
        """
        import json

        keys = ("by_default",) if self.by_default else AUTHOR_KEYS
        written = {
            key: getattr(self, key)
            for key in (*keys, "article_title")
            if key not in ("alt", "card") and getattr(self, key) not in (None, ())
        }
        if self.card and not self.by_default:
            written["card"] = self.card.written()
        return json.dumps(written, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_request(header: HeaderMapping, article_title: str | None) -> Request | None:
    """Return what the author asked for, None where there is no `prompt`, `sources` or `card`.

    `article_title` is what a title card shows that has no title of its own.

    Raises:
        ArticleError: A key is unknown or its value is not admissible; the error names file,
            line, key, value and choices.
    """
    header.refuse_unknown_keys(AUTHOR_KEYS)
    _refuse_two_pictures(header)
    _refuse_keys_without_effect(header)
    card, title = read_card(header), header.flag_or_text("title") or None
    if (card and not card.title) or title is True:
        _require_title(header, article_title)
    else:
        article_title = None
    request = Request(
        prompt=_prompt(header),
        negative_prompt=header.text("negative_prompt", may_be_empty=True),
        model=header.text("model"),
        seed=header.integer("seed", minimum=0, maximum=MAX_SEED),
        steps=header.integer("steps", minimum=1, maximum=MAX_STEPS),
        guidance_scale=header.number("guidance_scale", MAX_GUIDANCE_SCALE),
        sources=header.sources(),
        layout=header.text("layout"),
        focus=header.focus(),
        card=card,
        title=title,
        article_title=article_title,
    )
    return request if request.prompt or request.sources or request.card else None


def asks_for_a_picture(header: Mapping[object, object]) -> bool:
    """Tell whether a mapping is headergen's, wherever it stands."""
    asks = any(key in header for key in _EFFECTS)
    return asks and header.keys() <= {*AUTHOR_KEYS, "image", "digest"}


def _prompt(header: HeaderMapping) -> str | None:
    if "prompt" in header.values and header.values["prompt"] is None:
        raise header.error("prompt", "is empty; write what the picture should be")
    return header.text("prompt")


def _require_title(header: HeaderMapping, article_title: str | None) -> None:
    if article_title is None:
        key = "card" if header.values.get("card") else "title"
        raise header.error(
            key, f"the article has no title: write `title:`, a `# heading`, or `{key}: a text` here"
        )


def _refuse_two_pictures(header: HeaderMapping) -> None:
    asked = [key for key in _EFFECTS if header.values.get(key) not in (None, False)]
    if len(asked) > 1:
        first, second = asked[:2]
        raise header.error(second, f"{first} and {second} exclude each other; keep one of them")


# What a header can be, and the keys that have no effect on one of that kind.
_EFFECTS = {
    "prompt": ("that is painted", ("layout", "focus")),
    "sources": ("of a composite", _PAINTING_KEYS),
    "card": ("that is a title card", (*_PAINTING_KEYS, "layout", "focus", "title")),
}


def _refuse_keys_without_effect(header: HeaderMapping) -> None:
    """A key that does nothing would still be part of the request, and of its digest."""
    for asked, (kind, idle) in _EFFECTS.items():
        if header.values.get(asked) in (None, False):
            continue
        for key in idle:
            if header.values.get(key) is not None:
                raise header.error(key, f"has no effect on a header {kind}; remove it")
