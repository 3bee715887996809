"""Curves of equal certificates: the background on which every point of error and size can be read as a bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import plotly.graph_objects as go

from pacviz.bounds import largest_kl
from pacviz.words import size

POINTS = 200
GREY = "#888888"


def iso_bound(target: float, lowest: float, n: int, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """(training errors, ascending; bytes) of all points whose Maurer-Seeger bound is `target`.

    lowest: the smallest error, below the target.  The points lie close where the curve falls.
    """
    knee = (lowest + target) / 2
    falling = target - np.geomspace(target - knee, target * 1e-3, POINTS)
    errors = np.concatenate([np.geomspace(lowest, knee, POINTS, endpoint=False), falling])
    nats = np.array([largest_kl(float(error), target, n, delta) or 0.0 for error in errors])
    there = nats > 0
    return errors[there], nats[there] / (8 * math.log(2))


def draw_iso_bound(figure: go.Figure, target: float, text: str, lowest: float, n: int, delta: float, row: int) -> None:
    """A thin curve of equal certificates, with a text at its lower end.  row: of the text, for neighbours stand close."""
    errors, counts = iso_bound(target, lowest, n, delta)
    figure.add_scatter(
        x=counts,
        y=errors,
        mode="lines",
        line={"color": GREY, "width": 1},
        opacity=0.7,
        name=f"bound {text}",
        showlegend=False,
        hoverinfo="skip",
    )
    draw_label(figure, counts[0], lowest, text, GREY, row)


def draw_label(figure: go.Figure, count: float, error: float, text: str, colour: str, row: int = 0) -> None:
    """A text at the upper right of a place.  row: how many lines above it."""
    figure.add_annotation(
        x=math.log10(count),
        y=math.log10(error),
        text=text,
        showarrow=False,
        xanchor="left",
        yanchor="bottom",
        yshift=15 * row - 2,
        font={"size": 13, "color": colour},
    )


def logarithmic_axes(
    figure: go.Figure,
    title: str,
    counts: tuple[float, float],
    count_ticks: Sequence[float],
    errors: tuple[float, float],
    error_ticks: Sequence[float],
    told: Callable[[float], str],
) -> None:
    """Bytes across and the training error up.  title: of the bytes.  told: an error as it stands at a tick."""
    figure.update_xaxes(
        title=title,
        type="log",
        range=[math.log10(count) for count in counts],
        tickvals=count_ticks,
        ticktext=[size(count).replace(".00", "").replace(".0", "") for count in count_ticks],
    )
    figure.update_yaxes(
        title="training error (logarithmic)",
        type="log",
        range=[math.log10(share) for share in errors],
        tickvals=error_ticks,
        ticktext=[told(share) for share in error_ticks],
    )
