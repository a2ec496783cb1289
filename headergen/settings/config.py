"""The config file: where it is, what it may say, and the frozen `Config` that comes of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from headergen.article.request import AUTHOR_KEYS
from headergen.errors import ConfigError
from headergen.settings import config_file
from headergen.settings.cuts import Shape, read_shapes
from headergen.settings.styles import Default, Fault, Style, read_colours, read_default, read_styles
from headergen.vocabulary import FORMATS, METADATA, THEMES_FOR_ALL, Look

# Where a config may be, relative to the repository's root; the first that speaks of headergen.
FILES = ("headergen.yaml", "config.yaml", "pyproject.toml")


@dataclass(frozen=True)
class Config:
    """Settings of one repository; every field has the default that holds without a config file.

    `None` means "what the model table says". Sizes are in px; `render_width` and `render_height`
    are what the model paints, `width` and `height` what the header measures.
    """

    path: str | None = None
    model: str = "z-image-turbo"
    preset: str | None = None
    revision: str | None = None
    transformer: str | None = None
    device: str = "auto"
    render_width: int | None = None
    render_height: int | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    prompt_template: str | None = None
    negative_prompt: str | None = None
    width: int = 1280
    height: int = 670
    format: str = "png"
    output: str = "note_images/{stem}.{format}"
    max_kb: int | None = None
    metadata: str = "full"
    gutter: float = Look.gutter
    corners: float | None = Look.corners
    background: str = Look.background
    slant: float = Look.slant
    image_key: str = "header.image"
    image_prefix: str = ""
    also: tuple[Shape, ...] = ()
    alt_key: str | None = None
    require_alt: bool = False
    worker_python: str | None = None
    worker_timeout_s: float = 3600.0
    default: Default | None = None
    styles: tuple[Style, ...] = ()
    fallback: str | None = None
    card_theme: str | None = None
    card_colours: tuple[str, ...] = ()
    card_author: str | None = None
    card_logo: str | None = None
    card_date: bool = False
    card_tags: bool = False
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def look(self) -> Look:
        """How composites look."""
        return Look(self.gutter, self.corners, self.background, self.slant)

    def error(self, key: str, message: str, remedy: str | None = None) -> ConfigError:
        """Make the error that says where the config sets `key`."""
        line = self.lines.get(key)
        return ConfigError(message, path=self.path, line=line, key=key, remedy=remedy)


@dataclass(frozen=True)
class Key:
    """What the config may say under one key, and the field of `Config` that it fills.

    `read`, if given, makes the field's value of a list or a mapping.
    """

    field: str
    type: type
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    pattern: str = r"(?s).*"
    wanted: str = ""
    read: Callable[[object, Fault], Any] | None = None


KEYS: Mapping[str, Key] = {
    "image.model": Key("model", str, pattern=r".+", wanted="a model"),
    "image.preset": Key("preset", str, pattern=r".+", wanted="a name of the model table"),
    "image.revision": Key(
        "revision", str, pattern=r"[0-9a-f]{7,40}", wanted="a commit id of the model's repository"
    ),
    "image.transformer": Key(
        "transformer",
        str,
        pattern=r".+\.gguf",
        wanted="a .gguf file: a path, or owner/repository/file.gguf on the hub",
    ),
    "image.device": Key(
        "device",
        str,
        pattern=r"auto|cpu|mps|cuda(:\d+)?",
        wanted="one of auto, cuda, cuda:N, mps, cpu",
    ),
    "image.width": Key("render_width", int, 64, 4096),
    "image.height": Key("render_height", int, 64, 4096),
    "image.num_inference_steps": Key("num_inference_steps", int, 1, 200),
    "image.guidance_scale": Key("guidance_scale", float, 0, 50),
    "image.prompt_template": Key(
        "prompt_template",
        str,
        pattern=r"(?s).*\{prompt\}.*",
        wanted="a text with {prompt} in it",
    ),
    "image.negative_prompt": Key("negative_prompt", str),
    "header.width": Key("width", int, 16, 8192),
    "header.height": Key("height", int, 16, 8192),
    "header.format": Key("format", str, choices=FORMATS),
    "composite.gutter": Key("gutter", float, 0, 100),
    "composite.corners": Key("corners", float, 0, 200),
    "composite.background": Key(
        "background",
        str,
        pattern=r"auto|blur|colours|#[0-9a-fA-F]{6}",
        wanted='one of auto, blur, colours, or a colour in quotes such as "#f4f1ea"',
    ),
    "composite.slant": Key("slant", float, -30, 30),
    "output": Key(
        "output",
        str,
        pattern=r"(?!/|~|[A-Za-z]:)[^\\\x00-\x1f{}]*(\{(stem|format)\}[^\\\x00-\x1f{}]*)+",
        wanted="a path relative to the article, with {stem} and, if wanted, {format} in it",
    ),
    "header.max_kb": Key("max_kb", int, 10, 10 * 1024),
    "metadata": Key("metadata", str, choices=METADATA),
    "image_key": Key(
        "image_key",
        str,
        pattern=rf"(?!header(\.({'|'.join([*AUTHOR_KEYS, 'digest'])}))?$)[\w-]+(\.[\w-]+)*",
        wanted="a frontmatter key such as header.image, cover.image or heroImage",
    ),
    "image_prefix": Key("image_prefix", str, pattern=r"[^\x00-\x1f]*", wanted="a text"),
    "also": Key("also", list, read=read_shapes),
    "alt_key": Key(
        "alt_key",
        str,
        pattern=r"(?!header(\.|$))[\w-]+(\.[\w-]+)*",
        wanted="a frontmatter key outside of `header`, such as cover.alt",
    ),
    "require_alt": Key("require_alt", bool),
    "default": Key("default", dict, read=read_default),
    "styles": Key("styles", list, read=read_styles),
    "fallback": Key("fallback", str, choices=("card",)),
    "card.theme": Key("card_theme", str, choices=THEMES_FOR_ALL),
    "card.colours": Key("card_colours", list, read=read_colours),
    "card.author": Key("card_author", str, pattern=r".+", wanted="a name"),
    "card.logo": Key("card_logo", str, pattern=r".+", wanted="a picture, from the root"),
    "card.date": Key("card_date", bool),
    "card.tags": Key("card_tags", bool),
    "worker.python": Key("worker_python", str, pattern=r".+", wanted="a path to a Python"),
    "worker.timeout_s": Key("worker_timeout_s", float, 1, 86_400),
}


def load(root: Path, named: Path | None = None) -> Config:
    """Read the config that governs `root`: the file `named`, else the first that speaks of it.

    Looked at in turn: `headergen.yaml`, `config.yaml` where it has an `image:` mapping,
    `[tool.headergen]` in `pyproject.toml`.

    Raises:
        ConfigError: the file cannot be read, or says something that no key allows.
    """
    if named is not None:
        return _read(named)
    for name in FILES:
        if (root / name).is_file() and _speaks_of_headergen(root / name):
            return _read(root / name)
    return Config()


def _speaks_of_headergen(path: Path) -> bool:
    """Tell by its bytes whether a file that other tools may own is meant for headergen too."""
    if path.name == "headergen.yaml":
        return True
    if path.name == "pyproject.toml":
        return b"tool.headergen" in config_file.read_bytes(path)
    return (
        re.search(rb"^image[ \t]*:[ \t]*(#.*|\{.*)?\r?$", config_file.read_bytes(path), re.M)
        is not None
    )


def _read(path: Path) -> Config:
    values, lines = config_file.read(path, _SECTIONS)
    if path.name == "config.yaml":
        values = {key: value for key, value in values.items() if key.partition(".")[0] in _TOP}
    return _build(str(path), values, lines)


_TOP = dict.fromkeys(key.partition(".")[0] for key in KEYS)
_SECTIONS = dict.fromkeys(key.partition(".")[0] for key in KEYS if "." in key)


def _build(path: str, values: Mapping[str, Any], lines: Mapping[str, int]) -> Config:
    fields: dict[str, Any] = {}
    for name, value in values.items():
        place: dict[str, Any] = {"path": path, "line": lines.get(name), "key": name}
        key = KEYS.get(name)
        if key is None and name in _SECTIONS:
            if value is not None:
                known = ", ".join(key for key in KEYS if key.startswith(f"{name}."))
                message = f"{value!r} is not a mapping of keys to values"
                raise ConfigError(message, **place, remedy=f"known keys: {known}")
            continue
        if key is None:
            raise ConfigError(_unknown_key(name), **place)
        if value is not None:
            fields[key.field] = _checked(value, key, place)
    config = Config(path=path, lines=lines, **fields)
    _check_output(config)
    _check_keys(config)
    return config


def _checked(value: Any, key: Key, place: Mapping[str, Any]) -> Any:
    if key.read:
        return key.read(value, partial(_fault, place))
    if key.type is float and type(value) is int:
        value = float(value)
    if type(value) is not key.type or not _fits(value, key):
        raise ConfigError(f"{value!r} is not {_wanted(key)}", **place)
    return value


def _fault(place: Mapping[str, Any], key: str, message: str) -> ConfigError:
    """Make the error for `key` below the one at `place`."""
    joined = f"{place['key']}{'' if key.startswith('[') else '.'}{key}" if key else place["key"]
    return ConfigError(message, path=place["path"], line=place["line"], key=joined)


def _fits(value: Any, key: Key) -> bool:
    if key.type is bool:
        return True
    if key.type is not str:
        return bool(key.low <= value <= key.high)
    if key.choices:
        return value in key.choices
    return re.fullmatch(key.pattern, value) is not None


def _wanted(key: Key) -> str:
    if key.wanted:
        return key.wanted
    if key.choices:
        return "one of " + ", ".join(key.choices)
    if key.type is str:
        return "a text"
    if key.type is bool:
        return "true or false"
    kind = "a whole number" if key.type is int else "a number"
    return f"{kind} from {key.low:g} to {key.high:g}"


def _unknown_key(name: str) -> str:
    near = _nearest_key(name)
    hint = f"did you mean {near}? " if near else ""
    return f"unknown key; {hint}known keys: {', '.join(KEYS)}"


def _nearest_key(name: str) -> str | None:
    """Find what was meant: `image.steps` is num_inference_steps, `imgae` is image."""
    import difflib

    last = name.rpartition(".")[2]
    for known in KEYS:
        if last in known.rpartition(".")[2].split("_"):
            return known
    return next(iter(difflib.get_close_matches(name, [*KEYS, *_SECTIONS], n=1)), None)


def _check_output(config: Config) -> None:
    """Refuse a template that would write every header to one file, or PNG bytes to a .webp."""
    if "{stem}" not in config.output:
        raise config.error(
            "output",
            f"{config.output!r} must contain {{stem}}, or all articles would share one file",
        )
    suffix = Path(config.output.replace("{format}", config.format)).suffix
    if suffix != f".{config.format}":
        raise config.error(
            "output",
            f"{config.output!r} ends in {suffix or 'no suffix'!r}, but header.format is "
            f"{config.format!r}; end it in .{{format}}",
        )


def _check_keys(config: Config) -> None:
    """Refuse to write two things under one key, or one within the other."""
    image_keys = {"image_key": config.image_key, "alt_key": config.alt_key}
    keys = [*image_keys.items(), *(("also", shape.key) for shape in config.also)]
    seen: list[str] = []
    for name, key in keys:
        for other in seen if key else ():
            if f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}."):
                raise config.error(name, f"{key!r} and {other!r} can't both be written")
        seen += [key] if key else []
