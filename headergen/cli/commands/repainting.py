"""What to tell a model so that it paints a picture again, as far as the picture tells it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headergen.cli.commands.place import Place
from headergen.cli.commands.show import look
from headergen.diffusion import cache, fetching
from headergen.diffusion import prompt as prompts
from headergen.diffusion.checkpoint import Checkpoint
from headergen.diffusion.families import MODELS
from headergen.errors import UsageError
from headergen.fields import GUIDANCE_SCALE, RENDER_SIDE, SEED, STEPS
from headergen.picture.parameters import Settings
from headergen.picture.provenance import Told
from headergen.plan import model_choice
from headergen.plan.job import Painting
from headergen.settings.config import Config

# What a picture must tell, within the bounds that hold for authors too: it may be a stranger's.
_NEEDED: Mapping[str, Callable[[Any], bool]] = {
    "model": bool,
    "seed": SEED.fits,
    "steps": STEPS.fits,
    "guidance_scale": GUIDANCE_SCALE.fits,
    "width": RENDER_SIDE.fits,
    "height": RENDER_SIDE.fits,
}
_SIDES = ("width", "height")
_GIVEN = ("model", "seed", "steps", "guidance_scale", "negative_prompt")


@dataclass(frozen=True)
class Repainting:
    """What to paint, and the width and height in px of the saved picture.

    `told` is what the picture tells of the same model; None where another paints.
    """

    painting: Painting
    size: tuple[int, int]
    told: Settings | None


def read(original: Path, arguments: Namespace, place: Place) -> Repainting:
    """Take from a picture what it tells, and from the command line what that says otherwise.

    Raises:
        UsageError: the picture cannot be read, does not tell enough, or names a model that is
            unknown here.
        ConfigError: the model that was named cannot be used.
        NotDownloadedError: the picture alone names the model, and it is not on this machine.
    """
    found, told = look(original)
    settings = _settings(original, told, arguments)
    config = _config_for(original, settings, arguments, place)
    chosen = model_choice.for_config(config, place.root)
    notes: tuple[str, ...] = ()
    if not arguments.model:
        chosen, notes = _as_told(chosen, settings.revision)
        if config is not place.config:
            fetching.require(chosen)
    size = (arguments.width or found.width, arguments.height or found.height)
    if _is_resized(arguments):
        render = model_choice.size_to_paint(chosen.row, config, *size)
    else:
        render = chosen.row.admissible_size(settings.width or 0, settings.height or 0)
    is_same_model = told.settings is not None and chosen.name == told.settings.model
    make = _painting if is_same_model else _painting_by_another
    of_the_same = told.settings if is_same_model else None
    painting = make(settings, chosen, config.device, render)
    return Repainting(
        replace(painting, notes=(*notes, *painting.notes)),
        size,
        of_the_same,
    )


def unmatched(told: Settings, painted: Settings) -> Iterator[str]:
    """Say what of the model's weights was otherwise when a picture was painted again."""
    for name in ("transformer", "quantization"):
        before, now = getattr(told, name), getattr(painted, name)
        if before != now:
            yield (
                f"the picture tells {_named(name, before)}, the new one was painted with "
                f"{_named(name, now)}: they may differ"
            )


def _named(name: str, value: str | None) -> str:
    return f"{name} {value}" if value else f"no {name}"


def _settings(original: Path, told: Told, arguments: Namespace) -> Settings:
    """Put what the command line gives in the place of what the picture tells."""
    if told.settings is None or not told.settings.prompt.strip():
        raise UsageError(
            f"{original} does not tell how it was painted",
            remedy="composites, and pictures made with `metadata: minimal`, tell no prompt; "
            "`headergen show` prints what a picture tells",
        )
    given = {name: getattr(arguments, name) for name in _GIVEN}
    settings = replace(
        told.settings, **{name: value for name, value in given.items() if value is not None}
    )
    needed = [name for name in _NEEDED if not (_is_resized(arguments) and name in _SIDES)]
    lacking = [name for name in needed if not _is_told(settings, name)]
    if lacking:
        flags = ", ".join("--" + name.replace("_", "-") for name in lacking)
        raise UsageError(
            f"{original} does not tell all that it takes to paint it again", remedy=f"give {flags}"
        )
    return settings


def _is_resized(arguments: Namespace) -> bool:
    """Tell whether another size is wanted, for which the model paints at another size too."""
    return bool(arguments.width or arguments.height)


def _is_told(settings: Settings, name: str) -> bool:
    value = getattr(settings, name)
    return value is not None and _NEEDED[name](value)


def _config_for(original: Path, settings: Settings, arguments: Namespace, place: Place) -> Config:
    """Choose the config with the picture's model: the place's own, or that of a known model.

    A local model tells its folder's name alone: the config has to be the one that names it.
    """
    if arguments.model:
        return model_choice.config_of(place.config, arguments.model)
    model = settings.model or ""
    if model_choice.for_config(place.config, place.root).name == model:
        return place.config
    if model in MODELS:
        return model_choice.config_of(place.config, model)
    raise UsageError(
        f"{original} was painted by {model!r}, which is unknown here",
        remedy="name the model with --model: a name of the model table, a hub id or a folder",
    )


def _as_told(chosen: Checkpoint, revision: str | None) -> tuple[Checkpoint, tuple[str, ...]]:
    """Choose the revision that a picture tells if it is here, else keep the config's and note it.

    The picture may be a stranger's: nothing in it chooses what is downloaded.
    """
    if chosen.local or revision in (None, chosen.revision):
        return chosen, ()
    told = replace(chosen, revision=revision)
    if cache.find(told):
        return told, ()
    note = (
        f"the picture tells revision {revision} of {chosen.name}, which is not on this machine: "
        "another one paints, and what comes out may differ"
    )
    return chosen, (note,)


def _painting(
    settings: Settings, chosen: Checkpoint, device: str, render: tuple[int, int]
) -> Painting:
    """Tell the picture's own model exactly what it was told: no template is put around it again."""
    assert settings.steps and settings.guidance_scale is not None and settings.seed is not None
    return Painting(
        checkpoint=chosen,
        device=device,
        prompt=settings.prompt,
        negative_prompt=settings.negative_prompt,
        render_width=render[0],
        render_height=render[1],
        steps=settings.steps,
        guidance_scale=settings.guidance_scale,
        seed=settings.seed,
    )


def _painting_by_another(
    settings: Settings, chosen: Checkpoint, device: str, render: tuple[int, int]
) -> Painting:
    """Let another model read the prompt in its own way, and say what of it that can't do."""
    painting, row = _painting(settings, chosen, device, render), chosen.row
    text, negative_prompt = painting.prompt, painting.negative_prompt
    guided = painting.guidance_scale > row.family.guided_above
    notes = prompts.notes(text, negative_prompt, weights=row.family.prompt_weights, guided=guided)
    plain = text if row.family.prompt_weights else prompts.plain_text(text)
    return replace(painting, prompt=plain, notes=notes)
