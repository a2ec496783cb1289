"""The config file: where it is, what it may say, and the frozen `Config` that comes of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from headergen import fields, vocabulary
from headergen.article.keys import REQUEST, Keys, parts_of
from headergen.article.request import AUTHOR_KEYS, COLOURS
from headergen.errors import ConfigError
from headergen.fields import SIDE, required, row, text
from headergen.settings import config_file
from headergen.settings.public import PUBLIC, Served
from headergen.settings.server import SERVER, TEXT, Server, TextServer
from headergen.settings.styles import DEFAULT, PATHS, STYLES, Default, Style
from headergen.vocabulary import HEADER_HEIGHT, HEADER_WIDTH, KEY_PATTERN, Look

_LIST_OR_NOT = KEY_PATTERN + r"(?:\[\])?"
_ANY_KEY = "a frontmatter key outside of `header`, such as"


@dataclass(frozen=True)
class WantedCut:
    """A cut that each header has: its dotted key in the frontmatter and its size in px."""

    key: str = required(
        text(f"{_ANY_KEY} og_image", _LIST_OR_NOT),
        "the frontmatter key under which your site reads the cut",
    )
    width: int = required(SIDE, "width of the cut in px")
    height: int = required(SIDE, "height of the cut in px")

    @property
    def suffix(self) -> str:
        """What its file's name has after the article's."""
        return "-" + "-".join(parts_of(self.key))


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

# What `output` may have in braces (`plan.naming`), and those that tell articles apart.
PLACEHOLDERS = ("stem", "slug", "dir", "date", "lang", "format")
_OF_ARTICLE = ("{stem}", "{slug}", "{dir}")
_OUTPUT_PATTERN = (
    rf"(?!~|[A-Za-z]:)[^\\\x00-\x1f{{}}]*"
    rf"(\{{({'|'.join(PLACEHOLDERS)})\}}[^\\\x00-\x1f{{}}]*)*"
)


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
        fields.text(
            "one of auto, cuda, cuda:N, xpu, xpu:N, mps, cpu", r"auto|cpu|mps|(cuda|xpu)(:\d+)?"
        ),
        "where the model paints; `cuda` is a card of NVIDIA, or of AMD where torch is built for "
        "ROCm, `xpu` one of Intel; `auto` is the first of CUDA, XPU and MPS that is there",
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
    text: TextServer | None = row(
        TEXT, "a text model that `headergen suggest` asks for prompts: `{url: …, model: …}`"
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
            "a path with {stem}, {slug}, {dir}, {date}, {lang} or {format} in it",
            _OUTPUT_PATTERN,
        ),
        "where headers go, relative to the article, or to the repository's root if it begins with "
        "`/`; `{stem}` is the article's name, `{slug}` its slug, `{dir}` its folder, `{date}` its "
        "day, `{lang}` its language",
        default="note_images/{stem}.{format}",
    )
    public: tuple[Served, ...] = row(
        PUBLIC,
        "folders that your site serves, and the URL of each: `{static: /}`; a picture in one of "
        "them is named by its URL",
        default=(),
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
            _LIST_OR_NOT,
        ),
        "the key under which your site reads the picture: `cover.image`, `heroImage`, `eyecatch` …;"
        " `images`, and any key that ends in `[]`, is written as a list",
        default=Keys.image,
    )
    request_key: str = row(
        fields.text("a frontmatter key such as headergen", r"[\w-]+"),
        "the key of the request itself, for sites that need `header` for something else; "
        "`image_key` is then `image` below it, unless you set it",
        default=REQUEST,
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
        fields.text(f"{_ANY_KEY} cover.alt", KEY_PATTERN),
        "the key under which your site reads the header's `alt`, such as `cover.alt`",
    )
    require_alt: bool = row(fields.flag(), "whether the check asks for an `alt`", default=False)
    strict: bool = row(
        fields.flag(),
        "whether the check fails for size and format of your own pictures; else it warns",
        default=False,
    )
    worker_python: str | None = row(
        fields.text("a path to a Python"),
        "the Python that has torch and diffusers, outside of what git tracks",
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

    @property
    def keys(self) -> Keys:
        """The keys of the frontmatter that headergen reads and writes."""
        return Keys(self.request_key, self.image_key)

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
        return b"tool.headergen" in config_file.bytes_of(path)
    image = rb"^image[ \t]*:[ \t]*(#.*|\{.*)?\r?$"
    return bool(re.search(image, config_file.bytes_of(path), re.M))


def schema() -> fields.Schema:
    """Return the JSON schema of the config."""
    return fields.schema_of(KEYS)


def _read(path: Path) -> Config:
    top = {name.partition(".")[0] for name in KEYS}
    sections = {name.partition(".")[0] for name in KEYS if "." in name}
    # Another tool may own a file of this name, and have keys of its own in it.
    keys = top if path.name == "config.yaml" else None
    values, lines = config_file.read(path, sections, keys)
    where = fields.Location(str(path), lines, ConfigError)
    found: dict[str, Any] = fields.read(KEYS, values, where)
    if "request_key" in found:
        found.setdefault("image_key", Keys(found["request_key"]).of_request("image"))
    config = Config(path=str(path), lines=lines, **found)
    _check_output(config)
    _check_keys(config)
    _check_cuts(config)
    return config


def _check_output(config: Config) -> None:
    """Refuse a template that would write every header to one file, or PNG bytes to a .webp."""
    if "/" in config.output and not any(each in config.output for each in _OF_ARTICLE):
        message = f"{config.output!r} must contain {{stem}}, {{slug}} or {{dir}}"
        raise config.error("output", f"{message}, or all articles would share one file")
    suffix = Path(config.output.replace("{format}", config.format)).suffix
    if suffix != f".{config.format}":
        message = f"{config.output!r} ends in {suffix or 'no suffix'!r}, but header.format is "
        raise config.error("output", f"{message}{config.format!r}", "end it in .{format}")
    if config.image_prefix and ".." in config.output.split("/"):
        message = f"{config.image_prefix!r} before {config.output!r} leads nowhere"
        remedy = (
            "remove the prefix; begin `output` with /, and write `public: {static: /}` or the like"
        )
        raise config.error("image_prefix", message, remedy)


def _check_keys(config: Config) -> None:
    """Refuse to write two things under one key, or one within the other."""
    image_keys = {"image_key": config.image_key, "alt_key": config.alt_key}
    cuts = ((f"also[{index}].key", cut.key) for index, cut in enumerate(config.also))
    keys = [*image_keys.items(), *cuts]
    seen: list[str] = []
    for name, key in keys:
        if key and not _may_be_written(name, key, config.request_key):
            words = KEYS[name].kind.words if name in KEYS else f"{_ANY_KEY} og_image"
            words = words.replace(f"`{REQUEST}`", f"`{config.request_key}`")
            raise config.error(name, f"expected {words}, not {key!r}")
        key = key and ".".join(parts_of(key))
        for other in seen if key else ():
            if f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}."):
                raise config.error(name, f"{key!r} and {other!r} can't both be written")
        seen += [key] if key else []


def _may_be_written(name: str, key: str, request: str) -> bool:
    """Check whether a key is outside of the request; the picture's may be a new one inside."""
    if key != request and not key.startswith(f"{request}."):
        return True
    own = [*AUTHOR_KEYS, "digest"]
    return name == "image_key" and key not in (request, *(f"{request}.{each}" for each in own))


def _check_cuts(config: Config) -> None:
    seen: set[str] = set()
    for name in (cut.suffix.casefold() for cut in config.also):
        if name in seen:
            message = f"two pictures would be named …{name}; choose another key for one"
            raise config.error("also", message)
        seen.add(name)
