"""The themes of title cards: how each paints its ground, and how its text is set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from PIL import Image

from headergen.graphics.card.layout import Manner
from headergen.graphics.card.palette import Colour, Palette
from headergen.graphics.card.themes import pattern, quiet, scenery
from headergen.graphics.card.themes.scene import Scene
from headergen.graphics.typography import fonts


@dataclass(frozen=True)
class Theme:
    """One theme's row.

    `ink` is the text's colour as long as it can be read on the ground, `spot` that of the rule.
    """

    paint: Callable[[Scene], Image.Image]
    ink: Callable[[Palette], Colour]
    spot: Callable[[Palette], Colour]
    manner: Manner

    def inks(self, palette: Palette) -> tuple[Colour, Colour]:
        """Return the theme's own ink, and the other one for grounds that it is lost on."""
        other = _light if self.ink is _dark else _dark
        return self.ink(palette), other(palette)


def _light(palette: Palette) -> Colour:
    return palette.ground(0.985, 0.08)


def _dark(palette: Palette) -> Colour:
    return palette.ground(0.22, 0.35)


def _bright_spot(palette: Palette) -> Colour:
    return palette.mark(0.86, 0.9)


def _deep_spot(palette: Palette) -> Colour:
    return palette.mark(0.56, 1.0)


THEMES: Mapping[str, Theme] = {
    "gradient": Theme(quiet.gradient, _light, _bright_spot, Manner()),
    "mesh": Theme(quiet.mesh, _dark, _deep_spot, Manner(align="center")),
    "waves": Theme(pattern.waves, _light, _bright_spot, Manner(rule=True)),
    "shapes": Theme(pattern.shapes, _dark, _deep_spot, Manner(room=0.7)),
    "halftone": Theme(pattern.halftone, _dark, _deep_spot, Manner()),
    "paper": Theme(
        scenery.paper, _dark, _deep_spot, Manner(fonts.SERIF, align="center", tracking=0.04)
    ),
    "night": Theme(scenery.night, _light, _bright_spot, Manner()),
    "editorial": Theme(
        quiet.editorial, _dark, _deep_spot, Manner(fonts.SERIF, tracking=0.02, room=0.66)
    ),
    "minimal": Theme(quiet.minimal, _dark, _deep_spot, Manner(rule=True)),
    "duotone": Theme(scenery.duotone, _light, _bright_spot, Manner(room=0.62)),
}

# A title laid over a picture, which is what the header is about, stands back a little: however long
# it is, it leaves the upper half of most pictures alone. Where a face is there, it goes to the head
# or to a side.
_OVER = Manner(stand="foot", largest=80, growth=1.3, shrinkage=0.55)
_BESIDE_A_FACE = Manner(room=0.44, largest=72, growth=1.3, shrinkage=0.7)
OVER_PICTURE = tuple(
    Theme(scenery.picture, _light, _bright_spot, manner)
    for manner in (
        _OVER,
        replace(_OVER, stand="head"),
        _BESIDE_A_FACE,
        replace(_BESIDE_A_FACE, at_right=True),
    )
)
# One that stands beside pictures on a ground has the half that they leave free.
BESIDE_PICTURES = Theme(
    scenery.picture, _light, _bright_spot, Manner(room=0.5, largest=72, shrinkage=0.8)
)
