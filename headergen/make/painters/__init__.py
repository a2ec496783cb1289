"""The painters, a module each, and the choice between them."""

from pathlib import Path

from headergen.make.painter import Painter
from headergen.make.painters.local import LocalPainter
from headergen.make.painters.served import ServedPainter
from headergen.settings.config import Config


def painter_of(config: Config, root: Path, *, download: bool) -> Painter:
    """Return the painter that the config asks for.

    `download` allows fetching a model that is not on the machine.
    """
    if config.server:
        return ServedPainter(config.server)
    return LocalPainter(config, root, download)
