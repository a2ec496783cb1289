"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# Without a sandbox, because CI runs as root in a container; the rest keeps it from the network.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a browser, or skip; `HEADERGEN_BROWSER=required` makes its absence a failure."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and os.environ.get("HEADERGEN_BROWSER") == "required":
        pytest.fail("no Chromium on PATH, and HEADERGEN_BROWSER=required")
    if found is None:
        pytest.skip("no Chromium on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield browser
        browser.close()
