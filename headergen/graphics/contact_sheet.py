"""Several pictures on one sheet, numbered, to choose one of them."""

from collections.abc import Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from headergen.graphics import canvas
from headergen.graphics.typography import fonts

_PAPER, _INK, _SOFT = "#f5f4f0", "#1d1b19", "#5f5b54"
_MARGIN = _GAP = 36
_CAPTION = 64
# px; three of them fill a screen.
_CELL_WIDTH = 560
_CORNERS = 14


def contact_sheet(pictures: Mapping[int, tuple[Path, str]], width: int, height: int) -> Image.Image:
    """Lay out `pictures`, of `width` x `height` px each, by number and with a caption below each.

    Raises:
        SourceError: one of them cannot be read.
    """
    columns = next(count for count, most in ((2, 4), (3, 9), (4, 24)) if len(pictures) <= most)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    cell = (_CELL_WIDTH, round(_CELL_WIDTH * height / width))
    step = (cell[0] + _GAP, cell[1] + _CAPTION)
    size = (2 * _MARGIN - _GAP + columns * step[0], _MARGIN + rows * step[1])
    sheet = Image.new("RGB", size, _PAPER)
    for index, number in enumerate(sorted(pictures)):
        place = (_MARGIN + index % columns * step[0], _MARGIN + index // columns * step[1])
        _paste(sheet, place, cell, number, *pictures[number])
    return sheet


def _paste(
    sheet: Image.Image,
    place: tuple[int, int],
    cell: tuple[int, int],
    number: int,
    path: Path,
    caption: str,
) -> None:
    picture = canvas.cover(canvas.open_source(path, at_least=cell).convert("RGB"), *cell)
    sheet.paste(picture, place, canvas.rounded_mask(cell, _CORNERS))
    draw = ImageDraw.Draw(sheet)
    text = (place[0] + 2, place[1] + cell[1] + 30)
    bold, plain = fonts.face("noto-sans-800", 22), fonts.face("noto-sans-500", 19)
    draw.text(text, str(number), _INK, bold, anchor="lm")
    indent = max(30, round(draw.textlength(str(number), bold)) + 14)
    draw.text((text[0] + indent, text[1]), caption, _SOFT, plain, anchor="lm")
