"""What fills one panel: a source cropped around its focus, or one that is shown whole."""

from PIL import Image

from headergen.graphics.canvas import cover
from headergen.graphics.composite import ground, outline, window
from headergen.graphics.composite.ground import backdrop
from headergen.graphics.composite.stage import Source

# Of a panel's width and height: the room for a logo. note.com's listings and link cards then show
# all of a logo that is alone on a header.
_LOGO_ROOM = (0.75, 0.66)
# An icon enlarged further is a blur.
MAX_ENLARGEMENT = 4.0
# Shapes (width to height) that may be cropped at will. A phone's screen or a banner beyond is not,
# if the panel would keep less than a third of it.
_ORDINARY = (0.6, 4.5)
_LEAST_SHOWN = 1 / 3
# Shapes that are laid on their own blur as they are; what is more extreme is cropped to this.
_INSET_RATIOS = (1 / 3, 3.0)
# Of the shorter side: the rounding of a picture that lies on its own blur.
_INSET_CORNERS = 0.06
# Of a card's width: what the tilt of the card above hides more, or less, at its top and bottom.
_TILT = 0.08
# Of what is seen: how near to either end its focus may be, if there is a choice.
_NEAR_EDGE = 0.12

# From where to where, in shares of a width.
Span = tuple[float, float]


def fill(
    source: Source, width: int, height: int, seen: Span = (0, 1), *, on_card: bool = False
) -> Image.Image:
    """Make an RGB panel of `width` x `height` px of one source.

    The source covers the panel, cropped around its focus. One with transparent parts lies on a
    backdrop of its own hue that it stands out from; one that is mostly a shape (a logo) is shown
    whole, with clear space around it. What is too small to cover the panel, or of an extreme
    shape, lies on its own blur. A screen, a chart or a diagram is shown whole, as a window.

    `seen` is the part of the panel, in shares of its width, where what is interesting belongs. The
    panel is that of a card that casts a shadow if it is `on_card`.
    """
    if source.is_logo:
        return _logo(source, width, height, seen)
    if source.is_screen:
        return window.fill(source, flat(source), width, height, seen, on_card=on_card)
    if is_covered(source, width, height):
        return _covered(source, width, height, seen)
    return _on_its_blur(source, width, height, seen)


def is_covered(source: Source, width: int, height: int) -> bool:
    """Tell whether a panel is covered by its source, which does not lie on a ground of its own."""
    is_odd = _is_odd(source, width, height)
    is_whole = source.is_logo or source.is_screen
    return not (is_whole or is_odd or is_tiny(source, width, height))


def _covered(source: Source, width: int, height: int, seen: Span) -> Image.Image:
    """Cover a panel with a source, or no more than what is seen if the focus would be hidden."""
    low, high = _px(seen, -_TILT, width)
    x, y = source.focus_for(high - low, height)
    for start, end in ((0, width), _px(seen, _TILT, width), (low, high)):
        kept = min((end - start) / height / source.ratio, 1)
        wanted = ((low + high) / 2 - start) / (end - start)
        left = min(max(x - wanted * kept, 0), 1 - kept)
        place = start + (x - left) / kept * (end - start)
        if low + _NEAR_EDGE * (high - low) <= place <= high - _NEAR_EDGE * (high - low):
            break
    picture = cover(flat(source), end - start, height, (left + kept / 2, y))
    return _widened(picture, start, width)


def _px(seen: Span, reach: float, width: int) -> tuple[int, int]:
    """Find the columns that are seen of a card, and `reach` of its width beneath the next one."""
    start, end = seen
    return (
        round(max(start - reach, 0) * width) if start > 0 else 0,
        round(min(end + reach, 1) * width) if end < 1 else width,
    )


def _widened(picture: Image.Image, start: int, width: int) -> Image.Image:
    """Put a picture `start` px into a panel, and its mirror images where it does not reach."""
    if picture.width == width:
        return picture
    panel = Image.new("RGB", (width, picture.height))
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    before = -(-start // picture.width)
    for step, left in enumerate(range(start - before * picture.width, width, picture.width)):
        panel.paste(mirrored if (step - before) % 2 else picture, (left, 0))
    return panel


def is_tiny(source: Source, width: float, height: float) -> bool:
    """Tell whether a source would be a blur if it were to cover `width` by `height` px."""
    picture = source.picture
    return max(width / picture.width, height / picture.height) > MAX_ENLARGEMENT


def _is_odd(source: Source, width: int, height: int) -> bool:
    low, high = _ORDINARY
    is_extreme = not low <= source.ratio <= high and low <= width / height <= high
    return is_extreme and source.shown(width, height) < _LEAST_SHOWN


def _on_its_blur(source: Source, width: int, height: int, seen: Span) -> Image.Image:
    """Lay a source on a blurred and dimmed enlargement of itself."""
    panel = ground.blurred([source], width, height)
    start, end = _px(seen, 0, width)
    low, high = _INSET_RATIOS
    ratio = min(max(source.ratio, low), high)
    fit = min(end - start, height * ratio)
    inset_width = min(fit, MAX_ENLARGEMENT * source.picture.width)
    size = max(round(inset_width), 1), max(round(inset_width / ratio), 1)
    inset = cover(flat(source), *size, source.focus_for(*size))
    left, top = (start + end - size[0]) // 2, (height - size[1]) // 2
    radius = _INSET_CORNERS * min(size) if inset_width < fit else 0
    rounded, at = outline.mask(outline.of_box((left, top, left + size[0], top + size[1])), radius)
    panel.paste(inset, at, rounded)
    return panel


def flat(source: Source) -> Image.Image:
    """Return a source's picture (RGB), transparent parts filled with its backdrop."""
    if source.shape is None:
        return source.picture
    ground = Image.new("RGB", source.picture.size, backdrop(source))
    ground.paste(source.picture, (0, 0), source.picture)
    return ground


def _logo(source: Source, width: int, height: int, seen: Span) -> Image.Image:
    """Stand a logo in the middle of what is seen of a panel of its own, with clear space around."""
    panel = Image.new("RGB", (width, height), backdrop(source))
    start, end = (width * share for share in seen)
    room = (end - start) * _LOGO_ROOM[0], height * _LOGO_ROOM[1]
    stand(source, panel, ((start + end) / 2, height / 2), room)
    return panel


def stand(
    source: Source, ground: Image.Image, middle: tuple[float, float], room: tuple[float, float]
) -> None:
    """Paste a logo so that its shape fits in `room` px around `middle`."""
    picture = source.picture
    left, top, right, bottom = source.shape_box
    scale = min(room[0] / (right - left), room[1] / (bottom - top), MAX_ENLARGEMENT)
    x, start_x, end_x = _align(ground.width, middle[0], picture.width, (left + right) / 2, scale)
    y, start_y, end_y = _align(ground.height, middle[1], picture.height, (top + bottom) / 2, scale)
    size = [max(round(length * scale), 1) for length in (end_x - start_x, end_y - start_y)]
    box = (start_x, start_y, end_x, end_y)
    logo = picture.resize((size[0], size[1]), Image.Resampling.LANCZOS, box=box)
    ground.paste(logo, (x, y), logo)


def _align(
    length: int, at: float, source_length: int, middle: float, scale: float
) -> tuple[int, float, float]:
    """Put a source's `middle` at a place of the ground, along one axis.

    Returns where on the ground the source begins, and from where to where it shows: all of what
    lies around the shape (a soft shadow) that the ground has room for.
    """
    start = max(middle - at / scale, 0)
    end = min(middle + (length - at) / scale, source_length)
    return round(at - (middle - start) * scale), start, end
