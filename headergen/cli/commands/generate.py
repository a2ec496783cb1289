"""`headergen generate`: paint one picture, from a prompt or as another one was painted."""

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from headergen.article.request import Request
from headergen.cli import progress
from headergen.cli.commands.notices import say_notices, say_unmarked
from headergen.cli.commands.place import Place, find_place
from headergen.cli.commands.saving import format_for, require_writable, size_of
from headergen.cli.commands.show import look
from headergen.cli.terminal import say, tell
from headergen.errors import HeadergenError, UsageError
from headergen.graphics import canvas, encoding
from headergen.make import painters
from headergen.make.painter import Painted
from headergen.plan import job as planning
from headergen.plan import model_choice, repainting
from headergen.plan import state as states
from headergen.plan.repainting import Task
from headergen.repository import durable

# What changes what a picture tells of itself, where it is painted again.
_OPTIONS = ("model", "seed", "steps", "guidance_scale", "negative_prompt", "width", "height")


def run(arguments: Namespace) -> int:
    """Paint a picture and save it at the size asked for."""
    place = find_place(arguments)
    task, output = (_again if arguments.original else _anew)(arguments, place)
    format = format_for(output)
    require_writable(output, force=arguments.force)
    say_notices([task.painting])
    say_unmarked(place.config.metadata, [task.painting])
    for note in task.painting.notes:
        say(f"note: {note}", sys.stderr)
    result = _painted(task, output, place)
    _say_unmatched(task, result)
    texts = result.provenance.metadata(place.config.metadata)
    image = canvas.cover(result.image, *task.size)
    durable.save(output, encoding.encode(image, format, texts))
    size = "×".join(map(str, task.size))
    tell(f"{output}, {size} px ({result.describe()})")
    return 0


def _say_unmatched(task: Task, result: Painted) -> None:
    painted = result.provenance.settings
    if task.told and painted:
        for note in repainting.unmatched(task.told, painted):
            say(f"note: {note}", sys.stderr)


def _anew(arguments: Namespace, place: Place) -> tuple[Task, Path]:
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
    chosen = model_choice.painter_for(config, place.root)
    painting = planning.painting(request, chosen, config, size, seed)
    return Task(painting, size), Path(arguments.output)


def _again(arguments: Namespace, place: Place) -> tuple[Task, Path]:
    """Take everything from a picture; the only text beside it is where the new one goes.

    Raises:
        UsageError: it cannot be painted again.
    """
    if arguments.output is not None:
        raise UsageError("--from takes the prompt from the picture: name the OUTPUT alone")
    original: Path = arguments.original
    given = {name: getattr(arguments, name) for name in _OPTIONS}
    given = {name: value for name, value in given.items() if value is not None}
    task = repainting.again(original, *look(original), given, place.config, place.root)
    output = Path(arguments.prompt or original.with_stem(f"{original.stem}-again"))
    return task, output


def _painted(task: Task, output: Path, place: Place) -> Painted:
    server = place.config.server if task.painting.row is None else None
    config = replace(place.config, server=server)
    painter = painters.painter_of(config, place.root, download=True)
    with painter.ready(progress.for_terminal(hook=False)) as paint:
        ((_, result),) = paint([task.painting], [str(output)])
    if isinstance(result, HeadergenError):
        raise result
    return result
