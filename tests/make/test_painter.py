"""The seam to painters: one that knows no model on this machine paints for every command."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.diffusion import attempts, fetching, hardware, interpreter
from headergen.diffusion.cache import Checkpoint, Fetched
from headergen.errors import MachineError, NotDownloadedError, PaintError
from headergen.make import painters
from headergen.make.painter import Painted, PaintFunction
from headergen.picture import metadata, provenance
from headergen.picture.parameters import Settings
from headergen.plan.job import Painting
from headergen.progress import Finished, Report, Started, Step
from tests.support.headers import header_of
from tests.support.repository import Repository

CONFIG = "header: {width: 48, height: 26}\nfallback: card\n"
HEADER = header_of("a")


@dataclass
class Easel:
    """A painter of one colour, in a size of its own; it was never asked for steps."""

    is_open: bool = True
    asked: list[str] = field(default_factory=list)

    def may_paint(self) -> bool:
        return self.is_open

    @contextmanager
    def ready(self, report: Report) -> Iterator[PaintFunction]:
        if not self.is_open:
            raise MachineError("the easel is put away")

        def paint(
            paintings: Sequence[Painting], titles: Sequence[str]
        ) -> Generator[tuple[int, Painted | PaintError]]:
            report(Started("easel", titles))
            for index, painting in enumerate(paintings):
                self.asked.append(titles[index])
                report(Step(index, 1, 1))
                yield index, painted(painting)

        yield paint
        report(Finished())


def painted(painting: Painting) -> Painted | PaintError:
    if painting.prompt == "the impossible":
        return PaintError("no brush is fine enough")
    settings = Settings(prompt="as I see it", model="easel", seed=painting.seed)
    return Painted(Image.new("RGB", (64, 32), "teal"), settings)


@pytest.fixture
def easel(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Easel:
    """An easel in place of the local worker, nothing of which may be touched."""
    made = Easel()

    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the local worker is asked")

    for module, name in (
        (attempts, "paint"),
        (fetching, "obtain"),
        (hardware, "may_paint"),
        (interpreter, "find_interpreter"),
    ):
        monkeypatch.setattr(module, name, refuse)
    monkeypatch.setattr(painters, "painter_of", lambda *_, **__: made)
    repo.write("headergen.yaml", CONFIG)
    return made


def article(prompt: str, seed: int = 5) -> str:
    return f"---\ntitle: A title\nheader: {{prompt: {prompt}, seed: {seed}}}\n---\n"


def told_by(path: Path) -> Settings | None:
    return provenance.read(metadata.read(path)).settings


def test_a_header_tells_what_its_painter_says(
    repo: Repository, easel: Easel, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", article("the sea"))
    assert main(["run"]) == 0
    out, err = capsys.readouterr()
    assert f"a.md: {HEADER} (painted by easel, seed 5, 64×32 px)\n" in out
    assert "painting a.md: 1 step\n" in err
    assert told_by(repo.root / HEADER) == Settings("as I see it", model="easel", seed=5)
    with Image.open(repo.root / HEADER) as header:
        assert header.size == (48, 26)
        assert header.getpixel((9, 9)) == (0, 128, 128)


def test_an_error_concerns_its_own_article(
    repo: Repository, easel: Easel, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", article("the impossible"))
    repo.write("b.md", article("the sea"))
    assert main(["run"]) == 3
    out, err = capsys.readouterr()
    assert "a.md:3: not painted: no brush is fine enough\n" in err
    assert f"b.md: {header_of('b')} (painted by easel" in out
    assert easel.asked == ["a.md", "b.md"]


def test_a_title_card_stands_in_until_the_painter_may_paint(
    repo: Repository, easel: Easel, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", article("the sea"))
    easel.is_open = False
    assert main(["run"]) == 0
    assert "a title card stands in: the easel is put away" in capsys.readouterr().out
    assert main(["run"]) == 0
    assert "1 is a stand-in" in capsys.readouterr().out
    assert easel.asked == []
    easel.is_open = True
    assert main(["run"]) == 0
    assert "painted by easel, seed 5" in capsys.readouterr().out


@pytest.mark.parametrize("level", ["full", "minimal", "none"])
def test_a_painted_picture_without_the_mark_of_ai_is_noted_once(
    repo: Repository, easel: Easel, capsys: pytest.CaptureFixture[str], level: str
) -> None:
    repo.write("headergen.yaml", f"{CONFIG}metadata: {level}\n")
    for name in ("a", "b"):
        repo.write(f"{name}.md", "---\nheader:\n  prompt: x\n---\n")
    assert main(["run"]) == 0
    note = "note: metadata: none leaves the mark of AI out"
    assert capsys.readouterr().err.count(note) == (level == "none")
    assert main(["generate", "a cat", "cat.png"]) == 0
    assert capsys.readouterr().err.count(note) == (level == "none")
    repo.write("c.md", "---\ntitle: A card\nheader:\n  card: true\n---\n")
    assert main(["run", "c.md"]) == 0
    assert note not in capsys.readouterr().err


def test_generate_and_candidates_are_painted_by_it(
    repo: Repository, easel: Easel, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", "a cat", "cat.png", "--seed", "7"]) == 0
    assert "cat.png, 48×26 px (painted by easel, seed 7, 64×32 px)" in capsys.readouterr().out
    repo.write("a.md", article("the sea"))
    assert main(["candidates", "a.md", "-n", "2"]) == 0
    assert easel.asked == ["cat.png", "a.md, candidate 1", "a.md, candidate 2"]
    assert main(["pick", "a.md", "2"]) == 0
    told = told_by(repo.root / HEADER)
    assert told and told.model == "easel"


def test_a_model_that_is_not_here_fails_its_own_articles_alone(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def obtain(_python: Path, chosen: Checkpoint, *_: object, **__: object) -> Fetched:
        if chosen.name == "sdxl-turbo":
            raise NotDownloadedError("sdxl-turbo is not here")
        return Fetched(Path(), "04cc4abb")

    def paint(
        _python: Path, _load: attempts.Load, requests: Sequence[attempts.Paint], _report: Report
    ) -> Iterator[tuple[int, attempts.Pixels]]:
        for index in range(len(requests)):
            yield index, attempts.Pixels(32, 16, bytes(3 * 32 * 16), bits="4bit")

    monkeypatch.setattr(fetching, "obtain", obtain)
    monkeypatch.setattr(attempts, "paint", paint)
    monkeypatch.setattr(interpreter, "find_interpreter", lambda *_: Path("python"))
    repo.write("headergen.yaml", "header: {width: 48, height: 26}\n")
    for name in ("a", "b"):
        model = "model: sdxl-turbo" if name == "a" else "model: z-image-turbo"
        repo.write(f"{name}.md", f"---\nheader: {{prompt: {name}, {model}}}\n---\n")
    assert main(["run"]) == 3
    out, err = capsys.readouterr()
    assert "a.md:2: not painted: sdxl-turbo is not here\n" in err
    assert f"b.md: {header_of('b')} (painted by z-image-turbo, seed " in out
    told = told_by(repo.root / header_of("b"))
    assert told and (told.revision, told.quantization) == ("04cc4abb", "4bit")
