"""What to tell a model so that it paints a picture again, as far as the picture tells it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headergen import fields
from headergen.diffusion import cache, fetching
from headergen.diffusion.cache import Checkpoint
from headergen.diffusion.families import MODELS
from headergen.errors import UsageError
from headergen.picture.first_bytes import Picture
from headergen.picture.parameters import Settings
from headergen.picture.provenance import Told
from headergen.plan import model_choice
from headergen.plan.job import Painting, as_read
from headergen.settings.config import Config

# What a picture must tell, within the bounds that hold for authors too: it may be a stranger's.
_NEEDED: Mapping[str, Callable[[Any], bool]] = {
    "model": bool,
    "seed": fields.SEED.fits,
    "steps": fields.STEPS.fits,
    "guidance_scale": fields.GUIDANCE_SCALE.fits,
    "width": fields.RENDER_SIDE.fits,
    "height": fields.RENDER_SIDE.fits,
}
_SIDES = ("width", "height")

# What the command line may say otherwise: `model`, `seed`, `width` and so on.
Given = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """What to paint, and the width and height in px of the saved picture.

    `told` is what a picture that is painted again tells, where the same model paints it.
    """

    painting: Painting
    size: tuple[int, int]
    told: Settings | None = None


def again(
    original: Path, found: Picture, told: Told, given: Given, config: Config, root: Path
) -> Task:
    """Take what a picture tells, and what is `given` otherwise.

    Raises:
        UsageError: The picture does not tell enough, was painted by a server, or names a model that
            is unknown here.
        ConfigError: The model that is given cannot be used.
        NotDownloadedError: The picture alone names the model, and it is not on this machine.
    """
    settings = _settings(original, told, given)
    own = _config_for(original, settings, given, config, root)
    chosen = model_choice.for_config(own, root)
    notes: tuple[str, ...] = ()
    if "model" not in given:
        chosen, notes = _as_told(chosen, settings.revision)
        if own is not config:
            fetching.require(chosen)
    size = (given.get("width", found.width), given.get("height", found.height))
    if _is_resized(given):
        render = model_choice.size_to_paint(chosen.row, own, *size)
    else:
        render = chosen.row.admissible_size(settings.width or 0, settings.height or 0)
    painting = _painting(settings, chosen, own.device, render)
    is_same_model = told.settings is not None and chosen.name == told.settings.model
    if not is_same_model:
        painting = as_read(painting)
    painting = replace(painting, notes=(*notes, *painting.notes))
    return Task(painting, size, told.settings if is_same_model else None)


def unmatched(told: Settings, painted: Settings) -> Iterator[str]:
    """Yield a note for each way of loading or decoding that differs from the picture's."""
    for name in ("transformer", "quantization", "decoding"):
        before, now = getattr(told, name), getattr(painted, name)
        if before != now:
            yield (
                f"the picture tells {_named(name, before)}, the new one was painted with "
                f"{_named(name, now)}: they may differ"
            )


def _named(name: str, value: str | None) -> str:
    return f"{name} {value}" if value else f"no {name}"


def _settings(original: Path, told: Told, given: Given) -> Settings:
    """Put what is given in the place of what the picture tells."""
    if told.settings is None or not told.settings.prompt.strip():
        raise UsageError(
            f"{original} does not tell how it was painted",
            remedy="composites, and pictures made with `metadata: minimal`, tell no prompt; "
            "`headergen show` prints what a picture tells",
        )
    other = {name: value for name, value in given.items() if name not in _SIDES}
    settings = replace(told.settings, **other)
    needed = [name for name in _NEEDED if not (_is_resized(given) and name in _SIDES)]
    lacking = [name for name in needed if not _is_told(settings, name)]
    if lacking:
        flags = ", ".join("--" + name.replace("_", "-") for name in lacking)
        raise UsageError(
            f"{original} does not tell all that it takes to paint it again", remedy=f"give {flags}"
        )
    return settings


def _is_resized(given: Given) -> bool:
    """Return whether another size is wanted, for which the model paints at another size too."""
    return any(name in given for name in _SIDES)


def _is_told(settings: Settings, name: str) -> bool:
    value = getattr(settings, name)
    return value is not None and _NEEDED[name](value)


def _config_for(
    original: Path, settings: Settings, given: Given, config: Config, root: Path
) -> Config:
    """Choose the config with the picture's model: the repository's, or that of a known model.

    A local model tells its folder's name alone: the config has to be the one that names it.
    """
    if "model" in given:
        return model_choice.config_of(config, given["model"])
    model = settings.model or ""
    if settings.server:
        raise UsageError(
            f"{original} was painted by {model!r} on a server ({settings.server}), which alone "
            "could paint it again",
            remedy="paint its prompt anew, as `headergen show` prints it; or name a model of this "
            "machine's with --model",
        )
    if model_choice.for_config(config, root).name == model:
        return config
    if model in MODELS:
        return model_choice.config_of(config, model)
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
    """Tell a model exactly what the picture's was told: no template is put around it again."""
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
