from __future__ import annotations

from collections.abc import Callable

import pytest

from headergen.repository import differences
from headergen.repository.differences import Difference
from headergen.repository.index import Index
from tests.support.repository import Repository

NAME = 'a b/"猫"\n\\.png'


@pytest.fixture
def work(repo: Repository) -> Repository:
    """A repository with one file that is committed."""
    repo.write(NAME, b"one\r\n")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "-m", "x")
    return repo


def found(work: Repository, name: str = NAME) -> list[Difference]:
    with Index(work.root) as index:
        return differences.found(index, work.root, [name])


def _edit(work: Repository) -> None:
    work.write(NAME, "two")


def _flag(flag: str) -> Callable[[Repository], None]:
    def act(work: Repository) -> None:
        work.git("update-index", f"--{flag}", NAME)
        _edit(work)

    return act


def _unstage(work: Repository) -> None:
    work.git("rm", "--quiet", "--cached", NAME)


def _ignore(work: Repository) -> None:
    _unstage(work)
    work.write(".gitignore", "a b/\n")


def _leave_to_another(work: Repository) -> None:
    _unstage(work)
    work.git("init", "--quiet", "a b")


def _remove(work: Repository) -> None:
    (work.root / NAME).unlink()


def _normalise(work: Repository) -> None:
    work.write(".gitattributes", "* text\n")
    work.git("add", "--renormalize", ".")


@pytest.mark.parametrize(
    ("act", "difference"),
    [
        pytest.param(lambda work: None, None, id="none"),
        pytest.param(_remove, None, id="it is not on disk"),
        pytest.param(_normalise, None, id="git itself changes its bytes"),
        pytest.param(_edit, Difference(NAME, True), id="an edit"),
        pytest.param(
            _flag("assume-unchanged"), Difference(NAME, True, "assume-unchanged"), id="assumed"
        ),
        pytest.param(_flag("skip-worktree"), Difference(NAME, True, "skip-worktree"), id="skipped"),
        pytest.param(_unstage, Difference(NAME, False), id="it is not staged"),
        pytest.param(_ignore, Difference(NAME, False, "ignored"), id="it is ignored"),
        pytest.param(_leave_to_another, Difference(NAME, False, "foreign"), id="it is another's"),
    ],
)
def test_a_file_differs_from_the_index_by(
    work: Repository, act: Callable[[Repository], None], difference: Difference | None
) -> None:
    act(work)
    assert found(work) == ([difference] if difference else [])


def test_links_on_the_way_differ_as_well(work: Repository) -> None:
    (work.root / "link").symlink_to("a b")
    assert found(work, "link/" + NAME[4:]) == [Difference("link", False)]
    work.git("add", "link")
    assert found(work, "link/" + NAME[4:]) == []
    (work.root / "link").unlink()
    (work.root / "link").symlink_to(work.root / "a b")
    assert found(work, "link/" + NAME[4:]) == [Difference("link", True)]


@pytest.mark.parametrize("target", ["/etc", "..", "link"])
def test_what_is_outside_or_nowhere_does_not_differ(work: Repository, target: str) -> None:
    (work.root / "link").symlink_to(target)
    work.git("add", "link")
    assert found(work, "link/hostname") == []
