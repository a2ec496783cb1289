"""Where a command works, and with which config."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from headergen import config as configs
from headergen import git
from headergen.config import Config


@dataclass(frozen=True)
class Place:
    """Where a command works: the repository's root (or the current folder) and its config."""

    root: Path
    in_git: bool
    config: Config
    is_config_named: bool


def find_place(arguments: Namespace) -> Place:
    """Find the place that a command is called in, and read its config.

    Raises:
        ConfigError: the config cannot be used.
    """
    repository = git.find_root(Path.cwd())
    root = repository or Path.cwd().resolve()
    config = configs.load(Path(os.path.relpath(root)), arguments.config)
    return Place(root, repository is not None, config, is_config_named=bool(arguments.config))


def own_config(config: Config, model: str | None) -> Config:
    """Keep what the config says of the model that it names; another model has its own settings."""
    if model is None or model == config.model:
        return config
    return Config(model=model, device=config.device, worker_python=config.worker_python)
