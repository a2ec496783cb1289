"""`headergen generate` and painted articles, through a real worker on tiny checkpoints."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from headergen.cli.main import main
from headergen.diffusion import attempts, fetching, interpreter
from headergen.diffusion.cache import Fetched
from headergen.picture import first_bytes, metadata, provenance
from headergen.picture.parameters import Settings
from headergen.picture.provenance import SourceType
from tests.support import weights
from tests.support.headers import HEADERS, header_of
from tests.support.paths import CHECKOUT
from tests.support.repository import Repository


@pytest.mark.slow
def test_generate_saves_any_size_and_names_the_seed(
    repo: Repository, tiny_zimage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", "image: {device: cpu}\n")
    size = ["--width", "150", "--height", "100"]
    assert main(["generate", "a cat", "out/x.webp", *size, "--model", str(tiny_zimage)]) == 0
    found = first_bytes.probe(repo.root / "out" / "x.webp")
    assert (found.format, found.width, found.height) == ("webp", 150, 100)
    out = capsys.readouterr().out
    assert "out/x.webp, 150×100 px (painted by " in out
    told = provenance.read(metadata.read(repo.root / "out" / "x.webp"))
    assert told.settings
    assert told.settings.model == tiny_zimage.name
    assert f"seed {told.settings.seed}, 8 steps" in out
    assert f"{told.settings.width}×{told.settings.height} px)" in out


def test_a_header_tells_what_was_really_painted_and_nothing_of_the_machine(
    repo: Repository, tiny_zimage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = Fetched(tiny_zimage, "04cc4abb", "z-Q4", tiny_zimage / "z-Q4.gguf")
    monkeypatch.setattr(fetching, "require", lambda _: stored)
    small = attempts.Pixels(64, 32, bytes(3 * 64 * 32), bits="8bit", tiled=True)
    monkeypatch.setattr(attempts, "paint", lambda *_: (each for each in [(0, small)]))
    repo.write("headergen.yaml", f"image: {{model: {tiny_zimage}, device: cpu}}\n")
    repo.write("a.md", "---\nheader: {prompt: 海, seed: 3}\n---\n")
    assert main(["run"]) == 0
    path = repo.root / header_of("a")
    told = provenance.read(metadata.read(path))
    assert told.source_type == SourceType.PAINTED
    # The painter went down to a smaller size, 8 bits and tiles, because memory was short.
    settings = Settings("海", None, tiny_zimage.name, "04cc4abb", 8, 0.0, 3, 64, 32)
    painted = replace(settings, transformer="z-Q4.gguf", quantization="8bit", decoding="tiles")
    assert told.settings == painted
    for secret in (tiny_zimage.parent, repo.root, Path.home()):
        assert os.fsencode(secret) not in path.read_bytes()


@pytest.mark.slow
def test_what_is_no_picture_is_never_saved(
    repo: Repository, tiny_zimage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(tiny_zimage, repo.root / "model")
    vae = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights.fill(vae, "decoder.conv_out.bias", math.nan)
    repo.write("headergen.yaml", "image: {model: model, device: cpu, width: 64, height: 64}\n")
    article = "---\nheader: {prompt: a, steps: 1}\n---\n"
    repo.write("a.md", article)
    assert main(["run"]) == 3
    err = capsys.readouterr().err
    assert "overflowed to NaN: there is no picture; trying again: on cpu in float32" in err
    assert "a.md:2: not painted: model: the model's numbers overflowed to NaN" in err
    assert (repo.root / "a.md").read_text() == article
    assert not list(repo.root.rglob("*.png"))


def test_what_the_model_cannot_do_is_said_with_the_articles_line(
    repo: Repository, tiny_zimage: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", f"image: {{model: {tiny_zimage}, device: 'cuda:99'}}\n")
    repo.write("a.md", "---\nheader: {prompt: 'a ((cat))'}\n---\n")
    assert main(["run"]) == 3
    err = capsys.readouterr().err
    assert "a.md:2: note: the model knows no weights: the prompt is read as 'a cat'" in err


@pytest.mark.slow
def test_run_loads_a_model_once_for_all_its_articles(
    repo: Repository, tiny_sdxl: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write(
        "headergen.yaml",
        f"image: {{model: {tiny_sdxl}, preset: animagine-xl-3.1, device: cpu, width: 128,"
        " height: 64, num_inference_steps: 2}\nheader: {width: 100, height: 50}\n",
    )
    for name in ("a", "b"):
        repo.write(f"{name}.md", f"---\nheader: {{prompt: {name}, seed: 3}}\n---\n")
    assert main(["run"]) == 0
    captured = capsys.readouterr()
    assert captured.err.count("starting sdxl") == 1
    assert "painting b.md (2 of 2)" in captured.err
    for name in ("a", "b"):
        found = first_bytes.probe(repo.root / header_of(name))
        assert (found.width, found.height) == (100, 50)
        assert f"digest: {found.digest}" in (repo.root / f"{name}.md").read_text().replace("'", "")
    assert (repo.root / header_of("a")).read_bytes() != (repo.root / header_of("b")).read_bytes()


def test_without_a_gpu_each_prompt_article_is_told_what_is_missing(
    repo: Repository,
    tiny_zimage: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    repo.write("headergen.yaml", f"image: {{model: {tiny_zimage}}}\n")
    for name in ("a", "b"):
        repo.write(f"{name}.md", "---\nheader: {prompt: a}\n---\n")
    assert main(["run"]) == 3
    err = capsys.readouterr().err
    assert "a.md:2: not painted: " in err
    assert "b.md:2: not painted: " in err
    assert err.count("device: cpu") == 1
    assert "SKIP=headergen" in err


def test_without_torch_each_prompt_article_is_told_what_is_missing(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", "---\nheader: {prompt: a}\n---\n")
    monkeypatch.setattr(interpreter, "_NEEDED_MODULES", ("no_such_torch",))
    assert main(["run"]) == 3
    err = capsys.readouterr().err
    assert "a.md:2: not painted: no Python interpreter with torch and diffusers" in err
    assert "\n    the running interpreter: " in err
    assert "pip install torch diffusers transformers accelerate" in err


def test_whoever_picks_sdxl_turbo_is_told_of_its_licence_once(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(interpreter, "_NEEDED_MODULES", ("no_such_torch",))
    for name in ("a", "b"):
        repo.write(f"{name}.md", "---\nheader: {prompt: a, model: sdxl-turbo}\n---\n")
    assert main(["run"]) == 3
    assert capsys.readouterr().err.count("is for non-commercial use") == 1


def test_a_hook_never_downloads(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("headergen.yaml", "image: {device: cpu}\n")
    repo.write("a.md", "---\nheader: {prompt: a}\n---\n")
    assert main(["hook", "a.md"]) == 3
    err = capsys.readouterr().err
    assert "a.md:2: not painted: the model z-image-turbo is not, or not wholly, on this" in err
    assert "headergen fetch z-image-turbo" in err
    assert "32.8 GB to download, 20.5 GB on disk; a hook never downloads" in err
    assert not any(Path(os.environ["HF_HOME"]).rglob("*.safetensors"))
    assert not Path(os.environ["HEADERGEN_MODELS"]).exists()


def processes_with(variable: str) -> list[str]:
    """List the processes that inherited an environment variable from the test."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if variable.encode() in entry.read_bytes():
                found.append((entry.parent / "cmdline").read_bytes().decode())
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_is_painted_and_leaves_nothing_running(
    repo: Repository, tiny_zimage: Path, number: int
) -> None:
    repo.write(
        "headergen.yaml",
        f"image: {{model: {tiny_zimage}, device: cpu, width: 64, height: 64}}\n"
        "header: {width: 64, height: 32}\n",
    )
    last = "---\nheader: {prompt: b, steps: 200}\n---\n"
    repo.write("a.md", "---\nheader: {prompt: a, steps: 1}\n---\n")
    repo.write("b.md", last)
    mark = f"HEADERGEN_TEST={repo.root}"
    checkout = CHECKOUT
    environ = os.environ | {"HEADERGEN_TEST": str(repo.root), "PYTHONPATH": str(checkout)}
    run = subprocess.Popen(
        [sys.executable, "-m", "headergen", "run"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert run.stdout is not None
    for line in run.stdout:
        if line.startswith("painting b.md"):
            run.send_signal(number)
            break
    told = run.stdout.read()
    run.stdout.close()
    assert run.wait(30) == 128 + number
    assert "interrupted" in told
    assert f"git add -- a.md {header_of('a')}" in told
    assert f"image: {header_of('a')}" in (repo.root / "a.md").read_text()
    assert (repo.root / "b.md").read_text() == last
    assert [path.name for path in (repo.root / HEADERS).iterdir()] == ["a.png"]
    assert processes_with(mark) == []
