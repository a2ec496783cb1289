"""Do what an author does, on any system: run headergen on a card and a composite, and commit.

    python .ci/smoke.py

needs git, and headergen and pre-commit in the running Python. It works in a temporary folder and
ends with an error at the first step that goes wrong.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ASSETS = Path(__file__).resolve().parents[1] / "articles" / "assets"
CARD = "---\r\ntitle: 推しゲーム10選\r\nheader:\r\n  card: true\r\n{}---\r\n本文\r\n"
ADDED = "  image: note_images/カード.png\r\n  digest: [0-9a-f]{8}\r\n"
COMPOSITE = "---\nheader:\n  sources: [a.webp, b.webp]\n---\nTwo games.\n"
HOOKS = """\
repos:
  - repo: local
    hooks:
      - id: headergen
        name: headergen
        entry: {python} -m headergen hook --
        language: system
        files: \\.md$
        require_serial: true
"""
IDENTITY = ("-c", "user.name=An Author", "-c", "user.email=author@example.com")


def main() -> None:
    """Carry out the steps."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        blog = Path(folder, "ブログ")
        blog.mkdir()
        git("init", "--quiet", cwd=blog)
        make_headers(blog)
        commit_through_hook(blog)
        git("clone", "--quiet", str(blog), "clone", cwd=Path(folder))
        headergen("check", cwd=Path(folder, "clone"))
    print("passed")


def make_headers(blog: Path) -> None:
    """Make a card and a composite with `headergen run`; check their sizes and the articles."""
    (blog / "カード.md").write_bytes(CARD.format("").encode())
    (blog / "pair.md").write_bytes(COMPOSITE.encode())
    for name, asset in {"a.webp": "glowmoss.webp", "b.webp": "cloudkeep.webp"}.items():
        (blog / name).write_bytes((ASSETS / asset).read_bytes())
    headergen("run", cwd=blog)
    pictures = sorted((blog / "note_images").iterdir())
    assert [size_of(picture) for picture in pictures] == [(1280, 670)] * 2, pictures
    text = (blog / "カード.md").read_bytes().decode()
    assert re.fullmatch(CARD.format(ADDED), text), text


def commit_through_hook(blog: Path) -> None:
    """Commit an article that has no header yet: the hook makes it, and then lets it pass."""
    config = HOOKS.format(python=Path(sys.executable).as_posix())
    (blog / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    call(sys.executable, "-m", "pre_commit", "install", cwd=blog)
    (blog / "new.md").write_text("---\nheader: {card: A new game}\n---\n", encoding="utf-8")
    git("add", ".", cwd=blog)
    said = git(*IDENTITY, "commit", "-m", "articles", cwd=blog, code=1)
    line = re.search(r"git add -- (.*)", said)
    assert line and "new.md" in line[1] and "note_images/new.png" in line[1], said
    git("add", *line[1].split(), cwd=blog)
    git(*IDENTITY, "commit", "-m", "articles", cwd=blog)


def size_of(png: Path) -> tuple[int, ...]:
    """Return width and height in px, from the file's header."""
    return struct.unpack(">II", png.read_bytes()[16:24])


def headergen(*arguments: str, cwd: Path) -> str:
    """Run headergen and return what it printed."""
    return call(sys.executable, "-m", "headergen", *arguments, cwd=cwd)


def git(*arguments: str, cwd: Path, code: int = 0) -> str:
    """Run git and return what it printed."""
    return call("git", *arguments, cwd=cwd, code=code)


def call(*command: str, cwd: Path, code: int = 0) -> str:
    """Run a command, require its exit code, and return what it printed."""
    print("$", *command, flush=True)
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = done.stdout.decode("utf-8", "replace")
    if done.returncode != code:
        raise SystemExit(f"ended with {done.returncode} and not {code}:\n{output}")
    return output


if __name__ == "__main__":
    main()
