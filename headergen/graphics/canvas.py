"""Open one picture safely, and bring it to a size: cropped, or whole on a soft ground."""

import errno
import io
import os
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import (
    ExifTags,
    Image,
    ImageCms,
    ImageDraw,
    ImageFile,
    ImageFilter,
    JpegImagePlugin,
    UnidentifiedImageError,
)

from headergen.errors import SourceError
from headergen.picture import damage
from headergen.repository.paths import NAME_A_PICTURE, require_sensible
from headergen.vocabulary import HEADER_HEIGHT, HEADER_WIDTH, LINK_CARD_WIDTH, LISTING_HEIGHT

_JPEG = b"\xff\xd8\xff"
READABLE_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF")

# What Pillow's readers raise on damaged files: the first four seen under seeded byte flips in
# every format, the others in its sources.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    RuntimeError,
    EOFError,
    LookupError,
    TypeError,
    MemoryError,
    struct.error,
    zlib.error,
)

# EXIF 2.32, 4.6.4 A, "Orientation"; 1 and unknown values are upright.
_TURNS: Mapping[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({5, 6, 7, 8})

# Pillow widens or narrows a PNG's pixels to 8 bits by these factors and forgets its tRNS colour.
_KEY_FACTORS: Mapping[object, float] = {"L;2": 255 / 3, "L;4": 255 / 15, "RGB;16B": 1 / 256}

# Pillow's documentation: a gap of 2 or more looks like resampling from the whole picture.
_REDUCING_GAP = 2.0

# Pixels that are converted at once, in up to five copies of 4 bytes a pixel.
_BAND_PIXELS = 3_000_000

# An animation fades in within so many frames. Levels of 255 by which a blank frame's pixels differ.
_FRAMES_TRIED, _NOISE = 48, 10

# Masks are drawn larger and scaled down for smooth edges: ImageDraw has none.
_OVERSAMPLING = 3


def open_source(path: Path, *, at_least: tuple[int, int] | None = None) -> Image.Image:
    """Open a source picture as the author sees it: RGB or RGBA, 8 bit, sRGB, upright.

    The mode is RGBA only where something is transparent. Of an animation it is the first frame
    that shows something.

    Args:
        path: a PNG, JPEG, WebP, AVIF or GIF file.
        at_least: width and height in px that the picture has to cover; a larger one may come
            back reduced, but covers them still. It saves time (JPEG) and memory (all). A JPEG of
            more than `damage.MAX_PIXELS` is always reduced.

    Raises:
        SourceError: `path` is no such file, is damaged, shows nothing, or has more than
            `damage.MAX_PIXELS`, `damage.MAX_JPEG_PIXELS` if it is a baseline JPEG (known from the
            header, before anything is decoded). The message names the picture and leaves article
            and line to the caller.
    """
    with _regular_file(path) as file, _damage_as_source_error(path):
        picture = _opened(file, path)
        _decode(picture, at_least)
        shown = _frame_that_shows(picture)
        return _in_srgb(_turn_upright(shown), path, at_least)


def _opened(file: BinaryIO, path: Path) -> ImageFile.ImageFile:
    """Read a picture's header, and refuse one that is too large to decode."""
    head = file.read(len(_JPEG))
    file.seek(0)
    if head != _JPEG:
        picture = Image.open(file, formats=READABLE_FORMATS)
        if picture.width * picture.height > damage.MAX_PIXELS:
            raise Image.DecompressionBombError
        return picture
    return _opened_jpeg(file, path)


def _opened_jpeg(file: BinaryIO, path: Path) -> ImageFile.ImageFile:
    # Image.open refuses 179 megapixels and more, before it could be told to reduce them.
    picture = JpegImagePlugin.JpegImageFile(file)
    pixels = picture.width * picture.height
    if pixels > damage.MAX_JPEG_PIXELS:
        raise damage.too_large(_name(path), damage.MAX_JPEG_PIXELS)
    damage.require_few_scans(path, _name(path), pixels)
    return picture


def from_rgb(pixels: bytes, width: int, height: int) -> Image.Image:
    """Make a picture of `width` x `height` px from packed 8-bit RGB rows, top row first.

    Raises:
        ValueError: `pixels` is not 3 x `width` x `height` bytes long (Pillow lets more pass).
    """
    if len(pixels) != 3 * width * height:
        raise ValueError(f"{len(pixels)} bytes are no RGB picture of {width}x{height} px")
    return Image.frombytes("RGB", (width, height), pixels)


def blank(width: int, height: int) -> Image.Image:
    """Make a white RGB picture of `width` x `height` px."""
    return Image.new("RGB", (width, height), "white")


def cover(
    image: Image.Image, width: int, height: int, focus: tuple[float, float] = (0.5, 0.5)
) -> Image.Image:
    """Scale and crop `image` to exactly `width` x `height` px, keeping its aspect ratio.

    A picture that needs no scaling is only cropped, so its pixels stay as they are (1280x672 to
    1280x670 loses one row at the top and one at the bottom). `focus` is the point of interest, in
    shares of the picture's width and height from the top left: it is in what stays, as near to
    the middle as the picture's edges admit.
    """
    scale = max(width / image.width, height / image.height)
    if scale == 1:
        left = round(_start(image.width, width, focus[0]))
        top = round(_start(image.height, height, focus[1]))
        return image.crop((left, top, left + width, top + height))
    # A rounding error beyond the edge would be refused by Pillow.
    crop_width = min(width / scale, image.width)
    crop_height = min(height / scale, image.height)
    left_px = _start(image.width, crop_width, focus[0])
    top_px = _start(image.height, crop_height, focus[1])
    right_px = min(left_px + crop_width, image.width)
    bottom_px = min(top_px + crop_height, image.height)
    return image.resize(
        (width, height), Image.Resampling.LANCZOS, box=(left_px, top_px, right_px, bottom_px)
    )


def point_in_cover(
    image: Image.Image, focus: tuple[float, float], width: int, height: int
) -> tuple[float, float]:
    """Say where `focus` of `image` lies in what `cover` makes of it, in shares of that."""
    scale = max(width / image.width, height / image.height)
    sides = ((image.width, width / scale, focus[0]), (image.height, height / scale, focus[1]))
    x, y = ((share * side - _start(side, kept, share)) / kept for side, kept, share in sides)
    return x, y


def _start(length: int, kept: float, focus: float) -> float:
    """Say where a crop of `kept` px begins so that `focus` (a share of `length`) is central."""
    return min(max(focus * length - kept / 2, 0), length - kept)


def rounded_mask(size: tuple[int, int], radius: float) -> Image.Image:
    """Draw the mask (L, smooth edges) of a box of `size` px with corners rounded by `radius` px."""
    mask = Image.new("L", (size[0] * _OVERSAMPLING, size[1] * _OVERSAMPLING))
    box = (0, 0, mask.width - 1, mask.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, radius * _OVERSAMPLING, fill=255)
    return mask.reduce(_OVERSAMPLING)


@contextmanager
def _regular_file(path: Path) -> Iterator[BinaryIO]:
    """Open `path` for reading, or raise a SourceError that says what is there instead."""
    with _open(path) as file:
        require_sensible(os.fstat(file.fileno()), _name(path))
        yield file


def _open(path: Path) -> BinaryIO:
    try:
        return open(path, "rb", opener=_open_without_waiting)
    except (OSError, ValueError) as error:
        raise _cannot_open(path, error) from error


def _open_without_waiting(path: str, flags: int) -> int:
    # Without O_NONBLOCK a pipe that nobody writes to would hang the commit; Windows has no such.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


def _cannot_open(path: Path, error: OSError | ValueError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        return SourceError(
            f"{_name(path)} does not exist", remedy="correct the path or add the picture"
        )
    # Windows calls it a PermissionError.
    if isinstance(error, IsADirectoryError) or os.path.isdir(path):
        return SourceError(f"{_name(path)} is a directory", remedy="name a picture in it")
    if isinstance(error, PermissionError):
        return SourceError(
            f"{_name(path)} may not be read: permission denied", remedy="let your user read it"
        )
    if isinstance(error, OSError) and error.errno == errno.ENXIO:
        message = f"{_name(path)} is not a regular file but a socket or device"
        return SourceError(message, remedy=NAME_A_PICTURE)
    reason = error.strerror if isinstance(error, OSError) else error
    return SourceError(f"{_name(path)} cannot be opened: {reason}", remedy=NAME_A_PICTURE)


@contextmanager
def _damage_as_source_error(path: Path) -> Iterator[None]:
    """Turn whatever Pillow raises on a bad file into a SourceError, and keep it from warning."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise damage.too_large(_name(path)) from error
    except UnidentifiedImageError as error:
        raise damage.unreadable(_name(path), path) from error
    except _DAMAGE as error:
        raise damage.damaged(_name(path), error) from error


def _name(path: Path) -> str:
    # Quoted and escaped: a name may hold line breaks or bytes that no terminal takes.
    return repr(str(path))


def _decode(picture: ImageFile.ImageFile, at_least: tuple[int, int] | None) -> None:
    """Load all pixels; a JPEG that is larger than `at_least` or memory allows at 1/2, 1/4 or 1/8.

    `at_least` is that of the upright picture.
    """
    if picture.format == "JPEG":
        wanted = at_least or picture.size
        if _orientation(picture) in _SIDEWAYS and at_least:
            wanted = wanted[::-1]
        if picture.width * picture.height > damage.MAX_PIXELS:
            wanted = (min(wanted[0], picture.width // 2), min(wanted[1], picture.height // 2))
        picture.draft(None, wanted)
    _scale_colour_key(picture)
    picture.load()


def _frame_that_shows(picture: ImageFile.ImageFile) -> Image.Image:
    """Return the first frame with something to see, or the first one if none has.

    Animations often begin with an empty frame, to fade in. Few frames are tried, and fewer of
    large pictures: each has to be decoded.
    """
    if not getattr(picture, "is_animated", False) or not _is_blank(picture):
        return picture
    first = picture.copy()
    tried = min(_FRAMES_TRIED, damage.MAX_PIXELS // (picture.width * picture.height))
    try:
        for index in range(1, min(tried, getattr(picture, "n_frames", 1))):
            picture.seek(index)
            picture.load()
            if not _is_blank(picture):
                return picture.copy()
    except _DAMAGE:
        return first
    return first


def _is_blank(picture: Image.Image) -> bool:
    """Check whether a frame is one colour, but for noise, or wholly transparent."""
    red, green, blue, alpha = picture.convert("RGBA").split()
    if alpha.getextrema() == (0, 0):
        return True
    ranges = (band.getextrema() for band in (red, green, blue, alpha))
    return all(high - low <= _NOISE for low, high in ranges)  # type: ignore[operator]


def _scale_colour_key(picture: ImageFile.ImageFile) -> None:
    """Bring the one transparent colour of a PNG to the depth that its pixels are loaded at."""
    key = picture.info.get("transparency")
    factor = _KEY_FACTORS.get(picture.tile[0].args) if picture.tile else None
    if key is None or factor is None:
        return
    picture.info["transparency"] = (
        tuple(int(level * factor) for level in key) if isinstance(key, tuple) else int(key * factor)
    )


def _orientation(picture: Image.Image) -> object:
    # With broken EXIF data the picture stands as it is stored, as browsers show it.
    try:
        return picture.getexif().get(ExifTags.Base.Orientation)
    except _DAMAGE:
        return None


def _turn_upright(picture: Image.Image) -> Image.Image:
    turn = _TURNS.get(_orientation(picture))
    return picture if turn is None else picture.transpose(turn)


def _in_srgb(picture: Image.Image, path: Path, at_least: tuple[int, int] | None) -> Image.Image:
    """Convert a decoded picture of any mode to sRGB, with its alpha channel if it needs one.

    It is reduced while it stays well above `at_least`. Bands of rows are taken one after another:
    of a large picture there is never a second copy.
    """
    factor = _factor(picture.size, at_least)
    rows = max(_BAND_PIXELS // (picture.width * factor), 1) * factor
    tops = range(0, picture.height, rows)
    ranges = [found for top in tops if (found := _alpha_range(_band(picture, top, rows)))]
    if ranges and max(high for _, high in ranges) == 0:
        raise SourceError(
            f"{_name(path)} is wholly transparent: there is nothing to show",
            remedy="name another picture",
        )
    has_alpha = any(low < 255 for low, _ in ranges)
    size = (-(-picture.width // factor), -(-picture.height // factor))
    result = Image.new("RGBA" if has_alpha else "RGB", size)
    for top in tops:
        band = _band_in_srgb(_band(picture, top, rows), has_alpha=has_alpha)
        result.paste(band.reduce(factor) if factor > 1 else band, (0, top // factor))
    return result


def _factor(size: tuple[int, int], at_least: tuple[int, int] | None) -> int:
    """Return the side of the blocks of pixels that are averaged."""
    if at_least is None:
        return 1
    return max(int(min(size[0] / at_least[0], size[1] / at_least[1]) / _REDUCING_GAP), 1)


def _band(picture: Image.Image, top: int, rows: int) -> Image.Image:
    """Return so many rows; 16-bit ones as 8-bit."""
    band = picture.crop((0, top, picture.width, min(top + rows, picture.height)))
    return _narrow(band) if picture.mode.startswith("I") else band


def _alpha_range(band: Image.Image) -> tuple[int, int] | None:
    alpha = _alpha(band)
    return None if alpha is None else alpha.getextrema()  # type: ignore[return-value]


def _band_in_srgb(band: Image.Image, *, has_alpha: bool) -> Image.Image:
    colours = _srgb(band, band.info.get("icc_profile"))
    alpha = _alpha(band) if has_alpha else None
    colours.info.clear()
    if has_alpha:
        colours.putalpha(alpha if alpha is not None else 255)
    return colours


def _narrow(picture: Image.Image) -> Image.Image:
    """Scale 16-bit gray to 8 bits, L or LA; Pillow's own conversion clips at 255."""
    wide = picture.convert("I")
    gray = wide.point([level / 257 for level in range(65536)], "L")
    key = picture.info.get("transparency")
    if key is not None:
        gray.putalpha(wide.point([255 * (level != key) for level in range(65536)], "L"))
    return gray


def _alpha(picture: Image.Image) -> Image.Image | None:
    if not picture.has_transparency_data:
        return None
    return picture.convert("RGBA").getchannel("A")


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert the colours (not the alpha) to sRGB through the embedded profile, if there is one."""
    base = {"1": "L", "L": "L", "LA": "L", "CMYK": "CMYK"}.get(picture.mode, "RGB")
    colours = picture.convert(base)
    if profile:
        # A broken profile, or one for other channels (an RGB one in a gray PNG is common), is
        # passed over as browsers do: the author has seen the picture right without it.
        try:
            return _through_profile(colours, profile)
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass
    return colours.convert("RGB")


def _through_profile(colours: Image.Image, profile: bytes) -> Image.Image:
    transform = ImageCms.ImageCmsTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        colours.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return transform.apply(colours)


# Of a header's width and height, what note.com's link cards and listings keep: what is laid out
# keeps its words and subjects inside.
_SAFE_WIDTH, _SAFE_HEIGHT = LINK_CARD_WIDTH / HEADER_WIDTH, LISTING_HEIGHT / HEADER_HEIGHT

# A ground is blurred at this part of its size: as soft as in full, in a fraction of the time.
_GROUND_SCALE = 16
_GROUND_BLUR = 2.0


def crop_is_safe(picture: Image.Image, width: int, height: int) -> bool:
    """Tell whether a `width` by `height` crop around the middle keeps what is laid out in it."""
    scale = max(width / picture.width, height / picture.height)
    kept_width, kept_height = width / scale / picture.width, height / scale / picture.height
    return kept_width >= _SAFE_WIDTH and kept_height >= _SAFE_HEIGHT


def whole(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Show a picture whole in the middle of `width` x `height` px, on a blur of itself."""
    small = (max(width // _GROUND_SCALE, 1), max(height // _GROUND_SCALE, 1))
    blur = cover(picture, *small).filter(ImageFilter.GaussianBlur(_GROUND_BLUR))
    framed = blur.resize((width, height), Image.Resampling.BICUBIC)
    scale = min(width / picture.width, height / picture.height)
    size = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    shown = picture.resize(size, Image.Resampling.LANCZOS)
    framed.paste(shown, ((width - size[0]) // 2, (height - size[1]) // 2))
    return framed
