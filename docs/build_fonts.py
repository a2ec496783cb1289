"""Make the files of headergen/graphics/fonts/ anew: see docs/fonts.md."""

from __future__ import annotations

import itertools
import json
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import emoji
import uharfbuzz
from fontTools import subset
from fontTools.ttLib import TTFont

TARGET = Path(__file__).parent.parent / "headergen" / "graphics" / "fonts"

# Whatever a Japanese keyboard, an English one and the languages between them write.
BLOCKS = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x017F),  # Latin-1, Latin Extended-A
    (0x0370, 0x045F),  # Greek, Cyrillic
    (0x1E00, 0x1EFF),  # Latin Extended Additional
    (0x2000, 0x22FF),  # punctuation, currency, letterlike, arrows, mathematics
    (0x2300, 0x27BF),  # technical, enclosed, boxes, shapes, symbols, dingbats
    (0x3000, 0x30FF),  # punctuation and kana
    (0x31F0, 0x33FF),  # small kana, enclosed, units, eras
    (0xFF00, 0xFFEF),  # full-width and half-width forms
)
WESTERN_BLOCKS = (
    (0x0020, 0x007E),
    (0x00A0, 0x024F),  # Latin-1, Latin Extended-A and B
    (0x0370, 0x052F),  # Greek, Cyrillic
    (0x1E00, 0x1FFF),  # Latin Extended Additional (Vietnamese), Greek Extended
    (0x2010, 0x2027),
    (0x20A0, 0x20BF),
)
# Jōyō and common name kanji that CP932 (JIS X 0208 with IBM's and NEC's rows) lacks.
NAME_KANJI = "𠮟塡剝頰𠮷槗俱吞噓剥填頬叱繫蟬蠟瘦簞顚鷗麵屢摑搔頹"
# Characters whose spacing is worth a table: pairs of them are kerned, single ones trimmed.
SPACED = (
    *map(chr, range(0x21, 0x7F)),
    *map(chr, range(0xC0, 0x100)),
    *"‘’“”–—…",
    *"、。，．・：；？！（）「」『』【】〈〉《》〔〕［］｛｝",
    *map(chr, range(0x3041, 0x3097)),
    *map(chr, range(0x30A1, 0x30FD)),
)
# Their glyphs get code points of Private Use Area B, which no text holds.
FIRST_PRIVATE = 0xF0000
# In thousandths of an em: less is a fifth of a pixel at 20 px.
LEAST_KERN = 10
SKIN_TONES = range(0x1F3FB, 0x1F400)


@dataclass(frozen=True)
class Cut:
    """One file to make: from which font, and which characters of it."""

    source: str
    target: str
    characters: frozenset[int] = frozenset()


def _encodable(encoding: str, leads: range) -> set[int]:
    pairs = (bytes(pair) for pair in itertools.product(leads, range(0x40, 0xFD)))
    texts = (pair.decode(encoding, errors="ignore") for pair in pairs)
    return {ord(text) for text in texts if len(text) == 1 and unicodedata.category(text) != "Co"}


WESTERN = frozenset(code for first, last in WESTERN_BLOCKS for code in range(first, last + 1))
CODE = frozenset((*range(0x20, 0x7F), *range(0xA0, 0x100)))  # ASCII and Latin-1
JAPANESE = frozenset(
    {code for first, last in BLOCKS for code in range(first, last + 1)}
    | _encodable("cp932", range(0x81, 0xFD))
    | set(map(ord, NAME_KANJI))
)
CUTS = (
    Cut(
        "NotoSansJP_800ExtraBold.ttf",
        "noto-sans-jp-800",
        JAPANESE | _encodable("shift_jis_2004", range(0x81, 0xF0)),
    ),
    Cut("NotoSansJP_500Medium.ttf", "noto-sans-jp-500", JAPANESE),
    Cut("NotoSerifJP_700Bold.ttf", "noto-serif-jp-700", JAPANESE),
    Cut("NotoSans_800ExtraBold.ttf", "noto-sans-800", WESTERN),
    Cut("NotoSans_500Medium.ttf", "noto-sans-500", WESTERN),
    Cut("NotoSerif_700Bold.ttf", "noto-serif-700", WESTERN),
    Cut("NotoSansMono_700Bold.ttf", "noto-sans-mono-700", CODE),
)
EMOJI = Cut("NotoEmoji_700Bold.ttf", "noto-emoji-700")


def main(folder: Path) -> None:
    """Make each file from the fonts that lie anywhere below `folder`."""
    for cut in CUTS:
        (source,) = folder.rglob(cut.source)
        _save(TTFont(source), cut, cut.characters)
        _describe(source, cut, {})
    (source,) = folder.rglob(EMOJI.source)
    font = TTFont(source)
    sequences = _give_code_points(font, _ligatures(_shaper(source), font.getGlyphOrder()))
    _save(font, EMOJI, font.getBestCmap())
    _describe(source, EMOJI, sequences)


def _shaper(path: Path) -> uharfbuzz.Font:
    return uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path))))


def _save(font: TTFont, cut: Cut, characters: Iterable[int]) -> None:
    options = subset.Options(layout_features=[], hinting=False, glyph_names=False)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "STAT", "gasp", "vhea", "vmtx"]
    options.notdef_outline = True
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=set(characters))
    cutter.subset(font)
    font.flavor = None
    # The same input gives the same bytes: fontTools would write the time of day.
    font.recalcTimestamp = False
    font.save(TARGET / f"{cut.target}.ttf")


def _ligatures(shaper: uharfbuzz.Font, names: Sequence[str]) -> dict[str, str]:
    """Find the glyph of each emoji sequence that the font draws as one."""
    plain = sorted({_plain(sequence) for sequence in emoji.EMOJI_DATA})
    drawn = {sequence: _glyphs(shaper, sequence) for sequence in plain if len(sequence) > 1}
    return {sequence: names[glyphs[0]] for sequence, glyphs in drawn.items() if len(glyphs) == 1}


def _plain(sequence: str) -> str:
    """Leave out what one colour does not show: skin tones, and the choice of colour itself."""
    tones = "".join(map(chr, SKIN_TONES))
    kept = "".join(each for each in sequence if each not in f"\ufe0f{tones}")
    return kept or sequence


def _glyphs(shaper: uharfbuzz.Font, text: str) -> list[int]:
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(shaper, buffer)
    infos, positions = buffer.glyph_infos, buffer.glyph_positions
    drawn = [i.codepoint for i, p in zip(infos, positions, strict=True) if p.x_advance]
    return [] if 0 in drawn else drawn


def _give_code_points(font: TTFont, ligatures: Mapping[str, str]) -> dict[str, str]:
    """Make each ligature's glyph reachable by one code point, as a plain cmap look-up needs."""
    glyphs = sorted(set(ligatures.values()))
    private = {name: FIRST_PRIVATE + index for index, name in enumerate(glyphs)}
    for table in font["cmap"].tables:
        if table.isUnicode() and table.format == 12:
            table.cmap.update({code: name for name, code in private.items()})
    return {sequence: chr(private[name]) for sequence, name in ligatures.items()}


def _describe(source: Path, cut: Cut, sequences: Mapping[str, str]) -> None:
    """Write down what drawing needs to know, so that it needs no font library."""
    font = TTFont(TARGET / f"{cut.target}.ttf")
    names = font.getBestCmap()
    widths = {chr(code): font["hmtx"][name][0] for code, name in names.items()}
    full, _ = Counter(widths.values()).most_common(1)[0]
    shaper, spaced = _shaper(source), [each for each in SPACED if each in widths]
    trims = {each: _shape(shaper, each) for each in spaced}
    data = {
        "units_per_em": font["head"].unitsPerEm,
        "full_width": full,
        "covered": _ranges(sorted(names)),
        "widths": {each: width for each, width in widths.items() if width != full},
        "trims": {each: trim for each, trim in trims.items() if trim != (0, widths[each])},
        "kerns": _kerns(shaper, trims),
        "sequences": sequences,
    }
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    (TARGET / f"{cut.target}.json").write_text(text + "\n", encoding="ascii")


def _kerns(shaper: uharfbuzz.Font, trims: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """Measure how much closer two characters stand than their trimmed widths say."""
    pairs = ("".join(pair) for pair in itertools.product(trims, repeat=2))
    kerns = {pair: _shape(shaper, pair)[1] - trims[pair[0]][1] for pair in pairs}
    return {pair: kern for pair, kern in kerns.items() if abs(kern) >= LEAST_KERN}


def _shape(shaper: uharfbuzz.Font, text: str) -> tuple[int, int]:
    """Measure how far proportional spacing moves the first glyph, and how wide it leaves it."""
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(shaper, buffer, {"palt": True, "kern": True, "liga": False, "ccmp": False})
    first = buffer.glyph_positions[0]
    return first.x_offset, first.x_advance


def _ranges(codes: Iterable[int]) -> list[tuple[int, int]]:
    """Pack ascending code points as (first, last) pairs."""
    groups = itertools.groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0])
    runs = ([code for _, code in group] for _, group in groups)
    return [(run[0], run[-1]) for run in runs]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
