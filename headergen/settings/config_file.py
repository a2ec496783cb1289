"""The text of a config file as values by dotted keys, with the line of each."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from headergen.article.frontmatter.block import Block
from headergen.article.frontmatter.document import dotted, lines_of
from headergen.errors import ConfigError

# Deeper than the theme of a style's default card, and more than any list of styles has.
_DEPTH, _MOST = 5, 1000


def bytes_of(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=str(path)) from error


def read(
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
    data = bytes_of(path)
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
