"""`headergen card`: draw one title card, at any size."""

from argparse import Namespace

from headergen.cli.commands.place import Place, find_place
from headergen.cli.commands.saving import format_for, require_writable, size_of
from headergen.cli.terminal import tell
from headergen.errors import UsageError
from headergen.graphics import encoding
from headergen.graphics.card import drawing
from headergen.graphics.card.content import Card
from headergen.picture import metadata, provenance
from headergen.plan import card_content
from headergen.repository import durable
from headergen.vocabulary import PICTURE_THEME, THEMES


def run(arguments: Namespace) -> int:
    """Draw the card, in the config's look where no option says otherwise, and save it."""
    format = format_for(arguments.output)
    require_writable(arguments.output, force=arguments.force)
    place = find_place(arguments)
    width, height = size_of(arguments, place.config)
    card = _card(arguments, place)
    image = drawing.draw(card, width, height)
    origin = provenance.of_card(map(metadata.of_source, filter(None, (card.picture, card.logo))))
    texts = origin.metadata(place.config.metadata)
    durable.save(arguments.output, encoding.encode(image, format, texts))
    tell(f"{arguments.output}, {width}×{height} px (title card)")
    return 0


def _card(arguments: Namespace, place: Place) -> Card:
    config = place.config
    given = PICTURE_THEME if arguments.picture and not arguments.theme else arguments.theme
    if arguments.picture and given != PICTURE_THEME:
        raise UsageError(f"--picture: the theme {given!r} shows no picture; {PICTURE_THEME!r} does")
    return Card(
        title=arguments.title,
        subtitle=arguments.subtitle,
        theme=given or config.card_theme or THEMES[0],
        colours=tuple(arguments.colours or config.card_colours),
        author=(config.card_author if arguments.author is None else arguments.author) or None,
        date=arguments.date,
        tags=tuple(arguments.tags),
        logo=arguments.logo or card_content.logo_of(config, place.root),
        picture=arguments.picture,
    )
