from __future__ import annotations

from pathlib import Path

import pytest

from headergen.errors import ConfigError
from headergen.settings import config as configs
from headergen.settings.config import Config


def load(root: Path, name: str, text: str) -> Config:
    (root / name).write_text(text, encoding="utf-8")
    return configs.load(root)


def test_no_config_file_means_the_defaults(tmp_path: Path) -> None:
    assert configs.load(tmp_path) == Config()


def test_every_key_reaches_its_field(tmp_path: Path) -> None:
    text = """\
image:
  model: ./tiny
  preset: animagine-xl-3.1
  device: cuda:1
  width: 1024
  height: 768
  num_inference_steps: 12
  guidance_scale: 5
  prompt_template: "{prompt}, flat"
  negative_prompt: ""
header: {width: 1200, height: 630, format: webp}
output: img/{stem}.{format}
composite: {gutter: 0, corners: 20, background: "#f4f1ea", slant: -8.5}
image_key: cover.image
image_prefix: ./
worker: {python: ../venv/bin/python}
"""
    assert load(tmp_path, "headergen.yaml", text) == Config(
        path=str(tmp_path / "headergen.yaml"),
        model="./tiny",
        preset="animagine-xl-3.1",
        device="cuda:1",
        render_width=1024,
        render_height=768,
        num_inference_steps=12,
        guidance_scale=5.0,
        prompt_template="{prompt}, flat",
        negative_prompt="",
        width=1200,
        height=630,
        format="webp",
        output="img/{stem}.{format}",
        gutter=0.0,
        corners=20.0,
        background="#f4f1ea",
        slant=-8.5,
        image_key="cover.image",
        image_prefix="./",
        worker_python="../venv/bin/python",
    )


def test_headergen_yaml_wins_over_config_yaml_and_pyproject(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("image:\n  device: mps\n")
    (tmp_path / "pyproject.toml").write_text('[tool.headergen.image]\ndevice = "cuda"\n')
    assert configs.load(tmp_path).device == "mps"
    assert load(tmp_path, "headergen.yaml", "image: {device: cpu}").device == "cpu"


def test_config_yaml_of_another_tool_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("title: My site\nimage: logo.png\n")
    (tmp_path / "pyproject.toml").write_text('[tool.headergen.image]\ndevice = "cuda"\n')
    assert configs.load(tmp_path).device == "cuda"


def test_config_yaml_may_hold_keys_of_other_tools(tmp_path: Path) -> None:
    text = "text_model: x\nimage:\n  device: cpu\n"
    assert load(tmp_path, "config.yaml", text).device == "cpu"


def test_a_named_file_is_the_only_one_read(tmp_path: Path) -> None:
    (tmp_path / "headergen.yaml").write_text("image: {device: cpu}")
    named = tmp_path / "other.toml"
    named.write_text('[image]\ndevice = "mps"\n')
    assert configs.load(tmp_path, named).device == "mps"


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        pytest.param(
            "imgae:\n  model: x\n",
            1,
            ["imgae: unknown key 'imgae'; did you mean 'image'?"],
            id="a typo",
        ),
        pytest.param(
            "image:\n  steps: 8\n",
            2,
            ["'image.steps'; did you mean 'image.num_inference_steps'? choose from "],
            id="a near key",
        ),
        pytest.param(
            "\nimage:\n  width: wide\n", 3, ["image.width", "'wide'", "64 to 4096"], id="a type"
        ),
        pytest.param("image:\n  width: true\n", 2, ["True"], id="a bool is no number"),
        pytest.param("image:\n  width: 10\n", 2, ["10", "64 to 4096"], id="out of range"),
        pytest.param("image:\n  device: gpu\n", 2, ["'gpu'", "cuda:N"], id="a choice"),
        pytest.param("header: {format: gif}\n", 1, ["png, webp"], id="a format"),
        pytest.param("composite: {slant: 31}\n", 1, ["31", "-30 to 30"], id="a steep slant"),
        pytest.param(
            "composite:\n  background: '#fff'\n", 2, ["'#fff'", '"#f4f1ea"'], id="a short colour"
        ),
        pytest.param("output: img/header.png\n", 1, ["{stem}"], id="one file for all"),
        pytest.param("output: img/{stem}.webp\n", 1, ["'.webp'", "'png'"], id="suffix and format"),
        pytest.param("output: ~/{stem}.png\n", 1, ["a path with {stem}"], id="a home folder"),
        pytest.param(
            "image_prefix: /blog/\noutput: ../static/{stem}.png\n",
            1,
            ["'/blog/' before '../static/{stem}.png' leads nowhere"],
            id="a prefix before a path that leads up",
        ),
        pytest.param("output: '{stem}{0}.png'\n", 1, ["{stem}"], id="a placeholder of ours only"),
        pytest.param("image:\n  prompt_template: x\n", 2, ["{prompt}"], id="template w/o prompt"),
        pytest.param("image_key: header\n", 1, ["heroImage"], id="the header itself as image key"),
        pytest.param("image_key: header.seed\n", 1, ["heroImage"], id="an author's key"),
        pytest.param("image: [1]\n", 1, ["image"], id="a list for a mapping"),
        pytest.param("also: og\n", 1, ["also", "'og'", "a list"], id="no list of cuts"),
        pytest.param("also: [{key: a}]\n", 1, ["also[0]", "width"], id="a cut without size"),
        pytest.param(
            "also: [{key: header.x, width: 99, height: 99}]\n",
            1,
            ["also[0].key", "outside of `header`"],
            id="a cut's key in the header",
        ),
        pytest.param(
            "also: [{key: a, width: 9, height: 99}]\n", 1, ["also[0].width"], id="a small cut"
        ),
        pytest.param(
            "also: [{key: a.b, width: 99, height: 99}, {key: a-b, width: 99, height: 99}]\n",
            1,
            ["two pictures would be named …-a-b"],
            id="cuts of one name",
        ),
        pytest.param(
            "image_key: cover\nalt_key: cover.alt\n", 2, ["'cover'"], id="a key in another"
        ),
        pytest.param("alt_key: header.alt\n", 1, ["cover.alt"], id="an alt in the header"),
        pytest.param(
            "request_key: headergen\nalt_key: headergen.alt\n",
            2,
            ["cover.alt"],
            id="an alt in the request",
        ),
        pytest.param(
            "request_key: headergen\nimage_key: headergen.prompt\n",
            2,
            ["heroImage"],
            id="the picture in the author's key",
        ),
        pytest.param("request_key: a.b\n", 1, ["such as headergen"], id="a request in a mapping"),
        pytest.param("require_alt: 1\n", 1, ["true or false"], id="no truth"),
        pytest.param("metadata: some\n", 1, ["full, minimal, none"], id="a level"),
        pytest.param("a: b: c\n", 1, ["not valid YAML"], id="no YAML"),
        pytest.param("- a\n", 1, ["mapping"], id="no mapping"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, parts: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "headergen.yaml", text)
    assert caught.value.line == line
    assert caught.value.path == str(tmp_path / "headergen.yaml")
    for part in parts:
        assert part in str(caught.value)


def test_a_mistake_in_pyproject_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "pyproject.toml", '[tool.headergen.image]\n\ndevice = "gpu"\n')
    assert caught.value.line == 3


def test_a_file_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "headergen.yaml").write_bytes("a: 1\nb: 猫\n".encode("cp932"))
    with pytest.raises(ConfigError, match=r"headergen\.yaml:2: is not UTF-8"):
        configs.load(tmp_path)


def test_a_number_that_python_does_not_convert_is_a_mistake_like_others(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load(tmp_path, "pyproject.toml", f"[tool.headergen]\noutput = {'9' * 5000}\n")


@pytest.mark.parametrize("name", ["headergen.yml", ".headergen.yaml", "headergen.toml"])
def test_a_config_whose_name_is_nearly_right_is_told_of(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("default: {card: true}\n")
    with pytest.raises(ConfigError, match="is not read") as caught:
        configs.load(tmp_path)
    assert caught.value.remedy == "rename it to headergen.yaml"
    (tmp_path / "headergen.yaml").write_text("")
    assert configs.load(tmp_path).default is None


@pytest.mark.parametrize(
    "text",
    [
        "card: {colours: [#1a2b3c]}\n",
        "card:\n  colours: #1a2b3c\n",
        "composite: {background: #fff}\n",
    ],
)
def test_a_colour_without_quotes_is_told_of(tmp_path: Path, text: str) -> None:
    (tmp_path / "headergen.yaml").write_text(text)
    with pytest.raises(ConfigError, match="a colour without quotes is a comment") as caught:
        configs.load(tmp_path)
    assert "in quotes" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("text", "image_key"),
    [
        pytest.param("request_key: headergen\n", "headergen.image", id="below the request"),
        pytest.param(
            "request_key: headergen\nimage_key: header.teaser\n", "header.teaser", id="the theme's"
        ),
        pytest.param(
            "alt_key: header.alt\nrequest_key: x\n", "x.image", id="an alt of the theme's"
        ),
    ],
)
def test_the_picture_is_below_the_request_unless_the_config_says(
    tmp_path: Path, text: str, image_key: str
) -> None:
    assert load(tmp_path, "headergen.yaml", text).image_key == image_key
