"""Decoding by tiles: of even size, and without a seam."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from headergen.diffusion.worker import tiles


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        pytest.param(64, [(0, 64)], id="a side that is one tile"),
        pytest.param(65, [(0, 41), (24, 65)], id="a little more is two halves and no sliver"),
        pytest.param(84, [(0, 50), (34, 84)], id="672 px"),
        pytest.param(160, [(0, 64), (48, 112), (96, 160)], id="1280 px"),
        pytest.param(8, [(0, 8)], id="a side below a tile"),
    ],
)
def test_a_side_is_divided_evenly(length: int, expected: list[tuple[int, int]]) -> None:
    assert tiles.spans(length, 8) == expected


@pytest.mark.parametrize("factor", [1, 4, 8])
def test_tiles_cover_every_side_and_overlap(factor: int) -> None:
    for length in range(1, 600):
        found = tiles.spans(length, factor)
        sizes = {end - start for start, end in found}

        assert (found[0][0], found[-1][1]) == (0, length)
        assert len(sizes) == 1
        assert max(sizes) * factor <= 512
        overlaps = [before[1] - after[0] for before, after in pairwise(found)]
        assert all((each + 1) * factor >= 128 for each in overlaps), length


@pytest.mark.slow
def test_tiles_of_a_picture_are_the_picture() -> None:
    import torch

    latents = torch.randn(1, 3, 84, 160, generator=torch.Generator().manual_seed(0))
    seen = []

    def decode(tile: Any, return_dict: bool) -> tuple[Any]:
        seen.append(tuple(tile.shape[-2:]))
        return (tile.repeat_interleave(8, 2).repeat_interleave(8, 3),)

    vae = SimpleNamespace(decode=decode, config=SimpleNamespace(block_out_channels=[1] * 4))
    tiles.enable(vae)
    found = vae.decode(latents, return_dict=False)[0]

    assert set(seen) == {(50, 64)}
    torch.testing.assert_close(found, decode(latents, return_dict=False)[0])
