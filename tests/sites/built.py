"""Sites that `headergen init` sets up, articles that a commit gives headers, and what is built."""

from __future__ import annotations

import html
import os
import re
import shlex
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import imagesize
import yaml

from tests.commits import hooked
from tests.support import repository
from tests.support.paths import CHECKOUT
from tests.support.repository import Repository

HEADER = (1280, 670)
BASE = "https://site.example/"

TITLES = {
    "winter-games": "Two games for the winter",
    "tea": "お茶を淹れる十の方法",
    "why-slow": "Why slow software wins: a `benchmark` story",
    "deploy": "Deploying on a Friday",
    "harbour": "Hafenrundfahrt im Nebel",
    "2026-08-30-summer": "夏の終わりに",
    "index-funds": "Index funds, explained",
    "c-and-rust": "C & Rust: a friendship",
    "migration": "移行ガイド (v2 → v3)",
    "last": "The last post",
}


def article(title: str, extra: str = "", key: str = "header") -> str:
    """Return an article that asks for a title card."""
    quoted = title.replace("'", "''")
    return f"---\ntitle: '{quoted}'\n{extra}{key}: {{card: true}}\n---\n\nText of *{title}*.\n"


def start(folder: Path, files: dict[str, str]) -> Repository:
    """Make a repository of a site's files, committed, in which `headergen` is on PATH."""
    environ = {**hooked.environment(folder / "env"), "NO_COLOR": "1", "CI": "1"}
    site = Repository(repository.create(folder / "site").root, environ)
    for name, text in files.items():
        site.write(name, text)
    site.git("add", ".")
    site.git("commit", "--quiet", "-m", "a site")
    return site


def publish(site: Repository, articles: dict[str, str], *options: str) -> dict[str, object]:
    """Set headergen up by `init`, commit the articles as an author does, and return the config.

    The first commit fails and makes the headers; the printed `git add` completes it.
    """
    site.headergen("init", "--yes", *options)
    site.git("add", ".")
    site.git("commit", "--quiet", "--no-verify", "-m", "headergen")
    for name, text in articles.items():
        site.write(name, text)
    site.git("add", ".")
    told = site.git("commit", "-m", "articles", code=1)
    (line,) = re.findall(r"to complete the commit: git (add .*)$", told, re.M)
    site.git(*shlex.split(line))
    site.git("commit", "--quiet", "-m", "articles")
    assert site.headergen("check", "-q") == ""
    assert site.headergen("check", "-q", "--commit", "HEAD") == ""
    return dict(yaml.safe_load((site.root / "headergen.yaml").read_text()))


def build(site: Repository, *command: str, tools: Path) -> str:
    """Build the site by a command of the tools in a folder, and return what it printed."""
    path = os.pathsep.join([str(tools), site.environ["PATH"]])
    return Repository(site.root, {**site.environ, "PATH": path}).run(*command)


def og_image(page: Path) -> str:
    """Return the picture that a built page names for previews of its link."""
    text = page.read_text(encoding="utf-8")
    (tag,) = re.findall(r"<meta[^>]*property=[\"']?og:image[\"']?[^>]*>", text)
    found = re.search(r"content=(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", tag)
    assert found, tag
    return html.unescape(next(filter(None, found.groups())))


def file_of(url: str, page: Path, output: Path, base: str = BASE) -> Path:
    """Return the file in the output folder that a URL in a page leads to."""
    here = urljoin(base, page.relative_to(output).as_posix())
    whole = urljoin(here, url)
    assert whole.startswith(base), whole
    return output / unquote(urlsplit(whole).path.removeprefix(urlsplit(base).path))


def assert_header(url: str, page: Path, output: Path, base: str = BASE) -> Path:
    """Assert that a URL in a built page leads to a picture of the header's size."""
    file = file_of(url, page, output, base)
    assert file.is_file(), f"{page}: {url} is not in the output"
    assert imagesize.get(file) == HEADER, (url, imagesize.get(file))
    return file


def page_of(site: str) -> str:
    """Return the page of docs about a kind of site."""
    return (CHECKOUT / "docs" / "sites" / f"{site}.md").read_text(encoding="utf-8")


def snippet(site: str, language: str, containing: str) -> str:
    """Return the one block of code of a page with this language and text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", page_of(site), re.M | re.S)
    (found,) = (each for each in blocks if containing in each)
    return str(found)


def recipe(site: str) -> dict[str, object]:
    """Return the config that the page of a kind of site has, and what each config has."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page_of(site), re.M | re.S)
    return {**yaml.safe_load(blocks[0]), "fallback": "card"}
