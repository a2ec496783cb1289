"""`headergen show`, and `headergen generate --from`, which paints a picture again."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from headergen.cli.main import main
from headergen.diffusion import attempts, cache, snapshot
from headergen.picture import metadata, provenance
from headergen.picture.parameters import TOOL
from tests.support.headers import header_of
from tests.support.hub import serve_hub
from tests.support.repository import Repository

WEB_UI = (
    "a cat\nNegative prompt: dogs\n"
    "Steps: 2, Sampler: Euler a, CFG scale: 0, Seed: 42, Size: 64x64, Model: someones"
)


def picture_that_tells(parameters: str | None, path: str = "a.png") -> None:
    info = PngImagePlugin.PngInfo()
    if parameters is not None:
        info.add_text("parameters", parameters)
    Image.new("RGB", (32, 24), "teal").save(path, pnginfo=info)


def pixels(path: Path) -> bytes:
    with Image.open(path) as picture:
        return picture.tobytes()


def test_a_header_is_painted_again_pixel_by_pixel(repo: Repository, tiny_zimage: Path) -> None:
    model = f"model: {tiny_zimage}, device: cpu"
    told = "width: 96, height: 64, num_inference_steps: 2, prompt_template: '{prompt}, (sharp)'"
    repo.write("headergen.yaml", f"image: {{{model}, {told}}}\nheader: {{width: 80, height: 40}}\n")
    repo.write("a.md", '---\nheader: {prompt: "a \\\\(cat\\\\)\\nSteps: 1"}\n---\n')
    assert main(["run"]) == 0
    header = repo.root / header_of("a")

    # All that the config said of the model is another now, and so is the header's size.
    repo.write("headergen.yaml", f"image: {{{model}, negative_prompt: dogs}}\n")
    assert main(["generate", "--from", header_of("a")]) == 0
    again = repo.root / header_of("a-again")
    assert pixels(again) == pixels(header)
    assert provenance.read(metadata.read(again)).parameters == (
        provenance.read(metadata.read(header)).parameters
    )

    assert main(["generate", "--from", header_of("a"), "b.png", "--seed", "7"]) == 0
    assert pixels(repo.root / "b.png") != pixels(header)
    settings = provenance.read(metadata.read(repo.root / "b.png")).settings
    assert settings
    assert (settings.seed, settings.steps, settings.width) == (7, 2, 96)


@pytest.mark.slow
def test_another_tools_picture_is_painted_by_the_model_that_is_named(
    repo: Repository, tiny_zimage: Path
) -> None:
    repo.write("headergen.yaml", "image: {device: cpu}\n")
    picture_that_tells(WEB_UI)
    named = ["--model", str(tiny_zimage), "--steps", "1", "--width", "48"]
    assert main(["generate", "--from", "a.png", "b.webp", *named]) == 0
    told = provenance.read(metadata.read(repo.root / "b.webp"))
    assert told.settings
    assert (told.settings.prompt, told.settings.seed, told.settings.steps) == ("a cat", 42, 1)
    with Image.open("b.webp") as picture:
        assert picture.size == (48, 24)


def fetched(model: Path, revision: str, hub_id: str = "Tongyi-MAI/Z-Image-Turbo") -> None:
    """Put a model where `headergen fetch` would have."""
    place = Path(os.environ["HEADERGEN_MODELS"]) / hub_id.replace("/", "--") / revision
    shutil.copytree(model, place)
    (place / snapshot.MANIFEST).write_text(json.dumps({"revision": revision, "form": ""}))


@pytest.mark.slow
@pytest.mark.parametrize("pin", ["", ", revision: 0123456789"])
@pytest.mark.parametrize(
    ("told", "taken", "noted"),
    [
        pytest.param("abcdef0", "abcdef0123", False, id="one that is here"),
        pytest.param("deadbeef", "0123456789", True, id="one that would have to be downloaded"),
    ],
)
def test_the_revision_that_a_picture_tells_is_taken_where_it_is_here_and_never_downloaded(
    repo: Repository,
    tiny_zimage: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    pin: str,
    told: str,
    taken: str,
    noted: bool,
) -> None:
    fetched(tiny_zimage, "abcdef0123")
    fetched(tiny_zimage, "0123456789")  # the last one is that which is taken where none is told
    repo.write("headergen.yaml", f"image: {{device: cpu{pin}}}\n")
    picture_that_tells(WEB_UI.replace("someones", f"z-image-turbo, Model revision: {told}"))
    with serve_hub({"Tongyi-MAI/Z-Image-Turbo": tiny_zimage}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        assert main(["generate", "--from", "a.png", "b.png"]) == 0
        assert hub.requests == []
    settings = provenance.read(metadata.read(repo.root / "b.png")).settings
    assert settings
    assert settings.revision == taken
    assert ("note: the picture tells revision deadbeef" in capsys.readouterr().err) == noted


@pytest.mark.parametrize(
    ("told", "form", "notes"),
    [
        pytest.param("", "", [], id="as published, and so here"),
        pytest.param("Quantization: 4bit", "4bit", [], id="in 4 bits, and so here"),
        pytest.param(
            "Quantization: 4bit",
            "",
            ["tells quantization 4bit, the new one was painted with no quantization"],
            id="in 4 bits, here in full",
        ),
        pytest.param(
            "Transformer: z-Q4.gguf",
            "8bit",
            [
                "tells transformer z-Q4.gguf, the new one was painted with no transformer",
                "tells no quantization, the new one was painted with quantization 8bit",
            ],
            id="with a GGUF file, here in 8 bits",
        ),
    ],
)
def test_weights_that_cannot_be_matched_are_said(
    repo: Repository,
    tiny_zimage: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    told: str,
    form: str,
    notes: list[str],
) -> None:
    monkeypatch.setattr(cache, "find", lambda _: cache.Fetched(tiny_zimage, "04cc4abb", form))
    pixels = attempts.Pixels(64, 64, bytes(3 * 64 * 64))
    monkeypatch.setattr(attempts, "paint", lambda *_: (each for each in [(0, pixels)]))
    repo.write("headergen.yaml", "image: {device: cpu}\n")
    picture_that_tells(WEB_UI.replace("someones", f"z-image-turbo, {told}".rstrip(", ")))
    assert main(["generate", "--from", "a.png", "b.png"]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "note: the picture" in line]
    assert len(said) == len(notes)
    assert all(note in line for note, line in zip(notes, said, strict=True))


def test_a_model_that_the_picture_alone_names_is_not_downloaded(
    repo: Repository,
    tiny_sdxl: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repo.write("headergen.yaml", "image: {device: cpu}\n")
    picture_that_tells(WEB_UI.replace("someones", "sdxl-turbo, Model revision: deadbeef"))
    with serve_hub({"stabilityai/sdxl-turbo": tiny_sdxl}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        assert main(["generate", "--from", "a.png"]) == 3
        assert hub.requests == []
    assert "run once: headergen fetch sdxl-turbo" in capsys.readouterr().err
    assert sorted(os.listdir()) == [".git", "a.png", "headergen.yaml"]


@pytest.mark.parametrize(
    ("parameters", "options", "told"),
    [
        pytest.param(None, [], "does not tell how it was painted", id="nothing told"),
        pytest.param("Steps: 2, Seed: 1, Size: 64x64", [], "does not tell how", id="no prompt"),
        pytest.param(WEB_UI, [], "'someones', which is unknown here", id="an unknown model"),
        pytest.param("a cat", ["--model", "x"], "--seed, --steps, --guidance-scale", id="a prompt"),
        pytest.param(
            WEB_UI.replace("Seed: 42", "Seed: 99999999999999999999"), [], "give --seed", id="bounds"
        ),
        pytest.param(WEB_UI.replace("64x64", "64x9999"), [], "give --height", id="a huge size"),
        pytest.param(WEB_UI, ["--model", "no-such"], "unknown model 'no-such'", id="a model named"),
        pytest.param(WEB_UI, ["a prompt", "b.png"], "name the OUTPUT alone", id="a prompt as well"),
        pytest.param(WEB_UI, ["b.bmp"], "must end in .png", id="a suffix"),
    ],
)
def test_a_picture_that_cannot_be_painted_again(
    repo: Repository,
    capsys: pytest.CaptureFixture[str],
    parameters: str | None,
    options: list[str],
    told: str,
) -> None:
    picture_that_tells(parameters)
    if "b.bmp" in options:
        picture_that_tells(WEB_UI.replace("someones", "z-image-turbo"))
    assert main(["generate", "--from", "a.png", *options]) == 2
    assert told in capsys.readouterr().err
    assert sorted(os.listdir()) == [".git", "a.png"]


def test_a_file_that_the_author_did_not_name_is_not_overwritten(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    picture_that_tells(WEB_UI.replace("someones", "z-image-turbo"))
    mine = repo.write("a-again.png", "mine")
    assert main(["generate", "--from", "a.png"]) == 2
    err = capsys.readouterr().err
    assert "a-again.png exists already" in err
    assert "--force" in err
    assert mine.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["generate", "a cat"], "PROMPT and OUTPUT", id="no output"),
        pytest.param(["generate"], "PROMPT and OUTPUT", id="nothing"),
        pytest.param(["generate", "--from", "no.png"], "no.png cannot be read", id="no picture"),
        pytest.param(["generate", "--from", "a.txt"], "is no picture that", id="a text to paint"),
        pytest.param(["show", "no.png"], "no.png cannot be read", id="nothing to show"),
        pytest.param(["show", "a.txt"], "is no picture that headergen knows", id="a text"),
    ],
)
def test_what_cannot_be_told_from_the_command_line(
    repo: Repository, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    repo.write("a.txt", "hello")
    assert main(arguments) == 2
    assert told in capsys.readouterr().err


def test_show_prints_what_another_tool_wrote(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    picture_that_tells(WEB_UI + "\x1b[31m")
    assert main(["show", "a.png"]) == 0
    first, *lines = WEB_UI.split("\n")
    expected = ["a.png: png, 32×24 px", "parameters:", f"  {first}", *(f"  {x}" for x in lines)]
    assert capsys.readouterr().out == "\n".join(expected) + "\\x1b[31m\n"


def test_show_is_friendly_where_there_is_nothing(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    picture_that_tells(None)
    assert main(["show", "a.png"]) == 0
    assert capsys.readouterr().out == (
        "a.png: png, 32×24 px\nit tells nothing of how it was made\n"
    )


def test_show_takes_no_config_as_it_reads_none(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    picture_that_tells(WEB_UI)
    with pytest.raises(SystemExit, match="2"):
        main(["show", "a.png", "--config", "nope.yaml"])
    assert "unknown option '--config'" in capsys.readouterr().err


@pytest.mark.slow
def test_show_prints_json_of_a_composite_and_loads_no_pillow(repo: Repository) -> None:
    picture_that_tells(WEB_UI)
    repo.write("a.md", "---\nheader: {sources: [a.png]}\n---\n")
    repo.write("headergen.yaml", "header: {format: webp}\n")
    repo.headergen("run")
    program = "import sys; from headergen.__main__ import main; main(); print('PIL' in sys.modules)"
    name = header_of("a", "webp")
    *lines, pillow = repo.run(sys.executable, "-c", program, "show", name, "--json").splitlines()
    found: dict[str, Any] = json.loads("\n".join(lines))
    assert pillow == "False"
    assert found.pop("digest") in (repo.root / "a.md").read_text()
    assert found.pop("size_bytes") == (repo.root / name).stat().st_size
    assert found == {
        "path": name,
        "format": "webp",
        "width": 1280,
        "height": 670,
        "source_type": "compositeSynthetic",
        "tool": TOOL,
        "parameters": None,
        "settings": None,
    }
    assert "composed, with a part by a generative model" in repo.headergen("show", name)
