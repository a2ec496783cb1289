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

_FORMS = {
    "conflict markers": rb"<{7} ",
    "a fence with a language, such as `---yaml`": rb"(?:-{3,}|\+{3,})[ \t]*[A-Za-z][\w+-]*\s*?\n",
    "a fence of `;;;`": rb";{3,}[ \t]*\w*[ \t\r]*\n",
    "JSON that begins on the first line": rb"\{[ \t]*\"",
    "lines such as `Title: text` without a fence before them": _NAMES + rb"[ \t]*:[ \t]",
    "keys without a fence before them": (
        _PAIR + rb"(?:" + _CONTINUED + rb")*+" + _PAIR
        + rb"(?:" + _PAIR + rb"|" + _CONTINUED + rb")*?" + _FENCE + rb"[ \t\r]*\n"
    ),
    "a comment before the fence": (
        rb"<!--(?:(?!-->)[\s\S]){0,4000}-->\s*?\n(?:-{3,}|\+{3,})[ \t\r]*\n"
    ),
    "metadata in a comment (Nikola)": rb"<!--\s*\.\.[ \t]+\w+:",
    "a title block (Pandoc)": rb"%[ \t]+\S",
    "metadata as an export (MDX)": (
        rb"(?:(?:import\b[^\n]*|[ \t\r]*)\n)*+export[ \t]+const[ \t]+"
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
