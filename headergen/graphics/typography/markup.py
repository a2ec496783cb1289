"""Inline Markdown and HTML entities of titles: what is shown, and which of it is code."""

import html
import re
from dataclasses import dataclass

from headergen.graphics.typography.glyphs import cut, normalise

# Noncharacters of Unicode, which no text has: where code begins and ends.
_START, _END = "\ufdd0", "\ufdd1"

# Marks inside of marks are taken so deep; `****…` has hundreds.
_MOST_NESTED = 6

# Less than what CommonMark takes for emphasis, because `2*3*4` and `__init__` are more often meant
# in a title than emphasis there: no Latin letter or digit may touch an asterisk from outside, and
# underscores need a blank or a letter that no identifier has between them.
_INLINE = re.compile(
    r"""
    (?P<ticks>`+)(?P<code>(?:(?!(?P=ticks)).)*[^`])(?P=ticks)(?!`)
    | \\(?P<escaped>[!-/:-@\[-`{-~])
    | (?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)
    | !?\[(?P<link>[^\[\]]*)\]\([^()\s]+(?:[ ]+"[^"]*")?\)
    | <(?P<address>https?://[^<>\s]+)>
    | (?<![A-Za-z0-9*])(?P<stars>\*{1,3}|~~)(?=\S)(?P<strong>(?:`[^`]*`|.)+?)(?<=\S)(?P=stars)
      (?![A-Za-z0-9*])
    | (?<!\w)(?P<lines>__?)(?=\S)(?P<slanted>[^_]*[\s\u0080-\U0010ffff][^_]*)(?<=\S)(?P=lines)(?!\w)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Marked:
    """A normalised text, and the indices of its characters that are code."""

    text: str
    code: frozenset[int] = frozenset()


def read_inline(text: str) -> Marked:
    """Take the marks of Markdown and the entities out of a title, and normalise it.

    Emphasis has no look of its own: titles are bold already. A text that is too
    long is cut first.

    Raises:
        GlyphError: emoji are joined that the font has no common glyph for.
    """
    shown, code, is_code = "", set[int](), False
    for character in normalise(_inline(cut(text))):
        if character in (_START, _END):
            is_code = character == _START
            continue
        if is_code:
            code.add(len(shown))
        shown += character
    return Marked(shown, frozenset(code))


def _inline(text: str, depth: int = 0) -> str:
    if depth > _MOST_NESTED:
        return text
    return _INLINE.sub(lambda match: _shown(match, depth), text)


def _shown(match: re.Match[str], depth: int) -> str:
    if match["code"]:
        code = match["code"]
        is_padded = code[0] == code[-1] == " " and code.strip()
        return f"{_START}{code[1:-1] if is_padded else code}{_END}"
    if match["entity"]:
        return html.unescape(match["entity"])
    if match["escaped"] or match["address"]:
        return match["escaped"] or match["address"]
    return _inline(match["link"] or match["strong"] or match["slanted"] or "", depth + 1)
