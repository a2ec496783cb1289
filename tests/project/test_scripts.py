"""The two scripts that the specification names, run as it runs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.support.paths import CHECKOUT
from tests.support.repository import Repository

SCRIPTS = CHECKOUT / "scripts"


def python(repo: Repository, script: str, *arguments: str, code: int = 0) -> str:
    return repo.run(sys.executable, str(SCRIPTS / script), *arguments, code=code)


def test_a_composite_is_made_of_the_sources(repo: Repository) -> None:
    for name, colour in {"a.png": "navy", "b.png": "gold"}.items():
        Image.new("RGB", (640, 670), colour).save(repo.root / name)

    python(repo, "create_composite_header.py", "a.png", "b.png", "--output", "out/header.png")

    with Image.open(repo.root / "out" / "header.png") as header:
        assert header.size == (1280, 670)
        assert header.getpixel((10, 335)) == (0, 0, 128)
        assert header.getpixel((1270, 335)) == (255, 215, 0)


def test_what_the_command_refuses_the_script_refuses(repo: Repository) -> None:
    said = python(repo, "generate_image_local.py", "the sea", "header.bmp", code=2)
    assert "must end in .png, .webp or .jpg" in said


@pytest.mark.slow
def test_a_picture_is_painted_from_the_prompt(repo: Repository, tiny_zimage: Path) -> None:
    size = "width: 64, height: 64"
    repo.write("headergen.yaml", f"image: {{model: '{tiny_zimage}', device: cpu, {size}}}\n")

    python(repo, "generate_image_local.py", "the sea", "header.png")

    with Image.open(repo.root / "header.png") as header:
        assert header.size == (1280, 670)
        assert "the sea" in header.info["parameters"]


@pytest.mark.parametrize("script", sorted(SCRIPTS.iterdir()), ids=lambda path: path.name)
def test_a_script_only_forwards(script: Path) -> None:
    code = script.read_text("utf-8").partition('"""\n\n')[2]
    assert len([line for line in code.splitlines() if line]) <= 5
