"""Candidates for an article's header: planned, and kept where no commit looks.

They vary seeds, and words where a model paints nearly the same from every seed. Each article has a
folder of them in `.headergen`: a PNG for each, with the digest of its request inside, and a record
of what each request was.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from headergen.article import edit
from headergen.article.article import Article
from headergen.article.edit import Changes
from headergen.errors import ArticleError
from headergen.picture import metadata, provenance
from headergen.picture.first_bytes import probe
from headergen.plan import defaults
from headergen.plan import job as planning
from headergen.plan import state as states
from headergen.plan.job import Job, Painting
from headergen.repository import scratch
from headergen.settings.config import Config

RECORD_FILE = "candidates.json"
_LONGEST_RECORD_BYTES = 4_000_000


@dataclass(frozen=True)
class Planned:
    """A candidate to paint; `job` would make it the header of the article as it is."""

    number: int
    variant: Variant
    job: Job
    painting: Painting


@dataclass(frozen=True)
class Candidate:
    """A candidate that is painted: `digest` is that of its request, `what` what it varies.

    `painted_as` tells its painting from any other, whatever device it is done on.
    """

    number: int
    seed: int
    prompt: str
    what: str
    digest: str
    painted_as: str

    @property
    def changes(self) -> Changes:
        """What its request says otherwise than the article's may."""
        return {"prompt": self.prompt, "seed": self.seed}


@dataclass(frozen=True)
class Record:
    """An article's candidates; `request` is the digest of the request that they are variants of."""

    request: str
    candidates: tuple[Candidate, ...]

    def are_for(self, article: Article, config: Config, root: Path) -> bool:
        """Tell whether the article asks for what they vary, or for one of them.

        Raises:
            ArticleError: the config's default for the article needs a title that it has not.
        """
        return asked(article, config, root) in {
            self.request,
            *(each.digest for each in self.candidates),
        }


def asked(article: Article, config: Config, root: Path) -> str:
    """Return the digest of the request for a painting, the article's or its default; else "".

    Raises:
        ArticleError: as `Record.are_for`.
    """
    request = defaults.request_for(article, config, root)
    return states.digest_of(request, ()) if request and request.prompt else ""


def planned(article: Article, config: Config, root: Path, count: int) -> list[Planned]:
    """Plan `count` candidates for an article with a prompt, its own or the config's default.

    Where a model's seeds vary little and the prompt can be written back, words vary, too.

    Raises:
        ArticleError: the article has no prompt, or a picture of the author's, or cannot be edited.
    """
    request = defaults.request_for(article, config, root)
    if request is None or request.prompt is None:
        message = "has no prompt to paint candidates from"
        raise article.error(None, message, f"write {article.keys.of_request('prompt')}")
    seeds = variants(request.prompt, request.seed, count, words=False)
    found = [_planned(article, 1, seeds[0], config, root)]
    if found[0].painting.seeds_vary_little:
        with suppress(ArticleError):  # such as a prompt of several lines: seeds can be varied still
            words = variants(request.prompt, request.seed, count, words=True)
            return [_planned(article, i, each, config, root) for i, each in enumerate(words, 1)]
    return found + [_planned(article, i, each, config, root) for i, each in enumerate(seeds[1:], 2)]


def _planned(
    article: Article, number: int, variant: Variant, config: Config, root: Path
) -> Planned:
    job = job_with(article, {"prompt": variant.prompt, "seed": variant.seed}, config, root)
    assert isinstance(job, Job)  # with another seed no header is fresh
    assert isinstance(job.content, Painting)
    return Planned(number, variant, job, job.content)


def job_with(article: Article, changes: Changes, config: Config, root: Path) -> Job | states.Fresh:
    """Plan the header of the article as it would be with `changes`; writing back makes them.

    Raises:
        ArticleError: the header is the author's own picture, or the article cannot be edited.
    """
    if isinstance(states.state_of(article, config, root), states.HandMade):
        message = f"has a picture of your own: {article.image}"
        remedy = (
            f"it is left alone: candidates are for headers that {article.image_key} doesn't have"
        )
        raise article.error(None, message, remedy)
    found = planning.job_for(edit.with_request(article, changes), config, root)
    if stand_in := planning.stand_in_of(found):
        found = planning.job_of(stand_in.wanted, config, root)
    if isinstance(found, Job):
        return replace(found, article=article, changes=changes)
    assert isinstance(found, states.Fresh)  # it has a prompt now, and is not hand-made
    return found


def folder_of(article: Article, root: Path) -> str:
    """Name the article's folder in `.headergen`, by where the article lies below `root`."""
    name = os.path.relpath(article.path.absolute(), root)
    return f"candidates/{Path(name).as_posix()}"


def picture_of(article: Article, number: int, root: Path) -> Path:
    """Return where candidate `number` lies, there or not."""
    return root / scratch.FOLDER / folder_of(article, root) / f"{number}.png"


def read(article: Article, root: Path) -> Record | None:
    """Read what is kept of an article's candidates; None: nothing, or nothing that can be read."""
    try:
        with (root / scratch.FOLDER / folder_of(article, root) / RECORD_FILE).open("rb") as file:
            return parsed(file.read(_LONGEST_RECORD_BYTES))
    except OSError:
        return None


def parsed(data: bytes) -> Record | None:
    """Return what a record says, which anybody may have written; None if it is none."""
    try:
        record = json.loads(data)
        found = tuple(_candidate(each) for each in record["candidates"])
        return Record(str(record["request"]), found)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _candidate(values: dict[str, object]) -> Candidate:
    """Read one from a record, which anybody may have written.

    Raises:
        TypeError: it is none.
    """
    types = {"number": int, "seed": int}
    if any(type(value) is not types.get(key, str) for key, value in values.items()):
        raise TypeError(values)
    return Candidate(**values)  # type: ignore[arg-type]


def shown(article: Article, config: Config, root: Path) -> list[Candidate]:
    """List the candidates that can be picked for the article as it is, and are there.

    Raises:
        ArticleError: as `Record.are_for`.
    """
    kept = read(article, root)
    if kept is None or not kept.are_for(article, config, root):
        return []
    return [each for each in kept.candidates if _digest_in(article, each, root) == each.digest]


def _digest_in(article: Article, candidate: Candidate, root: Path) -> str | None:
    try:
        return probe(picture_of(article, candidate.number, root)).digest
    except OSError:
        return None


def reusable(article: Article, wanted: Iterable[Planned], root: Path) -> list[Candidate]:
    """List the candidates that an earlier run painted just as they are wanted now."""
    kept = read(article, root)
    by_number = {each.number: each for each in kept.candidates} if kept else {}
    return [
        found
        for each in wanted
        if (found := by_number.get(each.number))
        and is_whole(article, found, each.job, root)
        and is_painted_so(article, found, each.job, root)
    ]


def is_painted_so(article: Article, candidate: Candidate, job: Job, root: Path) -> bool:
    """Return whether the candidate was asked for as the job would ask for it, if a model paints."""
    painting = job.content
    if not isinstance(painting, Painting) or candidate.painted_as == painting.asked_as:
        return True
    picture = picture_of(article, candidate.number, root)
    return painting.is_told_by(provenance.read(metadata.read(picture)).settings)


def is_whole(article: Article, candidate: Candidate, job: Job, root: Path) -> bool:
    """Tell whether the candidate's picture is there, for the job's very request and size."""
    try:
        found = probe(picture_of(article, candidate.number, root))
    except OSError:
        return False
    wanted = (job.digest, job.width, job.height)
    return candidate.digest == job.digest and (found.digest, found.width, found.height) == wanted


@dataclass(frozen=True)
class Variation:
    """Words that are put behind a prompt, in the prompt's own language."""

    english: str
    japanese: str


# Light, distance, angle and palette: what changes a picture and leaves its subject alone.
VARIATIONS: Mapping[str, Variation] = {
    "golden hour": Variation("warm light of the golden hour", "夕方の暖かい光"),
    "wide view": Variation("wide view from afar", "遠くからの広い眺め"),
    "close-up": Variation("close-up, shallow depth of field", "クローズアップ、浅い被写界深度"),
    "blue night": Variation("blue night, soft moonlight", "青い夜、やわらかな月明かり"),
    "low angle": Variation("seen from a low angle", "ローアングルで見上げる構図"),
    "pastel": Variation("pale pastel colours", "淡いパステルカラー"),
    "from above": Variation("seen from above", "真上から見下ろす構図"),
    "bold colours": Variation("few bold colours, strong contrast", "大胆な配色、強いコントラスト"),
}

_KANA = re.compile("[\u3040-\u30ff]")


@dataclass(frozen=True)
class Variant:
    """One candidate's request: seed and prompt; `name` is that of the variation, "" for none."""

    seed: int
    prompt: str
    name: str

    @property
    def what(self) -> str:
        """What an author is told that it varies."""
        return f"seed {self.seed}, {self.name}" if self.name else f"seed {self.seed}"


def variants(prompt: str, seed: int | None, count: int, *, words: bool) -> list[Variant]:
    """List the first `count` variants of a prompt; more of them begin with the same ones.

    Seeds count up from 1 and leave out the article's own, `seed`. With `words` all but the first
    take a variation in turn as well.
    """
    seeds = (each for each in range(1, count + 2) if each != seed)
    names = ["", *islice(cycle(VARIATIONS), count)] if words else [""] * count
    return list(islice(_varied(prompt, seeds, names), count))


def _varied(prompt: str, seeds: Iterator[int], names: list[str]) -> Iterator[Variant]:
    for seed, name in zip(seeds, names, strict=False):
        yield Variant(seed, with_words(prompt, name) if name else prompt, name)


def with_words(prompt: str, name: str) -> str:
    """Put the words of a variation behind a prompt, and before the line breaks that end it."""
    text, row = prompt.rstrip(), VARIATIONS[name]
    if _KANA.search(text):
        words = ("" if text[-1] in "。、" else "、") + row.japanese
    else:
        words = (" " if text[-1] in ".," else ", ") + row.english
    return text + words + prompt[len(text) :]
