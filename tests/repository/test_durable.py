from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from headergen.repository import durable


def test_a_new_file_gets_its_bytes_its_folders_and_the_usual_mode(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.png"
    plain = tmp_path / "plain"
    plain.touch()
    durable.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode == plain.stat().st_mode


def test_an_existing_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"old")
    path.chmod(0o755)
    durable.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o755


def test_a_symlink_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.md", tmp_path / "link.md"
    real.write_bytes(b"old")
    link.symlink_to("real.md")
    durable.write(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


@pytest.mark.parametrize("call", ["fsync", "chmod"])
def test_a_failed_write_leaves_the_old_bytes_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="No space left"):
        durable.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.md"]


def test_a_disk_that_takes_a_little_at_a_time_gets_every_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:3]))
    durable.write(tmp_path / "a.png", b"0123456789")
    assert (tmp_path / "a.png").read_bytes() == b"0123456789"


def test_confirm_can_stop_the_rename(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"old")

    def refuse() -> None:
        assert path.read_bytes() == b"old"
        raise InterruptedError

    with pytest.raises(InterruptedError):
        durable.write(path, b"new", confirm=refuse)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.md"]


def test_a_folder_that_knows_no_fsync_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def refuse_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    durable.write(tmp_path / "a.png", b"new")
    assert (tmp_path / "a.png").read_bytes() == b"new"


ABANDONED = ".headergen-0123456789abcdef.tmp"


def test_sweeping_removes_what_killed_runs_left(tmp_path: Path) -> None:
    (tmp_path / ABANDONED).write_bytes(b"half")
    (tmp_path / ABANDONED).chmod(0o444)
    durable.sweep(tmp_path)
    assert os.listdir(tmp_path) == []


def test_sweeping_spares_a_file_that_is_being_written(tmp_path: Path) -> None:
    durable.write(tmp_path / "a.png", b"new", confirm=lambda: durable.sweep(tmp_path))
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize(
    "name",
    [".headergen-notes.tmp", ABANDONED.removeprefix("."), f"{ABANDONED}.md", ".headergen.yaml"],
)
def test_sweeping_spares_what_is_not_headergens(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    durable.sweep(tmp_path)
    assert os.listdir(tmp_path) == [name]


def test_sweeping_follows_no_symlink_and_enters_no_folder(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / ABANDONED).symlink_to("notes.txt")
    (tmp_path / ABANDONED.replace("0", "1")).mkdir()
    before = sorted(os.listdir(tmp_path))
    durable.sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == before


def test_sweeping_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    durable.sweep(tmp_path / "gone")


def test_a_file_swept_before_it_could_be_locked_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    flock = fcntl.flock
    swept: list[str] = []

    def sweep_first(handle: int, operation: int) -> None:
        if operation == fcntl.LOCK_EX and not swept:
            swept.extend(os.listdir(tmp_path))
            durable.sweep(tmp_path)
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    durable.write(tmp_path / "a.png", b"new")
    assert len(swept) == 1
    assert os.listdir(tmp_path) == ["a.png"]
