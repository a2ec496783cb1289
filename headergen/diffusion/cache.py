"""Which model is meant, how large it is, and where it is here.

That is what `headergen fetch` stored, or the hub's own cache.

A fetched model is a diffusers folder at a pinned revision, with a manifest that is written last:
without it the folder is an unfinished download. Of several forms of one model (in half precision,
quantised, with a GGUF transformer) the one that was fetched last is used.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from headergen.diffusion import snapshot
from headergen.diffusion.families.family import Model
from headergen.diffusion.placement import Part
from headergen.repository import locks


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


QUANTIZED = ("8bit", "4bit")


@dataclass(frozen=True)
class Fetched:
    """A whole model on this machine.

    `form` is "", `8bit`, `4bit`, or names the GGUF file that `transformer` points to.
    """

    folder: Path
    revision: str
    form: str = ""
    transformer: Path | None = None

    @property
    def bits(self) -> str | None:
        """The `8bit` or `4bit` in which it is stored."""
        return self.form if self.form in QUANTIZED else None


def models_folder() -> Path:
    """Say where fetched models go: $HEADERGEN_MODELS, else `headergen/models` in the cache."""
    if chosen := os.environ.get("HEADERGEN_MODELS"):
        return Path(chosen).expanduser().absolute()
    return locks.user_cache() / "headergen" / "models"


def embeddings_folder() -> Path:
    """Return where encoded prompts are kept for later runs."""
    return locks.user_cache() / "headergen" / "embeddings"


def model_folder(hub_id: str) -> Path:
    """Say where the forms and revisions of one model go."""
    return models_folder() / hub_id.replace("/", "--")


def form_of(checkpoint: Checkpoint, quantize: str | None = None) -> str:
    """Name the form in which `checkpoint` is fetched.

    A GGUF file of the hub is named with its repository: others have files of the same name.
    """
    if checkpoint.transformer is None:
        return quantize or ""
    if checkpoint.transformer_local:
        return Path(checkpoint.transformer).stem
    return checkpoint.transformer.removesuffix(".gguf").replace("/", "--")


def find(checkpoint: Checkpoint) -> Fetched | None:
    """Find a model: the form fetched last, else a whole snapshot in the hub's own cache.

    If the checkpoint names a revision, or a GGUF transformer, none without it counts.
    """
    if checkpoint.local:
        return _with_transformer(Fetched(Path(checkpoint.location), ""), checkpoint)
    fetched = [
        each
        for each in _fetched(model_folder(checkpoint.location))
        if each.revision.startswith(checkpoint.revision or "") and _has_form(each, checkpoint)
    ]
    if fetched:
        newest = max(fetched, key=lambda each: (each.folder / snapshot.MANIFEST).stat().st_mtime)
        return _with_transformer(newest, checkpoint)
    found = _in_hub_cache(checkpoint)
    return found and _with_transformer(found, checkpoint)


def _has_form(fetched: Fetched, checkpoint: Checkpoint) -> bool:
    if checkpoint.transformer:
        return fetched.form == form_of(checkpoint)
    return fetched.form in ("", *QUANTIZED)


def _with_transformer(fetched: Fetched, checkpoint: Checkpoint) -> Fetched | None:
    """Add the GGUF file that the checkpoint names, where it is on this machine."""
    if checkpoint.transformer is None:
        return fetched
    if checkpoint.transformer_local:
        return replace(fetched, transformer=Path(checkpoint.transformer))
    file = fetched.folder / "transformer" / Path(checkpoint.transformer).name
    return replace(fetched, transformer=file) if file.is_file() else None


def _fetched(folder: Path) -> Iterator[Fetched]:
    for manifest in folder.glob(f"*/{snapshot.MANIFEST}"):
        try:
            facts = json.loads(manifest.read_bytes())
            yield Fetched(manifest.parent, facts["revision"], facts["form"])
        except (OSError, ValueError, LookupError, TypeError):
            continue  # not a manifest that this version wrote


def _in_hub_cache(checkpoint: Checkpoint) -> Fetched | None:
    """Find a whole snapshot that another program, or an older headergen, downloaded."""
    folder = _hub_cache() / f"models--{checkpoint.location.replace('/', '--')}"
    row, replaced = checkpoint.row, ["transformer"] if checkpoint.transformer else []
    try:
        commit = checkpoint.revision or (folder / "refs" / "main").read_text("ascii").strip()
        (found,) = (folder / "snapshots").glob(f"{commit}*")
        snapshot.read(found, row.family.pipeline_class, row.variant, replaced=replaced)
    except (OSError, ValueError, snapshot.SnapshotError):
        return None
    return Fetched(found, found.name)


def _hub_cache() -> Path:
    """Return where huggingface_hub keeps its files (its page "Environment variables").

    `HUGGINGFACE_HUB_CACHE` is the older name, which it still reads.
    """
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if chosen := os.environ.get(variable):
            return Path(chosen).expanduser()
    home = os.environ.get("HF_HOME")
    return (Path(home).expanduser() if home else locks.user_cache() / "huggingface") / "hub"


def parts_in(folder: Path, row: Model, replaced: Mapping[str, str]) -> list[Part]:
    """Read how large the parts of the checkpoint in `folder` are.

    `replaced` maps a part to the GGUF file that holds its weights in the folder's place.

    Raises:
        SnapshotError: The folder is no whole checkpoint.
    """
    found = snapshot.read(folder, row.family.pipeline_class, row.variant, replaced=replaced)
    parts = [
        Part(name, found.bytes_by_dtype(name), found.is_quantized(name)) for name in found.weights
    ]
    return parts + [
        Part(name, {"GGUF": Path(file).stat().st_size}, quantized=True)
        for name, file in replaced.items()
    ]


def parts_to_fetch(row: Model) -> list[Part]:
    """Tell from the table how large the parts of a model will be, as `headergen fetch` stores them.

    A copy of a model, such as one tuned further, has its parameters and so its sizes.
    """
    return [
        Part(name, {"BF16": size // 2} if dtype == "F32" else {dtype: size})
        for name, (dtype, size) in row.weights.items()
    ]
