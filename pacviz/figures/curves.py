"""Curves along one slider: errors and bounds, and sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from pacviz.bounds import BOUNDS
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.surface import Grid
from pacviz.certificates.sweep import table
from pacviz.figures.style import LINES, VACUOUS, themed
from pacviz.words import at_most, bound_takeaway, size, size_takeaway

SPARSITY_TICKS = (0.0, 0.5, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
AXIS_LAYOUT: dict[str, dict[str, Any]] = {
    "sparsity": {
        "title": "sparsity (logarithmic in what is kept)",
        "type": "log",
        "range": [0.05, -3.1],
        "tickvals": [1 - share for share in SPARSITY_TICKS],
        "ticktext": [f"{share:.1%}".replace(".0%", "%") for share in SPARSITY_TICKS],
    },
    "bits": {"title": "codebook bits (2^bits values a layer)", "range": [0.7, 8.3], "dtick": 1},
    "noise": {
        "title": "noise scale (share of a layer's weight range)",
        "range": [-0.006, Grid().noise[-1] + 0.006],
        "tickformat": ".0%",
    },
}


def error_curves(
    certificates: Sequence[Certificate], axis: str, present: Certificate, dark: bool = False, height: int = 340
) -> go.Figure:
    """Training error, test error and all bounds (0 to 100 %) along `axis`, the present point marked."""
    figure = go.Figure()
    rows = table(certificates)
    for name in ("train_error", "test_error", *BOUNDS):
        chosen = name == present.scenario.bound
        width = 4 if chosen else 1.5 if name in BOUNDS else 2.5
        _draw(figure, rows, axis, name, width, at_most if name in BOUNDS else "{:.2%}".format)
    figure.add_hrect(y0=VACUOUS, y1=1.0, fillcolor="#888888", opacity=0.18, line_width=0)
    figure.add_annotation(
        text="vacuous", x=0.01, xref="paper", xanchor="left", y=0.95, showarrow=False, font={"size": 13}
    )
    below = present.bound >= VACUOUS
    _mark(figure, axis, present, present.bound, at_most(present.bound), LINES[present.scenario.bound].colour, below)
    figure.update_yaxes(title="error", range=[0, 1], tickformat=".0%", dtick=0.2)
    known = rows[rows[present.scenario.bound].notna()]
    x, bounds, errors = (list(known[name]) for name in (axis, present.scenario.bound, "train_error"))
    title = bound_takeaway(axis, x, bounds, errors, VACUOUS)
    return themed(figure, title, dark, height)


def size_curves(
    certificates: Sequence[Certificate], axis: str, present: Certificate, dark: bool = False, height: int = 340
) -> go.Figure:
    """Compressed and effective size (bytes, logarithmic) along `axis`, the present point marked."""
    figure = go.Figure()
    rows = table(certificates)
    for name in ("code_bytes", "effective_bytes"):
        _draw(figure, rows, axis, name, 3, "{:,.0f}".format)
    bytes_now = present.effective_bytes
    _mark(figure, axis, present, bytes_now, size(bytes_now), LINES["effective_bytes"].colour, below=False)
    figure.update_yaxes(
        title="size (bytes)",
        type="log",
        range=[2, 6],
        tickvals=[100, 1e3, 1e4, 1e5, 1e6],
        ticktext=["100 B", "1 kB", "10 kB", "100 kB", "1 MB"],
    )
    title = size_takeaway(axis, list(rows[axis]), list(rows["effective_bytes"]))
    return themed(figure, title, dark, height).update_layout(legend_entrywidth=0.5)


def _draw(
    figure: go.Figure, rows: pd.DataFrame, axis: str, name: str, width: float, tell: Callable[[float], str]
) -> None:
    """A column of the table as a line; tell: what is said of a value."""
    line = LINES[name]
    figure.add_scatter(
        x=_position(rows[axis], axis),
        y=rows[name],
        name=line.title,
        mode="lines+markers",
        line={"color": line.colour, "dash": line.dash, "width": width},
        marker={"symbol": line.symbol, "size": 8 if width > 2 else 5},
        opacity=1 if width > 2 else 0.75,
        customdata=["" if pd.isna(value) else tell(value) for value in rows[name]],
        hovertemplate=f"{line.title} %{{customdata}}<extra></extra>",
    )


def _position(value: Any, axis: str) -> Any:
    """Where values of a setting lie: sparsity by the share of weights kept, on a logarithmic axis."""
    return 1 - value if axis == "sparsity" else value


def _mark(figure: go.Figure, axis: str, present: Certificate, y: float, text: str, colour: str, below: bool) -> None:
    """Draws the x-axis of a setting and the present point on it, its label above or below."""
    x = _position(present.scenario.to_dict()[axis], axis)
    figure.add_vline(x=x, line={"width": 1.5, "dash": "dot", "color": "#888888"})
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers+text",
        text=[f"<b>{text}</b>"],
        textposition="bottom center" if below else "top center",
        textfont={"size": 17},
        marker={"size": 15, "color": colour, "line": {"width": 2, "color": "white"}},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
    figure.update_xaxes(**AXIS_LAYOUT[axis])
