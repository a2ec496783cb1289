from __future__ import annotations

from pathlib import Path

import pytest

from headergen.diffusion import hardware

GB = 10**9


@pytest.mark.parametrize(
    ("limit", "used", "limited"),
    [
        pytest.param(str(2 * GB), str(GB), True, id="a limit counts"),
        pytest.param("max", "0", False, id="no limit, as version 2 says it"),
        pytest.param(str(2**63), "0", False, id="no limit, as version 1 says it"),
        pytest.param("", "", False, id="no such file"),
    ],
)
def test_a_container_has_what_its_limit_leaves(
    limit: str, used: str, limited: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "limit", tmp_path / "used"
    for file, text in zip(files, (limit, used), strict=True):
        if text:
            file.write_text(f"{text}\n")
    monkeypatch.setattr(hardware, "_CGROUP_LIMITS", (tuple(map(str, files)),))

    found = hardware.memory()

    assert found.limited is limited
    assert (found.total_bytes == 2 * GB) is limited
    assert not limited or found.available_bytes <= GB
