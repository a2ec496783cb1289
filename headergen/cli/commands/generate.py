"""`headergen generate`: paint one picture, from a prompt or as another one was painted."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path

from headergen.article.request import Request
from headergen.cli import progress
from headergen.cli.commands import repainting
from headergen.cli.commands.notices import say_notices
from headergen.cli.commands.place import Place, find_place
from headergen.cli.commands.saving import format_for, require_writable, save, size_of
from headergen.cli.terminal import say
from headergen.errors import HeadergenError, UsageError
from headergen.graphics import canvas, encoding
from headergen.make import painters
from headergen.make.painter import Painted
from headergen.picture.parameters import Settings
from headergen.plan import job as planning
from headergen.plan import model_choice
from headergen.plan import state as states
from headergen.plan.job import Painting


@dataclass(frozen=True)
class Task:
    """What to paint, where to, and the width and height in px of the saved picture.

    `told` is what a picture that is painted again tells, where the same model paints it.
    """

    painting: Painting
    output: Path
    size: tuple[int, int]
    told: Settings | None = None


def run(arguments: Namespace) -> int:
    """Paint a picture and save it at the size asked for."""
    place = find_place(arguments)
    task = _again(arguments, place) if arguments.original else _anew(arguments, place)
    format = format_for(task.output)
    require_writable(task.output)
    say_notices([task.painting])
    for note in task.painting.notes:
        say(f"note: {note}", sys.stderr)
    result = _painted(task, place)
    _say_unmatched(task, result)
    texts = result.provenance.metadata(place.config.metadata)
    image = canvas.cover(result.image, *task.size)
    save(task.output, encoding.encode(image, format, texts))
    size = "×".join(map(str, task.size))
    say(f"{task.output}, {size} px ({result.describe()})")
    return 0


def _say_unmatched(task: Task, result: Painted) -> None:
    painted = result.provenance.settings
    if task.told and painted:
        for note in repainting.unmatched(task.told, painted):
            say(f"note: {note}", sys.stderr)


def _anew(arguments: Namespace, place: Place) -> Task:
    if arguments.output is None:
        raise UsageError("two things are wanted: PROMPT and OUTPUT, or --from IMAGE")
    config = model_choice.config_of(place.config, arguments.model)
    size = size_of(arguments, place.config)
    request = Request(
        prompt=arguments.prompt,
        negative_prompt=arguments.negative_prompt,
        seed=arguments.seed,
        steps=arguments.steps,
        guidance_scale=arguments.guidance_scale,
    )
    seed = int(states.digest_of(request, ()), 16)
    chosen = model_choice.for_config(config, place.root)
    painting = planning.painting(request, chosen, config, size, seed)
    return Task(painting, Path(arguments.output), size)


def _again(arguments: Namespace, place: Place) -> Task:
    """Take everything from a picture; the only text beside it is where the new one goes.

    Raises:
        UsageError: it cannot be painted again, or a file stands where nobody said it goes.
    """
    if arguments.output is not None:
        raise UsageError("--from takes the prompt from the picture: name the OUTPUT alone")
    original: Path = arguments.original
    again = repainting.read(original, arguments, place)
    output = Path(arguments.prompt or original.with_stem(f"{original.stem}-again"))
    if arguments.prompt is None and os.path.lexists(output):
        raise UsageError(
            f"{output} exists already",
            remedy="name an OUTPUT: another one, or this one to have it overwritten",
        )
    return Task(again.painting, output, again.size, again.told)


def _painted(task: Task, place: Place) -> Painted:
    painter = painters.painter_of(place.config, place.root, download=True)
    with painter.ready(progress.for_terminal(hook=False)) as paint:
        ((_, result),) = paint([task.painting], [str(task.output)])
    if isinstance(result, HeadergenError):
        raise result
    return result
