"""What stands beside a header: pictures in other shapes that are cut from it, and its alt."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from headergen.article import article as articles
from headergen.cli.main import main
from headergen.graphics import encoding
from headergen.picture import first_bytes, metadata, provenance
from headergen.picture.provenance import SourceType
from tests.support.headers import header_of
from tests.support.repository import Repository

ARTICLE = "---\ntitle: A\nheader:\n  sources: [a.png, b.png]\n  alt: two colours\n---\nBody.\n"
ALSO = (
    "also:\n  - {key: og_image, width: 300, height: 158}\n"
    "  - {key: cover.square, width: 200, height: 200}\n"
)
CONFIG = f"header: {{width: 320, height: 168}}\n{ALSO}alt_key: cover.alt\n"
HEADER, LINK, SQUARE = (header_of(name) for name in ("post", "post-og_image", "post-cover-square"))


@pytest.fixture(autouse=True)
def post(repo: Repository) -> None:
    """Put an article into the repository that wants pictures beside its header."""
    for name, colour in (("a.png", "teal"), ("b.png", "orange")):
        Image.new("RGB", (160, 168), colour).save(repo.root / name)
    repo.write("headergen.yaml", CONFIG)
    repo.write("post.md", ARTICLE)


def commit(repo: Repository) -> None:
    repo.git("add", ".")
    repo.git("commit", "--quiet", "--allow-empty", "-m", "all")


def codes(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    main(["check", "--json"])
    return [finding["code"] for finding in json.loads(capsys.readouterr().out)]


def contents(*names: str) -> dict[str, bytes]:
    return {name: Path(name).read_bytes() for name in names}


def test_run_cuts_pictures_and_writes_all_keys(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run"]) == 0
    assert f"git add -- post.md {HEADER} {LINK} {SQUARE}\n" in capsys.readouterr().out
    digest = first_bytes.probe(Path(HEADER)).digest
    written = f"  image: {HEADER}\n  digest: {digest}\n"
    beside = f"og_image: {LINK}\ncover:\n  square: {SQUARE}\n  alt: two colours\n"
    expected = ARTICLE.replace("  alt:", f"{written}  alt:").replace(
        "---\nBody", f"{beside}---\nBody"
    )
    lines = Path("post.md").read_text().replace("'", "").splitlines()
    assert sorted(lines) == sorted(expected.splitlines())
    assert lines.index("cover:") < lines.index(f"  square: {SQUARE}") < lines.index("---", 1)
    for name, size in ((LINK, (300, 158)), (SQUARE, (200, 200))):
        found = first_bytes.probe(Path(name))
        assert (found.width, found.height, found.digest) == (*size, digest)
        assert provenance.read(metadata.read(Path(name))).source_type == SourceType.COMPOSITE
    with Image.open(SQUARE) as square:  # both sources stay whole, the seam in the middle
        assert square.getpixel((2, 100)) == (0, 128, 128)
        assert square.getpixel((197, 100)) == (255, 165, 0)
        assert square.getpixel((100, 100))[2] > 150 > square.getpixel((100, 2))[2]  # type: ignore[index]
    assert main(["run"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    commit(repo)
    assert codes(capsys) == []


def test_toml_and_flow_mappings_gain_the_keys_too(repo: Repository) -> None:
    repo.write(
        "toml.md",
        '+++\ntitle = "A"\n[header]\nsources = ["a.png", "b.png"]\nalt = "x"\n'
        "[cover]\nrelative = true\n+++\nBody.\n",
    )
    repo.write(
        "flow.md",
        "---\nheader: {sources: [a.png, b.png], alt: x}\ncover: {relative: true}\n---\nBody.\n",
    )
    for name in ("toml", "flow"):
        before = Path(f"{name}.md").read_text().splitlines()
        assert main(["run", f"{name}.md"]) == 0
        found = articles.parse(Path(f"{name}.md"), Path(f"{name}.md").read_bytes())
        assert found
        assert found.text_at("og_image") == header_of(f"{name}-og_image")
        assert found.text_at("cover.square") == header_of(f"{name}-cover-square")
        assert (found.text_at("cover.alt"), found.value_at("cover.relative")) == ("x", True)
        assert len(Path(f"{name}.md").read_text().splitlines()) >= len(before) + 1
        assert main(["check", f"{name}.md"]) == 1  # not in the index, and nothing else


@pytest.mark.parametrize("focus", ["[0.14, 0.5]", "auto"])
def test_a_cut_is_cropped_around_the_focus_of_its_header(repo: Repository, focus: str) -> None:
    wide = Image.new("RGB", (640, 168), "teal")
    wide.paste("orange", (60, 54, 120, 114))
    wide.save("a.png")
    one = ARTICLE.replace("[a.png, b.png]", f"[a.png]\n  focus: {focus}")
    repo.write("post.md", one)
    assert main(["run"]) == 0
    with Image.open(HEADER) as header, Image.open(SQUARE) as square:
        assert header.convert("RGB").getpixel((160, 84)) == (0, 128, 128)
        subject = [x for x in range(200) if square.getpixel((x, 100)) == (255, 165, 0)]
    assert len(subject) > 60  # 60 px of the source, enlarged by 200 / 168


def capped(size: tuple[int, int], mode: str) -> Image.Image:
    """Make a picture with a yellow top and a blue bottom; with alpha it stands on nothing."""
    picture = Image.new(mode, size)
    width, height = size
    box = (0, 0, width, height) if mode == "RGB" else (width // 3, 0, width - width // 3, height)
    picture.paste("gray", box)
    picture.paste("yellow", (*box[:3], height // 8))
    picture.paste("blue", (box[0], height - height // 8, *box[2:]))
    return picture


@pytest.mark.parametrize("metadata", ["full", "none"])
@pytest.mark.parametrize(
    ("source", "layout"),
    [
        pytest.param(capped((240, 480), "RGB"), "auto", id="a portrait on a shelf"),
        pytest.param(capped((480, 480), "RGBA"), "auto", id="a logo on a ground"),
        pytest.param(capped((480, 240), "RGB"), "fan", id="a card"),
        pytest.param(capped((40, 40), "RGB"), "cover", id="an icon on its blur"),
    ],
)
def test_one_picture_that_is_laid_out_is_whole_on_its_cut(
    repo: Repository, source: Image.Image, layout: str, metadata: str
) -> None:
    source.save("a.png")
    also = "also: [{key: og_image, width: 320, height: 60}]\n"
    repo.write(
        "headergen.yaml", f"header: {{width: 320, height: 168}}\n{also}metadata: {metadata}\n"
    )
    repo.write("post.md", ARTICLE.replace("[a.png, b.png]", f"[a.png]\n  layout: {layout}"))
    assert main(["run"]) == 0
    with Image.open(LINK) as cut:
        pixels = [cut.convert("RGB").getpixel((160, y)) for y in range(60)]
    assert any(red > 200 and green > 200 and blue < 60 for red, green, blue in pixels)  # type: ignore[misc]
    assert any(red < 60 and green < 60 and blue > 200 for red, green, blue in pixels)  # type: ignore[misc]


@pytest.mark.parametrize("lost", [[LINK], [LINK, SQUARE]], ids=["one", "both"])
def test_a_lost_cut_is_made_again_from_the_header_and_comes_out_the_same(
    repo: Repository, lost: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run"])
    commit(repo)
    before, header = contents("post.md", LINK, SQUARE), os.stat(HEADER)
    for name in lost:
        os.remove(name)
    # The sources are not needed for it, so that a painting would not be painted again either.
    assert codes(capsys) == ["missing"] * len(lost)
    capsys.readouterr()
    assert main(["run"]) == 0
    assert f"post.md: {HEADER} (brought up to date)" in capsys.readouterr().out
    assert contents("post.md", LINK, SQUARE) == before
    assert os.stat(HEADER).st_mtime_ns == header.st_mtime_ns


def test_a_changed_request_renews_the_cuts(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run"])
    before = contents(LINK, SQUARE)
    repo.write("post.md", Path("post.md").read_text().replace("[a.png, b.png]", "[b.png, a.png]"))
    assert main(["run"]) == 0
    digest = first_bytes.probe(Path(HEADER)).digest
    for name in (LINK, SQUARE):
        assert Path(name).read_bytes() != before[name]
        assert first_bytes.probe(Path(name)).digest == digest
    commit(repo)
    assert codes(capsys) == []


def test_another_size_in_the_config_is_found_and_made(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run"])
    commit(repo)
    repo.write("headergen.yaml", CONFIG.replace("width: 300", "width: 280"))
    assert codes(capsys) == ["wrong-size"]
    assert main(["run"]) == 0
    assert first_bytes.probe(Path(LINK)).width == 280


def test_an_old_cut_in_its_place_is_stale(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run"])
    commit(repo)
    old = encoding.encode(
        Image.new("RGB", (300, 158)), "png", provenance.Metadata(digest="00000000")
    )
    repo.write(LINK, old)
    repo.git("add", ".")
    assert codes(capsys) == ["stale"]
    assert main(["run"]) == 0
    commit(repo)
    assert codes(capsys) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("mine.png", id="a picture of the author's"),
        pytest.param("assets/mine.png", id="a path that only the site understands"),
        pytest.param("https://example.com/a.png", id="a URL"),
        pytest.param("/static/a.png", id="a path from the root"),
        pytest.param(header_of("post"), id="the header itself"),
        pytest.param("[mine.png, 1200]", id="a list"),
        pytest.param("{src: mine.png}", id="a mapping"),
        pytest.param("5", id="a number"),
        pytest.param("false", id="no"),
    ],
)
def test_what_the_author_says_under_the_key_is_left_alone(
    repo: Repository, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (9, 9)).save("mine.png")
    repo.write("post.md", ARTICLE.replace("title: A\n", f"title: A\nog_image: {text}\n"))
    assert main(["run"]) == 0
    assert f"og_image: {text}\n" in Path("post.md").read_text()
    assert not Path(LINK).exists()
    assert Path(SQUARE).exists()
    commit(repo)
    assert codes(capsys) == []
    assert main(["run"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_text_in_the_way_of_a_key_is_left_alone(repo: Repository) -> None:
    repo.write("headergen.yaml", CONFIG.replace("alt_key: cover.alt\n", ""))
    repo.write("post.md", ARTICLE.replace("title: A\n", "title: A\ncover: mine.png\n"))
    assert main(["run"]) == 0
    assert "cover: mine.png\n" in Path("post.md").read_text()
    assert Path(LINK).exists()
    assert not Path(SQUARE).exists()


WEBP = LINK.replace("png", "webp")
OUTPUT = "output: 'p-{stem}.png'\nheader:"


@pytest.mark.parametrize(
    ("old", "new", "image", "lost"),
    [
        pytest.param("168}", "168, format: webp}", WEBP, [], id="in another format"),
        pytest.param("168}", "168, format: webp}", WEBP, [LINK], id="in another format, and lost"),
        pytest.param("header:", OUTPUT, "p-post-og_image.png", [], id="under another name"),
    ],
)
def test_a_cut_that_went_elsewhere_before_is_headergens(
    repo: Repository,
    old: str,
    new: str,
    image: str,
    lost: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["run"])
    for name in lost:
        os.remove(name)
    repo.write("headergen.yaml", CONFIG.replace(old, new))
    assert main(["run"]) == 0
    commit(repo)
    assert f"og_image: {image}\n" in Path("post.md").read_text()
    assert Path(image).exists()
    left_behind = 2 - len(lost)
    assert codes(capsys) == ["orphan"] * left_behind


def test_a_file_of_the_authors_where_a_cut_goes_is_left_alone(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write(LINK, b"mine")
    assert main(["run"]) == 2
    told = capsys.readouterr().err
    assert f"{LINK} exists and headergen did not make it" in told
    assert "rename it and name it in og_image" in told
    assert Path(LINK).read_bytes() == b"mine"
    assert Path("post.md").read_text() == ARTICLE


def test_an_empty_file_where_a_cut_was_is_told_with_a_remedy_that_helps(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run"])
    before = contents(LINK)
    repo.write(LINK, b"")
    capsys.readouterr()
    assert main(["run"]) == 2
    assert "delete that file" in capsys.readouterr().err
    os.remove(LINK)
    assert main(["run"]) == 0
    assert contents(LINK) == before


def test_a_cut_whose_metadata_were_stripped_stays_when_another_is_made_again(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run"])
    with Image.open(LINK) as cut:
        repo.write(LINK, encoding.encode(cut.copy(), "png"))
    stripped, square = contents(LINK), contents(SQUARE)
    commit(repo)
    assert codes(capsys) == []
    os.remove(SQUARE)
    assert main(["run"]) == 0
    assert (contents(LINK), contents(SQUARE)) == (stripped, square)
    assert codes(capsys) == []


def test_a_cut_and_a_header_that_would_be_one_file_are_both_refused(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("post-og_image.md", ARTICLE)
    assert main(["run"]) == 2
    told = capsys.readouterr().err
    assert f"post.md:3: {LINK} would be the same file as a picture of post-og_image.md" in told
    assert f"post-og_image.md:3: {LINK} would be the same file as a picture of post.md" in told


@pytest.mark.parametrize(
    ("first", "second"), [("post.md", "post-og_image.md"), ("post-og_image.md", "post.md")]
)
def test_a_cut_and_the_header_of_another_article_are_never_painted_over(
    repo: Repository, first: str, second: str, capsys: pytest.CaptureFixture[str]
) -> None:
    os.remove("post.md")
    repo.write(first, ARTICLE)
    assert main(["run"]) == 0
    before = contents(LINK)
    repo.write(second, ARTICLE.replace("[a.png, b.png]", "[b.png]"))
    capsys.readouterr()
    assert main(["hook", "--", second]) == 2
    message = f"{second}:3: {LINK} would be the same file as a picture of {first}"
    assert message in capsys.readouterr().err
    assert contents(LINK) == before


@pytest.mark.slow
def test_a_hook_makes_what_is_lacking_and_then_remembers_it(repo: Repository) -> None:
    repo.headergen("run")
    commit(repo)
    repo.git("rm", "--quiet", SQUARE)
    assert f"git add -- post.md {HEADER} {SQUARE}" in repo.headergen(
        "hook", "--", "post.md", code=1
    ).replace(f"{LINK} ", "")
    repo.git("add", ".")
    repo.headergen("hook", "--", "post.md")
    assert any((repo.root / ".git" / "headergen").iterdir())
    repo.git("rm", "--quiet", "--cached", LINK)
    assert f"{LINK} is not staged" in repo.headergen("hook", "--", "post.md", code=1)
    os.remove(LINK)
    repo.headergen("hook", "--", "post.md", code=1)
    assert Path(LINK).exists()


def test_a_sparse_checkout_without_the_cuts_lacks_nothing(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run"])
    commit(repo)
    repo.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{LINK}", f"!/{SQUARE}")
    assert not Path(LINK).exists()
    assert main(["hook", "--", "post.md"]) == 0
    assert not Path(LINK).exists()
    assert codes(capsys) == []
    repo.git("rm", "--quiet", "--cached", HEADER)
    assert main(["hook", "--", "post.md"]) == 1
    assert f"{HEADER} is not staged" in capsys.readouterr().err


def test_a_sparse_checkout_does_not_hide_a_lost_cut(repo: Repository) -> None:
    main(["run"])
    commit(repo)
    repo.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{LINK}")
    repo.git("rm", "--quiet", SQUARE)
    assert main(["hook", "--", "post.md"]) == 1
    assert Path(SQUARE).exists()


# --- alt ---------------------------------------------------------------------------------------


def test_a_changed_alt_is_written_where_the_site_reads_it(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run"])
    commit(repo)
    before = Path("post.md").read_text()
    repo.write("post.md", before.replace("  alt: two colours", "  alt: a seam", 1))
    repo.git("add", ".")
    assert codes(capsys) == ["stale"]
    assert main(["run"]) == 0
    assert Path("post.md").read_text() == before.replace("two colours", "a seam")
    repo.write("post.md", Path("post.md").read_text().replace("  alt: a seam\n", "", 1))
    assert main(["run"]) == 0
    assert "cover:\n" in Path("post.md").read_text()


@pytest.mark.parametrize(
    ("article", "found"),
    [
        pytest.param(ARTICLE, [], id="there is one"),
        pytest.param(ARTICLE.replace("  alt: two colours\n", ""), ["no-alt"], id="there is none"),
        pytest.param(ARTICLE.replace("two colours", "''"), [], id="a picture that says nothing"),
        pytest.param(
            ARTICLE.replace("  alt: two colours\n", "").replace(
                "---\nB", "cover: {alt: x}\n---\nB"
            ),
            [],
            id="where the site reads it",
        ),
        pytest.param("---\nheader: {image: a.png}\n---\n", ["no-alt"], id="a picture of one's own"),
        pytest.param("---\ntitle: A\n---\n", [], id="no header"),
    ],
)
def test_check_asks_for_an_alt_if_the_config_does(
    repo: Repository, article: str, found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", "header: {width: 160, height: 168}\nalt_key: cover.alt\n")
    repo.write("post.md", article)
    main(["run"])
    commit(repo)
    assert codes(capsys) == []
    repo.write("headergen.yaml", Path("headergen.yaml").read_text() + "require_alt: true\n")
    assert codes(capsys) == found
