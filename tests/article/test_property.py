"""Articles, whatever they hold: no crash, no hang, and no byte changed but in two lines."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from headergen.article.article import Article, parse
from headergen.article.edit import with_image
from headergen.article.keys import Keys
from headergen.errors import ArticleError
from tests.support.paths import DATA

PATH = Path("a.md")
# Neither stands in a golden file or a fragment, so a line that holds one is a line of ours.
IMAGE = "パス/π #1.png"
DIGEST = "1e05afe7"

IMAGE_KEYS = st.sampled_from(["header.image", "cover.image", "hero", "header.a.b", "a.b.c"])
NOISE = [
    "  # c\n", "header:\n", "  image: x\n", "  ", "\t", "}", "'", '"', "|", "- a\n", "? x\n",
    "...\n", "--- a\n", "[[a]]\n", "[header]\n", "\r", "\u2028", "\0", "&h", "*h", "!!str ",
]  # fmt: skip
# Written as they stand in the file, with two spaces for the header's own indentation.
YAML_KEYS = [
    "  prompt: x\n", "  prompt: 夕焼け 🌅 # c\n", "  prompt: |\n    a\n\n   \n",
    "  prompt: |+\n    a\n\n", "  prompt: >-   # c\n    a\n\n    b\n  # d\n",
    "  prompt: a\n    b # c\n", "  prompt: 'a\n\n    b'\n", "  image:\n", "  image: a.png # c\n",
    '  image: "a.png"\n', "  image: ~\n", "  image: *i\n", "  image: &j a\n",
    "  image: >\n    a\n", "  'image' : 'x'\n", "  ? image\n  : x\n", "  image:   # c\n",
    "  digest: aabbccdd\n", "  digest:\n", "  digest: '12345678'\n", "  digest: 12345678\n",
    "  sources:\n  - a.png\n", "  sources: [a,\n    b] # c\n", "  seed: 3\n", "  alt:\n",
    "  alt: ''\n", "  <<: *h\n", "  # c\n", "\n",
]  # fmt: skip
YAML_FLOWS = [
    "header: {}\n", "header: {prompt: x}\n", "header: { prompt: 'x', } # c\n", "header: *h\n",
    "header: {\n  prompt: x, # c\n  seed: 1 # d\n  # e\n  }\n",
    'header: {"prompt":"x","image":""}\n', "header: {prompt: x, image}\n",
    "header: {image: , digest: aabbccdd, prompt: x}\n", "header: &h {prompt: x}\n",
    "? header\n: prompt: x\n", "header: !!map {prompt: x}\n",
]  # fmt: skip
YAML_ROOT = [
    "title: &i t # c\n", "title: 'a\u2028b'\n", "base: &h {model: m}\n", "<<: *h\n", "copy: *i\n",
    "cover:\n", "cover: {}\n", "cover:\n    alt: z\n\n", "cover: {alt: z,\n  b: }\n",
    "cover: ~ # c\n", "cover: *h\n", "cover: text\n", "cover: &c {image: x}\n", "d: *c\n",
    "hero:\n", "hero: '' # c\n", "tags: [a,\n  b]\n", "tags:\n- a\n-\n", "a:\n", "a: {b: }\n",
    "a:\n  b:\n      c: 1\n", "n: .nan\n", "note: |+\n  a\n\n", "note: >-\n  a\n  b\n\n# c\n",
    "# c\n", "\n", "day: 2024-01-01\n", "1: x\n",
]  # fmt: skip
TOML_KEYS = [
    "prompt = 'x'\n", '  prompt = "夕焼け #" # c\n', "prompt = '''\nx'''\n",
    'prompt = """\\\n"""""\n', "image = 'a.png' # c\n", 'image=""\n', "image = '''a'''\n",
    "image = '''\na'''\n", "seed = 3\n", "digest = 'aabbccdd'\n", "sources = ['a', # c\n'b'\n]\n",
    "alt = ''\n", "\n", "# c\n",
]  # fmt: skip
TOML_FLOWS = [
    "header = {}\n", "header = {prompt = 'x'}\n", 'header = { prompt = "}", seed = 1 } # c\n',
    "header.prompt = 'x'\n", "  header.prompt = 'x'\nheader . 'seed' = 1\n", "header = { }\n",
    "header = {prompt = 'x', digest = 'aabbccdd'}\n", "header = {'image' = '', prompt = 'x'}\n",
]  # fmt: skip
TOML_ROOT = [
    "hero = ''\n", "hero = 'x' # c\n", "title = '[x]'\n", "n = [nan, 1.0, true]\n",
    "x.'y.z' = 1\n", "\n", "cover.alt = 'x'\n", "cover = {}\n", "cover = {image = 'x'}\n",
    "a.b = {}\n", "a.x = 1\n", "# c\n",
]  # fmt: skip
TOML_TABLES = [
    "[cover]\n", "[cover] # c\n  alt = 'x'\n", "[cover.sub]\na = 1\n", "[a]\n", "[a.b]\nx = 1\n",
    "[[a]]\n", "[ 'a' . b ]\n", "[z]\nd = 2024-01-01 10:00:00\n", "[[list]]\n[list.b]\n[[list]]\n",
    "[header.sub]\n",
]  # fmt: skip
GOLDEN = sorted((DATA / "articles").glob("*/*.expected.*"))


def key_of(line: str) -> str:
    return re.sub(r"(?s)\W*(\w*).*", r"\1", line)


def some(lines: list[str], least: int = 0) -> st.SearchStrategy[str]:
    """A few of the lines, no two of which set the same key."""
    chosen = st.lists(st.sampled_from(lines), min_size=least, max_size=5, unique_by=key_of)
    return chosen.map("".join)


def text_of(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The parts, between them now and then something that does not belong there, in LF or CRLF."""
    noise = st.sampled_from([""] * (9 * len(NOISE)) + NOISE)
    noisy = st.tuples(*(st.tuples(noise, part).map("".join) for part in parts)).map("".join)
    newline = st.sampled_from(["\n", "\n", "\r\n"])
    return st.tuples(noisy, newline).map(lambda both: both[0].replace("\n", both[1]))


YAML_HEADER = st.one_of(
    some(YAML_KEYS, least=1).map("header:\n".__add__),
    some(YAML_KEYS, least=1).map("header: &k # c\n".__add__),
    st.sampled_from(YAML_FLOWS),
)
TOML_TEXT = st.one_of(
    text_of(
        some(TOML_ROOT), some(TOML_TABLES), some(TOML_KEYS).map("[header]\n".__add__),
        some(TOML_TABLES),
    ),
    text_of(some(TOML_ROOT), st.sampled_from(TOML_FLOWS), some(TOML_ROOT), some(TOML_TABLES)),
)  # fmt: skip


def read(data: bytes, image_key: str) -> Article | None:
    try:
        return parse(PATH, data, Keys(image=image_key))
    except ArticleError as error:
        assert error.path == "a.md"
        assert error.line is not None
        assert 1 <= error.line <= data.count(b"\n") + 1
        event("refused on reading")
        return None


def written(article: Article) -> bytes | None:
    try:
        return with_image(article, IMAGE, DIGEST)
    except ArticleError as error:
        assert "the article was left alone" in error.message
        assert error.line is not None
        event("refused on writing")
        return None


def assert_holds(data: bytes, image_key: str) -> bytes | None:
    """Assert what is promised of any bytes; return the new ones where they could be written."""
    article = read(data, image_key)
    new = written(article) if article else None
    if article is None or new is None:
        return None
    event("written")
    after = parse(PATH, new, Keys(image=image_key))
    assert after is not None
    assert (after.image, after.digest) == (IMAGE, DIGEST)
    assert (after.request, after.alt) == (article.request, article.alt)
    assert with_image(after, IMAGE, DIGEST) == new
    assert_only_two_lines_change(data, new, image_key, moved=article.moved_key is not None)
    return new


def assert_only_two_lines_change(
    data: bytes, new: bytes, image_key: str, *, moved: bool = False
) -> None:
    """Assert it; where the picture's key `moved`, its old line goes as well."""
    old_lines, new_lines = data.split(b"\n"), new.split(b"\n")
    kept = [
        line for line in new_lines if IMAGE.encode() not in line and DIGEST.encode() not in line
    ]
    for parent in created_parents(old_lines, kept, image_key):
        kept.remove(parent)
    assert len(old_lines) - len(kept) in (0, 1, 2, 3 if moved else 2)
    remaining = iter(old_lines)
    assert all(line in remaining for line in kept), "a line of the author's was changed or moved"


def created_parents(old: list[bytes], kept: list[bytes], image_key: str) -> list[bytes]:
    """Return the lines `cover:` or `[cover]` (and the blank one above it) that were created."""
    created = []
    for name in image_key.split(".")[:-1]:
        for line in kept:
            is_parent = line.strip().strip(b"[]:").split(b".")[0] == name.encode()
            if is_parent and kept.count(line) > old.count(line):
                created.append(line)
    if any(line.startswith(b"[") for line in created):
        created.append(b"\r" if created[0].endswith(b"\r") else b"")
    return created


def set_value(values: dict[Any, Any], dotted: str, value: str) -> dict[Any, Any]:
    *parents, last = dotted.split(".")
    table = values
    for key in parents:
        table[key] = dict(table.get(key) or {})
        table = table[key]
    table[last] = value
    return values


def ordered(value: Any) -> str:
    if isinstance(value, dict):
        return repr(sorted((repr(key), ordered(inner)) for key, inner in value.items()))
    return repr(value)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(text=text_of(some(YAML_ROOT), YAML_HEADER, some(YAML_ROOT)), image_key=IMAGE_KEYS)
def test_yaml_gains_the_two_keys_and_nothing_else(text: str, image_key: str) -> None:
    head, tail = b"---\n", b"---\nbody\r\n---\nheader: \xff"
    text += "\n"
    new = assert_holds(head + text.encode() + tail, image_key)
    if new is None:
        return
    assert new.startswith(head)
    assert new.endswith(tail)
    values = yaml.safe_load(text)
    set_value(values, image_key, IMAGE)
    set_value(values, "header.digest", DIGEST)
    new_text = new[len(head) : -len(tail)].decode()
    assert ordered(yaml.safe_load(new_text)) == ordered(values)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(text=TOML_TEXT, image_key=IMAGE_KEYS)
def test_toml_gains_the_two_keys_and_nothing_else(text: str, image_key: str) -> None:
    head, tail = b"+++\n", b"+++\nbody\r\n+++\nheader = \xff"
    text += "\n"
    new = assert_holds(head + text.encode() + tail, image_key)
    if new is None:
        return
    assert new.startswith(head)
    assert new.endswith(tail)
    values = tomllib.loads(text)
    set_value(values, image_key, IMAGE)
    set_value(values, "header.digest", DIGEST)
    new_text = new[len(head) : -len(tail)].decode()
    assert ordered(tomllib.loads(new_text)) == ordered(values)


@settings(max_examples=300, deadline=None)
@given(
    path=st.sampled_from(GOLDEN),
    edits=st.lists(
        st.tuples(
            st.integers(0, 400),
            st.integers(0, 12),
            st.sampled_from([*" \n\r\t:{}[],'\"#|>&*!?-=.~\0aé\u2028", "\r\n", "\n  "]),
        ),
        min_size=1,
        max_size=3,
    ),
    image_key=IMAGE_KEYS,
)
def test_damaged_articles_are_refused_or_kept(
    path: Path, edits: list[tuple[int, int, str]], image_key: str
) -> None:
    data = path.read_bytes()
    for start, length, replacement in edits:
        data = data[:start] + replacement.encode() + data[start + length :]
    assert_holds(data, image_key)


@settings(max_examples=200, deadline=None)
@given(
    fence=st.sampled_from(["---\n", "+++\n", "{\n", "\ufeff---\r\n", "\n\n---\n"]),
    text=st.text(alphabet="header: {}[]&*!|>'\"%@`\n\r\t#-+.=1\u2028\0é", max_size=60),
)
def test_any_text_is_read_or_refused(fence: str, text: str) -> None:
    data = f"{fence}header: {text}\n{fence.strip(chr(0xFEFF))}".encode()
    assert_holds(data, "header.image")
