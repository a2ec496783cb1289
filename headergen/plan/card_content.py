"""What is written on pictures: the title cards that articles and the config ask for."""

from pathlib import Path

from headergen.article.article import Article
from headergen.article.request import CardRequest, Request
from headergen.graphics.card.content import Card
from headergen.plan import places
from headergen.settings.config import Config
from headergen.settings.styles import Style
from headergen.vocabulary import THEMES

FILE_KEYS = ("logo", "picture")


def card_of(
    article: Article, request: Request, config: Config, style: Style | None, root: Path
) -> Card:
    """Settle what the title card of `article` shows: its own word, its style's, the config's.

    A request without a card gets the one that the config describes, to stand in for its picture.

    Raises:
        PathError, SourceError: a logo or picture leaves the repository or is missing.
        ConfigError: the config's logo is missing.
    """
    asked, logo = request.card or CardRequest(), file_of(article, request, "logo", config, root)
    return Card(
        title=asked.title or article.title or article.path.stem,
        subtitle=asked.subtitle,
        theme=asked.theme or (style and style.theme) or config.card_theme or THEMES[0],
        colours=asked.colours or config.card_colours,
        author=config.card_author if asked.author is None else asked.author or None,
        date=_date(asked, article, config),
        tags=_tags(asked, article, config),
        logo=None if asked.logo is False else logo or logo_of(config, root),
        picture=file_of(article, request, "picture", config, root),
    )


def title_of(article: Article, request: Request, config: Config, style: Style | None) -> Card:
    """Settle what is laid over a picture: the title alone, in the colours of all cards."""
    return Card(
        title=request.title if isinstance(request.title, str) else article.title or "",
        theme=(style and style.theme) or config.card_theme or THEMES[0],
        colours=config.card_colours,
    )


def _date(asked: CardRequest, article: Article, config: Config) -> str | None:
    wanted = config.card_date if asked.date is None else asked.date
    if isinstance(wanted, str):
        return wanted
    return article.facts.date if wanted else None


def _tags(asked: CardRequest, article: Article, config: Config) -> tuple[str, ...]:
    wanted = config.card_tags if asked.tags is None else asked.tags
    if isinstance(wanted, tuple):
        return wanted
    return article.facts.tags if wanted else ()


def file_of(
    article: Article, request: Request, key: str, config: Config, root: Path
) -> Path | None:
    """Resolve the `logo` or `picture` of an article's card to a file.

    Raises:
        PathError: the path leaves the repository or is malformed.
        SourceError: the file is missing or no regular file.
    """
    name = getattr(request.card, key) if request.card and not request.by_default else None
    return places.source_of(name, article, f"card.{key}", config, root) if name else None


def logo_of(config: Config, root: Path) -> Path | None:
    """Return the file of the logo that the config shows on every card, None where it has none.

    Raises:
        ConfigError: It does not exist.
    """
    if config.card_logo is None:
        return None
    path = root / config.card_logo
    if not path.is_file():
        raise config.error(
            "card.logo",
            f"{config.card_logo!r} does not exist: it is relative to the repository's root",
        )
    return path
