"""The model families: a file each, and the table of all their models, a line for each family."""

from __future__ import annotations

from headergen.diffusion.families import flux2_klein, sdxl, zimage
from headergen.diffusion.families.family import Family, Model

MODELS: dict[str, Model] = {
    row.name: row
    for row in (
        *zimage.MODELS,
        *sdxl.MODELS,
        *flux2_klein.MODELS,
    )
}
FAMILIES: dict[str, Family] = {row.family.name: row.family for row in MODELS.values()}


def smallest() -> Model:
    """Return the model that takes the least memory, for messages that advise a smaller one."""
    return min(MODELS.values(), key=lambda row: row.stored_bytes)
