"""Compare what an article asks for with the picture that it names: fresh, stale, missing, its own.

Nothing of painting is loaded here: this is all that a check needs.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from headergen.article.article import Article
from headergen.article.request import Request
from headergen.errors import ArticleError, PathError, SkippedError
from headergen.fields import unknown
from headergen.picture.damage import damage_of
from headergen.picture.first_bytes import SUFFIX_FORMATS, probe
from headergen.plan import card_content, defaults, places
from headergen.settings.config import Config
from headergen.vocabulary import STAND_IN
from headergen.wording import shown


@dataclass(frozen=True)
class Fresh:
    """The picture exists and the digest matches the request."""

    article: Article
    picture: Path


@dataclass(frozen=True)
class HandMade:
    """The author's own picture; `picture` is None where only the site knows what its path means."""

    article: Article
    picture: Path | None


@dataclass(frozen=True)
class Wanted:
    """The header is missing, stale or cut off; `digest` is that of the request as it is now.

    `sources` are absolute paths; `picture` is where the article's `image` points, if it has one.
    """

    article: Article
    request: Request
    digest: str
    sources: tuple[Path, ...]
    picture: Path | None

    @property
    def is_stale(self) -> bool:
        """Whether there is a picture, made for an older request or cut off."""
        return self.picture is not None and self.picture.is_file()


@dataclass(frozen=True)
class StandIn:
    """A title card stands in for the picture that is `wanted`, which a machine was to paint."""

    wanted: Wanted
    picture: Path

    @property
    def article(self) -> Article:
        """The article that the card is the header of."""
        return self.wanted.article


State = Wanted | StandIn | Fresh | HandMade | None


def state_of(
    article: Article, config: Config, root: Path, *, in_hook: bool = False, again: bool = False
) -> State:
    """Compare what `article` asks for with the picture that it names.

    `in_hook` takes the article's word that its header is fresh: while hooks run, the framework
    puts staged files on disk, and a picture may be an older one than the author's. The hook has
    to say so; painting it again would be in vain.

    With `again`, a header that headergen made is wanted even if it is fresh.

    Raises:
        ArticleError: a model is unknown, or a picture is named that cannot be made.
        PathError: a path leaves the repository or is malformed.
        SourceError: a source picture is missing or no regular file.
        SkippedError: the article asks for nothing, and can't get the config's default.
    """
    if article.has_own_image:
        return HandMade(article, None)
    if article.moved_key and not again:
        raise article.error(
            article.moved_key,
            f"the config's image_key is another: {article.image_key}",
            "run `headergen run --again` with the article, which moves the picture's path",
        )
    try:
        state = _state_of(article, config, root, in_hook=in_hook)
        return _again(state, config, root) if again else state
    except SkippedError:
        raise
    except (ArticleError, PathError) as error:
        raise article.unasked(error, "their own picture is not found") from error


def _again(state: State, config: Config, root: Path) -> State:
    """Return the header that headergen made as one that is wanted, so that it is made again."""
    if isinstance(state, StandIn):
        return state.wanted
    if not isinstance(state, Fresh) or state.article.digest is None:
        return state
    request = defaults.request_for(state.article, config, root)
    if request is None:
        return state
    sources = sources_of(state.article, request, config, root)
    return Wanted(state.article, request, digest_of(request, sources), sources, state.picture)


def _state_of(article: Article, config: Config, root: Path, *, in_hook: bool) -> State:
    picture = places.header_of(article, config, root)
    if article.image is not None and _is_hand_made(article, article.image, picture):
        return HandMade(article, picture)
    if article.image and article.digest is None and _gets_one(article, config, root):
        return HandMade(article, picture)
    request = defaults.request_for(article, config, root)
    if request is None:
        return _without_request(article, picture)
    _require_known(article, request, config)
    sources = sources_of(article, request, config, root)
    digest = digest_of(request, sources)
    wanted = Wanted(article, request, digest, sources, picture)
    if picture is None or not picture.is_file() or article.digest is None:
        return wanted
    if article.digest.removesuffix(STAND_IN) != digest:
        return wanted
    if not in_hook and not _holds_header(article, picture, article.digest):
        return wanted
    return Fresh(article, picture) if article.digest == digest else StandIn(wanted, picture)


def _holds_header(article: Article, picture: Path, digest: str) -> bool:
    try:
        return may_be_for(picture, digest)
    except OSError as error:
        message = f"{shown(article.image)} cannot be read: {error.strerror}"
        raise article.error(article.image_key, message) from error


def _gets_one(article: Article, config: Config, root: Path) -> bool:
    """Tell whether a header would be the config's wish alone, which replaces nobody's picture.

    Where it is not found it may be a path that only the site understands.
    """
    return article.request is None and defaults.has_default(article.path, config, root)


def _require_known(article: Article, request: Request, config: Config) -> None:
    """Refuse a model that no table has (hub ids come from the config alone), a crowded cover."""
    if request.model is not None:
        from headergen.diffusion.families import MODELS  # for the few articles that name one

        models = dict.fromkeys([*MODELS, config.model])
        if request.model not in models:
            key = article.keys.of_request("model")
            raise article.error(key, unknown("model", request.model, models))
    if request.layout == "cover" and len(request.sources) > 1:
        message = "'cover' takes one source; leave the layout out, or try split"
        raise article.error(article.keys.of_request("layout"), message)


def _is_hand_made(article: Article, image: str, picture: Path | None) -> bool:
    """Tell whether `image` is the author's own: there without a digest, or known to the site alone.

    A URL is the author's whatever the digest says. `/images/a.png` is often served from `static/`
    or `public/`: not finding it is no reason to paint another in its place.

    Raises:
        ArticleError: the key holds something that was never a picture, such as a title.
    """
    if picture is None:
        return True
    if article.digest is not None:
        return False
    if picture.is_file() or image.startswith("/"):
        return True
    if picture.suffix.lower() not in SUFFIX_FORMATS:
        raise article.error(
            article.image_key,
            f"{shown(image)} is no picture: it is left alone",
            "choose another image_key in the config, or name a picture here",
        )
    return False


def may_be_for(picture: Path, digest: str) -> bool:
    """Return whether a picture may be the header with `digest`, and is whole if headergen made it.

    One without a digest passes: tools that shrink pictures strip what they don't know.
    """
    found = probe(picture).digest
    return found is None or (found == digest and damage_of(picture) is None)


def _without_request(article: Article, picture: Path | None) -> Fresh | None:
    if article.image is None:
        return None
    if picture is not None and picture.is_file():
        return Fresh(article, picture)
    raise article.error(
        article.image_key,
        f"{shown(article.image)} does not exist, and no prompt and no sources say what to make",
        f"add the picture, or write {article.keys.of_request('prompt')} or "
        f"{article.keys.of_request('sources')}",
    )


def sources_of(article: Article, request: Request, config: Config, root: Path) -> tuple[Path, ...]:
    """Resolve the sources of a composite, or the pictures on a card, to files.

    A header that is painted has none.

    Raises:
        PathError: a path leaves the repository or is malformed.
        SourceError: a source picture is missing or no regular file.
    """
    found = [
        places.source_of(name, article, f"sources[{index}]", config, root)
        for index, name in enumerate(request.sources)
    ]
    on_card = (
        card_content.file_of(article, request, key, config, root) for key in card_content.FILE_KEYS
    )
    return (*found, *filter(None, on_card))


def digest_of(request: Request, sources: tuple[Path, ...]) -> str:
    """Return 8 hex digits over the request as the author wrote it and the bytes of its sources.

    The config is not in it: changing a default must not repaint a whole site.
    """
    digest = hashlib.sha256(request.canonical().encode())
    for path in sources:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:8]
