"""What the config gives articles that ask for nothing, and what keeps a series to one look."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from headergen.article.card_request import CardRequest, read_card
from headergen.article.frontmatter.mapping import HeaderMapping
from headergen.errors import ArticleError
from headergen.vocabulary import THEMES_FOR_ALL
from headergen.wording import shown

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

PLACEHOLDERS = ("{title}", "{tags}")
DEFAULT_KEYS = ("card", "prompt")
STYLE_KEYS = ("paths", "default", "prompt_prefix", "model", "theme")

# Pages of a repository that nobody publishes as articles, in whatever case.
_NO_ARTICLES = frozenset(
    ("readme", "changelog", "contributing", "code_of_conduct", "license", "security", "support")
)

# Raises the config's error for a key below the one being read ("" for that one itself).
Fault = Callable[[str, str], Exception]


@dataclass(frozen=True)
class Default:
    """The header of an article that asks for none: a title card, or a prompt.

    `prompt` may hold `{title}` and `{tags}`.
    """

    card: CardRequest | None = None
    prompt: str | None = None


@dataclass(frozen=True)
class Style:
    """One look, for the articles that match `paths` (as in .gitignore, from the root)."""

    paths: tuple[str, ...]
    default: Default | None = None
    prompt_prefix: str | None = None
    model: str | None = None
    theme: str | None = None


def read_default(value: object, fault: Fault) -> Default:
    """Read the config's `default`, or that of a style.

    Raises:
        Exception: What `fault` makes, where something is not admissible.
    """
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in DEFAULT_KEYS:
        wanted = "{card: true} or {prompt: …}"
        raise fault("", f"{shown(value)} is not {wanted}")
    if "prompt" in value:
        prompt = _text(value, "prompt", fault)
        if not prompt or not prompt.strip():
            raise fault("prompt", "is empty; write what the pictures should be")
        for name in re.findall(r"\{[^{}]*\}?", prompt):
            if name not in PLACEHOLDERS:
                raise fault("prompt", f"knows no {name}; choose from {', '.join(PLACEHOLDERS)}")
        return Default(prompt=prompt)
    if not value["card"]:
        raise fault("card", "asks for nothing: leave `default` out")
    card = _card(value["card"], fault)
    if card.logo:
        raise fault(
            "card.logo", "names one article's file; all cards have the config's `card.logo`"
        )
    if card.picture:
        raise fault(
            "card.picture", f"names one article's file: the theme {card.theme!r} is for one"
        )
    return Default(card=card)


def _card(value: object, fault: Fault) -> CardRequest:
    """Read a card as frontmatter would have it, with the config's errors."""
    try:
        card = read_card(HeaderMapping(Path(), 0, {"card": value}, {}, ()))
    except ArticleError as error:
        raise fault((error.key or "").removeprefix("header."), error.message) from error
    assert card is not None
    return card


def read_colours(value: object, fault: Fault) -> tuple[str, ...]:
    """Read a card's colours.

    Raises:
        Exception: What `fault` makes, where something is not admissible.
    """
    return _card({"colours": value}, lambda _, message: fault("", message)).colours


def read_styles(value: object, fault: Fault) -> tuple[Style, ...]:
    """Read the config's `styles`.

    Raises:
        Exception: What `fault` makes, where something is not admissible.
    """
    if not isinstance(value, list):
        raise fault("", f"{shown(value)} is not a list of styles")
    return tuple(
        _read_style(each, partial(_fault_in_item, fault, number))
        for number, each in enumerate(value)
    )


def _fault_in_item(fault: Fault, number: int, key: str, message: str) -> Exception:
    return fault(_below(f"[{number}]", key), message)


def _below(key: str, inner: str) -> str:
    return f"{key}.{inner}" if inner else key


def _read_style(value: object, fault: Fault) -> Style:
    if not isinstance(value, dict) or "paths" not in value:
        raise fault("", f"{shown(value)} is no style: it needs `paths`")
    for key in value:
        if key not in STYLE_KEYS:
            raise fault(str(key), f"unknown key; choose from {', '.join(STYLE_KEYS)}")
    paths = value["paths"] if isinstance(value["paths"], list) else [value["paths"]]
    if not paths or not all(isinstance(each, str) and each for each in paths):
        raise fault("paths", f"{shown(value['paths'])} is not a path such as articles/games/**")
    from headergen.diffusion.models import MODELS  # not where no style is told

    default = value.get("default")
    if default is not None:
        default = read_default(default, lambda key, message: fault(_below("default", key), message))
    return Style(
        paths=tuple(paths),
        default=default,
        prompt_prefix=_text(value, "prompt_prefix", fault),
        model=_name(value, "model", MODELS, fault),
        theme=_name(value, "theme", dict.fromkeys(THEMES_FOR_ALL), fault),
    )


def _text(value: Mapping[Any, Any], key: str, fault: Fault) -> str | None:
    text = value.get(key)
    if text is not None and not isinstance(text, str):
        raise fault(key, f"{shown(text)} is not a text")
    return text


def _name(
    value: Mapping[Any, Any], key: str, choices: Mapping[str, object], fault: Fault
) -> str | None:
    name = _text(value, key, fault)
    if name is not None and name not in choices:
        raise fault(key, f"unknown {key} {name!r}; choose from {', '.join(choices)}")
    return name


def style_of(path: PurePath, styles: tuple[Style, ...]) -> Style | None:
    """Return the first style that the article at `path`, relative to the root, matches."""
    if not styles:
        return None
    name = path.as_posix()
    return next((style for style in styles if _spec(style.paths).match_file(name)), None)


@lru_cache
def _spec(paths: tuple[str, ...]) -> GitIgnoreSpec:
    """Compile a style's paths once, for the thousands of articles that are compared with them."""
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(paths)


def default_of(
    path: PurePath, default: Default | None, styles: tuple[Style, ...]
) -> Default | None:
    """Return what the article at `path`, relative to the root, gets if it asks for nothing.

    A README and its like are no articles.
    """
    if path.stem.lower() in _NO_ARTICLES:
        return None
    style = style_of(path, styles)
    return style.default if style and style.default else default
