"""`headergen schema`, and whether it agrees with what is read."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from headergen.article.article import parse
from headergen.cli.main import main
from headergen.errors import ArticleError, ConfigError, SkippedError
from headergen.settings import config as configs
from tests.support.repository import Repository


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Draft202012Validator:
    assert main(["schema", *arguments]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        pytest.param("", True, id="nothing"),
        pytest.param("image: {model: x, device: 'cuda:1', width: 64}", True, id="a section"),
        pytest.param("image:\noutput:\n", True, id="empty keys"),
        pytest.param("composite: {gutter: 0, corners: 20, background: '#f4f1ea'}", True, id="look"),
        pytest.param("image_key: 表紙.画像", True, id="a key in Japanese"),
        pytest.param("default: {card: true}", True, id="a card by default"),
        pytest.param("default: {card: {theme: night, tags: [a]}}", True, id="a mapping for it"),
        pytest.param("also: [{key: og, width: 1200, height: 630}]", True, id="a cut"),
        pytest.param("styles: [{paths: [a, b], model: sdxl-turbo}]", True, id="a style"),
        pytest.param("image: {modle: x}", False, id="a typo in a section"),
        pytest.param("colour: red", False, id="an unknown key"),
        pytest.param("image: [1]", False, id="a list for a section"),
        pytest.param("image: {device: gpu}", False, id="another device"),
        pytest.param("image: {width: 63}", False, id="too small"),
        pytest.param("header: {format: gif}", False, id="another format"),
        pytest.param("output: ~/img/{stem}.png", False, id="an output at home"),
        pytest.param("output: /img/{stem}.png", True, id="an output from the root"),
        pytest.param("card: {colours: [red]}", False, id="no colour"),
        pytest.param("default: {card: {titel: x}}", False, id="a typo in a card"),
        pytest.param("also: [{key: og}]", False, id="a cut without size"),
        pytest.param("styles: [{theme: night}]", False, id="a style without paths"),
        pytest.param("require_alt: 1", False, id="no boolean"),
    ],
)
def test_the_config_s_schema_accepts_what_is_read(
    text: str,
    is_valid: bool,
    repo: Repository,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert printed(capsys).is_valid(yaml.safe_load(text) or {}) == is_valid
    repo.write("headergen.yaml", text)
    if is_valid:
        configs.load(repo.root)
        return
    with pytest.raises(ConfigError):
        configs.load(repo.root)


@pytest.mark.parametrize(
    ("header", "is_valid"),
    [
        pytest.param("{prompt: x, seed: 18446744073709551615, alt: ''}", True, id="a prompt"),
        pytest.param("{sources: [a.png], focus: [0.5, 1], title: true}", True, id="sources"),
        pytest.param("{sources: [a, b], focus: [auto, [0, 1]]}", True, id="a focus for each"),
        pytest.param("{card: true}", True, id="a card"),
        pytest.param("{card: {title: x, date: 2026-08-30, author: false}}", True, id="its keys"),
        pytest.param("{prompt: x, image: a.png, digest: 3fa9c1d2-stand-in}", True, id="written"),
        pytest.param("false", True, id="none"),
        pytest.param("", True, id="nothing"),
        pytest.param("{promt: x}", False, id="a typo"),
        pytest.param("{prompt: }", False, id="an empty prompt"),
        pytest.param("{prompt: x, seed: -1}", False, id="a negative seed"),
        pytest.param("{sources: []}", False, id="no sources"),
        pytest.param("{sources: [a], layout: round}", False, id="another layout"),
        pytest.param("{sources: [a], focus: [0.5, 2]}", False, id="a focus outside"),
        pytest.param("{card: {theme: neon}}", False, id="another theme"),
        pytest.param("{prompt: x, digest: abc}", False, id="no digest"),
        pytest.param("true", False, id="true"),
    ],
)
def test_the_frontmatter_s_schema_accepts_what_is_read(
    header: str, is_valid: bool, repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"title: T\ntags: [a]\nheader: {header}\n"
    values = yaml.load(text, Loader=yaml.BaseLoader) if "2026" in text else yaml.safe_load(text)
    if "2026" in text:  # YAML 1.2, which editors read, has no dates
        values["header"]["card"]["author"] = False
    assert printed(capsys, "header").is_valid(values) == is_valid
    if is_valid:
        with suppress(SkippedError):  # an empty `header:` is told of
            parse(Path("a.md"), f"---\n{text}---\n".encode())
        return
    with pytest.raises(ArticleError):
        parse(Path("a.md"), f"---\n{text}---\n".encode())


@pytest.mark.parametrize(
    ("image_key", "known"),
    [("header.image", "image"), ("header.cover", "cover"), ("cover.image", None)],
)
def test_the_frontmatter_s_schema_has_the_key_that_the_config_names(
    image_key: str, known: str | None, repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repo.write("headergen.yaml", f"image_key: {image_key}\n")
    schema = printed(capsys, "header")
    for name in ("image", "cover"):
        assert schema.is_valid({"header": {"prompt": "x", name: "a.png"}}) == (name == known)


def test_each_key_has_its_description_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    properties = json.loads(capsys.readouterr().out)["properties"]
    assert properties["header"]["properties"]["width"] == {
        "type": ["integer", "null"],
        "minimum": 16,
        "maximum": 8192,
        "description": "width of the header in px",
        "default": 1280,
    }
    assert properties["fallback"]["enum"] == ["card", None]
