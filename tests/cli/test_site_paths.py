"""Paths as sites write them: named by their URL, and found again by it."""

from __future__ import annotations

import json

import pytest

from headergen.cli.main import main
from tests.support.repository import Repository

HUGO = """\
header: {width: 64, height: 34}
output: /static/images/{slug}.{format}
public: {static: /}
image_key: cover.image
"""


def commit_is_whole(repo: Repository) -> bool:
    repo.git("add", ".")
    if main(["check"]) or main(["hook"]):
        return False
    repo.git("commit", "--quiet", "-m", "all")
    return main(["check", "--commit", "HEAD"]) == 0


def findings(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    capsys.readouterr()
    main(["check", "--json"])
    return [(each["path"], each["code"]) for each in json.loads(capsys.readouterr().out)]


def test_two_bundles_have_two_pictures_named_by_their_url(repo: Repository) -> None:
    repo.write("headergen.yaml", HUGO)
    for name in ("winter", "summer"):
        repo.write(
            f"content/posts/{name}/index.md", f"---\ntitle: {name}\nheader: {{card: true}}\n---\n"
        )
    assert main(["run"]) == 0
    for name in ("winter", "summer"):
        assert (repo.root / f"static/images/{name}.png").is_file()
        text = (repo.root / f"content/posts/{name}/index.md").read_text()
        assert f"cover:\n  image: /images/{name}.png\n" in text
    assert main(["run"]) == 0
    assert commit_is_whole(repo)


def test_a_url_is_found_as_source_as_picture_and_as_cut(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    cuts = "also: [{key: og, width: 32, height: 16}]\n"
    repo.write("headergen.yaml", HUGO.replace("/}", "/blog/}") + cuts)
    repo.write_sources("static/images/key.png", "static/images/own.png")
    repo.write("content/a.md", "---\nheader: {sources: [/blog/images/key.png]}\n---\n")
    repo.write("content/own.md", "---\ncover: {image: /blog/images/own.png}\nheader: {}\n---\n")
    assert main(["run"]) == 0
    text = (repo.root / "content/a.md").read_text()
    assert "image: /blog/images/a.png" in text
    assert "og: /blog/images/a-og.png" in text
    repo.git("add", ".")
    assert findings(capsys) == [("content/own.md", "wrong-size")]
    (repo.root / "static/images/a-og.png").unlink()
    (repo.root / "static/images/key.png").unlink()
    assert main(["run"]) == 2
    assert "'/blog/images/key.png' does not exist" in capsys.readouterr().err


def test_a_source_below_a_public_folder_belongs_to_the_commit(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", HUGO)
    repo.write_sources("static/images/key.png")
    repo.write("a.md", "---\nheader: {sources: [/images/key.png]}\n---\n")
    assert main(["run"]) == 0
    repo.git("add", "a.md", "static/images/a.png", "headergen.yaml")
    capsys.readouterr()
    assert main(["hook"]) == 1
    assert "static/images/key.png is not staged" in capsys.readouterr().err


def test_a_picture_that_an_article_names_by_its_url_is_no_orphan(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", HUGO)
    repo.write("a.md", "---\ntitle: A\nheader: {card: true}\n---\n")
    assert main(["run"]) == 0
    (repo.root / "a.md").rename(repo.root / "renamed.md")
    repo.git("add", ".")
    assert findings(capsys) == []
    assert main(["tidy"]) == 0


def test_articles_by_default_with_one_name_are_skipped_also_in_a_commit(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", HUGO + "default: {card: true}\n")
    for folder in ("posts", "notes"):
        repo.write(f"{folder}/a.md", "---\ntitle: A\n---\n")
    repo.write("b.md", "---\ntitle: B\nheader: {card: true}\n---\n")
    assert main(["run"]) == 0
    repo.write("posts/b.md", "---\ntitle: B, too\n---\n")
    assert commit_is_whole(repo)
    out = capsys.readouterr().out
    assert "3 articles skipped: another file has the name of their picture" in out
