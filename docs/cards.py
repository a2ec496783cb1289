"""Draw docs/cards.webp, every theme with titles of every kind: `uv run python docs/cards.py`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from PIL import Image

from headergen.graphics.card.content import Card
from headergen.graphics.card.drawing import draw
from headergen.vocabulary import THEMES

HERE = Path(__file__).parent
PICTURE = HERE.parent / "articles" / "assets" / "tidewright-key-art.webp"

TITLES = {
    "short": Card("推し活、はじめました。", tags=("日記",), author="青井みなと", date="2026.11.24"),
    "long": Card(
        "雨の夜にひとりで遊びたい、推しインディーゲーム4選",
        tags=("インディーゲーム", "ゲームレビュー", "ひとりで遊ぶ夜"),
        author="青井みなと",
        date="2026.06.20",
    ),
    "english": Card(
        "In Praise of the Walk Back: Why I Play Slow Games",
        subtitle="Fast travel saves minutes. I have started to wonder what it spends.",
        author="Minato Aoi",
    ),
    "mixed": Card("2026年版：Next.js 15とPython 3.13で作るWebアプリ入門", tags=("Python", "Web")),
    "emoji": Card("家族で遊べるゲーム🎮5選👨‍👩‍👧‍👦🇯🇵", subtitle="おうち時間がもっと楽しくなる"),
    "one": Card("猫"),
    "quote": Card("『Tidewright』レビュー：潮を直す人の、静かな一年", author="青井みなと"),
    "120": Card(
        "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末食う寝る処に住む処、"
        "藪ら柑子の藪柑子、パイポパイポパイポのシューリンガン、シューリンガンのグーリンダイ、"
        "グーリンダイのポンポコピーのポンポコナーの長久命の長助という名前を全部書いた人の話",
        author="青井みなと",
    ),
}


def sheet(width: int, themes: tuple[str, ...], names: tuple[str, ...]) -> Image.Image:
    """Draw one row a theme, one column a title, each card `width` px wide."""
    height, gap = round(width * 670 / 1280), max(width // 40, 6)
    page = Image.new(
        "RGB",
        (gap + (width + gap) * len(names), gap + (height + gap) * len(themes)),
        (236, 236, 234),
    )
    for row, theme in enumerate(themes):
        for column, name in enumerate(names):
            card = draw(replace(TITLES[name], theme=theme, picture=PICTURE), 1280, 670)
            small = card.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)
            page.paste(small, (gap + column * (width + gap), gap + row * (height + gap)))
    return page


def main(arguments: list[str]) -> None:
    """Write the documentation's picture, or with OUT WIDTH THEMES TITLES any part of it."""
    if arguments:
        out, width, themes, names = arguments
        chosen = THEMES if themes == "all" else tuple(themes.split(","))
        titles = tuple(TITLES) if names == "all" else tuple(names.split(","))
        sheet(int(width), chosen, titles).save(out)
        return
    page = sheet(300, THEMES, ("short", "long", "english", "mixed"))
    page.save(HERE / "cards.webp", quality=80, method=6)


if __name__ == "__main__":
    main(sys.argv[1:])
