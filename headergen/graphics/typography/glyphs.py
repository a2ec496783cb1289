"""From a text to glyphs in a row: what is drawn for each character, and where it stands."""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from headergen.errors import GlyphError
from headergen.graphics.typography.fonts import EMOJI, Font, font

# What chooses between forms of a glyph that headergen's fonts have one of, or only tells where a
# line may break: soft hyphen, zero width space, word joiner, byte order mark, directions of text,
# and variation selectors.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_JOINER = "\u200d"

# JIS X 4051 puts a quarter of an em between Japanese and Latin; large type wants less.
_SCRIPT_GAP = 0.08


@dataclass(frozen=True)
class Glyph:
    """One glyph of a row: which font draws it, and where; lengths are in em."""

    character: str
    font: Font
    x: float
    shift: float
    advance: float


@dataclass(frozen=True)
class Row:
    """Glyphs from left to right, as long as the text is; a line break holds its place."""

    text: str
    glyphs: Sequence[Glyph]

    def width(self, start: int, end: int) -> float:
        """Measure the glyphs from `start` to `end` (exclusive), which don't end in blanks."""
        if start >= end:
            return 0.0
        last = self.glyphs[end - 1]
        return last.x + last.advance - self.glyphs[start].x


def normalise(text: str) -> str:
    """Bring a text to one character a glyph.

    Characters are composed (NFC, as macOS' file names are not), emoji sequences become the code
    point that headergen's emoji font has for them, blanks are single, and lines have none at
    their ends.

    Raises:
        GlyphError: emoji are joined that the font has no common glyph for.
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    drawn = _joined(plain)
    lines = (re.sub(r"[^\S\u3000\u00a0]+", " ", line) for line in re.split(r"\r\n?|\n", drawn))
    return "\n".join(line for line in (line.strip() for line in lines) if line)


def row(text: str, family: Sequence[str], tracking: float = 0.0) -> Row:
    """Set a normalised text in one row, proportionally spaced.

    Args:
        text: as `normalise` returns it.
        family: names of fonts; the first that covers a character draws it, or, in Latin, Greek
            and Cyrillic, a whole word.
        tracking: added between any two glyphs, in em.

    Raises:
        GlyphError: no font of the family covers a character.
    """
    fonts = _fonts(text, family)
    glyphs: list[Glyph] = []
    x = 0.0
    for index, (character, chosen) in enumerate(zip(text, fonts, strict=True)):
        shift, advance = (0.0, 0.0) if character == "\n" else chosen.spacing(character)
        glyphs.append(Glyph(character, chosen, x, shift, advance))
        x += advance + tracking
        if index + 1 < len(text):
            x += _gap(character, text[index + 1], chosen, fonts[index + 1])
    return Row(text, glyphs)


def is_japanese(character: str) -> bool:
    """Tell kanji and kana from all else."""
    return "\u3041" <= character <= "\u30ff" or is_kanji(character)


def is_kanji(character: str) -> bool:
    """Tell kanji, and the mark that repeats one, from all else."""
    return (
        character in "々〆"
        or "\u3400" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    )


def is_western(character: str) -> bool:
    """Tell what a word of Latin, Greek or Cyrillic letters, or a number, is written with."""
    return character == "’" or ("!" <= character < "\u0530") or "\u1e00" <= character <= "\u1fff"


@cache
def _sequences() -> re.Pattern[str]:
    longest_first = sorted(font(EMOJI).sequences, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def _joined(text: str) -> str:
    if text.isascii():
        return text
    # One colour shows no skin tone; alone, a tone is a swatch that the font has.
    pale = re.sub(rf"(?<=[^\s{_SKIN_TONES}])[{_SKIN_TONES}]", "", text)
    drawn = _sequences().sub(lambda match: font(EMOJI).sequences[match[0]], pale)
    if _JOINER in drawn:
        raise _cannot_join(drawn)
    return drawn


def _cannot_join(text: str) -> GlyphError:
    match = re.search(rf"\S?(?:{_JOINER}\S?)+", text)
    sequence = match[0] if match else _JOINER
    codes = " ".join(f"U+{ord(each):04X}" for each in sequence)
    return GlyphError(
        f"no font of headergen's draws {sequence!r} ({codes}) as one emoji",
        remedy="write another emoji, or none",
    )


def _fonts(text: str, family: Sequence[str]) -> list[Font]:
    """Choose the font of each character, one for all of a word."""
    fonts: list[Font] = []
    for western, part in itertools.groupby(text, is_western):
        characters = list(part)
        whole = [font(name) for name in family if _covers(font(name), characters)]
        if western and whole:
            fonts += [whole[0]] * len(characters)
        else:
            fonts += [_font(character, family) for character in characters]
    return fonts


def _covers(one: Font, characters: Iterable[str]) -> bool:
    return all(one.covers(character) for character in characters)


def _font(character: str, family: Sequence[str]) -> Font:
    if character == "\n":
        return font(family[0])
    # A mark that composes with nothing would be drawn beside its letter.
    covering = [font(name) for name in family if font(name).covers(character)]
    if covering and not unicodedata.combining(character):
        return covering[0]
    raise GlyphError(
        f"no font of headergen's has a glyph for {character!r} (U+{ord(character):04X})",
        remedy="write the text without it: the fonts cover Japanese, Latin, Greek, Cyrillic and "
        "emoji",
    )


def _gap(left: str, right: str, left_font: Font, right_font: Font) -> float:
    gap = left_font.kern(left + right) if left_font is right_font else 0.0
    scripts = {is_japanese(left), is_japanese(right)}
    alphanumeric = (left if is_japanese(right) else right).isalnum()
    if len(scripts) == 2 and alphanumeric and left.isalnum() and right.isalnum():
        gap += _SCRIPT_GAP
    return gap
