"""What must not get out: tokens and passwords; and what an article says must not get in."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headergen.cli.main import main
from headergen.cli.progress import LiveProgress
from headergen.cli.terminal import printable, shell_word
from headergen.diffusion import client
from headergen.progress import Finished, Note, Started, Step
from tests.cli.test_progress import Terminal
from tests.support.headers import header_of
from tests.support.hub import Hub, serve_hub
from tests.support.repository import Repository

TOKEN = "hf_" + "Q" * 34
PASSWORD = "Pa55-w0rd"
BASIC = f"Basic {base64.b64encode(f'me:{PASSWORD}'.encode()).decode()}"
CONFIG = (
    "image: {model: someone/gated, preset: z-image-turbo, device: cpu, width: 64, height: 64}\n"
)
PROMPT = "---\nheader: {prompt: the sea}\n---\n"


@pytest.fixture(autouse=True)
def secrets(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a picture into the repository, and what must not be told into the environment."""
    repo.write_sources("a.png")
    for variable in ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HEADERGEN_DEBUG", "1")


def with_password(hub: Hub) -> str:
    return hub.endpoint.replace("://", f"://me:{PASSWORD}@")


def with_token(hub: Hub) -> str:
    return hub.endpoint


def assert_heard_by_the_hub_alone(hub: Hub, repo: Repository, captured: tuple[str, str]) -> None:
    assert {f"Bearer {TOKEN}", BASIC} & set(hub.authorizations)
    files = [path for path in repo.root.rglob("*") if path.is_file() and ".git" not in path.parts]
    told = "".join(captured).encode() + b"".join(path.read_bytes() for path in files)
    for secret in (TOKEN, PASSWORD, BASIC):
        assert secret.encode() not in told


@pytest.mark.parametrize(
    ("command", "endpoint"),
    [
        pytest.param("run", with_token, id="run, with a token"),
        pytest.param("fetch", with_token, id="fetch, with a token"),
        pytest.param("fetch", with_password, id="fetch, with a password"),
    ],
)
def test_a_hub_that_refuses_hears_the_secret_and_nobody_else_does(
    repo: Repository,
    tiny_zimage: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    endpoint: Callable[[Hub], str],
) -> None:
    repo.write("headergen.yaml", CONFIG)
    repo.write("post.md", PROMPT)
    with serve_hub({"someone/gated": tiny_zimage}, gated=frozenset({"someone/gated"})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", endpoint(hub))
        assert main([command]) == 3
    captured = capsys.readouterr()
    assert "someone/gated" in captured.err
    assert_heard_by_the_hub_alone(hub, repo, captured)


@pytest.mark.slow
def test_a_picture_of_a_fetched_model_holds_no_token(
    repo: Repository,
    tiny_zimage: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repo.write("headergen.yaml", CONFIG)
    repo.write("post.md", PROMPT)
    with serve_hub({"someone/gated": tiny_zimage}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", with_token(hub))
        assert main(["run"]) == 0
    assert (repo.root / header_of("post")).exists()
    assert_heard_by_the_hub_alone(hub, repo, capsys.readouterr())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"token {TOKEN}.", "token ***.", id="a token of the hub"),
        pytest.param("Authorization: Bearer abc.def", "Authorization: Bearer ***", id="a header"),
        pytest.param("for url 'http://me:pw@hub/a'", "for url 'http://***@hub/a'", id="a password"),
        pytest.param("https://cdn/a?Sig=x%3D&Id=y, z", "https://cdn/a?***&*** z", id="a signature"),
        pytest.param("https://hub/a is 5 > 4? yes", "https://hub/a is 5 > 4? yes", id="nothing"),
    ],
)
def test_what_lets_its_reader_in_is_taken_out(text: str, expected: str) -> None:
    assert client._without_secrets(text) == expected


# --- What an article says ----------------------------------------------------------------------

STEERING = "\x1b[31m\x07\x9b2J\u202e"


def test_a_folders_name_does_not_steer_the_terminal(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = f"x'{STEERING}"
    article = repo.write(f"{folder}/post.md", "---\nheader: {sources: [/a.png]}\n---\n")
    repo.write(f"{folder}/bad.md", "---\nheader: {promt: x}\n---\n")
    assert main(["run"]) == 2
    assert header_of("post").encode() in article.read_bytes()
    captured = capsys.readouterr()
    assert "bad.md:2: header.promt" in captured.err
    main(["check"])
    main(["check", "--json"])
    checked = capsys.readouterr().out
    assert json.loads(checked[checked.index("[\n") :])[0]["path"] == f"{folder}/bad.md"
    assert not set(STEERING) & set(captured.out + captured.err + checked) - set("[31m2J")

    line = captured.out.splitlines()[-1].removeprefix("to complete the commit: ")
    repo.run("bash", "-c", f"LC_ALL=C.UTF-8; {line}")
    assert "post.md" in repo.git("status", "--short", "--untracked-files=no")


def test_an_articles_name_does_not_steer_the_terminal_while_it_is_painted() -> None:
    terminal = Terminal()
    shown = LiveProgress(terminal)
    for event in (
        Started("z-image-turbo", [f"{STEERING}.md"]),
        Step(0, 1, 8),
        Note(STEERING),
        Finished(),
    ):
        shown(event)
    told = terminal.getvalue()
    assert "\\x1b[31m" in told
    assert not {"\x07", "\x9b", "\u202e"} & set(told)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a b.md", "'a b.md'", id="a blank"),
        pytest.param("a\x1b'\\.md", "$'a\\u001b\\'\\\\.md'", id="a control character"),
        pytest.param("a\x85\u202e.md", "$'a\\u0085\\u202e.md'", id="beyond ASCII"),
        pytest.param("夕焼け.md", "夕焼け.md", id="Japanese"),
    ],
)
def test_a_word_for_the_shell(text: str, expected: str) -> None:
    assert shell_word(text).strip("'") == expected.strip("'")
    shell = subprocess.run(
        ["bash", "-c", f"printf %s {shell_word(text)}"],
        env={"LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
    )
    assert shell.stdout.decode() == text
    assert printable(shell_word(text)) == shell_word(text)


WATCHED = """\
import sys
def watch(event, arguments):
    if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        print("started:", *(["a shell"] if event == "os.system" else arguments[1]))
sys.addaudithook(watch)
from headergen.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
HOSTILE = ["$(touch ran)", "`touch ran`", "; touch ran;", "| touch ran", "--exec=touch ran", "-x"]


@pytest.mark.slow
def test_nothing_from_an_article_reaches_a_shell(repo: Repository) -> None:
    repo.git("add", ".")
    for number, text in enumerate(HOSTILE):
        repo.write(f"{text}/{text}.md", "---\nheader: {sources: [/a.png]}\n---\n")
        quoted = json.dumps(text)
        repo.write(f"p{number}.md", f"---\nheader: {{prompt: {quoted}, model: {quoted}}}\n---\n")
        repo.write(f"s{number}.md", f"---\nheader: {{sources: [{quoted}]}}\n---\n")
        repo.write(f"i{number}.md", f"---\nheader: {{prompt: x, image: {quoted}}}\n---\n")
    told = repo.run(sys.executable, "-c", WATCHED, "run", code=2)
    told += repo.run(sys.executable, "-c", WATCHED, "check", code=2)
    started = [line.split()[:2] for line in told.splitlines() if line.startswith("started: ")]
    assert {tuple(words) for words in started} == {("started:", "git")}
    assert not list(repo.root.rglob("ran"))
    for text in HOSTILE:
        assert (repo.root / text / header_of(text)).exists()


@pytest.mark.parametrize("model", ["someone/evil", "./evil", "../evil", "evil"])
def test_no_article_chooses_a_model_that_the_author_did_not(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    (repo.root / "evil").mkdir()
    repo.write("evil/model_index.json", json.dumps({"_class_name": "ZImagePipeline"}))
    repo.write("post.md", PROMPT.replace("the sea", f"x, model: {model}"))
    with serve_hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        assert main(["run"]) == 2
    assert hub.requests == []
