"""Settle how a header that is wanted is made: by which model or layout, and where it goes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from headergen.article import edit
from headergen.article.article import Article
from headergen.article.request import Request
from headergen.diffusion import prompt as prompts
from headergen.diffusion.cache import Checkpoint
from headergen.diffusion.families.family import Model
from headergen.errors import ArticleError
from headergen.graphics.card.content import Card
from headergen.picture.parameters import Settings
from headergen.plan import card_content, cuts, defaults, model_choice, places
from headergen.plan.cuts import Cut
from headergen.plan.state import Fresh, HandMade, StandIn, Wanted, may_be_for, sources_of, state_of
from headergen.settings.config import Config
from headergen.settings.server import Server
from headergen.settings.styles import Style
from headergen.vocabulary import AUTO_FOCUS, Focus, Look


@dataclass(frozen=True)
class Painting:
    """Everything that a model is told; sizes in px. `notes` say what of it the model can't do.

    `checkpoint` paints, or a server, to which it leaves the steps and guidance that are None.
    """

    checkpoint: Checkpoint | Server
    device: str
    prompt: str
    negative_prompt: str | None
    render_width: int
    render_height: int
    steps: int | None
    guidance_scale: float | None
    seed: int
    notes: tuple[str, ...] = ()

    @property
    def settings(self) -> Settings:
        """What the picture will say of itself, without what is known only when it is painted.

        A local model or GGUF file is called by its name alone.
        """
        model = self.checkpoint
        file = model.transformer if isinstance(model, Checkpoint) else None
        return Settings(
            prompt=self.prompt,
            negative_prompt=self.negative_prompt,
            model=model.name,
            steps=self.steps,
            guidance_scale=self.guidance_scale,
            seed=self.seed,
            transformer=file and Path(file).name,
        )

    @property
    def row(self) -> Model | None:
        """The model table's row of what paints; None: it is a server's."""
        return self.checkpoint.row if isinstance(self.checkpoint, Checkpoint) else None

    @property
    def seeds_vary_little(self) -> bool:
        """Whether pictures of other seeds are nearly the same."""
        return self.row is not None and self.row.seeds_vary_little

    @property
    def asked_as(self) -> str:
        """A hash of what the model is asked; the device and the notes are not in it."""
        model, size = self.checkpoint, (self.render_width, self.render_height)
        which: object = model
        if isinstance(model, Checkpoint):
            which = model.row.name, model.location, model.revision, model.transformer
        return hashlib.sha256(repr((self.settings, size, which)).encode()).hexdigest()[:16]

    def is_told_by(self, told: Settings | None) -> bool:
        """Return whether a picture with these settings inside was painted so, on any device.

        It may be smaller than planned if memory ran out. Pictures of version 0.1.0 are known by
        this alone: its hash covered the code's own table of models.
        """
        model = self.checkpoint
        if isinstance(model, Server):  # its pictures are known by `asked_as`
            return False
        if told is None or not (told.revision or "").startswith(model.revision or ""):
            return False
        sizes = model.row.sizes_painted(self.render_width, self.render_height)
        planned = replace(self.settings, negative_prompt=self.negative_prompt or None)
        found = replace(
            told, revision=None, quantization=None, decoding=None, width=None, height=None
        )
        return found == planned and (told.width, told.height) in sizes


@dataclass(frozen=True)
class Composite:
    """The source pictures (absolute paths) and how to lay them out.

    `focus` is one for all sources or one for each.
    """

    sources: tuple[Path, ...]
    layout: str
    focus: tuple[Focus, ...]
    look: Look


@dataclass(frozen=True)
class Completion:
    """The `header` is there, and a cut of it, or what is told of it, is lacking."""

    header: Fresh | StandIn


@dataclass(frozen=True)
class Job:
    """One header to make: `output` (absolute) is written, then `image` and `digest` go back.

    `request` is what is asked for; None: a header stands, and nobody says any more how it came to
    be. `look` is that of composites.
    `changes` of the request, which the header is made for, go back with them. `sources` are the
    files of the pictures that the request names. With `again` the picture is made although there is
    one already.
    `metadata` says how much of its provenance the picture carries: one of `config.METADATA`.
    `max_kb` bounds its file, in units of 1,024 bytes. `cuts` are made of it; `texts` are all that
    the article then says, by dotted keys. `title` is laid over the picture. `stand_in` is drawn
    where a painting can't be painted here. A job for a `cut` is a part of the `whole` job.
    """

    article: Article
    output: Path
    image: str
    digest: str
    width: int
    height: int
    format: str
    content: Painting | Composite | Card | Completion
    request: Request | None
    look: Look
    texts: Mapping[str, str]
    metadata: str = "full"
    max_kb: int | None = None
    cuts: tuple[Cut, ...] = ()
    title: Card | None = None
    stand_in: Card | None = None
    changes: edit.Changes = field(default_factory=dict)
    sources: tuple[Path, ...] = ()
    again: bool = False
    cut: Cut | None = None
    whole: Job | None = None

    @property
    def outputs(self) -> list[Path]:
        """The header's file, and those of its cuts."""
        return [self.output, *(cut.output for cut in self.cuts)]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the author might not expect of the picture: what its model can't do, soft cuts."""
        own = self.content.notes if isinstance(self.content, Painting) else ()
        size = self.width, self.height
        return (*own, *(note for cut in self.cuts if (note := cut.enlargement(*size))))

    @property
    def cut_jobs(self) -> list[Job]:
        """A job for each cut, as if it were a header itself."""
        return [
            replace(
                self,
                output=cut.output,
                image=cut.image,
                width=cut.width,
                height=cut.height,
                cuts=(),
                cut=cut,
                whole=self,
            )
            for cut in self.cuts
        ]

    @cached_property
    def finished(self) -> bytes:
        """The article's bytes as they name the finished header.

        Raises:
            ArticleError: They cannot be made without risk.
        """
        if self.whole:
            return self.whole.finished
        others = {key: text for key, text in self.texts.items() if key != self.article.image_key}
        return edit.with_image(self.article, self.image, self.digest, self.changes, others)


Plan = Job | StandIn | Fresh | HandMade | None


def job_for(
    article: Article, config: Config, root: Path, *, in_hook: bool = False, again: bool = False
) -> Plan:
    """Decide what `article` needs. None: it has a `header:` that asks for nothing.

    With `again`, a header that headergen made is made again even if it is fresh.

    Raises:
        ArticleError, PathError, SourceError: as `freshness.state_of`, which says what `in_hook` is.
        ConfigError: the model that the config names cannot be used.
    """
    state = state_of(article, config, root, in_hook=in_hook, again=again)
    if isinstance(state, Fresh | StandIn):
        return completion(state, config, root) or state
    if isinstance(state, Wanted):
        return replace(job_of(state, config, root), again=again)
    return state


def stand_in_of(found: Plan) -> StandIn | None:
    """Return the title card that the plan leaves standing, or completes; None: it is of none."""
    if isinstance(found, Job) and isinstance(found.content, Completion):
        found = found.content.header
    return found if isinstance(found, StandIn) else None


def completion(state: Fresh | StandIn, config: Config, root: Path) -> Job | None:
    """Return the job for what a header that exists lacks beside it: cuts, and texts in the article.

    None: nothing is lacking, or headergen did not make the header.

    From a picture that was made for another request, which a hook may find on disk, nothing is cut.
    """
    article, image, digest = state.article, state.article.image, state.article.digest
    if image is None or digest is None:
        return None
    wanted_cuts = cuts.beside(state, config, root)
    texts = cuts.texts_of(article, image, wanted_cuts, config)
    if not any(cuts.lacking(article, wanted_cuts, texts)) or not may_be_for(state.picture, digest):
        return None
    wanted = state.wanted.request if isinstance(state, StandIn) else None
    request = wanted or defaults.request_for(article, config, root)
    return Job(
        article=article,
        output=state.picture,
        image=image,
        digest=digest,
        width=config.width,
        height=config.height,
        format=config.format,
        content=Completion(state),
        request=request,
        look=config.look,
        texts=texts,
        metadata=config.metadata,
        max_kb=config.max_kb,
        cuts=wanted_cuts,
        sources=sources_of(article, request, config, root) if request else (),
    )


def job_of(state: Wanted, config: Config, root: Path) -> Job:
    """Settle how the header that is wanted is made, and where it goes.

    Raises:
        ArticleError, PathError, ConfigError: as `job_for`.
    """
    article, request = state.article, state.request
    try:
        image, output = places.output_for(article, config, root)
    except ArticleError as error:
        raise article.unasked(error, "no picture can have their name") from error
    wanted_cuts = cuts.cuts_of(article, config, root)
    for name, file in ((image, output), *((cut.image, cut.output) for cut in wanted_cuts)):
        if file in state.sources:
            what = "the header itself" if file == output else "a cut of the header"
            key = f"sources[{state.sources.index(file)}]" if request.sources else "card"
            message = f"{name!r} is where {what} goes"
            raise article.error(article.keys.of_request(key), message, "name another picture")
    style = defaults.style_for(article, config, root)
    card = None
    if request.card or (request.prompt and config.fallback):
        card = card_content.card_of(article, request, config, style, root)
    content = _content(state, card, config, style, root)
    return Job(
        article=article,
        output=output,
        image=image,
        digest=state.digest,
        width=config.width,
        height=config.height,
        format=config.format,
        content=content,
        request=request,
        look=config.look,
        texts=cuts.texts_of(article, image, wanted_cuts, config),
        metadata=config.metadata,
        max_kb=config.max_kb,
        cuts=wanted_cuts,
        title=card_content.title_of(article, request, config, style) if request.title else None,
        stand_in=card if config.fallback and isinstance(content, Painting) else None,
        sources=state.sources,
    )


def _content(
    state: Wanted, card: Card | None, config: Config, style: Style | None, root: Path
) -> Painting | Composite | Card:
    request = state.request
    if request.card and card:
        return card
    if request.sources:
        focus = request.focus or (AUTO_FOCUS,)
        return Composite(state.sources, request.layout or "auto", focus, config.look)
    chosen, own = model_choice.for_request(request, config, style, root)
    if style and style.prompt_prefix:
        request = replace(request, prompt=f"{style.prompt_prefix.rstrip(', ')}, {request.prompt}")
    return painting(request, chosen, own, (config.width, config.height), int(state.digest, 16))


def painting(
    request: Request, chosen: Checkpoint | Server, own: Config, size: tuple[int, int], seed: int
) -> Painting:
    """Settle every setting: the request's word first, then the config's, then the model table's.

    `own` is the config as far as it is meant for the model chosen, `size` the finished picture's
    width and height in px, `seed` the one to take where the request names none.
    """
    if isinstance(chosen, Server):
        return _served(request, chosen, own, size, seed)
    row = chosen.row
    width, height = model_choice.size_to_paint(row, own, *size)
    negative = (request.negative_prompt, own.negative_prompt, row.negative_prompt)
    guidance = (request.guidance_scale, own.guidance_scale, row.guidance_scale)
    prompt = (own.prompt_template or row.prompt_template).replace("{prompt}", request.prompt or "")
    negative_prompt = next((text for text in negative if text is not None), None)
    guidance_scale = next(scale for scale in guidance if scale is not None)
    asked = Painting(
        checkpoint=chosen,
        device=own.device,
        prompt=prompt,
        negative_prompt=negative_prompt,
        render_width=width,
        render_height=height,
        steps=request.steps or own.num_inference_steps or row.num_inference_steps,
        guidance_scale=guidance_scale,
        seed=seed if request.seed is None else request.seed,
    )
    enlarged = model_choice.enlargement(row, own, (width, height), size)
    read = as_read(asked)
    return replace(read, notes=(*read.notes, *filter(None, [enlarged])))


def _served(
    request: Request, server: Server, own: Config, size: tuple[int, int], seed: int
) -> Painting:
    """Settle what a server is told: what the request or the config says, and nothing else."""
    width, height = model_choice.size_to_ask_for(own, *size)
    template = own.prompt_template or "{prompt}"
    negatives = (request.negative_prompt, own.negative_prompt)
    scales = (request.guidance_scale, own.guidance_scale)
    return Painting(
        checkpoint=server,
        device="",
        prompt=template.replace("{prompt}", request.prompt or ""),
        negative_prompt=next((text for text in negatives if text is not None), None),
        render_width=width,
        render_height=height,
        steps=request.steps or own.num_inference_steps,
        guidance_scale=next((scale for scale in scales if scale is not None), None),
        seed=seed if request.seed is None else request.seed,
        notes=_unused_model(request),
    )


def _unused_model(request: Request) -> tuple[str, ...]:
    if request.model is None:
        return ()
    return (f"model: {request.model} is not used: image.server paints with its own",)


def as_read(painting: Painting) -> Painting:
    """Let the model read the prompt in its own way, and note what of it the model can't do."""
    assert painting.row is not None  # a server reads prompts in its own way
    family, prompt = painting.row.family, painting.prompt
    scale = painting.guidance_scale or 0.0
    weights, guided = family.prompt_weights, scale > family.guided_above
    notes = prompts.notes(prompt, painting.negative_prompt, weights=weights, guided=guided)
    return replace(painting, prompt=prompt if weights else prompts.plain_text(prompt), notes=notes)
