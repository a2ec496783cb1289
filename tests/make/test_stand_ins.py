"""Title cards: as headers, by default, over pictures, and standing in for what can't be painted."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.diffusion import hardware
from headergen.graphics.card import drawing as cards
from headergen.graphics.card.content import Card
from headergen.picture import first_bytes
from tests.support.headers import HEADERS, header_of
from tests.support.repository import Repository

PROMPT = "---\ntitle: 夏の海\nheader:\n  prompt: the sea\n---\nBody.\n"
CANNOT_PAINT = "header: {width: 256, height: 134}\nworker: {python: nowhere/python}\n"
HEADER = header_of("a")


@pytest.fixture
def stand_in(repo: Repository, capsys: pytest.CaptureFixture[str]) -> Repository:
    """A repository whose article `a.md` has a card that stands in for a painting, committed."""
    repo.write("headergen.yaml", f"fallback: card\n{CANNOT_PAINT}")
    repo.write("a.md", PROMPT)
    assert main(["run"]) == 0
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "a stand-in")
    assert f"a.md: {header_of('a')} (a title card stands in: " in capsys.readouterr().out
    return repo


def digest_in(repo: Repository, name: str = "a.md") -> str:
    (line,) = (each for each in (repo.root / name).read_text().split("\n") if "digest:" in each)
    return line.partition(": ")[2].strip("'\"")


def size_of(repo: Repository, name: str = HEADER) -> tuple[int, int]:
    found = first_bytes.probe(repo.root / name)
    return found.width, found.height


def test_a_stand_in_is_marked_in_the_article_and_in_the_picture(stand_in: Repository) -> None:
    digest = digest_in(stand_in)
    assert digest.endswith("-stand-in")
    assert first_bytes.probe(stand_in.root / HEADER).digest == digest
    assert size_of(stand_in) == (256, 134)


def test_a_stand_in_is_marked_in_webp_as_well(repo: Repository) -> None:
    repo.write(
        "headergen.yaml", f"fallback: card\n{CANNOT_PAINT}".replace("}", ", format: webp}", 1)
    )
    repo.write("a.md", PROMPT)
    assert main(["run"]) == 0
    assert first_bytes.probe(repo.root / header_of("a", "webp")).digest == digest_in(repo)


@pytest.mark.parametrize(("flags", "code"), [([], 1), (["--allow-stand-ins"], 0)])
def test_check_reports_a_stand_in(
    stand_in: Repository, flags: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *flags]) == code
    assert capsys.readouterr().out.startswith(
        f"a.md:5: error: stand-in: {header_of('a')} is a title card"
    )


def test_check_says_why_a_stand_in_cannot_be_replaced(
    stand_in: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in.write("headergen.yaml", "fallback: card\n\nimage: {model: foo}\n")
    assert main(["check"]) == 2
    output = capsys.readouterr().out
    assert output.startswith(f"a.md:5: error: stand-in: {HEADER} is a title card")
    assert "headergen.yaml:3: error: bad-config: image.model: unknown model 'foo'" in output
    assert "headergen run" not in output


def test_the_hook_lets_a_stand_in_pass_and_run_has_nothing_to_do(
    stand_in: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "may_paint", lambda device: False)
    assert main(["hook", "a.md"]) == 0
    assert main(["run"]) == 0
    assert (
        "1 of 1 articles have a header, and it is there; 1 is a stand-in" in capsys.readouterr().out
    )
    assert stand_in.git("status", "--porcelain") == ""


def test_where_painting_fails_again_the_stand_in_stays_as_it_is(
    stand_in: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "may_paint", lambda device: True)
    assert main(["run"]) == 0
    assert f"a.md: {header_of('a')} (a title card stands in: " in capsys.readouterr().out
    assert main(["hook", "a.md"]) == 0
    assert stand_in.git("status", "--porcelain") == ""


def test_a_machine_that_can_paint_replaces_it(stand_in: Repository, tiny_zimage: Path) -> None:
    before = digest_in(stand_in)
    stand_in.write(
        "headergen.yaml",
        f"fallback: card\nimage: {{model: {tiny_zimage}, device: cpu, width: 64, height: 64, "
        "num_inference_steps: 1}\nheader: {width: 256, height: 134}\n",
    )
    assert main(["hook", "a.md"]) == 1
    assert digest_in(stand_in) == before.removesuffix("-stand-in")
    assert first_bytes.probe(stand_in.root / HEADER).digest == digest_in(stand_in)


ALSO = "also: [{key: og_image, width: 64, height: 64}]\nalt_key: cover.alt\n"
CUT = header_of("a-og_image")


@pytest.fixture
def bare_stand_in(stand_in: Repository) -> Repository:
    """The same, where the config has come to ask for a cut and the article for an alt since."""
    config, article = stand_in.root / "headergen.yaml", stand_in.root / "a.md"
    config.write_text(config.read_text() + ALSO)
    article.write_text(article.read_text().replace("header:\n", "header:\n  alt: waves\n"))
    return stand_in


@pytest.mark.parametrize("may_paint", [False, True], ids=["it can't paint", "painting fails"])
def test_what_is_lacking_beside_a_stand_in_is_made(
    bare_stand_in: Repository,
    may_paint: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hardware, "may_paint", lambda device: may_paint)
    header = (bare_stand_in.root / HEADER).read_bytes()
    assert main(["check", "--allow-stand-ins"]) == 1
    told = capsys.readouterr().out
    assert "stale: cover.alt is not what header.alt says" in told
    assert f"missing: og_image: no {CUT} yet" in told
    assert main(["run"]) == 0
    told = capsys.readouterr().out
    assert "brought up to date" in told
    assert f"git add -- a.md {HEADER} {CUT}\n" in told
    assert first_bytes.probe(bare_stand_in.root / CUT).digest == digest_in(bare_stand_in)
    written = (bare_stand_in.root / "a.md").read_text()
    assert "cover:\n  alt: waves\n" in written
    assert f"og_image: {CUT}\n" in written
    assert (bare_stand_in.root / HEADER).read_bytes() == header
    bare_stand_in.git("add", ".")
    assert main(["check", "--allow-stand-ins"]) == 0
    assert main(["hook", "a.md"]) == 0


def test_a_lost_cut_of_a_stand_in_is_found_and_made_again(
    bare_stand_in: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "may_paint", lambda device: False)
    main(["run"])
    bare_stand_in.git("add", ".")
    cut = bare_stand_in.root / CUT
    before = cut.read_bytes()
    cut.unlink()
    assert main(["check", "--allow-stand-ins"]) == 1
    assert main(["hook", "a.md"]) == 1
    assert cut.read_bytes() == before


@pytest.mark.slow
def test_a_machine_that_can_paint_does_not_complete_a_stand_in_but_replaces_it(
    bare_stand_in: Repository, tiny_zimage: Path
) -> None:
    bare_stand_in.write(
        "headergen.yaml",
        f"fallback: card\nimage: {{model: {tiny_zimage}, device: cpu, width: 64, height: 64, "
        f"num_inference_steps: 1}}\nheader: {{width: 256, height: 134}}\n{ALSO}",
    )
    assert main(["hook", "a.md"]) == 1
    assert not digest_in(bare_stand_in).endswith("-stand-in")
    for name in (HEADER, CUT):
        assert first_bytes.probe(bare_stand_in.root / name).digest == digest_in(bare_stand_in)


def test_a_changed_request_gets_a_new_stand_in(stand_in: Repository) -> None:
    before = digest_in(stand_in)
    article = stand_in.root / "a.md"
    article.write_text(article.read_text().replace("the sea", "the shore"))
    assert main(["run"]) == 0
    assert digest_in(stand_in) != before
    assert digest_in(stand_in).endswith("-stand-in")


def test_a_stand_in_that_is_not_staged_is_found(
    stand_in: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    stand_in.git("rm", "--quiet", "--cached", HEADER)
    assert main(["hook", "a.md"]) == 1
    assert f"{header_of('a')} is not staged" in capsys.readouterr().err


def test_without_fallback_nothing_is_drawn(repo: Repository) -> None:
    repo.write("headergen.yaml", CANNOT_PAINT)
    repo.write("a.md", PROMPT)
    assert main(["run"]) == 3
    assert (repo.root / "a.md").read_text() == PROMPT
    assert not (repo.root / HEADER).exists()


def test_a_mistake_in_the_config_is_no_reason_for_a_stand_in(repo: Repository) -> None:
    parts = '"transformer": ["diffusers", "ZImageTransformer2DModel"]'
    repo.write("broken/model_index.json", f'{{"_class_name": "ZImagePipeline", {parts}}}')
    repo.write("headergen.yaml", "fallback: card\nimage: {model: broken, device: cpu}\n")
    repo.write("a.md", PROMPT)
    assert main(["run"]) == 3
    assert (repo.root / "a.md").read_text() == PROMPT


def test_a_replacement_that_cannot_be_planned_stops_no_other_article(
    stand_in: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "may_paint", lambda device: True)
    config = (stand_in.root / "headergen.yaml").read_text()
    stand_in.write("headergen.yaml", f"{config}output: ../{{stem}}.{{format}}\n")
    stand_in.write("posts/b.md", "---\ntitle: B\nheader: {card: true}\n---\n")
    assert main(["run"]) == 2
    assert "a.md:3: its picture cannot be named after it" in capsys.readouterr().err
    assert (stand_in.root / "b.png").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hindrance", "without"),
    [
        pytest.param(("max_kb: 10,", ""), "a.md: ", id="the byte budget"),
        pytest.param(("max_kb: 10, format: webp,", "format: webp,"), "a.md: ", id="of WebP"),
    ],
)
def test_a_picture_that_cannot_be_finished_is_not_painted_again(
    repo: Repository,
    tiny_zimage: Path,
    hindrance: tuple[str, str],
    without: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = (
        f"image: {{model: {tiny_zimage}, device: cpu, width: 64, height: 64, "
        "num_inference_steps: 1}\nheader: {HINDRANCE width: 1280, height: 670}\n"
    )
    repo.write("a.md", PROMPT)
    repo.write("headergen.yaml", config.replace("HINDRANCE", hindrance[0]))
    assert main(["run"]) == 3
    assert main(["run"]) == 3
    assert capsys.readouterr().err.count("painting a.md") == 1
    repo.write("headergen.yaml", config.replace("HINDRANCE", hindrance[1]))
    assert main(["run"]) == 0
    assert f"{without}{HEADERS}/a." in (out := capsys.readouterr().out)
    assert "(painted by an earlier run)" in out
    assert not list((repo.root / ".headergen/unfinished").iterdir())
    assert main(["check"]) in (0, 1)
    assert "stale" not in capsys.readouterr().out


@pytest.mark.slow
def test_a_repainted_picture_that_git_takes_back_is_not_painted_again(
    repo: Repository, tiny_zimage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write(
        "headergen.yaml",
        f"image: {{model: {tiny_zimage}, device: cpu, width: 64, height: 64, "
        "num_inference_steps: 1}\nheader: {width: 256, height: 134}\n",
    )
    repo.write("a.md", PROMPT)
    assert main(["run"]) == 0
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "a header")
    request = (repo.root / "a.md").read_text().replace("the sea", "the shore")
    repo.write("a.md", request)
    assert main(["run"]) == 0
    painted = (repo.root / HEADER).read_bytes()
    # What pre-commit does where unstaged edits stand beside headergen's lines.
    repo.git("checkout", "--quiet", "--", ".")
    repo.write("a.md", request)
    capsys.readouterr()
    assert main(["run"]) == 0
    assert "(painted by an earlier run)" in capsys.readouterr().out
    assert (repo.root / HEADER).read_bytes() == painted
    assert repo.git("status", "--porcelain") == f" M a.md\n M {header_of('a')}\n"


def test_a_title_that_no_font_draws_is_found_out_before_painting(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", CANNOT_PAINT)
    repo.write("a.md", "---\nheader: {prompt: x, title: 'สวัสดี'}\n---\n")
    assert main(["run"]) == 2
    assert "U+0E" in capsys.readouterr().err


def test_a_title_card_is_made_anywhere_and_anew_when_the_title_changes(repo: Repository) -> None:
    repo.write("headergen.yaml", CANNOT_PAINT)
    repo.write("a.md", "---\ntitle: One\nheader: {card: true}\n---\n")
    assert main(["run"]) == 0
    assert size_of(repo) == (256, 134)
    first = (repo.root / HEADER).read_bytes()
    article = repo.root / "a.md"
    article.write_text(article.read_text().replace("One", "Two"))
    assert main(["check"]) == 1
    assert main(["run"]) == 0
    assert (repo.root / HEADER).read_bytes() != first


def test_a_character_that_no_font_has_is_named_with_the_article(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", CANNOT_PAINT)
    repo.write("a.md", "---\ntitle: One\nheader:\n  card: {title: 'x \U00013000'}\n---\n")
    repo.write("b.md", "---\ntitle: One\nheader: {card: true}\n---\n")
    assert main(["run"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("a.md:3: ")
    assert "U+13000" in err
    assert (repo.root / header_of("b")).is_file()


def test_an_article_without_frontmatter_gets_one_with_the_two_keys(repo: Repository) -> None:
    repo.write("headergen.yaml", f"default: {{card: true}}\n{CANNOT_PAINT}")
    repo.write("a.md", "# 推しゲーム10選\n\n本文。\n")
    repo.write("README.md", "# A site\n")
    repo.write("b.md", "---\ntitle: B\nheader: false\n---\n")
    assert main(["run"]) == 0
    digest = digest_in(repo)
    assert (repo.root / "a.md").read_text("utf-8") == (
        f"---\nheader:\n  image: {header_of('a')}\n  digest: {digest}\n---\n\n"
        "# 推しゲーム10選\n\n本文。\n"
    )
    assert (repo.root / "README.md").read_text() == "# A site\n"
    repo.git("add", ".")
    assert main(["check"]) == 0
    assert main(["hook", "a.md", "b.md", "README.md"]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("text", ["# One\n\nBody.\n", "---\ntitle: One\n---\nBody.\n"])
def test_a_settled_hook_sees_that_the_title_changed(
    repo: Repository, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", f"default: {{card: true}}\n{CANNOT_PAINT}")
    article = repo.write("a.md", text)
    assert main(["run"]) == 0
    repo.git("add", ".")
    for _ in range(2):
        assert repo.headergen("hook", "a.md") == ""
    article.write_text(article.read_text().replace("One", "Two"))
    repo.git("add", ".")
    assert "a title card" in repo.headergen("hook", "a.md", code=1)


def test_an_edit_while_the_default_card_is_drawn_is_not_lost(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.write("headergen.yaml", f"default: {{card: true}}\n{CANNOT_PAINT}")
    article = repo.write("a.md", "# One\n")
    draw = cards.draw

    def draw_and_edit(card: Card, width: int, height: int) -> Image.Image:
        article.write_text("# One\n\nAn edit.\n")
        return draw(card, width, height)

    monkeypatch.setattr(cards, "draw", draw_and_edit)
    assert main(["run"]) == 2
    assert article.read_text() == "# One\n\nAn edit.\n"
    monkeypatch.undo()
    monkeypatch.chdir(repo.root)
    assert main(["run"]) == 0
    assert "An edit." in article.read_text()
    assert f"image: {header_of('a')}" in article.read_text()


def test_a_title_is_laid_over_a_composite(repo: Repository) -> None:
    repo.write("headergen.yaml", CANNOT_PAINT)
    Image.new("RGB", (512, 268), "navy").save(repo.root / "s.png")
    repo.write("plain.md", "---\ntitle: T\nheader: {sources: [s.png]}\n---\n")
    repo.write("a.md", "---\ntitle: T\nheader: {sources: [s.png], title: true}\n---\n")
    assert main(["run"]) == 0
    with (
        Image.open(repo.root / HEADER) as titled,
        Image.open(repo.root / header_of("plain")) as plain,
    ):
        assert titled.size == plain.size
        assert titled.tobytes() != plain.tobytes()


def test_a_title_stands_beside_a_single_upright_picture(repo: Repository) -> None:
    repo.write("headergen.yaml", "composite: {background: '#203040'}\n")
    Image.new("RGB", (400, 600), "gold").save(repo.root / "s.png")
    repo.write("a.md", "---\ntitle: T\nheader: {sources: [s.png], title: true}\n---\n")
    assert main(["run"]) == 0
    with Image.open(repo.root / HEADER) as titled:
        picture = titled.crop((titled.width * 53 // 100, 0, *titled.size))
        text = titled.crop((0, 0, titled.width // 2, titled.height))
    assert (255, 215, 0) in {colour for _, colour in picture.getcolors(1 << 20) or []}
    assert (255, 215, 0) not in {colour for _, colour in text.getcolors(1 << 20) or []}
