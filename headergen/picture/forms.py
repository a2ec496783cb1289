"""What other programs write of a painted picture, as JSON: Fooocus, SwarmUI, InvokeAI, ComfyUI.

The keys are those that the programs write themselves: Fooocus `modules/meta_parser.py`, SwarmUI
`src/Text2Image/T2IParamInput.cs`, InvokeAI `invokeai/app/invocations/metadata.py`, and ComfyUI's
prompt graph, in the form in which its server takes it.
"""

import json
import math
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from headergen.picture import parameters
from headergen.picture.parameters import Settings

# The keys of each setting, whichever program wrote it.
_KEYS: Mapping[str, Sequence[str]] = {
    "prompt": ("prompt", "positive_prompt"),
    "negative_prompt": ("negative_prompt", "negativeprompt"),
    "model": ("model", "base_model", "model_weights"),
    "steps": ("steps",),
    "guidance_scale": ("guidance_scale", "cfgscale", "cfg_scale"),
    "seed": ("seed",),
    "width": ("width",),
    "height": ("height",),
}
# Where a program keeps them one level down.
_INNER = ("sui_image_params", "image")
_RESOLUTION = re.compile(r"\(?(\d{1,5})\s*[,x×]\s*(\d{1,5})\)?")


def read(text: str) -> Settings | None:
    """Read what a text about a painted picture says; None if it is JSON in no known form."""
    if not text.lstrip().startswith("{"):
        return parameters.read(text)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        # `{red|blue} car` is how some programs write choices, and a prompt may begin with JSON.
        settings = parameters.read(text)
        is_broken = settings.steps is None and re.match(r'\s*\{\s*"', text)
        return None if is_broken else settings
    return _of_graph(data) if _is_graph(data) else _of_values(data)


def is_json(text: str) -> bool:
    """Check whether a text is a JSON object, which is no reading for people."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _of_values(data: Mapping[str, object]) -> Settings | None:
    inner = next((data[name] for name in _INNER if isinstance(data.get(name), dict)), None)
    values = {**data, **inner} if isinstance(inner, dict) else data
    found = {name: _first(values, keys) for name, keys in _KEYS.items()}
    prompt = _text(found["prompt"])
    if prompt is None:
        return None
    width, height = _sides(values.get("resolution"))
    return Settings(
        prompt=prompt,
        negative_prompt=_text(found["negative_prompt"]),
        model=_name(found["model"]),
        steps=_whole(found["steps"]),
        guidance_scale=_number(found["guidance_scale"]),
        seed=_whole(found["seed"]),
        width=_whole(found["width"]) or width,
        height=_whole(found["height"]) or height,
    )


def _first(values: Mapping[str, object], keys: Sequence[str]) -> object:
    return next((values[key] for key in keys if values.get(key) is not None), None)


def _text(value: object) -> str | None:
    """Return a prompt; InvokeAI wrote a list of them with weights once."""
    if isinstance(value, list):
        parts = [each.get("prompt") for each in value if isinstance(each, dict)]
        value = ", ".join(part for part in parts if isinstance(part, str))
    return value.strip() or None if isinstance(value, str) else None


def _name(value: object) -> str | None:
    if isinstance(value, dict):
        value = value.get("name") or value.get("model_name")
    return value if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if re.fullmatch("[0-9]{1,20}", str(value)) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _sides(value: object) -> tuple[int | None, int | None]:
    found = _RESOLUTION.fullmatch(value.strip()) if isinstance(value, str) else None
    return (int(found[1]), int(found[2])) if found else (None, None)


# --- ComfyUI -----------------------------------------------------------------------------------

# Real graphs have tens of nodes; a stranger's may be made to take long.
_MOST_SAMPLERS, _MOST_NODES = 8, 300

# A link in a graph: `["6", 0]`, the id of a node and which of its outputs.
_Nodes = Mapping[str, Mapping[str, object]]


def _is_graph(data: Mapping[str, object]) -> bool:
    nodes = data.values()
    return bool(data) and all(isinstance(node, dict) and "class_type" in node for node in nodes)


def _of_graph(data: Mapping[str, object]) -> Settings | None:
    """Read the first sampler of a graph, and what its links lead to."""
    nodes: _Nodes = {
        name: node["inputs"]
        for name, node in data.items()
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict)
    }
    samplers = (inputs for inputs in nodes.values() if {"positive", "negative"} <= inputs.keys())
    for inputs in islice(samplers, _MOST_SAMPLERS):
        prompt = _linked(nodes, inputs["positive"], ("text", "prompt", "text_g"))
        if isinstance(prompt, str):
            return _of_sampler(nodes, inputs, prompt)
    return None


def _of_sampler(nodes: _Nodes, inputs: Mapping[str, object], prompt: str) -> Settings:
    seed = inputs.get("seed", inputs.get("noise_seed"))
    latent = inputs.get("latent_image")
    return Settings(
        prompt=prompt.strip(),
        negative_prompt=_text(_linked(nodes, inputs["negative"], ("text", "prompt", "text_g"))),
        model=_name(_linked(nodes, inputs.get("model"), ("ckpt_name", "unet_name"))),
        steps=_whole(_linked(nodes, inputs.get("steps"), ("value", "int"))),
        guidance_scale=_number(_linked(nodes, inputs.get("cfg"), ("value", "float"))),
        seed=_whole(_linked(nodes, seed, ("seed", "noise_seed", "value", "int"))),
        width=_whole(_linked(nodes, latent, ("width",))),
        height=_whole(_linked(nodes, latent, ("height",))),
    )


def _linked(nodes: _Nodes, value: object, names: Sequence[str]) -> object:
    """Follow links until a node has a plain value under one of `names`; each node counts once."""
    waiting, seen = deque([value]), set[str]()
    while waiting and len(seen) < _MOST_NODES:
        value = waiting.popleft()
        if value is not None and not isinstance(value, list):
            return value
        name = value[0] if value else None
        if isinstance(name, str) and name in nodes and name not in seen:
            seen.add(name)
            waiting += _candidates(nodes[name], names)
    return None


def _candidates(inputs: Mapping[str, object], names: Sequence[str]) -> Iterator[object]:
    yield from (inputs[name] for name in names if name in inputs)
    links = (value for name, value in inputs.items() if name not in names)
    yield from (value for value in links if isinstance(value, list))
