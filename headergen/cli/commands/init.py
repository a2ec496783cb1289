"""`headergen init`: write a config, the hook and a CI job that suit a repository."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from headergen.article import article as articles
from headergen.cli.commands.place import find_place
from headergen.cli.terminal import say, shell_word, tell
from headergen.errors import HeadergenError, UsageError
from headergen.repository import durable, git, hook_runners
from headergen.repository.hook_runners import Hook
from headergen.settings import config as configs
from headergen.settings import sites
from headergen.settings.sites import Found
from headergen.settings.sites.written import Written, read
from headergen.wording import counted

WORKFLOW = ".github/workflows/headergen.yml"
_GITLAB = ".gitlab-ci.yml"
_CHECK = "uvx --from git+{url} headergen check --allow-stand-ins"
JOB = """\
name: headergen
on: [push, pull_request]
permissions: {{contents: read}}
jobs:
  headers:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: astral-sh/setup-uv@v6
      - run: {check}
"""
_GITLAB_JOB = "headers:\n  image: ghcr.io/astral-sh/uv:python3.12-bookworm\n  script: [{check}]\n"


@dataclass(frozen=True)
class Answers:
    """What the author decides: the kind of site, title cards for all, and the CI job's source."""

    site: Found
    cards: bool
    url: str | None


def run(arguments: Namespace) -> int:
    """Say what was found, ask at most three questions, write, and name the next command."""
    root = git.find_root(Path.cwd()) or Path.cwd().resolve()
    _refuse_config(root)
    place = find_place(arguments)
    names = [os.path.relpath(each) for each in place.articles_at([root]).names]
    written, found = read(names), _sites(arguments, root)
    hook = hook_runners.find(root) if place.in_git else None
    _say_found(found, written, hook, len(names))
    ask = _accept if arguments.yes else _asked
    answers = _answers(arguments, found, ask, root)
    text = sites.config_for(answers.site, root, written=written, cards=answers.cards)
    _write(root, text, hook, answers)
    _say_next(answers, hook, names, root)
    return 0


def _refuse_config(root: Path) -> None:
    """Raise if there is a config: nothing is overwritten."""
    for name in (*configs.FILES, *configs.NEAR_FILES):
        file = root / name
        is_own = name not in ("config.yaml", "pyproject.toml")
        if file.exists() and (is_own or configs.load(root).path == str(file)):
            raise UsageError(
                f"{os.path.relpath(file)} exists already",
                remedy="edit it: `headergen schema` has every key; or delete it to begin again",
            )


def _sites(arguments: Namespace, root: Path) -> list[Found]:
    found = sites.find(root)
    if arguments.site:
        named = sites.SITES[arguments.site]
        return [each for each in found if each.site is named] or [Found(named, "", "")]
    return found or [Found(sites.SITES["note"], "", "")]


def _say_found(found: Sequence[Found], written: Written, hook: Hook | None, number: int) -> None:
    for each in found:
        tell(f"site: {each.site.title}" + (f" ({each.mark})" if each.mark else ""))
    tell(f"articles: {number}")
    if written.image_key:
        tell(f"pictures: named under {written.image_key} in {counted(written.count, 'article')}")
    if hook is None:
        tell("hook: none, because this is no git repository")
    else:
        is_there = hook.text is None and hook.by_hand is None
        state = ", which runs headergen already" if is_there else ""
        tell(f"hook: {hook.runner} ({os.path.relpath(hook.file)}){state}")


Ask = Callable[[str, str], str]


def _accept(_: str, usual: str) -> str:
    return usual


def _asked(question: str, usual: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError("init asks questions, and nobody can answer here", remedy="add --yes")
    try:
        return input(f"{question} [{usual or 'none'}] ").strip() or usual
    except EOFError:
        raise UsageError("init ended before it wrote anything") from None


def _answers(arguments: Namespace, found: Sequence[Found], ask: Ask, root: Path) -> Answers:
    site = found[0]
    if len(found) > 1:
        kinds = ", ".join(f"{index} {each.site.title}" for index, each in enumerate(found, 1))
        site = found[_number(ask(f"Which of them is this site built with? {kinds}", "1"), found)]
    cards = arguments.cards
    if not cards:
        question = "A title card for every article that asks for nothing, yes or no?"
        cards = ask(question, "no").lower().startswith("y")
    url = arguments.ci or _own_url()
    if not arguments.ci:
        question = "A CI job that checks headers: headergen's git URL, or no?"
        url = ask(question, "no" if arguments.yes else url or "no")
    return Answers(site, cards, None if url is None or url.lower() in ("no", "n") else url)


def _number(text: str, found: Sequence[Found]) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= len(found):
        raise UsageError(f"expected a number from 1 to {len(found)}, not {text!r}")
    return int(text) - 1


def _own_url() -> str | None:
    """Return the git URL that headergen was installed from, None where it was none (PEP 610)."""
    from importlib import metadata

    try:
        told = json.loads(metadata.distribution("headergen").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return None
    return str(told["url"]) if told.get("vcs_info") else None


def _write(root: Path, text: str, hook: Hook | None, answers: Answers) -> None:
    _save(root / configs.FILES[0], text)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **configs.schema()}
    if not (root / sites.SCHEMA_FILE).exists():
        _save(root / sites.SCHEMA_FILE, json.dumps(schema, ensure_ascii=False, indent=1) + "\n")
    if hook:
        _write_hook(hook)
    if answers.url:
        _write_job(root, answers.url)


def _save(path: Path, text: str, *, executable: bool = False) -> None:
    is_new = not path.exists()
    durable.save(path, text.encode())
    if executable:
        path.chmod(0o755)
    tell(f"{os.path.relpath(path)}: {'written' if is_new else 'headergen added'}")


def _write_hook(hook: Hook) -> None:
    if hook.text is not None:
        _save(hook.file, hook.text, executable=hook.is_executable)
        merge = hook.file.with_name("pre-merge-commit")
        if hook.is_executable and not merge.exists():
            _save(merge, hook_runners.MERGE_SCRIPT, executable=True)
    elif hook.by_hand:
        _say_by_hand(hook.file, hook.by_hand)


def _write_job(root: Path, url: str) -> None:
    check = _CHECK.format(url=url.removeprefix("git+"))
    file = root / WORKFLOW
    if (root / _GITLAB).exists():
        _say_by_hand(root / _GITLAB, _GITLAB_JOB.format(check=check))
    elif file.exists():
        _say_by_hand(file, JOB.format(check=check))
    else:
        _save(file, JOB.format(check=check))


def _say_by_hand(file: Path, text: str) -> None:
    say(f"{os.path.relpath(file)} is left as it is; add to it:")
    for line in text.splitlines():
        say(f"    {line}")


def _say_next(answers: Answers, hook: Hook | None, names: Sequence[str], root: Path) -> None:
    config = configs.load(Path(os.path.relpath(root)))
    say("next:")
    if hook and hook.then:
        say(f"    {hook.then}")
    if answers.cards:
        say("    headergen run")
    else:
        article = _example(names, config)
        say(
            f"    write `{config.request_key}: {{card: true}}` into the frontmatter of "
            f"{article or 'an article'}"
        )
        say(f"    headergen run {shell_word(article) if article else 'ARTICLE'}")
    if answers.site.site.templates:
        say(
            f"    have your templates show `{config.image_key}`: docs/sites/"
            f"{answers.site.site.name}.md of headergen has the lines"
        )


def _example(names: Sequence[str], config: configs.Config) -> str | None:
    """Return the article that was written last and has no picture; no README, no list of posts."""
    posts = [name for name in names if Path(name).stem.islower() and Path(name).name[0] != "_"]
    for name in sorted(posts, key=lambda each: Path(each).stat().st_mtime, reverse=True):
        with suppress(HeadergenError, OSError):
            article = articles.read(name, config.keys, every=True)
            if article and article.request is None and not article.image:
                return name
    return None
