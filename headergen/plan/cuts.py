"""Cuts: pictures in other shapes that are made of a header, for link cards, squares and the like.

Each has a key of its own in the frontmatter. It carries the digest of its header, so that one which
was cut from an older header is known, and the author's own picture in its place as well.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headergen.article.article import Article
from headergen.picture import first_bytes
from headergen.plan import places
from headergen.plan.state import Fresh, StandIn
from headergen.settings.config import Config, WantedCut
from headergen.vocabulary import FORMATS, SHARP, enlarged_by


@dataclass(frozen=True)
class Cut:
    """One cut of a header: the text at its key, its file (absolute), its size."""

    key: str
    image: str
    output: Path
    width: int
    height: int

    def enlargement(self, width: int, height: int) -> str | None:
        """Return a note if it is enlarged from a header of this size (px); None: it looks sharp."""
        factor = enlarged_by((width, height), (self.width, self.height))
        if factor <= SHARP:
            return None
        return (
            f"{self.key} is enlarged {factor:.2f}× from {width}×{height} px and looks soft; set a "
            "larger header.width and header.height, or a smaller size under also"
        )

    def stands_beside(self, article: Article) -> bool:
        """Tell whether it is there, as the cut of the header that the article names."""
        try:
            return self.is_it(first_bytes.probe(self.output), article, article.digest)
        except OSError:
            return False

    def is_it(self, found: first_bytes.Picture, article: Article, digest: str | None) -> bool:
        """Tell whether what was found in its place is it: its size, of the header of `digest`.

        One without a digest passes where the article names it already: tools that shrink pictures
        strip what they don't know.
        """
        is_named = (article.text_at(self.key), article.digest) == (self.image, digest)
        is_known = found.digest == digest or (found.digest is None and is_named)
        return is_known and (found.width, found.height) == (self.width, self.height)


def beside(state: object, config: Config, root: Path) -> tuple[Cut, ...]:
    """List the cuts that are to stand beside a header that headergen made; none beside another.

    Raises:
        ArticleError: its file cannot be named after the article.
    """
    if not isinstance(state, Fresh | StandIn) or state.article.digest is None:
        return ()
    return cuts_of(state.article, config, root)


def cuts_of(article: Article, config: Config, root: Path) -> tuple[Cut, ...]:
    """List the cuts of the article's header; not where the author says something else.

    Raises:
        ArticleError: its file cannot be named after the article.
    """
    found = ((wanted, _cut(article, wanted, config, root)) for wanted in config.also)
    return tuple(cut for wanted, cut in found if not _is_own(article, wanted, cut, config, root))


def _cut(article: Article, wanted: WantedCut, config: Config, root: Path) -> Cut:
    output = places.output_for(article, config, root, suffix=wanted.suffix)
    return Cut(wanted.key, *output, wanted.width, wanted.height)


def _is_own(article: Article, wanted: WantedCut, cut: Cut, config: Config, root: Path) -> bool:
    """Tell whether the author wrote what stands under the key, and not headergen.

    A path that leads nowhere is the author's as well: it may start at the site's root.
    """
    text = article.text_at(cut.key)
    if text is None:
        return article.value_at(cut.key) is not None
    if text in ("", cut.image):
        return False
    named = places.cut_of(article, cut.key, config, root)
    try:
        # `output` may have been another, which put the cut elsewhere.
        is_cut = wanted.suffix in text
        return named is None or not is_cut or first_bytes.probe(named).digest is None
    except OSError:
        return text not in (
            places.output_for(article, config, root, suffix=wanted.suffix, format=format).text
            for format in FORMATS
        )


def named_by(article: Article, config: Config, root: Path) -> list[Path]:
    """List the files that the article names under the keys of the config's `also`."""
    found = (places.cut_of(article, wanted.key, config, root) for wanted in config.also)
    return list(filter(None, found))


def texts_of(article: Article, image: str, cuts: Iterable[Cut], config: Config) -> dict[str, str]:
    """Return what an article says, by dotted keys, when its header and all beside it are there."""
    texts = {article.image_key: image, **{cut.key: cut.image for cut in cuts}}
    if config.alt_key and article.alt is not None:
        texts[config.alt_key] = article.alt
    return texts


def lacking(article: Article, cuts: Sequence[Cut], texts: Mapping[str, str]) -> Iterator[str]:
    """Yield the keys whose text or picture is not as it is to be beside the standing header."""
    gone = {cut.key for cut in cuts if not cut.stands_beside(article)}
    yield from (key for key, text in texts.items() if article.text_at(key) != text or key in gone)


def absent(article: Article, cuts: Sequence[Cut], texts: Mapping[str, str]) -> list[Path]:
    """List the files of cuts that are not there, if nothing else is lacking beside the header."""
    keys = set(lacking(article, cuts, texts))
    files = {cut.key: cut.output for cut in cuts if not cut.output.exists()}
    only_files = all(key in files and article.text_at(key) == texts[key] for key in keys)
    return [files[key] for key in sorted(keys)] if only_files else []
