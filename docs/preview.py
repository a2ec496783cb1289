"""Draw `docs/preview.webp`, the README's picture of the preview page, from the sample articles.

    uv run python -m docs.preview

It needs Chromium on PATH, as the tests of the page do. Headers of articles with a prompt are
painted where there is a GPU; elsewhere they are stand-ins, as the config of this repository says.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, sync_playwright

CHECKOUT = Path(__file__).resolve().parent.parent
SIZE = (1440, 980)
# Of what stands in the lower right corner.
INSET = (1440, 900)
SHARE = 0.56


def main() -> None:
    """Make a site of the sample articles, look at its page twice, and lay one over the other."""
    with tempfile.TemporaryDirectory() as folder:
        page = _page(Path(folder) / "headergen")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            gallery = _shot(browser, page, SIZE, dark=False)
            article = _shot(browser, f"{page}#2", INSET, dark=True)
            browser.close()
    picture = _laid_over(gallery, article)
    picture.save(CHECKOUT / "docs" / "preview.webp", quality=82, method=6)


def _page(site: Path) -> str:
    site.mkdir()
    shutil.copytree(CHECKOUT / "articles", site / "articles")
    shutil.copy(CHECKOUT / "headergen.yaml", site)
    for command in (
        ["git", "init", "--quiet"],
        [sys.executable, "-m", "headergen", "run", "articles"],
        ["git", "add", "."],
        [sys.executable, "-m", "headergen", "preview"],
    ):
        subprocess.run(command, cwd=site, check=True)
    return (site / ".headergen" / "preview.html").as_uri()


def _shot(browser: Browser, url: str, size: tuple[int, int], *, dark: bool) -> Image.Image:
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    page.goto(url)
    page.wait_for_function("[...document.images].every(each => each.complete)")
    page.wait_for_timeout(500)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def _laid_over(gallery: Image.Image, article: Image.Image) -> Image.Image:
    size = (round(article.width * SHARE), round(article.height * SHARE))
    small = article.resize(size, Image.Resampling.LANCZOS)
    picture = gallery.copy()
    place = (picture.width - small.width - 36, picture.height - small.height - 30)
    mask = Image.new("L", small.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), 16, fill=255)
    shadow = Image.new("L", picture.size)
    shadow.paste(mask.point(lambda level: level // 2), (place[0], place[1] + 12))
    picture.paste("black", mask=shadow.filter(ImageFilter.GaussianBlur(18)))
    picture.paste(small, place, mask)
    return picture


if __name__ == "__main__":
    main()
