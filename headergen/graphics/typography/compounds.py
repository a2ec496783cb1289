"""Where long words have joints: katakana and kanji compounds, identifiers, German words."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path

# One word a line. A compound of other words breaks at typical ends.
_WORD_LIST = Path(__file__).with_name("katakana.txt")
_LONG_RUN = re.compile(r"[ァ-ヺー]{6,}")
_ENDS = re.compile(r"(?:ション|メント|リティ|ング|ティ|ズム|ネス|ース|ット|ード|ー(?!ショ))")
_CANNOT_BEGIN = frozenset("ンッーァィゥェォャュョヮヵヶ")
# A part of a katakana compound has at least so many characters at its ends.
_SHORTEST_PART = 3
# So many characters without a word of the list are taken for several words.
_LONG_UNKNOWN = 8

# Kanji that make a word of three with a pair before or after it.
_PREFIXES = "大小新旧再非無超全各最未高低多総諸副準両現"
_SUFFIXES = (
    "化性的者度費部案式家員力法用率論版系学界権所会録術書集機器症業金税車館型表量値額面中"
    "都府県市区町村"
)
_KANJI_RUN = re.compile(r"[々㐀-鿿豈-\ufaff]{4,}")
_NUMERALS = "一二三四五六七八九十百千万"
_COUNTED = re.compile(rf"[{_NUMERALS}]+[^{_NUMERALS}](?:度|目|間)?")
_SURE = re.compile("..[都府県市区町村会]")
_WORD = re.compile(rf"{_COUNTED.pattern}|..|[{_PREFIXES}]..|..[{_SUFFIXES}]")

# Western words shorter than this, in letters, are not hyphenated; no part is shorter than that.
_LONG_WORD, _SHORTEST_SYLLABLES = 14, 4
_LETTERS = "A-Za-zÀ-ɏΑ-ωА-я"
_VOWELS = "aeiouyäöüáàâãåéèêëíìîïóòôõúùûýœæøаеёиоуыэюя"
_LONG_WESTERN = re.compile(rf"[{_LETTERS}]{{{_LONG_WORD},}}")
# German compounds: the linking s after a consonant, the n after an e, and three like consonants.
_LINKS = re.compile(
    rf"[^\W{_VOWELS}s]s(?=[^\W{_VOWELS}tpc]|st|sp|sch)|ungs(?=[{_VOWELS}])|en(?=[^\W{_VOWELS}ds])"
    rf"|[^\W{_VOWELS}](?=ver[^\W{_VOWELS}]|gesellschaft|ordnung)|([^\W{_VOWELS}])\1(?=\1)"
)
_SYLLABLE = re.compile(
    rf"[{_VOWELS}][^\W{_VOWELS}]?(?=(?:sch|ch|ph|th|st|[^\W{_VOWELS}])[{_VOWELS}])"
)

_ADDRESS = re.compile(r"https?://\S+|[\w.-]+(?:/[\w.-]+){2,}/?")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:]{14,}")
_SLASH = re.compile(r"(?<=[^/])/(?=[^/])")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[^_\W])_+(?=[^_\W])|(?<=\w)(?:\.|::)(?=\w)")


def script(character: str) -> str:
    """Return what a character of a compound is written in."""
    if "ァ" <= character <= "ヿ":
        return "katakana"
    if "ぁ" <= character <= "ゟ":
        return "hiragana"
    return "western" if character.isascii() else "kanji"


def japanese_joints(text: str) -> Iterator[int]:
    """Yield where the words of long katakana and kanji runs begin, but for the first."""
    for run in _LONG_RUN.finditer(text):
        yield from (run.start() + index for index in _katakana_joints(run[0]))
    for run in _KANJI_RUN.finditer(text):
        yield from (run.start() + index for index in _kanji_joints(run[0]))


def identifier_joints(text: str) -> Iterator[int]:
    """Yield the joints of addresses (after slashes) and of identifiers (before a capital)."""
    for address in _ADDRESS.finditer(text):
        yield from (
            address.start() + each.end() for each in re.finditer(r"(?<=[^/])/(?=[^/])", address[0])
        )
    for identifier in _IDENTIFIER.finditer(text):
        yield from (identifier.start() + each.end() for each in _CAMEL.finditer(identifier[0]))


def western_joints(text: str) -> Iterator[int]:
    """Yield the joints of long Western compounds, as German builds them."""
    yield from _inside(text, _LINKS)


def syllables(text: str) -> Iterator[int]:
    """Yield where syllables of long Western words begin: before a consonant and a vowel."""
    yield from _inside(text, _SYLLABLE)


def _inside(text: str, joint: re.Pattern[str]) -> Iterator[int]:
    for word in _LONG_WESTERN.finditer(text):
        if word[0][1:] != word[0][1:].lower() or _is_in_address(text, word.start()):
            continue
        for each in joint.finditer(word[0].lower()):
            if _SHORTEST_SYLLABLES <= each.end() <= len(word[0]) - _SHORTEST_SYLLABLES:
                yield word.start() + each.end()


def _is_in_address(text: str, index: int) -> bool:
    return any(each.start() <= index < each.end() for each in _ADDRESS.finditer(text))


def _katakana_joints(run: str) -> set[int]:
    """Return the borders of known words in a run, and typical ends in what is left."""
    known = [each.span() for each in _known_words().finditer(run)]
    found = {index for span in known for index in span}
    for (_, start), (stop, _) in pairwise([(0, 0), *known, (len(run), 0)]):
        if stop - start >= _LONG_UNKNOWN:
            found |= {start + each.end() for each in _ENDS.finditer(run[start:stop])}
    last = len(run) - _SHORTEST_PART
    return {each for each in found if _may_begin(run, each) and _SHORTEST_PART <= each <= last}


def _may_begin(run: str, index: int) -> bool:
    return run[index : index + 1] not in _CANNOT_BEGIN


@cache
def _known_words() -> re.Pattern[str]:
    lines = _WORD_LIST.read_text(encoding="utf-8").splitlines()
    words = sorted((line for line in lines if not line.startswith("#")), key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(words)})(?![ンッーァィゥェォャュョ])")


def _kanji_joints(run: str) -> list[int]:
    """Return the borders of words of two kanji, or three with an affix, that make up a run."""
    return list(accumulate(map(len, _kanji_words(run))))[:-1]


@cache
def _kanji_words(run: str) -> tuple[str, ...]:
    """Take a run apart from left to right, pairs first; nothing if that leaves a rest."""
    for length in (_first_length(run), 2, 3):
        word, rest = run[:length], run[length:]
        if not _WORD.fullmatch(word) or len(word) != length:
            continue
        others = _kanji_words(rest)
        if others or not rest:
            return (word, *others)
    return ()


def _first_length(run: str) -> int:
    """Return the length of what a run begins with, if that is sure: a number, place or body."""
    sure = _COUNTED.match(run) or _SURE.match(run)
    return sure.end() if sure else 0
