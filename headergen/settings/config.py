"""The config file: where it is, what it may say, and the frozen `Config` that comes of it."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headergen import fields, vocabulary
from headergen.article.frontmatter.block import Block
from headergen.article.frontmatter.document import dotted, lines_of
from headergen.article.request import AUTHOR_KEYS, COLOURS
from headergen.errors import ConfigError
from headergen.fields import SIDE, required, row, text
from headergen.settings.server import SERVER, Server
from headergen.settings.styles import DEFAULT, PATHS, STYLES, Default, Style
from headergen.vocabulary import HEADER_HEIGHT, HEADER_WIDTH, KEY_PATTERN, Look

OUTSIDE_HEADER = rf"(?!header(?:\.|$)){KEY_PATTERN}"


@dataclass(frozen=True)
class WantedCut:
    """A cut that each header has: its dotted key in the frontmatter and its size in px."""

    key: str = required(
        text("a frontmatter key outside of `header`, such as og_image", OUTSIDE_HEADER),
        "the frontmatter key under which your site reads the cut",
    )
    width: int = required(SIDE, "width of the cut in px")
    height: int = required(SIDE, "height of the cut in px")

    @property
    def suffix(self) -> str:
        """What its file's name has after the article's."""
        return "-" + self.key.replace(".", "-")


# Where a config may be, relative to the repository's root; the first that speaks of headergen.
FILES = ("headergen.yaml", "config.yaml", "pyproject.toml")

# Names that a config may have been meant to have.
NEAR_FILES = (
    "headergen.yml",
    "Headergen.yaml",
    "Headergen.yml",
    "headergen.yaml.txt",
    ".headergen.yaml",
    ".headergen.yml",
    "headergen.toml",
    "headergen.json",
)

# Where this file exists, `public` is no folder of articles.
BUILT_PAGE = "public/index.html"

_OUTPUT_PATTERN = r"(?!/|~|[A-Za-z]:)[^\\\x00-\x1f{}]*(\{(stem|format)\}[^\\\x00-\x1f{}]*)+"
_NOT_THE_AUTHORS = rf"(?!header(?:\.(?:{'|'.join([*AUTHOR_KEYS, 'digest'])}))?$)"


@dataclass(frozen=True)
class Config:
    """Settings of one repository. Each field but the last three is a key of the config.

    `render_width` and `render_height` are what the model paints, `width` and `height` what the
    header measures. `lines` has the 1-based line of each key that the file at `path` sets.
    `has_built_site`: the folder `public` is what a site's generator wrote.
    """

    model: str = row(
        fields.text("a model"),
        "a name of the model table, a local diffusers folder, or a hub id (`owner/name`)",
        name="image.model",
        default="z-image-turbo",
    )
    revision: str | None = row(
        fields.text("a commit id of the model's repository", vocabulary.COMMIT_PATTERN),
        "the commit of the model's repository that every machine uses",
        name="image.revision",
        usual="the one fetched",
    )
    transformer: str | None = row(
        fields.text("a .gguf file: a path, or owner/repository/file.gguf on the hub", r".+\.gguf"),
        "a GGUF file in place of the model's transformer: a path, or `owner/repository/file.gguf`",
        name="image.transformer",
        usual="the model's",
    )
    preset: str | None = row(
        fields.text("a name of the model table"),
        "the model whose settings a folder or hub id takes: a name of the model table",
        name="image.preset",
    )
    device: str = row(
        fields.text("one of auto, cuda, cuda:N, mps, cpu", r"auto|cpu|mps|cuda(:\d+)?"),
        "where the model paints; `auto` is CUDA, else MPS",
        name="image.device",
        default="auto",
    )
    render_width: int | None = row(
        fields.RENDER_SIDE,
        "width in px at which the model paints, rounded up to what it admits",
        name="image.width",
        usual="best for the header",
    )
    render_height: int | None = row(
        fields.RENDER_SIDE,
        "height in px at which the model paints, rounded up to what it admits",
        name="image.height",
        usual="best for the header",
    )
    num_inference_steps: int | None = row(
        fields.STEPS, "denoising steps", name="image.num_inference_steps", usual="the model's"
    )
    guidance_scale: float | None = row(
        fields.GUIDANCE_SCALE,
        "how strongly the prompt steers",
        name="image.guidance_scale",
        usual="the model's",
    )
    prompt_template: str | None = row(
        fields.text("a text with {prompt} in it", r"[\s\S]*\{prompt\}[\s\S]*"),
        "text around the prompt, with `{prompt}` in it",
        name="image.prompt_template",
        usual="the model's",
    )
    negative_prompt: str | None = row(
        fields.text(may_be_empty=True),
        "what to keep out, for every article that has no negative prompt",
        name="image.negative_prompt",
        usual="the model's",
    )
    server: Server | None = row(
        SERVER,
        "an image server that paints in place of this machine: `{url: …, model: …, key_env: …}`",
        name="image.server",
    )
    width: int = row(
        fields.SIDE, "width of the header in px", name="header.width", default=HEADER_WIDTH
    )
    height: int = row(
        fields.SIDE, "height of the header in px", name="header.height", default=HEADER_HEIGHT
    )
    format: str = row(
        fields.choice(vocabulary.FORMATS),
        "file format of the header",
        name="header.format",
        default="png",
    )
    max_kb: int | None = row(
        fields.whole(10, 10 * 1024),
        "the most that a header may have, in units of 1,024 bytes",
        name="header.max_kb",
    )
    gutter: float = row(
        fields.number(0, 100),
        "space between panels, in px of a header of 1280×670; on a shelf four times as much",
        name="composite.gutter",
        default=Look.gutter,
    )
    corners: float | None = row(
        fields.number(0, 200),
        "radius of round corners, in px of a header of 1280×670; panels then keep a margin, too",
        name="composite.corners",
        usual="the layout's",
    )
    background: str = row(
        fields.text(
            'one of auto, blur, colours, or a colour in quotes such as "#f4f1ea"',
            rf"auto|blur|colours|{vocabulary.COLOUR_PATTERN}",
        ),
        "behind the pictures: `auto` (what suits the layout), `blur` (themselves), `colours` "
        "(theirs), or a colour",
        name="composite.background",
        default=Look.background,
    )
    slant: float = row(
        fields.number(-30, 30),
        "degrees by which the seams of a split lean",
        name="composite.slant",
        default=Look.slant,
    )
    output: str = row(
        fields.text(
            "a path relative to the article, with {stem} and, if wanted, {format} in it",
            _OUTPUT_PATTERN,
        ),
        "where headers go, relative to the article; `{stem}` is the article's name",
        default="note_images/{stem}.{format}",
    )
    metadata: str = row(
        fields.choice(vocabulary.METADATA),
        "what pictures tell of their making: `full`, `minimal` (without the prompt and settings), "
        "`none`",
        default="full",
    )
    image_key: str = row(
        fields.text(
            "a frontmatter key such as header.image, cover.image or heroImage",
            rf"{_NOT_THE_AUTHORS}{vocabulary.KEY_PATTERN}",
        ),
        "the key under which your site reads the picture: `cover.image`, `heroImage`, `eyecatch` …",
        default="header.image",
    )
    image_prefix: str = row(
        fields.text(pattern=r"[^\x00-\x1f]*", may_be_empty=True),
        "what goes before the path in that key",
        default="",
    )
    default: Default | None = row(
        DEFAULT, "the header of an article that asks for none: `{card: true}` or `{prompt: …}`"
    )
    styles: tuple[Style, ...] = row(
        STYLES, "looks for the articles at some paths; the first that matches counts", default=()
    )
    exclude: tuple[str, ...] = row(
        PATHS, "files that are no articles, as in `.gitignore`", default=()
    )
    title_from_name: bool = row(
        fields.flag(),
        "whether an article without title and heading is called after its file: "
        "`2026-08-30-winter-games.md` is `winter games`",
        default=True,
    )
    fallback: str | None = row(
        fields.choice(("card",)), "draws a title card as a stand-in where a prompt can't be painted"
    )
    card_theme: str | None = row(
        fields.choice(vocabulary.THEMES_FOR_ALL),
        "the theme of title cards",
        name="card.theme",
        usual=f"`{vocabulary.THEMES[0]}`",
    )
    card_colours: tuple[str, ...] = row(
        COLOURS, "ground and accent", name="card.colours", default=(), usual="from the title"
    )
    card_author: str | None = row(
        fields.text("a name"), "the author's name on title cards", name="card.author"
    )
    card_logo: str | None = row(
        fields.text("a path"),
        "a picture on title cards, relative to the repository's root",
        name="card.logo",
    )
    card_date: bool = row(
        fields.flag(),
        "whether title cards show the article's date",
        name="card.date",
        default=False,
    )
    card_tags: bool = row(
        fields.flag(),
        "whether title cards show the article's tags",
        name="card.tags",
        default=False,
    )
    also: tuple[WantedCut, ...] = row(
        fields.several(fields.record(WantedCut, "{key: …, width: …, height: …}"), "cuts", least=0),
        "cuts, pictures in other shapes, beside each header: "
        "`[{key: og_image, width: 1200, height: 630}]`",
        default=(),
    )
    alt_key: str | None = row(
        fields.text("a frontmatter key outside of `header`, such as cover.alt", OUTSIDE_HEADER),
        "the key under which your site reads the header's `alt`, such as `cover.alt`",
    )
    require_alt: bool = row(fields.flag(), "whether the check asks for an `alt`", default=False)
    worker_python: str | None = row(
        fields.text("a path to a Python"),
        "the Python that has torch and diffusers",
        name="worker.python",
        usual="found by itself",
    )
    worker_timeout_s: float = row(
        fields.number(1, 86_400),
        "seconds without a sign of life after which painting is given up",
        name="worker.timeout_s",
        default=3600.0,
    )
    path: str | None = None
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)
    has_built_site: bool = False

    @property
    def look(self) -> Look:
        """How composites look."""
        return Look(self.gutter, self.corners, self.background, self.slant)

    def error(self, key: str, message: str, remedy: str | None = None) -> ConfigError:
        """Make the error that says where the config sets `key`."""
        line = self.lines.get(key)
        return ConfigError(message, path=self.path, line=line, key=key, remedy=remedy)


KEYS = fields.rows_of(Config)


def load(root: Path, named: Path | None = None) -> Config:
    """Read the config that governs `root`: the file `named`, else the first that speaks of it.

    Looked at in turn: `headergen.yaml`, `config.yaml` where it has an `image:` mapping,
    `[tool.headergen]` in `pyproject.toml`.

    Raises:
        ConfigError: the file cannot be read, or says something that no key allows.
    """
    return replace(_load(root, named), has_built_site=_has_built_site(root))


def _has_built_site(root: Path) -> bool:
    try:
        return (root / BUILT_PAGE).is_file()
    except OSError:  # such as of a disk that fails there alone
        return False


def _load(root: Path, named: Path | None) -> Config:
    if named is not None:
        return _read(named)
    for name in FILES:
        if (root / name).is_file() and _speaks_of_headergen(root / name):
            return _read(root / name)
    for name in NEAR_FILES:
        if (root / name).is_file():
            remedy = f"rename it to {FILES[0]}"
            raise ConfigError(
                "is not read, because of its name", path=str(root / name), remedy=remedy
            )
    return Config()


def _speaks_of_headergen(path: Path) -> bool:
    """Tell by its bytes whether a file that other tools may own is meant for headergen too."""
    if path.name == "headergen.yaml":
        return True
    if path.name == "pyproject.toml":
        return b"tool.headergen" in _read_bytes(path)
    image = rb"^image[ \t]*:[ \t]*(#.*|\{.*)?\r?$"
    return bool(re.search(image, _read_bytes(path), re.M))


def schema() -> fields.Schema:
    """Return the JSON schema of the config."""
    return fields.schema_of(KEYS)


def _read(path: Path) -> Config:
    top = {name.partition(".")[0] for name in KEYS}
    sections = {name.partition(".")[0] for name in KEYS if "." in name}
    # Another tool may own a file of this name, and have keys of its own in it.
    keys = top if path.name == "config.yaml" else None
    values, lines = _read_file(path, sections, keys)
    where = fields.Location(str(path), lines, ConfigError)
    found: dict[str, Any] = fields.read(KEYS, values, where)
    config = Config(path=str(path), lines=lines, **found)
    _check_output(config)
    _check_keys(config)
    _check_cuts(config)
    return config


def _check_output(config: Config) -> None:
    """Refuse a template that would write every header to one file, or PNG bytes to a .webp."""
    if "{stem}" not in config.output:
        message = f"{config.output!r} must contain {{stem}}, or all articles would share one file"
        raise config.error("output", message)
    suffix = Path(config.output.replace("{format}", config.format)).suffix
    if suffix != f".{config.format}":
        message = f"{config.output!r} ends in {suffix or 'no suffix'!r}, but header.format is "
        raise config.error("output", f"{message}{config.format!r}", "end it in .{format}")


def _check_keys(config: Config) -> None:
    """Refuse to write two things under one key, or one within the other."""
    image_keys = {"image_key": config.image_key, "alt_key": config.alt_key}
    keys = [*image_keys.items(), *(("also", cut.key) for cut in config.also)]
    seen: list[str] = []
    for name, key in keys:
        for other in seen if key else ():
            if f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}."):
                raise config.error(name, f"{key!r} and {other!r} can't both be written")
        seen += [key] if key else []


def _check_cuts(config: Config) -> None:
    seen: set[str] = set()
    for name in (cut.suffix.casefold() for cut in config.also):
        if name in seen:
            message = f"two pictures would be named …{name}; choose another key for one"
            raise config.error("also", message)
        seen.add(name)


# Deeper than the theme of a style's default card, and more than any list of styles has.
_DEPTH, _MOST = 5, 1000


def _read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=str(path)) from error


def _read_file(
    path: Path, sections: Collection[str], keys: Collection[str] | None = None
) -> tuple[dict[str, Any], dict[str, int]]:
    """Read a config file: its values by dotted keys, and the 1-based lines of keys and list items.

    `sections` are the keys whose mappings become dotted keys. With `keys`, keys that are not
    among them are left out.

    Raises:
        ConfigError: It cannot be read, is not YAML or TOML, or has a key twice.
    """
    language = "toml" if path.suffix == ".toml" else "yaml"
    block = Block(path, language, b"", _decode(path), b"", 1, ConfigError, "the config")
    values, lines = (_read_toml if language == "toml" else _read_yaml)(block, keys)
    return dict(_flatten(values, sections)), lines


def _decode(path: Path) -> str:
    data = _read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        remedy = "save it as UTF-8"
        raise ConfigError("is not UTF-8", path=str(path), line=line, remedy=remedy) from error


def _read_yaml(block: Block, keys: Collection[str] | None) -> tuple[dict[Any, Any], dict[str, int]]:
    from headergen.article import near_misses
    from headergen.article.frontmatter import yaml_read

    if keys is None:
        near_misses.refuse_conflict(block)
        near_misses.refuse_bare_colours(block)
    document = yaml_read.read(block)
    if document is None:
        if all(line.lstrip()[:1] in ("", "#") or line == "---" for line in block.text.splitlines()):
            return {}, {}
        remedy = "begin it with a key, such as `image:`"
        raise block.error("must be a mapping of keys to values", 0, remedy=remedy)
    values = {name: document.values[name] for name in document.values if not keys or name in keys}
    lines: dict[str, int] = {}
    for name, value in values.items():
        if isinstance(name, str):
            lines |= lines_of(document, (name,), value, depth=_DEPTH, most=_MOST)
    return values, lines


def _read_toml(block: Block, keys: Collection[str] | None) -> tuple[dict[Any, Any], dict[str, int]]:
    import tomllib

    from headergen.article.frontmatter import toml_read

    values = toml_read.values_of(block, tomllib.loads)
    table = ("tool", "headergen") if block.path.name == "pyproject.toml" else ()
    for name in table:
        values = values.get(name, {})
        if not isinstance(values, dict):
            remedy = "write it as [tool.headergen]"
            raise ConfigError(
                "must be a table", path=str(block.path), key="tool.headergen", remedy=remedy
            )
    lines: dict[str, int] = {}
    for entry in toml_read.scan(block):
        if entry.path[: len(table)] == table:
            lines.setdefault(dotted(entry.path[len(table) :]), block.line(entry.start))
    return values, lines


def _flatten(values: Mapping[Any, Any], sections: Collection[str]) -> Iterator[tuple[Any, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and key in sections:
            yield from ((f"{key}.{inner}", setting) for inner, setting in value.items())
        else:
            yield key, value
