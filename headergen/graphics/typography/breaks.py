"""Where a line may end, and how well: phrases, kinsoku, compounds, and what stays whole."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from headergen.graphics.typography import compounds
from headergen.graphics.typography.glyphs import is_japanese, is_western

# Kinsoku, after JIS X 4051: closing brackets, punctuation, marks of length and repetition, and
# small kana don't begin a line; opening brackets, and signs that stand before a number, don't
# end one. Neither do operators and arrows begin one: they say that the line before goes on.
NEVER_FIRST = frozenset(
    "、。，．・：；？！‼⁇⁈⁉゛゜ヽヾゝゞ々ー"
    "）〕］｝〉》」』】〙〗〟’”｠»‐‑–—―〜～…‥゠"
    "ぁぃぅぇぉっゃゅょゎゕゖんンァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
    ",.:;?!)]}%‰°′″℃％"
    "｡｣､･ｧｨｩｪｫｬｭｮｯｰﾞﾟ"
    "×÷＋+&＆→⇒➡/／|｜"
)
NEVER_LAST = frozenset("（〔［｛〈《「『【〘〖〝‘“｟«｢([{¥￥$＄£￡€#＃№第")
# What is left out at the ends of lines.
BLANKS = " \u3000"

# What a break costs, in halvings of the letters' size. Below 1 it is better than letters of half
# the size. The figures were set by eye, on the titles of tests/data/titles.txt.
_AT_TURN, _AT_PAUSE, _AFTER_PARTICLE = -0.15, 0.0, 0.1
_AFTER_WORD, _AFTER_SHORT_WORD, _BEFORE_HIRAGANA = 0.04, 0.15, 0.2
_INSIDE_NAME = 0.8
INSIDE_COMPOUND = 0.45
_AT_JOINT, _AT_SYLLABLE = 0.6, 0.9
INSIDE_PHRASE, INSIDE_WORD = 2.0, 4.0

_KANJI = r"々〆㐀-鿿豈-\ufaff\U00020000-\U0003ffff"
_HIRAGANA, _KATAKANA = "ぁ-ゟ", "ァ-ヿ"
_COUNTERS = (
    "つ年月日時分秒週回話件個人名本冊選章部巻版号位倍円万億千百歳才点枚台社店品種曲匹頭杯度割階"
    "行色問軸項字語割歩段編か所ヶ箇工世"
)
_HELPING_VERBS = "(?:もら[いうえおっ]|いただ[いきくけ]|くださ|くれ|しま[いうえおっ]|みた|みる)"
_FUNCTION_WORDS = r"(?:and|or|but|in|on|at|to|of|for|with|from|by|is|are|as|than|that)(?![A-Za-z])"
_MODELS = r"(?:Pro|Max|Plus|Ultra|Mini|mini|Air|SE|Lite|XL|Ti|Super|Alpha|Beta|RC|LTS)(?![A-Za-z])"


@dataclass(frozen=True)
class Rule:
    """What a line break costs at the end of each match of `pattern`; None forbids it."""

    name: str
    pattern: re.Pattern[str]
    cost: float | None


def _rule(name: str, pattern: str, cost: float | None) -> Rule:
    return Rule(name, re.compile(pattern), cost)


# A later rule overrules an earlier one. They begin where phrases, blanks and scripts have given
# each place a cost.
_RULES = (
    _rule(
        "after a mark that pauses", r"[、。，：；…」』）】〉》”)\]｜|／/—–―〜～](?=\S)", _AT_PAUSE
    ),
    _rule("after a question or call", r"[？！⁉‼](?=\S)", _AT_PAUSE),
    _rule("before an opening bracket", r"(?=[「『【（〈《“(\[])", _AT_PAUSE),
    _rule("after a dot between words", r"・", 0.08),
    _rule("after an arrow", r"[→⇒➡]\s?", 0.05),
    _rule("after an operator", r"[×÷＋+&＆] ?(?=\S)", 0.2),
    _rule("after a year or month", r"\d[年月](?=\d|第)|年度(?=[^ぁ-ゟ])", _AFTER_PARTICLE),
    _rule(
        "before a particle that follows a bracket",
        rf"[」』）】〉》”)\]](?=[{_HIRAGANA}])",
        INSIDE_PHRASE,
    ),
    _rule("before the particle of a question", r"[？！](?=[をがとにへ])", 0.6),
    _rule("after で, before what is done with it", rf"で(?=[{_KANJI}]+[うくぐすつぬぶむる])", 0.7),
    _rule("before a helping verb", rf"[てで](?={_HELPING_VERBS})", 0.3),
    _rule("inside a helping verb", r"(?<=も)(?=ら)|(?<=もら|しま)(?=[いうえおっ])", INSIDE_WORD),
    _rule("before a kana that begins no word", rf"(?<=[{_HIRAGANA}])(?=[らりるれろ])", INSIDE_WORD),
    _rule("before a particle after a blank", r"(?<=[^、。 ]) (?=[はがでともへの])", 0.6),
    _rule("before an object's particle after a blank", r"(?<=[^、。 ]) (?=[をに])", 0.2),
    _rule("after a particle between blank and verb", r" [をに](?=\S)", 1.0),
    _rule("before a number of a name", r"(?<=[A-Za-z]) (?=[A-Z]{0,3}\d)", 0.6),
    _rule("before what a number counts", rf"(?<=\d) (?!{_FUNCTION_WORDS})(?=[A-Za-z]{{2}})", 0.3),
    _rule("before the rest of a model's name", rf"(?<=\w) (?={_MODELS})", 3.0),
    _rule("where a title turns", r"[:：—|｜／][ \u3000]?(?=\S)", _AT_TURN),
    _rule("after a dash between blanks", r"(?<=[ \u3000])[-–—][ \u3000](?=\S)", _AT_TURN),
    _rule("before a dash between blanks", r" (?=[-–—](?: |$))", None),
    _rule("within a time or ratio", r"\d[:：](?=\d)", None),
    _rule("within a range", r"(?<=\d)[〜～–—](?=\d)", None),
    _rule("within a pair of dots or dashes", r"(?<=…)(?=…)|(?<=―)(?=―)|(?<=—)(?=—)", None),
    _rule("between a number and its counter", rf"\d[ \u3000]?(?=[{_COUNTERS}])", None),
    _rule("within a year of an era", r"(?:令和|平成|昭和)(?=[元\d一二三四五六七八九十])", None),
    _rule("before a number that a prefix belongs to", r"[月約全計各毎総](?=\d)", None),
    _rule("within a counter of two kanji", r"[年月日回話時分](?=[版度目間末半])", None),
    _rule(
        "between a kanji number and its counter",
        rf"[一二三四五六七八九十百千数何](?=[{_COUNTERS}目十])",
        None,
    ),
    _rule("at a blank that holds together", r"\u00a0|(?=\u00a0)", None),
    _rule("before what never begins a line", f"(?=[{re.escape(''.join(NEVER_FIRST))}])", None),
    _rule("after what never ends a line", f"[{re.escape(''.join(NEVER_LAST))}] ?", None),
)


def opportunities(text: str) -> Mapping[int, float]:
    """Find where a line of a normalised text may end.

    Maps each index that a next line may begin at to what a break there costs, less than nothing
    where it is sought. Blanks around it belong to neither line. Where `hyphenated` has the index,
    the line ends in a hyphen. A line break of the text's own costs nothing.
    """
    costs = dict(_places(text))
    for rule in _RULES:
        for index in {match.end() for match in rule.pattern.finditer(text)} & costs.keys():
            if rule.cost is None:
                del costs[index]
            else:
                costs[index] = rule.cost
    return {**costs, **{index + 1: 0.0 for index, each in enumerate(text) if each == "\n"}}


def hyphenated(text: str) -> frozenset[int]:
    """Return the indices at which a break needs a hyphen: those inside long Western words."""
    return frozenset(_hyphens(text))


def _places(text: str) -> Iterator[tuple[int, float]]:
    """Yield each place at which a line may end, before the rules, with what it costs."""
    phrases, joints = _phrase_starts(text), {**_joints(text), **_hyphens(text)}
    is_mixed = any(map(is_japanese, text))
    for index in range(1, len(text)):
        left, right = text[index - 1], text[index]
        if right in f"{BLANKS}\n" or left == "\n":
            continue
        if left in BLANKS:
            yield index, _cost_at_blank(text, index, is_mixed)
        elif not _is_one_word(left, right):
            yield index, _cost(left, right, index in phrases, index in joints)
        elif index in joints:
            yield index, joints[index]


def _is_one_word(left: str, right: str) -> bool:
    counted = left.isdecimal() and is_japanese(right)
    return counted or (is_western(left) and is_western(right)) or (_is_wide(left + right))


def _is_wide(characters: str) -> bool:
    """Tell full-width letters and digits, which form words and numbers too."""
    return all("０" <= each <= "ｚ" and each.isalnum() for each in characters)


def _cost_at_blank(text: str, index: int, is_mixed: bool) -> float:
    """Cost a break at a blank: names of several words in Japanese titles are held together."""
    left = text[:index].rstrip(BLANKS)[-1:]
    word = re.split(r"\s", text[:index].rstrip(BLANKS))[-1]
    if left in "、。，．！？!?,:：;…」』）】〉》”)]｜|/／—–―〜～":
        return _AT_PAUSE
    if is_mixed:
        return _INSIDE_NAME if is_western(left) and is_western(text[index]) else _AT_PAUSE
    return _AFTER_SHORT_WORD if word.isascii() and len(word) <= 3 else _AFTER_WORD


def _cost(left: str, right: str, is_phrase: bool, is_joint: bool) -> float:
    """Cost a break between two characters that no blank parts."""
    if _is_hiragana(right):
        # Inside a phrase it is a particle, or the end of an inflected word.
        return _BEFORE_HIRAGANA if is_phrase else INSIDE_WORD
    if is_phrase and _is_hiragana(left):
        return _AFTER_PARTICLE
    if _is_hiragana(left):
        return INSIDE_WORD if left in "おご" else INSIDE_PHRASE
    if is_joint or compounds.script(left) != compounds.script(right):
        return INSIDE_COMPOUND
    return INSIDE_PHRASE


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u309f"


def _joints(text: str) -> dict[int, float]:
    """Return the joints of compounds, identifiers and addresses, and what a break there costs."""
    japanese = dict.fromkeys(compounds.japanese_joints(text), INSIDE_COMPOUND)
    return {**japanese, **dict.fromkeys(compounds.identifier_joints(text), _AT_JOINT)}


@cache
def _hyphens(text: str) -> Mapping[int, float]:
    """Return the places in long Western words that take a hyphen, and what each costs."""
    syllables = dict.fromkeys(compounds.syllables(text), _AT_SYLLABLE)
    return {**syllables, **dict.fromkeys(compounds.western_joints(text), _AT_JOINT)}


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
