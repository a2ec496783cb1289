"""Headers by default: what gets one, what is left alone, and what is said of that."""

from __future__ import annotations

import json

import pytest

from headergen.cli.main import main
from tests.support.repository import Repository

CONFIG = "default: {card: true}\nheader: {width: 64, height: 34}\n"
LEFT_ALONE = {
    "a.md": "---yaml\ntitle: A\n---\n",
    "b.md": "---json\n{}\n---\n",
    "c.md": "Title: A\n\ntext\n",
    "d.md": "Title: B\n\ntext\n",
    "e.md": "---\ntitle: {{ .Title }}\n---\n",
    "e2.md": "---\ntitle: '<% tp.file.title %>'\n---\n",
    "f.md": "---\ntitle: ጤና\n---\n",
    "g.md": "---\n- a\n---\n# A\n",
    "h.md": "---\ntitle: a: b\n---\n",
}
SUMMARY = """\
4 articles skipped: their front matter has a form that headergen does not edit (a.md:1, b.md:1, \
c.md:1, …)
2 articles skipped: their frontmatter is a template (e.md:2, e2.md:1)
1 article skipped: their frontmatter cannot be read (h.md:2)
"""


@pytest.fixture
def site(repo: Repository) -> Repository:
    repo.write("headergen.yaml", CONFIG)
    for name, text in LEFT_ALONE.items():
        repo.write(name, text)
    return repo


def test_what_cannot_be_served_is_left_alone_with_a_line_for_each_reason(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith(SUMMARY)
    assert "no font of headergen's has (f.md:1)" in captured.err
    assert "cannot be edited without risk (g.md:1)" in captured.err
    assert all((site.root / name).read_text() == text for name, text in LEFT_ALONE.items())


def test_a_site_of_them_is_green_in_check_hook_and_clone(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write("z.md", "---\ntitle: Z\n---\n")
    assert main(["run"]) == 0
    site.git("add", ".")
    capsys.readouterr()
    assert main(["check"]) == 0
    assert set(SUMMARY.splitlines()) <= set(capsys.readouterr().out.splitlines())
    assert main(["hook"]) == 0
    assert set(SUMMARY.splitlines()) <= set(capsys.readouterr().err.splitlines())
    site.git("commit", "--quiet", "-m", "all")
    assert main(["check", "--commit", "HEAD"]) == 0
    assert main(["preview"]) == 0


def test_each_skipped_article_is_a_finding(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["path"]: each["code"] for each in found} == dict.fromkeys(LEFT_ALONE, "skipped")
    assert "a colon must stand in quotes" in found[-1]["remedy"]


OWN_PICTURES = {
    "list": "images: [own.png]\n",
    "mapping": "images: {src: own.png, alt: x}\n",
    "list of mappings": "images:\n- src: own.png\n",
    "false": "images: false\n",
    "URL": "images: https://example.org/a.png\n",
    "other URL": "images: ipfs://bafy/a.png\n",
    "URL without scheme": "images: //example.org/a.png\n",
    "Liquid": "images: '{{ site.url }}/a.png'\n",
    "Pelican": "images: '{static}/images/a.png'\n",
    "alias": "images: '@site/static/a.png'\n",
    "alias of a bundler": "images: ~/assets/a.png\n",
    "wikilink": "images: '[[a.png]]'\n",
    "bare wikilink": "images: [[a.png]]\n",
    "site's root": "images: /img/a.png\n",
    "encoded": "images: my%20own.png\n",
    "not found": "images: nowhere.png\n",
    "no picture": "images: A title\n",
    "outside": "images: ../../a.png\n",
}


@pytest.mark.parametrize("text", OWN_PICTURES.values(), ids=OWN_PICTURES)
def test_a_picture_of_the_authors_own_is_left_alone(repo: Repository, text: str) -> None:
    repo.write("headergen.yaml", f"image_key: images\n{CONFIG}")
    repo.write_sources("my own.png")
    repo.write("a.md", f"---\ntitle: A\n{text}---\n")
    repo.git("add", ".")
    assert main(["run"]) == 0
    assert main(["check"]) == 0
    assert main(["hook", "--", "a.md"]) == 0
    assert (repo.root / "a.md").read_text() == f"---\ntitle: A\n{text}---\n"


def test_a_skipped_picture_has_its_own_line(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", f"image_key: cover.image\n{CONFIG}")
    repo.write("a.md", "---\ntitle: A\ncover:\n  image: ../../a.png\n---\n")
    repo.write("b.md", "---\ntitle: A\n\ncover: {image: no picture}\n---\n")
    assert main(["check"]) == 0
    assert "their own picture is not found (a.md:4, b.md:4)" in capsys.readouterr().out


def test_articles_that_share_a_place_are_skipped_everywhere(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", CONFIG)
    for name in ("a.md", "a.markdown", "b.md", "c.md", "x/d.md", "x/e.md"):
        repo.write(name, f"---\ntitle: {name}\n---\n")
    repo.write_sources("note_images/b.png")
    repo.write_sources("x/note_images/d.png")
    repo.git("add", ".")
    assert main(["run", "c.md", "x/e.md"]) == 0
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "all")
    skipped = "4 articles skipped: another file has the name of their picture"
    hook = ["hook", "--", "a.md", "a.markdown", "b.md", "x/d.md"]
    for command in (["run"], ["check"], hook, ["check", "--commit", "HEAD"]):
        capsys.readouterr()
        assert main(command) == 0, command
        assert skipped in "".join(capsys.readouterr()), command
    assert repo.git("status", "--porcelain") == ""


def test_a_header_of_another_article_is_in_the_way_everywhere(repo: Repository) -> None:
    repo.write("headergen.yaml", CONFIG)
    repo.write("a.md", "---\ntitle: A\n---\n")
    assert main(["run"]) == 0
    repo.write("a.markdown", "---\ntitle: B\n---\n")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "both")
    for command in (["run"], ["check"], ["hook", "a.markdown"], ["check", "--commit", "HEAD"]):
        assert main(command) == 0, command
    assert repo.git("status", "--porcelain") == ""


def test_a_percent_encoded_source_is_found_by_run_and_hook(repo: Repository) -> None:
    repo.write("headergen.yaml", CONFIG)
    repo.write_sources("夏 1.png")
    repo.write("a.md", "---\ntitle: A\nheader: {sources: ['%E5%A4%8F%201.png']}\n---\n")
    assert main(["run"]) == 0
    repo.git("add", ".")
    assert main(["hook", "--", "a.md"]) == 0
    repo.git("commit", "--quiet", "-m", "a")
    assert main(["check", "--commit", "HEAD"]) == 0


@pytest.mark.parametrize(
    "name", [".claude/skills/SKILL.md", ".github/a.md", "archetypes/a.md", "AGENTS.md", "x/b.md"]
)
def test_the_hook_leaves_alone_what_is_no_article(repo: Repository, name: str) -> None:
    repo.write("headergen.yaml", f"exclude: x/\n{CONFIG}")
    repo.write(name, "---\ntitle: A\n---\n")
    repo.git("add", ".")
    assert main(["hook", "--", name]) == 0
    assert main(["run"]) == 0
    assert main(["check"]) == 0
    assert (repo.root / name).read_text() == "---\ntitle: A\n---\n"


def test_a_request_in_an_ignored_folder_is_no_article(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write(".gitignore", "venv/\n")
    repo.write("venv/a.md", "---\ntitle: A\nheader: {card: true}\n---\n")
    for command in (["run"], ["run", "venv/a.md"], ["hook", "--", "venv/a.md"], ["check"]):
        assert main(command) == 0
    assert "git ignores them" in capsys.readouterr().err
    assert main(["candidates", "venv/a.md"]) == 2
    assert "is no article: git ignores" in capsys.readouterr().err
