"""The keys of the frontmatter that headergen reads and writes, and where their texts are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Of the request, where the config names no other.
REQUEST = "header"


@dataclass(frozen=True)
class Keys:
    """The name of the mapping that asks for a header, and the dotted key that names the picture."""

    request: str = REQUEST
    image: str = f"{REQUEST}.image"

    def of_request(self, name: str) -> str:
        """Return the dotted key of what is called `name` in the request: `header.prompt`."""
        return f"{self.request}.{name}"

    @property
    def in_request(self) -> str | None:
        """The name that the picture's key has in the request; None: it is outside."""
        section, *names = parts_of(self.image)
        return names[0] if names and section == self.request else None


# A place in loaded frontmatter: keys, and numbers of items in lists.
Path = tuple[str | int, ...]

# What a mapping that is a picture has its path or URL under: `image: {src: a.png, alt: A}`.
_NAMES = ("src", "url")

# Ends a key whose value is a list. Hugo's key `images` always is one.
LIST = "[]"
_LISTS = ("images",)


def parts_of(key: str) -> tuple[str, ...]:
    """Return the parts of a dotted key."""
    return tuple(key.removesuffix(LIST).split("."))


def path_of(key: str, values: Any) -> Path:
    """Return where the text under a dotted key is, or would be written, in loaded `values`.

    It is the value itself, the first item of a list, or what a mapping calls `src` or `url`.
    """
    path: Path = parts_of(key)
    value = value_at(values, path)
    if isinstance(value, list) and value:
        path, value = (*path, 0), value[0]
    if isinstance(value, dict):
        named = (name for name in _NAMES if isinstance(value.get(name, 0), str | None))
        path = (*path, *list(named)[:1])
    return path


def value_at(values: Any, path: Path) -> Any:
    """Return the loaded value at `path`, None where a key is missing."""
    for name in path:
        if isinstance(values, list) and isinstance(name, int):
            values = values[name] if name < len(values) else None
        else:
            values = values.get(name) if isinstance(values, dict) else None
    return values


def change_of(key: str, text: str, values: Any) -> tuple[Path, str | list[str]]:
    """Return what to write, and where, so that a dotted key has a text; a list may be new."""
    path, parts = path_of(key, values), parts_of(key)
    is_list = key.endswith(LIST) or parts[-1] in _LISTS or isinstance(value_at(values, parts), list)
    return path, [text] if is_list and path == parts else text
