"""A run as it trains: loss, error, density and the bound along its epochs, on axes that stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import log10
from typing import Any

import plotly.graph_objects as go

from pacviz.experiments.train.takeaways import LEAST_LOSS, bound_title, density_title, error_title, loss_title
from pacviz.figures.style import LINES, VACUOUS, Line, themed
from pacviz.training.recipe import Training
from pacviz.training.records import Metrics
from pacviz.words import at_most, size

LOSS = Line("loss", "#0072B2", "solid", "circle")
AS_THEY_COME = Line("training batches", "#0072B2", "solid", "circle")
COMPRESSED = Line("compressed", "#D55E00", "dot", "diamond")
DENSITY = Line("density", "#009E73", "solid", "circle")
_LOSSES = (LEAST_LOSS, 10.0)
_SHARES = (5e-4, 1.0)
_TICKS = (0.001, 0.01, 0.1, 1.0)


def loss_curve(training: Training, rows: Sequence[Metrics], dark: bool = False, height: int = 222) -> go.Figure:
    """Cross-entropy of the last batch in nats (logarithmic) after each epoch or part of one."""
    figure = go.Figure()
    _line(figure, LOSS, [(row.epoch, row.loss) for row in rows], "{:.4f}".format, 2, low=_LOSSES[0])
    _logarithmic(figure, _LOSSES, [0.0001, 0.001, 0.01, 0.1, 1, 10], [0.0001, 0.001, 0.01, 0.1, 1, 10])
    figure.update_yaxes(title="loss (nats)")
    return _over_epochs(figure, training, loss_title(rows), dark, height)


def accuracy_curve(training: Training, rows: Sequence[Metrics], dark: bool = False, height: int = 222) -> go.Figure:
    """Error on training examples (logarithmic, 0.05 to 100 %): as they come, and of the network as it is written down."""
    figure = go.Figure()
    _line(figure, AS_THEY_COME, [(row.epoch, 1 - row.accuracy) for row in rows], "{:.2%}".format, 2, low=_SHARES[0])
    seen = [(row.epoch, row.error) for row in rows if row.error is not None]
    _line(figure, COMPRESSED, seen, "{:.2%}".format, 2.5, low=_SHARES[0], markers=True)
    _logarithmic(figure, _SHARES, list(_TICKS), [f"{tick:.1%}".replace(".0%", "%") for tick in _TICKS])
    figure.update_yaxes(title="error")
    return _over_epochs(figure, training, error_title(rows), dark, height, legend=True)


def density_curve(training: Training, rows: Sequence[Metrics], dark: bool = False, height: int = 222) -> go.Figure:
    """The share of weights that is left (logarithmic, 0.05 to 100 %)."""
    figure = go.Figure()
    _line(figure, DENSITY, [(row.epoch, row.density) for row in rows], "{:.3%}".format, 4, low=_SHARES[0])
    _logarithmic(figure, _SHARES, list(_TICKS), [f"{tick:.1%}".replace(".0%", "%") for tick in _TICKS])
    figure.update_yaxes(title="weights left")
    return _over_epochs(figure, training, density_title(rows), dark, height)


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
    return _over_epochs(figure, training, bound_title(rows), dark, height)


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
