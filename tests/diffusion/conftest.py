"""What the tests of painting share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from headergen.diffusion.attempts import Paint, Pixels
from headergen.diffusion.families.family import Model
from tests.support import checkpoints
from tests.support.forked import WarmProcess

Direct = Callable[[Path, Model, Paint], Pixels]


@pytest.fixture(scope="session")
def direct(warm_process: WarmProcess, tmp_path_factory: pytest.TempPathFactory) -> Direct:
    """Paint as a script of a user would, with the settings of a model."""
    output = tmp_path_factory.mktemp("direct") / "direct.png"

    @functools.cache
    def paint(folder: Path, row: Model, request: Paint) -> Pixels:
        keywords = {
            "prompt": request.prompt,
            "width": request.width,
            "height": request.height,
            "num_inference_steps": request.steps,
            "guidance_scale": request.guidance_scale,
        }
        if request.negative_prompt is not None:
            keywords["negative_prompt"] = request.negative_prompt
        order = str(folder), row.name, keywords, request.seed, str(output)
        warm_process.call(checkpoints.__name__, checkpoints.paint.__name__, *order)
        with Image.open(output) as picture:
            return Pixels(picture.width, picture.height, picture.tobytes())

    return paint
