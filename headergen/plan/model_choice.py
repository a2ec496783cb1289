"""Which model paints: the config's word becomes a checkpoint, and the size in px to paint at."""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from headergen.article.request import Request
from headergen.diffusion import snapshot
from headergen.diffusion.cache import Checkpoint
from headergen.diffusion.families import MODELS
from headergen.diffusion.families.family import Model
from headergen.errors import ConfigError
from headergen.fields import unknown
from headergen.settings.config import KEYS, Config
from headergen.settings.server import Server
from headergen.settings.styles import Style
from headergen.vocabulary import SHARP, enlarged_by

# Endings of files with weights: a hub id may contain dots (FLUX.2-klein-4B), but has no such one.
_FILE_ENDINGS = (".safetensors", ".gguf", ".ckpt", ".pt", ".pth", ".bin", ".onnx")
_TO_A_FOLDER = "a single .safetensors file must be converted to a diffusers folder first"

# What the config says of the model that it names; the device is the machine's, whatever paints.
_OF_THE_MODEL = [
    row for name, row in KEYS.items() if name.startswith("image.") and name != "image.device"
]


def config_of(config: Config, model: str | None) -> Config:
    """Return the config as it is for `model`; None is the one that it names.

    Another model has its own steps, guidance and so on, and errors about it name no line.
    """
    if model is None or model == config.model:
        return config
    defaults: dict[str, Any] = {row.attribute: row.default for row in _OF_THE_MODEL}
    return replace(config, **{**defaults, "model": model}, path=None, lines={})


def for_config(config: Config, root: Path) -> Checkpoint:
    """Find out what the config's `image.model` is: a table row, a local folder or a hub id.

    A folder is looked for relative to `root`.

    Raises:
        ConfigError: it is none of them, or it is not clear whose settings apply to it.
    """
    transformer, transformer_local = _transformer(config, root)
    return replace(
        _place(config, root),
        revision=config.revision,
        transformer=transformer,
        transformer_local=transformer_local,
    )


def _place(config: Config, root: Path) -> Checkpoint:
    if row := _row_named(config):
        return Checkpoint(row, row.hub_id, local=False)
    folder = _folder(config, root)
    if folder:
        row = _preset(config) or _row_for_folder(config, folder)
        return Checkpoint(row, os.fspath(folder.absolute()), local=True)
    _refuse_file(config, root)
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", config.model):
        raise _unknown_model(config)
    return Checkpoint(_preset(config) or _row_for_hub_id(config), config.model, local=False)


def _refuse_file(config: Config, root: Path) -> None:
    """Refuse a file, and what looks like one, so that it is not looked for on the hub.

    Raises:
        ConfigError: `image.model` is a file, or has the ending of one.
    """
    is_file = _is_file(root / config.model)
    if is_file or Path(config.model).suffix.lower() in _FILE_ENDINGS:
        what = "is a file and no diffusers folder" if is_file else "is no file or folder here"
        raise config.error("image.model", f"{config.model!r} {what}", remedy=_TO_A_FOLDER)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long
        return False


def _transformer(config: Config, root: Path) -> tuple[str | None, bool]:
    """Find out what the config's `image.transformer` is: a file here, or one on the hub."""
    if config.transformer is None:
        return None, True
    file = root / Path(config.transformer).expanduser()
    if file.is_file():
        return os.fspath(file.absolute()), True
    in_folder = (root / Path(config.transformer).parts[0]).is_dir()
    if re.fullmatch(r"\w[\w.-]*/\w[\w.-]*/[\w./-]+", config.transformer) and not in_folder:
        return config.transformer, False
    raise config.error(
        "image.transformer",
        f"{config.transformer!r} is no file here",
        remedy="name a .gguf file relative to the repository's root, or owner/repository/file.gguf",
    )


def _folder(config: Config, root: Path) -> Path | None:
    try:
        folder = root / Path(config.model).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError) as error:  # a name too long, a home that is not there
        message = f"{config.model!r} cannot be a folder: {error}"
        raise config.error("image.model", message) from error


def _row_named(config: Config) -> Model | None:
    row = MODELS.get(config.model)
    if row and config.preset not in (None, row.name):
        raise config.error(
            "image.preset", f"{config.preset!r} does not go with image.model {row.name!r}: drop one"
        )
    return row


def _preset(config: Config) -> Model | None:
    if config.preset is None:
        return None
    if row := MODELS.get(config.preset):
        return row
    raise config.error("image.preset", unknown("preset", config.preset, MODELS))


def _row_for_folder(config: Config, folder: Path) -> Model:
    """Tell the row by the pipeline class in `model_index.json`, where only one row has it."""
    try:
        name = snapshot.class_of(snapshot.read_index(folder))
    except (OSError, snapshot.SnapshotError) as error:
        remedy = None if (folder / "model_index.json").exists() else _TO_A_FOLDER
        raise config.error("image.model", str(error), remedy) from error
    rows = [row for row in MODELS.values() if row.family.pipeline_class == name]
    if len(rows) > 1:
        raise _preset_wanted(config, rows)
    return rows[0]


def _row_for_hub_id(config: Config) -> Model:
    for row in MODELS.values():
        if row.hub_id == config.model:
            return row
    raise _preset_wanted(config, list(MODELS.values()))


def _preset_wanted(config: Config, rows: list[Model]) -> ConfigError:
    names = ", ".join(row.name for row in rows)
    return config.error(
        "image.model",
        f"{config.model!r} could take the settings of several models",
        remedy=f"say whose with image.preset: one of {names}",
    )


def _unknown_model(config: Config) -> ConfigError:
    message = unknown("model", config.model, MODELS)
    return config.error(
        "image.model", f"{message}, or name a diffusers folder or a hub id (owner/name)"
    )


def painter_for(config: Config, root: Path) -> Checkpoint | Server:
    """Choose what paints by the config: its server, or a checkpoint on this machine.

    Raises:
        ConfigError: as `for_config`.
    """
    return config.server or for_config(config, root)


def for_request(
    request: Request, config: Config, style: Style | None, root: Path
) -> tuple[Checkpoint | Server, Config]:
    """Choose what paints, and the config whose steps, guidance and so on are meant for it.

    A server paints all; its models are not those of the model table. What the config says of them
    belongs to the model that it names: an article that picks another model gets that model's own
    settings.
    """
    if config.server:
        return config.server, config
    name = request.model or (style and style.model) or config.model
    own = config_of(config, name)
    return for_config(own, root), own


# Every server that headergen knows takes multiples of 16 px, and OpenAI's no side of more than
# three times the other.
_SERVED_MULTIPLE = 16
_SERVED_ASPECT = 3


def size_to_ask_for(config: Config, width: int, height: int) -> tuple[int, int]:
    """Choose the size in px to ask a server for, for a picture of `width` x `height` px.

    It is the config's render size, or the least that covers the picture.
    """
    wide, high = config.render_width, config.render_height
    if wide or high:
        width, height = (
            wide or round((high or 0) * width / height),
            high or round((wide or 0) * height / width),
        )
    least = -(-max(width, height) // _SERVED_ASPECT)
    sides = (max(side, least) for side in (width, height))
    across, down = (-(-side // _SERVED_MULTIPLE) * _SERVED_MULTIPLE for side in sides)
    return across, down


def size_to_paint(row: Model, own: Config, width: int, height: int) -> tuple[int, int]:
    """Choose the size in px at which to paint a picture that ends up as `width` x `height` px.

    It is the config's render size, a missing side in the picture's proportion; else the best.
    """
    if own.render_width and own.render_height:
        return row.admissible_size(own.render_width, own.render_height)
    if own.render_width:
        return row.admissible_size(own.render_width, round(own.render_width * height / width))
    if own.render_height:
        return row.admissible_size(round(own.render_height * width / height), own.render_height)
    return row.render_size(width, height)


def enlargement(
    row: Model, own: Config, painted: tuple[int, int], size: tuple[int, int]
) -> str | None:
    """Return a note if a picture of `size` px is enlarged from the size that is painted.

    The note says by how much, and what to do. None: it looks sharp.
    """
    factor = enlarged_by(painted, size)
    if factor <= SHARP:
        return None
    soft = (
        f"the model paints {painted[0]}×{painted[1]} px, which is enlarged {factor:.2f}× to "
        f"{size[0]}×{size[1]} px and looks soft"
    )
    best = row.render_size(*size)
    if (own.render_width or own.render_height) and enlarged_by(best, size) < factor:
        return f"{soft}; remove image.width and image.height to paint {best[0]}×{best[1]} px"
    sharp = ", ".join(
        each.name for each in MODELS.values() if enlarged_by(each.render_size(*size), size) <= SHARP
    )
    other = f"choose a model that paints larger ({sharp})" if sharp else "choose a smaller size"
    return f"{soft}; {other}"
