"""`headergen candidates`: paint variations of an article's header, to pick one of."""

import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from headergen.article.article import Article
from headergen.cli import progress
from headergen.cli.commands.notices import say_notes, say_notices
from headergen.cli.commands.place import Place, find_place, read_article
from headergen.cli.terminal import Problems, say, tell
from headergen.errors import HeadergenError
from headergen.graphics import canvas, encoding
from headergen.graphics.contact_sheet import contact_sheet
from headergen.make import painters
from headergen.make.kept import save_candidate, save_record
from headergen.plan import candidates
from headergen.plan.candidates import Candidate, Planned
from headergen.repository import durable, scratch
from headergen.wording import counted


def run(arguments: Namespace) -> int:
    """Paint the candidates, in one load of the model, and lay them out on a sheet."""
    place = find_place(arguments)
    article = read_article(arguments.article, place)
    wanted = candidates.planned(article, place.config, place.root, arguments.number)
    say_notices(each.painting for each in wanted)
    say_notes([wanted[0].job])  # the words that vary have no notation of their own
    _say_plan(article, wanted)
    found = candidates.reusable(article, wanted, place.root)
    save_record(article, found, place.config, place.root)
    numbers = {each.number for each in found}
    missing = [each for each in wanted if each.number not in numbers]
    failure = _paint(article, missing, found, place) if missing else None
    if found:
        _say_sheet(article, found, place)
    return failure.exit_code if failure else 0


def _say_plan(article: Article, wanted: Sequence[Planned]) -> None:
    """Tell what each varies, with the words that a pick would put into the article."""
    for each in wanted:
        varied = f": {each.variant.prompt.strip()}" if each.variant.name else ""
        tell(f"{each.number}  {each.variant.what}{varied}")
    seeds_alone = wanted[1:] and not wanted[1].variant.name
    if seeds_alone and wanted[0].painting.seeds_vary_little:
        say(
            f"{article.path}:{article.line}: note: {wanted[0].painting.checkpoint.name} paints "
            "nearly the same from every seed, and this prompt is written such that no words can "
            "be added to it: put it on one line",
            sys.stderr,
        )


def _paint(
    article: Article, missing: Sequence[Planned], found: list[Candidate], place: Place
) -> HeadergenError | None:
    """Paint what is missing and add it to `found`; what is painted is kept whatever comes after."""
    failure: HeadergenError | None = None
    painter = painters.painter_of(place.config, place.root, download=True)
    paintings = [each.painting for each in missing]
    titles = [f"{article.path}, candidate {each.number}" for each in missing]
    with (
        painter.ready(progress.for_terminal(hook=False)) as paint,
        closing(paint(paintings, titles)) as results,
        Problems() as problems,
    ):
        for index, result in results:
            each = missing[index]
            if isinstance(result, HeadergenError):
                failure = result
                problems.add_error(result, f"{article.path}, candidate {each.number}")
                continue
            image = canvas.cover(result.image, each.job.width, each.job.height)
            texts = result.provenance.metadata("full", each.job.digest)
            png = encoding.encode(image, "png", texts)
            found.append(save_candidate(article, each, png, place.root))
            save_record(article, found, place.config, place.root)
    return failure


def _say_sheet(article: Article, found: Sequence[Candidate], place: Place) -> None:
    pictures = {
        each.number: (candidates.picture_of(article, each.number, place.root), each.what)
        for each in found
    }
    sheet = contact_sheet(pictures, place.config.width, place.config.height)
    output = scratch.place(place.root, f"{candidates.folder_of(article, place.root)}/sheet.png")
    durable.save(output, encoding.encode(sheet, "png"))
    name = shlex.quote(os.path.relpath(article.path))
    say(f"{counted(len(found), 'candidate')} on one sheet: {Path(os.path.relpath(output))}")
    say(f"to make one the header: headergen pick {name} NUMBER")
