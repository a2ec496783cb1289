"""Paint: for each stage of a placement, load its parts, do their work for pictures, drop them.

Encoders turn prompts into embeddings, the denoiser turns noise into latents, and the decoder turns
latents into pixels. A stage with several parts takes each picture through all of them. Embeddings
wait in files and latents for few pictures, so that memory does not depend on how many there are.
"""

from __future__ import annotations

import base64
import gc
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headergen.diffusion import snapshot as snapshots
from headergen.diffusion.families import FAMILIES
from headergen.diffusion.families.family import Family, Role
from headergen.diffusion.snapshot import Snapshot
from headergen.diffusion.worker import clamp, device, embeddings, parts
from headergen.diffusion.worker.events import MEMORY_KINDS, Emit, WorkerError, describe, kind_of
from headergen.diffusion.worker.libraries import load

# Pictures whose latents wait for the decoder: what a kill loses at most. Loading a denoiser of
# 12 GB again takes some seconds, and 16 pictures take minutes on a card that needs three stages.
CHUNK = 16


def paint(order: Mapping[str, Any], emit: Emit) -> None:
    """Paint the order's requests, emitting for each of them an `image`, or an `error` of its own.

    Raises:
        WorkerError: Of each failure that stops them all and has a kind of its own.
    """
    family, placement, replaced = FAMILIES[order["family"]], order["placement"], order["replaced"]
    snapshot = snapshots.read(
        Path(order["folder"]), family.pipeline_class, order["variant"], replaced=replaced
    )
    device.keep_within_what_is_free(load("torch"), placement["device"])
    pipeline = parts.assemble(order, snapshot)
    pictures = [dict(request) for request in order["requests"]]
    _tell_what_is_unread(pipeline, family, pictures, emit)
    store = embeddings.Store(order, family, snapshot)
    rounds = _rounds(_needed(placement["stages"], family, store, pictures), family, pictures)
    tell_loading = _meter(snapshot, replaced, [stage for stage, _ in rounds], emit)
    failed: set[int] = set()
    for stage, chunk in rounds:
        for entry in snapshot.entries:
            if entry.name in stage:
                tell_loading(entry.name)
                loaded = parts.load_part(entry, snapshot, family, placement, replaced)
                setattr(pipeline, entry.name, loaded)
                del loaded  # the stage must hold the only reference
        tell_loading("")
        work = _Work(pipeline, family, {family.role(name) for name in stage}, order, store, emit)
        failed |= {each["id"] for each in chunk if each["id"] not in failed and not work.on(each)}
        _drop_stage(pipeline, stage)
    store.prune()


def _needed(
    stages: Sequence[Sequence[str]],
    family: Family,
    store: embeddings.Store,
    pictures: Sequence[Mapping[str, Any]],
) -> list[Sequence[str]]:
    """Leave the encoders out where every prompt is encoded already."""
    if not all(map(store.has, pictures)):
        return list(stages)
    others = ([name for name in stage if family.role(name) != "encoder"] for stage in stages)
    return [stage for stage in others if stage]


def _rounds(
    stages: Sequence[Sequence[str]], family: Family, pictures: Sequence[dict[str, Any]]
) -> list[tuple[Sequence[str], Sequence[dict[str, Any]]]]:
    """List which stage works on which pictures, in order.

    All prompts are encoded first. Where latents would wait for a decoder that is loaded after
    them, few pictures at a time go on: what is painted is delivered before the next begin.
    """
    encoding = [each for each in stages if {family.role(name) for name in each} == {"encoder"}]
    painting = [each for each in stages if each not in encoding]
    size = CHUNK if len(painting) > 1 else max(len(pictures), 1)
    chunks = [pictures[start : start + size] for start in range(0, len(pictures), size)]
    first = [(stage, pictures) for stage in encoding]
    return [*first, *((stage, chunk) for chunk in chunks for stage in painting)]


def _tell_what_is_unread(
    pipeline: Any, family: Family, pictures: Sequence[Mapping[str, Any]], emit: Emit
) -> None:
    for text in sorted({text for each in pictures if (text := family.unread(pipeline, each))}):
        emit("note", text=text)


def _meter(
    snapshot: Snapshot, replaced: Mapping[str, str], loads: Sequence[Sequence[str]], emit: Emit
) -> Callable[[str], None]:
    """Return what tells that a part is being loaded ("" for none), after how many of all bytes."""
    sizes = {name: sum(snapshot.bytes_by_dtype(name).values()) for name in snapshot.weights}
    sizes |= {name: Path(file).stat().st_size for name, file in replaced.items()}
    total = sum(sizes.get(part, 0) for stage in loads for part in stage)
    done = 0

    def tell(part: str) -> None:
        nonlocal done
        emit("loading", part=part, done=done, total=total)
        done += sizes.get(part, 0)

    return tell


def _drop_stage(pipeline: Any, stage: Sequence[str]) -> None:
    torch = load("torch")
    for name in stage:
        setattr(pipeline, name, None)
    gc.collect()
    device.drop_unused(torch)


@dataclass(frozen=True)
class _Work:
    """What a stage whose parts have `roles` does for a picture."""

    pipeline: Any
    family: Family
    roles: Collection[Role]
    order: Mapping[str, Any]
    store: embeddings.Store
    emit: Emit

    def on(self, picture: dict[str, Any]) -> bool:
        """Take one picture through the stage; a failure that is its own leaves the others alone."""
        torch = load("torch")
        try:
            with torch.no_grad():
                self._do(picture)
        except Exception as error:
            kind = kind_of(error)
            if kind in MEMORY_KINDS:
                raise
            self.emit("error", id=picture["id"], kind=kind, message=describe(error))
            return False
        return True

    def _do(self, picture: dict[str, Any]) -> None:
        if "encoder" in self.roles and not self.store.has(picture):
            self.store.save(picture, self.family.encode(self.pipeline, picture))
        if "denoiser" in self.roles:
            call = self._embeddings(picture) | call_of(self.pipeline, picture, self.emit)
            picture["latents"] = self.family.denoise(self.pipeline, **call)
        if "decoder" in self.roles:
            rgb, width, height = decode(self.pipeline, self.family, picture.pop("latents"))
            text = base64.b64encode(rgb).decode("ascii")
            peaks = device.peaks(load("torch"), self.order["placement"]["device"])
            self.emit("image", id=picture["id"], width=width, height=height, rgb=text, **peaks)

    def _embeddings(self, picture: Mapping[str, Any]) -> dict[str, Any]:
        """Return a picture's embeddings in the precision of the denoiser."""
        dtype = getattr(load("torch"), self.order["placement"]["dtype"])
        found = self.store.load(picture)
        return {name: clamp.fitted(each, dtype) for name, each in found.items()}


def call_of(pipeline: Any, picture: Mapping[str, Any], emit: Emit) -> dict[str, Any]:
    """Return the arguments of the pipeline's call, which emits each `step`.

    The noise is drawn on the CPU, so that a seed means the same picture on every device.
    """
    torch = load("torch")

    def report(_: Any, step: int, __: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        emit("step", id=picture["id"], step=step + 1, steps=pipeline.num_timesteps)
        return tensors

    return {
        "width": picture["width"],
        "height": picture["height"],
        "num_inference_steps": picture["steps"],
        "guidance_scale": picture["guidance_scale"],
        "generator": torch.Generator("cpu").manual_seed(picture["seed"]),
        "callback_on_step_end": report,
    }


def decode(pipeline: Any, family: Family, latents: Any) -> tuple[bytes, int, int]:
    """Return latents as RGB bytes, row by row from the top, and their width and height in px.

    Raises:
        WorkerError: If the model's numbers overflowed, or the picture is one flat colour.
    """
    decoded = family.decode(pipeline, latents)
    picture = pipeline.image_processor.postprocess(decoded, output_type="np")[0]
    height, width, _ = picture.shape
    return rgb_bytes(picture), width, height


def rgb_bytes(picture: Any) -> bytes:
    """Turn floats in [0, 1] (height, width, 3) into bytes, as diffusers' numpy_to_pil does.

    Raises:
        WorkerError: If there is no picture: NaN, or every pixel the same.
    """
    if (picture != picture).any():  # only NaN differs from itself
        raise WorkerError("overflow", "the model's numbers overflowed to NaN: there is no picture")
    pixels = (picture * 255).round().astype("uint8")
    if (pixels == pixels[0, 0]).all():
        colour = "black" if not pixels.any() else "one flat colour"
        raise WorkerError("overflow", f"the model painted nothing: every pixel is {colour}")
    result: bytes = pixels.tobytes()
    return result
