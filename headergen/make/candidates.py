"""Keep the candidates that were painted where no commit looks: a PNG each, and a record."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from headergen.article.article import Article
from headergen.plan.candidates import RECORD_FILE, Candidate, Planned, asked, folder_of
from headergen.repository import durable, scratch
from headergen.settings.config import Config


def save_candidate(article: Article, planned: Planned, png: bytes, root: Path) -> Candidate:
    """Save a candidate's picture.

    Raises:
        UsageError: it cannot be written.
    """
    place = scratch.place(root, f"{folder_of(article, root)}/{planned.number}.png")
    durable.save(place, png)
    variant = planned.variant
    return Candidate(
        number=planned.number,
        seed=variant.seed,
        prompt=variant.prompt,
        what=variant.what,
        digest=planned.job.digest,
        painted_as=planned.painting.asked_as,
    )


def save_record(
    article: Article, candidates: Iterable[Candidate], config: Config, root: Path
) -> None:
    """Keep on record what the article's candidates are.

    Raises:
        ArticleError: as `Record.are_for`.
        UsageError: it cannot be written.
    """
    told = {
        "request": asked(article, config, root),
        "candidates": [asdict(each) for each in sorted(candidates, key=lambda each: each.number)],
    }
    place = scratch.place(root, f"{folder_of(article, root)}/{RECORD_FILE}")
    durable.save(place, json.dumps(told, ensure_ascii=False, indent=1).encode())
