"""Let a hook that has nothing to do end at once, before PyYAML, argparse and the rest are loaded.

The record of an earlier hook says which commit and which tree it compared, and which articles of
the tree were judged whole. Git is asked once how the index differs from that tree. The hook ends
if nothing that concerns headers differs, or only the text below an article's frontmatter, and if
HEAD is still that commit, or the tree itself by now. The record is in git's own folder; if it is
lost or damaged, the full check runs.
"""

from __future__ import annotations

import os

from headergen import __version__
from headergen.errors import HeadergenError
from headergen.repository.porcelain import ask, differences

# To import collections, contextlib and hashlib takes a quarter of all the time that a hook has.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

# Where a config may be, relative to the root; the first that speaks of headergen.
CONFIG_FILES = ("headergen.yaml", "config.yaml", "pyproject.toml")

_ARTICLES = (".md", ".markdown", ".mdx", ".qmd")

# How no picture ends. Commits of such files are many, and end at once.
_OF_TEXT = (
    *(".c", ".cc", ".cpp", ".cs", ".css", ".csv", ".go", ".h", ".hpp", ".html", ".ini", ".ipynb"),
    *(".java", ".js", ".json", ".jsx", ".kt", ".less", ".lock", ".lua", ".mjs", ".php", ".pl"),
    *(".py", ".pyi", ".r", ".rb", ".rs", ".rst", ".sass", ".scss", ".sh", ".sql", ".svelte"),
    *(".swift", ".tex", ".toml", ".ts", ".tsx", ".txt", ".vue", ".xml", ".yaml", ".yml"),
)

# Whether a record covers all articles that differ from HEAD, or those that were named.
_ALL, _SOME = "all", "some"

# Of an article that was judged whole: the length and the hash of its frontmatter, and the files
# that the verdict depends on, by their names in the index.
Judged = tuple[int, str, "Sequence[str]"]


def nothing_to_do(arguments: Sequence[str]) -> bool:
    """Check whether `arguments` ask for a hook on a commit in which every header is accepted.

    False means that the full check must run; it also reports whatever goes wrong here.
    """
    names = _hook_files(arguments)
    if names is None:
        return False
    try:
        stamp, covers, head, tree, articles = _read()
        if stamp != _stamp() or (covers == _SOME and not names_articles(names)):
            return False
        if not articles.keys() >= set(names) or not _is_at(head, tree):
            return False
        needed = {name for _, _, names in articles.values() for name in names}
        return all(
            (blob and name not in needed and not may_matter(name))
            or _has_same_frontmatter(name, blob, articles)
            for name, blob in differences(os.curdir, tree)
        )
    except (OSError, ValueError, HeadergenError):
        return False


def names_articles(names: Collection[str]) -> bool:
    """Check whether the hook is called for the articles `names` alone, and not for all changed.

    The frameworks leave out articles that their config excludes, and set the variable.
    """
    return bool(names) or "PRE_COMMIT" in os.environ


def may_matter(name: str) -> bool:
    """Check whether the file `name` may decide about a header that names it, or about all.

    Links have to be told apart by their mode: a link may have any name.
    """
    return name in CONFIG_FILES or not is_text(name)


def is_text(name: str) -> bool:
    """Check whether the file `name` ends as text does, such as `.py`; no request may name one."""
    return name.lower().endswith(_OF_TEXT)


def remember(judged: Mapping[str, Judged], *, covers_all: bool) -> None:
    """Record that the index is accepted, with the articles in it that were `judged` whole.

    The current folder must be the repository's root. Articles of the record before stay in it
    unless they, or what they depend on, changed since. `covers_all` says that no article that
    differs from HEAD was left out.
    """
    try:
        tree = os.fsdecode(ask(os.curdir, "write-tree").strip())
        covers = _ALL if covers_all else _SOME
        parts = [_stamp(), covers, _head(), tree, *_lines({**_still_judged(), **judged})]
        os.makedirs(os.path.dirname(_place()), exist_ok=True)
        with open(_place(), "wb") as file:
            file.write(os.fsencode("\0".join(parts)))
    except (OSError, ValueError, HeadergenError):
        return  # such as in a read-only repository


def _lines(judged: Mapping[str, Judged]) -> Iterable[str]:
    for name, (length, digest, needed) in judged.items():
        yield from (name, str(length), digest, str(len(needed)), *needed)


def _still_judged() -> dict[str, Judged]:
    """Return what the record before says of articles that nothing has touched since."""
    try:
        stamp, _, _, tree, articles = _read()
        changed = {name for name, _ in differences(os.curdir, tree)}
    except (OSError, ValueError, HeadergenError):
        return {}
    if stamp != _stamp():
        return {}
    return {
        name: judged
        for name, judged in articles.items()
        if changed.isdisjoint((name, *judged[2], *CONFIG_FILES))
    }


def _read() -> tuple[str, str, str, str, dict[str, Judged]]:
    """Read the record.

    Raises:
        OSError, ValueError: There is none, or it is damaged.
    """
    with open(_place(), "rb") as file:
        stamp, covers, head, tree, *rest = os.fsdecode(file.read()).split("\0")
    articles: dict[str, Judged] = {}
    at = 0
    while at < len(rest):
        name, length, digest, count = rest[at : at + 4]
        end = at + 4 + int(count)
        articles[name] = int(length), digest, rest[at + 4 : end]
        at = end
    return stamp, covers, head, tree, articles


def _hook_files(arguments: Sequence[str]) -> list[str] | None:
    """Return the articles of `hook FILE …` and `hook -- FILE …`, None with any other option."""
    files = list(arguments[2 if arguments[1:2] == ["--"] else 1 :])
    if arguments[:1] != ["hook"] or any(name.startswith("-") for name in files):
        return None
    return [name for name in files if name.lower().endswith(_ARTICLES)]


def _has_same_frontmatter(name: str, blob: str, articles: Mapping[str, Judged]) -> bool:
    """Check whether the staged article differs from the judged one only below its frontmatter.

    The file on disk shows it, if its bytes are those of the blob that is staged.
    """
    if name not in articles:
        return False
    length, digest, _ = articles[name]
    with open(name, "rb") as file:
        data = file.read()
    return _blob_id(data, len(blob)) == blob and _hash(data[:length]) == digest


def _blob_id(data: bytes, digits: int) -> str:
    """Return git's id of a blob: SHA-1 has 40 digits, SHA-256 has 64 (gitformat-pack(5))."""
    import hashlib

    algorithm = hashlib.sha1 if digits == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()


def _hash(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def frontmatter_of(data: bytes, length: int) -> tuple[int, str]:
    """Return what a record says of an article whose frontmatter is its first `length` bytes.

    With 0, any change of the article leads to the full check.
    """
    return length, _hash(data[:length]) if length else ""


def _is_at(head: str, tree: str) -> bool:
    """Check whether HEAD is the commit `head`, or a commit of `tree`.

    Compared with any other commit, the index could differ in articles that nobody has judged.

    Raises:
        OSError, ValueError: HEAD is in none of the simple places.
    """
    now = _head()
    return now == head or _tree_of(now) == tree


def _head() -> str:
    """Return the commit that HEAD names (gitrepository-layout(5)).

    Raises:
        OSError, ValueError: There is none, or it is written in another way than git's usual one.
    """
    text = _text(_git_folder(), "HEAD")
    if text.startswith("ref: "):
        text = _commit_at(text.removeprefix("ref: "))
    int(text, 16)
    return text


def _commit_at(name: str) -> str:
    """Return what is written at the reference `name`; "" where it is not found."""
    for folder in (_git_folder(), _common_folder()):
        try:
            return _text(folder, name)
        except OSError:
            continue
    lines = _text(_common_folder(), "packed-refs").split("\n")
    return next((line.split(" ")[0] for line in lines if line.endswith(f" {name}")), "")


def _tree_of(commit: str) -> str:
    """Return the tree of a commit that was made lately: git has not packed it yet."""
    import zlib

    folder = os.environ.get("GIT_OBJECT_DIRECTORY") or os.path.join(_common_folder(), "objects")
    with open(os.path.join(folder, commit[:2], commit[2:]), "rb") as file:
        try:
            data = zlib.decompress(file.read())
        except zlib.error as error:
            raise ValueError from error
    return os.fsdecode(data.partition(b"\0tree ")[2].partition(b"\n")[0])


def _text(folder: str, name: str) -> str:
    with open(os.path.join(folder, name), "rb") as file:
        return os.fsdecode(file.read()).strip()


def _git_folder() -> str:
    """Return git's folder, which a `.git` file or the environment may name."""
    folder = os.environ.get("GIT_DIR") or ".git"
    if os.path.isfile(folder):
        folder = _text("", folder).removeprefix("gitdir:").strip()
    return folder


def _common_folder() -> str:
    """Return the folder of refs and objects, which a linked worktree shares with others."""
    folder = _git_folder()
    try:
        return os.path.join(folder, _text(folder, "commondir"))
    except OSError:
        return os.environ.get("GIT_COMMON_DIR") or folder


def _place() -> str:
    return os.path.join(_git_folder(), "headergen", "accepted")


def _stamp() -> str:
    """Return what the verdict depends on outside of the index: this headergen, and config files.

    Raises:
        ValueError: A config file is a link.
    """
    parts = [__version__, __file__]
    for name in CONFIG_FILES:
        if os.path.islink(name):
            raise ValueError(f"{name} is a link, and git stores its file elsewhere")
        try:
            with open(name, "rb") as file:
                parts += [name, file.read().hex()]
        except OSError:
            continue
    return "\n".join(parts)
