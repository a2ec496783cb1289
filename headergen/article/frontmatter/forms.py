"""Front matter in forms that headergen does not edit, recognised by an article's first bytes.

A second front matter before one of these would hide the first one from the site, with its title,
tags and layout. An article that begins like this is therefore left alone.
"""

from __future__ import annotations

import re

# No site's front matter is longer.
_MOST_BYTES = 64 * 1024

_START = rb"\A(?:\xef\xbb\xbf)?(?:[ \t\r\f\v]*+\n)*+"
_FENCE = rb"(?:-{3,}|\+{3,}|;{3,})"
_PAIR = rb"[\"']?[A-Za-z_][\w.-]*[\"']?[ \t]*:(?:[ \t\r][^\n]*)?\n"
_CONTINUED = rb"(?:[ \t]+[^\n]*\n|-[ \t][^\n]*\n|\#[^\n]*\n)"

# Keys that Pelican, MultiMarkdown and Python-Markdown read from the first lines of an article.
_NAMES = (
    rb"(?i:title|date|authors?|tags|category|categories|slug|summary|status|layout|template|"
    rb"keywords|description|lang|modified|permalink|subtitle|published)"
)
_LINE = rb"[A-Za-z_][\w -]{0,40}:[ \t]+[^\n]*\n"

# Blanks that nobody sees, and what an editor makes of dashes: in UTF-8, U+00A0, U+3000, U+200B to
# U+200D, a byte order mark; U+2010 to U+2015, U+2212, and full-width signs.
_BLANK = rb"(?:[ \t]|\xc2\xa0|\xe3\x80\x80|\xe2\x80[\x8b-\x8d]|\xef\xbb\xbf)"
_LONG_DASH = rb"(?:\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xe3\x83\xbc|\xef\xbc[\x8b\x8d])"
_NEAR_DASH = rb"(?:[-+]|" + _LONG_DASH + rb")"
_NEAR_FENCE = (
    rb"(?!(?:-{3,}|\+{3,})[ \t\r]*\n)" + _BLANK + rb"*+"
    rb"(?:" + _LONG_DASH + rb"|" + _NEAR_DASH + rb"{2})" + _NEAR_DASH + rb"*+"
    + _BLANK + rb"*+\r?\n"
)  # fmt: skip

_FORMS = {
    "conflict markers": rb"<{7} ",
    "a fence with a language, such as `---yaml`": rb"(?:-{3,}|\+{3,})[ \t]*[A-Za-z][\w+-]*\s*?\n",
    "a fence with more on its line": rb"-{3,}[ \t]+[{!&#][^\n]*\n",
    "a fence that is not three plain dashes, or has blanks before it": (
        _NEAR_FENCE + rb"[\"']?[A-Za-z_][\w.-]*[\"']?[ \t]*[:=]"
    ),
    "a fence of `;;;`": rb";{3,}[ \t]*\w*[ \t\r]*\n",
    "JSON that begins on the first line": rb"\{[ \t]*\"",
    "lines such as `Title: text` without a fence before them": (
        rb"(?:" + _LINE + rb"){0,10}?" + _NAMES + rb"[ \t]*:[ \t]"
    ),
    "properties (Logseq)": rb"(?:(?i:alias|type|public|icon)|" + _NAMES + rb")::[ \t]",
    "keys without a fence before them": (
        _PAIR + rb"(?:" + _CONTINUED + rb")*+" + _PAIR
        + rb"(?:" + _PAIR + rb"|" + _CONTINUED + rb")*?" + _FENCE + rb"[ \t\r]*\n"
    ),
    "a comment before the fence": (
        rb"<!--(?:(?!-->)[\s\S]){0,4000}-->\s*?\n(?:-{3,}|\+{3,})[ \t\r]*\n"
    ),
    "metadata in a comment": (
        rb"(?:<!--|/\*)\s*(?:\.\.[ \t]+\w+|(?i:space|parent)|" + _NAMES + rb")[ \t]*:"
    ),
    "a title block (Pandoc), or a directive of YAML": rb"%(?:[ \t]+\S|YAML\b)",
    "EDN (Cryogen)": rb"\{\s*:[a-z][\w-]*[ \t]",
    "metadata in a code block": rb"`{3,}[ \t]*(?:metadata|front-?matter)[ \t\r]*\n",
    "metadata as an export (MDX)": (
        rb"(?:(?:import\b[^\n]*|[ \t\r]*)\n)*+export[ \t]+(?:const|let|var)[ \t]+"
        rb"(?i:meta|metadata|frontmatter)\b"
    ),
}  # fmt: skip
_PATTERNS = {words: re.compile(_START + pattern) for words, pattern in _FORMS.items()}

# The key of a request and, below it, a word that only a request has.
_REQUEST = rb"^[ \t]*[\[{]?[\"']?%s[\"']?[ \t]*[]:=.][\s\S]{0,400}?\b(?:prompt|sources|card)\b"


def unknown_form(data: bytes) -> str | None:
    """Return the name of the form of an article's front matter; None if headergen knows it."""
    head = data[:_MOST_BYTES]
    return next((words for words, pattern in _PATTERNS.items() if pattern.match(head)), None)


def requests_header(data: bytes, request: str) -> bool:
    """Check whether the lines before the first blank one look like a request under that key."""
    head = data[:_MOST_BYTES].replace(b"\r\n", b"\n").lstrip()
    pattern = _REQUEST % re.escape(request.encode())
    return bool(re.search(pattern, head.partition(b"\n\n")[0], re.M))
