"""Compute a transformer in float16 though its numbers leave float16's range: clamp them.

Turing has no bfloat16. In Z-Image the feed-forward layers overflow to infinity, of which the next
norm makes NaN. Clamped to the largest float16, they go on: what follows is normalised anyway.
(ComfyUI does the same: Comfy-Org/ComfyUI #11057.)
"""

from __future__ import annotations

from typing import Any

# The largest number of float16.
_LIMIT = 65504.0


def clamp_activations(model: Any) -> None:
    """Clamp what goes into and comes out of each linear layer, and what each block returns."""
    for module in model.modules():
        if hasattr(module, "in_features"):  # also those of quantised parts
            module.register_forward_pre_hook(_clamp_inputs)
            module.register_forward_hook(_clamp_output)
    for block in _blocks(model):
        block.register_forward_hook(_clamp_output)


def fitted(value: Any, dtype: Any) -> Any:
    """Return embeddings (tensors, lists of them, or None) in `dtype`, clamped to its range."""
    import torch

    if isinstance(value, (list, tuple)):
        return [fitted(each, dtype) for each in value]
    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return value
    if dtype == torch.float16 and value.dtype != dtype:
        value = value.clamp(-_LIMIT, _LIMIT)
    return value.to(dtype)


def _blocks(model: Any) -> list[Any]:
    import torch

    lists = [each for each in model.children() if isinstance(each, torch.nn.ModuleList)]
    return [block for each in lists for block in each]


def _clamp_inputs(_: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(each.clamp(-_LIMIT, _LIMIT) for each in inputs)


def _clamp_output(_: Any, __: Any, output: Any) -> Any:
    return output.clamp_(-_LIMIT, _LIMIT)
