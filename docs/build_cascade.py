"""Make headergen/graphics/cascade/frontalface.json from OpenCV's cascade.

    uv run --with opencv-python-headless==4.14.0.94 python -m docs.build_cascade

The cascade is `haarcascade_frontalface_alt2.xml`: "Tree-based 20x20 gentle adaboost frontal face
detector", by Rainer Lienhart, under the licence that is written next to the result.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from importlib.resources import files
from pathlib import Path

TARGET = Path(__file__).parent.parent / "headergen" / "graphics" / "cascade"
SOURCE = "haarcascade_frontalface_alt2.xml"
# A single float has seven digits.
DIGITS = 7


def main() -> None:
    """Write the cascade and its licence."""
    text = files("cv2.data").joinpath(SOURCE).read_text(encoding="utf-8")
    head = text.partition("<!--")[2].partition("-->")[0]
    TARGET.mkdir(exist_ok=True)
    licence = "\n".join(line.rstrip() for line in head.strip().splitlines())
    TARGET.joinpath("LICENSE.txt").write_text(f"{licence}\n", encoding="utf-8")
    stages = json.dumps(stages_of(ElementTree.fromstring(text)), separators=(",", ":"))
    lines = stages.replace("]]],[", "]]],\n[")
    TARGET.joinpath("frontalface.json").write_text(f"{lines}\n", encoding="utf-8")


def stages_of(root: ElementTree.Element) -> list[object]:
    """Read the stages, in the form that headergen/graphics/faces.py describes."""
    (features,) = root.iter("features")
    rectangles = [
        [rectangle_of(each) for each in rects.iter("_")] for rects in features.iter("rects")
    ]
    (stages,) = root.iter("stages")
    return [
        [number(text_of(stage, "stageThreshold")), [tree_of(tree, rectangles) for tree in trees]]
        for stage in stages
        for trees in stage.iter("weakClassifiers")
    ]


def rectangle_of(element: ElementTree.Element) -> list[float]:
    """Return the weight of a rectangle, its left, top, width and height."""
    *box, weight = (number(value) for value in (element.text or "").split())
    return [weight, *box]


def tree_of(element: ElementTree.Element, rectangles: list[list[list[float]]]) -> list[object]:
    """Return the values of a tree's leaves, and its nodes from the root on."""
    words = text_of(element, "internalNodes").split()
    leaves = [number(value) for value in text_of(element, "leafValues").split()]
    nodes = [words[start : start + 4] for start in range(0, len(words), 4)]
    return [
        leaves,
        *(
            [number(limit), int(left), int(right), rectangles[int(feature)]]
            for left, right, feature, limit in nodes
        ),
    ]


def text_of(element: ElementTree.Element, name: str) -> str:
    """Return the text of the one child called `name`."""
    (child,) = element.findall(name)
    return child.text or ""


def number(text: str) -> float:
    """Read a number, a whole one as an int, so that it is short."""
    value = float(f"{float(text):.{DIGITS}g}")
    return int(value) if value.is_integer() else value


if __name__ == "__main__":
    main()
