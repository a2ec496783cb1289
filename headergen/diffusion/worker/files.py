"""Have a library read exactly the weight files that were chosen, whatever else is in the folder.

diffusers follows an index of shards even where the shards are gone and one whole file is there;
neither library reads shards without an index.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headergen.diffusion.snapshot import STEMS, Weights, tensors_in


@contextmanager
def only(folder: Path, weights: Weights) -> Iterator[tuple[Path, str | None]]:
    """Yield a folder to load from, and the variant to ask for.

    It is `folder` itself, or where its indexes don't fit the chosen files a temporary one with
    links to them.
    """
    if _indexes_fit(folder, weights):
        yield folder, weights.variant
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        _link(folder / "config.json", Path(place, "config.json"))
        _link_weights(folder, weights, Path(place))
        yield Path(place), None


def _indexes_fit(folder: Path, weights: Weights) -> bool:
    indexes = list(folder.glob("*.safetensors.index*.json"))
    if len(weights.files) == 1:
        return not indexes
    return len(indexes) == 1 and _shards_in(indexes[0]) == set(weights.files)


def _shards_in(index: Path) -> set[str]:
    try:
        return set(json.loads(index.read_bytes())["weight_map"].values())
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return set()


def _link_weights(folder: Path, weights: Weights, place: Path) -> None:
    """Link the files under the names of a set without a variant, with an index of its own."""
    stem = next(each for each in STEMS if weights.files[0].startswith(each))
    count = len(weights.files)
    weight_map: dict[str, str] = {}
    for number, file in enumerate(weights.files, start=1):
        name = f"{stem}-{number:05d}-of-{count:05d}.safetensors"
        name = name if count > 1 else f"{stem}.safetensors"
        _link(folder / file, place / name)
        weight_map |= dict.fromkeys(tensors_in(folder / file), name)
    if count > 1:
        text = json.dumps({"metadata": {}, "weight_map": weight_map})
        (place / f"{stem}.safetensors.index.json").write_text(text, "utf-8")


def _link(source: Path, target: Path) -> None:
    """Link a file; where Windows allows no links, and on another disk, copy it."""
    for way in (os.symlink, os.link, shutil.copyfile):
        try:
            way(source.absolute(), target)
        except OSError:
            continue
        return
    raise OSError(f"{source} can be neither linked nor copied to {target}")
