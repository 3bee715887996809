"""The images that a network gets wrong, with the right label and its own."""

from __future__ import annotations

from collections.abc import Sequence

from pacviz.experiments.tightest.mistakes import Mistakes
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
    return Sheet(takeaway(mistakes, names), tuple(tiles[:count]))


def takeaway(mistakes: Mistakes, names: Sequence[str] = ()) -> str:
    """How many answers are wrong, and which labels are mixed up most."""
    wrong = f"{len(mistakes):,} of {mistakes.total:,} answers are wrong"
    if not len(mistakes):
        return f"No answer of {mistakes.total:,} is wrong"
    label, answer, count = mistakes.confusions[0]
    told = (names[label], names[answer]) if names else (label, answer)
    return f"{wrong}; most often, {count} times, {told[0]} is taken for {told[1]}"
