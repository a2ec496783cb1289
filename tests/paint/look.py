"""That a picture looks as it did: a golden thumbnail beside it, compared as eyes would."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter, ImageStat

GOLDENS = Path(__file__).parent.parent / "data" / "look"
_WIDTH = 320
# Of 255: versions of FreeType differ by less, a moved line or another colour by much more.
_LIMIT = 8


def assert_looks_as_it_did(picture: Image.Image, name: str) -> None:
    """Compare a picture with the golden `name`; HEADERGEN_UPDATE_GOLDENS=1 replaces it first."""
    size = (_WIDTH, round(_WIDTH * picture.height / picture.width))
    now = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    golden = GOLDENS / f"{name}.jpg"
    if os.environ.get("HEADERGEN_UPDATE_GOLDENS"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        now.save(golden, quality=88, subsampling=0, optimize=True)
    with Image.open(golden) as then:
        assert difference(now, then.convert("RGB")) < _LIMIT, f"{golden} looks another way"


def difference(one: Image.Image, other: Image.Image) -> float:
    """Measure the largest difference, 0 to 255, of any area of 4 px of a thumbnail."""
    blurred = [each.filter(ImageFilter.GaussianBlur(2)) for each in (one, other)]
    areas = ImageChops.difference(*blurred).reduce(4)
    return float(max(high for _, high in ImageStat.Stat(areas).extrema))
