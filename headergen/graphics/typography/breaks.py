"""Where a line may end, and how well: phrases, kinsoku, and what is never torn apart."""

import re
from collections.abc import Mapping
from functools import cache

from headergen.graphics.typography.glyphs import is_japanese, is_kanji, is_western

# Kinsoku, after JIS X 4051: closing brackets, punctuation, marks of length and repetition, and
# small kana don't begin a line; opening brackets, and signs that stand before a number, don't
# end one.
NEVER_FIRST = frozenset(
    "、。，．・：；？！‼⁇⁈⁉゛゜ヽヾゝゞ々ー"
    "）〕］｝〉》」』】〙〗〟’”｠»‐‑–—―〜～…‥゠"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
    ",.:;?!)]}%‰°′″℃％"
    "｡｣､･ｧｨｩｪｫｬｭｮｯｰﾞﾟ"
)
NEVER_LAST = frozenset("（〔［｛〈《「『【〘〖〝‘“｟«｢([{¥￥$＄£￡€#＃№第")

# After these a reader pauses anyway; before these something new begins.
_PAUSES = frozenset("、。，．！？!?,：:；;…」』】）〉》”)]｜|/／—–―〜～")
_TURNS = frozenset(":：—|｜／")
_CLOSING = frozenset("」』）】〉》”)]")
_BEGINNINGS = frozenset("「『【（〈《“([｜|")

# From a number to a number, and where in it a line may not end.
_RANGE = re.compile(r"\d[〜～–—]\d")
# What is left out at the ends of lines.
BLANKS = " \u3000"

# What a break costs: nothing where the text pauses, least after a particle, and most inside a
# phrase, which is broken only where the letters would be too small otherwise.
_AT_PAUSE, _AT_DOT = 0.0, 0.08
# Where a title turns from its name to what it is about, a break is worth smaller letters.
_AT_TURN = -0.15
_AFTER_PARTICLE, _BEFORE_HIRAGANA, _INSIDE_SCRIPT = 0.1, 0.2, 0.6
# English lines that end in "I" or "of the" read badly, and a number belongs to what it counts.
_AFTER_WORD, _AFTER_SHORT_WORD, _SHORT_WORD = 0.04, 0.15, 3
_BEFORE_NUMBER = 0.3
INSIDE_PHRASE = 2.0


def opportunities(text: str) -> Mapping[int, float]:
    """Find where a line of a normalised text may end.

    Maps each index that a next line may begin at to what a break there costs, less than nothing
    where it is sought. Blanks around it belong to neither line. A number or word of Latin letters
    is broken nowhere, nor is a number parted from its counter; a line break of the text's own costs
    nothing.
    """
    phrases = _phrase_starts(text)
    return {
        index: 0.0 if "\n" in text[index - 1 : index + 1] else _cost(text, index, phrases)
        for index in range(1, len(text))
        if _may_break(text, index)
    }


def _may_break(text: str, index: int) -> bool:
    if "\n" in text[index - 1 : index + 1]:
        return text[index - 1] == "\n"
    if text[index] in BLANKS:
        # The line begins after the blanks, if anywhere.
        return False
    left, right = text[:index].rstrip(BLANKS)[-1:], text[index]
    if right in NEVER_FIRST or left in NEVER_LAST:
        return False
    if _RANGE.match(text, max(index - 2, 0)):
        return False
    return text[index - 1] in BLANKS or not _is_one_word(left, right)


def _is_one_word(left: str, right: str) -> bool:
    if is_western(left) and is_western(right):
        return True
    if left == "\u00a0" or right == "\u00a0":
        return True
    wide = _is_wide(left) and _is_wide(right)
    counted = left.isdecimal() and is_japanese(right)
    return wide or counted or (left == right and left in "…‥―—")


def _is_wide(character: str) -> bool:
    """Tell full-width letters and digits, which form words and numbers too."""
    return "０" <= character <= "ｚ" and character.isalnum()


def _cost(text: str, index: int, phrases: frozenset[int]) -> float:
    left, right = text[index - 1], text[index]
    if left in BLANKS:
        return _cost_at_blank(text, index)
    if left in _TURNS:
        return _AT_TURN
    if left == "・":
        return _AT_DOT
    if right in _BEGINNINGS or (left in _PAUSES and not _is_particle(left, right)):
        return _AT_PAUSE
    if index not in phrases:
        return INSIDE_PHRASE
    if _is_hiragana(right):
        return _BEFORE_HIRAGANA
    # The model errs most inside compounds: データ分|析.
    if _script(left) == _script(right):
        return _INSIDE_SCRIPT
    return _AFTER_PARTICLE


def _is_particle(left: str, right: str) -> bool:
    """Tell hiragana that belong to what the bracket before them closes: 「推し」と."""
    return left in _CLOSING and _is_hiragana(right)


def _cost_at_blank(text: str, index: int) -> float:
    word = re.split(r"\s", text[: index - 1])[-1]
    if word and word[-1] in _TURNS:
        return _AT_TURN
    if not word or word[-1] in _PAUSES or text[index] in _BEGINNINGS:
        return _AT_PAUSE
    if text[index].isdecimal():
        return _BEFORE_NUMBER
    return _AFTER_SHORT_WORD if word.isascii() and len(word) <= _SHORT_WORD else _AFTER_WORD


def _script(character: str) -> str:
    if is_kanji(character):
        return "kanji"
    if "\u30a1" <= character <= "\u30ff":
        return "katakana"
    return "hiragana" if _is_hiragana(character) else "other"


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u309f"


def _phrase_starts(text: str) -> frozenset[int]:
    starts: set[int] = set()
    for line in re.finditer(r"[^\n]+", text):
        index = line.start()
        for phrase in _parse(line[0]):
            starts.add(index)
            index += len(phrase)
    return frozenset(starts)


@cache
def _parse(text: str) -> tuple[str, ...]:
    # It costs a start-up nothing: a title is drawn rarely.
    import budoux

    return tuple(budoux.load_default_japanese_parser().parse(text))
