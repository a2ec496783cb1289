"""What happens to articles and pictures that change while a picture is painted."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from headergen.article import article as articles
from headergen.article import edit
from headergen.cli.progress import PlainProgress
from headergen.diffusion import attempts, fetching, interpreter
from headergen.diffusion.cache import Checkpoint, Fetched
from headergen.graphics import canvas, encoding
from headergen.make import runner
from headergen.make.painters import painter_of
from headergen.picture import first_bytes
from headergen.picture.provenance import Metadata
from headergen.plan import job as planning
from headergen.repository import durable
from headergen.settings import config as configs
from headergen.settings.config import Config
from tests.support.headers import HEADERS, header_of

ARTICLE = "---\nheader:\n  prompt: the sea\n---\nBody.\n"
CONFIG = "header: {width: 48, height: 26}\nimage: {width: 64, height: 64}\n"
HEADER = header_of("a")


def run(jobs: Sequence[planning.Job], config: Config, root: Path) -> list[runner.Outcome]:
    """Carry out jobs with the painter that the config asks for."""
    painter = painter_of(config, root, download=False)
    return list(runner.run(jobs, config, root, painter, PlainProgress(sys.stderr)))


@dataclass(frozen=True)
class Desk:
    """A folder with the article `a.md`, and what was painted for it, by what."""

    root: Path
    painted: list[str]
    loads: list[attempts.Load]
    meanwhile: list[Callable[[], object]]

    @property
    def article(self) -> Path:
        """The article."""
        return self.root / "a.md"

    @property
    def header(self) -> Path:
        """Its header, made or not."""
        return self.root / HEADER

    def job(self) -> planning.Job | None:
        """Plan the article as it is now; None: there is nothing to do."""
        config = configs.load(self.root)
        found = articles.parse(self.article, self.article.read_bytes())
        assert found
        job = planning.job_for(found, config, self.root)
        return job if isinstance(job, planning.Job) else None

    def run(self, *, meanwhile: Callable[[], object] = lambda: None) -> runner.Outcome:
        """Carry the article's job out; `meanwhile` happens while the model paints."""
        self.meanwhile[:] = [meanwhile]
        job, config = self.job(), configs.load(self.root)
        assert job
        (outcome,) = run([job], config, self.root)
        return outcome

    def edit(self, old: str, new: str) -> Callable[[], object]:
        """Give the author's edit of the article, to be done later."""
        return lambda: self.article.write_text(self.article.read_text().replace(old, new))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(tmp_path / "site", [], [], [lambda: None])
    made.root.mkdir()
    made.article.write_text(ARTICLE)
    (made.root / "headergen.yaml").write_text(CONFIG)

    def paint(
        _python: Path, load: attempts.Load, requests: Sequence[attempts.Paint], _progress: object
    ) -> Iterator[tuple[int, attempts.Pixels]]:
        made.loads.append(load)
        for index, each in enumerate(requests):
            made.painted.append(each.prompt)
            made.meanwhile[0]()
            rgb = bytes(3 * each.width * each.height)
            yield index, attempts.Pixels(each.width, each.height, rgb)

    def obtain(_python: Path, chosen: Checkpoint, *_: object, **__: object) -> Fetched:
        return Fetched(Path(), "", "", Path(chosen.transformer) if chosen.transformer else None)

    monkeypatch.setattr(attempts, "paint", paint)
    monkeypatch.setattr(fetching, "obtain", obtain)
    monkeypatch.setattr(interpreter, "find_interpreter", lambda *_: Path(sys.executable))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return made


def test_each_article_is_painted_by_its_own_checkpoint_of_a_model(desk: Desk) -> None:
    model = "Tongyi-MAI/Z-Image-Turbo"
    (desk.root / "own.gguf").touch()
    config = Config(model=model, revision="1234567", transformer="own.gguf")
    headers = {"a": "", "b": ", model: z-image-turbo", "c": ""}
    for name, more in headers.items():
        (desk.root / f"{name}.md").write_text(f"---\nheader: {{prompt: {name}{more}}}\n---\n")
    found = [articles.read(str(desk.root / f"{name}.md")) for name in headers]
    jobs = [planning.job_for(each, config, desk.root) for each in found if each]
    wanted = [job for job in jobs if isinstance(job, planning.Job)]
    outcomes = run(wanted, config, desk.root)

    assert [type(outcome) for outcome in outcomes] == [runner.Written] * 3
    assert desk.painted == ["a", "c", "b"]
    assert [load.transformer for load in desk.loads] == [desk.root / "own.gguf", None]


def told(outcome: runner.Outcome) -> str:
    assert isinstance(outcome, runner.Failed)
    return outcome.error.message


def test_an_edited_body_stays_and_the_picture_is_used_by_the_next_run(desk: Desk) -> None:
    outcome = desk.run(meanwhile=desk.edit("Body.", "More."))
    assert told(outcome) == f"was edited while its header was made; {HEADER} is kept"
    assert desk.article.read_text() == ARTICLE.replace("Body.", "More.")
    assert isinstance(desk.run(), runner.Written)
    assert desk.painted == ["the sea"]
    assert "More." in desk.article.read_text()
    assert desk.job() is None


def test_an_article_that_is_half_typed_keeps_its_picture_too(desk: Desk) -> None:
    outcome = desk.run(meanwhile=desk.edit("prompt: the", "prompt: 'the"))
    assert "was edited" in told(outcome)
    desk.edit("prompt: 'the", "prompt: the")()
    desk.run()
    assert desk.painted == ["the sea"]


def test_a_new_request_gets_its_own_picture_from_the_next_run(desk: Desk) -> None:
    outcome = desk.run(meanwhile=desk.edit("the sea", "a hill"))
    assert "asks for another header now" in told(outcome)
    assert not desk.header.exists()
    assert isinstance(desk.run(), runner.Written)
    assert desk.painted == ["the sea", "a hill"]


def test_a_request_taken_back_keeps_the_picture_that_it_had(desk: Desk) -> None:
    desk.run()
    before = (desk.article.read_bytes(), desk.header.read_bytes())
    desk.edit("the sea", "a hill")()
    desk.run(meanwhile=desk.edit("a hill", "the sea"))
    assert (desk.article.read_bytes(), desk.header.read_bytes()) == before


def test_a_picture_of_the_authors_named_meanwhile_needs_no_other(desk: Desk) -> None:
    name_own = desk.edit("prompt:", "image: mine.png\n  prompt:")
    assert "asks for another header now" in told(desk.run(meanwhile=name_own))
    assert not desk.header.exists()


def test_a_deleted_article_stays_deleted(desk: Desk) -> None:
    outcome = desk.run(meanwhile=desk.article.unlink)
    assert told(outcome) == "was deleted while its header was made"
    assert not desk.article.exists()
    assert not desk.header.exists()


def test_an_article_swapped_for_a_symlink_leads_nowhere_outside(desk: Desk) -> None:
    outside = desk.root.parent / "outside.md"

    def swap() -> None:
        shutil.move(desk.article, outside)
        desk.article.symlink_to(outside)

    assert "leaves the repository" in told(desk.run(meanwhile=swap))
    assert outside.read_text() == ARTICLE


def test_a_picture_folder_swapped_for_a_symlink_leads_nowhere_outside(desk: Desk) -> None:
    outside = desk.root.parent / "outside"
    outside.mkdir()
    outcome = desk.run(meanwhile=lambda: desk.header.parent.symlink_to(outside))
    assert "leaves the repository" in told(outcome)
    assert os.listdir(outside) == []


def test_a_picture_folder_that_is_removed_is_made_again(desk: Desk) -> None:
    desk.run()
    desk.edit("the sea", "a hill")()
    assert isinstance(desk.run(meanwhile=lambda: shutil.rmtree(desk.header.parent)), runner.Written)
    assert desk.job() is None


def test_an_article_names_no_picture_that_disappeared(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = durable.write

    def lose_the_picture(path: Path, data: bytes, confirm: Callable[[], None]) -> None:
        write(path, data, confirm)
        shutil.rmtree(desk.header.parent)
        monkeypatch.setattr(durable, "write", write)

    monkeypatch.setattr(durable, "write", lose_the_picture)
    assert "disappeared" in told(desk.run())
    assert desk.article.read_text() == ARTICLE


def test_a_picture_that_the_author_puts_in_place_is_left_alone(desk: Desk) -> None:
    def put() -> None:
        desk.header.parent.mkdir()
        desk.header.write_bytes(b"mine")

    assert "headergen did not make it" in told(desk.run(meanwhile=put))
    assert desk.header.read_bytes() == b"mine"
    assert desk.article.read_text() == ARTICLE


def test_an_edit_at_the_last_moment_is_not_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, edit = os.fsync, desk.edit("Body.", "More.")
    calls: list[int] = []

    def edit_at_the_articles_fsync(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 3:  # after those of the header and its folder
            edit()
        fsync(handle)

    monkeypatch.setattr(os, "fsync", edit_at_the_articles_fsync)
    assert "was edited" in told(desk.run())
    assert desk.article.read_text() == ARTICLE.replace("Body.", "More.")


def test_what_another_run_has_finished_meanwhile_is_no_edit(desk: Desk) -> None:
    job = desk.job()
    assert job
    theirs = encoding.encode(
        canvas.from_rgb(b"\xff" * 3 * 48 * 26, 48, 26), "png", Metadata(job.digest)
    )

    def finish_it() -> None:
        durable.write(desk.header, theirs)
        durable.write(desk.article, edit.with_image(job.article, job.image, job.digest))

    assert isinstance(desk.run(meanwhile=finish_it), runner.Written)
    assert desk.header.read_bytes() == theirs
    assert desk.job() is None


# --- beside the header -------------------------------------------------------------------------


ALSO = "also: [{key: og, width: 24, height: 24}]\n"
CUT = header_of("a-og")


def test_a_file_of_the_authors_where_a_cut_goes_is_found_before_anything_is_painted(
    desk: Desk,
) -> None:
    (desk.root / "headergen.yaml").write_text(CONFIG + ALSO)
    (desk.root / HEADERS).mkdir()
    (desk.root / CUT).write_bytes(b"mine")
    outcome = desk.run()
    assert told(outcome) == f"{CUT} exists and headergen did not make it: it is left alone"
    assert isinstance(outcome, runner.Failed)
    assert outcome.error.remedy == "delete that file; or, to keep it, rename it and name it in og"
    assert desk.painted == []


@pytest.mark.parametrize("by", [None, "00000000"], ids=["deleted", "replaced"])
def test_a_header_that_is_gone_before_its_cuts_are_made_is_an_error(
    desk: Desk, by: str | None
) -> None:
    desk.run()
    (desk.root / "headergen.yaml").write_text(CONFIG + ALSO)
    job, config = desk.job(), configs.load(desk.root)
    assert job
    desk.header.unlink()
    if by:
        desk.header.write_bytes(encoding.encode(canvas.blank(48, 26), "png", Metadata(by)))
    (outcome,) = run([job], config, desk.root)
    assert told(outcome) == f"{HEADER} disappeared, or was replaced, meanwhile"


def test_a_painting_is_cropped_for_its_cut_whatever_its_file_tells(desk: Desk) -> None:
    desk.run()
    digest = first_bytes.probe(desk.header).digest
    halves = Image.new("RGB", (48, 26))
    halves.paste("green", (0, 0, 48, 13))
    desk.header.write_bytes(encoding.encode(halves, "png", Metadata(digest)))
    (desk.root / "headergen.yaml").write_text(CONFIG + ALSO)
    assert isinstance(desk.run(), runner.Written)
    with Image.open(desk.root / CUT) as cut:
        assert cut.getpixel((12, 1)) == (0, 128, 0)
        assert cut.getpixel((12, 22)) == (0, 0, 0)


def test_a_title_is_whole_on_a_cut(desk: Desk) -> None:
    desk.article.write_text(ARTICLE.replace("sea\n", "sea\n  title: Waves\n"))
    desk.run()
    digest = first_bytes.probe(desk.header).digest
    halves = Image.new("RGB", (48, 26))
    halves.paste("green", (0, 0, 48, 13))
    desk.header.write_bytes(encoding.encode(halves, "png", Metadata(digest)))
    (desk.root / "headergen.yaml").write_text(CONFIG + ALSO)
    assert isinstance(desk.run(), runner.Written)
    with Image.open(desk.root / CUT) as cut:
        assert cut.getpixel((12, 1)) != (0, 128, 0)
