"""`headergen fetch`: download a model once, for painting without the network."""

from argparse import Namespace

from headergen.cli import progress
from headergen.cli.commands.place import find_place
from headergen.cli.terminal import say, tell
from headergen.diffusion import fetching, interpreter
from headergen.errors import UsageError
from headergen.plan import model_choice
from headergen.progress import Finished, Started


def run(arguments: Namespace) -> int:
    """Download a model, and say where it is and how to pin it for everyone."""
    place = find_place(arguments)
    config = model_choice.config_of(place.config, arguments.model)
    chosen = model_choice.for_config(config, place.root)
    if chosen.local:
        raise UsageError(f"{chosen.location} is a folder on this machine: nothing to fetch")
    if chosen.transformer and arguments.quantize:
        raise UsageError("image.transformer names a quantised transformer: leave out --quantize")
    report = progress.for_terminal(hook=False)
    report(Started(chosen.name))
    try:
        found = fetching.fetch(
            interpreter.find_interpreter(config.worker_python, place.root),
            chosen,
            config.device,
            model_choice.size_to_paint(chosen.row, config, config.width, config.height),
            report,
            timeout_s=config.worker_timeout_s,
            quantize=arguments.quantize,
        )
    finally:
        report(Finished())
    tell(f"{chosen.name} is in {found.folder}, for painting without the network")
    if chosen.revision is None:
        say(f"to have every machine use this one: image.revision: {found.revision}")
    return 0
