from __future__ import annotations

from pathlib import Path

import pytest

from headergen.article import article as articles
from headergen.repository import discovery
from tests.support.repository import Repository


def found_at(*given: str, root: Path, in_git: bool = False, excluded: str = "") -> list[str]:
    paths = [Path(each) for each in given]
    is_excluded = lambda name: name == excluded  # noqa: E731
    found = discovery.articles_at(paths, root, in_git=in_git, is_excluded=is_excluded)
    return [*found.names, *(f"{each.path}: {each.reason}" for each in found.skipped)]


def test_articles_are_listed_in_order_each_by_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b.md", "a.MDX", "x.txt", "posts/2.md", "posts/1.md", "archive.md/old.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    for name in (".hidden/a.md", "node_modules/a.md", "posts/__pycache__/a.md"):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text("")
    (tmp_path / "link.md").symlink_to("posts/1.md")
    (tmp_path / "folder.md").symlink_to("posts")
    (tmp_path / "linked").symlink_to("posts")
    (tmp_path / "gone.md").symlink_to("nowhere.md")
    below = ["a.MDX", "b.md", "nowhere.md", "posts/1.md", "archive.md/old.md", "posts/2.md"]
    root = tmp_path.resolve()
    assert found_at(".", root=root) == below
    assert found_at("posts/../posts", "link.md", root=root) == below[3:4] + below[5:]
    assert found_at("posts", root=root, excluded="posts/1.md") == ["posts/2.md"]
    assert found_at(str(root / "posts"), root=root) == [
        str(root / "posts/1.md"),
        str(root / "posts/2.md"),
    ]
    assert list(discovery.articles_below(str(tmp_path / "posts"))) == [
        str(tmp_path / "posts" / name) for name in ("1.md", "2.md")
    ]


def test_in_a_repository_an_article_is_what_git_tracks_or_would_add(repo: Repository) -> None:
    for name in ("a.md", "posts/b.md", "ignored/a.md", "ignored/forced.md", ".github/a.md"):
        repo.write(name, "")
    repo.write(".gitignore", "ignored/\n")
    repo.write("gone.md", "")
    repo.git("add", "-f", "gone.md", "ignored/forced.md")
    (repo.root / "gone.md").unlink()
    nested = Repository(repo.root / "nested", repo.environ)
    nested.write("a.md", "")
    nested.git("init", "--quiet")
    (repo.root / "link.md").symlink_to(".github/a.md")
    root = repo.root.resolve()
    names = ["a.md", "ignored/forced.md", "posts/b.md"]
    assert found_at(".", root=root, in_git=True) == names
    assert found_at("posts", "ignored", root=root, in_git=True) == [names[2], names[1]]
    assert found_at("nested", root=root, in_git=True) == []
    assert found_at("a.md", "posts/b.md", root=root, in_git=True, excluded="a.md") == [
        "posts/b.md",
        "a.md: the config's `exclude` matches them",
    ]
    assert found_at("ignored/a.md", "nested/a.md", ".github/a.md", root=root, in_git=True) == [
        "ignored/a.md: git ignores them, or they belong to another repository",
        "nested/a.md: git ignores them, or they belong to another repository",
        ".github/a.md: they are in a hidden folder, or in one of other people's packages",
    ]


def test_a_conflict_names_an_article_once(repo: Repository) -> None:
    def commit(text: str) -> None:
        repo.write("a.md", text)
        repo.git("add", ".")
        repo.git("commit", "--quiet", "-m", text)

    commit("first")
    repo.git("checkout", "--quiet", "-b", "other")
    commit("theirs")
    repo.git("checkout", "--quiet", "main")
    commit("ours")
    repo.git("merge", "other", code=1)
    assert found_at(".", root=repo.root.resolve(), in_git=True) == ["a.md"]


def test_a_folder_that_cannot_be_listed_holds_no_articles(tmp_path: Path) -> None:
    assert list(discovery.articles_below(str(tmp_path / "gone"))) == []


@pytest.mark.parametrize(
    ("text", "has_header"),
    [
        pytest.param("---\nheader: {prompt: a}\n---\n" + "long text\n" * 20_000, True, id="long"),
        pytest.param("---\ntitle: a\n---\nheader: {prompt: a}\n", False, id="below the fence"),
        pytest.param("----\nheader: {prompt: a}\n----\n", True, id="a longer fence"),
        pytest.param("--- \nheader: {prompt: a}\n--- \n\n---\n", True, id="blanks after fences"),
        pytest.param("---\na: |\n ---\nheader: {prompt: a}\n---\n", True, id="an indented rule"),
        pytest.param(
            '+++\na = """\n---\n"""\nheader = {prompt = "a"}\n+++\n', True, id="a rule in TOML"
        ),
    ],
)
def test_an_article_with_a_header_is_told_from_one_without(
    tmp_path: Path, text: str, has_header: bool
) -> None:
    (tmp_path / "a.md").write_text(text)
    found = articles.read(str(tmp_path / "a.md"))
    assert (found is not None) is has_header
    assert found is None or found.data == text.encode()
