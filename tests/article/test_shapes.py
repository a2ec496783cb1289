"""Keys whose value is a list or a mapping: written in the shape that the site reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from headergen.article.article import Article, parse
from headergen.article.edit import with_image
from headergen.article.keys import Keys
from headergen.cli.main import main
from headergen.errors import ArticleError
from tests.support.repository import Repository

OLD, NEW, DIGEST = "h/old.png", "h/a.png", "3fa9c1d2"


def read(text: str, image_key: str, *, every: bool = False) -> Article:
    found = parse(Path("a.md"), text.encode(), Keys(image=image_key), every=every)
    assert found
    return found


@pytest.mark.parametrize(
    ("image_key", "before", "after"),
    [
        pytest.param("images", "", "images: [h/a.png]\n", id="a new list"),
        pytest.param("images", "images:\n", "images: [h/a.png]\n", id="a key without value"),
        pytest.param("images", "images: []\n", "images: [h/a.png]\n", id="an empty list"),
        pytest.param("images", "images: [h/old.png]\n", "images: [h/a.png]\n", id="one item"),
        pytest.param(
            "images", "images: [h/old.png, b.png] # two\n", "images: [h/a.png, b.png] # two\n",
            id="the first of two",
        ),
        pytest.param(
            "images", 'images:\n- "h/old.png"\n# own\n- b.png\n',
            'images:\n- "h/a.png"\n# own\n- b.png\n', id="a block list",
        ),
        pytest.param(
            "images", "images:\n  - src: h/old.png\n    alt: x\n  - src: b.png\n",
            "images:\n  - src: h/a.png\n    alt: x\n  - src: b.png\n", id="a list of mappings",
        ),
        pytest.param("photos[]", "", "photos: [h/a.png]\n", id="a list by the config's word"),
        pytest.param(
            "photos", "photos: [h/old.png]\n", "photos: [h/a.png]\n", id="a list as it is found"
        ),
        pytest.param(
            "seo.images", "seo: {x: 1}\n", "seo: {x: 1, images: [h/a.png]}\n", id="in a mapping"
        ),
        pytest.param(
            "image", "image:\n  url: h/old.png\n  alt: x\n", "image:\n  url: h/a.png\n  alt: x\n",
            id="a mapping with a url",
        ),
        pytest.param(
            "image", "image: {alt: x, src: ''}\n", "image: {alt: x, src: 'h/a.png'}\n",
            id="a mapping with an empty src",
        ),
        pytest.param("image.src", "", "image:\n  src: h/a.png\n", id="a new mapping"),
    ],
)  # fmt: skip
def test_a_yaml_key_is_written_in_its_shape(image_key: str, before: str, after: str) -> None:
    header = f"header:\n  prompt: a\n  digest: {DIGEST}\n"
    article = read(f"---\n{before}{header}---\n", image_key)
    assert article.image == (OLD if OLD in before else None)
    written = with_image(article, NEW, DIGEST).decode()
    if not before:
        assert written == f"---\n{header}{after}---\n"
    else:
        assert written == f"---\n{after}{header}---\n"
    again = read(written, image_key)
    assert again.image == NEW
    assert with_image(again, NEW, DIGEST).decode() == written


@pytest.mark.parametrize(
    ("image_key", "before", "after"),
    [
        pytest.param("images", "images = []\n", 'images = ["h/a.png"]\n', id="an empty list"),
        pytest.param(
            "images", 'images = [ "h/old.png", "b.png" ]\n', 'images = [ "h/a.png", "b.png" ]\n',
            id="the first of two",
        ),
        pytest.param(
            "images", 'images = [\n  "h/old.png", # own\n]\n',
            'images = [\n  "h/a.png", # own\n]\n', id="over several lines",
        ),
        pytest.param(
            "images", 'images = [{src = "h/old.png", alt = "x"}]\n',
            'images = [{src = "h/a.png", alt = "x"}]\n', id="a list of mappings",
        ),
        pytest.param(
            "image", 'image = {url = "h/old.png"}\n', 'image = {url = "h/a.png"}\n', id="a mapping"
        ),
        pytest.param(
            "images", 'title = "x"\n', 'title = "x"\nimages = ["h/a.png"]\n', id="a new list"
        ),
    ],
)  # fmt: skip
def test_a_toml_key_is_written_in_its_shape(image_key: str, before: str, after: str) -> None:
    header = f'[header]\nprompt = "a"\ndigest = "{DIGEST}"\n'
    article = read(f"+++\n{before}{header}+++\n", image_key)
    assert article.image == (OLD if OLD in before else None)
    written = with_image(article, NEW, DIGEST).decode()
    assert written == f"+++\n{after}{header}+++\n"
    assert read(written, image_key).image == NEW


def test_a_list_of_tables_in_toml_has_its_first_item_written() -> None:
    text = (
        '+++\nheader = {prompt = "a"}\n[[images]]\nsrc = "h/old.png"\n[[images]]\nsrc = "b"\n+++\n'
    )
    written = with_image(read(text, "images"), NEW, DIGEST).decode()
    assert written.endswith('[[images]]\nsrc = "h/a.png"\n[[images]]\nsrc = "b"\n+++\n')


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        pytest.param("a: &l [h/old.png]\nimages: *l\n", "alias", id="an alias"),
        pytest.param("images: &l [h/old.png]\na: *l\n", "repeated elsewhere", id="an anchor"),
        pytest.param("images: [&i h/old.png]\na: *i\n", "anchor &i", id="an anchor of the item"),
        pytest.param("images: [!!str h/old.png]\n", "tag", id="a tag"),
    ],
)
def test_a_list_that_cannot_be_changed_without_risk_is_refused(before: str, reason: str) -> None:
    article = read(f"---\n{before}header: {{prompt: a}}\n---\n", "images")
    with pytest.raises(ArticleError, match=reason):
        with_image(article, NEW, DIGEST)


@pytest.mark.parametrize("value", ["[1, 2]", "[[a.png]]", "{alt: x}", "false", "3", "[{alt: x}]"])
def test_what_is_no_path_is_told_where_a_header_is_asked_for_and_else_left_alone(
    value: str,
) -> None:
    with pytest.raises(ArticleError, match="expected a path as text"):
        read(f"---\nimages: {value}\nheader: {{prompt: a}}\n---\n", "images")
    assert read(f"---\nimages: {value}\n---\n", "images", every=True).has_own_image


def test_a_site_whose_pictures_are_lists(repo: Repository) -> None:
    repo.write(
        "headergen.yaml",
        "header: {width: 64, height: 34}\nimage_key: images\ndefault: {card: true}\n"
        "also: [{key: 'thumbs[]', width: 32, height: 16}]\n",
    )
    repo.write("a.md", "---\ntitle: A\nimages: []\n---\n")
    repo.write("b.md", "---\ntitle: B\n---\n")
    repo.write_sources("own.png")
    repo.write("own.md", "---\ntitle: C\nimages: [own.png, other.png]\n---\n")
    assert main(["run"]) == 0
    assert (
        (repo.root / "a.md")
        .read_text()
        .startswith("---\ntitle: A\nimages: [note_images/a.png]\nheader:\n  digest: ")
    )
    assert "thumbs: [note_images/b-thumbs.png]\n" in (repo.root / "b.md").read_text()
    assert (repo.root / "own.md").read_text() == (
        "---\ntitle: C\nimages: [own.png, other.png]\n---\n"
    )
    texts = [(repo.root / name).read_text() for name in ("a.md", "b.md")]
    assert main(["run"]) == 0
    assert [(repo.root / name).read_text() for name in ("a.md", "b.md")] == texts
    repo.git("add", ".")
    assert main(["check"]) == 0
    assert main(["hook"]) == 0
    repo.git("commit", "--quiet", "-m", "all")
    assert main(["check", "--commit", "HEAD"]) == 0
