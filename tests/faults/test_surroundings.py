"""Folders that can't be written to, no temporary folder, wrong clocks."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.site import Site, Zygote, cache_of, litter, read, require_whole
from tests.support.headers import HEADERS, header_of


@pytest.fixture
def public(site: Site) -> Iterator[Path]:
    """The site in a folder that other users can reach, and which belongs to nobody if it can."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        site.place(base / "site")
        cache_of(base / "site").mkdir()
        for path in [base, *base.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
            if user() is not None:
                os.chown(path, user() or 0, -1)
        yield base / "site"
        shutil.rmtree(base / "site")


def user() -> int | None:
    """Give the user to run as: root is refused nothing."""
    return pwd.getpwnam("nobody").pw_uid if os.getuid() == 0 else None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "message"),
    [
        pytest.param(HEADERS, f"{header_of('new')} cannot be written", id="pictures"),
        pytest.param(".", f"cannot be written: Permission denied; {HEADERS}/", id="articles"),
    ],
)
def test_a_read_only_folder(
    site: Site, zygote: Zygote, public: Path, folder: str, message: str
) -> None:
    (public / folder).chmod(0o555)
    ended = zygote.run(public, user=user())
    (public / folder).chmod(0o755)
    assert ended.code == 2
    assert ended.output.count("Permission denied") == 3
    assert "new.md:3: " in ended.output
    assert message in ended.output
    assert "Traceback" not in ended.output
    require_whole(site, public)
    assert litter(read(public)) == []
    assert zygote.run(public, user=user()).code == 0
    assert read(public) == site.after


def test_a_cache_folder_that_cannot_be_written_to_is_named(
    site: Site, zygote: Zygote, public: Path
) -> None:
    ended = zygote.run(public, user=user(), environ={"XDG_CACHE_HOME": "/dev/null/cache"})
    assert ended.code == 3
    assert "sea.md:2: not painted: /dev/null/cache/headergen/painting-" in ended.output
    assert "set XDG_CACHE_HOME" in ended.output
    assert read(public)["new.md"] == site.after["new.md"]


def test_no_temporary_folder_is_needed(site: Site, zygote: Zygote, tmp_path: Path) -> None:
    folder = site.place(tmp_path / "site")
    gone = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), "/dev/null/tmp")
    assert zygote.run(folder, environ=gone).code == 0
    assert read(folder) == site.after


@pytest.mark.parametrize("time", [0, 2**32], ids=["1970", "2106"])
def test_files_from_another_time_change_nothing(
    site: Site, zygote: Zygote, tmp_path: Path, time: int
) -> None:
    folder = site.place(tmp_path / "site")
    for path in folder.rglob("*"):
        os.utime(path, (time, time))
    assert zygote.run(folder).code == 0
    assert read(folder) == site.after
