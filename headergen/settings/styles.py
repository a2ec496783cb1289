"""What the config gives articles that ask for nothing, and what keeps a series to one look."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from headergen.article.request import CARD, CardRequest
from headergen.fields import (
    Location,
    choice,
    either,
    off,
    record,
    required,
    row,
    several,
    text,
    unknown,
)
from headergen.vocabulary import THEMES_FOR_ALL

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

PLACEHOLDERS = ("{title}", "{tags}")

PATHS = either(
    text("a path such as articles/games/**"),
    several(text("a path"), "paths"),
    then=lambda found: (found,) if isinstance(found, str) else found,
)


@dataclass(frozen=True)
class Default:
    """The header of an article that asks for none: a title card, or a prompt.

    `prompt` may hold `{title}` and `{tags}`.
    """

    card: CardRequest | None = row(CARD, "a title card: `true`, or the keys of `header.card`")
    prompt: str | None = row(
        text(), f"what to paint, with {' and '.join(f'`{each}`' for each in PLACEHOLDERS)}"
    )


def _check_default(default: Default, where: Location) -> None:
    if default.card and default.prompt:
        raise where.error("card and prompt exclude each other; keep one of them")
    if not default.card and not default.prompt:
        raise where.error("asks for nothing: write {card: true} or {prompt: …}, or remove the key")
    for name in re.findall(r"\{[^{}]*\}?", default.prompt or ""):
        if name not in PLACEHOLDERS:
            raise where.at("prompt").error(unknown("placeholder", name, PLACEHOLDERS))
    card = default.card or CardRequest()
    if card.logo:
        message = "names one article's file; all cards have the config's `card.logo`"
        raise where.at("card.logo").error(message)
    if card.picture:
        message = f"names one article's file: the theme {card.theme!r} is for one"
        raise where.at("card.picture").error(message)


DEFAULT = record(Default, "{card: true} or {prompt: …}", _check_default)


@dataclass(frozen=True)
class Style:
    """One look, for the articles that match `paths` (as in .gitignore, from the root)."""

    paths: tuple[str, ...] = required(PATHS, "the articles, as in `.gitignore`")
    default: Default | Literal[False] | None = row(
        either(off(), DEFAULT, words="false, {card: true} or {prompt: …}"),
        "as the config's `default`; `false` for none",
    )
    prompt_prefix: str | None = row(text(may_be_empty=True), "text before every prompt")
    model: str | None = row(text("a model"), "a name of the model table")
    theme: str | None = row(choice(THEMES_FOR_ALL), "the theme of title cards")


def _check_style(style: Style, where: Location) -> None:
    if style.model is None:
        return
    from headergen.diffusion.families import MODELS  # for the few configs that name one here

    if style.model not in MODELS:
        raise where.at("model").error(unknown("model", style.model, MODELS))


STYLES = several(record(Style, "a style: a mapping with `paths`", _check_style), "styles", least=0)


def style_of(path: PurePath, styles: tuple[Style, ...]) -> Style | None:
    """Return the first style that the article at `path`, relative to the root, matches."""
    if not styles:
        return None
    name = path.as_posix()
    return next((style for style in styles if matches(name, style.paths)), None)


def matches(name: str, paths: tuple[str, ...]) -> bool:
    """Check whether the file `name`, relative to the root, matches `paths` (as in .gitignore)."""
    return _spec(paths).match_file(name)


@lru_cache
def _spec(paths: tuple[str, ...]) -> GitIgnoreSpec:
    """Compile a style's paths once, for the thousands of articles that are compared with them."""
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(paths)
