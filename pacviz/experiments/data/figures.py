"""A sheet of examples: what the network is asked to tell apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pacviz.data import Split
from pacviz.figures.style import themed


def sheet(
    split: Split,
    rows: int,
    start: int = 0,
    classes: int = 10,
    names: Sequence[str] = (),
    dark: bool = False,
    height: int = 500,
) -> go.Figure:
    """A column a class, `rows` examples each, taken in order from example `start` on; names: of the classes, else 0, 1, …"""
    images, labels = split.images[start:], split.labels[start:]
    side = images.shape[-1] + 2
    canvas = np.full((rows * side, classes * side, 3), 90, np.uint8)
    for label in range(classes):
        for row, image in enumerate(images[labels == label][:rows].permute(0, 2, 3, 1).numpy()):
            top, left = row * side + 1, label * side + 1
            canvas[top : top + side - 2, left : left + side - 2] = image
    figure = go.Figure(go.Image(z=canvas, hoverinfo="skip"))
    themed(figure, f"Examples {start:,} onwards, a column a label", dark, height)
    centres = [(label + 0.5) * side for label in range(classes)]
    figure.update_layout(margin_t=36)
    figure.update_xaxes(
        tickvals=centres,
        ticktext=list(names) or [str(label) for label in range(classes)],
        side="bottom",
        title="label",
        showgrid=False,
        constrain="domain",
    )
    return figure.update_yaxes(visible=False, constrain="domain")
