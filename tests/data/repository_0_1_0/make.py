"""How headergen 0.1.0 (commit 6eda895) made the two repositories in this folder.

It was run in a checkout of that commit as `uv run python make.py settled unfinished`. It is kept to
be read: later versions need not run it. `tests/project/test_repository_0_1_0.py` tells what they
owe to what it made.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from headergen.diffusion.worker import tiny  # type: ignore[attr-defined]  # of the version that made it
from PIL import Image, ImageDraw

PAINTS = "image: {device: cpu, width: 96, height: 64, num_inference_steps: 1}\n"
CANNOT_PAINT = f"{PAINTS}worker: {{python: nowhere/python}}\n"
HEADER = "header: {width: 240, height: 126FORMAT}\n"
SETTLED = """\
fallback: card
card: {author: Ann Author}
also: [{key: og_image, width: 120, height: 63}]
alt_key: description
styles:
  - {paths: posts/series/**, default: {card: true}, theme: night}
  - {paths: posts/painted/**, default: {prompt: "a quiet {title}"}}
"""
SOURCES = {
    "wide": (96, 54),
    "tall": (48, 80),
    "square": (64, 64),
    "logo": (60, 20),
    "mine": (240, 126),
}
CARDS_AND_COMPOSITES = {
    "cover": "title: 表紙\nheader:\n  sources: [pictures/wide.png]\n  focus: [0.2, 0.4]\n",
    "split": "header: {sources: [pictures/wide.png, pictures/tall.png], layout: split}\n",
    "grid": "header: {sources: [pictures/wide.png, pictures/tall.png, pictures/square.png]}\n",
    "hero": "header:\n  sources:\n  - pictures/tall.png\n  - pictures/wide.png\n"
    "  - /posts/pictures/square.png\n  layout: hero\n",
    "fan": "title: Fanned\nheader: {sources: [pictures/tall.png, pictures/square.png], "
    "layout: fan, title: true}\n",
    "shelf": "header: {sources: [pictures/logo.png, pictures/square.png], layout: shelf}\n",
    "card": "title: 推しゲーム10選\ndate: 2026-01-02\ntags: [a, b]\n"
    "header:\n  card: {theme: duotone, picture: pictures/wide.png, date: true}\n",
    "plain-card": "title: A plain card\nheader: {card: true}\n",
    "series/first": "title: First of a series\n",
    "declined": "title: Without a header\nheader: false\n",
    "hand-made": "header: {image: pictures/mine.png}\n",
}
PAINTED = {
    "sea": "title: 海\nheader:\n  prompt: 夕焼けの海辺   # the sea\n  alt: A shore at dusk\n",
    "titled": "title: Over a picture\nheader: {prompt: hills, seed: 7, title: true}\n",
    "tags": "header:\n  prompt: 1girl, (sunset:1.3)\n  negative_prompt: lowres\n"
    "  model: animagine-xl-3.1\n  steps: 2\n  seed: 5\n",
    "painted/default": "title: default\n",
}
TOML = '+++\ntitle = "TOML"\n[header]\nprompt = "a lighthouse"\nseed = 3\n+++\nBody.\n'
STAND_IN = {"stand-in": "title: 代わり\nheader: {prompt: a mountain}\n"}


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def articles(root: Path, headers: dict[str, str]) -> None:
    for name, header in headers.items():
        write(root, f"posts/{name}.md", f"---\n{header}---\nBody.\n")


def pictures(folder: Path) -> None:
    """Draw sources of few colours, each of another shape."""
    folder.mkdir(parents=True)
    for number, (name, (width, height)) in enumerate(SOURCES.items()):
        ground = (0, 0, 0, 0) if name == "logo" else (40 + 50 * number, 90, 160, 255)
        image = Image.new("RGBA", (width, height), ground)
        draw = ImageDraw.Draw(image)
        draw.ellipse([width // 4, height // 4, width // 2, height // 2], fill=(240, 200, 80, 255))
        image.save(folder / f"{name}.png")


def models(folder: Path) -> None:
    """Put tiny checkpoints where `headergen fetch` puts the published ones."""
    for build, hub_id in (
        (tiny.build_zimage, "Tongyi-MAI--Z-Image-Turbo"),
        (tiny.build_sdxl, "cagliostrolab--animagine-xl-3.1"),
    ):
        place = build(folder / hub_id / "0123456789ab")
        facts = {"hub_id": hub_id, "revision": "0123456789ab", "form": ""}
        (place / "headergen.json").write_text(json.dumps(facts))


def headergen(root: Path, *arguments: str, code: int) -> None:
    done = subprocess.run([sys.executable, "-m", "headergen", *arguments], cwd=root)
    assert done.returncode == code, (arguments, done.returncode)


def make_settled(root: Path) -> None:
    png, webp = HEADER.replace("FORMAT", ""), HEADER.replace("FORMAT", ", format: webp")
    pictures(root / "posts" / "pictures")
    articles(root, CARDS_AND_COMPOSITES)
    write(root, "posts/no-frontmatter.md", "# Not asked for\n\nBody.\n")
    write(root, "headergen.yaml", CANNOT_PAINT + png + SETTLED)
    headergen(root, "run", code=0)
    articles(root, PAINTED)
    write(root, "posts/toml.md", TOML)
    write(root, "headergen.yaml", PAINTS + webp + SETTLED)
    headergen(root, "run", code=0)
    headergen(root, "candidates", "posts/sea.md", "-n", "2", code=0)
    articles(root, STAND_IN)
    write(root, "headergen.yaml", CANNOT_PAINT + webp + SETTLED)
    headergen(root, "run", code=0)
    headergen(root, "run", code=0)
    # What takes room and is of no use: the sheet, and the cuts of before the change of format.
    for path in [*root.rglob("sheet.png"), *root.rglob("*-og_image.png")]:
        path.unlink()


def make_unfinished(root: Path) -> None:
    """Paint a header that takes more than the config admits, so that it is kept and not used."""
    write(root, "a.md", "---\nheader: {prompt: too large, seed: 1}\n---\nBody.\n")
    header = HEADER.replace("FORMAT", ", max_kb: 10")
    write(root, "headergen.yaml", PAINTS + header)
    headergen(root, "run", code=3)
    write(root, "headergen.yaml", CANNOT_PAINT + header.replace(", max_kb: 10", ""))


def main(settled: str, unfinished: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"HEADERGEN_MODELS": f"{folder}/models", "XDG_CACHE_HOME": folder}
        models(Path(folder) / "models")
        for make, place in ((make_settled, settled), (make_unfinished, unfinished)):
            root = Path(folder) / place
            root.mkdir()
            subprocess.run(["git", "init", "--quiet", root], check=True)
            make(root)
            shutil.rmtree(root / ".git")
            shutil.move(root, Path(place))


main(*sys.argv[1:])
