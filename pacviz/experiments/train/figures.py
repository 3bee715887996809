"""A run as it trains: loss, error, density and the bound along its epochs, on axes that stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log10
from typing import Any

import plotly.graph_objects as go

from pacviz.figures.style import LINES, VACUOUS, Line, themed
from pacviz.training.recipe import Training
from pacviz.training.records import Metrics
from pacviz.words import at_most, shape, size

LOSS = Line("loss", "#0072B2", "solid", "circle")
AS_THEY_COME = Line("training batches", "#0072B2", "solid", "circle")
COMPRESSED = Line("compressed", "#D55E00", "dot", "diamond")
DENSITY = Line("density", "#009E73", "solid", "circle")
_LOSSES = (1e-4, 10.0)
_SHARES = (5e-4, 1.0)
DECADES = 0.05
"""Losses, as powers of ten, that differ by less are the same to a reader: 12 %."""
_TICKS = (0.001, 0.01, 0.1, 1.0)


def loss_curve(training: Training, rows: Sequence[Metrics], dark: bool = False, height: int = 222) -> go.Figure:
    """Cross-entropy of the last batch in nats (logarithmic) after each epoch or part of one."""
    figure = go.Figure()
    _line(figure, LOSS, [(row.epoch, row.loss) for row in rows], "{:.4f}".format, 2, low=_LOSSES[0])
    _logarithmic(figure, _LOSSES, [0.0001, 0.001, 0.01, 0.1, 1, 10], [0.0001, 0.001, 0.01, 0.1, 1, 10])
    figure.update_yaxes(title="loss (nats)")
    title = _loss_takeaway(training, [max(row.loss, _LOSSES[0]) for row in rows])
    return _over_epochs(figure, training, title, dark, height)


def _loss_takeaway(training: Training, losses: Sequence[float]) -> str:
    if len(losses) < 2:
        return "The loss will show here"
    kind = shape([log10(loss) for loss in losses], DECADES)
    if kind in ("peaks", "mixed") and training.density < 1:
        return "The loss goes up and down: pruning against training"
    return {
        "rising": "The loss rises",
        "falling": "The loss falls",
        "flat": "The loss hardly moves",
        "dips": "The loss falls, then rises",
        "peaks": "The loss rises, then falls",
    }.get(kind, "The loss goes up and down")


def accuracy_curve(training: Training, rows: Sequence[Metrics], dark: bool = False, height: int = 222) -> go.Figure:
    """Error on training examples (logarithmic, 0.05 to 100 %): as they come, and of the network as it is written down."""
    figure = go.Figure()
    _line(figure, AS_THEY_COME, [(row.epoch, 1 - row.accuracy) for row in rows], "{:.2%}".format, 2, low=_SHARES[0])
    seen = [(row.epoch, row.error) for row in rows if row.error is not None]
    _line(figure, COMPRESSED, seen, "{:.2%}".format, 2.5, low=_SHARES[0], markers=True)
    _logarithmic(figure, _SHARES, list(_TICKS), [f"{tick:.1%}".replace(".0%", "%") for tick in _TICKS])
    figure.update_yaxes(title="error")
    title = f"Error: {1 - rows[-1].accuracy:.2%} as the batches come" if rows else "Errors will show here"
    return _over_epochs(figure, training, title, dark, height, legend=True)


def density_curve(training: Training, rows: Sequence[Metrics], dark: bool = False, height: int = 222) -> go.Figure:
    """The share of weights that is left (logarithmic, 0.05 to 100 %)."""
    figure = go.Figure()
    _line(figure, DENSITY, [(row.epoch, row.density) for row in rows], "{:.3%}".format, 4, low=_SHARES[0])
    _logarithmic(figure, _SHARES, list(_TICKS), [f"{tick:.1%}".replace(".0%", "%") for tick in _TICKS])
    figure.update_yaxes(title="weights left")
    if not rows:
        title = "The share of weights that is left"
    elif rows[-1].density == 1:
        title = "All weights are left"
    else:
        title = f"{rows[-1].density:.2%} of the weights are left: {rows[-1].nonzeros:,}"
    return _over_epochs(figure, training, title, dark, height)


def bound_curve(training: Training, rows: Sequence[Metrics], dark: bool = False, height: int = 222) -> go.Figure:
    """The bound (0 to 100 %) on the network as it would be written down after each epoch or part of one."""
    figure = go.Figure()
    figure.add_hrect(y0=VACUOUS, y1=1.0, fillcolor="#888888", opacity=0.18, line_width=0)
    figure.add_annotation(
        text="vacuous", x=0.99, xref="paper", xanchor="right", y=0.945, showarrow=False, font={"size": 13}
    )
    seen = [row for row in rows if row.bound is not None]
    line = LINES["seeger"]
    points = [(row.epoch, row.bound) for row in seen]
    told = [size(row.code_bytes or 0) + (", exact" if row.exact else ", preview") for row in seen]
    _line(figure, line, points, at_most, 4, markers=True, told=told)
    figure.update_yaxes(title="bound", range=[0, 1], tickformat=".0%", dtick=0.2)
    if not seen:
        title = "The bound will show here"
    elif (bound := seen[-1].bound or 0.0) >= VACUOUS:
        title = f"{told[-1].split(',')[0]} are too many: the bound is vacuous"
    else:
        title = f"{told[-1].split(',')[0]} describe it: the true error is below {at_most(bound)}"
    return _over_epochs(figure, training, title, dark, height)


def _line(
    figure: go.Figure,
    line: Line,
    points: Sequence[tuple[float, Any]],
    tell: Callable[[float], str],
    width: float,
    low: float = 0.0,
    markers: bool = False,
    told: Sequence[str] = (),
) -> None:
    """Points (epoch, value) as a line; tell: what is said of a value; low: where smaller values are drawn."""
    values = [value for _, value in points]
    figure.add_scatter(
        x=[epoch for epoch, _ in points],
        y=[max(value, low) for value in values],
        customdata=[tell(value) for value in values],
        text=list(told) or None,
        name=line.title,
        mode="lines+markers" if markers else "lines",
        line={"color": line.colour, "dash": line.dash, "width": width},
        marker={"symbol": line.symbol, "size": 8},
        hovertemplate=f"epoch %{{x:.2f}}: %{{customdata}}{' (%{text})' if told else ''}<extra></extra>",
        showlegend=True,
        cliponaxis=False,
    )


def _logarithmic(
    figure: go.Figure, limits: tuple[float, float], ticks: Sequence[float], texts: Sequence[object]
) -> None:
    figure.update_yaxes(
        type="log",
        range=[log10(limit) for limit in limits],
        tickvals=list(ticks),
        ticktext=[str(text) for text in texts],
    )


def _over_epochs(
    figure: go.Figure, training: Training, title: str, dark: bool, height: int, legend: bool = False
) -> go.Figure:
    figure.update_xaxes(title="epoch", range=[0, training.epochs])
    themed(figure, title, dark, height)
    return figure.update_layout(showlegend=legend, margin={"t": 58 if legend else 36, "b": 48, "r": 16})
