"""`headergen generate`: paint one picture from a prompt."""

from __future__ import annotations

import sys
from argparse import Namespace

from headergen import plan, produce, progress
from headergen.article import Request
from headergen.commands.notices import say_notices
from headergen.commands.place import find_place, own_config
from headergen.commands.saving import format_for, require_writable, save, size_of
from headergen.diffusion import checkpoint
from headergen.errors import HeadergenError
from headergen.paint import canvas
from headergen.terminal import say


def run(arguments: Namespace) -> int:
    """Paint a picture with the config's model or another, and save it at the size asked for."""
    format = format_for(arguments.output)
    place = find_place(arguments)
    config, size = own_config(place.config, arguments.model), size_of(arguments, place.config)
    request = Request(
        prompt=arguments.prompt,
        negative_prompt=arguments.negative_prompt,
        model=None,
        seed=arguments.seed,
        steps=arguments.steps,
        guidance_scale=arguments.guidance_scale,
        sources=(),
        layout=None,
        focus=(),
        lines={},
    )
    seed = int(plan.digest_of(request, ()), 16)
    chosen = checkpoint.for_config(config, place.root)
    painting = plan.painting(request, chosen, config, size, seed)
    require_writable(arguments.output)
    say_notices([painting])
    for note in painting.notes:
        say(f"note: {note}", sys.stderr)
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
    texts = result.provenance.metadata(place.config.metadata)
    save(arguments.output, canvas.encode(result.image(*size), format, texts))
    say(f"{arguments.output}, {size[0]}×{size[1]} px ({result.describe()})")
    return 0
