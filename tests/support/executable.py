"""Small shell scripts that stand in for other programs."""

from __future__ import annotations

from pathlib import Path


def executable(path: Path, shell: str) -> Path:
    """Write a script that runs `shell`, folders included, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{shell}\n")
    path.chmod(0o755)
    return path
