"""The config's file: YAML or TOML, read to values and the lines that they stand on."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

from headergen.errors import ConfigError


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=str(path)) from error


def read(path: Path, sections: Container[str]) -> tuple[dict[str, Any], dict[str, int]]:
    """Read a config file: its values by dotted keys, and the 1-based lines of those.

    `sections` are the keys whose mappings are taken apart; a value elsewhere stays as it is.

    Raises:
        ConfigError: it cannot be read, is no YAML or TOML, or has a key twice.
    """
    text = _decode(path)
    if path.suffix == ".toml":
        values = dict(_flatten(_parse_toml(path, text), sections))
        return values, {key: line for key in values if (line := _toml_line(text, key))}
    mapping, lines = _parse_yaml(path, text)
    return dict(_flatten(mapping, sections)), lines


def _decode(path: Path) -> str:
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        remedy = "save it as UTF-8"
        raise ConfigError("is not UTF-8", path=str(path), line=line, remedy=remedy) from error


def _parse_yaml(path: Path, text: str) -> tuple[Mapping[Any, Any], dict[str, int]]:
    import yaml

    from headergen.article.frontmatter.yaml_loader import CONSTRUCTOR_ERRORS

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except (yaml.YAMLError, *CONSTRUCTOR_ERRORS) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        reason = getattr(error, "problem", None) or error
        raise _invalid(path, f"is not valid YAML: {reason}", line) from error
    if values is None:
        return {}, {}
    if not isinstance(values, dict) or not isinstance(node, yaml.MappingNode):
        remedy = "begin it with a key, such as `image:`"
        message = "must be a mapping of keys to values"
        raise ConfigError(message, path=str(path), line=1, remedy=remedy)
    return values, _yaml_lines(path, node)


def _invalid(path: Path, message: str, line: int | None) -> ConfigError:
    remedy = "correct that line: texts with signs in them stand in quotes"
    return ConfigError(message, path=str(path), line=line, remedy=remedy)


def _yaml_lines(path: Path, node: Any, prefix: str = "") -> dict[str, int]:
    """Find the line of each key; a key that is there twice would silently lose its first value."""
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = f"{prefix}{key.value}", key.start_mark.line + 1
        if name in lines:
            raise ConfigError(
                "is there twice", path=str(path), line=line, key=name, remedy="keep one of them"
            )
        lines[name] = line
        if value.id == "mapping" and not prefix:
            lines |= _yaml_lines(path, value, f"{name}.")
    return lines


def _parse_toml(path: Path, text: str) -> Mapping[Any, Any]:
    import tomllib

    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5000 digits is a ValueError
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else None
        raise _invalid(path, f"is not valid TOML: {error}", line) from error
    return _headergen_table(path, document) if path.name == "pyproject.toml" else document


def _headergen_table(path: Path, document: dict[str, Any]) -> dict[str, Any]:
    tool = document.get("tool")
    table = tool.get("headergen", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        remedy = "write it as [tool.headergen]"
        raise ConfigError("must be a table", path=str(path), key="tool.headergen", remedy=remedy)
    return table


def _toml_line(text: str, key: str) -> int | None:
    """Find the first line that sets the last part of `key`; TOML parsers give no positions."""
    name = re.escape(key.rpartition(".")[2])
    found = re.search(rf'^[ \t]*(?:[\w-]+\.)*"?{name}"?[ \t]*=', text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _flatten(values: Mapping[Any, Any], sections: Container[str]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and str(key) in sections:
            yield from ((f"{key}.{inner}", setting) for inner, setting in value.items())
        else:
            yield str(key), value
