"""Pictures that headergen made and that no article needs any more."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.errors import ArticleError, HeadergenError, PathError, SkippedError
from headergen.picture.first_bytes import SUFFIX_FORMATS, probe
from headergen.plan import cuts, defaults, places
from headergen.repository import discovery, git, listing, scratch
from headergen.settings.config import Config
from headergen.vocabulary import ARTICLE_SUFFIXES, FORMATS
from headergen.wording import counted

_OWN_SUFFIXES = tuple(f".{format}" for format in FORMATS)


@dataclass(frozen=True)
class Orphan:
    """A picture (absolute path) that no article needs.

    If it `is_committed`, the last commit has it as it is on disk, and git can bring it back.
    """

    path: Path
    size_bytes: int
    is_committed: bool


@dataclass(frozen=True)
class Found:
    """The orphans; none where there are `doubts`, such as an article that cannot be read."""

    orphans: tuple[Orphan, ...] = ()
    doubts: tuple[HeadergenError, ...] = ()


def find(config: Config, root: Path, shown: Iterable[Path] = ()) -> Found:
    """Find the pictures in the repository at `root` that headergen made and nothing needs.

    Needed are: what an article names as header, cut or source; the place where the header of an
    article goes, since `run` takes what it finds there; and what the text of any file may show.

    Args:
        config: the repository's.
        root: the top folder of the working tree, resolved.
        shown: pictures (absolute) that are known to be needed, so that fewer files are read.

    Raises:
        GitError: git cannot say which files there are.
    """
    files = listing.listed(root)
    own = _without(_own(files, root), shown)
    if not own:
        return Found()
    needed, doubts = _needed_by_articles(files, config, root)
    doubts += _left_out(files, root)
    own = _without(own, [*needed, *_linked(files, root)])
    if doubts or not own:
        return Found((), tuple(doubts))
    from headergen.report.mentions import mentioned  # for the few repositories that have orphans

    try:
        own = sorted(set(own) - mentioned(own, _texts(files, root), root))
    except OSError as error:
        return Found((), (_doubt(error.filename or os.fspath(root), error),))
    unlike = git.status(root, own)
    return Found(tuple(_orphan(path, files, unlike, root) for path in own))


def _own(files: Iterable[str], root: Path) -> list[Path]:
    """List the pictures that have headergen's digest inside, but no candidates."""
    names = (name for name in files if name.lower().endswith(_OWN_SUFFIXES))
    paths = (root / name for name in names if scratch.FOLDER not in name.split("/"))
    return [path for path in paths if not path.is_symlink() and _is_headergens(path)]


def _is_headergens(path: Path) -> bool:
    with suppress(OSError):
        return probe(path).digest is not None
    return False


def _without(pictures: Sequence[Path], needed: Iterable[Path]) -> list[Path]:
    """Return the pictures that are not needed; symlinks on the way are followed."""
    real = {os.path.realpath(path) for path in needed}
    return [path for path in pictures if os.path.realpath(path) not in real]


def _needed_by_articles(
    files: Mapping[str, str], config: Config, root: Path
) -> tuple[list[Path], list[HeadergenError]]:
    """List what articles need, also those that git ignores, and why some cannot be read.

    Of those that git ignores, and of other repositories' inside, it does not matter.
    """
    known = {os.path.realpath(root / name) for name in files if _is_article(name)}
    others = map(os.path.realpath, discovery.articles_below(os.fspath(root)))
    needed = [root / config.card_logo] if config.card_logo else []
    doubts: list[HeadergenError] = []
    for name in sorted({*known, *others}):
        try:
            needed += _needed_by(name, config, root)
        except (FileNotFoundError, SkippedError):
            continue  # it is deleted, and git does not know yet; or it has no header of headergen's
        except (HeadergenError, OSError) as error:
            if name in known:
                doubts.append(_doubt(name, error))
    return needed, doubts


def _is_article(name: str) -> bool:
    return name.lower().endswith(ARTICLE_SUFFIXES)


def _doubt(path: str, error: HeadergenError | OSError) -> HeadergenError:
    name = os.path.relpath(path)
    if isinstance(error, OSError):
        return ArticleError(f"cannot be read: {error.strerror}", path=name)
    return error.at(path=name, line=error.line, key=error.key)


def _needed_by(name: str, config: Config, root: Path) -> Iterator[Path]:
    every = defaults.has_default(name, config, root)
    article = articles.read(name, config.keys, every=every)
    if article is None:
        return
    yield from cuts.named_by(article, config, root)
    for text in _texts_in(article):
        with suppress(PathError):
            if file := places.file_of(text, article, config, root):
                yield file
    if _wants_header(article, config, root):
        yield from _outputs(article, config, root)


def _texts_in(article: Article) -> Iterator[str]:
    """Yield what the article says of pictures: its header, its sources, those on its card."""
    yield article.image or ""
    if article.request:
        yield from article.request.sources
        card = article.request.card
        yield from filter(None, (card.logo, card.picture) if card else ())


def _wants_header(article: Article, config: Config, root: Path) -> bool:
    try:
        return defaults.request_for(article, config, root) is not None
    except ArticleError:  # its default needs a title
        return True


def _outputs(article: Article, config: Config, root: Path) -> Iterator[Path]:
    with suppress(ArticleError):
        for suffix in ("", *(cut.suffix for cut in config.also)):
            yield places.output_for(article, config, root, suffix=suffix).file


def _left_out(files: Mapping[str, str], root: Path) -> Iterator[HeadergenError]:
    """Yield the doubt that a sparse checkout leaves: what it leaves out may name a picture."""
    left_out = [
        name
        for name, letter in files.items()
        if letter.upper() == listing.LEFT_OUT
        and not _is_picture(name)
        and not (root / name).exists()
    ]
    if left_out:
        message = f"is left out by a sparse checkout: {counted(len(left_out), 'file')} in all"
        remedy = "run it in a whole checkout"
        yield ArticleError(message, path=left_out[0], remedy=remedy)


def _is_picture(name: str) -> bool:
    return name.lower().endswith(tuple(SUFFIX_FORMATS))


def _linked(files: Iterable[str], root: Path) -> list[Path]:
    """List the symlinks: whoever put one there needs what it leads to."""
    return [root / name for name in files if (root / name).is_symlink()]


def _texts(files: Iterable[str], root: Path) -> Iterator[Path]:
    paths = (root / name for name in files if not _is_picture(name))
    return (path for path in paths if path.is_file() and not path.is_symlink())


def _orphan(path: Path, files: Mapping[str, str], unlike: Collection[Path], root: Path) -> Orphan:
    is_clean = files[path.relative_to(root).as_posix()] == listing.TRACKED and path not in unlike
    return Orphan(path, path.stat().st_size, is_clean)
