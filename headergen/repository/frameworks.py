"""What the hook frameworks were told of headergen's hook (pre-commit.com, "hooks")."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FILE = ".pre-commit-config.yaml"


def withholds_names(root: Path) -> bool:
    """Check whether pre-commit is told not to pass the names of articles to headergen.

    A hook without names is called as one whose articles are all excluded is.
    """
    try:
        config = yaml.safe_load((root / FILE).read_bytes())
    except (OSError, ValueError, yaml.YAMLError):
        return False
    hooks = [hook for repo in _listed(config, "repos") for hook in _listed(repo, "hooks")]
    return any(
        isinstance(hook, dict)
        and hook.get("pass_filenames") is False
        and "headergen" in f"{hook.get('id')} {hook.get('entry')}"
        for hook in hooks
    )


def _listed(mapping: Any, key: str) -> list[Any]:
    found = mapping.get(key) if isinstance(mapping, dict) else None
    return found if isinstance(found, list) else []
