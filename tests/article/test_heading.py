"""The title that is taken from the text, or from the file's name."""

from __future__ import annotations

import time

import pytest

from headergen.article.facts import title_of_name
from headergen.article.heading import heading


@pytest.mark.parametrize(
    ("text", "title"),
    [
        pytest.param("Winter games\n============\n\ntext", "Winter games", id="underlined"),
        pytest.param("Two\nlines\n===\n", "Two lines", id="underlined over two lines"),
        pytest.param("# Cards <small>for blogs</small>\n", "Cards for blogs", id="tags"),
        pytest.param("# A <!-- b --> c\n", "A c", id="a comment inside"),
        pytest.param("# Winter {#winter}\n", "Winter", id="an anchor"),
        pytest.param("# Winter {: .a #b key='x y'}\n", "Winter", id="kramdown's attributes"),
        pytest.param("# Winter {.unnumbered}\n", "Winter", id="a class"),
        pytest.param("# Winter {-}\n", "Winter", id="Pandoc's dash"),
        pytest.param("# Winter {title}\n", "Winter {title}", id="braces of the author's"),
        pytest.param("# Use `{#a}`\n", "Use {#a}", id="attributes in code"),
        pytest.param("# Q&amp;A &copy; &#35;\n", "Q&A © #", id="entities"),
        pytest.param("# a\\_b \\# c\n", "a_b # c", id="escapes"),
        pytest.param("# See [docs][1]\n", "See docs", id="a reference to nowhere"),
        pytest.param("# See [docs][d]\n\n[d]: http://a\n", "See docs", id="a reference"),
        pytest.param("# See [docs]\n\n[docs]: http://a\n", "See docs", id="a short reference"),
        pytest.param("# [Draft] docs\n", "[Draft] docs", id="brackets"),
        pytest.param("# A note[^1]\n", "A note", id="a footnote"),
        pytest.param("# [[page|Shown]] and [[Other]]\n", "Shown and Other", id="wikilinks"),
        pytest.param("# `m[0][1]` and _b_ ~~c~~\n", "m[0][1] and b c", id="code and emphasis"),
        pytest.param("# ![logo](a.png) Name\n", "Name", id="a picture beside text"),
        pytest.param("# Name [![build](a)](b) ![x](c)\n", "Name", id="badges"),
        pytest.param("# ![Logo & co](a.png)\n", "Logo & co", id="a picture's text"),
        pytest.param("# <img alt='Logo' src=a>\n", "Logo", id="a picture's text in HTML"),
        pytest.param("# A  b\tc\n", "A b c", id="blanks"),
        pytest.param("# 春\u3000夏\n", "春\u3000夏", id="an ideographic space"),
        pytest.param("# A<br>b<br />c\n", "A b c", id="line breaks in HTML"),
        pytest.param("# <ruby>漢<rp>(</rp><rt>かん</rt></ruby>字\n", "漢字", id="readings of ruby"),
        pytest.param("# A note[^1]\n\n[^1]: b\n", "A note", id="a footnote with its text"),
        pytest.param("# [Big]{.smallcaps} text\n", "Big text", id="Pandoc's span"),
        pytest.param("# Winter {/* #id */}\n", "Winter", id="MDX's anchor"),
        pytest.param("{/*\n# no\n*/}\n\n# Yes\n", "Yes", id="not in a comment of MDX"),
        pytest.param("%%\n# no\n%%\n\n# Yes\n", "Yes", id="not in a comment of Obsidian"),
        pytest.param(
            "{% comment %}\n# no\n{% endcomment %}\n# Yes\n", "Yes", id="not in a comment of Liquid"
        ),
        pytest.param("{#\n# no\n#}\n\n# Yes\n", "Yes", id="not in a comment of Nunjucks"),
        pytest.param("<!--\n# no\n-->\n\n# Yes\n", "Yes", id="not in a comment"),
        pytest.param("~~~\n# no\n```\n# no\n~~~\n# Yes\n", "Yes", id="not in a fence"),
        pytest.param("    # no\n\n# Yes\n", "Yes", id="not in indented code"),
        pytest.param("> # no\n\n- # no\n\n# Yes\n", "Yes", id="not in a quote or list"),
        pytest.param("# \n\n#\n\n# Yes\n", "Yes", id="not an empty one"),
        pytest.param("## No\n", None, id="not a section"),
        pytest.param("a = b\n", None, id="no heading"),
        pytest.param("text\n\n===\n", None, id="signs of equality alone"),
    ],
)
def test_the_first_heading_is_as_a_renderer_shows_it(text: str, title: str | None) -> None:
    assert heading(text.encode()) == title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        pytest.param("<h1>Winter <em>games</em> &amp; co</h1>\n", "Winter games & co", id="alone"),
        pytest.param('<H1 align="center">\n  Winter\n</H1>\n', "Winter", id="over lines"),
        pytest.param("<h1>\n\nWinter *games*\n\n</h1>\n", "Winter games", id="around Markdown"),
        pytest.param("<p><center><h1>Winter</h1></center></p>\n", "Winter", id="in other tags"),
        pytest.param("Text <h1>Winter</h1>\n", "Winter", id="in a paragraph"),
        pytest.param('<h1><img alt="HTTPX" src="a.png"></h1>\n', "HTTPX", id="a picture"),
        pytest.param("<h1><!-- a --></h1>\n<h1>Winter</h1>\n", "Winter", id="an empty one first"),
        pytest.param("<h1>Winter</h1>\n\n# Section\n", "Winter", id="before Markdown's"),
        pytest.param("# Winter\n\n<h1>Section</h1>\n", "Winter", id="after Markdown's"),
        pytest.param("<!-- <h1>no</h1> -->\n\n# Yes\n", "Yes", id="not in a comment"),
        pytest.param("<script>\n'<h1>no</h1>'\n</script>\n# Yes\n", "Yes", id="not in a script"),
        pytest.param("```html\n<h1>no</h1>\n```\n# Yes\n", "Yes", id="not in a fence"),
        pytest.param("Write `<h1>no</h1>`\n\n# Yes\n", "Yes", id="not in code"),
        pytest.param("> <h1>no</h1>\n\n# Yes\n", "Yes", id="not in a quote"),
        pytest.param("<h10>no</h10>\n", None, id="another tag"),
    ],
)
def test_a_heading_may_be_in_html(text: str, title: str | None) -> None:
    assert heading(text.encode()) == title


def test_a_heading_that_is_no_utf8_is_read() -> None:
    assert heading(b"\xef\xbb\xbf# a\xff\r\n") == "a\ufffd"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "# " + "[" * 60_000,
            "# " + "*a_" * 20_000,
            "> " * 30_000 + "# a",
            "*" * 60_000 + "\n# a",
        ),
        *("# \n" + "{# " * 6_000, "<h1>" * 5_000, "<h1>" + '<a "' * 5_000, "<h1>" + "<!--" * 5_000),
        "<h1>\n\n" + ("[" * 999 + "\n\n") * 16,
    ],
)
def test_no_heading_takes_long(text: str) -> None:
    heading(b"# a")  # loads the parser
    start = time.process_time()
    heading(text.encode())
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("stem", "title"),
    [
        ("winter_games", "winter games"),
        ("2026-08-30-winter-games", "winter games"),
        ("20260830 Winter games", "Winter games"),
        ("2026-08-30T1200-winter", "winter"),
        ("Node.js", "Node.js"),
        ("夏の海", "夏の海"),
        ("1984", "1984"),
        ("12-monkeys", "12 monkeys"),
        ("index", None),
        ("_index", None),
        ("index.fr", None),
        ("2026-08-30", None),
        ("2026-W35", None),
        ("2026-08", None),
        ("--", None),
    ],
)
def test_a_name_without_date_and_separators(stem: str, title: str | None) -> None:
    assert title_of_name(stem) == title
