"""How values are written in messages: shortened, counted, and with their units."""

from __future__ import annotations

GIGABYTE, MEGABYTE = 1e9, 1e6

# What parsers and authors say is quoted in messages, and can be as long as the frontmatter.
_LONGEST_MESSAGE = 300

# Values and names in messages are cut to this many characters. Aliases make a list of 8,000 long
# texts out of 64 KiB, so what is cut off must not be written out first.
LONGEST_SHOWN = 60

# What steers a terminal or a page, or is not seen there: DEL and C1, marks and turns of direction,
# blanks without width, fillers, line and paragraph separators, tags and noncharacters. The joiner
# of emoji and the selectors of kanji's forms count where they stand behind others.
HIDDEN = (
    "[\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ufdd0-\ufdef"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
    "|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d"
    "|(?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)


def brief(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """Return `text` cut to `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def shown(value: object) -> str:
    """Return a value as an error message can hold it: one line of at most 60 characters."""
    import reprlib

    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = 4 * LONGEST_SHOWN
    try:
        text = short.repr(value)
    except ValueError:  # an int of more digits than Python agrees to print
        return "a huge number"
    return brief(text, LONGEST_SHOWN)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 picture` or `3 pictures`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def gigabytes(size_bytes: int) -> str:
    """Return a number of bytes in GB, such as `20.5 GB`."""
    return f"{size_bytes / GIGABYTE:.1f} GB"


def megabytes(size_bytes: int) -> str:
    """Return a number of bytes in MB, such as `1.8 MB`; never less than 0.1 MB."""
    return f"{max(size_bytes / MEGABYTE, 0.1):.1f} MB"
