from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from headergen import __version__
from headergen.cli.main import main
from headergen.graphics import encoding
from headergen.picture import first_bytes, metadata, provenance
from headergen.picture.provenance import NO_METADATA, Metadata, Provenance, SourceType
from tests.support.headers import HEADERS, header_of
from tests.support.repository import Repository

COMPOSITE = """\
---
title: Two games   # for the series
header:
  sources: [a.png, b.jpg]
---
Body.
"""
PROMPT = "---\nheader: {prompt: a cat}\n---\n"


@pytest.fixture(autouse=True)
def sources(repo: Repository) -> None:
    """Put two source pictures into the repository."""
    repo.write_sources("a.png", "b.jpg")
    (repo.root / "taken.png").mkdir()


def test_run_composes_writes_back_and_says_how_to_go_on(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    article = repo.write("post.md", COMPOSITE)
    assert main(["run"]) == 0
    out = capsys.readouterr().out
    assert f"post.md: {header_of('post')} (composed of 2 pictures)" in out
    assert out.endswith(f"git add -- post.md {header_of('post')}\n")
    with Image.open(repo.root / header_of("post")) as header:
        assert (header.size, header.format) == ((1280, 670), "PNG")
    digest = first_bytes.probe(repo.root / header_of("post")).digest
    added = f"  image: {header_of('post')}\n  digest: {digest}\n"
    before = "  sources: [a.png, b.jpg]\n"
    assert article.read_text().replace("'", "") == COMPOSITE.replace(before, before + added)


@pytest.mark.parametrize("is_of_ai", [False, True], ids=["photographs", "a painted source"])
def test_a_composite_tells_whether_a_part_of_it_is_of_ai(repo: Repository, is_of_ai: bool) -> None:
    if is_of_ai:
        painted = Provenance(SourceType.PAINTED).metadata("minimal")
        repo.write("a.png", encoding.encode(Image.new("RGB", (64, 64)), "png", painted))
    repo.write("post.md", COMPOSITE)
    assert main(["run"]) == 0
    assert main(["composite", "a.png", "b.jpg", "--output", "x.webp"]) == 0
    wanted = SourceType.COMPOSITE_WITH_AI if is_of_ai else SourceType.COMPOSITE
    for name in (header_of("post"), "x.webp"):
        assert provenance.read(metadata.read(repo.root / name)).source_type == wanted


def test_the_config_bounds_what_pictures_tell(repo: Repository) -> None:
    repo.write("headergen.yaml", "metadata: none\n")
    repo.write("post.md", COMPOSITE)
    assert main(["run"]) == 0
    assert main(["composite", "a.png", "b.jpg", "--output", "x.webp"]) == 0
    header = metadata.read(repo.root / header_of("post"))
    assert header == Metadata(first_bytes.probe(repo.root / header_of("post")).digest)
    assert metadata.read(repo.root / "x.webp") == NO_METADATA


@pytest.mark.slow
def test_a_budget_is_kept_said_and_checked(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = Image.frombytes("RGB", (640, 335), Random(1).randbytes(640 * 335 * 3))
    noise.resize((1280, 670)).save(repo.root / "a.png")
    repo.write("post.md", COMPOSITE)
    repo.write("headergen.yaml", "header: {format: webp, max_kb: 160}\n")
    assert main(["run"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"composed of 2 pictures; saved at quality \d+ to fit 160 kB", out)
    assert (repo.root / header_of("post", "webp")).stat().st_size <= 160 * 1024
    repo.write("headergen.yaml", "header: {format: webp, max_kb: 50}\n")
    repo.git("add", ".")
    assert main(["check"]) == 1
    assert f"too-large: {header_of('post', 'webp')} is " in capsys.readouterr().out
    (repo.root / header_of("post", "webp")).unlink()
    assert main(["run"]) == 3
    assert "px take " in capsys.readouterr().err
    assert list((repo.root / HEADERS).iterdir()) == []


def test_a_second_run_has_nothing_to_do(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    article = repo.write("post.md", COMPOSITE)
    main(["run"])
    capsys.readouterr()
    before = (article.read_bytes(), article.stat().st_mtime_ns)
    assert main(["run"]) == 0
    assert capsys.readouterr().out.startswith("nothing to do: 1 of 1 articles")
    assert (article.read_bytes(), article.stat().st_mtime_ns) == before


def test_a_changed_source_is_composed_anew(repo: Repository) -> None:
    repo.write("post.md", COMPOSITE)
    main(["run"])
    before = (repo.root / header_of("post")).read_bytes()
    Image.new("RGB", (50, 50), "red").save(repo.root / "a.png")
    assert main(["run"]) == 0
    assert (repo.root / header_of("post")).read_bytes() != before
    assert main(["check"]) == 1


def test_webp_headers_of_another_size_under_another_key(repo: Repository) -> None:
    repo.write(
        "headergen.yaml",
        "header: {width: 600, height: 314, format: webp}\n"
        "image_key: cover.image\nimage_prefix: ./\noutput: img/{stem}.{format}\n",
    )
    article = repo.write("post.mdx", COMPOSITE)
    assert main(["run"]) == 0
    assert "cover:\n  image: ./img/post.webp\n" in article.read_text()
    found = first_bytes.probe(repo.root / "img" / "post.webp")
    assert (found.format, found.width, found.height) == ("webp", 600, 314)
    assert main(["run"]) == 0


def test_a_picture_of_the_authors_is_never_overwritten(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    article = repo.write("post.md", COMPOSITE)
    mine = repo.write(header_of("post"), b"mine")
    assert main(["run"]) == 2
    assert f"post.md:3: {header_of('post')} exists and headergen did not make it" in (
        capsys.readouterr().err
    )
    assert mine.read_bytes() == b"mine"
    assert article.read_text() == COMPOSITE


def test_a_header_made_before_a_crash_is_reused(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    article = repo.write("post.md", COMPOSITE)
    main(["run"])
    header = repo.root / header_of("post")
    made = header.stat().st_mtime_ns
    article.write_text(COMPOSITE)
    assert main(["run"]) == 0
    assert "made by an earlier run" in capsys.readouterr().out
    assert header.stat().st_mtime_ns == made
    assert f"image: {header_of('post')}" in article.read_text()


def test_two_articles_with_one_output_are_both_refused(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("post.md", COMPOSITE)
    repo.write("POST.mdx", COMPOSITE)
    repo.write("other.md", COMPOSITE)
    assert main(["run"]) == 2
    err = capsys.readouterr().err
    assert f"post.md:3: {header_of('post')} would be the same file as a picture of POST.mdx" in err
    assert f"POST.mdx:3: {header_of('POST')} would be the same file as a picture of post.md" in err
    assert [path.name for path in (repo.root / HEADERS).iterdir()] == ["other.png"]


def test_a_picture_put_in_a_headers_place_is_never_overwritten(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    article = repo.write("post.md", COMPOSITE)
    main(["run"])
    mine = repo.write(header_of("post"), (repo.root / "a.png").read_bytes())
    article.write_text(article.read_text().replace("[a.png, b.jpg]", "[b.jpg]"))
    before = article.read_bytes()
    assert main(["run"]) == 2
    assert "headergen did not make it: it is left alone" in capsys.readouterr().err
    assert mine.read_bytes() == (repo.root / "a.png").read_bytes()
    assert article.read_bytes() == before


def test_a_header_that_another_article_names_is_never_overwritten(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", "output: ../images/{stem}.png\n")
    first = repo.write("a/index.md", COMPOSITE.replace("[a", "[/a").replace(" b", " /b"))
    main(["run"])
    header = (repo.root / "images" / "index.png").read_bytes()
    repo.write("b/index.md", first.read_text().replace("[/a.png, /b.jpg]", "[/b.jpg]"))
    assert main(["run", "b/index.md"]) == 2
    assert "same file as a picture of a/index.md" in capsys.readouterr().err
    assert (repo.root / "images" / "index.png").read_bytes() == header


def test_a_header_of_a_taken_back_request_is_replaced(repo: Repository) -> None:
    article = repo.write("post.md", COMPOSITE)
    main(["run"])
    article.write_text(COMPOSITE.replace("[a.png, b.jpg]", "[b.jpg]"))
    assert main(["run"]) == 0
    assert main(["check"]) == 1  # nothing is staged
    repo.git("add", ".")
    assert main(["check"]) == 0


def test_a_linked_article_is_the_file_that_it_leads_to(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    article = repo.write("posts/real.md", COMPOSITE.replace("[a", "[/a").replace(" b", " /b"))
    (repo.root / "link.md").symlink_to("posts/real.md")
    assert main(["run"]) == 0
    out = capsys.readouterr().out
    assert out.endswith(f"git add -- posts/real.md posts/{header_of('real')}\n")
    assert (repo.root / "link.md").is_symlink()
    assert f"image: {header_of('real')}" in article.read_text()
    assert main(["run", "link.md"]) == 0
    assert capsys.readouterr().out.startswith("nothing to do: 1 of 1")


def test_one_bad_article_never_stops_the_others(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", COMPOSITE.replace("sources", "sorces"))
    repo.write("b.md", COMPOSITE.replace("b.jpg", "gone.jpg"))
    repo.write("broken.png", b"\x89PNG\r\n\x1a\nbroken")
    repo.write("c.md", COMPOSITE.replace("b.jpg", "broken.png"))
    repo.write("d.md", COMPOSITE)
    assert main(["run", "."]) == 2
    captured = capsys.readouterr()
    assert "a.md:4: header.sorces: " in captured.err
    assert "b.md:4: header.sources[1]: 'gone.jpg' does not exist" in captured.err
    assert "c.md:4: header.sources[1]: " in captured.err
    assert f"d.md: {header_of('d')}" in captured.out


def test_an_article_that_was_edited_meanwhile_is_not_overwritten(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from headergen.graphics import composite

    article = repo.write("post.md", COMPOSITE)
    compose = composite.compose

    def edit_meanwhile(*arguments: object, **named: object) -> Image.Image:
        article.write_text(COMPOSITE + "More.\n")
        return compose(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(composite, "compose", edit_meanwhile)
    assert main(["run"]) == 2
    assert "was edited while its header was made" in capsys.readouterr().err
    assert article.read_text() == COMPOSITE + "More.\n"
    monkeypatch.undo()
    monkeypatch.chdir(repo.root)
    assert main(["run"]) == 0
    assert article.read_text().endswith("---\nBody.\nMore.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["run", "gone.md"], "gone.md: no such file or folder", id="missing"),
        pytest.param(["run", "a.png"], "a.png is no article", id="a picture"),
        pytest.param(["run", "--config", "gone.yaml"], "gone.yaml: cannot be read", id="config"),
        pytest.param(
            ["composite", "a.png", "--output", "x.bmp"], "must end in .png", id="output suffix"
        ),
        pytest.param(["composite", "c.png", "--output", "x.png"], "c.png", id="missing source"),
        pytest.param(
            ["composite", "a.png", "--output", "./a.png"], "one of the sources", id="itself"
        ),
        pytest.param(
            ["generate", "a cat", "taken.png"], "taken.png cannot be", id="a folder in its place"
        ),
        pytest.param(
            ["composite", *["a.png"] * 13, "--output", "x.png"], "12 at most", id="13 sources"
        ),
    ],
)
def test_usage_errors_end_with_2(
    repo: Repository, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_the_walk_skips_hidden_folders_and_packages(repo: Repository) -> None:
    for folder in (".venv", "node_modules/x", "blog"):
        repo.write(f"{folder}/a.png", (repo.root / "a.png").read_bytes())
        repo.write(f"{folder}/post.md", COMPOSITE.replace(", b.jpg", ""))
    assert main(["run"]) == 0
    assert [path.parent.parent.name for path in repo.root.rglob(f"{HEADERS}/*")] == ["blog"]


def test_hook_ends_with_1_until_the_picture_is_staged(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("post.md", COMPOSITE)
    repo.git("add", ".")
    assert main(["hook", "--", "post.md"]) == 1
    assert f"git add -- post.md {header_of('post')}" in capsys.readouterr().out
    assert main(["hook", "--", "post.md"]) == 1
    captured = capsys.readouterr()
    assert f"post.md:5: {header_of('post')} is not staged" in captured.err
    assert "post.md:5: the article is staged without the line" in captured.err
    assert f"git add -- {header_of('post')} post.md" in captured.out
    repo.git("add", "--", header_of("post"), "post.md")
    assert main(["hook", "--", "post.md"]) == 0
    assert capsys.readouterr().out == ""


def test_hook_finds_a_picture_staged_in_an_older_state(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("post.md", COMPOSITE)
    main(["run"])
    repo.git("add", ".")
    newer = (repo.root / header_of("post")).read_bytes()
    repo.write(header_of("post"), newer[:-20])
    repo.git("add", ".")
    repo.write(header_of("post"), newer)
    assert main(["hook", "post.md"]) == 1
    captured = capsys.readouterr()
    assert f"{header_of('post')} is staged in another state than on disk" in captured.err
    assert captured.out.endswith(f"git add -- {header_of('post')}\n")


def test_hook_judges_what_is_staged_and_not_what_is_on_disk(repo: Repository) -> None:
    repo.write("post.md", COMPOSITE)
    main(["run"])
    repo.git("add", ".")
    (repo.root / header_of("post")).unlink()
    assert main(["hook", "post.md"]) == 0
    assert not (repo.root / header_of("post")).exists()


def test_hook_says_so_when_git_ignores_the_picture(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write(".gitignore", f"{HEADERS}/\n")
    repo.write("post.md", COMPOSITE)
    main(["run"])
    repo.git("add", ".")
    capsys.readouterr()
    assert main(["hook", "post.md"]) == 1
    captured = capsys.readouterr()
    assert f"{header_of('post')} is ignored by git" in captured.err
    assert "git add --" not in captured.out


def test_hook_lets_other_unstaged_edits_of_the_article_be(repo: Repository) -> None:
    article = repo.write("post.md", COMPOSITE)
    main(["run"])
    repo.git("add", ".")
    article.write_text(article.read_text() + "More.\n")
    assert main(["hook", "post.md"]) == 0


def test_hook_passes_over_files_that_are_no_articles(repo: Repository) -> None:
    assert main(["hook", "--", "a.png", "b.jpg"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["generate", " ", "x.png"], "it is empty", id="prompt"),
        pytest.param(["generate", "a", "x.png", "--steps", "abc"], "from 1 to 200", id="steps"),
        pytest.param(["generate", "a", "x.png", "--width", "9"], "from 16 to 8192", id="width"),
        pytest.param(
            ["generate", "a", "x.png", "--guidance-scale", "nan"], "from 0 to 50", id="guidance"
        ),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_its_bounds(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_an_unreadable_or_endless_name_never_stops_the_others(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", f"---\nheader: {{prompt: x, image: {'x' * 300}.png}}\n---\n")
    repo.write("b.md", COMPOSITE)
    assert main(["run"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("a.md")
    assert "more than 255 bytes" in captured.err
    assert f"b.md: {header_of('b')}" in captured.out


@pytest.mark.slow
def test_output_that_nobody_reads_on_is_no_error(repo: Repository) -> None:
    for number in range(2000):
        repo.write(f"{number}.md", PROMPT)
    command = f"{sys.executable} -m headergen check | head -1"
    output = repo.run("bash", "-c", f"set -o pipefail; {command}", code=128 + 13)
    assert output.count("\n") == 1


def test_the_printed_line_works_where_the_author_is(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("posts/post.md", COMPOSITE.replace("[a", "[/a").replace(" b", " /b"))
    repo.git("add", ".")
    monkeypatch.setenv("GIT_PREFIX", "posts/")
    assert main(["hook", "posts/post.md"]) == 1
    assert f"git add -- post.md {header_of('post')}\n" in capsys.readouterr().out


def test_a_new_header_that_git_ignores_is_not_in_the_printed_line(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write(".gitignore", f"{HEADERS}/\n")
    repo.write("post.md", COMPOSITE)
    assert main(["hook", "post.md"]) == 1
    captured = capsys.readouterr()
    assert f"{header_of('post')} is ignored by git" in captured.err
    assert captured.out.endswith("git add -- post.md a.png b.jpg\n")


def test_where_git_ignores_all_there_is_nothing_to_do(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write(".gitignore", "*\n")
    repo.write("post.md", COMPOSITE)
    assert main(["hook", "post.md"]) == 0
    assert capsys.readouterr().out == ""


def test_nothing_from_an_article_reaches_the_terminal_as_control(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("post.md", '---\nheader: {prompt: x, "mo\\e[31m\\u202edel": y}\n---\n')
    assert main(["run"]) == 2
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "\u202e" not in err


CHECKED = """\
---
header:
  sources: [a.png]
  image: {image}
  digest: {digest}
---
"""


def findings(capsys: pytest.CaptureFixture[str], code: int = 1) -> list[tuple[int, str]]:
    assert main(["check", "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    for each in found:
        assert set(each) == {"path", "line", "code", "severity", "message", "remedy"}
    return [(each["line"], each["code"]) for each in found]


def test_check_is_content_with_a_committed_header(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("post.md", COMPOSITE)
    main(["run"])
    repo.git("add", ".")
    capsys.readouterr()
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "1 article checked: all is well\n"
    assert findings(capsys, code=0) == []


def test_check_finds_a_missing_header(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("post.md", PROMPT)
    assert findings(capsys) == [(2, "missing")]
    assert main(["check"]) == 1
    assert capsys.readouterr().out.startswith("post.md:2: error: missing: ")


def test_check_finds_a_named_picture_that_is_gone(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("post.md", CHECKED.format(image="gone.png", digest="'00000000'"))
    assert findings(capsys) == [(4, "missing")]


def test_check_finds_a_stale_header(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("post.md", CHECKED.format(image="b.jpg", digest="'00000000'"))
    assert findings(capsys) == [(2, "stale")]


def hand_made(repo: Repository, image: str, data: bytes | None = None) -> None:
    repo.write("post.md", f"---\nheader:\n  image: {image}\n---\n")
    if data is not None:
        repo.write(image, data)
    repo.git("add", ".")


def png(width: int, height: int) -> bytes:
    return encoding.encode(Image.new("RGB", (width, height)), "png")


def test_check_finds_a_header_of_the_wrong_size(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_made(repo, "mine.png", png(1280, 672))
    assert findings(capsys, code=0) == [(3, "wrong-size")]


def test_check_finds_bytes_that_are_not_what_the_suffix_says(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_made(repo, "mine.jpg", png(1280, 670))
    assert findings(capsys, code=0) == [(3, "wrong-format")]


def test_check_finds_a_header_too_large_for_note(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_made(repo, "mine.png", png(1280, 670) + b"\0" * 10 * 1024 * 1024)
    assert findings(capsys, code=0) == [(3, "too-large")]


def test_check_finds_a_header_that_is_not_in_the_index(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_made(repo, "mine.png")
    repo.write("mine.png", png(1280, 670))
    assert findings(capsys) == [(3, "not-in-index")]


def test_check_finds_a_path_that_leaves_the_repository(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_made(repo, "../mine.png")
    assert findings(capsys, code=2) == [(3, "outside-repository")]


def test_check_finds_bad_frontmatter(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("post.md", "---\nheader:\n  prompt: [1]\n---\n")
    assert findings(capsys, code=2) == [(3, "bad-frontmatter")]


def test_check_changes_nothing(repo: Repository) -> None:
    article = repo.write("post.md", COMPOSITE)
    assert main(["check"]) == 1
    assert article.read_text() == COMPOSITE
    assert not (repo.root / HEADERS).exists()


def test_check_and_run_work_outside_of_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (9, 9), "teal").save("a.png")
    Path("post.md").write_text("---\nheader: {sources: [a.png]}\n---\n")
    assert main(["run"]) == 0
    assert "git add" not in capsys.readouterr().out
    assert main(["check"]) == 0
    assert main(["hook", "post.md"]) == 0


@pytest.mark.parametrize("suffix", [".png", ".webp", ".jpg"])
def test_composite_saves_at_the_size_asked_for(repo: Repository, suffix: str) -> None:
    output = f"out/x{suffix}"
    arguments = ["composite", "a.png", "b.jpg", "--output", output, "--layout", "split"]
    assert main([*arguments, "--width", "1000", "--height", "420"]) == 0
    found = first_bytes.probe(repo.root / output)
    assert (found.width, found.height) == (1000, 420)
    assert found.format == first_bytes.SUFFIX_FORMATS[suffix]


def test_composite_crops_around_the_focus(repo: Repository) -> None:
    halves = Image.new("RGB", (400, 100), "red")
    halves.paste("blue", (200, 0, 400, 100))
    halves.save(repo.root / "halves.png")
    command = ["composite", "halves.png", "--width", "64", "--height", "64", "--output"]
    for name, focus, colour in (("r", "0,0.5", (255, 0, 0)), ("b", "0.9,0.5", (0, 0, 255))):
        assert main([*command, f"{name}.png", "--focus", focus]) == 0
        with Image.open(repo.root / f"{name}.png") as made:
            assert made.getpixel((32, 32)) == colour


@pytest.mark.parametrize(
    ("foci", "message"),
    [
        pytest.param(["0.5"], "'0.5' is neither auto nor a point", id="one number"),
        pytest.param(["2,0"], "'2,0' is neither", id="outside"),
        pytest.param(["auto", "0,0"], "2 points of focus for 1 sources", id="one too many"),
    ],
)
def test_composite_refuses_a_focus(
    repo: Repository, capsys: pytest.CaptureFixture[str], foci: list[str], message: str
) -> None:
    flags = [flag for focus in foci for flag in ("--focus", focus)]
    try:
        code = main(["composite", "a.png", "--output", "x.png", *flags])
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == 2
    assert message in capsys.readouterr().err


def test_composite_takes_the_configs_size(repo: Repository) -> None:
    repo.write("headergen.yaml", "header: {width: 320, height: 168}\n")
    assert main(["composite", "a.png", "--output", "x.png"]) == 0
    assert first_bytes.probe(repo.root / "x.png").width == 320


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"headergen {__version__}\n"


LIGHT = """\
import sys
from headergen.cli.main import main
code = main(sys.argv[1:])
heavy = {"torch", "numpy", "PIL", "rich", "asyncio", "diffusers"} & set(sys.modules)
print(sorted(heavy), file=sys.stderr)
sys.exit(code or len(heavy))
"""


@pytest.mark.parametrize(
    "arguments", [["hook", "--", "post.md"], ["check"], ["run"]], ids=["hook", "check", "run"]
)
def test_nothing_to_paint_imports_nothing_heavy(repo: Repository, arguments: list[str]) -> None:
    repo.write("post.md", COMPOSITE)
    main(["run"])
    repo.git("add", ".")
    repo.run(sys.executable, "-c", LIGHT, *arguments)


def test_a_composite_imports_no_torch(repo: Repository) -> None:
    repo.write("post.md", COMPOSITE)
    light = LIGHT.replace(', "PIL", "rich", "asyncio"', "")
    repo.run(sys.executable, "-c", light, "run")


def test_an_interrupted_run_keeps_what_is_finished(repo: Repository) -> None:
    program = """\
import os, signal, sys
from headergen.cli.main import main
from headergen.graphics import encoding
encode = encoding.encode
def interrupt(*arguments):
    encoding.encode = lambda *_: os.kill(os.getpid(), signal.SIGTERM)
    return encode(*arguments)
encoding.encode = interrupt
sys.exit(main(["run"]))
"""
    repo.write("a.md", COMPOSITE)
    repo.write("b.md", COMPOSITE)
    output = repo.run(sys.executable, "-c", program, code=128 + 15)
    assert f"a.md: {header_of('a')}" in output
    assert f"git add -- a.md {header_of('a')}" in output
    assert "interrupted" in output
    assert [path.name for path in (repo.root / HEADERS).iterdir()] == ["a.png"]
    assert (repo.root / "b.md").read_text() == COMPOSITE


def test_a_path_outside_of_the_repository_is_refused(
    repo: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "post.md").write_text(COMPOSITE)
    assert main(["run", str(tmp_path / "post.md")]) == 2
    assert "lies outside" in capsys.readouterr().err


def test_the_module_runs_as_a_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "headergen", "--version"], capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == f"headergen {__version__}"


def test_signals_are_handled_as_before_when_the_command_has_ended(repo: Repository) -> None:
    def own(number: int, frame: object) -> None:
        """Stand for a handler of the program that calls main."""

    numbers = [signal.SIGTERM, signal.SIGHUP]
    before = [signal.signal(number, own) for number in numbers]
    try:
        assert main(["run"]) == 0
        assert main(["show", "no-such.png"]) == 2
        assert [signal.getsignal(number) for number in numbers] == [own, own]
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
