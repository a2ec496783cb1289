"""Where a command works, and with which config."""

import os
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from headergen.article import article as articles
from headergen.cli.terminal import detail
from headergen.errors import ArticleError, UsageError
from headergen.plan import defaults, places
from headergen.repository import discovery, git
from headergen.settings import config as configs
from headergen.settings import scope
from headergen.wording import counted


@dataclass(frozen=True)
class Place:
    """Where a command works: the repository's root (or the current folder) and its config."""

    root: Path
    in_git: bool
    config: configs.Config
    is_config_named: bool

    def articles_at(self, given: Sequence[Path]) -> discovery.Found:
        """Name the articles that `given` are, or that are below those that are folders.

        Raises:
            UsageError, GitError: as `discovery.articles_at`.
        """
        is_excluded = partial(scope.is_excluded, config=self.config)
        found = discovery.articles_at(given, self.root, in_git=self.in_git, is_excluded=is_excluded)
        detail(f"{counted(len(found.names), 'article')} to look at")
        return found


def find_place(arguments: Namespace) -> Place:
    """Find the place that a command is called in, and read its config.

    Raises:
        ConfigError: the config cannot be used.
    """
    repository = git.find_root(Path.cwd())
    root = repository or Path.cwd().resolve()
    config = configs.load(Path(os.path.relpath(root)), arguments.config)
    detail(f"config: {config.path or 'none, so every key has its default'}")
    return Place(root, repository is not None, config, is_config_named=bool(arguments.config))


def read_article(path: Path, place: Place) -> articles.Article:
    """Read the one article that a command is about.

    Raises:
        UsageError: there is no such file, or it is no article.
        ArticleError: as `find_article`, or it wants no header.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name one article")
    names, skipped = place.articles_at([path])
    if skipped:
        raise UsageError(f"{path} is no article: {skipped[0].reason}")
    found = find_article(names[0], place)
    if found is None:
        message = f"has no `{place.config.request_key}:` in its frontmatter"
        raise ArticleError(message, path=names[0], line=1)
    return found


def find_article(name: str, place: Place) -> articles.Article | None:
    """Read the article in the file `name`, None where it wants no header, not even by default.

    Raises:
        ArticleError: as `article.read`, or the file cannot be read, or lies outside the place.
    """
    try:
        every = defaults.has_default(name, place.config, place.root)
        found = articles.read(name, place.config.keys, every=every)
        places.require_in_place(found, place.root)
    except OSError as error:
        raise ArticleError(f"cannot be read: {error.strerror}", path=name) from error
    return found
