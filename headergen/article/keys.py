"""The two keys of the frontmatter that headergen reads and writes: the request, and the picture."""

from __future__ import annotations

from dataclasses import dataclass

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
        section, _, name = self.image.partition(".")
        return name.partition(".")[0] if section == self.request else None
