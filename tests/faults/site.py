"""A small site with one article of each kind, before and after a clean run, and runs of it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import Image

from headergen.article import article as articles
from headergen.repository import scratch
from tests.support.headers import HEADERS
from tests.support.paths import CHECKOUT

CONFIG = "header: {width: 48, height: 26}\nimage: {width: 64, height: 64}\n"
COMPOSITE = "---\ntitle: Games\nheader:\n  sources: [assets/a.png, assets/b.png]\n---\nBody.\n"
PROMPT = "---\nheader:\n  prompt: the sea\n---\nBody.\n"


@dataclass(frozen=True)
class Fault:
    """What happens `when` (before, half through, after) the counted call number `index`."""

    index: int
    call: str
    when: str
    what: str


@dataclass(frozen=True)
class Ended:
    """How a run ended, what it printed, and, if it lived to tell, the calls that it made."""

    code: int
    output: str
    calls: Sequence[str] = field(repr=False)


class Zygote:
    """The client of `zygote.py`, which runs headergen in forks of a warmed process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Zygote:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def run(
        self,
        folder: Path,
        *arguments: str,
        fault: Fault | None = None,
        environ: Mapping[str, str] | None = None,
        user: int | None = None,
    ) -> Ended:
        """Run `headergen run` (or other `arguments`) in `folder` and wait for its end."""
        cache = cache_of(folder)
        cache.mkdir(exist_ok=True)
        report = cache / "calls"
        report.unlink(missing_ok=True)
        order: dict[str, Any] = {
            "folder": str(folder),
            "arguments": arguments or ["run"],
            "fault": asdict(fault) if fault else None,
            "environ": {"XDG_CACHE_HOME": str(cache), **(environ or {})},
            "user": user,
            "report": str(report),
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        result = json.loads(self._process.stdout.readline())
        calls = json.loads(report.read_bytes()) if report.exists() else []
        return Ended(result["code"], result["output"], calls)


def cache_of(folder: Path) -> Path:
    """Give each folder a cache of its own, where the lock is made anew."""
    return folder.with_name(f"{folder.name}.cache")


def painted(folder: Path) -> list[str]:
    """Return the prompts that the fake model has painted for `folder` since it was last asked."""
    log = cache_of(folder) / "painted"
    prompts = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return prompts


@dataclass(frozen=True)
class Site:
    """The files of a site (name to bytes) before and after a clean run, and that run's calls."""

    before: Mapping[str, bytes] = field(repr=False)
    after: Mapping[str, bytes] = field(repr=False)
    calls: Sequence[str] = field(repr=False)

    @property
    def articles(self) -> list[str]:
        """The names of its articles."""
        return [name for name in self.before if name.endswith(".md")]

    def place(self, folder: Path) -> Path:
        """Lay the site out, as it was before the run, in a new folder."""
        for name, data in self.before.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder


def build(zygote: Zygote, folder: Path) -> Site:
    """Make a site with a fresh, a stale and a new composite, and an article with a prompt."""
    (folder / "assets").mkdir(parents=True)
    Image.linear_gradient("L").convert("RGB").save(folder / "assets" / "a.png")
    Image.radial_gradient("L").convert("RGB").save(folder / "assets" / "b.png")
    (folder / "headergen.yaml").write_text(CONFIG)
    for name in ("fresh.md", "stale.md"):
        (folder / name).write_text(COMPOSITE)
    assert zygote.run(folder).code == 0
    stale = folder / "stale.md"
    stale.write_text(stale.read_text().replace("a.png, assets/b.png", "b.png, assets/a.png"))
    (folder / "new.md").write_text(COMPOSITE)
    (folder / "sea.md").write_text(PROMPT)
    before = read(folder)
    ended = zygote.run(folder)
    assert ended.code == 0, ended.output
    assert painted(folder) == ["the sea"]
    return Site(before, read(folder), ended.calls)


def read(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder` by its name, but for whole ones that no commit sees."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    unseen = (f"{scratch.FOLDER}/.gitignore", f"{scratch.FOLDER}/unfinished/")
    return {
        name: data
        for name, data in files.items()
        if not name.startswith(unseen) or litter({name: data})
    }


def litter(files: Mapping[str, bytes]) -> list[str]:
    """Name the temporary files among `files`."""
    return [name for name in files if Path(name).name.startswith(".headergen-")]


def pictures(folder: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of change of each header, which tell whether it was written again."""
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in (folder / HEADERS).glob("[!.]*.png")
    }


def require_whole(site: Site, folder: Path) -> None:
    """Make sure of the promise: old or new bytes, and every picture that is named is whole."""
    found = read(folder)
    for name in found.keys() - set(litter(found)):
        assert found[name] in (site.before.get(name), site.after.get(name)), f"{name} is torn"
    assert not site.before.keys() - found.keys()
    for name in site.articles:
        article = articles.parse(Path(name), found[name])
        assert article
        if article.image:
            assert article.image in found, f"{name} names a picture that is not there"
            with Image.open(io.BytesIO(found[article.image])) as header:
                header.load()
        if found[name] == site.after[name]:
            assert article.image
            assert found[article.image] == site.after[article.image], f"{name} is ahead"
