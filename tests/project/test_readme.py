"""The README names what there is, and nothing that there isn't."""

from __future__ import annotations

import argparse
import re
from importlib import import_module

import pytest
import yaml

from headergen.article.request import AUTHOR_KEYS, CARD_KEYS
from headergen.cli import arguments
from headergen.diffusion import placement
from headergen.diffusion.cache import parts_to_fetch
from headergen.diffusion.families import MODELS
from headergen.diffusion.families.family import Model
from headergen.diffusion.placement import Hardware
from headergen.fields import rows_of
from headergen.plan.candidates import VARIATIONS
from headergen.report import check
from headergen.settings.config import KEYS
from headergen.settings.styles import Style
from headergen.vocabulary import LAYOUTS, THEMES
from headergen.wording import gigabytes
from tests.support.paths import CHECKOUT

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the text below a heading, up to the next one."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.M | re.S)
    assert found, title
    return found[1]


def first_column(title: str) -> set[str]:
    """Return the names in code font in the first column of a section's first table."""
    rows = re.findall(r"^\| (`.*?) \|", section(title), re.M)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def subcommands() -> dict[str, argparse.ArgumentParser]:
    (action,) = (
        action
        for action in arguments.parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return dict(action.choices)


def test_the_hooks_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())
    assert first_column("Hooks") == {hook["id"] for hook in manifest}


def test_the_frontmatter_keys_are_those_that_are_read() -> None:
    assert first_column("Frontmatter") == {*AUTHOR_KEYS, "image", "digest"}


def test_the_config_keys_are_among_those_that_are_read() -> None:
    assert {"image.model", "output"} <= first_column("Config") <= set(KEYS)


def test_the_models_are_those_of_the_table() -> None:
    assert first_column("Models") == set(MODELS), "each model has a row in README.md, Models"


def cells(model: str) -> list[list[str]]:
    """Return the cells of the model's row in each table of the section on models."""
    rows = re.findall(rf"^\| `{re.escape(model)}` \| (.*) \|$", section("Models"), re.M)
    assert len(rows) == 2, f"{model} needs a row in both tables of README.md, Models"
    return [row.split(" | ") for row in rows]


@pytest.mark.parametrize("row", MODELS.values(), ids=MODELS)
def test_the_figures_of_each_model_are_those_of_its_family(row: Model) -> None:
    (good_at, download, stored, licence), _ = cells(row.name)

    steps = f"; {row.num_inference_steps} steps"
    assert good_at.endswith(steps), f"the column `good at` ends with {steps!r}"
    figures = gigabytes(row.published_bytes), gigabytes(row.stored_bytes)
    assert (download, stored) == figures, f"write: {' | '.join(figures)}"
    assert licence.partition(":")[0] == row.licence


@pytest.mark.parametrize("row", MODELS.values(), ids=MODELS)
def test_the_memory_of_each_model_is_what_its_placements_predict(row: Model) -> None:
    card = Hardware("cuda", 10**12, 10**12, (8, 9), bfloat16=True)
    size = row.render_size(1280, 670)
    every = list(placement.candidates(row, parts_to_fetch(row), card, size))
    resident = every[0].peak_vram_bytes
    staged = min(each.peak_vram_bytes for each in every if not each.bits and len(each.stages) > 1)
    bits = [
        min(each.peak_vram_bytes for each in every if each.bits == wanted)
        for wanted in ("8bit", "4bit")
    ]

    figures = [gigabytes(each) for each in (resident, staged, *bits)]
    assert cells(row.name)[1] == figures, f"write: {' | '.join(figures)}"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_named(layout: str) -> None:
    assert f"`{layout}`" in section("Frontmatter")


@pytest.mark.parametrize("code", check.CODES)
def test_every_code_of_check_is_named(code: str) -> None:
    assert f"`{code}`" in section("Command line"), "name it in README.md, Command line"


def test_the_commands_and_their_flags_are_those_that_exist() -> None:
    text = section("Command line")
    assert set(re.findall(r"^    headergen (\w+)", text, re.M)) == set(subcommands())
    flags = {
        flag
        for parser in subcommands().values()
        for flag in parser._option_string_actions
        if flag.startswith("--")
    }
    assert set(re.findall(r"--[a-z-]+", text)) == flags - {"--help"}


@pytest.mark.parametrize("command", subcommands())
def test_every_command_is_a_module_that_can_be_run(command: str) -> None:
    assert callable(import_module(f"headergen.cli.commands.{command}").run)


@pytest.mark.parametrize("name", [*THEMES, *CARD_KEYS, *rows_of(Style)])
def test_every_theme_and_every_key_of_cards_and_styles_is_named(name: str) -> None:
    assert re.search(rf"\b{name}\b", section("Frontmatter")), "name it in README.md, Frontmatter"


def test_the_findings_that_explain_a_trouble_are_the_doctors() -> None:
    rows = re.findall(r"^\| .* \| ([^|]*) \|$", section("When something goes wrong"), re.M)
    named = {name for cell in rows for name in re.findall(r"`([^`]+)`", cell)}
    code = (CHECKOUT / "headergen" / "report" / "doctor.py").read_text("utf-8")
    assert named >= {"interpreter", "graphics", "device", "system RAM", "kernel log", "self-test"}
    assert named <= set(re.findall(r'Diagnosis\(f?"([\w -]+?)(?: \{.*?)?"', code))


@pytest.mark.parametrize("name", VARIATIONS)
def test_every_variation_of_candidates_is_named(name: str) -> None:
    assert f"`{name}`" in section("Seeing").replace("\n", " ")
