"""Where a title card's texts stand: sizes and places, before anything is painted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from headergen.graphics.card.content import Card
from headergen.graphics.typography import fonts
from headergen.graphics.typography.fit import Placed, Setting, Style, fit
from headergen.graphics.typography.glyphs import normalise, row
from headergen.graphics.typography.markup import read_inline
from headergen.vocabulary import HEADER_HEIGHT, HEADER_WIDTH

Box = tuple[float, float, float, float]

# Lengths below are px of a card of this size; other sizes scale them.
REFERENCE = (HEADER_WIDTH, HEADER_HEIGHT)
# Left, top, right, bottom. note.com's listings and link cards keep it, with clear space around.
_SAFE = (160, 126, 1120, 544)

_SMALLEST_TITLE, _LARGEST_TITLE = 24, 100
# Letters of a title of up to 50 em that has the whole safe height, in px, where the text has all of
# the width and where it has about two thirds: what can still be read in a list of articles, where
# the card is 320 px wide and they are 16 and 13 px.
_READABLE, _READABLE_BESIDE, _READABLE_LENGTH = 64, 52, 50
# In headers less wide than this (width to height) nothing stands beside the text.
_WIDE = 1.25
# A title with few letters may have larger ones, as long as they cover this share of its room at
# most, and by this factor.
_SHORT_TITLE_SHARE, _GROWTH = 0.34, 2.2
_MAX_TITLE_LINES = 12
# A subtitle is this share of the title's size, within these bounds.
_SUBTITLE_SHARE, _SUBTITLE_SIZES, _SUBTITLE_LINES = 0.42, (22, 36), 2
_SUBTITLE_GAP = 1.25
# The height that a subtitle is sure to have.
_TITLE_SHARE = 0.74

_SMALL = 25
_ROW_HEIGHT, _ROW_GAP = 42, 32
_CHIP_PADDING, _CHIP_GAP = 18, 12
_RULE, _RULE_GAP = (72, 9), 34
_LOGO, _LOGO_GAP = (150, 46), 16
BYLINE_SEPARATOR = "　"
# Of the height that a title leaves free: what is above it.
_FREE_ABOVE: Mapping[str, float] = {"head": 0.0, "middle": 0.5, "foot": 1.0}


@dataclass(frozen=True)
class Frame:
    """The part of a card that text may stand in, in px; `unit` is a reference px in px."""

    box: Box
    unit: float

    @property
    def width(self) -> float:
        """In px."""
        return self.box[2] - self.box[0]


@dataclass(frozen=True)
class Manner:
    """How a card's text is set: `align` is "left" or "center", `tracking` in em.

    `stand` is where in its room the title is: in the "middle", at the "foot" or at the "head"; at
    the latter two, tags and author are right above and below it. `at_right` takes the right part of
    the width instead of the left one. `rule` puts a short bar above the title, where no tags are.
    `largest` is the size of its letters, in px of the reference size. `growth` and `shrinkage` are
    factors: what a short title's may exceed it by, and a long one's fall short of it, so that
    either takes much the same room.
    """

    family: Sequence[str] = fonts.HEAVY
    align: str = "left"
    tracking: float = 0.01
    room: float = 1.0
    rule: bool = False
    stand: str = "middle"
    at_right: bool = False
    largest: int = _LARGEST_TITLE
    growth: float = _GROWTH
    shrinkage: float = 1.0


@dataclass(frozen=True)
class Arrangement:
    """The places of all that a card shows, in px; boxes are (left, top, right, bottom)."""

    texts: tuple[Placed, ...]
    pills: tuple[Box, ...] = ()
    rule: Box | None = None
    logo: Box | None = None


def is_wide(width: int, height: int) -> bool:
    """Tell whether a card of `width` x `height` px has room beside its text."""
    return width >= _WIDE * height


def safe_frame(width: int, height: int, room: float = 1.0, *, at_right: bool = False) -> Frame:
    """Return what every crop of a card of `width` x `height` px keeps; `room` of its width.

    Where a card is square or upright, that is all of its width.
    """
    left, top, right, bottom = _SAFE
    across, down = width / REFERENCE[0], height / REFERENCE[1]
    taken = (right - left) * (room if is_wide(width, height) else 1.0)
    start = right - taken if at_right else left
    box = (start * across, top * down, (start + taken) * across, bottom * down)
    # An upright card is read at its own height: letters scaled by its width alone are too small.
    return Frame(box, min(across, down) if is_wide(width, height) else math.sqrt(across * down))


def arrange(
    card: Card, manner: Manner, frame: Frame, logo: tuple[int, int] | None = None
) -> Arrangement:
    """Place a card's texts: tags above, the title with its subtitle, author and date below.

    `logo` is the logo's own size in px; it stands before the author.

    Raises:
        GlyphError: no bundled font draws a character.
        ValueError: the title is blank.
    """
    chips, pills = _chips(card.tags, manner, frame)
    byline, logo_box = _byline(card, manner, frame, logo)
    row = (_ROW_HEIGHT + _ROW_GAP) * frame.unit
    left, top, right, bottom = frame.box
    top += row if chips else 0
    bottom -= row if byline or logo_box else 0
    has_rule = manner.rule and not chips
    room = Frame((left, top, right, bottom), frame.unit)
    titles, rule = _titles(card, replace(manner, rule=has_rule), room)
    if manner.stand == "foot":
        chips, pills = _lowered(chips, pills, titles[0].top - row - frame.box[1])
    if manner.stand == "head":
        up = titles[-1].bottom + _ROW_GAP * frame.unit - (frame.box[3] - _ROW_HEIGHT * frame.unit)
        byline = [replace(text, top=text.top + up) for text in byline]
        logo_box = logo_box and _moved_down(logo_box, up)
    return Arrangement((*chips, *titles, *byline), pills, rule, logo_box)


def _moved_down(box: Box, by: float) -> Box:
    left, top, right, bottom = box
    return left, top + by, right, bottom + by


def _lowered(
    chips: Sequence[Placed], pills: Sequence[Box], by: float
) -> tuple[list[Placed], tuple[Box, ...]]:
    moved = [replace(chip, top=chip.top + by) for chip in chips]
    return moved, tuple(_moved_down(pill, by) for pill in pills)


def _titles(card: Card, manner: Manner, frame: Frame) -> tuple[list[Placed], Box | None]:
    left, top, _, bottom = frame.box
    above = (_RULE[1] + _RULE_GAP) * frame.unit if manner.rule else 0.0
    height = bottom - top - above
    below = normalise(card.subtitle or "")
    title = _title(card.title, manner, frame, height * (_TITLE_SHARE if below else 1))
    subtitle = _subtitle(below, title, frame, height) if below else None
    gap = _SUBTITLE_GAP * subtitle.size if subtitle else 0.0
    free = height - title.height - gap - (subtitle.height if subtitle else 0.0)
    head = top + above + free * _FREE_ABOVE[manner.stand]
    texts = [Placed(title, left, head, frame.width, manner.align)]
    if subtitle:
        texts.append(Placed(subtitle, left, texts[0].bottom + gap, frame.width, manner.align))
    return texts, _rule(manner, frame, head) if manner.rule else None


def _title(text: str, manner: Manner, frame: Frame, height: float) -> Setting:
    area = _SHORT_TITLE_SHARE * frame.width * height
    written = read_inline(text)
    whole = row(written.text, manner.family, manner.tracking, written.code)
    length = whole.width(0, len(written.text))
    largest = manner.largest * frame.unit
    smaller, larger = manner.shrinkage * largest, manner.growth * largest
    readable = _readable(manner, frame, height) if length <= _READABLE_LENGTH else 0
    style = Style(
        manner.family,
        largest=max(round(min(max(math.sqrt(area / length), smaller), larger)), 1),
        smallest=max(round(_SMALLEST_TITLE * frame.unit), 1),
        max_lines=_MAX_TITLE_LINES,
        tracking=manner.tracking,
        readable=readable,
    )
    return fit(written, style, frame.width, height)


def _readable(manner: Manner, frame: Frame, height: float) -> int:
    """Return the size in px that a title is set at least in, less where its room is lower."""
    size = _READABLE if manner.room == 1 else _READABLE_BESIDE
    return math.floor(size * min(height / (_SAFE[3] - _SAFE[1]), frame.unit))


def _subtitle(text: str, title: Setting, frame: Frame, height: float) -> Setting:
    smallest, largest = (size * frame.unit for size in _SUBTITLE_SIZES)
    size = round(min(max(title.size * _SUBTITLE_SHARE, smallest), largest))
    style = Style(fonts.QUIET, size, max(round(smallest), 1), _SUBTITLE_LINES, tracking=0.03)
    return fit(text, style, frame.width, height * (1 - _TITLE_SHARE))


def _rule(manner: Manner, frame: Frame, head: float) -> Box:
    width, height = _RULE[0] * frame.unit, _RULE[1] * frame.unit
    left = frame.box[0] + (frame.width - width) / 2 * (manner.align == "center")
    bottom = head - _RULE_GAP * frame.unit
    return left, bottom - height, left + width, bottom


def _chips(
    tags: Sequence[str], manner: Manner, frame: Frame
) -> tuple[list[Placed], tuple[Box, ...]]:
    """Place as many tags as one row has room for, each in its pill."""
    padding, gap, height = (each * frame.unit for each in (_CHIP_PADDING, _CHIP_GAP, _ROW_HEIGHT))
    settings = [_small(tag, frame, frame.width - 2 * padding) for tag in tags if normalise(tag)]
    widths: list[float] = []
    for setting in settings:
        if sum(widths) + len(widths) * gap + setting.width + 2 * padding > frame.width:
            break
        widths.append(setting.width + 2 * padding)
    free = frame.width - sum(widths) - gap * (len(widths) - 1)
    x, top = frame.box[0] + free / 2 * (manner.align == "center"), frame.box[1]
    texts, pills = [], []
    for setting, width in zip(settings, widths, strict=False):
        pills.append((x, top, x + width, top + height))
        texts.append(Placed(setting, x + padding, top + (height - setting.size) / 2, width))
        x += width + gap
    return texts, tuple(pills)


def _byline(
    card: Card, manner: Manner, frame: Frame, logo: tuple[int, int] | None
) -> tuple[list[Placed], Box | None]:
    """Place logo, author and date in one row at the foot."""
    left, _, _, bottom = frame.box
    top = bottom - _ROW_HEIGHT * frame.unit
    logo_width, logo_height = _fitted(logo, frame.unit) if logo else (0.0, 0.0)
    gap = _LOGO_GAP * frame.unit if logo else 0.0
    parts = (normalise(part) for part in (card.author, card.date) if part)
    text = BYLINE_SEPARATOR.join(part for part in parts if part)
    setting = _small(text, frame, frame.width - logo_width - gap) if text else None
    width = logo_width + (gap + setting.width if setting else 0.0)
    x = left + (frame.width - width) / 2 * (manner.align == "center")
    middle = top + _ROW_HEIGHT * frame.unit / 2
    box = (x, middle - logo_height / 2, x + logo_width, middle + logo_height / 2) if logo else None
    if setting is None:
        return [], box
    at = x + logo_width + gap
    return [Placed(setting, at, middle - setting.size / 2, setting.width)], box


def _small(text: str, frame: Frame, width: float) -> Setting:
    size = max(round(_SMALL * frame.unit), 1)
    return fit(" ".join(text.split("\n")), Style(fonts.QUIET, size, size, 1, 0.02), width, size)


def _fitted(logo: tuple[int, int], unit: float) -> tuple[float, float]:
    scale = min(_LOGO[0] * unit / logo[0], _LOGO[1] * unit / logo[1])
    return logo[0] * scale, logo[1] * scale
