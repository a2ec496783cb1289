"""An image server paints in place of this machine: what it is asked, and what comes of faults."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.picture import metadata, provenance
from headergen.picture.parameters import Settings
from tests.support import server_kinds
from tests.support.headers import header_of
from tests.support.image_server import Answer, Request, as_json, serving
from tests.support.repository import Repository
from tests.support.server_kinds import answering, in_base64, picture, sdcpp_arguments

HEADER = header_of("a")
ARTICLE = "---\nheader: {prompt: the (sea:1.2), seed: 5}\n---\n"


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have waited."""
    paused: list[float] = []
    monkeypatch.setattr("headergen.server.client.sleep", paused.append)
    return paused


def configure(repo: Repository, url: str, more: str = "", rest: str = "") -> None:
    server = f"{{url: {url}{more}}}"
    repo.write(
        "headergen.yaml", f"image: {{server: {server}}}\nheader: {{width: 128, height: 67}}\n{rest}"
    )


def told_by(path: Path) -> Settings:
    told = provenance.read(metadata.read(path)).settings
    assert told is not None
    return told


def painting(_: Request) -> Answer:
    return as_json({"data": [{"b64_json": in_base64(picture())}]})


def test_sglang_paints_a_header(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("a.md", ARTICLE)
    with serving(server_kinds.sglang) as server:
        configure(repo, f"{server.url}/v1/")
        assert main(["run"]) == 0
    assert server.posts == [
        {
            "model": "Tongyi-MAI/Z-Image-Turbo",
            "prompt": "the sea",
            "size": "128x80",
            "output_format": "png",
            "response_format": "b64_json",
            "seed": 5,
        }
    ]
    out, err = capsys.readouterr()
    painted = "painted by Tongyi-MAI/Z-Image-Turbo on a server (sglang), seed 5, 128×80 px"
    assert f"a.md: {HEADER} ({painted})" in out
    assert "painting a.md\n" in err
    told = told_by(repo.root / HEADER)
    assert (told.model, told.server) == ("Tongyi-MAI/Z-Image-Turbo", "sglang")
    assert (told.prompt, told.seed, told.steps) == ("the sea", 5, None)
    with Image.open(repo.root / HEADER) as header:
        assert header.size == (128, 67)


def test_what_article_and_config_say_is_sent_and_what_is_not_taken_is_told(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write(
        "a.md", "---\nheader: {prompt: a, steps: 4, negative_prompt: b|c, model: sdxl-turbo}\n---\n"
    )
    with serving(answering("localai", painting)) as server:
        configure(repo, server.url, ", model: flux")
        repo.write(
            "headergen.yaml",
            (repo.root / "headergen.yaml")
            .read_text()
            .replace(
                "image: {",
                "image: {guidance_scale: 3, prompt_template: 'oil, {prompt}', width: 300, ",
            ),
        )
        assert main(["run"]) == 0
    body = server.posts[0]
    assert (body["prompt"], body["step"], body["size"]) == ("oil, a|b,c", 4, "304x160")
    err = capsys.readouterr().err
    assert "flux (localai) is not told: guidance scale\n" in err
    assert "a.md:2: note: model: sdxl-turbo is not used: image.server paints with its own\n" in err


def test_no_article_reaches_a_switch_of_the_servers(repo: Repository) -> None:
    prompt = 'a cat <sd_cpp_extra_args>{\\"seed\\": 1}</sd_cpp_extra_args>'
    repo.write("a.md", f'---\nheader: {{prompt: "{prompt}", seed: 5}}\n---\n')
    with serving(answering("sdcpp", painting)) as server:
        configure(repo, server.url)
        assert main(["run"]) == 0
    assert sdcpp_arguments(server.posts[0]["prompt"])[1]["seed"] == 5
    assert "sd_cpp" not in told_by(repo.root / HEADER).prompt


def test_the_key_goes_to_the_server_and_nowhere_else(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAINT_API_KEY", "sesame-1234")
    monkeypatch.setenv("HEADERGEN_DEBUG", "1")
    repo.write("a.md", ARTICLE)
    repo.write("b.md", ARTICLE)

    def paint(request: Request) -> Answer:
        if len(server.posts) > 1:
            return as_json({"error": {"message": "sesame-1234 has no credit"}}, 402)
        return painting(request)

    with serving(answering("openai", paint)) as server:
        configure(repo, server.url, ", model: gpt-image-1, key_env: PAINT_API_KEY")
        assert main(["run"]) == 3
    assert {each.headers["Authorization"] for each in server.requests} == {"Bearer sesame-1234"}
    out, err = capsys.readouterr()
    assert "b.md:2: not painted: the server at" in err and "… has no credit" in err
    assert "sesame" not in out + err
    for path in repo.root.rglob("*"):
        assert not path.is_file() or b"sesame" not in path.read_bytes()


def test_a_key_that_is_not_there_is_asked_for_by_name(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PAINT_API_KEY", raising=False)
    repo.write("a.md", ARTICLE)
    configure(repo, "http://127.0.0.1:9", ", key_env: PAINT_API_KEY")
    assert main(["run"]) == 3
    assert "the environment variable PAINT_API_KEY is not set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("{url: http://me:sesame@host}", "without a name or key in it"),
        ("{url: file:///etc/passwd}", "expected an address"),
        ("{url: http://host:99999}", "is no address"),
        ("{url: http://host, key_env: AWS_SECRET_ACCESS_KEY}", "HEADERGEN_… or …_API_KEY"),
        ("{url: http://host, dialect: sglan}", "did you mean 'sglang'"),
        ("{url: http://host, parallel: 0}", "a whole number from 1 to 64"),
        ("{model: x}", "needs the key 'url'"),
    ],
)
def test_a_bad_config_is_told(
    repo: Repository, capsys: pytest.CaptureFixture[str], config: str, told: str
) -> None:
    repo.write("headergen.yaml", f"image:\n  server: {config}\n")
    repo.write("a.md", ARTICLE)
    assert main(["run"]) == 2
    err = capsys.readouterr().err
    assert "headergen.yaml:2: image.server" in err and told in err
    assert "sesame" not in err.replace("http://me:sesame@host", "")


def test_a_server_that_is_gone_fails_what_is_left_and_keeps_what_is_done(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "abc":
        repo.write(f"{name}.md", ARTICLE)

    def paint(request: Request) -> Answer:
        if len(server.posts) > 1:
            return as_json({"error": "out of credit"}, 429, Retry_After="86400")
        return painting(request)

    with serving(answering("sglang", paint)) as server:
        configure(repo, server.url)
        assert main(["run"]) == 3
        out, err = capsys.readouterr()
        assert f"a.md: {HEADER}" in out
        assert all(f"{name}.md:2: not painted: the server at" in err for name in "bc")
        assert len(server.posts) == 2
        server.answer = answering("sglang", painting)
        assert main(["run"]) == 0
    assert len(server.posts) == 4


def test_a_title_card_stands_in_until_the_server_is_back(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", ARTICLE.replace("header:", "title: The sea\nheader:"))
    with serving(answering("sglang", painting)) as server:
        configure(repo, "http://127.0.0.1:9", rest="fallback: card\n")
        assert main(["run"]) == 0
        assert "a title card stands in: no answer from the server at" in capsys.readouterr().out
        assert main(["run"]) == 0
        assert "1 is a stand-in" in capsys.readouterr().out
        configure(repo, server.url, rest="fallback: card\n")
        assert main(["run"]) == 0
    assert "on a server (sglang)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"GIF89a", "is no picture"),
        (picture()[:-40], "is no picture"),
        (picture(format="BMP"), "is no picture"),
        (picture("white"), "painted one flat colour"),
    ],
)
def test_what_is_no_picture_is_not_saved(
    repo: Repository, capsys: pytest.CaptureFixture[str], data: bytes, told: str
) -> None:
    repo.write("a.md", ARTICLE)
    answer = as_json({"data": [{"b64_json": in_base64(data)}]})
    with serving(answering("sglang", lambda _: answer)) as server:
        configure(repo, server.url)
        assert main(["run"]) == 3
    err = capsys.readouterr().err
    assert "a.md:2: not painted: " in err and told in err
    assert "headergen-" not in err
    assert not (repo.root / HEADER).exists()


def test_several_are_asked_for_at_a_time_and_each_gets_its_own(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(6):
        repo.write(f"{index}.md", f"---\nheader: {{prompt: a, seed: {index}}}\n---\n")
    met = threading.Barrier(3, timeout=30)  # passes only if three wait together

    def paint(request: Request) -> Answer:
        met.wait()
        time.sleep(0.05 * (request.body["seed"] % 3))
        return server_kinds.sglang(request)

    with serving(answering("sglang", paint)) as server:
        configure(repo, server.url, ", parallel: 3")
        assert main(["run"]) == 0
    assert len(server.posts) == 6
    for index in range(6):
        assert told_by(repo.root / header_of(str(index))).seed == index
        with Image.open(repo.root / header_of(str(index))) as header:
            colour = index * 2654435761 % 2**24
            assert header.getpixel((120, 60)) == (colour >> 16, colour >> 8 & 255, colour & 255)
    assert "(6 of 6)" in capsys.readouterr().err


def test_a_server_that_stalls_is_given_up(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", ARTICLE)
    go_on = threading.Event()

    def paint(request: Request) -> Answer:
        go_on.wait(30)
        return painting(request)

    with serving(answering("sglang", paint)) as server:
        configure(repo, server.url, ", timeout_s: 1")
        assert main(["run"]) == 3
        go_on.set()
    assert "gave no sign for 1 s" in capsys.readouterr().err


def test_generate_and_candidates_are_painted_by_it(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", ARTICLE)
    with serving(server_kinds.web_ui) as server:
        configure(repo, server.url, ", dialect: a1111")
        assert main(["generate", "a (cat:1.2)", "cat.png", "--seed", "7", "--steps", "9"]) == 0
        assert main(["candidates", "a.md", "-n", "2"]) == 0
    first, *others = server.posts
    assert (first["prompt"], first["seed"], first["steps"]) == ("a (cat:1.2)", 7, 9)
    assert others[0]["seed"] != others[1]["seed"]
    assert main(["pick", "a.md", "2"]) == 0
    told = told_by(repo.root / HEADER)
    assert (told.server, told.model) == ("a1111", "animagine-xl-3.1.safetensors [e3c47aedb0]")


def test_a_model_in_the_command_line_is_one_on_this_machine(repo: Repository) -> None:
    configure(repo, "http://127.0.0.1:9")
    assert main(["generate", "a", "cat.png", "--model", "nothing-such"]) == 2


def test_what_a_server_painted_is_not_painted_again_by_another_model(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(server_kinds.sglang) as server:
        configure(repo, server.url)
        assert main(["generate", "a", "cat.png", "--steps", "8", "--guidance-scale", "0"]) == 0
        assert main(["generate", "--from", "cat.png"]) == 2
    told = "cat.png was painted by 'Tongyi-MAI/Z-Image-Turbo' on a server (sglang), which alone"
    assert told in capsys.readouterr().err


def test_a_hook_paints_on_it_too(repo: Repository) -> None:
    repo.write("a.md", ARTICLE)
    with serving(server_kinds.sglang) as server:
        configure(repo, server.url)
        repo.git("add", ".")
        assert main(["hook", "--", "a.md"]) == 1
    assert told_by(repo.root / HEADER).server == "sglang"
