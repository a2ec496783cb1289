"""A large source costs memory once, and is the same pixels as when it is read in one piece."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from headergen.errors import SourceError
from headergen.graphics import canvas

MODES = ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"]


def picture_of(mode: str, size: tuple[int, int]) -> Image.Image:
    if mode == "I;16":
        return Image.new("I;16", size, 3000)
    gray = Image.linear_gradient("L").resize(size)
    picture = gray.convert(mode)
    if mode in ("RGBA", "LA"):
        picture.putalpha(gray.rotate(180))
    return picture


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("at_least", [None, (40, 20), (10, 6)], ids=["whole", "by 2", "by 8"])
def test_bands_are_the_same_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, at_least: tuple[int, int] | None
) -> None:
    path = tmp_path / "a.png"
    picture_of(mode, (203, 137)).save(path)
    whole = canvas.open_source(path, at_least=at_least)
    monkeypatch.setattr(canvas, "_BAND_PIXELS", 1000)

    banded = canvas.open_source(path, at_least=at_least)

    assert (banded.mode, banded.size) == (whole.mode, whole.size)
    assert banded.tobytes() == whole.tobytes()


def test_transparency_in_one_band_alone_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = Image.new("RGBA", (100, 100), "teal")
    picture.putpixel((50, 99), (0, 0, 0, 0))
    picture.save(tmp_path / "a.png")
    Image.new("RGBA", (100, 100)).save(tmp_path / "nothing.png")
    monkeypatch.setattr(canvas, "_BAND_PIXELS", 1000)

    assert canvas.open_source(tmp_path / "a.png").getchannel("A").getextrema() == (0, 255)
    with pytest.raises(SourceError, match="wholly transparent"):
        canvas.open_source(tmp_path / "nothing.png")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the most memory held")
@pytest.mark.parametrize("mode", MODES)
def test_a_picture_of_49_megapixels_costs_400_mb(tmp_path: Path, mode: str) -> None:
    picture_of(mode, (7000, 7000)).save(tmp_path / "a.png", compress_level=1)
    code = (
        "import re, sys\nfrom pathlib import Path\nfrom headergen.graphics import canvas\n"
        "canvas.open_source(Path(sys.argv[1]), at_least=(1280, 670))\n"
        # What getrusage tells begins with the memory of the process that started this one.
        "print(re.search('VmHWM:\\s+(.*) kB', Path('/proc/self/status').read_text())[1])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.png")]
    done = subprocess.run(command, capture_output=True, check=True)

    assert int(done.stdout) * 1024 < 400_000_000
