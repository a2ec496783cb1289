"""Decode latents by tiles of even size, so that a small card needs no memory for the whole picture.

The VAEs' own tiling goes on in fixed steps, and its last row and column may be slivers of a few
pixels, which a decoder sees without their surroundings.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

# Sides in px. Tiles are at most this large, and overlap by at least this much.
_TILE_PX = 512
_OVERLAP_PX = 128


def enable(vae: Any) -> None:
    """Have `vae.decode` work by tiles."""
    whole, factor = vae.decode, 2 ** (len(vae.config.block_out_channels) - 1)

    def decode(latents: Any, return_dict: bool = False) -> tuple[Any]:
        return (by_tiles(lambda tile: whole(tile, return_dict=False)[0], latents, factor),)

    vae.decode = decode


def by_tiles(decode: Any, latents: Any, factor: int) -> Any:
    """Decode latents (1, channels, height, width) tile by tile to (1, 3, height, width) x `factor`.

    Where tiles overlap, one fades into the next.
    """
    import torch

    *_, height, width = latents.shape
    rows, columns = spans(height, factor), spans(width, factor)
    picture, weight = None, torch.zeros(height * factor, width * factor, device=latents.device)
    for (top, bottom), (left, right) in itertools.product(rows, columns):
        tile = decode(latents[..., top:bottom, left:right]).float()
        mask = _ramp(top, bottom, rows, factor)[:, None] * _ramp(left, right, columns, factor)
        mask = mask.to(tile.device)
        if picture is None:
            picture = tile.new_zeros(*tile.shape[:-2], *weight.shape)
        place = slice(top * factor, bottom * factor), slice(left * factor, right * factor)
        picture[..., *place] += tile * mask
        weight[place] += mask
    assert picture is not None
    return (picture / weight).to(latents.dtype)


def spans(length: int, factor: int) -> list[tuple[int, int]]:
    """Divide a side of `length` latents into spans of the same length that overlap."""
    most, overlap = _TILE_PX // factor, _OVERLAP_PX // factor
    count = max(1, math.ceil((length - overlap) / (most - overlap)))
    size = math.ceil((length + (count - 1) * overlap) / count)
    starts = [round(number * (length - size) / max(count - 1, 1)) for number in range(count)]
    return [(start, start + size) for start in starts]


def _ramp(start: int, end: int, every: Sequence[tuple[int, int]], factor: int) -> Any:
    """Return a tile's weights along one side: 1, falling towards its neighbours, never 0."""
    import torch

    before = max((stop for begin, stop in every if begin < start), default=start)
    after = min((begin for begin, stop in every if begin > start), default=end)
    ramp = torch.ones((end - start) * factor)
    for overlap, flip in (((before - start) * factor, False), ((end - after) * factor, True)):
        if overlap > 0:
            rising = (torch.arange(overlap) + 1) / (overlap + 1)
            part = slice(-overlap, None) if flip else slice(overlap)
            ramp[part] *= rising.flip(0) if flip else rising
    return ramp
