"""How every figure looks: colour-blind-safe colours, never colour alone, type that carries to the back row."""

from __future__ import annotations

import re
from dataclasses import dataclass

import plotly.graph_objects as go

VACUOUS = 0.9
"""From this error upward a bound on ten classes says nothing."""


@dataclass(frozen=True)
class Line:
    """How one quantity is drawn wherever it appears (colours of Okabe and Ito 2008)."""

    title: str
    colour: str
    dash: str
    symbol: str


LINES: dict[str, Line] = {
    "train_error": Line("training error", "#0072B2", "solid", "circle"),
    "test_error": Line("test error", "#56B4E9", "dash", "square"),
    "seeger": Line("Maurer–Seeger", "#D55E00", "solid", "diamond"),
    "catoni": Line("Catoni", "#CC79A7", "dot", "triangle-up"),
    "mcallester": Line("McAllester", "#E69F00", "dashdot", "triangle-down"),
    "occam": Line("Occam–Chernoff", "#009E73", "longdash", "x"),
    "code_bytes": Line("compressed size", "#999999", "dash", "square"),
    "effective_bytes": Line("effective size", "#009E73", "solid", "circle"),
}

PATTERNS = ("", "/", "x", ".", "\\", "+")
LAYERS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")


def ink(dark: bool) -> str:
    """The colour of text on a light or dark page."""
    return "#FAFAFA" if dark else "#1A1C22"


def themed(figure: go.Figure, title: str, dark: bool, height: int) -> go.Figure:
    """The figure with its takeaway as title, our type, and colours for a light or dark page."""
    text, grid = ink(dark), "#4A4D55" if dark else "#D5D8DE"
    figure.update_layout(
        title={
            "text": title,
            "font": {"size": 17},
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "y": 0.98,
            "yanchor": "top",
        },
        font={"size": 14, "color": text, "family": "Source Sans, Source Sans Pro, DejaVu Sans, sans-serif"},
        height=height,
        margin={"l": 60, "r": 12, "t": 72, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 13},
            "itemwidth": 30,
            "entrywidth": 0.33,
            "entrywidthmode": "fraction",
        },
        hoverlabel={"font": {"size": 14}},
        transition={"duration": 0},
        uirevision="kept",
    )
    figure.update_xaxes(
        gridcolor=grid, zerolinecolor=grid, linecolor=text, showline=True, ticks="outside", title_standoff=6
    )
    figure.update_yaxes(
        gridcolor=grid, zerolinecolor=grid, linecolor=text, showline=True, ticks="outside", title_standoff=6
    )
    return figure


def described(figure: go.Figure) -> str:
    """A figure for whoever cannot see it: its takeaway, its axes, and the names of what is drawn."""
    layout = figure.layout
    axes = [axis.title.text for axis in (layout.yaxis, layout.xaxis) if axis.title.text]
    names = dict.fromkeys(trace.name for trace in figure.data if trace.name and trace.showlegend is not False)
    sentences = (layout.title.text, " against ".join(axes), ", ".join(names))
    return re.sub("<[^>]+>", " ", ". ".join(filter(None, sentences)) + ".")
