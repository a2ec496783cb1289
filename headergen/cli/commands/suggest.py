"""`headergen suggest`: have a text model write the prompt for an article's header."""

from __future__ import annotations

from argparse import Namespace

from headergen.article import article as articles
from headergen.article import edit
from headergen.article.article import Article
from headergen.cli.commands.place import Place, find_place
from headergen.cli.terminal import Problems, say
from headergen.errors import ArticleError, HeadergenError, MachineError, UsageError
from headergen.plan import places
from headergen.repository import durable
from headergen.server import chat
from headergen.server.transport import Transport
from headergen.settings.server import TextServer


def run(arguments: Namespace) -> int:
    """Print a prompt for each article, and write it into the article if that is wanted."""
    place = find_place(arguments)
    text = place.config.text
    if text is None:
        raise UsageError(
            "no text model is named in the config",
            remedy="write `text: {url: http://127.0.0.1:11434, model: …}` into headergen.yaml",
        )
    names, skipped = place.articles_at(arguments.articles)
    server = Transport.to(text.base, text.key_env, text.timeout_s)
    failure: HeadergenError | None = None
    with Problems() as problems:
        for error in skipped:
            problems.add_error(error)
            failure = error
        for name in names:
            try:
                say(_suggested(name, text, server, place, write=arguments.write))
            except MachineError:
                raise
            except HeadergenError as error:
                problems.add_error(error)
                failure = error
    return failure.exit_code if failure else 0


def _suggested(name: str, text: TextServer, server: Transport, place: Place, *, write: bool) -> str:
    """Return the line that says which prompt an article got.

    Raises:
        ArticleError: the article cannot be read or written, or asks for a header already.
        PaintError: as `chat.suggest`.
    """
    article = _read(name, place)
    if write and (article.request or article.image or article.has_own_image):
        raise article.error(
            None, "has a header already, or asks for one", "remove it, or leave --write out"
        )
    body = article.data[article.body :].decode("utf-8", "replace")
    told = article.title or "", article.facts.tags, body
    prompt = chat.suggest(server, text.model, text.instructions, *told)
    if not write:
        return f"{name}: {prompt}"
    _write(article, prompt)
    return f"{name}: {prompt} (written; `headergen run` paints it)"


def _read(name: str, place: Place) -> Article:
    try:
        article = articles.read(name, place.config.keys, every=True)
        places.require_in_place(article, place.root)
    except OSError as error:
        raise ArticleError(f"cannot be read: {error.strerror}", path=name) from error
    if article is None:
        raise ArticleError("wants no header: it says `header: false`", path=name, line=1)
    return article


def _write(article: Article, prompt: str) -> None:
    """Write the prompt into the article, which is as it was read.

    Raises:
        ArticleError: it is not, or cannot be written.
    """
    changed = edit.with_request(article, {"prompt": prompt})

    def confirm() -> None:
        if article.path.read_bytes() != article.data:
            raise article.error(None, "was edited meanwhile; the edit stays", "suggest again")

    try:
        durable.write(article.path, changed.data, confirm=confirm)
    except OSError as error:
        raise article.error(None, f"cannot be written: {error.strerror}") from error
