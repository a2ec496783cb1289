"""Pictures that are empty or were cut off: `check` finds them, `run` makes its own again."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.picture import first_bytes
from headergen.picture.damage import damage_of
from tests.support.headers import header_of
from tests.support.repository import Repository

CONFIG = "header: {width: 64, height: 34}\nalso: [{key: square, width: 40, height: 40}]\n"
ARTICLE = "---\ntitle: The sea\nheader:\n  sources: [/a.png]\n---\nText.\n"
HEADER, CUT = header_of(), header_of("post-square")


def site(repo: Repository, capsys: pytest.CaptureFixture[str], config: str = CONFIG) -> Path:
    """Make an article with header and cut, all staged; return the article."""
    repo.write_sources("a.png")
    repo.write("headergen.yaml", config)
    article = repo.write("post.md", ARTICLE)
    assert main(["run"]) == 0
    repo.git("add", ".")
    capsys.readouterr()
    return article


def cut_off(path: Path, by: int = 20) -> None:
    path.write_bytes(path.read_bytes()[:-by])


def findings(capsys: pytest.CaptureFixture[str], code: int = 1) -> list[tuple[str, str, str]]:
    assert main(["check", "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    return [(each["code"], each["message"], each["remedy"]) for each in found]


IS_CUT_OFF = "is cut off: its end is missing"
RUN = "run `headergen run`"
DELETE = "delete it to have it made again"


@pytest.mark.parametrize(
    ("format", "by"), [("png", 1), ("png", 12), ("png", 200), ("webp", 1), ("webp", 12)]
)
def test_a_header_that_is_cut_off_is_found_and_made_again(
    repo: Repository, capsys: pytest.CaptureFixture[str], format: str, by: int
) -> None:
    site(repo, capsys, f"header: {{width: 64, height: 34, format: {format}}}\n")
    header = repo.root / header_of(format=format)
    whole = header.read_bytes()
    cut_off(header, by)
    repo.git("add", ".")
    name = header_of(format=format)
    assert findings(capsys) == [("broken", f"{name} {IS_CUT_OFF}", RUN)]
    assert main(["run"]) == 0
    assert header.read_bytes() == whole
    repo.git("add", ".")
    capsys.readouterr()
    assert findings(capsys, code=0) == []


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        pytest.param(HEADER, b"", "is empty (0 bytes)", id="an empty header"),
        pytest.param(CUT, b"", "is empty (0 bytes)", id="an empty cut"),
        pytest.param(CUT, None, IS_CUT_OFF, id="a cut that is cut off"),
    ],
)
def test_the_remedy_of_a_broken_picture_helps(
    repo: Repository,
    capsys: pytest.CaptureFixture[str],
    name: str,
    data: bytes | None,
    message: str,
) -> None:
    site(repo, capsys)
    picture = repo.root / name
    whole = picture.read_bytes()
    picture.write_bytes(whole[:-20] if data is None else data)
    repo.git("add", ".")
    assert findings(capsys) == [("broken", f"{name} {message}", DELETE)]
    picture.unlink()
    assert main(["run"]) == 0
    assert picture.read_bytes() == whole


def test_a_webp_that_lost_its_digest_with_its_end_is_for_the_author_to_delete(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site(repo, capsys, "header: {width: 64, height: 34, format: webp}\n")
    name = header_of(format="webp")
    cut_off(repo.root / name, 200)
    repo.git("add", ".")
    assert findings(capsys) == [("broken", f"{name} {IS_CUT_OFF}", DELETE)]
    (repo.root / name).unlink()
    assert main(["run"]) == 0
    assert damage_of(repo.root / name) is None


def test_a_header_that_nothing_asks_for_cannot_be_made_again(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    article = site(repo, capsys, "header: {width: 64, height: 34}\n")
    article.write_text(article.read_text().replace("  sources: [/a.png]\n", ""))
    cut_off(repo.root / HEADER)
    repo.git("add", ".")
    assert findings(capsys) == [("broken", f"{HEADER} {IS_CUT_OFF}", "save the picture again")]


def test_a_file_that_an_earlier_run_left_cut_off_is_not_named(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    article = site(repo, capsys)
    whole = (repo.root / HEADER).read_bytes()
    for name in (HEADER, CUT):
        cut_off(repo.root / name)
    article.write_text(ARTICLE)
    assert main(["run"]) == 0
    assert (repo.root / HEADER).read_bytes() == whole
    assert Image.open(repo.root / CUT).load()


def encoded(format: str) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 34), 80).convert("RGB").save(buffer, format)
    return buffer.getvalue()


def hand_made(repo: Repository, format: str, data: bytes) -> None:
    suffix = {kind: suffix for suffix, kind in first_bytes.SUFFIX_FORMATS.items()}[format]
    repo.write("headergen.yaml", CONFIG)
    repo.write(f"own{suffix}", data)
    repo.write("post.md", f"---\nheader:\n  image: own{suffix}\n---\n")
    repo.git("add", ".")


@pytest.mark.parametrize("format", ["png", "webp", "jpeg"])
def test_a_hand_made_picture_that_is_cut_off_is_found(
    repo: Repository, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    hand_made(repo, format, encoded(format)[:-20])
    ((code, message, remedy),) = findings(capsys)
    assert (code, remedy) == ("broken", "save the picture again")
    assert message.endswith(IS_CUT_OFF)


@pytest.mark.parametrize("format", ["png", "webp", "jpeg", "gif", "avif"])
@pytest.mark.parametrize("behind", [b"", bytes(9), b"what other programs append"])
def test_a_hand_made_picture_that_is_whole_is_left_in_peace(
    repo: Repository, capsys: pytest.CaptureFixture[str], format: str, behind: bytes
) -> None:
    hand_made(repo, format, encoded(format) + behind)
    assert findings(capsys, code=0) == []


@pytest.mark.parametrize("format", ["gif", "avif"])
def test_where_browsers_show_what_has_no_end_nothing_is_said(
    repo: Repository, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    hand_made(repo, format, encoded(format)[:-1])
    assert findings(capsys, code=0) == []


def test_a_broken_picture_is_found_without_pillow(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    site(repo, capsys)
    cut_off(repo.root / HEADER)
    cut_off(repo.root / CUT)
    program = "import sys; sys.modules['PIL'] = None; from headergen.cli.main import main; main()"
    command = [sys.executable, "-c", program, "check"]
    done = subprocess.run(command, cwd=repo.root, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert f": broken: {HEADER} " in done.stdout


def test_a_card_that_stands_in_and_is_cut_off_is_drawn_again(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    config = f"fallback: card\nworker: {{python: nowhere/python}}\n{CONFIG}"
    repo.write("headergen.yaml", config)
    repo.write("post.md", "---\ntitle: The sea\nheader:\n  prompt: the sea\n---\nText.\n")
    assert main(["run"]) == 0
    whole = (repo.root / HEADER).read_bytes()
    cut_off(repo.root / HEADER)
    repo.git("add", ".")
    capsys.readouterr()
    assert findings(capsys) == [("broken", f"{HEADER} {IS_CUT_OFF}", RUN)]
    assert main(["run"]) == 0
    assert (repo.root / HEADER).read_bytes() == whole
