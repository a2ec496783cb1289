"""A scratch git repository for tests that need the real thing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from tests.support.paths import CHECKOUT

# What a surrounding hook or CI run says of another repository must not reach this one.
_FOREIGN = ("GIT_", "PRE_COMMIT", "SKIP")


@dataclass(frozen=True)
class Repository:
    """A working tree, and the environment in which its commands run."""

    root: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command at the root, require its exit code, and return what it printed."""
        done = self._done(*command)
        output = done.stdout.decode("utf-8", "replace")
        assert done.returncode == code, f"{command} ended with {done.returncode}:\n{output}"
        return output

    def _done(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command,
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )

    def succeeds(self, *command: str) -> bool:
        """Run a command at the root, whatever it prints, and return whether it ended with 0."""
        return self._done(*command).returncode == 0

    def output(self, *command: str) -> str:
        """Run a command at the root, however it ends, and return what it printed."""
        return self._done(*command).stdout.decode("utf-8", "replace")

    def git(self, *arguments: str, code: int = 0) -> str:
        """Run git and return what it printed."""
        return self.run("git", *arguments, code=code)

    def headergen(self, *arguments: str, code: int = 0) -> str:
        """Run this checkout's headergen and return what it printed."""
        return self.run(sys.executable, "-m", "headergen", *arguments, code=code)

    def write(self, name: str, data: str | bytes) -> Path:
        """Write a file, folders included, and return its path."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def write_sources(self, *names: str) -> None:
        """Write up to two pictures to compose, which look different."""
        gradients = Image.linear_gradient("L"), Image.radial_gradient("L")
        for name, gradient in zip(names, gradients, strict=False):
            gradient.convert("RGB").save(self.write(name, b""))

    def committed(self, name: str) -> bytes:
        """Return the bytes that HEAD holds for a file."""
        return subprocess.run(
            ["git", "show", f"HEAD:{name}"],
            cwd=self.root,
            env=self._environment(),
            capture_output=True,
            check=True,
        ).stdout

    def _environment(self) -> dict[str, str]:
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)
        }
        checkout = CHECKOUT
        identity = {"NAME": "An Author", "EMAIL": "author@example.com"}
        for who in ("AUTHOR", "COMMITTER"):
            environ |= {f"GIT_{who}_{key}": value for key, value in identity.items()}
        environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "PYTHONPATH": str(checkout)}
        return environ | dict(self.environ)


def create(root: Path) -> Repository:
    """Make an empty repository at `root`."""
    root.mkdir(parents=True, exist_ok=True)
    repository = Repository(root)
    repository.git("init", "--quiet", "--initial-branch=main")
    return repository
