from __future__ import annotations

import pytest

from headergen.repository import attributes
from headergen.repository.index import Index
from tests.support.repository import Repository

NAME = "a b/猫.png"


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("", ""),
        ("* text=auto", ""),
        ("* text=auto eol=crlf", ""),
        ("* text\n*.png binary", ""),
        ("* text eol=crlf\n*.png -text", ""),
        ("*.png filter=lfs text", ""),
        ("*.png -ident -filter -crlf", ""),
        ("* text", "-text"),
        ("* crlf", "-text"),
        ("* crlf=input", "-text"),
        ("* eol=lf", "-text"),
        ("* -crlf eol=lf", ""),
        ("* ident", "-ident"),
        ("* filter=other", "-filter"),
        ("*.png text working-tree-encoding=UTF-16", "-text -working-tree-encoding"),
    ],
)
def test_what_has_to_be_written_so_that_git_leaves_a_picture(
    repo: Repository, text: str, change: str
) -> None:
    repo.write(".gitattributes", f"{text}\n")
    repo.git("add", ".")
    repo.write(".gitattributes", "* text\n")  # not staged
    assert attributes.mending(attributes.of(repo.root, [NAME])[NAME]) == change


def test_the_line_goes_into_the_file_that_counts(repo: Repository) -> None:
    repo.write(".gitattributes", "")
    repo.write("a/.gitattributes", "")
    repo.git("add", ".")
    with Index(repo.root) as index:
        lines = [
            attributes.line_for(index, name, "-text")
            for name in ("a/b/c.png", "b/c.png", "a/keyart")
        ]
    assert lines == [
        ("a/.gitattributes", "*.png -text"),
        (".gitattributes", "*.png -text"),
        ("a/.gitattributes", "* -text"),
    ]
