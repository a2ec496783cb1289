"""Headers of articles that ask for none: which get one by default, and what it asks for."""

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from headergen.article.article import Article
from headergen.article.request import Request
from headergen.errors import SkippedError
from headergen.repository import paths
from headergen.settings import scope, styles
from headergen.settings.config import Config

# What templates of Hugo, Jekyll and Obsidian's Templater have in the place of a title.
_PLACEHOLDER = re.compile(r"\{\{.*\}\}|\{%.*%\}|<%.*%>")


def has_default(name: str | Path, config: Config, root: Path) -> bool:
    """Tell whether the article in the file `name` gets a header if it asks for none."""
    if config.default is None and not any(style.default for style in config.styles):
        return False
    return _default_for(name, config, root) is not None


def style_for(article: Article, config: Config, root: Path) -> styles.Style | None:
    """Return the first style in the config whose paths the article matches."""
    return styles.style_of(_place(article.path, root), config.styles) if config.styles else None


def request_for(article: Article, config: Config, root: Path) -> Request | None:
    """Return what the article asks for, else what the config asks for in its stead.

    Raises:
        ArticleError: It needs a title, and the article has none.
    """
    if article.request or not has_default(article.path, config, root):
        return _with_title(article, article.request, config)
    default = _default_for(article.path, config, root)
    return _by_default(article, default, config) if default else None


def _with_title(article: Article, request: Request | None, config: Config) -> Request | None:
    """Return the request, whose title may be the file's name only if the config allows it."""
    needs_title = request is not None and request.article_title is not None
    if needs_title and not config.title_from_name and article.own_title is None:
        key = article.keys.of_request("card" if request and request.card else "title")
        remedy = "write `title:` or a `# heading`, or set `title_from_name: true` in the config"
        raise article.error(key, "the article has no title", remedy)
    return request


def _default_for(name: str | Path, config: Config, root: Path) -> styles.Default | None:
    return scope.default_for(_place(name, root), config)


def _place(name: str | Path, root: Path) -> PurePath:
    """Return an article's path relative to `root`; as it is where it lies elsewhere."""
    path = Path(paths.folder_of(Path(name)), os.path.basename(name))
    return path.relative_to(root) if path.is_relative_to(root) else path


def _by_default(article: Article, default: styles.Default, config: Config) -> Request:
    has_title = default.card is not None and default.card.title is not None
    needs_title = not has_title and "{title}" in (default.prompt or "{title}")
    title = article.title if needs_title and config.title_from_name else article.own_title
    if needs_title and title is None:
        message = "the config's default needs a title, and the article has none"
        remedy = "write a `# heading` or `title:`; or "
        remedy += f"`{article.keys.request}: false`, for no header at all"
        raise article.unasked(article.error(None, message, remedy), "they have no title")
    if title and not article.asks and _PLACEHOLDER.fullmatch(title):
        error = article.error(None, "the title is a placeholder of a template")
        raise SkippedError.of(error, "their frontmatter is a template")
    return Request(
        prompt=default.prompt and _filled_in(default.prompt, title, article.facts.tags),
        card=default.card,
        article_title=title or article.path.stem,
        by_default=True,
    )


def _filled_in(template: str, title: str | None, tags: Sequence[str]) -> str:
    """Put title and tags into a prompt; what they say of `{tags}` is their own text."""
    texts = {"{title}": title or "", "{tags}": ", ".join(tags)}
    return re.sub(r"\{title\}|\{tags\}", lambda found: texts[found[0]], template).strip(" ,")
