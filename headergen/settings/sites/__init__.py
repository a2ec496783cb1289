"""How each kind of site reads pictures: the tool that builds it, and a config that suits it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

from headergen.settings.sites.written import Written

SCHEMA_FILE = "headergen.schema.json"
_MODELINE = f"# yaml-language-server: $schema={SCHEMA_FILE}\n"
_HEAD = "# The config of headergen; `headergen schema` has every key.\n"
_CARDS = "default: {card: true}  # a title card where an article asks for nothing\n"
_STAND_INS = "fallback: card  # a title card where no prompt can be painted\n"

# The folder of the site, in the texts of the recipes.
_SITE = "@site/"
# Folders that contain other sites than the author's.
_FOREIGN = {"node_modules", "themes", "vendor", "exampleSite", "__pycache__"}


@dataclass(frozen=True)
class Site:
    """A kind of site, and what tells it: files (as for glob) in which a pattern is found.

    `templates`: the author's own templates have to show the picture.
    """

    name: str
    title: str
    marks: tuple[tuple[str, str], ...]
    templates: bool = False

    @cached_property
    def recipe(self) -> str:
        """The keys of its config, with comments; `@site/` is the site's folder."""
        return (resources.files(__name__) / f"{self.name}.yaml").read_text(encoding="utf-8")


def _marks(*files: str, says: str = "") -> tuple[tuple[str, str], ...]:
    return tuple((file, says) for file in files)


def _each(name: str, *suffixes: str) -> tuple[str, ...]:
    return tuple(f"{name}.{suffix}" for suffix in suffixes)


_DATA = ("toml", "yaml", "yml", "json")
_SCRIPTS = ("js", "mjs", "cjs", "ts", "mts", "cts")
_JEKYLL = r"(?m)jekyll|^(markdown|permalink|remote_theme|collections)\s*:"

# In the order in which they are proposed: a theme before its tool, a vault behind what is built.
SITES = {
    site.name: site
    for site in (
        Site(
            "minimal-mistakes",
            "Jekyll with Minimal Mistakes",
            _marks("_config.yml", "Gemfile", says="minimal-mistakes"),
        ),
        Site(
            "hugo",
            "Hugo",
            (
                *_marks(*_each("hugo", *_DATA), *_each("config/_default/*", *_DATA)),
                *_marks(*_each("config", *_DATA), says="(?i)baseURL"),
            ),
        ),
        Site("jekyll", "Jekyll", _marks("_config.yml", "_config.yaml", "Gemfile", says=_JEKYLL)),
        Site("astro", "Astro", _marks(*_each("astro.config", *_SCRIPTS))),
        Site("docusaurus", "Docusaurus", _marks(*_each("docusaurus.config", *_SCRIPTS))),
        Site("vitepress", "VitePress", _marks(*_each(".vitepress/config", *_SCRIPTS)), True),
        Site(
            "eleventy",
            "Eleventy",
            _marks(".eleventy.js", *_each("eleventy.config", *_SCRIPTS)),
            True,
        ),
        Site(
            "mkdocs",
            "MkDocs or Zensical",
            _marks("mkdocs.yml", "mkdocs.yaml", "zensical.toml"),
            True,
        ),
        Site("quarto", "Quarto", _marks("_quarto.yml", "_quarto.yaml")),
        Site("zenn", "Zenn", _marks("package.json", says='"zenn-cli"')),
        Site("obsidian", "Obsidian", _marks(".obsidian/*.json")),
        Site("note", "a folder of articles, as for note.com", ()),
    )
}


@dataclass(frozen=True)
class Found:
    """A site below `folder` (relative to the root, empty for the root), told by the file `mark`."""

    site: Site
    folder: str
    mark: str


def find(root: Path) -> list[Found]:
    """Return the sites in `root` and in folders up to two levels below, the likeliest first.

    Of each kind it is the one closest to the root. What tells a theme tells its tool as well: only
    the theme is returned.
    """
    found = [
        Found(site, folder, mark)
        for folder in _folders(root)
        for site in SITES.values()
        if (mark := _mark_of(site, root / folder, root))
    ]
    first = {each.site.name: each for each in reversed(found)}
    if "minimal-mistakes" in first:
        first.pop("jekyll", None)
    return [each for each in found if each is first.get(each.site.name)]


def _folders(root: Path) -> Iterator[str]:
    """Yield the root and the folders up to two levels below it, the closest first."""
    level = [root]
    for _ in range(3):
        yield from (path.relative_to(root).as_posix().removeprefix(".") for path in level)
        level = [
            path
            for folder in level
            for path in sorted(folder.iterdir())
            if path.is_dir() and path.name not in _FOREIGN and path.name[0] not in "._"
        ]


def _mark_of(site: Site, folder: Path, root: Path) -> str | None:
    for pattern, says in site.marks:
        for path in sorted(folder.glob(pattern)):
            if not says or re.search(says, _text(path)):
                return path.relative_to(root).as_posix()
    return None


def _text(path: Path) -> str:
    try:
        return path.read_bytes()[:100_000].decode("utf-8", "replace")
    except OSError:
        return ""


def config_for(found: Found, root: Path, *, written: Written, cards: bool) -> str:
    """Return the text of a config that suits a site, and what its articles have already."""
    text = _fitted(found.site.recipe, found, root)
    if written.image_key:
        text = _with_key(text, "image_key", written.image_key, "as your articles have it")
    if written.header_is_foreign and "request_key" not in text:
        text = f"{_line('request_key', 'headergen', '`header:` is used by your site')}{text}"
    if written.is_in_bundle:
        text = re.sub(r"(?m)^public:.*\n", "", text)
        text = _with_key(text, "output", "header-{stem}.{format}", "in the page's bundle")
    prefix = f"{found.folder}/" if found.folder else ""
    text = text.replace(_SITE, prefix)
    return f"{_MODELINE}{_HEAD}{_aligned(text + _STAND_INS + (_CARDS if cards else ''))}"


def _aligned(text: str) -> str:
    """Return lines with their comments below each other."""
    pairs = [line.partition("  # ") for line in text.splitlines()]
    width = max(len(line.rstrip()) for line, mark, _ in pairs if mark)
    return "".join(
        f"{line.rstrip().ljust(width)}  # {why}\n" if mark else f"{line}\n"
        for line, mark, why in pairs
    )


def _with_key(text: str, key: str, value: str, why: str) -> str:
    """Return the text of a config with another value for a key, which may be new."""
    line = _line(key, value, why)
    changed, count = re.subn(rf"(?m)^{key}:.*\n", lambda _: line, text)
    return changed if count else text + line


def _line(key: str, value: str, why: str) -> str:
    return f"{key}: {value}  # {why}\n"


def _fitted(text: str, found: Found, root: Path) -> str:
    """Return a recipe as the site's own settings have it."""
    settings = _text(root / found.mark)
    if found.site.name == "hugo":
        return _of_hugo(text, settings, root / found.folder)
    if found.site.name == "mkdocs":
        folder = re.search(r"""(?m)^docs_dir\s*[:=]\s*["']?([\w./-]+?)/?["']?\s*$""", settings)
        return text.replace("@site/docs", f"@site/{folder[1]}") if folder else text
    if found.site.name == "eleventy":
        return _of_eleventy(text, settings)
    return text


_BASE_PATH = r"""(?im)^\W*baseURL\W*[=:]\s*["']?https?://[^/\s"']+/[^\s"'/]"""
# The keys under which themes look for a picture, by what names the theme in a site's settings.
_HUGO_THEMES = {
    "papermod": "cover.image",
    "ananke": "featured_image",
    "hugo-theme-stack": "image",
}
_HUGO_FILES = ("config/_default/*", "go.mod", ".gitmodules")


def _of_hugo(text: str, settings: str, folder: Path) -> str:
    files = [path for pattern in _HUGO_FILES for path in sorted(folder.glob(pattern))]
    told = "\n".join([settings, *map(_text, files)])
    for theme, key in _HUGO_THEMES.items():
        if theme in told.lower():
            text = _with_key(text, "image_key", key, f"where the theme {theme} looks")
    if re.search(_BASE_PATH, told):
        # absURL and relURL put the path of the baseURL before what does not begin with a slash.
        text = text.replace("static: /}", 'static: ""}')
        text = text.replace("Hugo serves static/ at /", "absURL puts your baseURL before it")
    return text


_COPIED = r"""addPassthroughCopy\(\s*(\{\s*)?["'](?:\./)?([\w./-]+?)/?["']"""
_PICTURE_FOLDERS = ("public", "static", "assets", "img", "images")


def _of_eleventy(text: str, settings: str) -> str:
    """Return the recipe with the folder of pictures that Eleventy's config copies already."""
    for is_mapped, folder in re.findall(_COPIED, settings):
        name = folder.rpartition("/")[2]
        if name in _PICTURE_FOLDERS:
            url = "/" if is_mapped else f"/{folder.removeprefix('src/')}"
            pictures = f"{folder}/img" if is_mapped else folder
            text = text.replace("@site/public/img", f"{_SITE}{pictures}")
            return _with_key(text, "public", f"{{{_SITE}{folder}: {url}}}", "copied by your config")
    return text
