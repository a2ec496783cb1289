"""`headergen pick`: make a candidate the article's header, without painting it again."""

import shlex
from argparse import Namespace

from headergen.article.article import Article
from headergen.cli.commands.place import Place, find_place, read_article
from headergen.cli.commands.staging import say_what_to_add
from headergen.cli.terminal import tell
from headergen.errors import ArticleError
from headergen.graphics import canvas
from headergen.make import runner
from headergen.picture import metadata, provenance
from headergen.plan import candidates
from headergen.plan.job import Job
from headergen.plan.state import Fresh


def run(arguments: Namespace) -> int:
    """Save the candidate as the header, and write its request and the header into the article."""
    place = find_place(arguments)
    article = read_article(arguments.article, place)
    candidate = _candidate(article, arguments.number, place)
    job = candidates.job_with(article, candidate.changes, place.config, place.root)
    if isinstance(job, Fresh):
        tell(f"{article.path}: candidate {candidate.number} is the header already")
        return 0
    if not candidates.is_whole(article, candidate, job, place.root):
        raise _error(article, f"candidate {candidate.number} does not fit the article any more")
    if not candidates.is_painted_so(article, candidate, job, place.root):
        message = f"candidate {candidate.number} was painted otherwise than a run would paint now"
        raise _error(article, message)
    _make_header(article, candidate, job, place)
    return 0


def _candidate(article: Article, number: int, place: Place) -> candidates.Candidate:
    kept = candidates.read(article, place.root)
    if kept is None or not kept.candidates:
        raise _error(article, "has no candidates")
    if not kept.are_for(article, place.config, place.root):
        raise _error(article, "asks for something else since its candidates were painted")
    for each in kept.candidates:
        if each.number == number:
            return each
    numbers = ", ".join(str(each.number) for each in kept.candidates)
    raise _error(article, f"has no candidate {number}; choose from {numbers}")


def _make_header(article: Article, candidate: candidates.Candidate, job: Job, place: Place) -> None:
    picture = candidates.picture_of(article, candidate.number, place.root)
    settings = provenance.read(metadata.read(picture)).settings
    origin = provenance.Provenance(provenance.SourceType.PAINTED, settings)
    outcome = runner.adopt(job, canvas.open_source(picture), origin, place.config, place.root)
    if isinstance(outcome, runner.Failed):
        raise outcome.error
    tell(f"{article.path}: {job.image} (candidate {candidate.number}: {candidate.what})")
    if place.in_git:
        say_what_to_add([article.path, *job.outputs], place.root)


def _error(article: Article, message: str) -> ArticleError:
    remedy = f"paint them: headergen candidates {shlex.quote(str(article.path))}"
    return article.error(None, message, remedy)
