"""The frontier of training error and size, and which layers the networks on it keep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from pacviz.experiments.frontier.results import Candidate, best, percent, survivors
from pacviz.experiments.frontier.takeaways import chart_title, layers_title
from pacviz.figures.isobound import GREY, draw_iso_bound, logarithmic_axes
from pacviz.figures.style import PATTERNS, Line, Lines, ink, themed
from pacviz.literature.rows import Published
from pacviz.models.cost import EXAMPLES
from pacviz.training.recipe import METHODS
from pacviz.words import as_printed, at_most, size, worst_error

METHOD_LINES = Lines(
    {
        "dense": Line("pruned after training", "#D55E00", "dash", "x"),
        "gradual": Line("gradual pruning", "#0072B2", "solid", "circle"),
        "surgery": Line("surgery", "#009E73", "dashdot", "square"),
        "codebook": Line("tuned codebook", "#CC79A7", "dot", "diamond"),
        "straight-through": Line("straight-through", "#E69F00", "longdash", "triangle-up"),
        "integers": Line("integers at a price", "#56B4E9", "longdashdot", "star"),
        "polish": Line("polished integers", "#882255", "solid", "hexagon"),
        "subspace": Line("random subspace", "#44AA99", "dot", "cross"),
    }
)
TARGETS = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
"""Certificates whose curves lie in the background."""
ERRORS = (3e-4, 1.0)
HIGHEST = 1.7
"""Where the axis of errors ends: there is room for a label above a point at 100 %."""
BYTES = (250, 60_000)
_ERROR_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
_BYTE_TICKS = (300, 1_000, 3_000, 10_000, 30_000)
LABEL = (0.3, 0.25)
"""Factors of ten across and down that a label takes."""


def frontier(
    points: Sequence[Candidate],
    published: Published | None = None,
    selected: Candidate | None = None,
    delta: float = 0.05,
    dark: bool = False,
    height: int = 410,
) -> go.Figure:
    """Training error against effective size, both logarithmic: a curve a method, and where equal certificates lie.

    The error is what the bound is computed from: exact, or the upper limit of an estimate.  Each point's customdata is
    its place in `points`, which are all of one data set.  delta: of the curves in the background.
    """
    figure = go.Figure()
    n = points[0].certificate.n if points else EXAMPLES
    for row, target in enumerate(TARGETS):
        draw_iso_bound(figure, target, f"{target:.0%}", ERRORS[0], n, delta, row % 2)
    labels = _labels(points)
    for method in METHODS:
        places = [place for place in labels if points[place].method == method]
        if places:
            _draw_method(figure, METHOD_LINES[method], points, {place: labels[place] for place in places}, ink(dark))
    if published is not None:
        _draw_published(figure, published)
    if points:
        winner = best(points)
        _draw_marks(figure, winner, points.index(winner), selected)
    title = "effective size (bytes, logarithmic)"
    logarithmic_axes(figure, title, BYTES, _BYTE_TICKS, (ERRORS[0], HIGHEST), _ERROR_TICKS, percent)
    themed(figure, chart_title(points), dark, height)
    return figure.update_layout(margin_t=92, margin_l=70, dragmode=False, clickmode="event+select")


def _labels(points: Sequence[Candidate]) -> dict[int, str]:
    """The density of each point, by its place; nothing where it would be written over another one's."""
    labels: dict[int, str] = {}
    written: list[tuple[float, float]] = []
    for place, point in enumerate(points):
        x = math.log10(point.certificate.effective_bytes)
        y = math.log10(max(point.certificate.risk.upper, ERRORS[0]))
        free = all(abs(x - left) >= LABEL[0] or abs(y - top) >= LABEL[1] for left, top in written)
        labels[place] = percent(point.density) if free else ""
        if free:
            written.append((x, y))
    return labels


def _draw_method(
    figure: go.Figure, line: Line, all_points: Sequence[Candidate], labels: Mapping[int, str], colour: str
) -> None:
    """A curve.  labels: by the place of each of its points."""
    points = [all_points[place] for place in labels]
    figure.add_scatter(
        x=[point.certificate.effective_bytes for point in points],
        y=[max(point.certificate.risk.upper, ERRORS[0]) for point in points],
        customdata=list(labels),
        text=list(labels.values()),
        textposition="top right",
        textfont={"size": 12, "color": colour},
        mode="lines+markers+text",
        name=line.title,
        line={"color": line.colour, "dash": line.dash, "width": 3},
        marker={"symbol": line.symbol, "size": 11},
        hovertext=[
            f"{point.title}<br>error {worst_error(point.certificate.risk)}, {size(point.certificate.effective_bytes)}"
            f"<br>certified below {at_most(point.certificate.bound_with_architecture)}"
            for point in points
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        # What is not selected stays as it is: the others are there to be compared with.
        selected={"marker": {"size": 11}},
        unselected={"marker": {"opacity": 1}, "textfont": {"color": colour}},
        cliponaxis=False,
    )


def _draw_published(figure: go.Figure, published: Published) -> None:
    """Its two sizes at the training error that its bound implies; the bar is what rounding that bound leaves open."""
    low, middle, high = published.train_errors()
    figure.add_scatter(
        x=[published.compressed, published.effective],
        y=[middle, middle],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - middle] * 2,
            "arrayminus": [middle - low] * 2,
            "thickness": 1.5,
        },
        mode="lines+markers",
        name=published.source.split(",")[0],
        line={"color": GREY, "width": 2},
        marker={"symbol": ["hexagon2-open", "hexagon2"], "size": 14, "line": {"width": 2}},
        hovertext=[
            f"{published.source}, compressed: {size(published.compressed)}",
            f"{published.source}, effective: {size(published.effective)}, certified below {as_printed(published.bound, 0)}",
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"size": 14}},
        unselected={"marker": {"opacity": 1}},
    )


def _draw_marks(figure: go.Figure, winner: Candidate, place: int, selected: Candidate | None) -> None:
    """The best certificate, large, and a ring around the selected one."""
    certificate = winner.certificate
    figure.add_scatter(
        x=[certificate.effective_bytes],
        y=[max(certificate.risk.upper, ERRORS[0])],
        customdata=[place],
        mode="markers+text",
        text=[f"<b>{at_most(certificate.bound_with_architecture)}</b>"],
        textposition="bottom center",
        textfont={"size": 19},
        name="best certificate",
        showlegend=False,
        marker={
            "symbol": "star",
            "size": 22,
            "color": METHOD_LINES[winner.method].colour,
            "line": {"width": 1.5, "color": "white"},
        },
        hovertext=[f"{winner.title}<br>certified below {at_most(certificate.bound_with_architecture)}"],
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"size": 22}},
        unselected={"marker": {"opacity": 1}},
        cliponaxis=False,
    )
    if selected is not None and selected != winner:
        figure.add_scatter(
            x=[selected.certificate.effective_bytes],
            y=[max(selected.certificate.risk.upper, ERRORS[0])],
            mode="markers",
            marker={"symbol": "circle-open", "size": 24, "color": GREY, "line": {"width": 3}},
            showlegend=False,
            hoverinfo="skip",
        )


def layer_shares(points: Sequence[Candidate], dark: bool = False, height: int = 410) -> go.Figure:
    """The share of each layer's weights (logarithmic) that is left, a bar a point."""
    figure = go.Figure()
    for point in points:
        left = survivors(point.certificate.scenario)
        line = METHOD_LINES[point.method]
        figure.add_bar(
            x=list(left),
            y=[kept / count for kept, count in left.values()],
            name=line.title,
            marker={
                "color": line.colour,
                "pattern": {
                    "shape": PATTERNS[list(METHODS).index(point.method) % len(PATTERNS)],
                    "fillmode": "overlay",
                    "fgcolor": "rgba(255,255,255,0.6)",
                },
            },
            customdata=[f"{kept:,} of {count:,}" for kept, count in left.values()],
            hovertemplate=f"{line.title}, %{{x}}: %{{customdata}}<extra></extra>",
            showlegend=True,
        )
    figure.update_yaxes(
        title="share of weights left (logarithmic)",
        type="log",
        range=[-3.7, 0],
        tickvals=[0.001, 0.01, 0.1, 1],
        ticktext=["0.1%", "1%", "10%", "100%"],
    )
    figure.update_xaxes(title="layer")
    themed(figure, layers_title(survivors(point.certificate.scenario) for point in points), dark, height)
    return figure.update_layout(
        barmode="group", margin_t=92, margin_l=70, legend={"entrywidth": 0.5, "font": {"size": 12}}
    )
