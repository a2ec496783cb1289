"""Themes of type and one form: much room, little else."""

from __future__ import annotations

from PIL import Image, ImageDraw

from headergen.paint.themes.scene import Scene, tint


def editorial(scene: Scene) -> Image.Image:
    """Let a large pale sun rise behind a magazine's page."""
    palette = scene.palette
    image = scene.flat(palette.ground(0.965, 0.12))
    tint(image, palette.mark(0.85, 0.65), scene.shape(_sun))
    tint(image, palette.field(0.42, 0.9), scene.shape(_margin))
    return image


def _sun(canvas: ImageDraw.ImageDraw, unit: float) -> None:
    canvas.ellipse([770 * unit, 90 * unit, 1390 * unit, 710 * unit], fill=255)


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
