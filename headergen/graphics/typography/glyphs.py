"""From a text to glyphs in a row: what is drawn for each character, and where it stands."""

import re
import unicodedata
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cache

from headergen.errors import GlyphError
from headergen.graphics.typography.fonts import EMOJI, HEAVY, MONO, Font, font

# What chooses between forms of a glyph that headergen's fonts have one of, or only tells where a
# line may break: soft hyphen, zero width space, word joiner, byte order mark, directions of text,
# and variation selectors.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]")

# Of a longer text a card shows the beginning. A word takes time in the square of its length.
_LONGEST, _CUT = 300, "…"

_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_JOINER = "\u200d"

# JIS X 4051 puts a quarter of an em between Japanese and Latin; large type wants less.
_SCRIPT_GAP = 0.08
# The ground of code reaches so far beyond it, in em; as much again is left free beside it.
CODE_MARGIN = 0.1
_CODE_GAP = 2 * CODE_MARGIN
# Kanji that have a code point of their own for the sake of round trips, such as 神 and 﨑.
_COMPATIBLE = re.compile("([\uf900-\ufaff\U0002f800-\U0002fa1f])")
# Dashes and quotation marks, which have the voice of the words around them in a Western text.
_WESTERN_MARKS = frozenset("‐–—‘’“”…")


@dataclass(frozen=True)
class Glyph:
    """One glyph of a row: which font draws it, and where; lengths are in em."""

    character: str
    font: Font
    x: float
    shift: float
    advance: float
    is_code: bool = False


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


def cut(text: str) -> str:
    """Return the beginning of a text that is longer than any card shows, and others as they are."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + _CUT


def normalise(text: str) -> str:
    """Bring a text to one character a glyph.

    Characters are composed (NFC, as macOS' file names are not), but kanji that only names have keep
    their form where the fonts have it, emoji sequences become the code
    point that headergen's emoji font has for them, blanks are single, and lines have none at
    their ends. A text that is too long is cut.

    Raises:
        GlyphError: emoji are joined that the font has no common glyph for.
    """
    plain = _INVISIBLE.sub("", _composed(cut(text)))
    drawn = _joined(plain)
    lines = (re.sub(r"[^\S\u3000\u00a0]+", " ", line) for line in re.split(r"\r\n?|\n", drawn))
    return "\n".join(line for line in (line.strip() for line in lines) if line)


def _composed(text: str) -> str:
    """Compose characters, but for the compatibility kanji that the fonts have.

    NFC replaces 神 (U+FA19) by 神: a person who writes the name so means the other form.
    """
    first = font(HEAVY[0])
    parts = (
        part
        if _COMPATIBLE.match(part) and first.covers(part)
        else unicodedata.normalize("NFC", part)
        for part in _COMPATIBLE.split(text)
    )
    return "".join(parts)


def row(
    text: str, family: Sequence[str], tracking: float = 0.0, code: Set[int] = frozenset()
) -> Row:
    """Set a normalised text in one row, proportionally spaced.

    Args:
        text: as `normalise` returns it.
        family: names of fonts; the first that covers a character draws it, or, in Latin, Greek
            and Cyrillic, all words of the text.
        tracking: added between any two glyphs, in em.
        code: indices of characters that are code, set in a mono font where that has them.

    Raises:
        GlyphError: no font of the family covers a character.
    """
    fonts = _fonts(text, family, code)
    glyphs: list[Glyph] = []
    x = 0.0
    for index, (character, chosen) in enumerate(zip(text, fonts, strict=True)):
        shift, advance = (0.0, 0.0) if character == "\n" else chosen.spacing(character)
        glyphs.append(Glyph(character, chosen, x, shift, advance, index in code))
        x += advance + tracking
        if index + 1 < len(text):
            x += _gap(character, text[index + 1], chosen, fonts[index + 1])
            x += _CODE_GAP * ((index in code) != (index + 1 in code))
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


def _fonts(text: str, family: Sequence[str], code: Set[int]) -> list[Font]:
    """Choose the font of each character: one for all Western words, one for all code."""
    is_japanese_text = any(map(is_japanese, text))
    voices = [
        "code" if index in code else "western" if _has_voice(each, is_japanese_text) else ""
        for index, each in enumerate(text)
    ]
    western = {each for each, voice in zip(text, voices, strict=True) if voice == "western"}
    chains = {"code": (MONO, *family), "western": _one_voice(western, family), "": family}
    return [_font(each, chains[voice]) for each, voice in zip(text, voices, strict=True)]


def _has_voice(character: str, is_japanese_text: bool) -> bool:
    return is_western(character) or (not is_japanese_text and character in _WESTERN_MARKS)


def _one_voice(characters: Iterable[str], family: Sequence[str]) -> Sequence[str]:
    """Put the font first that covers the most of the Western characters of a text."""
    wanted = set(characters)
    best = max(family, key=lambda name: sum(map(font(name).covers, wanted)))
    return (best, *family)


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
