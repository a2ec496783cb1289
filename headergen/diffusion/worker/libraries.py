"""Import what the worker's interpreter may lack, or have too old, and say so."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import sys
from typing import Any

from headergen.diffusion.worker.events import WorkerError, describe


def load(name: str) -> Any:
    """Import a library, whatever goes wrong while it runs being a fault of the installation.

    Raises:
        WorkerError: If it is not installed, or cannot be imported.
    """
    if not installed(name):
        message = f"{name} is not installed; run: {sys.executable} -m pip install {name}"
        raise WorkerError("library", message)
    try:
        return importlib.import_module(name)
    except MemoryError:
        raise
    except Exception as error:
        message = f"{name} cannot be imported by {sys.executable}: {describe(error)}"
        raise WorkerError("dependency", message) from error


def installed(name: str) -> bool:
    """Return whether this interpreter has the library `name`, without importing it."""
    try:
        return name in sys.modules or importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def version(name: str) -> str | None:
    """Return the version of the library `name`; None: it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def attribute(library: Any, name: str) -> Any:
    """Return what `library` calls `name`.

    Raises:
        WorkerError: If it is too old to have it.
    """
    try:
        return getattr(library, name)
    except AttributeError:
        message = f"{library.__name__} {library.__version__} is too old: it has no {name}"
        raise WorkerError("dependency", message) from None


def silence() -> None:
    """Keep libraries from writing to the author's terminal; set before they are imported."""
    for library in ("DIFFUSERS", "TRANSFORMERS", "HF_HUB"):
        os.environ.setdefault(f"{library}_VERBOSITY", "error")
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
