from __future__ import annotations

from pathlib import Path

import pytest

from headergen.article import article as articles
from headergen.cli.main import main
from headergen.settings.server import INSTRUCTIONS
from tests.support.image_server import Answer, Request, as_json, serving
from tests.support.repository import Repository

ARTICLE = "---\ntitle: A slow boat\ntags: [sea, rest]\n---\n# Not this\n\nWe left at dawn.\n"


def saying(text: object) -> Answer:
    """Answer as OpenAI, Ollama, llama.cpp and vLLM do."""
    message = {"role": "assistant", "content": text}
    return as_json({"object": "chat.completion", "choices": [{"index": 0, "message": message}]})


def configure(repo: Repository, url: str, more: str = "") -> None:
    repo.write("headergen.yaml", f"text: {{url: {url}, model: qwen3{more}}}\n")


def suggested(repo: Repository, answer: Answer, *options: str) -> int:
    with serving(lambda _: answer) as server:
        configure(repo, server.url)
        return main(["suggest", "a.md", *options])


def test_a_prompt_comes_of_title_tags_and_beginning(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    article = ARTICLE + "x" * 5000
    repo.write("a.md", article)
    with serving(lambda _: saying("a small boat at dawn")) as server:
        configure(repo, f"{server.url}/v1")
        assert main(["suggest", "a.md"]) == 0
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.body["model"] == "qwen3"
    told, given = request.body["messages"]
    assert told == {"role": "system", "content": INSTRUCTIONS}
    assert given["content"].startswith('{"title": "A slow boat", "tags": ["sea", "rest"], "text": ')
    assert 1800 < given["content"].count("x") < 2000
    assert capsys.readouterr().out == "a.md: a small boat at dawn\n"
    assert (repo.root / "a.md").read_text() == article


def test_it_is_written_where_review_sees_it(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", ARTICLE)
    assert suggested(repo, saying('a boat: "dawn", #1'), "--write") == 0
    assert "(written; `headergen run` paints it)" in capsys.readouterr().out
    now = (repo.root / "a.md").read_bytes()
    found = articles.parse(Path("a.md"), now)
    assert found and found.request and found.request.prompt == 'a boat: "dawn", #1'
    kept = [line for line in now.decode().splitlines(keepends=True) if "header:" not in line]
    assert "".join(line for line in kept if "prompt:" not in line) == ARTICLE


@pytest.mark.parametrize(
    "header", ["header: {prompt: mine}", "header: {card: true}", "header: {image: a.png}"]
)
def test_what_asks_already_is_left_alone(
    repo: Repository, capsys: pytest.CaptureFixture[str], header: str
) -> None:
    text = ARTICLE.replace("tags:", f"{header}\ntags:")
    repo.write("a.md", text)
    assert suggested(repo, saying("a boat"), "--write") == 2
    assert "a.md:" in (err := capsys.readouterr().err) and "has a header already" in err
    assert (repo.root / "a.md").read_text() == text
    assert suggested(repo, saying("a boat")) == 0


@pytest.mark.parametrize(
    ("said", "prompt"),
    [
        ("<think>\nA boat?\n</think>\n\na boat", "a boat"),
        ('  "a boat\nat dawn"  ', "a boat at dawn"),
        ("```\na boat\n```", "a boat"),
        ("a\u202e\x1b[31m boat\u2028", "a [31m boat"),
        ("boat " * 400, "boat " * 199 + "boat…"),
    ],
)
def test_what_models_put_around_a_prompt_is_left_out(
    repo: Repository, capsys: pytest.CaptureFixture[str], said: str, prompt: str
) -> None:
    repo.write("a.md", ARTICLE)
    assert suggested(repo, saying(said)) == 0
    assert capsys.readouterr().out == f"a.md: {prompt}\n"


@pytest.mark.parametrize(
    "answer",
    [
        *map(saying, ["", "  ", '""', None, 7, ["a"], "<think>hm"]),
        *map(as_json, [None, [], {}, {"choices": []}, {"choices": [{}]}, {"choices": "abc"}]),
        (200, {}, b"<html>"),
    ],
)
def test_an_answer_without_a_prompt_changes_nothing(
    repo: Repository, capsys: pytest.CaptureFixture[str], answer: Answer
) -> None:
    repo.write("a.md", ARTICLE)
    assert suggested(repo, answer, "--write") == 3
    assert "answers without a prompt" in capsys.readouterr().err
    assert (repo.root / "a.md").read_text() == ARTICLE


def test_a_hostile_article_gets_an_odd_prompt_at_most(repo: Repository) -> None:
    repo.write("a.md", ARTICLE)
    said = 'x\nimage: /etc/passwd\n---\n{card: true} "'
    assert suggested(repo, saying(said), "--write") == 0
    found = articles.parse(Path("a.md"), (repo.root / "a.md").read_bytes())
    assert found and found.request and found.image is None
    assert found.request.prompt == "x image: /etc/passwd --- {card: true}"


def test_an_edit_meanwhile_stays(repo: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write("a.md", ARTICLE)
    edited = ARTICLE.replace("dawn", "noon")

    def answer(_: Request) -> Answer:
        repo.write("a.md", edited)
        return saying("a boat")

    with serving(answer) as server:
        configure(repo, server.url)
        assert main(["suggest", "a.md", "--write"]) == 2
    assert "was edited meanwhile" in capsys.readouterr().err
    assert (repo.root / "a.md").read_text() == edited


def test_without_a_text_model_it_says_what_to_write(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("a.md", ARTICLE)
    assert main(["suggest", "a.md"]) == 2
    assert "write `text: {url: http://127.0.0.1:11434, model: …}`" in capsys.readouterr().err


def test_the_key_is_sent_and_not_told(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WRITER_API_KEY", "sesame-1234")
    repo.write("a.md", ARTICLE)
    with serving(lambda _: saying("a boat, sesame-1234")) as server:
        configure(repo, server.url, ", key_env: WRITER_API_KEY")
        assert main(["suggest", "a.md"]) == 0
    assert server.requests[0].headers["Authorization"] == "Bearer sesame-1234"
    assert capsys.readouterr().out == "a.md: a boat, …\n"
