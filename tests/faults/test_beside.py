"""SIGKILL at every call by which a run writes a header, what is cut from it, and the article."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.faults.site import COMPOSITE, CONFIG, Fault, Site, Zygote, read, require_whole
from tests.faults.test_every_call import WRITING
from tests.support.headers import HEADERS

ALSO = (
    "also: [{key: og_image, width: 40, height: 21}, {key: cover.square, width: 24, height: 24}]\n"
)


@pytest.fixture
def beside(zygote: Zygote, tmp_path: Path) -> Site:
    """A site with one article, beside whose header two more pictures go."""
    folder = tmp_path / "clean"
    (folder / "assets").mkdir(parents=True)
    for name, colour in (("a.png", "teal"), ("b.png", "orange")):
        Image.new("RGB", (48, 26), colour).save(folder / "assets" / name)
    (folder / "headergen.yaml").write_text(CONFIG + ALSO)
    (folder / "new.md").write_text(COMPOSITE)
    before = read(folder)
    ended = zygote.run(folder)
    assert ended.code == 0, ended.output
    return Site(before, read(folder), ended.calls)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_pictures_are_cut(
    beside: Site, zygote: Zygote, tmp_path: Path, when: str
) -> None:
    names = [name for name in beside.after if name.startswith(f"{HEADERS}/")]
    assert len(names) == 3
    for index, call in enumerate(beside.calls):
        if call not in WRITING:
            continue
        folder = beside.place(tmp_path / str(index))
        assert zygote.run(folder, fault=Fault(index, call, when, "SIGKILL")).code == -9
        require_whole(beside, folder)
        if (folder / "new.md").read_bytes() == beside.after["new.md"]:
            assert set(names) <= set(read(folder))
        assert zygote.run(folder).code == 0
        assert read(folder) == beside.after
