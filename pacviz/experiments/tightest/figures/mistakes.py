"""The images that a network gets wrong, with the right label and its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pacviz.experiments.tightest.mistakes import Mistakes
from pacviz.figures.style import themed


def wrong_images(
    mistakes: Mistakes,
    start: int = 0,
    names: Sequence[str] = (),
    columns: int = 14,
    rows: int = 4,
    dark: bool = False,
    height: int = 420,
) -> go.Figure:
    """A sheet of wrong answers from the `start`-th on, each with its label and, bold, the answer.  names: of the classes."""
    images = mistakes.images[start : start + columns * rows].transpose(0, 2, 3, 1)
    side = images.shape[1]
    across, down = side + 4, side + 14
    canvas = np.full((rows * down, columns * across, 3), 30 if dark else 245, np.uint8)
    figure = go.Figure()
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = row * down, column * across + 2
        canvas[top : top + side, left : left + side] = image
        label, answer = (
            names[value] if names else str(value)
            for value in (int(mistakes.labels[start + index]), int(mistakes.answers[start + index]))
        )
        figure.add_annotation(
            x=left + side / 2, y=top + side + 6, text=f"{label} → <b>{answer}</b>", showarrow=False, font={"size": 13}
        )
    figure.add_trace(go.Image(z=canvas, hoverinfo="skip"))
    themed(figure, takeaway(mistakes, names), dark, height)
    figure.update_layout(margin={"l": 4, "r": 4, "t": 40, "b": 4})
    figure.update_xaxes(visible=False, constrain="domain")
    return figure.update_yaxes(visible=False, constrain="domain", constraintoward="top")


def takeaway(mistakes: Mistakes, names: Sequence[str] = ()) -> str:
    """How many answers are wrong, and which labels are mixed up most."""
    wrong = f"{len(mistakes):,} of {mistakes.total:,} answers are wrong"
    if not len(mistakes):
        return f"No answer of {mistakes.total:,} is wrong"
    label, answer, count = mistakes.confusions[0]
    told = (names[label], names[answer]) if names else (label, answer)
    return f"{wrong}; most often, {count} times, {told[0]} is taken for {told[1]}"
