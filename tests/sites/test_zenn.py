"""docs/sites/zenn.md, through the preview of the real zenn-cli."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from PIL import Image

from tests.sites import built
from tests.sites.conftest import node_modules
from tests.support.repository import Repository

pytestmark = [pytest.mark.slow, pytest.mark.sites]

ARTICLE = """\
---
title: "{title}"
emoji: "🍵"
type: "tech"
topics: ["tea"]
published: true
header:
  card: true
---

{picture}
本文です。
"""
BOOK = 'title: "B"\nsummary: "s"\ntopics: []\npublished: true\nprice: 0\nchapters: [one]\n'
SLUGS = [f"how-to-brew-tea-{number}" for number in range(10)]


@contextmanager
def preview(work: Repository, tools: Path) -> Iterator[str]:
    """Run `zenn preview` and return its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["zenn", "preview", "--port", str(port)],
        cwd=work.root,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://localhost:{port}"
    try:
        wait_for(f"{address}/api/articles", process)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        try:
            with urlopen(url):
                return
        except URLError:
            assert process.poll() is None, "zenn preview ended"
            time.sleep(0.5)
    raise AssertionError("zenn preview does not answer")


def get(url: str) -> bytes:
    with urlopen(url) as answer:
        return bytes(answer.read())


def test_the_preview_shows_pictures_in_the_text_and_a_books_cover(
    tmp_path: Path, tools: Path
) -> None:
    modules = node_modules(tools, "zenn")
    files = {
        "package.json": '{"private": true, "devDependencies": {"zenn-cli": "0.5.2"}}',
        "books/my-book/config.yaml": BOOK,
        "books/my-book/one.md": '---\ntitle: "One"\n---\n本文\n',
        ".gitignore": "node_modules\n",
    }
    work = built.start(tmp_path, files)
    (work.root / "node_modules").symlink_to(modules)
    picture = built.snippet("zenn", "md", "images")
    articles = {
        f"articles/{slug}.md": ARTICLE.format(
            title=f"お茶 {slug}", picture=picture.replace("my-article", slug)
        )
        for slug in SLUGS
    }
    assert built.publish(work, articles) == built.recipe("zenn")
    (cover,) = re.findall(r"^    headergen (card .*)$", built.page_of("zenn"), re.M)
    work.headergen(*shlex.split(cover))

    with preview(work, modules / ".bin") as address:
        for slug in SLUGS:
            shown = json.loads(get(f"{address}/api/articles/{slug}"))["article"]
            (path,) = re.findall(r'<img src="([^"]+)"', shown["bodyHtml"])
            with Image.open(io.BytesIO(get(address + path))) as image:
                assert (image.size, image.format) == (built.HEADER, "PNG")
        book = json.loads(get(f"{address}/api/books/my-book"))["book"]
    data = base64.b64decode(book["coverDataUrl"].partition(",")[2])
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (500, 700)
