"""The `parameters` text: what a model was told, in the form that most programs read.

AUTOMATIC1111's web UI made it up (`modules/infotext_utils.py` there): the prompt, then a line
`Negative prompt: …`, then a last line of `Label: value` pairs.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headergen import __version__
from headergen.vocabulary import COMMIT_PATTERN

TOOL = f"headergen {__version__}"


@dataclass(frozen=True)
class Settings:
    """What a model was told, as far as it is known; `width` and `height` in px, as it painted.

    `transformer` is the name of the GGUF file that took the place of the model's own, and
    `quantization` the `8bit` or `4bit` in which its weights were. `decoding` is `tiles` where the
    picture was decoded by tiles, because memory was short. `loras` are names and weights, such as
    `ink: 0.8`. `server` is the kind of image server that painted, such as `sglang`.
    """

    prompt: str
    negative_prompt: str | None = None
    model: str | None = None
    revision: str | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    transformer: str | None = None
    quantization: str | None = None
    decoding: str | None = None
    loras: str | None = None
    server: str | None = None


# The web UI's own pattern, without what makes it take time in the square of a line.
_PAIR = re.compile(r'(\w[\w \-/]{0,60}):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
# With fewer pairs the web UI takes a last line for a part of the prompt.
_FEWEST_PAIRS = 3
_NEGATIVE = "Negative prompt:"
_TEMPLATES = ("Template:", "Negative Template:")
# What must not stand inside one of the texts at the start of a line: readers split there.
_MARKER = re.compile(r"^([^\S\n]*)(Negative prompt|Steps)(?=:)", re.MULTILINE)
_LINE_BREAK = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
# What XML 1.0, PNG's text chunks or a terminal do not take.
_UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

_LABELS: Mapping[str, str] = {
    "steps": "Steps",
    "guidance_scale": "CFG scale",
    "seed": "Seed",
    "model": "Model",
    "revision": "Model revision",
    "transformer": "Transformer",
    "quantization": "Quantization",
    "decoding": "Decoding",
    "loras": "LoRAs",
    "server": "Server",
}
# Labels of headergen's own: a text that its plain place could not hold as it was.
_EXACT: Mapping[str, str] = {"prompt": "Exact prompt", "negative_prompt": "Exact negative prompt"}


def write(settings: Settings) -> str:
    """Write the text from which `read` reads the same settings again.

    A prompt may hold anything, also lines that look like the parts of this text. Readers get such
    a prompt with a blank put in; as it was it stands, quoted, in the last line.
    """
    plain = _plain(settings)
    found = read(plain)
    lost = {name for name in _EXACT if getattr(found, name) != getattr(settings, name)}
    exact = (f"{_EXACT[name]}: {json.dumps(getattr(settings, name))}" for name in sorted(lost))
    return ", ".join([plain, *exact])


def _plain(settings: Settings) -> str:
    lines = [_part(settings.prompt)]
    if settings.negative_prompt:
        lines.append(f"{_NEGATIVE} {_part(settings.negative_prompt)}")
    return "\n".join([*lines, ", ".join(_pairs(settings))]).strip()


def _part(text: str) -> str:
    lines = _UNFIT.sub(" ", _LINE_BREAK.sub("\n", text))
    return _MARKER.sub(r"\1\2 ", lines).strip()


def _pairs(settings: Settings) -> Iterator[str]:
    for name, label in _LABELS.items():
        value = getattr(settings, name)
        if value is not None:
            yield f"{label}: {_quoted(_shown(value))}"
    if settings.width and settings.height:
        yield f"Size: {settings.width}x{settings.height}"
    yield f"Version: {TOOL}"


def _shown(value: object) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _quoted(text: str) -> str:
    """Quote a value as the web UI does, and where it would not read back."""
    if text == text.strip() and text.isprintable() and not re.search('[,:"]', text):
        return text
    return json.dumps(text)


def read(text: str) -> Settings:
    """Read what a `parameters` text says, whichever tool wrote it."""
    *lines, last = _without_templates(text.strip().split("\n"))
    pairs = dict(_PAIR.findall(last))
    if len(pairs) < _FEWEST_PAIRS:
        lines, pairs = [*lines, last], {}
    prompt, negative_prompt = _read_prompts(lines)
    values = {label: _unquoted(value) for label, value in pairs.items()}
    width, _, height = values.get("Size", "").partition("x")
    return Settings(
        prompt=values.get(_EXACT["prompt"], prompt),
        negative_prompt=values.get(_EXACT["negative_prompt"], negative_prompt),
        model=values.get(_LABELS["model"]),
        revision=_commit(values.get(_LABELS["revision"])),
        steps=_whole(values.get(_LABELS["steps"])),
        guidance_scale=_number(values.get(_LABELS["guidance_scale"])),
        seed=_whole(values.get(_LABELS["seed"])),
        width=_whole(width),
        height=_whole(height),
        transformer=values.get(_LABELS["transformer"]),
        quantization=values.get(_LABELS["quantization"]),
        decoding=values.get(_LABELS["decoding"]),
        loras=values.get(_LABELS["loras"]),
        server=values.get(_LABELS["server"]),
    )


def _without_templates(lines: list[str]) -> list[str]:
    """Drop what the web UI's extension for dynamic prompts adds behind the line of pairs."""
    for before, (index, line) in zip(lines, enumerate(lines[1:], 1), strict=False):
        if before.startswith("Steps:") and line.startswith(_TEMPLATES):
            return lines[:index]
    return lines


def _read_prompts(lines: list[str]) -> tuple[str, str | None]:
    prompt: list[str] = []
    negative: list[str] = []
    part = prompt
    for line in lines:
        if line.strip().startswith(_NEGATIVE):
            part, line = negative, line.strip().removeprefix(_NEGATIVE)
        part.append(line)
    return "\n".join(prompt).strip(), "\n".join(negative).strip() or None


def _unquoted(value: str) -> str:
    try:
        text = json.loads(value) if value.startswith('"') else value
    except ValueError:
        return value.strip()
    return text if value.startswith('"') else value.strip()


def _commit(text: str | None) -> str | None:
    return text if text and re.fullmatch(COMMIT_PATTERN, text) else None


def _whole(text: str | None) -> int | None:
    # Python takes time in the square of a number's digits; 2**64 has 20.
    return int(text) if text and re.fullmatch("[0-9]{1,20}", text) else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
