"""Turn SDXL's prompts into embeddings, by compel: with weights, and beyond 77 tokens."""

from __future__ import annotations

from typing import Any

from headergen.diffusion import prompt as prompts
from headergen.diffusion.worker.libraries import load


def encode_sdxl(
    pipeline: Any, prompt: str, negative_prompt: str | None, *, guided: bool
) -> dict[str, Any]:
    """Encode a prompt and, if `guided`, a negative one, for StableDiffusionXLPipeline's call.

    Returns:
        `prompt_embeds` (1, a multiple of 77, width of both encoders) and `pooled_prompt_embeds`,
        and the same for the negative prompt. Compel's own pooled embeddings are those of the
        notation's characters; these are of the words.

    Raises:
        WorkerError: If compel is not installed.
    """
    compel = load("compel").CompelForSDXL(pipeline)
    texts = [prompt]
    if guided and not _is_zeroed(pipeline, negative_prompt):
        texts.append(negative_prompt or "")
    embeds, pooled = _encode(compel, texts)
    result = {"prompt_embeds": embeds[:1], "pooled_prompt_embeds": pooled[:1]}
    if guided:
        zeroed = len(texts) == 1
        result["negative_prompt_embeds"] = embeds.new_zeros(embeds.shape) if zeroed else embeds[1:]
        result["negative_pooled_prompt_embeds"] = (
            pooled.new_zeros(pooled.shape) if zeroed else pooled[1:]
        )
    return result


def _is_zeroed(pipeline: Any, negative_prompt: str | None) -> bool:
    """Say whether diffusers would take zeros for want of a negative prompt."""
    return negative_prompt is None and pipeline.config.force_zeros_for_empty_prompt


def _encode(compel: Any, texts: list[str]) -> tuple[Any, Any]:
    """Encode texts to tensors of one length, in the precision of the encoders."""
    import torch

    sides = []
    for encoder in (compel.compel_1, compel.compel_2):
        rows = [_condition(encoder, text) for text in texts]
        sides.append(torch.cat(encoder.pad_conditioning_tensors_to_same_length(rows)))
    provider = compel.compel_2.conditioning_provider
    plain = [prompts.plain_text(text) for text in texts]
    pooled = provider.get_pooled_embeddings(plain, device=compel.compel_2.device)
    dtype = provider.text_encoder.dtype
    return torch.cat(sides, dim=-1).to(dtype), pooled.to(dtype)


def _condition(encoder: Any, text: str) -> Any:
    """Hand compel what its parser would make of its own notation, without its syntax's traps."""
    from compel.prompt_parser import Conjunction, FlattenedPrompt

    chunks = [FlattenedPrompt([tuple(each) for each in chunk]) for chunk in prompts.parse(text)]
    conjunction = Conjunction(chunks, [1.0] * len(chunks))
    return encoder.build_conditioning_tensor_for_conjunction(conjunction)[0]
