"""A site with an article in every state, as `headergen preview` meets it."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from headergen.article import article as articles
from headergen.article import edit
from headergen.graphics import encoding
from headergen.make.kept import save_candidate, save_record
from headergen.picture.provenance import Metadata
from headergen.plan import candidates
from headergen.plan import state as states
from headergen.settings import config as configs
from headergen.vocabulary import STAND_IN
from tests.support.headers import header_of
from tests.support.repository import Repository

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{data}}\u2028"


def fill(repo: Repository) -> None:
    """Write the articles, which are named for their states."""
    repo.write("headergen.yaml", "header: {width: 640, height: 335}\n")
    for name, title, prompt in (
        ("fresh", "A lighthouse at dusk", "a lighthouse on a cliff"),
        ("stale", "Letters from the old harbour", "an old harbour"),
        ("stand-in", "Slow games for long nights", "a lamp by a window"),
    ):
        _painted(repo, name, title, prompt, STAND_IN if name == "stand-in" else "")
    stale = (repo.root / "stale.md").read_text()
    repo.write("stale.md", stale.replace("an old harbour", "an old harbour in fog"))
    repo.write("missing.md", "---\ntitle: Nothing yet\nheader: {prompt: a quiet sea}\n---\n")
    _candidates(repo, "missing.md")
    repo.write("hand-made/photo.jpg", _jpeg())
    repo.write(
        "hand-made.md",
        "---\ntitle: My own photograph\nheader: {image: hand-made/photo.jpg, alt: A beach}\n---\n",
    )
    repo.write("no-header.md", "# No header wanted\n\nText.\n")
    repo.write("broken.md", "---\ntitle: Mistaken\nheader: {promt: x}\n---\n# Mistaken\n")


def _painted(repo: Repository, name: str, title: str, prompt: str, mark: str) -> None:
    text = f"---\ntitle: {title}\nheader:\n  prompt: {prompt}\n  seed: 7\n---\n"
    found = articles.parse(Path(f"{name}.md"), text.encode())
    assert found and found.request
    digest = states.digest_of(found.request, ()) + mark
    repo.write(header_of(name), encoding.encode(_scene(len(name)), "png", Metadata(digest)))
    repo.write(f"{name}.md", edit.with_image(found, header_of(name), digest))


def _candidates(repo: Repository, name: str) -> None:
    """Keep two candidates, as if a model had painted them."""
    found = articles.parse(repo.root / name, (repo.root / name).read_bytes())
    assert found
    config = configs.load(repo.root)
    kept = [
        save_candidate(
            found,
            each,
            encoding.encode(_scene(each.number), "png", Metadata(each.job.digest)),
            repo.root,
        )
        for each in candidates.planned(found, config, repo.root, 2)
    ]
    save_record(found, kept, config, repo.root)


def _scene(seed: int) -> Image.Image:
    """Draw a sky that is another for each seed, with a bright disc in its middle."""
    sky = Image.linear_gradient("L").resize((640, 335)).rotate(180)
    blank = Image.new("L", (640, 335), 40 * (seed % 5) + 40)
    scene = Image.merge("RGB", (sky, blank, sky.transpose(Image.Transpose.FLIP_TOP_BOTTOM)))
    disc = Image.radial_gradient("L").resize((120, 120)).point(lambda level: 255 * (level < 128))
    scene.paste("white", (260, 100), disc)
    return scene


def _jpeg() -> bytes:
    return encoding.encode(_scene(2), "jpeg")
