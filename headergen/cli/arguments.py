"""What the command line takes: every command, its arguments, and the bounds of their values."""

import re
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from headergen import __version__
from headergen.cli.parser import Parser
from headergen.fields import GUIDANCE_SCALE, SEED, SIDE, STEPS, Kind, whole
from headergen.vocabulary import AUTO_FOCUS, COLOUR_PATTERN, LAYOUTS, SITES, THEMES, Focus

# More pictures than one contact sheet can show at a size that tells them apart.
MAX_CANDIDATES = 24
_CANDIDATE = whole(1, MAX_CANDIDATES)


def parser() -> ArgumentParser:
    """Build the parser; what it returns names the command in `command`, None where none is named.

    `quiet`, `verbose` and, but for commands that read no config, `config` are always set.
    """
    parser = Parser(
        prog="headergen",
        description="Give every Markdown article its header picture.",
        epilog="`headergen COMMAND --help` has the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"headergen {__version__}")
    _add_volume(parser)
    parser.set_defaults(quiet=False, verbose=False, config=None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    _add_init(commands)
    _add_for_articles(commands)
    _add_for_candidates(commands)
    _add_generate(commands)
    _add_composite(commands)
    _add_card(commands)
    _add_for_the_machine(commands)
    return parser


def _add_volume(parser: ArgumentParser) -> None:
    """Add `-q` and `-v`, which may be before and behind the command's name."""
    volume = parser.add_mutually_exclusive_group()
    volume.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=SUPPRESS,
        help="print only what needs you: no progress, and no line for what went well",
    )
    volume.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=SUPPRESS,
        help="print the config in use and all that the painting process says as well",
    )


def _add_init(commands: Any) -> None:
    init = _add(commands, "init", "write a config, the hook and a CI job that suit this repository")
    init.add_argument("--yes", action="store_true", help="ask nothing, and take the usual answers")
    init.add_argument("--site", choices=SITES, help="what builds the site; default: found")
    init.add_argument(
        "--cards", action="store_true", help="a title card for every article that asks for nothing"
    )
    init.add_argument(
        "--ci", metavar="URL", help="a CI job that checks headers, with headergen from this git URL"
    )


def _add_for_articles(commands: Any) -> None:
    run = _add(commands, "run", "make what is missing or stale, and write it back")
    run.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="articles or folders")

    run.add_argument(
        "--again",
        action="store_true",
        help="make the headers of PATH again, by the config as it is now; old files stay",
    )
    _add_dry_run(run)
    run.epilog = (
        "exit codes: 0: nothing is left to do; 2: an article, the config or the command line is at "
        "fault; 3: a picture could not be made. Whatever happens, the other articles are finished."
    )

    hook = _add(commands, "hook", "the same, as git hooks need it: exit 1 if anything was written")
    hook.add_argument("paths", nargs="*", type=Path, metavar="FILE", help="articles")

    _add_dry_run(hook)
    hook.epilog = (
        "exit codes: 0: the commit has all that its articles name; 1: something was made or is not "
        "staged; 2: an article or the config is at fault; 3: a picture could not be made"
    )

    check = _add(commands, "check", "report what is missing, stale or unfit; change nothing")
    check.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="articles or folders")
    check.add_argument(
        "--format",
        choices=("text", "json", "github"),
        default="text",
        help="github: annotations in a workflow of GitHub's; default: text",
    )
    check.add_argument(
        "--json", dest="format", action="store_const", const="json", help="short for --format json"
    )
    check.add_argument(
        "--baseline",
        type=Path,
        metavar="FILE",
        help="report nothing that FILE knows; if there is no FILE, write it from what is found",
    )
    check.epilog = (
        "exit codes: 0: nothing is wrong, or there are warnings and notes alone; 1: a header is "
        "missing, stale, broken or not staged; 2: an article, the config or the command line is at "
        "fault"
    )
    check.add_argument(
        "--commit",
        metavar="REVISION",
        help="check what a fresh clone of this commit would have, and not the files on disk",
    )
    check.add_argument(
        "--allow-stand-ins",
        action="store_true",
        help="report title cards that stand in for pictures, but end with 0 if there is no more",
    )

    tidy = _add(commands, "tidy", "list pictures that headergen made and no article needs any more")
    tidy.add_argument(
        "--delete", action="store_true", help="delete those of them that git can bring back"
    )
    tidy.add_argument("--json", action="store_true", help="print a JSON list of them")

    preview = _add(commands, "preview", "show all headers on one page, as readers will meet them")
    preview.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="articles or folders")
    preview.add_argument("--open", action="store_true", help="open the page in a browser")
    preview.add_argument(
        "--output", type=Path, metavar="FILE", help="default: .headergen/preview.html"
    )


def _add_for_candidates(commands: Any) -> None:
    candidates = _add(commands, "candidates", "paint variations of an article's header")
    candidates.add_argument(
        "article", type=Path, metavar="ARTICLE", help="an article with a prompt"
    )
    candidates.add_argument(
        "-n",
        "--number",
        type=_number(_CANDIDATE, int),
        default=6,
        help=f"how many, at most {MAX_CANDIDATES}; default: 6",
    )

    suggest = _add(
        commands, "suggest", "have a text model write the prompt for an article's header"
    )
    suggest.add_argument("articles", nargs="+", type=Path, metavar="ARTICLE", help="an article")
    suggest.add_argument(
        "--write", action="store_true", help="write it into the article, if that asks for no header"
    )

    pick = _add(commands, "pick", "make a candidate the article's header")
    pick.add_argument("article", type=Path, metavar="ARTICLE", help="an article with candidates")
    pick.add_argument(
        "number", type=_number(_CANDIDATE, int), metavar="NUMBER", help="the candidate's"
    )


def _add_generate(commands: Any) -> None:
    generate = _add(commands, "generate", "paint one picture from a prompt")
    prompt = generate.add_argument("prompt", type=_prompt, metavar="PROMPT", help="what to paint")
    output = generate.add_argument("output", metavar="OUTPUT", help=".png, .webp or .jpg")
    # With --from there may be one or none. `nargs="?"` would not take OUTPUT after an option.
    prompt.required = output.required = False
    generate.add_argument(
        "--from",
        dest="original",
        type=Path,
        metavar="IMAGE",
        help="paint this picture again, as OUTPUT; the other options change what it tells",
    )
    _add_size(generate)
    generate.add_argument("--model", help="a model's name, a hub id or a diffusers folder")
    generate.add_argument(
        "--seed", type=_number(SEED, int), help="default: derived from the request"
    )
    generate.add_argument("--steps", type=_number(STEPS, int), help="denoising steps")
    generate.add_argument(
        "--guidance-scale",
        type=_number(GUIDANCE_SCALE, float),
        help="how strongly the prompt steers",
    )
    generate.add_argument("--negative-prompt", help="what to keep out")
    _add_force(generate)


def _add_composite(commands: Any) -> None:
    composite = _add(commands, "composite", "compose one picture of several")
    composite.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="pictures")
    composite.add_argument(
        "--output", type=Path, required=True, metavar="OUT", help=".png, .webp or .jpg"
    )
    composite.add_argument("--layout", choices=LAYOUTS, default="auto")
    composite.add_argument(
        "--focus",
        type=_focus,
        action="append",
        metavar="X,Y",
        help="the point to crop around, from 0,0 (top left) to 1,1, or auto; "
        "for all sources, or repeated once for each",
    )
    _add_size(composite)
    _add_force(composite)


def _add_card(commands: Any) -> None:
    card = _add(commands, "card", "draw one title card, at any size")
    card.add_argument("title", type=_title, metavar="TITLE", help="its text; Markdown is drawn")
    card.add_argument("output", type=Path, metavar="OUTPUT", help=".png, .webp or .jpg")
    card.add_argument("--theme", choices=THEMES, help="default: the config's")
    card.add_argument("--subtitle", help="a line below the title")
    card.add_argument("--author", help='default: the config\'s; "" for none')
    card.add_argument("--date", help="a date, as it is to be drawn")
    card.add_argument("--tag", action="append", default=[], dest="tags", help="may be repeated")
    card.add_argument(
        "--colours",
        nargs=2,
        type=_colour,
        metavar=("GROUND", "ACCENT"),
        help="such as '#1a2b3c' '#f0c040'; default: the config's, else from the title",
    )
    card.add_argument("--logo", type=Path, metavar="FILE", help="default: the config's")
    card.add_argument(
        "--picture", type=Path, metavar="FILE", help="the picture of the theme duotone"
    )
    _add_size(card)
    _add_force(card)


def _add_for_the_machine(commands: Any) -> None:
    purpose = "print what a picture tells of how it was made"
    show = _add(commands, "show", purpose, reads_config=False)
    show.add_argument("image", type=Path, metavar="IMAGE", help="a picture, whichever tool made it")
    show.add_argument("--json", action="store_true", help="print a JSON object")

    fetch = _add(commands, "fetch", "download a model once, for painting without the network")
    fetch.add_argument(
        "model", nargs="?", metavar="MODEL", help="a model's name or hub id; default: the config's"
    )
    fetch.add_argument(
        "--quantize", choices=["8bit", "4bit"], help="store it smaller, for cards of 6 to 12 GB"
    )

    doctor = _add(commands, "doctor", "tell what this machine can paint, and what to change")
    doctor.add_argument("--json", action="store_true", help="print a JSON list of findings")
    doctor.add_argument(
        "--self-test", action="store_true", help="paint with a tiny random model of each family"
    )

    purpose = "print a script with which a shell completes commands and options"
    completion = _add(commands, "completion", purpose, reads_config=False)
    completion.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL")
    completion.epilog = "bash, zsh or fish; README.md has the line that turns it on"

    schema = _add(commands, "schema", "print a JSON schema, with which editors check and complete")
    schema.add_argument(
        "of",
        nargs="?",
        choices=["config", "header"],
        default="config",
        help="of the config (the default), or of frontmatter with `header:`",
    )


def _add(commands: Any, name: str, purpose: str, *, reads_config: bool = True) -> ArgumentParser:
    added: ArgumentParser = commands.add_parser(name, help=purpose, description=purpose)
    if reads_config:
        added.add_argument(
            "--config", type=Path, default=SUPPRESS, metavar="FILE", help="config file to use"
        )
    _add_volume(added)
    return added


def _add_force(command: ArgumentParser) -> None:
    command.add_argument("--force", action="store_true", help="overwrite a file that exists")


def _add_dry_run(command: ArgumentParser) -> None:
    purpose = "print what would be made and why, and write nothing"
    command.add_argument("--dry-run", action="store_true", help=purpose)


def _add_size(command: ArgumentParser) -> None:
    for side in ("--width", "--height"):
        purpose = "px of the saved picture; default: the header's"
        command.add_argument(side, type=_number(SIDE, int), help=purpose)


def _number(kind: Kind[Any], convert: Callable[[str], float]) -> Callable[[str], float]:
    def number(text: str) -> float:
        with suppress(ValueError):
            if kind.fits(value := convert(text)):
                return value
        raise ArgumentTypeError(f"expected {kind.words}, not {text!r}")

    return number


def _focus(text: str) -> Focus:
    if text == AUTO_FOCUS:
        return AUTO_FOCUS
    with suppress(ValueError):
        x, y = map(float, text.split(","))
        if 0 <= x <= 1 and 0 <= y <= 1:
            return x, y
    raise ArgumentTypeError(f"{text!r} is neither auto nor a point such as 0.5,0.3")


def _title(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("it is empty; write what the card says")
    return text


def _colour(text: str) -> str:
    if not re.fullmatch(COLOUR_PATTERN, text):
        raise ArgumentTypeError(f"expected a colour such as '#1a2b3c', not {text!r}")
    return text


def _prompt(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("it is empty; write what to paint")
    return text
