"""The names of formats that headergen does not read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.picture.foreign import name_of_bytes
from tests.support.repository import Repository

FORMATS = {
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "HEIC of another brand": b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "SVG after a declaration": b"<?xml version='1.0'?>\n<!-- a -->\n<svg/>",
    "TIFF": b"II*\0\x08\0\0\0",
    "TIFF in the other order": b"MM\0*\0\0\0\x08",
    "BMP": b"BM\0\0\0\0",
    "JPEG XL": b"\xff\x0a\0\0",
    "PDF": b"%PDF-1.7",
    "a Photoshop file": b"8BPS\0\1",
    "an HTML page": b"<!DOCTYPE html><svg/>",
}


@pytest.mark.parametrize(("name", "head"), FORMATS.items(), ids=FORMATS)
def test_a_format_is_named_by_its_first_bytes(name: str, head: bytes) -> None:
    found = name_of_bytes(head)
    assert found
    assert name.startswith(found)


@pytest.mark.parametrize("head", [b"", b"text", b"<?xml version='1.0'?><html/>", b"\x89PNG\r\n"])
def test_others_have_no_name(head: bytes) -> None:
    assert name_of_bytes(head) is None


@pytest.mark.parametrize("name", ["HEIC", "SVG", "TIFF"])
def test_the_format_found_is_named_in_run_and_check(
    repo: Repository, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    repo.write("a.jpg", FORMATS[name])
    repo.write("source.md", "---\ntitle: A\nheader: {sources: [a.jpg]}\n---\n")
    repo.write("own.md", "---\ntitle: A\nheader: {image: a.jpg}\n---\n")
    assert main(["run", "source.md"]) == 2
    assert f"is {name}, which headergen does not read" in capsys.readouterr().err
    main(["check", "--json"])
    found = {(each["path"], each["code"]): each for each in json.loads(capsys.readouterr().out)}
    own = found["own.md", "wrong-format"]
    source = found["source.md", "bad-frontmatter"]
    assert f"is {name}, which headergen does not read" in source["message"]
    assert own["message"] == f"a.jpg is {name}"
    assert ".jpg" in own["remedy"]


@pytest.mark.parametrize("suffix", [".heic", ".svg", ".tiff"])
def test_what_no_site_shows_is_to_be_saved_in_another_format(
    repo: Repository, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    repo.write(f"a{suffix}", FORMATS[suffix[1:].upper()])
    repo.write("own.md", f"---\ntitle: A\nheader: {{image: a{suffix}}}\n---\n")
    repo.git("add", ".")
    main(["check", "--json"])
    [found] = json.loads(capsys.readouterr().out)
    assert found["remedy"].startswith("save it as PNG, JPEG, WebP")


@pytest.mark.parametrize("key", ["logo", "picture"])
def test_a_picture_on_a_card_is_named_as_the_author_would_type_it(
    repo: Repository, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    theme = "duotone" if key == "picture" else "night"
    repo.write("a.jpg", FORMATS["HEIC"])
    repo.write("a.md", f"---\ntitle: A\nheader: {{card: {{theme: {theme}, {key}: a.jpg}}}}\n---\n")
    assert main(["run"]) == 2
    assert main(["check"]) == 2
    said = "".join(capsys.readouterr())
    assert said.count("a.md:3: ") == 2
    assert said.count("'a.jpg' is HEIC, which headergen does not read") == 2


def test_a_real_tiff_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.tiff")
    assert name_of_bytes((tmp_path / "a.tiff").read_bytes()) == "TIFF"
