from __future__ import annotations

from headergen.plan import model_choice
from headergen.settings.config import Config

OF_THE_MACHINE = Config(
    device="cuda:1", width=1200, height=630, worker_python="python", worker_timeout_s=7.0
)
CONFIG = Config(
    path="headergen.yaml",
    model="someone/tuned",
    preset="animagine-xl-3.1",
    revision="1234567",
    transformer="tuned.gguf",
    device="cuda:1",
    render_width=640,
    render_height=336,
    num_inference_steps=3,
    guidance_scale=1.5,
    prompt_template="{prompt}!",
    negative_prompt="dogs",
    width=1200,
    height=630,
    worker_python="python",
    worker_timeout_s=7.0,
    lines={"image.model": 2},
)


def test_another_model_takes_none_of_the_settings_of_the_configs() -> None:
    found = model_choice.config_of(CONFIG, "z-image-turbo")
    assert found == OF_THE_MACHINE
    assert not found.lines


def test_the_configs_own_model_keeps_its_settings() -> None:
    assert model_choice.config_of(CONFIG, None) is CONFIG
    assert model_choice.config_of(CONFIG, "someone/tuned") is CONFIG
