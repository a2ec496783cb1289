"""Who waits for whom: one painter for each device of a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from headergen.progress import Event
from headergen.repository import locks


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


def test_two_devices_are_used_at_once(tmp_path: Path) -> None:
    events: list[Event] = []

    with (
        locks.painting(tmp_path, "cuda:0", events.append),
        locks.painting(tmp_path, "cuda:1", events.append),
        locks.painting(tmp_path, "cpu", events.append),
    ):
        assert len(list((tmp_path / "headergen").glob("painting-*.lock"))) == 3

    assert not events


@pytest.mark.parametrize("device", ["auto", "cuda", "cuda:0", "mps"])
def test_these_are_names_of_the_first_gpu(device: str) -> None:
    assert locks._named(device) == "gpu-0"


@pytest.mark.parametrize(
    ("visible", "device", "expected"),
    [
        ("3,1", "cuda:0", "gpu-3"),
        ("3, 1", "cuda:1", "gpu-1"),
        ("3", "auto", "gpu-3"),
        ("", "cuda:1", "gpu-1"),
        ("3", "cuda:1", "gpu-1"),
        ("GPU-8932f937/../x", "cuda", "gpu-GPU-8932f937____x"),
    ],
)
def test_a_card_has_one_name_whatever_cuda_shows(
    monkeypatch: pytest.MonkeyPatch, visible: str, device: str, expected: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    assert locks._named(device) == expected
