"""The command line: argv in, exit code out; the one room that prints.

Exit codes: 0 nothing left to do, 1 files were written or something needs the author,
2 usage, config or article at fault, 3 a picture could not be made; 130 and so on when a signal
ended the run.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from headergen import article as articles
from headergen import config as configs
from headergen import git, plan, settled, site
from headergen.arguments import parser
from headergen.article import ARTICLE_SUFFIXES, Request
from headergen.config import Config
from headergen.diffusion import checkpoint
from headergen.errors import ArticleError, ConfigError, HeadergenError, UsageError
from headergen.frontmatter.request import MAX_SOURCES

if TYPE_CHECKING:
    from headergen import doctor
    from headergen.check import Finding, Unstaged
    from headergen.produce import Failed


@dataclass(frozen=True)
class Place:
    """Where a command works: the repository's root (or the current folder) and its config."""

    root: Path
    in_git: bool
    config: Config
    is_config_named: bool


class Interrupted(KeyboardInterrupt):
    """A signal asked the run to end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` names and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(argv)
    _end_on_signals()
    try:
        return _COMMANDS[arguments.command](arguments)
    except HeadergenError as error:
        _say_error(error)
        return error.exit_code
    except BrokenPipeError:  # whoever read the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13
    except OSError as error:  # a disk or a folder that fails where no article is to blame
        _say(f"{error.filename or 'headergen'}: {error.strerror or error}", sys.stderr)
        return UsageError.exit_code
    except KeyboardInterrupt as interrupt:
        _say("interrupted: what is finished stays, and the next run goes on from there", sys.stderr)
        return 128 + getattr(interrupt, "number", signal.SIGINT)


def _end_on_signals() -> None:
    """Let SIGTERM and a closed terminal end a run as Ctrl-C does: worker first, no litter."""

    def end(number: int, _frame: Any) -> None:
        raise Interrupted(number)

    signal.signal(signal.SIGTERM, end)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, end)


def _place(arguments: Namespace) -> Place:
    repository = git.find_root(Path.cwd())
    root = repository or Path.cwd().resolve()
    config = configs.load(Path(os.path.relpath(root)), arguments.config)
    return Place(root, repository is not None, config, is_config_named=bool(arguments.config))


def _run(arguments: Namespace) -> int:
    place = _place(arguments)
    names = site.articles_at(arguments.paths or [Path()])
    return _produce(names, place, hook=False)


def _hook(arguments: Namespace) -> int:
    paths = [path for path in arguments.paths if path.suffix.lower() in ARTICLE_SUFFIXES]
    return _produce(site.followed(map(os.fspath, paths)), _place(arguments), hook=True)


def _produce(names: Iterable[str], place: Place, *, hook: bool) -> int:
    """Make what the articles want, say how it went, and what completes the commit."""
    plans, errors = _plan(names, place, hook=hook)
    lacking = _unstaged(plans, place) if hook and place.in_git else []
    to_add = [found.path for found in lacking if not found.ignored]
    jobs = [each for each in plans if isinstance(each, plan.Job)]
    try:
        if jobs:
            _carry_out(jobs, place, errors, to_add, hook=hook)
        elif not hook and not errors:
            fresh = len([each for each in plans if each])
            _say(f"nothing to do: {fresh} of {len(plans)} articles have a header, and it is there")
    finally:
        _say_advice(errors)
        if to_add and place.in_git:
            ignored = _say_ignored(to_add, place)
            _say_git_add([path for path in to_add if path not in ignored])
    needs_author = hook and (lacking or to_add)
    if hook and not needs_author and not errors:
        _remember(plans, place)
    return max([*(error.exit_code for error in errors), 1 if needs_author else 0])


def _remember(plans: Iterable[plan.Plan], place: Place) -> None:
    """Let the next hook end at once where nothing changed that concerns these articles."""
    if place.in_git and not place.is_config_named and place.root == Path.cwd().resolve():
        for each in plans:
            if isinstance(each, plan.Fresh | plan.HandMade) and each.picture:
                _remember_one(each, each.picture, place)


def _remember_one(found: plan.Fresh | plan.HandMade, picture: Path, place: Place) -> None:
    from headergen import check

    article, request = found.article, found.article.request
    frontmatter = articles.frontmatter(article)
    if frontmatter is None:
        return
    sources: tuple[Path, ...] = ()
    if request and isinstance(found, plan.Fresh):
        sources = plan.sources_of(article, request, place.root)
    files = [os.path.relpath(path, place.root) for path in (check.tracked(picture), *sources)]
    settled.remember(
        os.fspath(article.path),
        frontmatter,
        [*files, *configs.FILES],
        confirm=lambda: plan.state_of(article, place.config, place.root) == found,
    )


def _carry_out(
    jobs: Sequence[plan.Job],
    place: Place,
    errors: list[HeadergenError],
    to_add: list[Path],
    *,
    hook: bool,
) -> None:
    """Print each outcome as it comes; add to `errors` and `to_add`, of use when interrupted too."""
    from headergen import produce, progress

    _say_notices(job.content for job in jobs)
    _say_notes(jobs)
    shown = progress.for_terminal(hook=hook)
    with closing(produce.run(jobs, place.config, place.root, shown, download=not hook)) as outcomes:
        for outcome in outcomes:
            article = outcome.job.article
            if isinstance(outcome, produce.Failed):
                errors.append(outcome.error)
                _say_failed(outcome)
            else:
                to_add += (article.path, outcome.job.output)
                _say(f"{article.path}: {outcome.job.image} ({outcome.how})")


def _say_notices(contents: Iterable[plan.Painting | plan.Composite]) -> None:
    """Print, once for each model, what whoever picks it must be told, such as its licence."""
    rows = (each.checkpoint.row for each in contents if isinstance(each, plan.Painting))
    for notice in dict.fromkeys(row.notice for row in rows if row.notice):
        _say(f"note: {notice}", sys.stderr)


def _say_notes(jobs: Iterable[plan.Job]) -> None:
    """Print what of a request its model can't do."""
    for job in jobs:
        for note in job.content.notes if isinstance(job.content, plan.Painting) else ():
            _say(f"{job.article.path}:{job.article.line}: note: {note}", sys.stderr)


def _say_failed(outcome: Failed) -> None:
    """Name the article also where the error is about the machine and not about the article."""
    article, error = outcome.job.article, outcome.error
    place = error.place or f"{article.path}:{article.line}: not painted"
    _say(f"{place}: {error.headline}", sys.stderr)


def _plan(
    names: Iterable[str], place: Place, *, hook: bool
) -> tuple[list[plan.Plan], list[HeadergenError]]:
    """Read every article; an error is printed at once, and the other articles go on."""
    from headergen import check

    plans: list[plan.Plan] = []
    errors: list[HeadergenError] = []
    for name in names:
        try:
            plans.append(_plan_for(name, place, hook=hook))
        except ConfigError:
            raise
        except HeadergenError as error:
            errors.append(error)
            _say(f"{error.place}: {error.headline}", sys.stderr)
    if place.in_git:
        plans = check.without_left_out(plans, place.config, place.root)
    return plans, errors


def _plan_for(name: str, place: Place, *, hook: bool) -> plan.Plan:
    try:
        article = articles.read(name, place.config.image_key)
        if article is None:
            return None
        if not article.path.resolve().is_relative_to(place.root):
            raise ArticleError(f"lies outside {place.root}: run headergen there", path=name)
        return plan.job_for(article, place.config, place.root, in_hook=hook)
    except OSError as error:
        what = f" {error.filename!r}:" if error.filename not in (None, name) else ""
        raise ArticleError(f"cannot be read:{what} {error.strerror}", path=name) from error


def _unstaged(plans: Iterable[plan.Plan], place: Place) -> list[Unstaged]:
    """Find, and print, what the commit lacks of headers made earlier."""
    from headergen import check

    named = [named for each in plans for named in check.named_by(each)]
    lacking = list(check.unstaged(named, place.config, place.root)) if named else []
    for found in lacking:
        article = found.named.article
        _say(f"{article.path}:{article.image_line}: {check.describe(found)}", sys.stderr)
    return lacking


def _check(arguments: Namespace) -> int:
    from headergen import check

    place = _place(arguments)
    names = site.articles_at(arguments.paths or [Path()])
    findings = check.check(names, place.config, place.root, in_git=place.in_git)
    if arguments.json:
        _say_json(findings)
    else:
        for found in findings:
            _say(f"{found.path}:{found.line}: {found.code}: {found.message}")
    return max((check.CODES[found.code] for found in findings), default=0)


def _say_json(findings: Sequence[Finding | doctor.Finding]) -> None:
    import json
    from dataclasses import asdict

    print(json.dumps([asdict(found) for found in findings], ensure_ascii=False, indent=2))


def _generate(arguments: Namespace) -> int:
    """Paint one picture with the config's model or another, and save it at the size asked for."""
    from headergen import produce, progress
    from headergen.paint import canvas

    format = _format_for(arguments.output)
    place = _place(arguments)
    config, size = _own_config(place.config, arguments.model), _size(arguments, place.config)
    request = Request(
        prompt=arguments.prompt,
        negative_prompt=arguments.negative_prompt,
        model=None,
        seed=arguments.seed,
        steps=arguments.steps,
        guidance_scale=arguments.guidance_scale,
        sources=(),
        layout=None,
        lines={},
    )
    seed = int(plan.digest_of(request, ()), 16)
    chosen = checkpoint.for_config(config, place.root)
    painting = plan.painting(request, chosen, config, size, seed)
    _require_writable(arguments.output)
    _say_notices([painting])
    for note in painting.notes:
        _say(f"note: {note}", sys.stderr)
    ((_, result),) = produce.paint(
        [painting],
        [str(arguments.output)],
        config,
        place.root,
        progress.for_terminal(hook=False),
        download=True,
    )
    if isinstance(result, HeadergenError):
        raise result
    image = canvas.cover(canvas.from_rgb(result.rgb, result.width, result.height), *size)
    _save(arguments.output, canvas.encode(image, format))
    _say(f"{arguments.output}, {size[0]}×{size[1]} px ({produce.describe(painting, result)})")
    return 0


def _own_config(config: Config, model: str | None) -> Config:
    """Keep what the config says of the model that it names; another model has its own settings."""
    if model is None or model == config.model:
        return config
    return Config(model=model, device=config.device, worker_python=config.worker_python)


def _composite(arguments: Namespace) -> int:
    from headergen.paint import canvas, composite

    format = _format_for(arguments.output)
    if len(arguments.sources) > MAX_SOURCES:
        raise UsageError(f"{len(arguments.sources)} sources: {MAX_SOURCES} at most")
    if any(arguments.output.resolve() == source.resolve() for source in arguments.sources):
        raise UsageError(f"{arguments.output} is one of the sources: choose another name")
    width, height = _size(arguments, _place(arguments).config)
    sources = [canvas.open_source(path, at_least=(width, height)) for path in arguments.sources]
    image = composite.compose(sources, width, height, arguments.layout)
    _save(arguments.output, canvas.encode(image, format))
    _say(f"{arguments.output} (composed of {len(sources)} pictures)")
    return 0


def _size(arguments: Namespace, config: Config) -> tuple[int, int]:
    return arguments.width or config.width, arguments.height or config.height


def _format_for(output: Path) -> str:
    format = {".png": "png", ".webp": "webp", ".jpg": "jpeg", ".jpeg": "jpeg"}.get(
        output.suffix.lower()
    )
    if format is None:
        raise UsageError(f"{output}: the picture's name must end in .png, .webp or .jpg")
    return format


def _require_writable(output: Path) -> None:
    """Find out before minutes of painting that the picture could not be saved."""
    folder = output.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if output.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"{output} cannot be written")


def _save(path: Path, data: bytes) -> None:
    from headergen import durable

    try:
        durable.write(path, data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def _fetch(arguments: Namespace) -> int:
    """Download a model, and say where it is and how to pin it for everyone."""
    from headergen import progress
    from headergen.diffusion import fetch, interpreter

    place = _place(arguments)
    config = _own_config(place.config, arguments.model)
    chosen = checkpoint.for_config(config, place.root)
    if chosen.local:
        raise UsageError(f"{chosen.location} is a folder on this machine: nothing to fetch")
    if chosen.transformer and arguments.quantize:
        raise UsageError("image.transformer names a quantised transformer: leave out --quantize")
    shown = progress.for_terminal(hook=False)
    shown.start(chosen.name, [])
    try:
        found = fetch.fetch(
            interpreter.find_interpreter(config.worker_python, place.root),
            chosen,
            shown,
            timeout_s=config.worker_timeout_s,
            quantize=arguments.quantize,
        )
    finally:
        shown.finish()
    _say(f"{chosen.name} is in {found.folder}, for painting without the network")
    if chosen.revision is None:
        _say(f"to have every machine use this one: image.revision: {found.revision}")
    return 0


def _doctor(arguments: Namespace) -> int:
    from headergen import doctor

    place = _place(arguments)
    look = doctor.self_test if arguments.self_test else doctor.examine
    findings = list(look(place.config, place.root))
    if arguments.json:
        _say_json(findings)
    else:
        for found in findings:
            _say(f"{'ok  ' if found.ok else 'look'} {found.subject}: {found.message}")
            for line in (found.remedy or "").split("\n") if not found.ok else ():
                _say(f"       {line}")
    return 0 if all(found.ok for found in findings) else 1


_COMMANDS: Mapping[str, Callable[[Namespace], int]] = {
    "run": _run,
    "hook": _hook,
    "check": _check,
    "generate": _generate,
    "composite": _composite,
    "fetch": _fetch,
    "doctor": _doctor,
}


def _say_error(error: HeadergenError) -> None:
    _say(f"{error.place or 'headergen'}: {error.headline}", sys.stderr)
    _say_advice([error])


def _say_advice(errors: Iterable[HeadergenError]) -> None:
    """Print each piece of advice once, however many articles it is for."""
    for advice in dict.fromkeys(error.advice for error in errors if error.advice):
        for line in advice.split("\n"):
            _say(f"  {line}", sys.stderr)


def _say_git_add(paths: Sequence[Path]) -> None:
    """Print the line that completes the commit, relative to where the author typed `git commit`.

    Hooks run at the repository's root; git tells in GIT_PREFIX where it was called.
    """
    if not paths:
        return
    here = os.environ.get("GIT_PREFIX") or os.curdir
    names = dict.fromkeys(_as_pathspec(os.path.relpath(path, here)) for path in paths)
    print(f"to complete the commit: git add -- {shlex.join(names)}", flush=True)


def _as_pathspec(name: str) -> str:
    """Keep git from reading a leading colon as pathspec magic."""
    return f"./{name}" if name.startswith(":") else name


def _say_ignored(paths: Iterable[Path], place: Place) -> set[Path]:
    """Print which of `paths` git would refuse to add, and return them."""
    names = {path.absolute().parent.resolve() / path.name: path for path in paths}
    found = git.status(place.root, names)
    ignored = {names[name] for name, status in found.items() if status.letters == "!!"}
    for path in sorted(ignored):
        _say(
            f"{os.path.relpath(path)} is ignored by git: "
            "take it out of .gitignore, or git add -f it",
            sys.stderr,
        )
    return ignored


def _say(text: str, stream: TextIO | None = None) -> None:
    """Print one line; control characters, which may come from an article, are spelled out."""
    print(_CONTROL.sub(_spelled_out, text), file=stream or sys.stdout, flush=True)


# C0, C1, and the characters that turn the direction of text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _spelled_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
