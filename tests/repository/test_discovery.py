from __future__ import annotations

from pathlib import Path

import pytest

from headergen.article import article as articles
from headergen.repository import discovery


def test_articles_are_listed_in_order_each_by_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.md", "a.MDX", "x.txt", "posts/2.md", "posts/1.md", "archive.md/old.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    for name in (".hidden/a.md", "node_modules/a.md", "posts/__pycache__/a.md"):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text("")
    (tmp_path / "link.md").symlink_to("posts/1.md")
    (tmp_path / "folder.md").symlink_to("posts")
    (tmp_path / "linked").symlink_to("posts")
    (tmp_path / "gone.md").symlink_to("nowhere.md")
    below = ["a.MDX", "b.md", "nowhere.md", "posts/1.md", "archive.md/old.md", "posts/2.md"]
    assert discovery.articles_at([Path()]) == below
    assert (
        discovery.articles_at([Path("posts/../posts"), Path("link.md")]) == below[3:4] + below[5:]
    )
    assert list(discovery.articles_below(str(tmp_path / "posts"))) == [
        str(tmp_path / "posts" / name) for name in ("1.md", "2.md")
    ]


def test_a_folder_that_cannot_be_listed_holds_no_articles(tmp_path: Path) -> None:
    assert list(discovery.articles_below(str(tmp_path / "gone"))) == []


@pytest.mark.parametrize(
    ("text", "has_header"),
    [
        pytest.param("---\nheader: {prompt: a}\n---\n" + "long text\n" * 20_000, True, id="long"),
        pytest.param("---\ntitle: a\n---\nheader: {prompt: a}\n", False, id="below the fence"),
        pytest.param("----\nheader: {prompt: a}\n----\n", True, id="a longer fence"),
        pytest.param("--- \nheader: {prompt: a}\n--- \n\n---\n", True, id="blanks after fences"),
        pytest.param("---\na: |\n ---\nheader: {prompt: a}\n---\n", True, id="an indented rule"),
        pytest.param(
            '+++\na = """\n---\n"""\nheader = {prompt = "a"}\n+++\n', True, id="a rule in TOML"
        ),
    ],
)
def test_an_article_with_a_header_is_told_from_one_without(
    tmp_path: Path, text: str, has_header: bool
) -> None:
    (tmp_path / "a.md").write_text(text)
    found = articles.read(str(tmp_path / "a.md"))
    assert (found is not None) is has_header
    assert found is None or found.data == text.encode()
