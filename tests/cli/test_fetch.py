"""`headergen fetch`: what it asks for; fetching itself is tested in diffusion/test_fetch.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from headergen.cli.main import main
from headergen.diffusion import fetching, interpreter
from headergen.diffusion.cache import Fetched

CONFIG = """
image: {device: cpu, width: 640, height: 336}
header: {width: 1200, height: 1200}
worker: {timeout_s: 7}
"""


@pytest.mark.parametrize(
    ("model", "size"),
    [
        pytest.param([], (640, 336), id="the config's model at the config's render size"),
        pytest.param(["animagine-xl-3.1"], (1024, 1024), id="another in the header's shape"),
    ],
)
def test_a_model_is_fetched_for_the_size_and_with_the_patience_of_the_config(
    model: list[str], size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def fetch_nothing(*positional: Any, **named: Any) -> Fetched:
        _python, _checkpoint, device, render, _progress = positional
        asked.append({"device": device, "size": render, "timeout_s": named["timeout_s"]})
        return Fetched(tmp_path, "1234567")

    monkeypatch.setattr(fetching, "fetch", fetch_nothing)
    monkeypatch.setattr(interpreter, "find_interpreter", lambda *_: Path(sys.executable))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "headergen.yaml").write_text(CONFIG)

    assert main(["fetch", *model]) == 0
    assert asked == [{"device": "cpu", "size": size, "timeout_s": 7.0}]
