"""The bounds as curves: against the number of examples, the size of the network, and the failure probability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pacviz.bounds import BOUNDS, curves
from pacviz.bounds.operating_point import NATS_PER, OperatingPoint
from pacviz.figures.style import LINES, ink, themed
from pacviz.literature import PUBLISHED, PublishedResult
from pacviz.words import at_most, size, surer_takeaway, turn_takeaway

POINTS = 121
"""Of a curve."""
N_RANGE, BYTES_RANGE, DELTA_RANGE = (1.0, 7.0), (1.0, 7.0), (-12.0, -0.3)
"""Ends of the axes, as powers of ten."""
N_TICKS = ("10", "100", "1k", "10k", "100k", "1M", "10M")
BYTES_TICKS = ("10 B", "100 B", "1 kB", "10 kB", "100 kB", "1 MB", "10 MB")
DELTA_TICKS = ("10⁻¹²", "10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²")

Trace = dict[str, Any]
"""A part of a figure as plotly takes it."""


def bounds_against_n(point: OperatingPoint, dark: bool = False, height: int = 310) -> go.Figure:
    """All bounds (0 to 100 %) against n (logarithmic) at the point's K, risk and delta; published certificates."""
    n, least = np.logspace(*N_RANGE, POINTS), point.least_n[point.bound]
    traces = [
        *_curves(point, n, curves(point.risk, point.kl_nats, n, point.delta)),
        _turning_points(point, point.least_n, "vacuous below n = {:,.0f}"),
        *_published(((result.n, result) for result in PUBLISHED), dark, named=False),
    ]
    title = turn_takeaway("n", BOUNDS[point.bound].title, None if least is None else f"{least:,}")
    axis = {"title": {"text": "training examples n"}, **_logarithmic(N_RANGE, N_TICKS)}
    return themed(_drawn(traces, point, point.n, N_RANGE, axis, rising=False), title, dark, height)


def bounds_against_size(point: OperatingPoint, dark: bool = False, height: int = 310) -> go.Figure:
    """All bounds (0 to 100 %) against K in bytes (logarithmic) at the point's n, risk and delta; published sizes."""
    count, most = np.logspace(*BYTES_RANGE, POINTS), point.most_bytes[point.bound]
    sizes = ((result.size, result) for result in PUBLISHED if result.size is not None)
    traces = [
        *_curves(point, count, curves(point.risk, count * NATS_PER["bytes"], point.n, point.delta)),
        _turning_points(point, point.most_bytes, "vacuous from {:,.0f} bytes on"),
        *_published(sizes, dark, named=True),
    ]
    title = turn_takeaway("size", BOUNDS[point.bound].title, None if most is None else size(most))
    axis = {"title": {"text": "complexity K as a size"}, **_logarithmic(BYTES_RANGE, BYTES_TICKS)}
    return themed(_drawn(traces, point, point.kl_bytes, BYTES_RANGE, axis, rising=True), title, dark, height)


def bounds_against_delta(point: OperatingPoint, dark: bool = False, height: int = 310) -> go.Figure:
    """All bounds (0 to 100 %) against delta (logarithmic) at the point's K, n and risk."""
    delta = np.logspace(*DELTA_RANGE, POINTS)
    traces = _curves(point, delta, curves(point.risk, point.kl_nats, point.n, delta))
    surer = point.surer()
    title = surer_takeaway(point.delta / surer.delta, point.value, surer.value, point.guessing)
    axis = {"title": {"text": "failure probability δ"}, **_logarithmic(DELTA_RANGE, DELTA_TICKS, step=2)}
    return themed(_drawn(traces, point, point.delta, DELTA_RANGE, axis, rising=False), title, dark, height)


def _curves(point: OperatingPoint, x: np.ndarray, values: Mapping[str, np.ndarray]) -> list[Trace]:
    """All bounds, the chosen one thick and on top."""
    return [
        {
            "x": x,
            "y": values[name],
            "name": LINES[name].title,
            "mode": "lines",
            "line": {
                "color": LINES[name].colour,
                "dash": LINES[name].dash,
                "width": 5 if name == point.bound else 2.5,
                "simplify": False,
            },
            "customdata": [at_most(value) for value in values[name]],
            "hovertemplate": f"{LINES[name].title} %{{customdata}}<extra></extra>",
            "legendrank": list(BOUNDS).index(name),
        }
        for name in sorted(values, key=lambda name: name == point.bound)
    ]


def _turning_points(point: OperatingPoint, turns: Mapping[str, float | None], words: str) -> Trace:
    """A mark for each bound where it turns vacuous.  words: what to say of it."""
    known = {name: turn for name, turn in turns.items() if turn is not None}
    return {
        "x": list(known.values()),
        "y": [point.guessing] * len(known),
        "mode": "markers",
        "marker": {
            "symbol": [LINES[name].symbol for name in known],
            "color": [LINES[name].colour for name in known],
            "size": 11,
        },
        "customdata": [f"{LINES[name].title} is {words.format(turn)}" for name, turn in known.items()],
        "hovertemplate": "%{customdata}<extra></extra>",
        "showlegend": False,
    }


def _published(places: Iterable[tuple[float, PublishedResult]], dark: bool, named: bool) -> list[Trace]:
    """Published results at these places, certificates apart from sizes from which pacviz computes a bound."""
    listed = list(places)
    kinds = (
        ("published", "star", [place for place in listed if place[1].bound is not None]),
        ("from its size", "star-open", [place for place in listed if place[1].bound is None]),
    )
    return [
        {
            "x": [x for x, _ in kind],
            "y": [result.height for _, result in kind],
            "name": name,
            "mode": "markers+text" if named else "markers",
            "text": [result.label for _, result in kind],
            "textposition": ["bottom center" if result.height > 0.85 else "middle right" for _, result in kind],
            "textfont": {"size": 13},
            "marker": {"symbol": symbol, "size": 12, "color": ink(dark), "line": {"width": 1.5, "color": ink(dark)}},
            "customdata": [result.summary for _, result in kind],
            "hovertemplate": "%{customdata}<extra></extra>",
        }
        for name, symbol, kind in kinds
        if kind
    ]


def _drawn(
    traces: list[Trace], point: OperatingPoint, x: float, ends: tuple[float, float], axis: Trace, rising: bool
) -> go.Figure:
    """The traces and, large, the present point; at the end of the axis where it lies beyond it.

    rising: whether the curves do, so that the point's label is written where they are not.
    """
    x = min(max(x, 10.0 ** ends[0]), 10.0 ** ends[1])
    share = (np.log10(x) - ends[0]) / (ends[1] - ends[0])
    side = "left" if share > (0.15 if rising else 0.85) else "right"
    present = {
        "x": [x],
        "y": [point.value],
        "mode": "markers+text",
        "text": [f"<b>{at_most(point.value)}</b>"],
        "textposition": f"{'bottom' if point.value > 0.85 else 'top'} {side}",
        "textfont": {"size": 19},
        "marker": {"size": 18, "color": LINES[point.bound].colour, "line": {"width": 2, "color": "white"}},
        "showlegend": False,
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
    vacuous = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": point.guessing, "y1": 1}
    here = {"type": "line", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1}
    word = {"text": "vacuous", "xref": "paper", "x": 0.01, "xanchor": "left", "y": (1 + point.guessing) / 2}
    layout = {
        "shapes": [
            {**vacuous, "fillcolor": "#888888", "opacity": 0.18, "line": {"width": 0}},
            {**here, "line": {"width": 1.5, "dash": "dot", "color": "#888888"}},
        ],
        "annotations": [{**word, "showarrow": False}],
        "xaxis": axis,
        "yaxis": {"title": {"text": "true error below"}, "range": [0, 1], "tickformat": ".0%", "dtick": 0.2},
    }
    return go.Figure([{"type": "scatter", **trace} for trace in (*traces, present)], layout)


def _logarithmic(ends: tuple[float, float], ticks: Iterable[str], step: int = 1) -> Trace:
    """An axis between two powers of ten, with a tick for every `step`-th of them."""
    powers = range(int(ends[0]), int(ends[1]) + 1, step)
    return {"type": "log", "range": list(ends), "tickvals": [10.0**power for power in powers], "ticktext": list(ticks)}
