"""The dialects of image servers: what each takes, and how a request is written in it. Pure.

Most servers speak OpenAI's `POST /v1/images/generations`, each with fields of its own;
AUTOMATIC1111 and Forge have `/sdapi/v1/txt2img`. The fields are those of the servers' own code, as
of November 2026: vLLM-Omni 0.30 (entrypoints/openai/protocol/images.py), SGLang 0.5.23
(multimodal_gen, image_api.py), LocalAI 4.9 (endpoints/openai/image.go), stable-diffusion.cpp
(examples/server/routes_openai.cpp) and AUTOMATIC1111 (modules/api/models.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headergen.diffusion import prompt as prompts

Body = dict[str, Any]

_EXTRA_ARGS = re.compile("sd_cpp_extra_args", re.IGNORECASE)
# The second is any extra network of AUTOMATIC1111's (modules/extra_networks.py).
_SWITCH = re.compile(rf"{_EXTRA_ARGS.pattern}|<\w+:[^>]+>", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What a server is asked to paint, sides in px; None leaves a setting to the server."""

    prompt: str
    width: int
    height: int
    negative_prompt: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Dialect:
    """How one kind of server is asked.

    `takes` are the settings of `Asked` that it heeds beside prompt and size. `body` writes a
    request for the model of a name. `weights`: it reads AUTOMATIC1111's notation in prompts.
    """

    name: str
    body: Callable[[Asked, str | None], Body]
    takes: frozenset[str] = frozenset(("negative_prompt", "steps", "guidance_scale", "seed"))
    route: str = "/v1/images/generations"
    needs_model: bool = False
    weights: bool = False


def _openai(asked: Asked, model: str | None) -> Body:
    """OpenAI refuses every field that it does not know, `response_format` among them."""
    return {"prompt": asked.prompt, **_model(model), **_size(asked), "output_format": "png"}


def _vllm_omni(asked: Asked, model: str | None) -> Body:
    body = {**_openai(asked, model), "response_format": "b64_json", **_settings(asked)}
    return {key: value for key, value in body.items() if value is not None}


def _localai(asked: Asked, model: str | None) -> Body:
    """LocalAI takes what follows a vertical bar for the negative prompt."""
    texts = [text.replace("|", ",") for text in (asked.prompt, asked.negative_prompt) if text]
    body = {
        **_model(model),
        **_size(asked),
        "prompt": "|".join(texts),
        "response_format": "b64_json",
        "seed": asked.seed,
        "step": asked.steps,
    }
    return {key: value for key, value in body.items() if value is not None}


def _sdcpp(asked: Asked, model: str | None) -> Body:
    """stable-diffusion.cpp takes all but the size as JSON between two tags in the prompt."""
    sample: Body = {} if asked.steps is None else {"sample_steps": asked.steps}
    if asked.guidance_scale is not None:
        sample["guidance"] = {"txt_cfg": asked.guidance_scale}
    told = {"seed": asked.seed, "negative_prompt": asked.negative_prompt, "sample_params": sample}
    extra = json.dumps({key: value for key, value in told.items() if value not in (None, {})})
    prompt = f"{asked.prompt}<sd_cpp_extra_args>{extra}</sd_cpp_extra_args>"
    return {**_openai(asked, model), "prompt": prompt}


def _a1111(asked: Asked, model: str | None) -> Body:
    body = {
        "prompt": asked.prompt,
        "negative_prompt": asked.negative_prompt or "",
        "width": asked.width,
        "height": asked.height,
        "steps": asked.steps,
        "cfg_scale": asked.guidance_scale,
        "seed": asked.seed,
        "override_settings": {
            "samples_format": "png",
            **({} if model is None else {"sd_model_checkpoint": model}),
        },
        "save_images": False,
    }
    return {key: value for key, value in body.items() if value is not None}


def _model(name: str | None) -> Body:
    return {} if name is None else {"model": name}


def _size(asked: Asked) -> Body:
    return {"size": f"{asked.width}x{asked.height}"}


def _settings(asked: Asked) -> Body:
    """Write the settings by the names that vLLM-Omni and SGLang share."""
    return {
        "negative_prompt": asked.negative_prompt,
        "num_inference_steps": asked.steps,
        "guidance_scale": asked.guidance_scale,
        "seed": asked.seed,
    }


_ALL = (
    Dialect("openai", _openai, frozenset(), needs_model=True),
    Dialect("vllm-omni", _vllm_omni),
    Dialect("sglang", _vllm_omni),
    Dialect("localai", _localai, frozenset(("negative_prompt", "steps", "seed")), needs_model=True),
    Dialect("sdcpp", _sdcpp),
    Dialect("a1111", _a1111, route="/sdapi/v1/txt2img", weights=True),
)
DIALECTS: Mapping[str, Dialect] = {each.name: each for each in _ALL}

# What `owned_by` of `GET /v1/models` says at each; LocalAI leaves it out.
_OWNERS = {"vllm": "vllm-omni", "sglang": "sglang", "openai": "openai", "system": "openai"}


def recognised(models: object) -> Dialect | None:
    """Tell a server's dialect by its answer to `GET /v1/models`; None if it is unknown."""
    if not isinstance(models, dict):
        return None
    listed = models.get("data")
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], dict):
        return None
    owner = listed[0].get("owned_by")
    if owner == "local" and str(listed[0].get("id")).startswith("sd-cpp"):
        return DIALECTS["sdcpp"]
    if "owned_by" not in listed[0]:
        return DIALECTS["localai"] if models.get("object") == "list" else None
    return DIALECTS.get(_OWNERS.get(str(owner), ""))


def names_in(models: object) -> list[str]:
    """List the models that an answer to `GET /v1/models` names."""
    listed = models.get("data") if isinstance(models, dict) else None
    found = [each.get("id") for each in listed or () if isinstance(each, dict)]
    return [name for name in found if isinstance(name, str) and name]


def as_read_by(dialect: Dialect, text: str) -> str:
    """Return a prompt without what a server would obey as a command, and as this one may read it.

    stable-diffusion.cpp obeys what stands between two tags, and AUTOMATIC1111 loads the networks
    that a prompt names. It is done last, and leaves a blank, so that no two parts make a new one.
    """
    kept = text if dialect.weights else prompts.plain_text(text)
    # Behind the last `>` no network ends, and looking for one takes time in the square of the text.
    networks, end, rest = kept.rpartition(">")
    return f"{_SWITCH.sub(' ', networks + end)}{_EXTRA_ARGS.sub(' ', rest)}".strip()
