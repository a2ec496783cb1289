"""How values are written in messages: shortened, counted, and with their units."""

from __future__ import annotations

GIGABYTE, MEGABYTE = 1e9, 1e6

# What parsers and authors say is quoted in messages, and can be as long as the frontmatter.
_LONGEST_MESSAGE = 300

# Values and names in messages are cut to this many characters. Aliases make a list of 8,000 long
# texts out of 64 KiB, so what is cut off must not be written out first.
LONGEST_SHOWN = 60


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
