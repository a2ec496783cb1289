"""Bad input, end to end: told with file, line and remedy, kept as it is, and no bar to the rest.

Each scenario is a repository with something bad in it beside a good composite, and one
`headergen run` over both.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from headergen.cli.main import main
from headergen.make import runner
from headergen.picture import first_bytes
from tests.support.headers import HEADERS, header_of
from tests.support.refusals import assert_check_agrees
from tests.support.repository import Repository

SIZE = 128, 67  # small headers are soon made
GOOD = "---\ntitle: Two games\nheader:\n  sources: [a.png, b.jpg]\n---\nBody.\n"


@pytest.fixture(autouse=True)
def good_article(repo: Repository) -> None:
    """Put two source pictures and a good article into the repository, and a picture beside it."""
    repo.write_sources("a.png", "b.jpg")
    Image.new("RGB", (8, 8), "red").save(repo.root.parent / "outside.png")
    repo.write("headergen.yaml", "header: {{width: {}, height: {}}}\n".format(*SIZE))
    repo.write("good.md", GOOD)


def assert_good_is_finished(repo: Repository) -> None:
    header = first_bytes.probe(repo.root / header_of("good"))
    assert (header.width, header.height) == SIZE
    assert f"digest: {header.digest}" in (repo.root / "good.md").read_text().replace("'", "")


def assert_refused(
    repo: Repository, capsys: pytest.CaptureFixture[str], place: str, fact: str, remedy: str
) -> None:
    """Run, and assert that `place` (file and line) is told with fact and remedy, all else made.

    `headergen check` says what the run says.
    """
    before = {path: path.read_bytes() for path in bad_articles(repo)}
    assert main(["run"]) in (2, 3)
    told = capsys.readouterr().err
    (headline,) = [line for line in told.splitlines() if line.startswith(f"{place}: ")]
    assert fact in headline
    assert remedy in told[told.index(headline) :]
    assert len(told) < 1000
    assert {path: path.read_bytes() for path in before} == before
    assert_good_is_finished(repo)
    assert_check_agrees(capsys, told)
    assert main(["run"]) in (2, 3)
    assert {path: path.read_bytes() for path in before} == before


def bad_articles(repo: Repository) -> list[Path]:
    found = repo.root.glob("*.md")
    return [path for path in found if path.name != "good.md" and path.is_file()]


def yaml_article(text: str) -> bytes:
    return f"---\n{text}---\nBody.\n".encode()


def asking(header: str) -> bytes:
    """An article whose header mapping starts on line 3."""
    return yaml_article(f"header:\n{header}\n")


PROMPT = "header: {prompt: x}\n"
BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("data", "line", "fact", "remedy"),
    [
        pytest.param(
            b"---\r\nheader:\r\n  promt: x\r\n---\r\n", 3, "header.promt", "'prompt'", id="CRLF"
        ),
        pytest.param(
            b"\xef\xbb\xbf---\nheader:\n  promt: x\n---\n", 3, "header.promt", "'prompt'", id="BOM"
        ),
        pytest.param(asking("\tprompt: x"), 3, "a tab, or", "indent by blanks", id="a tab"),
        pytest.param(asking("  prompt: x\n  prompt: y"), 4, "duplicate", "keep one", id="two keys"),
        pytest.param(
            yaml_article(f"{PROMPT}{PROMPT}"), 3, "duplicate", "keep one", id="two headers"
        ),
        pytest.param(
            yaml_article(f"{PROMPT}x: {'[' * 9999}\n"), 3, "deeper than 50", "flatten it", id="deep"
        ),
        pytest.param(
            yaml_article(f"{PROMPT}x:\n{'- ' * 9999}\n"), 4, "deeper than", "flatten", id="dashes"
        ),
        pytest.param(
            yaml_article(BOMB + PROMPT), 7, "aliases repeat more", "write out", id="an alias bomb"
        ),
        pytest.param(
            yaml_article(f"a: &a {'x' * 9999}\nheader:\n  sources: [{'*a,' * 9999}]\n"),
            4,
            "expected a list of 1 to 12 paths",
            "such as [a.png]",
            id="an alias bomb for the error message",
        ),
        pytest.param(asking("  prompt: a\0b"), 3, "U+0000", "remove that character", id="NUL"),
        pytest.param(asking('  prompt: "a\\0b"'), 3, "no text has", "remove it", id="escaped NUL"),
        pytest.param(
            asking('  prompt: "\\ud800"'), 3, "not valid YAML", "correct the line", id="surrogate"
        ),
        pytest.param(
            b"---\nheader:\n  prompt: \xed\xa0\x80\n---\n",
            3,
            "not UTF-8: byte 0xed",
            "save the article as UTF-8",
            id="a surrogate's bytes",
        ),
        pytest.param(
            "---\nx: '\u2028\u2029\x85'\nheader:\n  promt: x\n---\n".encode(),
            4,
            "header.promt",
            "did you mean 'prompt'",
            id="separators that are no lines before a typo",
        ),
        pytest.param(
            yaml_article(f"{PROMPT}x: {'a' * 10_000_000}\n"),
            2,
            "has 10000024 bytes",
            "\n  move long texts",
            id="10 MB of frontmatter",
        ),
        pytest.param(
            b"---\nheader: {promt: x}\n---\n\n---\nheader: {prompt: x}\n---\n",
            2,
            "header.promt",
            "'prompt'",
            id="a second block in the body is text",
        ),
        pytest.param(
            b"---\nheader: {prompt: x}\n...\nBody.\n", 1, "never closed", "\n  put ---", id="dots"
        ),
        pytest.param(
            b"---\nheader: {prompt: x}\n...\nBody.\n\n---\n",
            4,
            "text follows a line of `...`",
            "close the frontmatter by ---",
            id="dots, and a rule in the body",
        ),
        pytest.param(
            b"---\rheader:\r  prompt: x\r---\rBody.\r",
            1,
            "carriage return (CR) alone",
            "LF or CRLF",
            id="lines that end in CR",
        ),
        pytest.param(
            b"+++\rheader.prompt = 'x'\r+++\r", 1, "(CR) alone", "LF or CRLF", id="TOML, CR"
        ),
        pytest.param(
            yaml_article("title: x\n header:\n  prompt: x\n"),
            3,
            "`header:` is indented",
            "beginning of its line",
            id="header indented below a value",
        ),
        pytest.param(
            yaml_article("tags:\n header:\n  prompt: x\n"),
            3,
            "stands below",
            "beginning of its line",
            id="header indented below an empty key",
        ),
        pytest.param(
            yaml_article("header:\nprompt: x\n"),
            3,
            "prompt: is beside `header:`",
            "\n  indent it",
            id="flat",
        ),
        pytest.param(
            yaml_article(f"{PROMPT}n: 1{':1' * 20_000}\n"), 3, "100 parts", "in quotes", id="1:1:1"
        ),
        pytest.param(
            yaml_article(f"{PROMPT}n: {'9' * 5000}\n"), 3, "cannot read", "in quotes", id="digits"
        ),
        pytest.param(
            asking("  prompt: x\n  model: evil/model"), 4, "unknown model", "choose", id="a hub id"
        ),
        pytest.param(asking("  prompt: x\n  model: ./m"), 4, "unknown model", "choose", id="path"),
        pytest.param(
            asking("  prompt: x\n  seed: 1e3"), 4, "'1e3'", "number from 0", id="a wrong type"
        ),
        pytest.param(
            asking("  sources: [a.png]\n  image: &i x.png"), 4, "anchor", "plainly", id="an anchor"
        ),
        pytest.param(
            "---\nheader: {}\n---\n".encode("utf-16"),
            1,
            "UTF-16",
            "\n  save it as UTF-8",
            id="UTF-16",
        ),
        pytest.param(b'{\n"header": {}\n}\n', 2, "JSON", "as YAML (---) or TOML", id="JSON"),
        pytest.param(b"+++\n[header]\nx\n+++\n", 3, "not valid TOML", "correct", id="TOML"),
        pytest.param(
            f"+++\nheader.prompt = 'x'\na = {'[' * 9999}\n+++\n".encode(),
            2,
            "deeper than 50",
            "flatten it",
            id="deep TOML",
        ),
        pytest.param(
            f"+++\nheader.prompt = 'x'\n{'a.' * 9999}a = 1\n+++\n".encode(),
            3,
            "deeper than 50",
            "flatten it",
            id="a deep TOML key",
        ),
    ],
)
def test_a_bad_article(
    repo: Repository,
    capsys: pytest.CaptureFixture[str],
    data: bytes,
    line: int,
    fact: str,
    remedy: str,
) -> None:
    repo.write("bad.md", data)
    assert_refused(repo, capsys, f"bad.md:{line}", fact, remedy)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(b"\xef\xbb\xbf" + GOOD.encode(), id="BOM"),
        pytest.param(GOOD.replace("games\n", "games\t# c\t\n").encode(), id="tabs"),
        pytest.param(GOOD.replace("title", "x: 1\nx: 2\ntitle").encode(), id="other keys twice"),
        pytest.param(GOOD.replace("Two", "'\u2028\u2029\x85'#").encode(), id="U+2028 and its like"),
        pytest.param(GOOD.encode() + b"\n---\n\nheader: {sources: [x]}\n---\n", id="rules below"),
        pytest.param(GOOD.encode() + b"\0\xff\xed\xa0\x80\r", id="any bytes in the body"),
        pytest.param(GOOD.encode() + b"x" * 10_000_000, id="10 MB of body"),
        pytest.param(
            b"+++\r\nheader.sources = ['a.png']\r\n+++\r\n\r\n+++\r\n", id="TOML with CRLF"
        ),
    ],
)
def test_an_odd_article_gains_two_lines_and_keeps_all_others(repo: Repository, data: bytes) -> None:
    article = repo.write("odd.md", data)
    assert main(["run"]) == 0
    new = article.read_bytes().split(b"\n")
    assert len(new) == data.count(b"\n") + 3
    assert [line for line in new if not is_generated(line)] == data.split(b"\n")
    before = (article.read_bytes(), article.stat().st_mtime_ns)
    assert main(["run"]) == 0
    assert (article.read_bytes(), article.stat().st_mtime_ns) == before
    assert_good_is_finished(repo)


def is_generated(line: bytes) -> bool:
    return header_of("odd").encode() in line or b"digest" in line


# --- paths -------------------------------------------------------------------------------------

FOREIGN = "is not a path relative to the article"
WRITE_IT_WITH = "write it with / between folders"
IN_REPOSITORY = "name a file that is in the repository"


@pytest.mark.parametrize(
    ("name", "fact", "remedy"),
    [
        pytest.param("../outside.png", "leaves the repository", IN_REPOSITORY, id="dot dot"),
        pytest.param("/../outside.png", "leaves the", IN_REPOSITORY, id="dot dot at the root"),
        pytest.param("x/../../outside.png", "leaves the", IN_REPOSITORY, id="dot dot in between"),
        pytest.param("/etc/hostname", "does not exist", "repository's root", id="absolute"),
        pytest.param("~/a.png", FOREIGN, WRITE_IT_WITH, id="a home"),
        pytest.param("~root/a.png", FOREIGN, WRITE_IT_WITH, id="another's home"),
        pytest.param("file:///etc/hostname", FOREIGN, WRITE_IT_WITH, id="a file URL"),
        pytest.param("http://localhost/a.png", FOREIGN, WRITE_IT_WITH, id="a URL"),
        pytest.param("C:\\a.png", FOREIGN, WRITE_IT_WITH, id="a drive"),
        pytest.param("C:a.png", FOREIGN, WRITE_IT_WITH, id="a drive's folder"),
        pytest.param("..\\outside.png", FOREIGN, WRITE_IT_WITH, id="a backslash"),
        pytest.param("\\\\server\\a.png", FOREIGN, WRITE_IT_WITH, id="a share"),
        pytest.param("a.png\x1b[31m", FOREIGN, WRITE_IT_WITH, id="a control character"),
        pytest.param("a\0.png", "no text has", "remove it", id="NUL"),
        pytest.param(".git/config", "git's own folder", "outside of .git", id="git's folder"),
        pytest.param(".GIT/config", "git's own folder", "outside of .git", id="in capitals"),
        pytest.param("x/../.git/config", "git's own", "outside of .git", id="the long way"),
        pytest.param("git~1/config", "git's own", "outside of .git", id="by its short name"),
        pytest.param(".git./config", "git's own", "outside of .git", id="with a dot"),
        pytest.param("link.png", "leaves the repository", IN_REPOSITORY, id="a link out"),
        pytest.param("out/outside.png", "leaves the", IN_REPOSITORY, id="a linked folder"),
        pytest.param("circle.png", "cannot be resolved", "another path", id="a circle of links"),
        pytest.param("x" * 300 + ".png", "more than 255 bytes", "shorten it", id="300 bytes"),
        pytest.param("x/" * 3000 + "a.png", "File name too long", "name another", id="6000 bytes"),
        pytest.param("NUL.png", "Windows keeps", "rename the file", id="a device of Windows"),
        pytest.param("con", "Windows keeps", "rename the file", id="in small letters"),
        pytest.param("com1.tar.gz/a.png", "Windows keeps", "rename", id="as a folder"),
        pytest.param("gone.png", "does not exist", "relative to the article", id="not there"),
        pytest.param("folder", "is a folder", "name a picture", id="a folder"),
        pytest.param(header_of("bad"), "where the header itself", "name another", id="itself"),
    ],
)
def test_a_bad_path(
    repo: Repository, capsys: pytest.CaptureFixture[str], name: str, fact: str, remedy: str
) -> None:
    (repo.root / "link.png").symlink_to("../outside.png")
    (repo.root / "out").symlink_to("..")
    (repo.root / "circle.png").symlink_to("circle.png")
    (repo.root / "folder").mkdir()
    repo.write(header_of("bad"), (repo.root / "a.png").read_bytes())
    quoted = name.replace("\\", "\\\\").replace("\0", "\\0").replace("\x1b", "\\e")
    repo.write("bad.md", asking(f'  sources:\n    - a.png\n    - "{quoted}"'))
    assert_refused(repo, capsys, "bad.md:5", fact, remedy)


@pytest.mark.parametrize(
    ("image", "fact", "remedy"),
    [
        pytest.param("../x.png", "leaves the repository", IN_REPOSITORY, id="dot dot"),
        pytest.param(".git/x.png", "git's own folder", "outside of .git", id="git's folder"),
        pytest.param("C:/x.png", FOREIGN, WRITE_IT_WITH, id="a drive"),
        pytest.param("out/x.png", "leaves the repository", IN_REPOSITORY, id="a linked folder"),
        pytest.param("a title", "is no picture", "another image_key", id="no path at all"),
    ],
)
def test_a_bad_image(
    repo: Repository, capsys: pytest.CaptureFixture[str], image: str, fact: str, remedy: str
) -> None:
    (repo.root / "out").symlink_to("..")
    repo.write("bad.md", asking(f"  sources: [a.png]\n  image: {image}"))
    assert_refused(repo, capsys, "bad.md:4", fact, remedy)


@pytest.mark.parametrize(
    ("name", "fact", "remedy"),
    [
        pytest.param("aux.md", "Windows keeps for a device", "rename", id="a device of Windows"),
        pytest.param("x" * 252 + ".md", "more than 255 bytes", "rename", id="no room for .png"),
        pytest.param("a\\b.md", "named after it", "rename the article", id="a backslash"),
        pytest.param("a\x1b[31m.md", "named after it", "rename the article", id="a control"),
    ],
)
def test_an_article_after_which_no_header_can_be_named(
    repo: Repository, capsys: pytest.CaptureFixture[str], name: str, fact: str, remedy: str
) -> None:
    repo.write(name, asking("  sources: [a.png]"))
    shown = name.replace("\x1b", "\\x1b")
    assert_refused(repo, capsys, f"{shown}:2", fact, remedy)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("post.md", "post.mdx", id="one name, two suffixes"),
        pytest.param("post.md", "POST.md", id="names that differ in case"),
        pytest.param(
            "caf\u00e9.md", unicodedata.normalize("NFD", "caf\u00e9.md"), id="Unicode forms"
        ),
        pytest.param("stra\u00dfe.md", "STRASSE.md", id="a letter that grows in capitals"),
    ],
)
def test_two_articles_with_one_header(
    repo: Repository, capsys: pytest.CaptureFixture[str], first: str, second: str
) -> None:
    article = asking("  sources: [a.png]")
    repo.write(first, article)
    repo.write(second, article)
    assert main(["run"]) == 2
    told = capsys.readouterr().err
    for one, other in ((first, second), (second, first)):
        image = header_of(Path(one).stem)
        assert f"{one}:2: {image} would be the same file as a picture of {other}" in told
        assert (repo.root / one).read_bytes() == article
    assert "rename one of the articles; or that picture" in told
    assert os.listdir(repo.root / HEADERS) == ["good.png"]
    assert_good_is_finished(repo)


# --- sources -----------------------------------------------------------------------------------


def writes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A gray PNG of one byte of pixels, however large it says to be."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    all_chunks = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in all_chunks
    )


def sized(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def bind(path: Path) -> None:
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path, here))


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o666 | 0o020000, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        pytest.skip("only root makes devices")
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        pytest.skip("this file system has no devices")


def half_a_picture(path: Path) -> None:
    data = Path("b.jpg").read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("make", "fact", "remedy"),
    [
        pytest.param(writes(png(60_000, 60_000)), "more than 50,000,000", "scale it", id="a bomb"),
        pytest.param(os.mkfifo, "not a regular file", "name a picture", id="a pipe"),
        pytest.param(bind, "not a regular file", "name a picture", id="a socket"),
        pytest.param(device, "not a regular file", "name a picture", id="a device"),
        pytest.param(
            lambda path: path.symlink_to("/dev/zero"),
            "leaves",
            IN_REPOSITORY,
            id="linked device",
        ),
        pytest.param(half_a_picture, "cut short", "save the picture again", id="truncated"),
        pytest.param(writes(b"\x89PNG\r\n\x1a\n"), "not a picture", "save it", id="a signature"),
        pytest.param(writes(b""), "is empty (0 bytes)", "save the picture again", id="0 bytes"),
        pytest.param(writes(b"<svg xmlns='x'/>"), "is SVG, which", "save it as PNG", id="SVG"),
        pytest.param(writes(b"%!PS-Adobe-3.0 EPSF"), "not a picture", "save it as", id="EPS"),
        pytest.param(
            lambda path: sized(path, 400_000_001), "larger than 400,000,000", "scale", id="huge"
        ),
    ],
)
def test_a_bad_source(
    repo: Repository,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], object],
    fact: str,
    remedy: str,
) -> None:
    make(repo.root / "source.png")
    repo.write("bad.md", asking("  sources:\n    - a.png\n    - source.png"))
    assert_refused(repo, capsys, "bad.md:5", fact, remedy)


def test_a_text_bomb_in_a_source_is_refused(
    repo: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    bomb = b"Comment\0\0" + zlib.compress(b"x" * 50_000_000)
    repo.write("source.png", png(8, 8, (b"zTXt", bomb)))
    repo.write("bad.md", asking("  sources:\n    - a.png\n    - source.png"))
    assert main(["run"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("bad.md:5: header.sources[1]: 'source.png' is damaged or cut short: ")
    assert told.endswith("\n  save the picture again\n")
    assert_good_is_finished(repo)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: Image.new("RGB", (1, 1), "red").save(path), id="1x1"),
        pytest.param(lambda path: Image.new("RGB", (10_000, 1), "red").save(path), id="10000x1"),
        pytest.param(lambda path: Image.new("RGB", (1, 10_000), "red").save(path), id="1x10000"),
        pytest.param(
            lambda path: Image.new("RGB", (9, 9), "red").save(path, "JPEG", comment=b"x" * 60_000),
            id="metadata larger than the picture",
        ),
    ],
)
def test_an_odd_source_is_composed(repo: Repository, make: Callable[[Path], object]) -> None:
    make(repo.root / "source.png")
    article = repo.write("odd.md", asking("  sources: [source.png, a.png]"))
    assert main(["run"]) == 0
    with Image.open(repo.root / header_of("odd")) as header:
        assert header.size == SIZE
    assert f"image: {header_of('odd')}".encode() in article.read_bytes()


@pytest.mark.parametrize(
    ("swap", "fact"),
    [
        pytest.param(
            lambda path: path.symlink_to("../outside.png"), "leaves the repository", id="a link out"
        ),
        pytest.param(os.mkfifo, "is not a regular file", id="a pipe"),
        pytest.param(Path.mkdir, "is a directory", id="a folder"),
    ],
)
def test_a_source_swapped_between_check_and_use(
    repo: Repository,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    swap: Callable[[Path], object],
    fact: str,
) -> None:
    source = repo.write("source.png", (repo.root / "a.png").read_bytes())
    article = repo.write("bad.md", asking("  sources: [source.png]"))
    run = runner.run

    def swap_first(*arguments: object, **options: object) -> object:
        source.unlink()
        swap(source)
        return run(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "run", swap_first)
    assert main(["run"]) == 2
    assert f"bad.md:3: header.sources[0]: 'source.png' {fact}" in capsys.readouterr().err
    assert article.read_bytes() == asking("  sources: [source.png]")
    assert not (repo.root / header_of("bad")).exists()
    assert_good_is_finished(repo)


def test_a_picture_folder_swapped_for_a_link_at_the_last_moment(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = repo.root.parent / "outside"
    outside.mkdir()
    folder = repo.root / HEADERS
    fsync = os.fsync

    def swap_at_the_headers_fsync(handle: int) -> None:
        fsync(handle)
        if not folder.is_symlink():
            folder.rename(repo.root / "elsewhere")
            folder.symlink_to(outside)

    monkeypatch.setattr(os, "fsync", swap_at_the_headers_fsync)
    assert main(["run"]) == 2
    assert "leaves the repository" in capsys.readouterr().err
    assert os.listdir(outside) == []
    assert (repo.root / "good.md").read_text() == GOOD


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(os.mkfifo, id="a pipe"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), id="a link to an endless device"),
        pytest.param(lambda path: path.symlink_to("/dev/tty"), id="a link to the terminal"),
        pytest.param(lambda path: path.symlink_to(path.name), id="a link to itself"),
    ],
)
@pytest.mark.parametrize("command", ["run", "check", "preview"])
def test_an_article_that_is_no_file_neither_hangs_nor_fills_the_memory(
    repo: Repository, make: Callable[[Path], object], command: str
) -> None:
    make(repo.root / "bad.md")
    assert main([command]) in (0, 1, 2)
    if command == "run":
        assert_good_is_finished(repo)
