"""`headergen run --again`: headers made again under the config as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from headergen.article.article import parse
from headergen.article.edit import with_image
from headergen.article.keys import Keys
from headergen.cli.main import main
from headergen.errors import ArticleError
from tests.support.repository import Repository

CONFIG = "header: {width: 64, height: 34}\ncard: {theme: minimal}\n"
CARD = "---\ntitle: A\nheader: {card: true}\n---\n"


@pytest.fixture
def site(repo: Repository) -> Repository:
    """A site with one finished title card."""
    repo.write("headergen.yaml", CONFIG)
    repo.write("a.md", CARD)
    assert main(["run"]) == 0
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "a")
    return repo


def picture(repo: Repository, name: str = "note_images/a.png") -> bytes:
    return (repo.root / name).read_bytes()


def test_another_theme_is_drawn_in_place(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    before, text = picture(site), (site.root / "a.md").read_bytes()
    site.write("headergen.yaml", CONFIG.replace("minimal", "night"))
    assert main(["run", "a.md"]) == 0
    assert picture(site) == before
    capsys.readouterr()
    assert main(["run", "--again", "a.md"]) == 0
    assert "theme night" in capsys.readouterr().out
    assert picture(site) != before
    assert (site.root / "a.md").read_bytes() == text


def test_another_size_is_made_with_its_cuts(site: Repository) -> None:
    site.write("headergen.yaml", CONFIG + "also: [{key: og, width: 32, height: 16}]\n")
    assert main(["run"]) == 0
    cut = picture(site, "note_images/a-og.png")
    config = CONFIG.replace("width: 64", "width: 80").replace("minimal", "night")
    site.write("headergen.yaml", config + "also: [{key: og, width: 32, height: 16}]\n")
    assert main(["run", "--again", "."]) == 0
    with Image.open(site.root / "note_images/a.png") as image:
        assert image.size == (80, 34)
    assert picture(site, "note_images/a-og.png") != cut
    site.git("add", ".")
    assert main(["check"]) == 0


def test_another_place_and_format_leave_the_old_file_to_tidy(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    config = CONFIG.replace("34}", "34, format: webp}")
    site.write(
        "headergen.yaml", f"{config}output: /static/{{slug}}.{{format}}\npublic: {{static: /}}\n"
    )
    assert main(["run", "--again", "a.md"]) == 0
    assert "image: /a.webp" in (site.root / "a.md").read_text()
    assert (site.root / "static/a.webp").is_file()
    assert (site.root / "note_images/a.png").is_file()
    site.git("add", ".")
    capsys.readouterr()
    assert main(["tidy"]) == 1
    assert "note_images/a.png" in capsys.readouterr().out


def test_another_key_takes_the_picture_along(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write("headergen.yaml", CONFIG + "image_key: cover.image\n")
    before = (site.root / "a.md").read_bytes()
    assert main(["run"]) == 2
    assert "header.image: the config's image_key is another: cover.image" in (
        told := capsys.readouterr().err
    )
    assert "`headergen run --again`" in told
    assert main(["check"]) == 2
    assert (site.root / "a.md").read_bytes() == before
    assert main(["run", "--again", "a.md"]) == 0
    text = (site.root / "a.md").read_text()
    assert "cover:\n  image: note_images/a.png\n" in text
    assert "header: {card: true, digest: " in text
    site.git("add", ".")
    assert main(["check"]) == 0
    assert main(["hook"]) == 0


def test_a_picture_of_the_authors_and_one_without_a_request_stay(site: Repository) -> None:
    Image.new("RGB", (64, 34), "red").save(site.root / "own.png")
    site.write("own.md", "---\nheader: {image: own.png}\n---\n")
    text = (site.root / "a.md").read_text().replace("card: true, ", "")
    site.write("a.md", text)
    files = {name: picture(site, name) for name in ("own.png", "note_images/a.png")}
    site.write("headergen.yaml", CONFIG.replace("minimal", "night"))
    assert main(["run", "--again", "."]) == 0
    assert {name: picture(site, name) for name in files} == files
    assert (site.root / "a.md").read_text() == text


def test_a_file_of_the_authors_in_the_new_place_is_left_alone(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write("headergen.yaml", CONFIG + "output: other/{stem}.png\n")
    own = site.write("other/a.png", b"")
    Image.new("RGB", (64, 34), "red").save(own)
    before = own.read_bytes()
    assert main(["run", "--again", "a.md"]) == 2
    assert "headergen did not make it" in capsys.readouterr().err
    assert own.read_bytes() == before
    assert "note_images/a.png" in (site.root / "a.md").read_text()


def test_it_wants_to_be_told_which_articles(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--again"]) == 2
    assert "name them; . is the current folder" in capsys.readouterr().err


MOVED = Keys(image="cover")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "header:\n  card: A\n  image: h/a.png # here\n  digest: 3fa9c1d2\n",
            "header:\n  card: A\n  digest: 3fa9c1d2\ncover: n.png\n",
            id="a block",
        ),
        pytest.param(
            "header: {image: h/a.png, digest: 3fa9c1d2, card: h/a.png}\n",
            "header: {digest: 3fa9c1d2, card: h/a.png}\ncover: n.png\n",
            id="the first in braces",
        ),
        pytest.param(
            "header: {card: h/a.png, digest: 3fa9c1d2, image: h/a.png}\n",
            "header: {card: h/a.png, digest: 3fa9c1d2}\ncover: n.png\n",
            id="the last in braces, beside the same text",
        ),
    ],
)
def test_a_yaml_key_that_moves_is_taken_out(before: str, after: str) -> None:
    article = parse(Path("a.md"), f"---\n{before}---\n".encode(), MOVED)
    assert article
    assert with_image(article, "n.png", "3fa9c1d2").decode() == f"---\n{after}---\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            '[header]\ncard = "A"\nimage = "h/a.png" # here\ndigest = "3fa9c1d2"\n',
            'cover = "n.png"\n[header]\ncard = "A"\ndigest = "3fa9c1d2"\n',
            id="a table",
        ),
        pytest.param(
            'header = {image = "h/a.png", card = "A", digest = "3fa9c1d2"}\n',
            'header = {card = "A", digest = "3fa9c1d2"}\ncover = "n.png"\n',
            id="the first in braces",
        ),
        pytest.param(
            'header = {card = "A", digest = "3fa9c1d2", image = "h/a.png"}\n',
            'header = {card = "A", digest = "3fa9c1d2"}\ncover = "n.png"\n',
            id="the last in braces",
        ),
        pytest.param(
            'header.card = "A"\nheader.image = "h/a.png"\nheader.digest = "3fa9c1d2"\n',
            'header.card = "A"\nheader.digest = "3fa9c1d2"\ncover = "n.png"\n',
            id="dotted keys",
        ),
    ],
)
def test_a_toml_key_that_moves_is_taken_out(before: str, after: str) -> None:
    article = parse(Path("a.md"), f"+++\n{before}+++\n".encode(), MOVED)
    assert article
    assert with_image(article, "n.png", "3fa9c1d2").decode() == f"+++\n{after}+++\n"


def test_a_key_that_cannot_be_taken_out_without_risk_leaves_the_article_alone() -> None:
    text = "---\nheader:\n  card: A\n  image: &x h/a.png\n  digest: 3fa9c1d2\nalso: *x\n---\n"
    article = parse(Path("a.md"), text.encode(), MOVED)
    assert article
    with pytest.raises(ArticleError, match="left alone"):
        with_image(article, "n.png", "3fa9c1d2")
