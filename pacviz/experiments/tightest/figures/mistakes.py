"""The images that a network gets wrong, with the right label and its own."""

from __future__ import annotations

from collections.abc import Sequence

from pacviz.experiments.tightest.mistakes import Mistakes
from pacviz.experiments.tightest.takeaways import mistakes_title
from pacviz.figures.sheet import Sheet, Tile


def wrong_images(mistakes: Mistakes, start: int = 0, count: int = 56, names: Sequence[str] = ()) -> Sheet:
    """A sheet of wrong answers from the `start`-th on, each with its label and, bold, the answer.  names: of the classes."""
    told = [
        tuple(names[value] if names else str(value) for value in pair)
        for pair in zip(mistakes.labels.tolist(), mistakes.answers.tolist(), strict=True)
    ]
    tiles = [
        Tile(image, answer, f"{label} →")
        for image, (label, answer) in zip(mistakes.images[start:], told[start:], strict=True)
    ]
    return Sheet(mistakes_title(mistakes, names), tuple(tiles[:count]))
