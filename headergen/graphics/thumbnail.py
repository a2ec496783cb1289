"""Small copies of pictures, to be looked at many at a time."""

import io
from pathlib import Path

from headergen.errors import SourceError
from headergen.graphics import canvas


def thumbnail(path: Path, width: int) -> bytes | None:
    """Return the picture at `path` as WebP, at most `width` px wide; None: it can't be read."""
    try:
        image = canvas.open_source(path, at_least=(width, 1))
    except SourceError:
        return None
    if image.width > width:
        image = image.resize((width, max(1, round(image.height * width / image.width))))
    file = io.BytesIO()
    image.save(file, "WEBP", quality=72, method=2)
    return file.getvalue()
