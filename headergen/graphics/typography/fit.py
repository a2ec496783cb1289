"""How large a text can stand in a box, how its lines are broken to get there, and it drawn."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from headergen.errors import UsageError
from headergen.graphics.typography import breaks
from headergen.graphics.typography.fonts import face
from headergen.graphics.typography.glyphs import Glyph, Row, is_japanese, normalise, row

ELLIPSIS = "…"

# Baseline to baseline, in em: kanji fill their square, lower case doesn't.
_JAPANESE_LEADING = 1.34
_WESTERN_LEADING = 1.2

# In the unit of a break's cost, halvings of size. Uneven lines cost by the square of how far they
# are from even, which leaves no line with a single character.
_RAGGEDNESS = 1.0
# A further line costs little: it lets the letters grow, which is seen at thumbnail size.
_LINE = 0.04


@dataclass(frozen=True)
class Style:
    """How a text is set: `family` is a chain of fonts, `tracking` is in em, sizes are in px."""

    family: Sequence[str]
    largest: int
    smallest: int
    max_lines: int
    tracking: float = 0.0


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


def fit(text: str, style: Style, width: float, height: float) -> Setting:
    """Set `text` as large and as evenly as `width` x `height` px allow.

    What doesn't fit even at the smallest size ends in an ellipsis, at the end of a phrase where
    that keeps most of the text.

    Raises:
        GlyphError: a character or emoji sequence has no glyph.
        UsageError: not even one character fits at the smallest size.
        ValueError: the text is blank.
    """
    whole = normalise(text)
    if not whole:
        raise ValueError("there is nothing to set in a blank text")
    kept = whole[: _capacity(row(whole, style.family, style.tracking), style, width, height)]
    while True:
        shown = whole if kept == whole else kept.rstrip("、。・ \n　") + ELLIPSIS
        setting = _best(row(shown, style.family, style.tracking), style, width, height)
        if setting:
            return setting
        if len(kept) <= 1:
            raise UsageError(f"a picture of this size has no room for {whole[:20]!r}")
        kept = _shortened(kept)


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
        if cost < breaks.INSIDE_PHRASE and len(text) - 12 <= index
    ]
    return text[: starts[-1] if starts else -1]


def _best(whole: Row, style: Style, width: float, height: float) -> Setting | None:
    costs = breaks.opportunities(whole.text)
    torn = _inside_wide_words(whole, sorted(costs), width / style.smallest)
    settings = _settings(whole, {**torn, **costs}, style, width, height)
    return max(settings, key=lambda pair: pair[0])[1] if settings else None


def _inside_wide_words(whole: Row, places: Sequence[int], widest: float) -> dict[int, float]:
    """Allow a break before any character of what is unbreakable, and wider than the whole box."""
    borders = [0, *places, len(whole.text)]
    return {
        index: breaks.INSIDE_PHRASE
        for start, stop in itertools.pairwise(borders)
        if whole.width(*_inked(whole.text, start, stop)) > widest
        for index in range(start + 1, stop)
    }


def _settings(
    whole: Row,
    costs: Mapping[int, float],
    style: Style,
    width: float,
    height: float,
) -> list[tuple[float, Setting]]:
    """Set the text in each number of lines that leaves it large enough, with a score for each."""
    found = []
    leading = _leading(whole.text)
    for count in range(1, style.max_lines + 1):
        tallest = height / (leading * (count - 1) + 1)
        if tallest < style.smallest:
            break
        widest = width / style.smallest
        broken = _break(whole, costs, count, widest)
        if broken is None:
            continue
        penalty, lines = broken
        longest = max(line.width for line in lines)
        size = int(min(tallest, width / longest, style.largest))
        if size >= style.smallest:
            score = math.log2(size) - penalty - _LINE * count
            found.append((score, Setting(lines, size, leading * size)))
    return found


def _break(
    whole: Row, costs: Mapping[int, float], count: int, widest: float
) -> tuple[float, tuple[Line, ...]] | None:
    """Break a text into `count` lines of at most `widest` em at the least penalty."""
    places = [0, *sorted(costs), len(whole.text)]
    even = whole.width(0, len(whole.text)) / count
    spans = _spans(whole, places, widest)
    # best[line][place]: the least penalty of that many lines that end there, and where the last
    # of them began.
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, -1)}]
    for _ in range(count):
        step: dict[int, tuple[float, int]] = {}
        for begin, (penalty, _) in best[-1].items():
            for end, length in spans.get(begin, ()):
                cost = penalty + costs.get(places[end], 0.0)
                if not _is_paragraph(whole.text, places[begin], places[end]):
                    cost += _line_cost(length, even, count)
                if end not in step or cost < step[end][0]:
                    step[end] = (cost, begin)
        best.append(step)
    if len(places) - 1 not in best[-1]:
        return None
    ends = [len(places) - 1]
    for step in reversed(best[1:]):
        ends.append(step[ends[-1]][1])
    borders = [places[index] for index in reversed(ends)]
    lines = tuple(_line(whole, *pair) for pair in itertools.pairwise(borders))
    return best[-1][len(places) - 1][0], lines


def _spans(
    whole: Row, places: Sequence[int], widest: float
) -> Mapping[int, Sequence[tuple[int, float]]]:
    """Measure each line that may be: for where it begins, where it ends and its width in em."""
    spans: dict[int, list[tuple[int, float]]] = {}
    for begin in range(len(places) - 1):
        for end in range(begin + 1, len(places)):
            start, stop = _inked(whole.text, places[begin], places[end])
            if "\n" in whole.text[start:stop]:
                break
            length = whole.width(start, stop)
            if length > widest:
                break
            spans.setdefault(begin, []).append((end, length))
    return spans


def _is_paragraph(text: str, start: int, stop: int) -> bool:
    """Tell a line that the author wanted as it is, between two line breaks of the text's own."""
    start, stop = _inked(text, start, stop)
    return text[start - 1 : start] in ("", "\n") and text[stop : stop + 1] in ("", "\n")


def _line_cost(length: float, even: float, count: int) -> float:
    if count == 1:
        return 0.0
    return float(_RAGGEDNESS * (length / even - 1) ** 2 / count)


def _inked(text: str, start: int, stop: int) -> tuple[int, int]:
    """Leave out the blanks at a line's ends."""
    while start < stop and text[start] in f"{breaks.BLANKS}\n":
        start += 1
    while start < stop and text[stop - 1] in f"{breaks.BLANKS}\n":
        stop -= 1
    return start, stop


def _line(whole: Row, start: int, stop: int) -> Line:
    start, stop = _inked(whole.text, start, stop)
    left = whole.glyphs[start].x
    glyphs = tuple(replace(each, x=each.x - left) for each in whole.glyphs[start:stop])
    return Line(whole.text[start:stop], glyphs, whole.width(start, stop))


def _leading(text: str) -> float:
    return _JAPANESE_LEADING if any(map(is_japanese, text)) else _WESTERN_LEADING


# Glyphs are drawn larger and averaged: FreeType fits stems to whole pixels, which at half a pixel
# is not seen.
_OVERSAMPLING = 2
# A kanji's square reaches from here above the baseline to the rest of the em below it.
_ASCENT = 0.88

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
    size = (width * _OVERSAMPLING, height * _OVERSAMPLING)
    drawn = Image.new("L", size)
    canvas = ImageDraw.Draw(drawn)
    em = placed.setting.size * _OVERSAMPLING
    for index, line in enumerate(placed.setting.lines):
        free = placed.width * _OVERSAMPLING - line.width * em
        left = placed.left * _OVERSAMPLING + free * ALIGNMENTS[placed.align]
        baseline = (placed.top + index * placed.setting.leading) * _OVERSAMPLING + _ASCENT * em
        for glyph in line.glyphs:
            at = (left + (glyph.x + glyph.shift) * em, baseline + glyph.font.drop * em)
            font = face(glyph.font.name, round(em * glyph.font.scale))
            canvas.text(at, glyph.character, fill=255, font=font, anchor="ls")
    return drawn.reduce(_OVERSAMPLING)
