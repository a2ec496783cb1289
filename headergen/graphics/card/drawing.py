"""Title cards: a title on a ground of its own, or laid over another picture."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops

from headergen.errors import UsageError
from headergen.graphics import faces
from headergen.graphics.canvas import open_source
from headergen.graphics.card import palette as palettes
from headergen.graphics.card.content import Card
from headergen.graphics.card.layout import Arrangement, Box, Manner, arrange, safe_frame
from headergen.graphics.card.legibility import calmed, halo, legible_ink, surroundings, veiled
from headergen.graphics.card.ornaments import draw_rule, lay_code_grounds, pills, stamp
from headergen.graphics.card.palette import Colour, Palette, shade
from headergen.graphics.card.texts import require_title
from headergen.graphics.card.themes import BESIDE_PICTURES, OVER_PICTURE, THEMES, Theme
from headergen.graphics.card.themes.scene import Scene
from headergen.graphics.contrast import contrast, luminance, mean_colour
from headergen.graphics.typography.fit import code_boxes, mask

# From this alpha on a pixel counts as part of a logo; below it lie soft shadows.
_SHAPE_ALPHA = 32
_MIDDLE_GRAY = (128, 128, 128)
# What a face loses below a scrim, in shares of what it loses below letters; and how far one reaches
# around texts, in px of the reference size.
_VEILED, _VEIL_REACH = 0.3, 110
# Lightness of scrims below light and below dark letters, and how vivid they may be (OKLCH).
_DARK_SCRIM, _LIGHT_SCRIM, _SCRIM_CHROMA = 0.1, 0.97, 0.025


@dataclass(frozen=True)
class Layers:
    """A card before its text is laid on.

    `text` is the letters' coverage, `behind` marks what lies behind them and just around them
    (both L): there `ink` stands out from `ground` by 4.5:1.
    """

    ground: Image.Image
    text: Image.Image
    behind: Image.Image
    ink: Colour

    def flatten(self) -> Image.Image:
        """Lay the text on the ground."""
        image = self.ground.copy()
        image.paste(self.ink, (0, 0), self.text)
        return image


def draw(card: Card, width: int, height: int) -> Image.Image:
    """Draw a title card: RGB, exactly `width` x `height` px.

    All text stands in what note.com's listings and link cards show, and out from what is behind
    it by 4.5:1 (WCAG 2.2). The same card gives the same pixels. A title too long even for the
    smallest letters ends in an ellipsis; tags that find no room are left out.

    Raises:
        UsageError: the theme is unknown or lacks its picture, a colour is malformed, the title is
            blank, or the size leaves it no room.
        GlyphError: no bundled font draws a character.
        SourceError: the logo or picture cannot be used.
    """
    return layers(card, width, height).flatten()


def lay_title(image: Image.Image, card: Card, *, beside: bool = False) -> Image.Image:
    """Lay a card's texts over an RGB picture, on a scrim as thin as they allow.

    They stand at its foot, or where they cover a face there, at its head or at a side. With
    `beside` they stand in the left half, which the picture leaves free for them. The theme
    and the duotone's picture are not looked at. What `draw` promises of the text holds here too,
    and it raises the same.
    """
    return title_layers(image, card, beside=beside).flatten()


def layers(card: Card, width: int, height: int) -> Layers:
    """Paint a card's ground and its text apart; raises as `draw` does."""
    theme = THEMES.get(card.theme)
    if theme is None:
        raise UsageError(f"unknown theme {card.theme!r}; choose from {', '.join(THEMES)}")
    if theme is THEMES["duotone"] and card.picture is None:
        raise UsageError(
            "the theme 'duotone' shows a picture, and the card names none",
            remedy="name one, or choose another theme",
        )
    picture = open_source(card.picture, at_least=(width, height)) if card.picture else None
    return _layers(card, theme, width, height, picture)


def title_layers(image: Image.Image, card: Card, *, beside: bool = False) -> Layers:
    """Paint a scrim and the text to lay over `image` apart; raises as `draw` does."""
    theme = BESIDE_PICTURES if beside else _clear_of_faces(image, card)
    return _layers(card, theme, *image.size, image)


def _clear_of_faces(image: Image.Image, card: Card) -> Theme:
    """Choose the place for a title over a picture where it covers least of the faces."""
    found = faces.find(image)
    if not found:
        return OVER_PICTURE[0]
    logo = _trimmed(open_source(card.logo)) if card.logo else None
    width, height = image.size
    boxes = [
        (face.left * width, face.top * height, face.right * width, face.bottom * height)
        for face in found
    ]

    def loss(theme: Theme) -> float:
        texts = _boxes_of_texts(_arranged(card, theme.manner, width, height, logo))
        veil = _veil(texts, theme.manner.stand, width, height)
        hidden = sum(_hidden(box, texts) + _VEILED * _hidden(box, [veil]) for box in boxes)
        return round(hidden, 2)

    return min(OVER_PICTURE, key=loss)


def _boxes_of_texts(arrangement: Arrangement) -> list[Box]:
    return [
        (text.left, text.top, text.left + text.setting.width, text.bottom)
        for text in arrangement.texts
    ]


def _veil(texts: Sequence[Box], stand: str, width: int, height: int) -> Box:
    """Return what a scrim covers at most."""
    lefts, tops, rights, bottoms = zip(*texts, strict=True)
    if stand == "foot":
        return 0, min(tops), width, height
    if stand == "head":
        return 0, 0, width, max(bottoms)
    reach = _VEIL_REACH * safe_frame(width, height).unit
    return min(lefts) - reach, min(tops) - reach, max(rights) + reach, max(bottoms) + reach


def _hidden(face: Box, boxes: Sequence[Box]) -> float:
    """Measure what boxes cover of a face, in areas of it."""
    area = (face[2] - face[0]) * (face[3] - face[1])
    return sum(_common_area(face, box) for box in boxes) / area


def _common_area(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0) * max(down, 0)


def _layers(
    card: Card, theme: Theme, width: int, height: int, picture: Image.Image | None
) -> Layers:
    logo = _trimmed(open_source(card.logo)) if card.logo else None
    arrangement = _arranged(card, theme.manner, width, height, logo)
    text = _coverage(arrangement, width, height)
    scene = Scene(width, height, _palette(card), card.title, halo(text), picture)
    lettered = _legible(theme.paint(scene), text, theme, scene.palette)
    _decorate(lettered, arrangement, logo, theme.spot(scene.palette))
    return lettered


def _trimmed(logo: Image.Image) -> Image.Image:
    """Cut off the margins of a logo, transparent or a faint haze, which make it look small."""
    if logo.mode == "RGB":
        return logo
    shape = logo.getchannel("A").point([255 * (alpha >= _SHAPE_ALPHA) for alpha in range(256)])
    return logo.crop(shape.getbbox())


def _palette(card: Card) -> Palette:
    if not card.colours:
        return palettes.derive(card.title)
    try:
        return palettes.choose(card.colours)
    except ValueError as error:
        raise UsageError(str(error), remedy="write colours as '#rrggbb'") from error


def _arranged(
    card: Card, manner: Manner, width: int, height: int, logo: Image.Image | None
) -> Arrangement:
    require_title(card)
    frame = safe_frame(width, height, manner.room, at_right=manner.at_right)
    return arrange(card, manner, frame, logo.size if logo else None)


def _legible(ground: Image.Image, text: Image.Image, theme: Theme, palette: Palette) -> Layers:
    """Choose the ink; where none can be read, lay a scrim first."""
    behind = surroundings(text)
    ink = legible_ink(ground, behind, theme.inks(palette))
    if ink is not None:
        return Layers(ground.copy(), text, behind, ink)
    mean = mean_colour(ground, behind)
    is_over = theme.manner.stand != "middle"
    ink = theme.inks(palette)[0] if is_over else _clearest(theme.inks(palette), mean)
    is_light = luminance(ink) > luminance(_MIDDLE_GRAY)
    # Of the ground's own hue: another's would turn the whole picture muddy.
    scrim = shade(mean, _DARK_SCRIM if is_light else _LIGHT_SCRIM, _SCRIM_CHROMA)
    covered = veiled(calmed(ground, text), behind, scrim, ink, theme.manner.stand)
    return Layers(covered, text, behind, ink)


def _clearest(inks: Sequence[Colour], ground: Colour) -> Colour:
    """Choose the ink that stands out most from what is behind it on the whole."""
    return max(inks, key=lambda ink: contrast(luminance(ink), luminance(ground)))


def _decorate(
    layers: Layers, arrangement: Arrangement, logo: Image.Image | None, spot: Colour
) -> None:
    boxes = [box for placed in arrangement.texts for box in code_boxes(placed)]
    lay_code_grounds(layers.ground, boxes, layers.behind, layers.ink)
    if arrangement.rule:
        draw_rule(layers.ground, arrangement.rule, spot, layers.ink)
    if logo and arrangement.logo:
        stamp(layers.ground, logo, arrangement.logo)


def _coverage(arrangement: Arrangement, width: int, height: int) -> Image.Image:
    coverage = pills(arrangement.pills, width, height)
    for placed in arrangement.texts:
        coverage = ImageChops.lighter(coverage, mask(placed, width, height))
    return coverage
