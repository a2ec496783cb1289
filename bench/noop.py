"""What headergen costs when there is nothing to do: time and memory, as ratios from one run.

    uv run python bench/noop.py [--articles 10000] [--rounds 20]

Commands are run in turn, round after round, and the fastest of each counts: noise only adds. A
round that does not count comes first; it leaves compiled modules, and the hook's record of the
article, as any earlier run does. Wall and CPU time are those of the child processes (os.wait4) and
of git, so this needs a POSIX system. headergen is called as hooks call it, by its command.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from PIL import Image

HEADER_SHARE = 20  # one article in 20 has a header
BODY = "\n".join(["A paragraph of text, as articles have them, neither short nor long."] * 60)
ARTICLE = """\
---
title: 'Article {number}: Why I Play Slow Games'
date: 2026-11-07
description: Fast travel saves minutes. I have started to wonder what it spends.
tags:
- essay
- design
{header}---

{body}
"""
COMMAND = os.fspath(Path(sys.executable).with_name("headergen"))
# The collector that a commit leaves behind would change the folder while it is read.
AUTHOR = ["-c", "gc.auto=0", "-c", "user.name=author", "-c", "user.email=author@example.com"]
LOAD_ALL = (
    "import frontmatter, pathlib\nfor p in pathlib.Path('.').rglob('*.md'): frontmatter.load(p)"
)


@dataclass(frozen=True)
class Cost:
    """Of one process: seconds on the clock, seconds of CPU, and the most memory it held."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def main() -> None:
    """Measure, and print one line for each ratio."""
    parser = argparse.ArgumentParser(description="measure what headergen costs with nothing to do")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure_hook(Path(folder) / "one", arguments.rounds)
        measure_check(Path(folder), arguments.articles, arguments.rounds)


def measure_hook(root: Path, rounds: int) -> None:
    """Compare the hook on one fresh article with an interpreter that does nothing."""
    build(root, articles=1, share=1)
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "hook": [COMMAND, "hook", "--", "0.md"],
        "check": [COMMAND, "check", "--", "0.md"],
    }
    best = fastest(commands, root, rounds)
    for command, wanted in {
        "hook": "wanted 2.0",
        "check": "a hook's first look costs as much",
    }.items():
        wall = best[command].wall_s / best["pass"].wall_s
        cpu = best[command].cpu_s / best["pass"].cpu_s
        print(
            f"{command} of one fresh article / python -c pass: {wall:.2f}, CPU {cpu:.2f} ({wanted})"
        )


def measure_check(folder: Path, articles: int, rounds: int) -> None:
    """Compare the check of a large site with python-frontmatter reading the same files."""
    small, large = folder / "small", folder / "large"
    build(small, articles // 10, HEADER_SHARE)
    build(large, articles, HEADER_SHARE)
    check = [COMMAND, "check"]
    best = fastest({"check": check, "load": [sys.executable, "-c", LOAD_ALL]}, large, rounds)
    wall = best["check"].wall_s / best["load"].wall_s
    cpu = best["check"].cpu_s / best["load"].cpu_s
    print(
        f"check, {articles} articles / frontmatter.load: wall {wall:.3f}, CPU {cpu:.3f} "
        f"(wanted 0.2); {1000 * best['check'].cpu_s:.0f} of {1000 * best['load'].cpu_s:.0f} ms"
    )
    few = fastest({"check": check}, small, rounds=3)["check"].peak_bytes
    many = best["check"].peak_bytes
    print(
        f"peak memory of check, {articles} / {articles // 10} articles: {many / few:.2f} "
        f"({many / 1e6:.1f} and {few / 1e6:.1f} MB)"
    )


def build(root: Path, articles: int, share: int) -> None:
    """Make a repository with committed articles, each `share`-th with a fresh header."""
    root.mkdir(parents=True)
    Image.linear_gradient("L").convert("RGB").save(root / "a.png")
    for number in range(articles):
        header = "" if number % share else "header:\n  sources: [a.png]\n"
        text = ARTICLE.format(number=number, header=header, body=BODY)
        (root / f"{number}.md").write_text(text)
    quietly = {"cwd": root, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["git", "init", "--quiet"], **quietly)
    subprocess.run([COMMAND, "run"], **quietly)
    subprocess.run(["git", "add", "."], **quietly)
    subprocess.run(["git", *AUTHOR, "commit", "--quiet", "--message", "articles"], **quietly)


def fastest(commands: Mapping[str, Sequence[str]], folder: Path, rounds: int) -> dict[str, Cost]:
    """Run the commands in turn, `rounds` times, and keep the cheapest run of each."""
    runs = [
        {name: cost(command, folder) for name, command in commands.items()}
        for _ in range(1 + rounds)
    ][1:]
    return {
        name: Cost(
            min(run[name].wall_s for run in runs),
            min(run[name].cpu_s for run in runs),
            min(run[name].peak_bytes for run in runs),
        )
        for name in commands
    }


def cost(command: Sequence[str], folder: Path) -> Cost:
    """Run a command that must succeed, and return what it cost."""
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    start = perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environ)
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    kibibyte = 1 if sys.platform == "darwin" else 1024
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * kibibyte)


if __name__ == "__main__":
    main()
