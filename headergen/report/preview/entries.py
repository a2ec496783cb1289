"""What the page tells of each article: title, state, request and picture."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from headergen.article import article as articles
from headergen.article.article import Article
from headergen.article.heading import heading
from headergen.article.request import Request
from headergen.errors import HeadergenError
from headergen.picture.first_bytes import Picture, probe
from headergen.plan import candidates, defaults
from headergen.plan import state as states
from headergen.plan.candidates import Candidate
from headergen.report import check
from headergen.report.check import Finding, Look
from headergen.settings.config import Config

# What the page calls each state, and what it means; in the order in which authors want to know.
STATES: Mapping[str, tuple[str, str]] = {
    "broken": ("At fault", "headergen cannot read what this article asks for."),
    "stand-in": ("Stand-in", "A card stands in for a picture that could not be painted here."),
    "missing": ("Missing", "The header is not made yet."),
    "stale": ("Stale", "The request changed since this header was made."),
    "fresh": ("Fresh", "The header is there, and made for this very request."),
    "hand-made": ("Hand-made", "The author's own picture; headergen never touches it."),
    "no-header": ("No header", "The article asks for none."),
}
MADE_BY_RUN = ("stand-in", "missing", "stale")


@dataclass(frozen=True)
class Entry:
    """One article on the page.

    `request` may be the config's default; `picture` is on disk; `notes` are what `headergen check`
    finds besides the state. `candidates` are those that may become the header, by their pictures.
    """

    path: str
    title: str
    state: str
    article: Article | None = None
    request: Request | None = None
    model: str | None = None
    seed: int | None = None
    picture: Path | None = None
    probed: Picture | None = None
    notes: tuple[str, ...] = ()
    candidates: Mapping[Path, Candidate] = field(default_factory=dict)


def read(names: Iterable[str], config: Config, root: Path, *, in_git: bool) -> list[Entry]:
    """Look at the articles in the files `names`; `in_git` says that `root` is a working tree.

    Raises:
        GitError: git cannot say what is in the index.
    """
    looks = [check.look(name, config, root, every=True) for name in names]
    found = [each for look in looks for each in look.found]
    findings: dict[str, list[Finding]] = {}
    for each in check.findings(found, config, root, in_git=in_git):
        findings.setdefault(each.path, []).append(each)
    return [_entry(look, findings.get(look.name, []), config, root) for look in looks]


def _entry(look: Look, findings: Sequence[Finding], config: Config, root: Path) -> Entry:
    """Return what the page tells of one article, whatever is wrong with it."""
    name, title = look.name, _title_of(look.name, look.article)
    notes = tuple(found.text for found in findings)
    if look.article is None or look.is_broken or look.is_skipped:
        return Entry(name, title, "broken" if look.is_broken else "no-header", notes=notes)
    try:
        return _entry_of(look.article, look.state, title, findings, config, root)
    except (HeadergenError, OSError) as error:
        return Entry(name, title, "broken", notes=notes or (str(error),))


def _entry_of(
    article: Article,
    found: states.State,
    title: str,
    findings: Sequence[Finding],
    config: Config,
    root: Path,
) -> Entry:
    state = _name_of(found)
    request = defaults.request_for(article, config, root)
    shown = _picture_of(found)
    return Entry(
        path=str(article.path),
        title=title,
        state=state,
        article=article,
        request=request,
        model=_model(request, article, config, root) if request and request.prompt else None,
        seed=_seed(request) if request and request.prompt else None,
        picture=shown,
        probed=_probed(shown) if shown else None,
        # The page shows the state; beside a header that is fresh, a cut may be missing.
        notes=tuple(each.text for each in findings if not _says_no_more(each, state)),
        candidates={
            candidates.picture_of(article, each.number, root): each
            for each in candidates.shown(article, config, root)
        },
    )


def _name_of(state: states.State) -> str:
    """Return the name in `STATES`."""
    match state:
        case states.Wanted():
            return "stale" if state.is_stale else "missing"
        case states.StandIn():
            return "stand-in"
        case states.Fresh():
            return "fresh"
        case states.HandMade():
            return "hand-made"
        case None:
            return "no-header"


def _says_no_more(finding: Finding, state: str) -> bool:
    """Return whether a finding is the header's state, and `headergen run` is all that it needs."""
    return finding.code == state and (finding.remedy or "").startswith(check.RUN)


def _title_of(name: str, article: Article | None) -> str:
    """Return the title; of an article that can't be read its heading; else the file's name."""
    if article is not None:
        return article.title or Path(name).stem
    try:
        return heading(articles.bytes_of(name)) or Path(name).stem
    except (HeadergenError, OSError):
        return Path(name).stem


def _picture_of(state: states.State) -> Path | None:
    found = state.picture if state else None
    return found if found and found.is_file() else None


def _probed(picture: Path) -> Picture | None:
    """Look at a picture; None: it cannot be read, of which the notes tell."""
    with suppress(OSError):
        return probe(picture)
    return None


def _model(request: Request, article: Article, config: Config, root: Path) -> str:
    style = defaults.style_for(article, config, root)
    return request.model or (style and style.model) or config.model


def _seed(request: Request) -> int:
    return int(states.digest_of(request, ()), 16) if request.seed is None else request.seed
