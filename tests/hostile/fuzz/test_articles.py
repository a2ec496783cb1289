"""A fuzzer over articles: golden files, damaged byte by byte and line by line.

The suite runs a short, always equal part of it. A long one, which draws anew each time:

    HEADERGEN_FUZZ=100000 uv run pytest -n 1 -m "" tests/hostile/fuzz
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from headergen.article.article import parse
from headergen.article.edit import with_image
from headergen.article.frontmatter.block import MAX_BYTES
from headergen.article.keys import Keys
from headergen.errors import ArticleError
from tests.article.test_property import DIGEST, IMAGE, IMAGE_KEYS, PATH, assert_holds
from tests.support.paths import DATA

SHORT = 300
EXAMPLES = int(os.environ.get("HEADERGEN_FUZZ", SHORT))
GOLDEN = sorted((DATA / "articles").glob("*/*.*"))

# Calls of functions, in Python and in C, that reading and writing may take: for the libraries'
# start, and for each byte. Of what was measured at full length a list of nested lists takes the
# most, 405 a byte; what takes them in the square of its length goes far beyond.
FIRST_CALLS = 100_000
CALLS_PER_BYTE = 1000
LONGEST = 2 * MAX_BYTES

VALUES = [
    "", "~", "x", "夕焼け", "'", '"', "'a: b'", "*i", "&i x", "&i", "!!str x", "!!int '1:2'",
    "!!set", "!!binary =", "!!omap [a: 1]", "!!timestamp x", "!!python/name:os.system", "|",
    "|+\n   a", ">-", "{", "{}", "[", "[]", "[a, *i]", "{<<: *i}", "? a", "- a", "1:30:00",
    "1" * 5000, "0x" + "f" * 99, "1e999", "-0.0", ".nan", "yes", "2024-99-99",
    "2024-01-01 00:00:00", "'\\ud800'", '"\\ud800"', '"\\0"', "a # b", "@a", "%a", "../../a",
    "~/a", "C:\\a", ".git/x", "/a", "a" * 300, '"""', "'''", "[[a]]", "1_0",
    "1979-05-27T07:32:00Z",
]  # fmt: skip
LINES = [
    "---", "+++", "...", "--- a", "{", "}", "%YAML 1.1", "%TAG ! x", "header:", " header:",
    "header: *i", "? header", ": x", "<<: *i", "[header]", "[[header]]", "[a.header]",
    "header.prompt = 'x'", "\t", "# c", "- a", "  image: x", "  digest: aabbccdd", "cover:",
    "hero: x", "a: &i {b: c}", "",
]  # fmt: skip
BITS = [
    b"\0", b"\r", b"\r\n", b"\n", b"\t", b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80",
    "\u2028".encode(), b"\x85", b"\xff", b"---", b"+++", b":", b"{", b"[", b"'", b'"', b"#",
    b"&", b"*", b"!", b"|", b"-", b".", b"=", b"\\", b"header", b"~", b"`", b"\x1b",
]  # fmt: skip

Change = Callable[[bytes], bytes]
places = st.floats(0, 1, exclude_max=True)


def at(data: bytes, place: float) -> int:
    """An index into the first bytes after the opening fence, where the frontmatter is."""
    first = data.find(b"\n") + 1
    return first + int(place * min(len(data) + 1 - first, 600))


def in_lines(edit: Callable[[list[bytes], int], None], place: float) -> Change:
    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        if len(lines) > 1:
            edit(lines, 1 + int(place * min(len(lines) - 1, 30)))
        return b"\n".join(lines)

    return change


def prefixed(bit: bytes) -> Change:
    return lambda data: bit + data


def inserted(place: float, bit: bytes) -> Change:
    return lambda data: data[: at(data, place)] + bit + data[at(data, place) :]


def removed(place: float, length: int) -> Change:
    return lambda data: data[: at(data, place)] + data[at(data, place) + length :]


def flipped(place: float, bits: int) -> Change:
    def change(data: bytes) -> bytes:
        start = at(data, place)
        return (
            data[:start]
            + bytes(byte ^ bits for byte in data[start : start + 1])
            + data[start + 1 :]
        )

    return change


def repeated(place: float, length: int, times: int) -> Change:
    def change(data: bytes) -> bytes:
        start = at(data, place)
        part = data[start : start + length]
        most = (LONGEST - len(data)) // max(len(part), 1)
        return data[:start] + part * max(1, min(times, most)) + data[start + length :]

    return change


def with_line(place: float, line: str) -> Change:
    return in_lines(lambda lines, index: lines.insert(index, line.encode()), place)


def without_line(place: float) -> Change:
    return in_lines(lambda lines, index: lines.__delitem__(slice(index, index + 1)), place)


def doubled_line(place: float) -> Change:
    return in_lines(lambda lines, index: lines.insert(index, lines[index]), place)


def moved_line(place: float, by: int) -> Change:
    return in_lines(lambda lines, index: lines.insert(index + by, lines.pop(index)), place)


def indented(place: float, blanks: str) -> Change:
    def edit(lines: list[bytes], index: int) -> None:
        lines[index] = blanks.encode() + lines[index].lstrip(b" \t")

    return in_lines(edit, place)


def with_value(place: float, value: str) -> Change:
    """Give the key of a line another value."""

    def edit(lines: list[bytes], index: int) -> None:
        sign = b"=" if b"=" in lines[index] else b":"
        key = lines[index].partition(sign)[0]
        lines[index] = key + sign + b" " + value.encode("utf-8", "surrogatepass")

    return in_lines(edit, place)


def with_lines_of(other: Path, place: float, count: int) -> Change:
    def edit(lines: list[bytes], index: int) -> None:
        lines[index:index] = other.read_bytes().split(b"\n")[1 : 1 + count]

    return in_lines(edit, place)


def with_newlines(old: bytes, new: bytes) -> Change:
    return lambda data: data.replace(old, new)


CHANGES = st.one_of(  # the first is drawn most
    st.builds(with_value, places, st.sampled_from(VALUES)),
    st.builds(inserted, places, st.sampled_from(BITS)),
    st.builds(removed, places, st.integers(1, 40)),
    st.builds(flipped, places, st.integers(1, 255)),
    st.builds(repeated, places, st.integers(1, 60), st.sampled_from([2, 60, 10_000])),
    st.builds(with_line, places, st.sampled_from(LINES)),
    st.builds(without_line, places),
    st.builds(doubled_line, places),
    st.builds(moved_line, places, st.integers(-5, 5)),
    st.builds(indented, places, st.sampled_from(["", " ", "  ", "\t", "      "])),
    st.builds(with_lines_of, st.sampled_from(GOLDEN), places, st.integers(1, 12)),
    st.builds(with_newlines, st.sampled_from([b"\n", b"\r\n"]), st.sampled_from([b"\r\n", b"\r"])),
    st.builds(prefixed, st.sampled_from(BITS)),
)


@contextmanager
def counting_calls() -> Iterator[list[int]]:
    """Count the functions that the block calls, in Python and in C."""
    calls = [0]

    def count(_: Any, event: str, __: Any) -> None:
        calls[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def read_and_write(data: bytes, image_key: str) -> None:
    """Do what a run does with an article, with a `header` and without."""
    for every in (False, True):
        try:
            article = parse(PATH, data, Keys(image=image_key), every=every)
            new = with_image(article, IMAGE, DIGEST) if article else data
        except ArticleError as error:
            assert str(error).startswith("a.md:")
            assert len(str(error)) < 500
            continue
        if article:
            again = parse(PATH, new, Keys(image=image_key))
            assert again
            assert with_image(again, IMAGE, DIGEST) == new


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES == SHORT,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    golden=st.sampled_from(GOLDEN),
    changes=st.lists(CHANGES, min_size=1, max_size=4),
    image_key=IMAGE_KEYS,
)
def test_a_damaged_article_is_refused_or_gains_two_lines(
    golden: Path, changes: list[Change], image_key: str
) -> None:
    data = golden.read_bytes()
    for change in changes:
        data = change(data)
    if IMAGE.encode() not in data and DIGEST.encode() not in data:
        assert_holds(data, image_key)
    with counting_calls() as calls:
        read_and_write(data, image_key)
    target(calls[0] / max(len(data), 1), label="calls per byte")
    assert calls[0] <= FIRST_CALLS + CALLS_PER_BYTE * len(data)
