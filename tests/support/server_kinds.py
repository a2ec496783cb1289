"""Image servers as they answer: SGLang's answers were recorded, the others' are from their code."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable

from PIL import Image

from tests.support.image_server import Answer, Request, as_json

MODELS = {
    # multimodal_gen/runtime/entrypoints/openai/common_api.py
    "sglang": {
        "object": "list",
        "data": [
            {
                "id": "Tongyi-MAI/Z-Image-Turbo",
                "object": "model",
                "created": 1,
                "owned_by": "sglang",
                "root": "Tongyi-MAI/Z-Image-Turbo",
                "num_gpus": 1,
                "task_type": "T2I",
            }
        ],
    },
    # vllm/entrypoints/openai/protocol.py, ModelCard
    "vllm-omni": {
        "object": "list",
        "data": [{"id": "Qwen/Qwen-Image", "object": "model", "owned_by": "vllm", "root": "x"}],
    },
    # core/http/endpoints/openai/list.go: ID and Object alone
    "localai": {"object": "list", "data": [{"id": "flux.1-dev", "object": "model"}]},
    # examples/server/routes_openai.cpp
    "sdcpp": {"data": [{"id": "sd-cpp-local", "object": "model", "owned_by": "local"}]},
    # platform.openai.com/docs/api-reference/models/list
    "openai": {
        "object": "list",
        "data": [
            {"id": "gpt-image-1", "object": "model", "created": 1, "owned_by": "system"},
            {"id": "gpt-5", "object": "model", "created": 1, "owned_by": "openai"},
        ],
    },
}


def picture(colour: str = "teal", size: tuple[int, int] = (64, 48), format: str = "PNG") -> bytes:
    """Return a small picture's file; not of one colour."""
    image = Image.new("RGB", size, colour)
    image.paste("white", (0, 0, size[0] // 2, size[1] // 2))
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()


def in_base64(data: bytes) -> str:
    """Return bytes as they stand in JSON."""
    return base64.b64encode(data).decode("ascii")


def answering(kind: str, paint: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
    """Return the answers of a server of a kind; `paint` is what it answers to a POST."""

    def answer(request: Request) -> Answer:
        if request.method == "POST":
            return paint(request)
        if kind == "a1111" and request.path == "/sdapi/v1/options":
            return as_json({"sd_model_checkpoint": "animagine-xl-3.1.safetensors [e3c47aedb0]"})
        if request.path == "/v1/models" and kind in MODELS:
            return as_json(MODELS[kind])
        return as_json({"detail": "Not Found"}, 404)

    return answer


def sglang(request: Request) -> Answer:
    """Answer as SGLang-Diffusion 0.5.23 did when it was asked (diffusers backend, on a CPU).

    It paints JPEG unless it is told otherwise, gives a relative address unless it is asked for
    base64, and fails at sizes that are no multiples of 8.
    """
    if request.method == "GET" and request.path.endswith("/content"):
        return 200, {"Content_Type": "image/jpeg"}, picture("teal", (256, 144), "JPEG")
    if request.method == "GET":
        return answering("sglang", sglang)(request)
    width, height = map(int, request.body.get("size", "1024x1024").split("x"))
    if width % 8 or height % 8:
        return 500, {}, b"Internal Server Error"
    colour = f"#{request.body['seed'] * 2654435761 % 2**24:06x}"
    format = request.body.get("output_format", "jpeg").upper()
    data: dict[str, str | None] = {"revised_prompt": request.body["prompt"], "file_path": "/out/1"}
    if request.body.get("response_format") == "b64_json":
        data["b64_json"] = in_base64(picture(colour, (width, height), format))
        data["url"] = None
    else:
        data["url"] = "/v1/images/455bc0eb-15c3-4ba6-8374-e01116f2de3b/content"
    return as_json({"created": 1, "data": [data]})


def web_ui(request: Request) -> Answer:
    """Answer as AUTOMATIC1111's web UI does (modules/api/api.py, `text2imgapi`)."""
    if request.method == "GET":
        return answering("a1111", web_ui)(request)
    size = request.body["width"], request.body["height"]
    told = {"images": [in_base64(picture("teal", size))], "parameters": {}, "info": "{}"}
    return as_json(told)


def sdcpp_arguments(prompt: str) -> tuple[str, dict[str, object]]:
    """Read a prompt as stable-diffusion.cpp does: what it paints, and what it obeys."""
    pattern = "<sd_cpp_extra_args>(.*?)</sd_cpp_extra_args>"
    found = re.search(pattern, prompt)
    return re.sub(pattern, "", prompt), json.loads(found[1]) if found else {}
