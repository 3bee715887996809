"""How every figure looks: colour-blind-safe colours, never colour alone, type that carries to the back row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

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


class Lines(dict[str, Line]):
    """Lines by the name of what they show; one that was registered without a line of its own gets a dotted grey one."""

    def __missing__(self, name: str) -> Line:
        return Line(name, "#777777", "dot", "pentagon")


LINES = Lines(
    {
        "train_error": Line("training error", "#0072B2", "solid", "circle"),
        "test_error": Line("test error", "#56B4E9", "dash", "square"),
        "seeger": Line("Maurer–Seeger", "#D55E00", "solid", "diamond"),
        "catoni": Line("Catoni", "#CC79A7", "dot", "triangle-up"),
        "mcallester": Line("McAllester", "#E69F00", "dashdot", "triangle-down"),
        "occam": Line("Occam–Chernoff", "#009E73", "longdash", "x"),
        "code_bytes": Line("compressed size", "#999999", "dash", "square"),
        "effective_bytes": Line("effective size", "#009E73", "solid", "circle"),
    }
)

PATTERNS = ("", "/", "x", ".", "\\", "+")
LAYERS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")


GROUND = "#0E1117"
"""Of a dark page."""
CONTRAST = 5.0
"""What a colour has at least to a dark page: WCAG 2 asks 3 of a drawing and 4.5 of a text."""


@cache
def lit(colour: str) -> str:
    """A colour of six hexadecimal digits as it is drawn on a dark page: mixed with white until it has CONTRAST to it."""
    channels, ground = ([int(text[place : place + 2], 16) for place in (1, 3, 5)] for text in (colour, GROUND))
    for share in range(0, 101, 5):
        mixed = [round(channel + share / 100 * (255 - channel)) for channel in channels]
        if (_luminance(mixed) + 0.05) / (_luminance(ground) + 0.05) >= CONTRAST:
            break
    return "#" + "".join(f"{channel:02X}" for channel in mixed)


def _luminance(channels: list[int]) -> float:
    """Relative luminance in [0, 1] (WCAG 2)."""
    linear = [
        (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4) for part in (c / 255 for c in channels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _lit(part: Any) -> Any:
    """A part of a trace with all its colours as on a dark page; numbers and texts are left out."""
    if isinstance(part, dict):
        return {name: _lit(inner) for name, inner in part.items() if name not in _NUMBERS}
    if isinstance(part, list | tuple):
        return [_lit(inner) for inner in part]
    if isinstance(part, str) and re.fullmatch(r"#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?", part):
        return lit(part[:7].upper()) + part[7:]
    return part


_NUMBERS = frozenset({"x", "y", "z", "base", "text", "customdata", "hovertext", "array", "arrayminus", "type"})


def ink(dark: bool) -> str:
    """The colour of text on a light or dark page."""
    return "#FAFAFA" if dark else "#1A1C22"


def themed(figure: go.Figure, title: str, dark: bool, height: int) -> go.Figure:
    """The figure with its takeaway as title, our type, and colours for a light or dark page."""
    text, grid = ink(dark), "#4A4D55" if dark else "#D5D8DE"
    if dark:
        for trace in figure.data:
            trace.update(_lit(trace.to_plotly_json()))
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
