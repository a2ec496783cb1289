"""What the command line says of itself and of slips: help, hints, volume, shell completion."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from headergen.cli import arguments
from headergen.cli.main import main
from headergen.picture import metadata, provenance
from headergen.picture.provenance import Provenance, SourceType
from tests.support.headers import header_of
from tests.support.repository import Repository

CARD = "---\ntitle: The sea\nheader: {card: true}\n---\n"
SMALL = "header: {width: 64, height: 34}\n"


def test_without_a_command_it_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out = capsys.readouterr().out
    assert out.startswith("usage: headergen ")
    assert "make what is missing or stale" in out


@pytest.mark.parametrize(
    ("argv", "usage", "message"),
    [
        pytest.param(
            ["chekc"], "headergen [-h]", "unknown command 'chekc'; did you mean 'check'?", id="verb"
        ),
        pytest.param(["frobnicate"], "headergen [-h]", "choose from init, run,", id="no such verb"),
        pytest.param(
            ["check", "--jsn"],
            "headergen check",
            "unknown option '--jsn'; did you mean '--json'?",
            id="option",
        ),
        pytest.param(
            ["composite", "a.png", "--ouput=x.png"],
            "headergen composite",
            "unknown option '--ouput'; did you mean '--output'?",
            id="option that leaves out a required one",
        ),
        pytest.param(
            ["composite", "a.png"],
            "headergen composite",
            "the following arguments are required: --output",
            id="no option at all",
        ),
        pytest.param(
            ["card", "x", "x.png", "--theme", "nigth"],
            "headergen card",
            "unknown value 'nigth'; did you mean 'night'?",
            id="choice",
        ),
        pytest.param(
            ["tidy", "posts"], "headergen tidy", "unexpected argument 'posts'", id="argument"
        ),
        pytest.param(["--vers"], "headergen [-h]", "", id="a shortened option is no slip"),
    ],
)
def test_a_slip_gets_a_hint_and_the_usage_of_its_command(
    argv: list[str], usage: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    captured = capsys.readouterr()
    if not message:
        assert ended.value.code == 0
        return
    assert ended.value.code == 2
    assert captured.err.startswith(f"usage: {usage}")
    assert message in captured.err


@pytest.mark.parametrize("argv", [["-q", "run"], ["run", "--quiet"]])
def test_quiet_leaves_the_line_that_needs_the_author(
    argv: list[str], repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", SMALL)
    repo.write("post.md", CARD)
    assert main(argv) == 0
    captured = capsys.readouterr()
    assert captured.out == f"to complete the commit: git add -- post.md {header_of('post')}\n"
    assert captured.err == ""
    assert main(argv) == 0
    repo.git("add", ".")
    assert main(["check", "-q"]) == 0
    assert capsys.readouterr().out == ""


def test_quiet_keeps_errors(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("post.md", "---\nheader: {sources: [no.png]}\n---\n")
    assert main(["run", "-q"]) == 2
    assert "post.md:2: header.sources[0]: 'no.png' does not exist" in capsys.readouterr().err


def test_verbose_names_the_config_and_turns_the_workers_lines_on(
    repo: Repository, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from headergen.cli.commands import making

    monkeypatch.delenv("HEADERGEN_DEBUG", raising=False)
    seen: list[str | None] = []

    def carry_out(*arguments: object, **options: object) -> list[object]:
        seen.append(os.environ.get("HEADERGEN_DEBUG"))
        return []

    monkeypatch.setattr(making, "carry_out", carry_out)
    repo.write("post.md", CARD)
    repo.write("headergen.yaml", SMALL)
    assert main(["run", "-v"]) == 0
    err = capsys.readouterr().err
    assert "config: headergen.yaml\n" in err
    assert "1 article to look at\n" in err
    assert main(["run"]) == 0
    assert capsys.readouterr().err == ""
    assert seen == ["1", None]


def test_a_config_may_be_named_before_the_command_and_behind_it(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("other.yaml", SMALL)
    repo.write("post.md", CARD)
    assert main(["run", "--config", "other.yaml", "-v"]) == 0
    assert "config: other.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["card", "A title", "taken.png"], id="card"),
        pytest.param(["composite", "a.png", "--output", "taken.png"], id="composite"),
        pytest.param(["generate", "a cat", "taken.png"], id="generate"),
    ],
)
def test_a_file_is_overwritten_with_force_alone(
    argv: list[str],
    repo: Repository,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repo.write_sources("a.png")
    mine = repo.write("taken.png", b"mine")
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("headergen: taken.png exists already\n") and "--force" in err
    assert mine.read_bytes() == b"mine"
    if argv[0] != "generate":  # which needs torch to go on
        assert main([*argv, "--force"]) == 0
        assert mine.read_bytes() != b"mine"


def test_a_card_has_the_size_that_is_asked_for_and_the_looks_of_the_config(
    repo: Repository,
) -> None:
    repo.write("headergen.yaml", "card: {theme: minimal, colours: ['#102030', '#ff8800']}\n")
    assert main(["card", "A book", "cover.png", "--width", "250", "--height", "350"]) == 0
    with Image.open(repo.root / "cover.png") as cover:
        assert cover.size == (250, 350)
        assert cover.convert("RGB").getpixel((2, 2)) == (0x10, 0x20, 0x30)
    told = provenance.read(metadata.read(repo.root / "cover.png"))
    assert told.source_type == SourceType.CARD


def test_a_card_shows_what_the_options_say(repo: Repository) -> None:
    def drawn(*options: str) -> bytes:
        size = ("--width", "250", "--height", "350", "--force")
        assert main(["card", "A book", "cover.png", *size, *options]) == 0
        with Image.open(repo.root / "cover.png") as cover:
            return cover.tobytes()

    options = [
        ("--subtitle", "for all"),
        ("--author", "Jane"),
        ("--date", "2026-11-26"),
        ("--tag", "sea"),
        ("--theme", "paper"),
        ("--colours", "#102030", "#ff8800"),
    ]
    assert len({drawn(), *(drawn(*each) for each in options)}) == 1 + len(options)


def test_a_card_on_a_picture_of_ai_says_so(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    from headergen.graphics import encoding

    painted = Provenance(SourceType.PAINTED).metadata("minimal")
    repo.write("a.png", encoding.encode(Image.new("RGB", (64, 64)), "png", painted))
    assert main(["card", "A title", "x.webp", "--picture", "a.png", "--width", "300"]) == 0
    told = provenance.read(metadata.read(repo.root / "x.webp"))
    assert told.source_type == SourceType.COMPOSITE_WITH_AI
    assert main(["card", "A title", "y.webp", "--picture", "a.png", "--theme", "night"]) == 2
    assert "'duotone' does" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_knows_every_command_and_option(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    (choices,) = (each.choices for each in arguments.parser()._actions if each.dest == "command")
    assert isinstance(choices, dict)
    for name, command in choices.items():
        assert isinstance(command, argparse.ArgumentParser)
        assert name in script
        for option in command._option_string_actions:
            assert option.lstrip("-") in script


COMPLETE = """\
source ./completion
complete_words() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _shtab_headergen
    echo "${COMPREPLY[@]}"
}
complete_words headergen chec
complete_words headergen check --allow
complete_words headergen card --theme pap
complete_words headergen run po
"""


def test_bash_completes_commands_options_choices_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    main(["completion", "bash"])
    (tmp_path / "completion").write_text(capsys.readouterr().out)
    (tmp_path / "post.md").write_text("")
    done = subprocess.run(
        [bash, "-c", COMPLETE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["check", "--allow-stand-ins", "paper", "post.md"]
