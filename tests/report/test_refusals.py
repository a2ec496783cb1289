"""`headergen check` says what `headergen run` would say: both run on each of these."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.graphics.card.content import Card
from headergen.graphics.card.texts import require_drawable
from headergen.graphics.typography import fonts
from headergen.repository.git import LFS_VERSION_LINE
from tests.graphics.raw import png
from tests.support.headers import header_of
from tests.support.refusals import assert_check_agrees
from tests.support.repository import Repository

PICTURE = header_of()
LFS_POINTER = LFS_VERSION_LINE + b"oid sha256:0\nsize 1\n"
SMALL = "header: {width: 64, height: 34}\n"
SQUARE = SMALL + "also: [{key: square, width: 40, height: 40}]\n"


def article(header: str, before: str = "title: The sea\n") -> str:
    return f"---\n{before}header: {header}\n---\nText.\n"


COMPOSITE = article("{sources: [/a.png]}")


def own_picture(repo: Repository, name: str) -> None:
    Image.new("RGB", (9, 9), "pink").save(repo.write(name, b""))


def made(repo: Repository, config: str = SMALL) -> None:
    """Leave an article with its header, as an earlier day's work."""
    repo.write("headergen.yaml", config)
    repo.write("post.md", COMPOSITE)
    assert main(["run"]) == 0


def a_picture_of_the_authors(repo: Repository) -> None:
    repo.write("post.md", COMPOSITE)
    own_picture(repo, PICTURE)


def an_empty_file(repo: Repository) -> None:
    repo.write("post.md", COMPOSITE)
    repo.write(PICTURE, b"")


def a_pointer(repo: Repository) -> None:
    repo.write("post.md", COMPOSITE)
    repo.write(PICTURE, LFS_POINTER)


def a_picture_that_another_names(repo: Repository) -> None:
    a_stale_header(repo)
    repo.write("other.md", article(f"{{image: {PICTURE}}}"))


def a_stale_header(repo: Repository) -> None:
    made(repo)
    repo.write("post.md", (repo.root / "post.md").read_text().replace("/a.png", "/b.jpg"))


def a_stale_picture_replaced_by_the_authors(repo: Repository) -> None:
    a_stale_header(repo)
    own_picture(repo, PICTURE)


def a_stale_article_that_cannot_be_written(repo: Repository) -> None:
    a_stale_header(repo)
    text = (repo.root / "post.md").read_text()
    repo.write("post.md", re.sub("digest: .*}", "digest: &d '00000000'}", text))


def a_cut_replaced_by_the_authors(repo: Repository) -> None:
    made(repo, SQUARE)
    text = (repo.root / "post.md").read_text()
    repo.write("post.md", "".join(line for line in text.splitlines(True) if "square" not in line))
    own_picture(repo, header_of("post-square"))


def a_place_of_a_cut_that_is_taken(repo: Repository) -> None:
    repo.write("headergen.yaml", SQUARE)
    repo.write("post.md", COMPOSITE)
    own_picture(repo, header_of("post-square"))


def a_cut_that_is_anothers_header(repo: Repository) -> None:
    repo.write("headergen.yaml", SQUARE)
    repo.write("post.md", COMPOSITE)
    repo.write("post-square.md", COMPOSITE)


def an_article_elsewhere(repo: Repository) -> None:
    outside = repo.root.parent / "outside.md"
    outside.write_text(COMPOSITE)
    (repo.root / "post.md").symlink_to(outside)


def writes(text: str, config: str = SMALL, name: str = "post.md") -> Callable[[Repository], None]:
    def write(repo: Repository) -> None:
        repo.write("headergen.yaml", config)
        repo.write(name, text)

    return write


REFUSED = {
    "a picture of the author's in its place": a_picture_of_the_authors,
    "an empty file in its place": an_empty_file,
    "a pointer of Git LFS in its place": a_pointer,
    "a picture that another article names": a_picture_that_another_names,
    "a stale picture, replaced by the author's": a_stale_picture_replaced_by_the_authors,
    "a stale picture of an article with an anchor": a_stale_article_that_cannot_be_written,
    "a cut, replaced by the author's": a_cut_replaced_by_the_authors,
    "a picture of the author's in the place of a cut": a_place_of_a_cut_that_is_taken,
    "a cut that is another article's header": a_cut_that_is_anothers_header,
    "an article outside of the repository": an_article_elsewhere,
    "a missing source": writes(article("{sources: [gone.png]}")),
    "a source that is no picture": writes(article("{sources: [headergen.yaml]}")),
    "a source that is the header": writes(article(f"{{sources: [{PICTURE}]}}")),
    "a source that is cut off": writes(article("{sources: [/cut.png]}")),
    "a source of too many pixels": writes(article("{sources: [/large.png]}")),
    "a source outside": writes(article("{sources: [../a.png]}")),
    "a cover of two": writes(article("{sources: [/a.png, /b.jpg], layout: cover}")),
    "a fan of eight": writes(article(f"{{sources: [{', '.join(['/a.png'] * 8)}], layout: fan}}")),
    "an unknown model": writes(article("{prompt: x, model: foo}")),
    "an unknown model in the config": writes(article("{prompt: x}"), "image: {model: foo}\n"),
    "a transformer that is not there": writes(
        article("{prompt: x}"), "image: {transformer: gone.gguf}\n"
    ),
    "a logo of the config's that is not there": writes(
        article("{card: true}"), "card: {logo: gone.png}\n"
    ),
    "a picture on a card that is cut off": writes(
        article("{card: {theme: duotone, picture: /cut.png}}")
    ),
    "a logo on a card that is no picture": writes(article("{card: {logo: headergen.yaml}}")),
    "a title without glyphs": writes(article("{card: {title: สวัสดี}}")),
    "a tag without glyphs": writes(article("{card: {tags: [สวัสดี]}}")),
    "emoji that join to none": writes(article("{card: {title: '🐱\u200d🐟'}}")),
    "a blank title": writes(article("{card: {title: \u200b}}")),
    "a title without glyphs, over a picture": writes(article("{sources: [/a.png], title: สวัสดี}")),
    "a name that Windows keeps": writes(COMPOSITE, name="nul.md"),
    "an output outside": writes(COMPOSITE, "output: ../{stem}.{format}\n"),
    "a picture that is gone, and no request": writes(article("{image: gone.png}")),
    "an image that is no picture": writes(article("{image: a title, sources: [/a.png]}")),
    "an image outside": writes(article("{image: ../x.png, sources: [/a.png]}")),
    "frontmatter in JSON": writes('{\n"header": {}\n}\n'),
    "an unknown key": writes(article("{promt: x}")),
}


@pytest.fixture
def site(repo: Repository) -> Repository:
    """A repository with pictures, of which one is cut off and one too large."""
    repo.write_sources("a.png", "b.jpg")
    repo.write("cut.png", (repo.root / "a.png").read_bytes()[:-200])
    repo.write("large.png", png(8000, 1, 0, b"", height=7000))
    return repo


@pytest.mark.parametrize("refused", REFUSED)
def test_check_says_what_run_refuses(
    site: Repository, capsys: pytest.CaptureFixture[str], refused: str
) -> None:
    REFUSED[refused](site)
    before = tree(site)
    capsys.readouterr()
    assert main(["run"]) == 2
    told = capsys.readouterr().err
    assert tree(site) == before
    assert_check_agrees(capsys, told)


def test_a_config_that_names_no_model_is_said_once(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write("headergen.yaml", "image: {model: foo}\n")
    site.write("a.md", article("{prompt: x}"))
    site.write("b.md", article("{prompt: y}"))
    assert main(["check"]) == 2
    output = capsys.readouterr().out
    assert output.count(": bad-config: ") == 1
    assert (
        "b.md:3: error: missing: no header yet\n  correct image.model in headergen.yaml first"
        in output
    )


def tree(repo: Repository) -> dict[Path, bytes]:
    files = [path for path in repo.root.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path: path.read_bytes() for path in files}


def a_missing_header(repo: Repository) -> None:
    repo.write("post.md", COMPOSITE)


def a_header_that_is_cut_off(repo: Repository) -> None:
    made(repo)
    (repo.root / PICTURE).write_bytes((repo.root / PICTURE).read_bytes()[:-20])


def a_lost_cut(repo: Repository) -> None:
    made(repo, SQUARE)
    (repo.root / header_of("post-square")).unlink()


def another_alt(repo: Repository) -> None:
    made(repo, SMALL + "alt_key: cover.alt\n")
    repo.write("post.md", (repo.root / "post.md").read_text().replace("{", "{alt: Sea, ", 1))


@pytest.mark.parametrize(
    "lacking",
    [a_missing_header, a_stale_header, a_header_that_is_cut_off, a_lost_cut, another_alt],
    ids=lambda lacking: lacking.__name__,
)
def test_where_check_says_run_it_helps(
    site: Repository, capsys: pytest.CaptureFixture[str], lacking: Callable[[Repository], None]
) -> None:
    lacking(site)
    site.git("add", ".")
    capsys.readouterr()
    assert main(["check"]) == 1
    assert "\n  run `headergen run`\n1 article checked: 1 error" in capsys.readouterr().out
    assert main(["run"]) == 0
    site.git("add", ".")
    assert main(["check"]) == 0


def test_the_preview_says_it_too(site: Repository) -> None:
    a_picture_of_the_authors(site)
    assert main(["preview", "--output", "page.html"]) == 0
    assert "headergen did not make it: it is left alone" in (site.root / "page.html").read_text()


def test_a_picture_that_git_ignores_is_told_by_both_alike(
    site: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site.write(".gitignore", f"{PICTURE}\n")
    made(site)
    _, remedy = capsys.readouterr().err.splitlines()
    assert main(["check"]) == 1
    assert f"{PICTURE} is ignored by git\n{remedy}\n" in capsys.readouterr().out


def test_all_families_of_fonts_have_the_same_characters() -> None:
    def characters(family: tuple[str, ...]) -> set[int]:
        spans = [pair for name in family for pair in _spans(name)]
        return {code for first, last in spans for code in range(first, last + 1)}

    assert characters(fonts.HEAVY) == characters(fonts.QUIET) == characters(fonts.SERIF)


def _spans(name: str) -> list[tuple[int, int]]:
    return list(zip(fonts.font(name).starts, fonts.font(name).ends, strict=True))


def test_a_check_of_what_is_missing_loads_no_pillow(site: Repository) -> None:
    site.write("a.md", COMPOSITE)
    site.write("b.md", article("{card: true}"))
    program = "import sys; sys.modules['PIL'] = None; from headergen.cli.main import main; main()"
    command = [sys.executable, "-c", program, "check"]
    done = subprocess.run(command, cwd=site.root, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.count(": missing: no header yet\n") == 2


def test_an_ordinary_card_can_be_drawn() -> None:
    require_drawable(Card(title="推しゲーム10選 – Ελλάδα 🐱", tags=("games",), date="2026-11-26"))
