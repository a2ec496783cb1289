"""`headergen candidates` and `headergen pick`, through a real worker on tiny checkpoints."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image

from headergen.article import article as articles
from headergen.article import edit
from headergen.article.article import Article
from headergen.cli.main import main
from headergen.diffusion import interpreter
from headergen.graphics import encoding, thumbnail
from headergen.make.kept import save_candidate, save_record
from headergen.picture import first_bytes
from headergen.picture.provenance import Metadata
from headergen.plan import candidates
from headergen.repository import durable
from headergen.settings import config as configs
from tests.report.preview.test_page import data_of
from tests.support import repository
from tests.support.headers import header_of
from tests.support.repository import Repository

ARTICLE = b"---\ntitle: The sea\nheader:\n  prompt: the sea   # wide\n---\nBody.\n"
FOLDER = ".headergen/candidates/posts/a.md"
SETTINGS = (
    "image: {{model: {model}, device: cpu, width: 64, height: 64, num_inference_steps: 1}}\n"
    "header: {{width: 64, height: 32}}\n"
)


@dataclass(frozen=True)
class Painted:
    """A repository whose article has three candidates, and what the command printed."""

    repo: Repository
    output: str


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory, tiny_zimage: Path) -> Painted:
    """Paint once: a worker takes seconds to start. Do not write into it."""
    made = repository.create(tmp_path_factory.mktemp("candidates") / "repo")
    made.write("headergen.yaml", SETTINGS.format(model=tiny_zimage))
    made.write("posts/a.md", ARTICLE)
    cache = {"XDG_CACHE_HOME": str(tmp_path_factory.getbasetemp() / "cache")}
    output = replace(made, environ=cache).headergen("candidates", "posts/a.md", "-n", "3")
    return Painted(made, output)


@pytest.fixture
def work(painted: Painted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A copy of it, and the current folder in it."""
    shutil.copytree(painted.repo.root, tmp_path / "repo")
    monkeypatch.chdir(tmp_path / "repo")
    return Repository(tmp_path / "repo")


def sizes(folder: Path) -> dict[str, tuple[int, int]]:
    found = {path.name: first_bytes.probe(path) for path in folder.glob("*.png")}
    return {name: (each.width, each.height) for name, each in found.items()}


def read(text: bytes) -> Article:
    found = articles.parse(Path("posts/a.md"), text)
    assert found is not None
    return found


def test_one_load_paints_numbered_candidates_and_names_the_words_that_vary(
    painted: Painted, work: Repository
) -> None:
    assert painted.output.count("starting ") == 1
    lines = painted.output.splitlines()
    assert lines[:3] == [
        "1  seed 1",
        "2  seed 2, golden hour: the sea, warm light of the golden hour",
        "3  seed 3, wide view: the sea, wide view from afar",
    ]
    assert lines[-2:] == [
        f"3 candidates on one sheet: {FOLDER}/sheet.png",
        "to make one the header: headergen pick posts/a.md NUMBER",
    ]
    found = sizes(work.root / FOLDER)
    sheet = found.pop("sheet.png")
    assert found == dict.fromkeys(("1.png", "2.png", "3.png"), (64, 32))
    assert sheet[0] > 1000
    assert (work.root / "posts/a.md").read_bytes() == ARTICLE
    work.git("add", ".")
    assert ".headergen" not in work.git("status", "--short")


@pytest.mark.slow
def test_a_pick_is_byte_for_byte_what_a_run_would_have_painted(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pick", "posts/a.md", "2"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        f"posts/a.md: {header_of('a')} (candidate 2: seed 2, golden hour)",
        f"to complete the commit: git add -- posts/a.md posts/{header_of('a')}",
    ]
    assert captured.err == ""
    header = work.root / f"posts/{header_of('a')}"
    written = (work.root / "posts/a.md").read_text()
    digest = first_bytes.probe(header).digest
    assert written.replace(f"'{digest}'", f"{digest}") == (
        "---\ntitle: The sea\nheader:\n"
        "  prompt: 'the sea, warm light of the golden hour'   # wide\n"
        f"  seed: 2\n  image: {header_of('a')}\n  digest: {digest}\n---\nBody.\n"
    )
    picked = header.read_bytes()
    assert main(["run", "posts/a.md"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    header.unlink()
    assert main(["run", "posts/a.md"]) == 0
    assert "painted by " in capsys.readouterr().out
    assert header.read_bytes() == picked


def test_an_author_may_pick_again_and_gets_the_first_prompt_back(work: Repository) -> None:
    assert main(["pick", "posts/a.md", "2"]) == 0
    assert main(["pick", "posts/a.md", "1"]) == 0
    found = read((work.root / "posts/a.md").read_bytes())
    assert found.request is not None
    assert (found.request.prompt, found.request.seed) == ("the sea", 1)
    assert first_bytes.probe(work.root / f"posts/{header_of('a')}").digest == found.digest


@pytest.mark.slow
def test_what_is_painted_stays_and_more_are_added_to_it(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    first = work.root / FOLDER / "1.png"
    made = first.stat().st_mtime_ns
    assert main(["candidates", "posts/a.md", "-n", "2"]) == 0
    assert "starting" not in capsys.readouterr().err
    assert main(["candidates", "posts/a.md", "-n", "4"]) == 0
    err = capsys.readouterr().err
    assert "candidate 4" in err
    assert "candidate 2" not in err
    assert first.stat().st_mtime_ns == made


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param({"num_inference_steps": 2}, id="other steps"),
        pytest.param({"height": 34}, id="another size"),
        pytest.param({"prompt_template": "a photo of {prompt}"}, id="another template"),
    ],
)
def test_candidates_of_another_config_are_painted_anew(
    work: Repository, setting: dict[str, int | str]
) -> None:
    article, config = read(ARTICLE), configs.load(Path())
    wanted = candidates.planned(article, config, work.root, 3)
    assert len(candidates.reusable(article, wanted, work.root)) == 3
    other = replace(config, **setting)  # type: ignore[arg-type]
    wanted = candidates.planned(article, other, work.root, 3)
    assert candidates.reusable(article, wanted, work.root) == []


def test_the_preview_shows_the_candidates_of_an_article(work: Repository) -> None:
    assert main(["preview"]) == 0
    (told,) = data_of((work.root / ".headergen/preview.html").read_text("utf-8"))["articles"]
    assert [(each["number"], each["what"]) for each in told["candidates"]] == [
        (1, "seed 1"),
        (2, "seed 2, golden hour"),
        (3, "seed 3, wide view"),
    ]
    assert told["candidates"][0]["thumbnail"].startswith("data:image/webp;base64,")
    assert told["pick"] == "headergen pick posts/a.md"
    work.write("posts/a.md", ARTICLE.replace(b"the sea ", b"a lake "))
    assert main(["preview"]) == 0
    (told,) = data_of((work.root / ".headergen/preview.html").read_text("utf-8"))["articles"]
    assert told["candidates"] == []


def test_a_prompt_that_takes_no_words_varies_by_its_seeds_and_says_so(
    work: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(interpreter, "_NEEDED_MODULES", ("no_such_torch",))
    work.write("posts/a.md", '+++\n[header]\nprompt = """\nthe sea,\nwide"""\n+++\n')
    assert main(["candidates", "posts/a.md", "-n", "2"]) == 3
    captured = capsys.readouterr()
    assert captured.out.startswith("1  seed 1\n2  seed 2\n")
    assert "a.md:2: note: " in captured.err
    assert "no Python interpreter with torch" in captured.err


@pytest.mark.parametrize(
    ("prompt", "count", "notes"),
    [
        pytest.param("the sea", "1", [], id="one candidate has no words to vary by"),
        pytest.param(
            "the ((sea))",
            "3",
            ["the model knows no weights: the prompt is read as 'the sea'"],
            id="what the model cannot do is said once, and not for each candidate",
        ),
    ],
)
def test_notes_of_candidates_are_those_of_the_articles_painting(
    work: Repository,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    prompt: str,
    count: str,
    notes: list[str],
) -> None:
    monkeypatch.setattr(interpreter, "_NEEDED_MODULES", ("no_such_torch",))
    work.write("posts/b.md", f"---\nheader: {{prompt: {prompt}}}\n---\n")
    assert main(["candidates", "posts/b.md", "-n", count]) == 3
    lines = capsys.readouterr().err.splitlines()
    said = [line for line in lines if "note: " in line]
    assert said == [f"posts/b.md:2: note: {note}" for note in notes]


def test_a_pick_writes_the_configs_default_into_the_article_as_its_own_prompt(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = (work.root / "headergen.yaml").read_text()
    work.write("headergen.yaml", f"default: {{prompt: 'flat, {{title}}'}}\n{settings}")
    work.write("posts/c.md", "# Sea\n\nBody.\n")
    keep_candidates(work, "posts/c.md", 2)
    assert main(["candidates", "posts/c.md", "-n", "2"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("1  seed 1\n2  seed 2, golden hour: flat, Sea, warm light of ")
    assert "starting" not in captured.err
    assert main(["pick", "posts/c.md", "2"]) == 0
    digest = first_bytes.probe(work.root / f"posts/{header_of('c')}").digest
    written = (work.root / "posts/c.md").read_text()
    assert written.replace(f"'{digest}'", f"{digest}") == (
        "---\nheader:\n  prompt: 'flat, Sea, warm light of the golden hour'\n  seed: 2\n"
        f"  image: {header_of('c')}\n  digest: {digest}\n---\n\n# Sea\n\nBody.\n"
    )
    assert main(["run", "posts/c.md"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def keep_candidates(work: Repository, name: str, count: int) -> None:
    """Keep candidates as if a model had painted them."""
    found = articles.parse(work.root / name, (work.root / name).read_bytes(), every=True)
    assert found
    config = configs.load(work.root)
    painted = Image.effect_noise((64, 32), 64).convert("RGB")
    kept = [
        save_candidate(
            found, each, encoding.encode(painted, "png", Metadata(each.job.digest)), work.root
        )
        for each in candidates.planned(found, config, work.root, count)
    ]
    save_record(found, kept, config, work.root)


def test_a_picture_that_only_the_site_finds_is_not_replaced_by_a_default(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = (work.root / "headergen.yaml").read_text()
    work.write("headergen.yaml", f"default: {{prompt: flat}}\n{settings}")
    work.write("posts/c.md", "---\nheader: {image: site.png}\n---\n")
    assert main(["candidates", "posts/c.md"]) == 2
    assert "has a picture of your own: site.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("# Only text\n", "has no `header:`", id="no header"),
        pytest.param("---\nheader: {sources: [x.png]}\n---\n", "no prompt", id="a composite"),
        pytest.param(
            "---\nheader: {prompt: x, image: x.png}\n---\n", "picture of your own", id="hand-made"
        ),
    ],
)
def test_articles_that_have_no_candidates_are_told_why(
    work: Repository, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    Image.new("RGB", (64, 32)).save(work.root / "posts/x.png")
    work.write("posts/b.md", text)
    assert main(["candidates", "posts/b.md"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("posts/b.md:")
    assert told in err
    assert not (work.root / ".headergen/candidates/posts/b.md").exists()


# --- a pick that cannot be -------------------------------------------------------------------


def refused(work: Repository, number: str = "1") -> bool:
    """Pick, and tell whether that was refused and the article left alone."""
    before = (work.root / "posts/a.md").read_bytes()
    code = main(["pick", "posts/a.md", number])
    return code == 2 and (work.root / "posts/a.md").read_bytes() == before


def test_without_candidates_there_is_nothing_to_pick(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    work.write("posts/b.md", ARTICLE)
    assert main(["pick", "posts/b.md", "1"]) == 2
    err = capsys.readouterr().err
    assert "posts/b.md:3: has no candidates" in err
    assert "headergen candidates posts/b.md" in err


def test_a_number_that_there_is_not_is_refused_with_those_that_there_are(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(work, "4")
    assert "has no candidate 4; choose from 1, 2, 3" in capsys.readouterr().err


def test_candidates_of_an_older_request_are_refused(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    work.write("posts/a.md", ARTICLE.replace(b"the sea ", b"a lake "))
    assert refused(work)
    assert "asks for something else since" in capsys.readouterr().err


def test_candidates_of_another_size_are_refused(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (work.root / "headergen.yaml").read_text()
    work.write("headergen.yaml", text.replace("height: 32", "height: 34"))
    assert refused(work)
    assert "does not fit the article any more" in capsys.readouterr().err


def test_candidates_that_a_run_would_paint_otherwise_are_refused(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    work.write("headergen.yaml", SETTINGS.format(model="animagine-xl-3.1"))
    assert refused(work)
    err = capsys.readouterr().err
    assert "candidate 1 was painted otherwise than a run would paint now" in err
    assert "paint them: headergen candidates posts/a.md" in err


def test_a_picture_of_the_authors_is_not_overwritten(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = work.root / f"posts/{header_of('a')}"
    mine.parent.mkdir()
    Image.new("RGB", (64, 32), "red").save(mine)
    before = mine.read_bytes()
    assert refused(work)
    assert "headergen did not make it" in capsys.readouterr().err
    assert mine.read_bytes() == before


def test_another_articles_header_is_not_overwritten(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    header = encoding.encode(Image.new("RGB", (64, 32)), "png", Metadata("3fa9c1d2"))
    work.write(f"posts/{header_of('a')}", header)
    work.write("posts/a.mdx", edit.with_image(read(ARTICLE), header_of("a"), "3fa9c1d2"))
    assert refused(work)
    assert "the same file as a picture of posts/a.mdx" in capsys.readouterr().err
    assert (work.root / f"posts/{header_of('a')}").read_bytes() == header


@pytest.mark.parametrize("damage", ["{", '{"request": "x", "candidates": [{"number": "../x"}]}'])
def test_a_damaged_record_counts_as_none(
    work: Repository, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    work.write(f"{FOLDER}/candidates.json", damage)
    assert refused(work)
    assert "has no candidates" in capsys.readouterr().err


def test_a_record_that_speaks_of_another_picture_is_refused(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads((work.root / FOLDER / "candidates.json").read_text())
    record["candidates"][0]["prompt"] = "another"
    work.write(f"{FOLDER}/candidates.json", json.dumps(record))
    assert refused(work)
    assert "does not fit the article any more" in capsys.readouterr().err


def test_a_pick_that_is_cut_off_is_finished_by_the_same_command(
    work: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = durable.write

    def killed(path: Path, *arguments: object, **named: object) -> None:
        if path.suffix == ".md":
            raise KeyboardInterrupt
        write(path, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(durable, "write", killed)
    assert main(["pick", "posts/a.md", "1"]) == 130
    assert (work.root / "posts/a.md").read_bytes() == ARTICLE
    monkeypatch.setattr(durable, "write", write)
    assert main(["pick", "posts/a.md", "1"]) == 0
    assert "seed: 1\n" in (work.root / "posts/a.md").read_text()


def test_a_candidate_takes_the_place_of_the_card_that_stands_in_for_it(work: Repository) -> None:
    assert main(["pick", "posts/a.md", "2"]) == 0
    header = work.root / f"posts/{header_of('a')}"
    picked, article = header.read_bytes(), (work.root / "posts/a.md").read_bytes()
    header.unlink()
    settings = (work.root / "headergen.yaml").read_text()
    work.write("headergen.yaml", f"fallback: card\nworker: {{python: nowhere/python}}\n{settings}")
    assert main(["run"]) == 0
    assert (first_bytes.probe(header).digest or "").endswith("-stand-in")
    assert main(["pick", "posts/a.md", "2"]) == 0
    assert header.read_bytes() == picked
    assert (work.root / "posts/a.md").read_bytes() == article


def test_a_candidate_that_is_the_header_already_is_told_so(
    work: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pick", "posts/a.md", "1"]) == 0
    capsys.readouterr()
    assert main(["pick", "posts/a.md", "1"]) == 0
    assert "is the header already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        pytest.param("the sea", "the sea, pale pastel colours", id="English"),
        pytest.param("The sea.\n", "The sea. pale pastel colours\n", id="after a full stop"),
        pytest.param("夕焼けの海", "夕焼けの海、淡いパステルカラー", id="Japanese"),
        pytest.param("夕焼けの海。\n", "夕焼けの海。淡いパステルカラー\n", id="after a sentence"),
    ],
)
def test_words_are_put_behind_a_prompt_in_its_language(prompt: str, expected: str) -> None:
    assert candidates.with_words(prompt, "pastel") == expected


def test_more_variants_begin_with_the_same_ones_and_none_is_there_twice() -> None:
    few = candidates.variants("x", 2, 3, words=True)
    many = candidates.variants("x", 2, 24, words=True)
    assert many[:3] == few
    assert [each.seed for each in few] == [1, 3, 4]
    assert len({(each.seed, each.prompt) for each in many}) == 24
    assert {each.prompt for each in candidates.variants("x", None, 4, words=False)} == {"x"}


@pytest.mark.parametrize(("width", "size"), [(640, (100, 50)), (40, (40, 20))])
def test_a_thumbnail_is_never_larger_than_its_picture(
    tmp_path: Path, width: int, size: tuple[int, int]
) -> None:
    Image.new("RGB", (100, 50)).save(tmp_path / "a.png")
    (tmp_path / "b.webp").write_bytes(thumbnail.thumbnail(tmp_path / "a.png", width) or b"")
    found = first_bytes.probe(tmp_path / "b.webp")
    assert (found.width, found.height) == size
