"""Themes of type and one form: much room, little else."""

from __future__ import annotations

from PIL import Image, ImageDraw

from headergen.graphics.card.layout import is_wide
from headergen.graphics.card.themes.scene import Scene, square, tint


def editorial(scene: Scene) -> Image.Image:
    """Let a large pale sun rise beside the text of a magazine's page, or above it."""
    palette = scene.palette
    image = scene.flat(palette.ground(0.965, 0.12))
    tint(image, palette.mark(0.85, 0.65), scene.shape(_sun))
    tint(image, palette.field(0.42, 0.9), scene.shape(_margin))
    return image


def _sun(canvas: ImageDraw.ImageDraw, _: float) -> None:
    width, height = canvas.im.size
    if is_wide(width, height):
        radius = 0.46 * height
        x, y = 0.645 * width + radius, 0.56 * height
    else:
        radius = 0.17 * height
        x, y = 0.78 * width, 0.0
    canvas.ellipse(square(x, y, radius), fill=255)


def _margin(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    _, height = canvas.im.size
    canvas.rectangle([64 * unit, 0, 67 * unit, height], fill=255)


def minimal(scene: Scene) -> Image.Image:
    """Leave white, with one bar of colour at the edge."""
    palette = scene.palette
    image = scene.flat((252, 252, 251))
    tint(image, palette.field(0.52, 1.1), scene.shape(_bar))
    return image


def _bar(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    _, height = canvas.im.size
    canvas.rectangle([0, 0, 44 * unit, height], fill=255)
