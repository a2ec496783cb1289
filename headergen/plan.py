"""Decide what one article needs: a job, or nothing because its header is fresh or hand-made."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from headergen import defaults, paths, titling
from headergen.article import STAND_IN, Article, Request
from headergen.card import Card
from headergen.config import Config
from headergen.diffusion import checkpoint
from headergen.diffusion.checkpoint import Checkpoint
from headergen.diffusion.models import MODELS, Model, admissible_size, render_size
from headergen.errors import ArticleError, PathError, SourceError
from headergen.frontmatter.mapping import AUTO_FOCUS, Focus, shown
from headergen.frontmatter.request import LAYOUTS
from headergen.picture import SUFFIX_FORMATS, probe
from headergen.styles import Style


@dataclass(frozen=True)
class Painting:
    """Everything that a model is told; sizes in px. `notes` say what of it the model can't do."""

    checkpoint: Checkpoint
    device: str
    prompt: str
    negative_prompt: str | None
    render_width: int
    render_height: int
    steps: int
    guidance_scale: float
    seed: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Composite:
    """The source pictures (absolute paths) and how to lay them out.

    `focus` is one for all sources or one for each.
    """

    sources: tuple[Path, ...]
    layout: str
    focus: tuple[Focus, ...]


@dataclass(frozen=True)
class Job:
    """One header to make: `output` (absolute) is written, then `image` and `digest` go back.

    `metadata` says how much of its provenance the picture carries: one of `config.METADATA`.
    `max_kb` bounds its file, in units of 1,024 bytes. `title` is laid over the picture. `stand_in`
    is drawn where a painting can't be painted here.
    """

    article: Article
    output: Path
    image: str
    digest: str
    width: int
    height: int
    format: str
    content: Painting | Composite | Card
    metadata: str = "full"
    max_kb: int | None = None
    title: Card | None = None
    stand_in: Card | None = None


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
    """The header is missing, or stale; `digest` is that of the request as it is now.

    `sources` are absolute paths; `picture` is where the article's `image` points, if it has one.
    """

    article: Article
    request: Request
    digest: str
    sources: tuple[Path, ...]
    picture: Path | None

    @property
    def is_stale(self) -> bool:
        """Whether there is a picture, made for an older request."""
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
Plan = Job | StandIn | Fresh | HandMade | None


def job_for(article: Article, config: Config, root: Path, *, in_hook: bool = False) -> Plan:
    """Decide what `article` needs. None: it has a `header:` that asks for nothing.

    `in_hook` takes the article's word that its header is fresh: while hooks run, the framework
    puts staged files on disk, and a picture may be an older one than the author's. The hook has
    to say so; painting it again would be in vain.

    Raises:
        ArticleError, PathError, SourceError: as `state_of`.
        ConfigError: the model that the config names cannot be used.
    """
    state = state_of(article, config, root, in_hook=in_hook)
    return job_of(state, config, root) if isinstance(state, Wanted) else state


def state_of(article: Article, config: Config, root: Path, *, in_hook: bool = False) -> State:
    """Compare what `article` asks for with the picture that it names; `in_hook` as `job_for`.

    Raises:
        ArticleError: a model or a layout is unknown, or a picture is named that cannot be made.
        PathError: a path leaves the repository or is malformed.
        SourceError: a source picture is missing or no regular file.
    """
    picture = picture_of(article, config, root)
    if article.image is not None and _is_hand_made(article, article.image, picture):
        return HandMade(article, picture)
    request = defaults.request_for(article, config, root)
    if request is None:
        return _without_request(article, picture)
    _require_known(article, request, config)
    sources = sources_of(article, request, root)
    digest = digest_of(request, sources)
    wanted = Wanted(article, request, digest, sources, picture)
    if picture is None or not picture.is_file() or article.digest is None:
        return wanted
    if article.digest.removesuffix(STAND_IN) != digest:
        return wanted
    if not in_hook and not _may_be_for(picture, article.digest):
        return wanted
    return Fresh(article, picture) if article.digest == digest else StandIn(wanted, picture)


def _require_known(article: Article, request: Request, config: Config) -> None:
    """Refuse names that no table has: a model (hub ids come from the config alone), a layout."""
    for key, name, choices in (
        ("model", request.model, [*MODELS, config.model]),
        ("layout", request.layout, LAYOUTS),
    ):
        if name is not None and name not in choices:
            known = ", ".join(dict.fromkeys(choices))
            message = f"unknown {key} {shown(name)}; choose from {known}"
            raise _at_key(article, request, key, message)
    if request.layout == "cover" and len(request.sources) > 1:
        raise _at_key(article, request, "layout", "'cover' takes one source; try split or grid")


def _at_key(article: Article, request: Request, key: str, message: str) -> ArticleError:
    line = request.lines.get(key)
    return ArticleError(message, path=str(article.path), line=line, key=f"header.{key}")


def picture_of(article: Article, config: Config, root: Path) -> Path | None:
    """Resolve the article's `image` to a file, existing or not; None: there is none, or a URL.

    A path that starts with `/` is looked for at the repository's root; any other is relative to
    the article.

    Raises:
        PathError: the path leaves the repository or is malformed.
    """
    image = (article.image or "").removeprefix(config.image_prefix)
    if not image or re.match(r"(https?|data):|//", image, re.IGNORECASE):
        return None
    try:
        return paths.inside(paths.folder_of(article.path), image, root)
    except PathError as error:
        raise error.at(
            path=str(article.path), line=article.image_line, key=article.image_key
        ) from error


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
        raise ArticleError(
            f"{shown(image)} is no picture: it is left alone",
            path=str(article.path),
            line=article.image_line,
            key=article.image_key,
            remedy="remove the line, or choose another image_key in the config",
        )
    return False


def _may_be_for(picture: Path, digest: str) -> bool:
    """Tell a picture from one that headergen made for another request.

    One without a digest passes: tools that shrink pictures strip what they don't know.
    """
    return probe(picture).digest in (None, digest)


def _without_request(article: Article, picture: Path | None) -> Fresh | None:
    if article.image is None:
        return None
    if picture is not None and picture.is_file():
        return Fresh(article, picture)
    raise ArticleError(
        f"{shown(article.image)} does not exist, and no prompt and no sources say what to make",
        path=str(article.path),
        line=article.image_line,
        key=article.image_key,
        remedy="add the picture, or write header.prompt or header.sources",
    )


def sources_of(article: Article, request: Request, root: Path) -> tuple[Path, ...]:
    """Resolve the sources of a composite, or the pictures on a card, to files.

    A header that is painted has none.

    Raises:
        PathError: a path leaves the repository or is malformed.
        SourceError: a source picture is missing or no regular file.
    """
    found = []
    for index, name in enumerate(request.sources):
        key = f"sources[{index}]"
        try:
            path = paths.inside(paths.folder_of(article.path), name, root)
            paths.require_picture_file(path, name)
        except (PathError, SourceError) as error:
            line = request.lines.get(key)
            raise error.at(path=str(article.path), line=line, key=f"header.{key}") from error
        found.append(path)
    on_card = (titling.file_of(article, request, key, root) for key in titling.FILE_KEYS)
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


def job_of(state: Wanted, config: Config, root: Path) -> Job:
    """Settle how the header that is wanted is made, and where it goes.

    Raises:
        ArticleError, PathError, ConfigError: as `job_for`.
    """
    article, request = state.article, state.request
    image = config.output.format(stem=article.path.stem, format=config.format)
    output = _output_path(article, image, root)
    if output in state.sources:
        message = f"{image!r} is where the header itself goes: name another picture"
        key = f"sources[{state.sources.index(output)}]" if request.sources else "card"
        raise _at_key(article, request, key, message)
    style = defaults.style_for(article, config, root)
    card = None
    if request.card or request.title or config.fallback:
        card = titling.card_of(article, request, config, style, root)
    content = _content(state, card, config, style, root)
    return Job(
        article=article,
        output=output,
        image=config.image_prefix + image,
        digest=state.digest,
        width=config.width,
        height=config.height,
        format=config.format,
        content=content,
        metadata=config.metadata,
        max_kb=config.max_kb,
        title=card if request.title else None,
        stand_in=card if config.fallback and isinstance(content, Painting) else None,
    )


def _content(
    state: Wanted, card: Card | None, config: Config, style: Style | None, root: Path
) -> Painting | Composite | Card:
    request = state.request
    if request.card and card:
        return card
    if request.sources:
        return Composite(state.sources, request.layout or "auto", request.focus or (AUTO_FOCUS,))
    chosen, own = _checkpoint(request, config, style, root)
    if style and style.prompt_prefix:
        request = replace(request, prompt=f"{style.prompt_prefix.rstrip(', ')}, {request.prompt}")
    return painting(request, chosen, own, (config.width, config.height), int(state.digest, 16))


def _output_path(article: Article, image: str, root: Path) -> Path:
    try:
        return paths.inside(paths.folder_of(article.path), image, root)
    except PathError as error:
        raise ArticleError(
            f"its header cannot be named after it: {error.message}",
            path=str(article.path),
            line=article.line,
            remedy="rename the article, or change `output` in the config",
        ) from error


def painting(
    request: Request, chosen: Checkpoint, own: Config, size: tuple[int, int], seed: int
) -> Painting:
    """Settle every setting: the request's word first, then the config's, then the model table's.

    `own` is the config as far as it is meant for the model chosen, `size` the finished picture's
    width and height in px, `seed` the one to take where the request names none.
    """
    from headergen.diffusion import prompt as prompts  # not where there is nothing to paint

    row = chosen.row
    width, height = size_to_paint(row, own, *size)
    negative = (request.negative_prompt, own.negative_prompt, row.negative_prompt)
    guidance = (request.guidance_scale, own.guidance_scale, row.guidance_scale)
    prompt = (own.prompt_template or row.prompt_template).replace("{prompt}", request.prompt or "")
    negative_prompt = next((text for text in negative if text is not None), None)
    guidance_scale = next(scale for scale in guidance if scale is not None)
    guided = guidance_scale > row.guided_above
    return Painting(
        checkpoint=chosen,
        device=own.device,
        prompt=prompt if row.prompt_weights else prompts.plain_text(prompt),
        negative_prompt=negative_prompt,
        render_width=width,
        render_height=height,
        steps=request.steps or own.num_inference_steps or row.num_inference_steps,
        guidance_scale=guidance_scale,
        seed=seed if request.seed is None else request.seed,
        notes=prompts.notes(prompt, negative_prompt, weights=row.prompt_weights, guided=guided),
    )


def _checkpoint(
    request: Request, config: Config, style: Style | None, root: Path
) -> tuple[Checkpoint, Config]:
    """Choose the checkpoint, and the config whose steps, guidance and so on are meant for it.

    What the config says of them belongs to the model that it names: an article that picks another
    model gets that model's own settings.
    """
    name = request.model or (style and style.model) or config.model
    if name == config.model:
        return checkpoint.for_config(config, root), config
    row = MODELS[name]
    return Checkpoint(row, row.hub_id, local=False), Config(device=config.device)


def size_to_paint(row: Model, own: Config, width: int, height: int) -> tuple[int, int]:
    """Choose the size in px at which to paint a picture that ends up as `width` x `height` px.

    It is the config's render size, a missing side in the picture's proportion; else the best.
    """
    if own.render_width and own.render_height:
        return admissible_size(row, own.render_width, own.render_height)
    if own.render_width:
        return admissible_size(row, own.render_width, round(own.render_width * height / width))
    if own.render_height:
        return admissible_size(row, round(own.render_height * width / height), own.render_height)
    return render_size(row, width, height)
