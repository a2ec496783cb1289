"""Front matter in forms that headergen does not edit: recognised, and left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from headergen.article.article import parse
from headergen.article.frontmatter.forms import unknown_form
from headergen.errors import ArticleError, SkippedError

BOM = b"\xef\xbb\xbf"
UNKNOWN = {
    "YAML's name at the fence": b"---yaml\ntitle: a\n---\n",
    "JSON's name at the fence": b'--- json\r\n{"title": "a"}\r\n---\r\n',
    "TOML's name at the fence": b"+++toml\ntitle = 'a'\n+++\n",
    "after a byte order mark": BOM + b"---yml\ntitle: a\n---\n",
    "semicolons": b';;;\n"title": "a"\n;;;\n',
    "no opening fence": b"title: a\ndate: 2026-08-30\n---\ntext\n",
    "no opening fence and a list": b"layout: post\ntags:\n- a\n- b\n---\ntext\n",
    "no opening fence, keys of the site's": b"cover: a\nseries: b\n---\ntext\n",
    "no opening fence in JSON": b'"title": "a",\n"tags": []\n;;;\n',
    "Pelican": b"Title: a\nDate: 2026-08-30\n\ntext\n",
    "MultiMarkdown after blank lines": b"\n\nAuthor: a\n\ntext\n",
    "JSON on one line": b'{"title": "a"}\ntext\n',
    "a comment behind the fence": b"--- # settings\ntitle: a\n---\n",
    "a mapping behind the fence": b"--- {title: a}\n---\n",
    "a blank before the fence": b" ---\ntitle: a\n ---\n",
    "a tab before the fence": b"\t+++\ntitle = 'a'\n+++\n",
    "a hidden blank before the fence": "\u200b---\ntitle: a\n---\n".encode(),
    "a hidden blank behind the fence": "---\u00a0\r\ntitle: a\r\n---\r\n".encode(),
    "an ideographic space behind the fence": "---\u3000\ntitle: a\n---\n".encode(),
    "dashes that an editor joined": "—-\ntitle: a\n—-\n".encode(),
    "one long dash": "—\ntitle: a\n—\n".encode(),
    "full-width dashes": "－－－\ntitle: a\n－－－\n".encode(),
    "two dashes": b"--\ntitle: a\n--\n",
    "a directive": b"%YAML 1.2\n---\ntitle: a\n---\n",
    "EDN": b'{:title "a"\n :layout :post}\n',
    "Logseq": b"title:: a\ntags:: b\n\n- text\n",
    "MultiMarkdown's own key first": b"Base Header Level: 2\nTitle: a\n\ntext\n",
    "keys of the site's first": b"created: 2026\ntype: a\ntitle: b\n\ntext\n",
    "Wintersmith": b"```metadata\ntitle: a\n```\n",
    "Pico": b"/*\nTitle: a\n*/\n\ntext\n",
    "mark for Confluence": b"<!-- Space: DOC -->\n<!-- Title: a -->\n\ntext\n",
    "a comment with keys": b"<!--\ntitle: a\ntags: b\n-->\n\ntext\n",
    "MDX with let": b"export let metadata = { title: 'a' }\n",
    "Nikola": b"<!--\n.. title: a\n-->\n\ntext\n",
    "a comment first": b"<!-- markdownlint-disable -->\n---\ntitle: a\n---\n",
    "Pandoc": b"% Title\n% Author\n\ntext\n",
    "MDX": b"import A from 'a'\n\nexport const metadata = { title: 'a' }\n",
    "conflict markers": b"<<<<<<< HEAD\n---\ntitle: a\n=======\n",
}
KNOWN = {
    "YAML": b"---\ntitle: a\n---\n",
    "TOML": b"+++\ntitle = 'a'\n+++\n",
    "a text": b"Note: this is a text.\n\nMore.\n",
    "a heading below a colon": b"Prologue: the sea\n---\n",
    "a rule": b"text\n\n---\n\nkey: value\n",
    "a comment": b"<!-- a -->\n# Heading\n",
    "a shortcode": b"{{< figure >}}\n",
    "a tag": b"{% raw %}\n",
    "MDX": b"import A from 'a'\nexport default A\n",
    "a dash": b"-- a quotation\n",
    "a long dash": "— a quotation\n".encode(),
    "a long rule": "——\n\ntext: a\n".encode(),
    "a rule of three signs": b"- - -\n\ntext: a\n",
    "a list": b"-\n  key: value\n",
    "a dialogue": b"Alice: Hello.\nBob: Hi.\n\nThey left.\n",
    "a note of the editor's": b"<!-- TODO: more -->\n\ntext\n",
    "code": b"```yaml\ntitle: a\n```\n",
    "MDX's comment": b"{/* title: a */}\n\ntext\n",
    "MDX's export": b"export let shown = true\n\ntext\n",
    "a field of Dataview's": b"up:: [[a]]\n\ntext\n",
}


@pytest.mark.parametrize("data", UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_form_is_left_alone(data: bytes) -> None:
    assert unknown_form(data)
    assert parse(Path("a.md"), data) is None
    with pytest.raises(SkippedError) as caught:
        parse(Path("a.md"), data, every=True)
    assert (caught.value.path, caught.value.line) == ("a.md", 1)


@pytest.mark.parametrize("data", KNOWN.values(), ids=KNOWN)
def test_what_is_known_or_no_front_matter_is_served(data: bytes) -> None:
    assert unknown_form(data) is None
    assert parse(Path("a.md"), data, every=True)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"---yaml\nheader: {card: true}\n---\n", id="a language"),
        pytest.param(b" ---\nheader: {prompt: b}\n---\n", id="an indented fence"),
        pytest.param("—\nheader: {card: true}\n—\n".encode(), id="a long dash"),
        pytest.param(b"title: a\nheader:\n  prompt: b\n---\n", id="no opening fence"),
        pytest.param(b';;;\n"header": {"prompt": "b"}\n;;;\n', id="semicolons"),
    ],
)
@pytest.mark.parametrize("every", [False, True])
def test_a_request_in_an_unknown_form_is_an_error(data: bytes, every: bool) -> None:
    with pytest.raises(ArticleError, match="has a form that headergen does not edit") as caught:
        parse(Path("a.md"), data, every=every)
    assert not isinstance(caught.value, SkippedError)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"---\ntitle: {{ .Title }}\n---\n", "a template", id="a template"),
        pytest.param(b'{\n  "title": "a"\n}\n', "JSON", id="JSON"),
        pytest.param(b"---\ntitle: a: b\n---\n", "cannot be read", id="invalid YAML"),
        pytest.param(b"+++\ntitle = [\n+++\n", "cannot be read", id="invalid TOML"),
        pytest.param(b"---\ntitle: a\n\ntext\n", "cannot be read", id="never closed"),
        pytest.param(b"---\ntitle: \xff\n---\n", "cannot be read", id="not UTF-8"),
        pytest.param(b"\xff\xfea\0", "cannot be read", id="UTF-16"),
        pytest.param(b"---\nt: a: b\n---\n```\nheader:\n```\n", "cannot be read", id="in the text"),
    ],
)
def test_what_cannot_be_read_and_asks_for_nothing_is_skipped(data: bytes, reason: str) -> None:
    with pytest.raises(SkippedError) as caught:
        parse(Path("a.md"), data, every=True)
    assert reason in caught.value.reason
