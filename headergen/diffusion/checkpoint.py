"""Where a model's weights are, and whose settings apply to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headergen.diffusion.families.family import Model


@dataclass(frozen=True)
class Checkpoint:
    """A model's place, and the table row whose settings apply to it.

    `location` is a hub id, or the absolute path of a diffusers folder when `local`. `revision` is
    the commit of the hub's repository that the config pins; `transformer` the GGUF file that holds
    the transformer's weights in place of the checkpoint's own: an absolute path, or with
    `transformer_local` false `owner/repository/file.gguf` on the hub.
    """

    row: Model
    location: str
    local: bool
    revision: str | None = None
    transformer: str | None = None
    transformer_local: bool = True

    @property
    def name(self) -> str:
        """What messages call the model: a name of the table, a hub id, or a folder's name."""
        if self.local:
            return Path(self.location).name
        return self.row.name if self.location == self.row.hub_id else self.location
