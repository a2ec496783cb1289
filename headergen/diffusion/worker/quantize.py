"""Quantised parts, through SDNQ, and GGUF transformers, through diffusers' own reader.

SDNQ quantises weights only: each layer dequantises its own and multiplies in the compute dtype, so
nothing is computed in float16, in which some models overflow, and no kernel is needed that Turing
lacks. (bitsandbytes' 8 bit casts to float16, torchao's 4 bit kernels need Ampere.) It is an
optional library of the worker's interpreter, under the GPL.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from headergen.diffusion.worker.libraries import load

_WEIGHTS_DTYPES = {"8bit": "int8", "4bit": "uint4"}


def sdnq() -> Any:
    """Import SDNQ, which registers itself with diffusers and transformers.

    Raises:
        WorkerError: It cannot be imported.
    """
    # It would compile its layers where it finds Triton: minutes for a single picture.
    os.environ.setdefault("SDNQ_USE_TORCH_COMPILE", "0")
    return load("sdnq")


def config_for(bits: str) -> Any:
    """Make SDNQ's settings for `8bit` (a scale a row) or `4bit` (scale and zero point a group)."""
    return sdnq().SDNQConfig(weights_dtype=_WEIGHTS_DTYPES[bits])


def as_stored(model: Any, facts: Mapping[str, Any], dtype: Any) -> Any:
    """Give an empty model the layers that it has where it is stored quantised by SDNQ.

    `facts` is the `quantization_config` of the part's config.json.
    """
    quantizer = sdnq().SDNQQuantizer(sdnq().SDNQConfig.from_dict(dict(facts)), pre_quantized=True)
    quantizer.torch_dtype = dtype
    quantizer._process_model_before_weight_loading(model, device_map=None)
    return model


def quantized_tensors(
    model: Any, tensors: Iterable[tuple[str, Any]], *, bits: str, dtype: Any
) -> Iterator[tuple[str, Any] | dict[str, Any]]:
    """Quantise `tensors` of the empty `model` one by one, as loading it quantised would.

    `tensors` have the names that they have in the model.

    Yields:
        The names and tensors of the quantised part, and last its `quantization_config`.
    """
    import torch

    config = config_for(bits)
    quantizer = sdnq().SDNQQuantizer(config, pre_quantized=False)
    quantizer.torch_dtype = dtype
    quantizer._process_model_before_weight_loading(model, device_map=None)
    for name, found in tensors:
        tensor = found.to(dtype) if found.is_floating_point() else found  # as loading does first
        if not quantizer.check_if_quantized_param(model, tensor, name):
            yield name, tensor
            continue
        quantizer.create_quantized_param(model, tensor, name, torch.device("cpu"))
        owner = name.removesuffix(".weight")
        layer = model.get_submodule(owner)
        for leaf, value in layer.state_dict().items():
            if not value.is_meta:  # its bias is a tensor of its own
                yield f"{owner}.{leaf}", value
        layer.to("meta")
    yield quantizer.quantization_config.to_dict()


def load_gguf(part_class: Any, folder: Path, file: Path, *, dtype: Any, device: str) -> Any:
    """Load a transformer from a GGUF file; `folder` holds its config.json."""
    diffusers = load("diffusers")
    load("gguf")
    return part_class.from_single_file(
        str(file),
        config=str(folder),
        quantization_config=diffusers.GGUFQuantizationConfig(compute_dtype=dtype),
        dtype=dtype,
        local_files_only=True,
    ).to(device)
