"""How large a text can stand in a box, how its lines are broken to get there, and it drawn."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from PIL import Image, ImageDraw

from headergen.errors import UsageError
from headergen.graphics.typography import breaks
from headergen.graphics.typography.fonts import face
from headergen.graphics.typography.glyphs import (
    CODE_MARGIN,
    Glyph,
    Row,
    is_japanese,
    is_western,
    normalise,
    row,
)
from headergen.graphics.typography.markup import Marked

ELLIPSIS = "…"
HYPHEN = "-"

# Baseline to baseline, in em: kanji fill their square, lower case doesn't.
_JAPANESE_LEADING = 1.34
_WESTERN_LEADING = 1.2

# In the unit of a break's cost, halvings of size. Uneven lines cost by the square of how far they
# are from even, which leaves no line with a single character.
_RAGGEDNESS = 1.0
# A further line costs little: it lets the letters grow, which is seen at thumbnail size.
_LINE = 0.04
# A last line of one Western word looks like a mistake.
_LONE_WORD = 0.15


@dataclass(frozen=True)
class Style:
    """How a text is set: `family` is a chain of fonts, `tracking` is in em, sizes are in px.

    Letters smaller than `readable` are avoided, even if that breaks a phrase or a word.
    """

    family: Sequence[str]
    largest: int
    smallest: int
    max_lines: int
    tracking: float = 0.0
    readable: int = 0


@dataclass(frozen=True)
class Line:
    """One line's glyphs; their `x` counts from its left edge. `width` is in em."""

    text: str
    glyphs: tuple[Glyph, ...]
    width: float


@dataclass(frozen=True)
class Setting:
    """A text as it is set: `size` is px an em, `leading` px from baseline to baseline."""

    lines: tuple[Line, ...]
    size: int
    leading: float

    @property
    def width(self) -> float:
        """The widest line's, in px."""
        return self.size * max((line.width for line in self.lines), default=0.0)

    @property
    def height(self) -> float:
        """From the top of the first line's kanji to the bottom of the last one's, in px."""
        return self.leading * (len(self.lines) - 1) + self.size if self.lines else 0.0


def fit(text: str | Marked, style: Style, width: float, height: float) -> Setting:
    """Set `text` as large and as evenly as `width` x `height` px allow.

    It is plain, or what `read_inline` returns.

    What doesn't fit even at the smallest size ends in an ellipsis, at the end of a phrase where
    that keeps most of the text.

    Raises:
        GlyphError: a character or emoji sequence has no glyph.
        UsageError: not even one character fits at the smallest size.
        ValueError: the text is blank.
    """
    marked = text if isinstance(text, Marked) else Marked(normalise(text))
    whole = marked.text
    if not whole:
        raise ValueError("there is nothing to set in a blank text")
    kept = whole[: _capacity(_row(marked, style), style, width, height)]
    while True:
        shown = whole if kept == whole else kept.rstrip("、。・ \n　") + ELLIPSIS
        setting = _best(_row(replace(marked, text=shown), style), style, width, height)
        if setting:
            return setting
        if len(kept) <= 1:
            raise UsageError(f"a picture of this size has no room for {whole[:20]!r}")
        kept = _shortened(kept)


def _row(marked: Marked, style: Style) -> Row:
    return row(marked.text, style.family, style.tracking, marked.code)


def _capacity(whole: Row, style: Style, width: float, height: float) -> int:
    """Count the characters that might fit at the smallest size, were there no phrases."""
    lines = min(style.max_lines, max(height / style.smallest, 1))
    widest = lines * width / style.smallest
    return sum(glyph.x < widest for glyph in whole.glyphs)


def _shortened(text: str) -> str:
    """Drop the last phrase, or the last character where the phrase is long."""
    starts = [
        index
        for index, cost in breaks.opportunities(text).items()
        if cost < breaks.INSIDE_COMPOUND and len(text) - 12 <= index
    ]
    return text[: starts[-1] if starts else -1]


def _best(whole: Row, style: Style, width: float, height: float) -> Setting | None:
    places = _places(whole, style, width)
    found = list(_settings(places, style, width, height))
    if not found:
        return None
    _, size, borders = max(found)
    lines = tuple(_line(places, *pair) for pair in itertools.pairwise(borders))
    return Setting(lines, size, _leading(whole.text) * size)


@dataclass(frozen=True)
class _Span:
    """A line that may be: at which border it ends, its width in em, and what it costs.

    `is_ragged` says that it had better be as wide as the others.
    """

    end: int
    width: float
    cost: float
    is_ragged: bool


@dataclass(frozen=True)
class _Places:
    """Where a row may be broken, at which cost; lines are at most `widest` em wide.

    At `hyphens` a line ends in a hyphen.
    """

    row: Row
    costs: Mapping[int, float]
    hyphens: frozenset[int]
    widest: float

    @cached_property
    def borders(self) -> Sequence[int]:
        """Where a line may begin or end, from 0 to the row's length."""
        return [0, *sorted(self.costs), len(self.row.text)]

    @cached_property
    def spans(self) -> Sequence[Sequence[_Span]]:
        """For each border, the lines that may begin there."""
        return [list(_spans(self, begin)) for begin in range(len(self.borders) - 1)]


def _places(whole: Row, style: Style, width: float) -> _Places:
    """Find the places in a row for lines of at most `width` px."""
    costs = {
        index: max(cost, breaks.INSIDE_COMPOUND) if _is_inside_code(whole, index) else cost
        for index, cost in breaks.opportunities(whole.text).items()
    }
    torn = _inside_wide_words(whole, sorted(costs), width / max(style.readable, style.smallest))
    hyphens = breaks.hyphenated(whole.text)
    return _Places(whole, {**torn, **costs}, hyphens, width / style.smallest)


def _is_inside_code(whole: Row, index: int) -> bool:
    return whole.glyphs[index - 1].is_code and whole.glyphs[index].is_code


def _spans(places: _Places, begin: int) -> Iterator[_Span]:
    text = places.row.text
    for end in range(begin + 1, len(places.borders)):
        start, stop = _inked(text, places.borders[begin], places.borders[end])
        width = places.row.width(start, stop)
        if stop in places.hyphens:
            width += _hyphen(places.row, stop).advance
        if width > places.widest or "\n" in text[start:stop]:
            return
        cost = places.costs.get(places.borders[end], 0.0)
        cost += _LONE_WORD * _is_lone_word(text, start, stop)
        yield _Span(end, width, cost, not _is_paragraph(text, start, stop))


def _inside_wide_words(whole: Row, places: Sequence[int], widest: float) -> dict[int, float]:
    """Allow a break before any character of what is unbreakable, and wider than the whole box."""
    borders = [0, *places, len(whole.text)]
    return {
        index: breaks.INSIDE_WORD
        for start, stop in itertools.pairwise(borders)
        if whole.width(*_inked(whole.text, start, stop)) > widest
        for index in range(start + 1, stop)
    }


def _settings(
    places: _Places, style: Style, width: float, height: float
) -> Iterator[tuple[tuple[bool, float], int, Sequence[int]]]:
    """Yield a score, a size in px and the lines' borders, for each number of lines with room.

    For each number the lines are broken freely, and so that the letters stay readable. A score
    says first whether they do.
    """
    leading = _leading(places.row.text)
    readable = max(style.readable, style.smallest)
    for count in range(1, style.max_lines + 1):
        tallest = height / (leading * (count - 1) + 1)
        if tallest < style.smallest:
            return
        for least in sorted({style.smallest, readable}):
            broken = _break(places, count, width / least)
            if broken is None:
                continue
            way, borders = broken
            size = int(min(tallest, width / way.widest, style.largest))
            if size >= style.smallest:
                is_readable = size >= min(readable, style.largest)
                score = math.log2(size) - way.penalty - _LINE * count
                yield (is_readable, score), size, borders
                if size >= readable:
                    break  # narrower lines are no other ones


@dataclass(frozen=True, slots=True)
class _Way:
    """The best way to break a text up to a border: `begin` is where its last line begins."""

    penalty: float
    widest: float
    begin: int


def _break(places: _Places, count: int, widest: float) -> tuple[_Way, Sequence[int]] | None:
    """Break a text into `count` lines of at most `widest` em at the least penalty."""
    last = len(places.borders) - 1
    even = places.row.width(0, len(places.row.text)) / count
    raggedness = _RAGGEDNESS / count if count > 1 else 0.0
    # ways[line][border]: the best one of that many lines to that border.
    ways = [{0: _Way(0.0, 0.0, -1)}]
    for _ in range(count):
        ways.append(_longer(ways[-1], places, widest, even, raggedness))
    if last not in ways[-1]:
        return None
    ends = [last]
    for step in reversed(ways[1:]):
        ends.append(step[ends[-1]].begin)
    return ways[-1][last], [places.borders[index] for index in reversed(ends)]


def _longer(
    ways: Mapping[int, _Way], places: _Places, widest: float, even: float, raggedness: float
) -> dict[int, _Way]:
    """Add one line to each way, and keep the best to each border."""
    found: dict[int, _Way] = {}
    for begin, way in ways.items():
        for span in places.spans[begin] if begin < len(places.spans) else ():
            if span.width > widest:
                break
            penalty = way.penalty + span.cost
            if span.is_ragged:
                penalty += raggedness * (span.width / even - 1) ** 2
            if span.end not in found or penalty < found[span.end].penalty:
                found[span.end] = _Way(penalty, max(way.widest, span.width), begin)
    return found


def _is_paragraph(text: str, start: int, stop: int) -> bool:
    """Check whether the author wanted a line as it is, between two line breaks of the text's."""
    return text[start - 1 : start] in ("", "\n") and text[stop : stop + 1] in ("", "\n")


def _is_lone_word(text: str, start: int, stop: int) -> bool:
    """Check whether one Western word stands alone in the last of several lines."""
    is_last = start > 0 and stop == len(text)
    return is_last and text[start - 1] == " " and all(map(is_western, text[start:stop]))


def _inked(text: str, start: int, stop: int) -> tuple[int, int]:
    """Leave out the blanks at a line's ends."""
    while start < stop and text[start] in f"{breaks.BLANKS}\n":
        start += 1
    while start < stop and text[stop - 1] in f"{breaks.BLANKS}\n":
        stop -= 1
    return start, stop


def _line(places: _Places, begin: int, end: int) -> Line:
    whole = places.row
    start, stop = _inked(whole.text, begin, end)
    glyphs = list(whole.glyphs[start:stop])
    if end in places.hyphens:
        glyphs.append(_hyphen(whole, stop))
    left, last = glyphs[0].x, glyphs[-1]
    text = "".join(each.character for each in glyphs)
    moved = tuple(replace(each, x=each.x - left) for each in glyphs)
    return Line(text, moved, last.x + last.advance - left)


def _hyphen(whole: Row, stop: int) -> Glyph:
    """Return the hyphen that follows the letter before `stop`, in its font."""
    last = whole.glyphs[stop - 1]
    shift, advance = last.font.spacing(HYPHEN)
    return Glyph(HYPHEN, last.font, last.x + last.advance, shift, advance, last.is_code)


def _leading(text: str) -> float:
    return _JAPANESE_LEADING if any(map(is_japanese, text)) else _WESTERN_LEADING


# Glyphs are drawn larger and averaged: FreeType fits stems to whole pixels, which at half a pixel
# is not seen.
_OVERSAMPLING = 2
# A kanji's square reaches from here above the baseline to the rest of the em below it.
_ASCENT = 0.88

# The ground of code reaches so far above and below the baseline, in em: around capitals and tails.
_CODE_RISE, _CODE_FALL = 0.86, 0.26

ALIGNMENTS = {"left": 0.0, "center": 0.5, "right": 1.0}


@dataclass(frozen=True)
class Placed:
    """A set text at its place in a picture; `left` and `top` in px, `align` within `width`."""

    setting: Setting
    left: float
    top: float
    width: float
    align: str = "left"

    @property
    def bottom(self) -> float:
        """Where the squares of the last line's kanji end, in px."""
        return self.top + self.setting.height


def mask(placed: Placed, width: int, height: int) -> Image.Image:
    """Draw a text as coverage (L, 0 to 255) on a picture of `width` x `height` px."""
    left, top, right, bottom = _reach(placed, width, height)
    drawn = Image.new("L", ((right - left) * _OVERSAMPLING, (bottom - top) * _OVERSAMPLING))
    canvas = ImageDraw.Draw(drawn)
    em = placed.setting.size * _OVERSAMPLING
    for index, line in enumerate(placed.setting.lines):
        x, baseline = _origin(placed, index)
        x, baseline = (x - left) * _OVERSAMPLING, (baseline - top) * _OVERSAMPLING
        for glyph in line.glyphs:
            at = (x + (glyph.x + glyph.shift) * em, baseline + glyph.font.drop * em)
            font = face(glyph.font.name, round(em * glyph.font.scale))
            canvas.text(at, glyph.character, fill=255, font=font, anchor="ls")
    coverage = Image.new("L", (width, height))
    coverage.paste(drawn.reduce(_OVERSAMPLING), (left, top))
    return coverage


def _reach(placed: Placed, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the part of a picture that a text can reach, in px: its lines and an em around."""
    em, lines = placed.setting.size, placed.setting.lines
    starts = [_origin(placed, index)[0] for index in range(len(lines))]
    ends = [start + line.width * em for start, line in zip(starts, lines, strict=True)]
    left, top = max(math.floor(min(starts) - em), 0), max(math.floor(placed.top - em), 0)
    right, bottom = math.ceil(max(ends) + em), math.ceil(placed.bottom + em)
    return left, top, max(min(right, width), left + 1), max(min(bottom, height), top + 1)


def code_boxes(placed: Placed) -> list[tuple[float, float, float, float]]:
    """Return the boxes (left, top, right, bottom in px) around each line's pieces of code."""
    boxes, em = [], placed.setting.size
    for index, line in enumerate(placed.setting.lines):
        left, baseline = _origin(placed, index)
        for is_code, run in itertools.groupby(line.glyphs, key=lambda glyph: glyph.is_code):
            glyphs = list(run)
            start = left + (glyphs[0].x - CODE_MARGIN) * em
            stop = left + (glyphs[-1].x + glyphs[-1].advance + CODE_MARGIN) * em
            if is_code:
                boxes.append((start, baseline - _CODE_RISE * em, stop, baseline + _CODE_FALL * em))
    return boxes


def _origin(placed: Placed, index: int) -> tuple[float, float]:
    """Return where a line's first glyph stands: left and baseline, in px of the picture."""
    em, line = placed.setting.size, placed.setting.lines[index]
    left = placed.left + (placed.width - line.width * em) * ALIGNMENTS[placed.align]
    return left, placed.top + index * placed.setting.leading + _ASCENT * em
